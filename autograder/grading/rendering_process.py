"""The process that colors code and lays out Markdown; see `bounded_rendering`.

It reads a line of JSON for each text and writes one with the HTML. Who started it ends it when it
takes too long; if nobody is left to do that, a clock of its own does.
"""

import functools
import json
import os
import signal
import sys
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML, ansi2html, clean_html

from autograder.grading.inside import enclosure

MOST_SECONDS = 30  # far more than it is ever given


def main() -> None:
    """Have a fork of this process serve, and another one when it was ended; stop when it stops."""
    warm_up()
    while True:
        serving = os.fork()
        if not serving:
            enclosure.die_with_parent()
            serve()
            os._exit(0)
        _, status = os.waitpid(serving, 0)
        if status == 0:
            return


def serve() -> None:
    """Say which process this is, then answer until nobody asks any more."""
    sys.stdout.write(f"\n{os.getpid()}\n")
    sys.stdout.flush()
    for line in sys.stdin.buffer:
        message = json.loads(line)
        number = message.pop("number")
        signal.alarm(MOST_SECONDS)
        try:
            page = FILTERS[message.pop("filter")](**message)
            answer({"number": number, "page": page})
        except Exception as error:  # of a text that no filter was made for
            said = f"{type(error).__name__}: {error}"[:500]
            answer({"number": number, "error": said})
        signal.alarm(0)


def answer(message: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def warm_up() -> None:
    """Have everything imported and compiled before somebody waits for it."""
    highlight_code("x = 1", "ipython3", None, {})
    markdown2html("*x*", {}, "", {})
    clean_html("x")


def highlight_code(
    text: str, lexer: str | None, language: str | None, metadata: dict[str, str]
) -> str:
    """Return code in colors."""
    return Highlight2HTML(pygments_lexer=lexer)(text, language, metadata)


def markdown2html(
    text: str, attachments: dict[str, Any], path: str, settings: dict[str, Any]
) -> str:
    """Return Markdown as HTML."""
    context = {"cell": {"attachments": attachments}, "resources": {"metadata": {"path": path}}}
    return exporter(json.dumps(settings)).markdown2html(context, text)


@functools.cache
def exporter(settings: str) -> HTMLExporter:
    """Return what lays out Markdown with some settings: the same for all texts of a page."""
    return HTMLExporter(**json.loads(settings))


FILTERS = {
    "highlight_code": highlight_code,
    "markdown2html": markdown2html,
    "ansi2html": lambda text: ansi2html(text),
    "clean_html": lambda text: clean_html(text),
}

if __name__ == "__main__":
    main()
