"""Pages of notebooks, made in a time that no text of a student's can stretch.

What colors code and lays out Markdown takes seconds, or hours, for texts made for that. So it works
in a process of its own, which is ended when it takes too long; then the text is shown as it is. One
such process serves a whole command, or a server, and another takes its place when it was ended.
"""

import atexit
import contextlib
import functools
import html
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0  # for a new process, on a busy machine
TEXT_SECONDS = 3.0  # for one text
PAGE_SECONDS = 12.0  # for all texts of a page together
NOTE = "This text takes too long to lay out, so it is shown as it is."
PIECE = 2**16


class RenderingError(Exception):
    """A text was not rendered: it took too long, or what renders it stumbled over it."""


class Renderer:
    """A process that renders texts, and one that forks it, anew each time that it was ended."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self.process: subprocess.Popen | None = None
        self.serving = 0  # the process that renders; 0 as long as it has not said that it is there
        self.number = 0  # of the last text, so that no answer is taken for another's
        self.lock = threading.Lock()  # a server may have several threads

    def begin(self) -> None:
        """Start the processes, which then take a moment to import what they need."""
        if self.process is not None and self.process.poll() is None:
            return
        self.stop()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.grading.rendering_process"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt at the keyboard is the command's to handle
        )

    def stop(self) -> None:
        """End it all."""
        self._end_serving()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def wait_until_ready(self) -> None:
        """Return when a text can be rendered at once, or when waiting for that is in vain."""
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.begin()
            deadline = time.monotonic() + START_SECONDS
            while not self.serving:  # before that may stand what is left of an answer
                line = self._line(deadline)
                self.serving = int(line) if line.strip().isdigit() else 0

    def rendered(self, filter_name: str, seconds: float, **arguments: Any) -> str:
        """Return what a filter of `rendering_process` makes of its arguments.

        Raises:
            RenderingError: it had not ended after so many seconds, or has raised an exception.
        """
        with self.lock:
            self.number += 1
            message = {"number": self.number, "filter": filter_name, **arguments}
            try:
                if not self.serving:
                    raise ProcessLookupError("nothing renders")
                self.process.stdin.write(json.dumps(message).encode() + b"\n")
                self.process.stdin.flush()
                answer = json.loads(self._line(time.monotonic() + seconds))
                if answer["number"] != self.number:
                    raise ValueError("another text's answer")
            except TimeoutError as error:
                self._end_serving()
                raise RenderingError(str(error)) from None
            except (OSError, ValueError, KeyError, TypeError) as error:
                self.stop()
                raise RenderingError(str(error)) from None
        if "page" not in answer:
            raise RenderingError(answer.get("error"))
        return answer["page"]

    def _end_serving(self) -> None:
        """End the process that renders; if the other lives on, the next is there in no time."""
        if self.serving:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.serving, signal.SIGKILL)
        self.serving = 0

    def _line(self, deadline: float) -> bytes:
        """Return the next line that is written."""
        descriptor, pieces = self.process.stdout.fileno(), []
        while not pieces or not pieces[-1].endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError("too slow")
            pieces.append(os.read(descriptor, PIECE))
            if not pieces[-1]:
                raise ConnectionError("the process has ended")
        return b"".join(pieces).splitlines()[-1]


@functools.cache
def renderer() -> Renderer:
    """Return the renderer of this program."""
    found = Renderer()
    atexit.register(found.stop)
    return found


class BoundedExporter(HTMLExporter):
    """Makes a page of a notebook as nbconvert does, and shows as plain text what takes too long."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Start the process that renders, so that it is there when it is needed."""
        super().__init__(*arguments, **keywords)
        self.seconds_left = PAGE_SECONDS
        renderer().begin()

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **more: Any
    ) -> tuple[str, Any]:
        """Return the page and its resources."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        self.seconds_left = PAGE_SECONDS
        self.filters = {
            **self.filters,
            "highlight_code": functools.partial(self.highlighted, lexer),
        }
        return super().from_notebook_node(nb, resources, **more)

    def default_filters(self) -> Any:
        """Yield the filters, those for a student's text in our version."""
        yield from super().default_filters()
        yield "ansi2html", functools.partial(self._made, "ansi2html", html.escape)
        yield "clean_html", functools.partial(self._made, "clean_html", as_it_is)

    def highlighted(
        self, lexer: str | None, source: str, language: str | None = None, metadata: Any = None
    ) -> str:
        """Return code in colors."""
        magics = (metadata or {}).get("magics_language")
        return self._made(
            "highlight_code",
            as_it_is,
            source,
            lexer=lexer,
            language=language,
            metadata={"magics_language": magics} if isinstance(magics, str) else {},
        )

    @jinja2.pass_context
    def markdown2html(self, context: Mapping[str, Any], source: str) -> str:
        """Return Markdown as HTML."""
        return self._made(
            "markdown2html",
            as_it_is,
            source,
            attachments=context.get("cell", {}).get("attachments", {}),
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            settings={
                "embed_images": self.embed_images,
                "anchor_link_text": self.anchor_link_text,
                "exclude_anchor_links": self.exclude_anchor_links,
            },
        )

    def _made(
        self, filter_name: str, instead: Callable[[str], str], text: Any, **arguments: Any
    ) -> str:
        text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        if self.seconds_left <= 0:
            return instead(text)
        renderer().wait_until_ready()
        begun = time.monotonic()
        seconds = min(TEXT_SECONDS, self.seconds_left)
        try:
            return renderer().rendered(filter_name, seconds, text=text, **arguments)
        except RenderingError:
            return instead(text)
        finally:
            self.seconds_left -= time.monotonic() - begun


def as_it_is(text: str) -> str:
    """Return HTML that shows a text as plain text, and says why."""
    return f'<div class="highlight"><p><em>{NOTE}</em></p><pre>{html.escape(text)}</pre></div>'
