"""Outputs as a notebook stores them, made from what a student's process says it shows.

They end in pages that instructors and students open, so nothing of them may act there: of HTML
only what lays out text stays, of pictures only what is one. Nor may they stall what makes a page.
"""

import base64
from typing import Any

from nbformat import NotebookNode, from_dict

from autograder.grading.harmless_markup import inert_formula, inert_html, inert_markdown
from autograder.grading.harmless_text import without_escapes
from autograder.grading.intake import is_base64

MOST_OUTPUTS = 300
MOST_TEXT = 2 * 2**20  # characters of one cell
MOST_DATA = 12 * 2**20  # characters of one cell's pictures and tables
LONGEST_ERROR = 20_000
LONGEST_MARKDOWN = 100_000
EACH = 200  # characters that a message counts for, however short
EACH_SHOWN = 2000  # and an output that it becomes, which takes a page as long as so many
CUT = "\n... the rest of the output is left out\n"


class CellOutputs:
    """Collects the outputs of one cell. `finished` returns them as nbformat has them.

    `size` is how many characters came together, whatever became of them. `shown` are the outputs of
    the whole notebook that have a name, by which a later cell may put another in their place.
    """

    def __init__(
        self,
        most: int = MOST_TEXT + MOST_DATA,
        shown: dict[str, list[NotebookNode]] | None = None,
    ) -> None:
        """Begin with no output; there may be `most` characters of it in all."""
        self.outputs: list[NotebookNode] = []
        self.shown = {} if shown is None else shown
        self.most = most
        self.size = self.text = self.data = 0
        self.clear_first = self.is_full = False

    def add(self, message: Any) -> None:
        """Take one message from the process, which may be anything."""
        if not isinstance(message, dict):
            return
        take = {
            "stream": self._stream,
            "display": self._display,
            "result": self._result,
            "error": self._error,
            "clear": self._clear,
        }.get(text_of(message.get("type")))
        if take is None or self.is_full:
            return
        self.size += EACH + size_of(message)
        if self.size > self.most:  # from here on nothing is shown, and that is said once
            self.is_full = True
            self._append(output_of("stream", name="stdout", text=CUT))
        else:
            take(message)

    def stop(self, why: str) -> None:
        """Say at the end, in any case, why the cell did not come to its own."""
        self.outputs.append(output_of("error", ename="Stopped", evalue=why, traceback=[why]))

    def finished(self) -> list[NotebookNode]:
        """Return the outputs; of a progress bar stays what was seen last."""
        for output in self.outputs:
            if output.output_type == "stream":
                output.text = overwritten(output.text)
        return self.outputs

    def _append(self, output: NotebookNode) -> None:
        if self.clear_first:
            self.outputs, self.clear_first = [], False
        if len(self.outputs) < MOST_OUTPUTS:
            self.outputs.append(output)
            self.size += EACH_SHOWN

    def _stream(self, message: dict) -> None:
        name = "stderr" if message.get("name") == "stderr" else "stdout"
        text = text_of(message.get("text"))
        if self.text >= MOST_TEXT or not text:
            return
        self.text += len(text)
        if self.text >= MOST_TEXT:
            text = text[:MOST_TEXT] + CUT
        last = self.outputs[-1] if self.outputs and not self.clear_first else None
        if last is not None and last.output_type == "stream" and last.name == name:
            last.text += text
        else:
            self._append(output_of("stream", name=name, text=text))

    def _display(self, message: dict) -> None:
        data = self._safe_data(message)
        name = text_of(message.get("id"))
        if message.get("update"):
            named = self.shown.get(name, [])
            self.size += EACH * len(named)
            for output in named:
                output.data = NotebookNode(data)
            return
        if data:
            output = output_of("display_data", data=data)
            self._append(output)
            if name:
                self.shown.setdefault(name, []).append(output)

    def _result(self, message: dict) -> None:
        data = self._safe_data(message)
        count = message.get("count")
        count = count if type(count) is int and 0 <= count < 10**6 else None
        if data:
            self._append(output_of("execute_result", data=data, execution_count=count))

    def _error(self, message: dict) -> None:
        lines = message.get("traceback")
        lines = [text_of(line) for line in lines[:500]] if isinstance(lines, list) else []
        text = "\n".join(lines)
        if len(text) > LONGEST_ERROR:
            text = f"{text[: LONGEST_ERROR // 2]}\n...\n{text[-LONGEST_ERROR // 2 :]}"
        self._append(
            output_of(
                "error",
                ename=text_of(message.get("name"))[:200],
                evalue=text_of(message.get("message"))[:2000],
                traceback=text.split("\n"),
            )
        )

    def _clear(self, message: dict) -> None:
        if message.get("wait"):
            self.clear_first = True
        else:
            self.outputs = []

    def _safe_data(self, message: dict) -> dict[str, str]:
        data = message.get("data")
        safe = safe_data(data) if isinstance(data, dict) else {}
        self.data += sum(map(len, safe.values()))
        return safe if self.data <= MOST_DATA else {}


def output_of(kind: str, **fields: Any) -> NotebookNode:
    """Return an output as nbformat has it.

    nbformat's own `new_output` checks each against its schema, which takes as long as judging an
    exercise; the notebook is checked as a whole when it is written.
    """
    described = {"metadata": {}} if "data" in fields else {}
    return from_dict({"output_type": kind, **described, **fields})


def safe_data(data: dict) -> dict[str, str]:
    """Return the forms of an output that can be shown, without anything that could act."""
    safe: dict[str, str] = {}
    for kind, make_safe in FORMS.items():
        content = data.get(kind)
        if isinstance(content, str) and content:
            target, made = make_safe(kind, text_of(content))
            if made:
                safe.setdefault(target, made)
    return safe


def _plain(kind: str, content: str) -> tuple[str, str]:
    return kind, content


def _html(kind: str, content: str) -> tuple[str, str]:
    return kind, inert_html(content)


def _markdown(kind: str, content: str) -> tuple[str, str]:
    return kind, inert_markdown(content) if len(content) <= LONGEST_MARKDOWN else ""


def _formula(kind: str, content: str) -> tuple[str, str]:
    return kind, inert_formula(content)


def _picture(kind: str, content: str) -> tuple[str, str]:
    return kind, "".join(content.split()) if is_base64(content) else ""


def _drawing(kind: str, content: str) -> tuple[str, str]:
    # as a picture: nothing in it can reach the page around it
    encoded = base64.b64encode(content.encode("utf-8", "replace")).decode()
    picture = f'<img alt="figure" src="data:image/svg+xml;base64,{encoded}">'
    return "text/html", picture


FORMS = {
    "text/plain": _plain,
    "text/html": _html,
    "text/markdown": _markdown,
    "text/latex": _formula,
    "image/png": _picture,
    "image/jpeg": _picture,
    "image/svg+xml": _drawing,
}


def size_of(value: dict) -> int:
    """Return how many characters of text a message has; nothing nested any deeper is shown."""
    size = 0
    for part in value.values():
        parts = part.values() if isinstance(part, dict) else part
        texts = parts if isinstance(part, dict | list) else [part]
        size += sum(len(text) for text in texts if isinstance(text, str))
    return size


def text_of(value: Any) -> str:
    """Return text that every encoding takes and no terminal obeys; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    return without_escapes(value.encode("utf-8", "replace").decode())


def overwritten(text: str) -> str:
    """Return the text as a terminal shows it in which a carriage return goes back to the start."""
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
