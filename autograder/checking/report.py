"""Shows what came of an exercise: as HTML in a notebook, as text in a terminal.

Everything shown may hold a student's text, so everything is escaped. Colors follow JupyterLab's
theme where there is one, and otherwise the system's preference for light or dark. Rows are stacked
where the box is narrow, be it on a phone or in a narrow panel of a wide screen.
"""

import re
import textwrap
from collections.abc import Sequence
from html import escape

from autograder.checking.judge import ExerciseResult, PartResult

WIDTH = 88
# what a student's function returned may look like a formula, and is none
CLASSES = "autograder-report tex2jax_ignore mathjax_ignore"

STYLE = """\
<style>
.autograder-report { --ar-text: #1f2328; --ar-soft: #59636e; --ar-line: #d1d9e0;
  --ar-good: #1a7f37; --ar-bad: #b3261e; --ar-box: #f6f8fa; }
@media (prefers-color-scheme: dark) { .autograder-report { --ar-text: #e6edf3; --ar-soft: #9da7b3;
  --ar-line: #3d444d; --ar-good: #57c773; --ar-bad: #ff938a; --ar-box: #1c2128; } }
[data-jp-theme-light="true"] .autograder-report { --ar-text: #1f2328; --ar-soft: #59636e;
  --ar-line: #d1d9e0; --ar-good: #1a7f37; --ar-bad: #b3261e; --ar-box: #f6f8fa; }
[data-jp-theme-light="false"] .autograder-report { --ar-text: #e6edf3; --ar-soft: #9da7b3;
  --ar-line: #3d444d; --ar-good: #57c773; --ar-bad: #ff938a; --ar-box: #1c2128; }
BOX { color: var(--ar-text); border: 1px solid var(--ar-line); border-radius: 6px;
  padding: .6em .9em; max-width: 56em; line-height: 1.45; container-type: inline-size;
  overflow-wrap: anywhere;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 14px; }
BOX p { margin: .3em 0; }
BOX td > p:first-child { margin-top: 0; }
BOX .ar-head { font-size: 1.08em; font-weight: 600; }
BOX table { border-collapse: collapse; margin: .4em 0; width: 100%; table-layout: auto;
  font-size: inherit; color: inherit; }
BOX thead, BOX tr { border: 0; background: none; line-height: inherit; }
BOX th, BOX td { text-align: left; vertical-align: top; padding: .35em .8em .35em 0;
  border: 0; border-top: 1px solid var(--ar-line); background: none; color: inherit;
  line-height: inherit; }
BOX thead th { border-top: 0; color: var(--ar-soft); font-weight: 400; }
BOX th:last-child, BOX td:last-child { padding-right: 0; text-align: right; white-space: nowrap; }
BOX .ar-parts th:nth-child(1) { width: 5.5em; }
BOX .ar-parts th:nth-child(2) { width: 11em; }
BOX .ar-parts th:nth-child(4) { width: 5.5em; }
BOX .ar-good { color: var(--ar-good); white-space: nowrap; }
BOX .ar-bad { color: var(--ar-bad); white-space: nowrap; }
BOX .ar-soft { color: var(--ar-soft); }
BOX .ar-hint { border-left: 3px solid var(--ar-bad); padding-left: .6em; }
BOX code { background: var(--ar-box); color: inherit; padding: .1em .3em; border-radius: 3px;
  font-size: 12.5px; }
BOX pre { background: var(--ar-box); color: inherit; padding: .5em .7em; margin: .3em 0; border: 0;
  border-radius: 4px; overflow-x: auto; font-size: 12.5px; white-space: pre-wrap;
  text-align: left; word-break: normal; overflow-wrap: anywhere; }
@container (max-width: 40em) {
  BOX table, BOX tbody { display: block; }
  BOX thead { display: none; }
  BOX tr { display: flex; flex-wrap: wrap; gap: 0 .8em; padding: .35em 0;
    border-top: 1px solid var(--ar-line); }
  BOX tbody tr:first-child, BOX td { border: 0; }
  BOX td { padding: 0; }
  BOX td:last-child { margin-left: auto; }
  BOX .ar-parts td:nth-child(2) { flex: 1; }
  BOX .ar-parts td:nth-child(3) { flex: 0 0 100%; min-width: 0; order: 1; }
  BOX .ar-name { flex: 0 0 100%; }
}
</style>""".replace("BOX", ":is(#id, .autograder-report)")  # id: it outweighs JupyterLab's classes


def as_text(result: ExerciseResult, printed: str = "") -> str:
    """Return the report for a terminal."""
    lines = [_headline(result)]
    if result.note:
        lines += _indented(result.note, 2)
    else:
        for part in result.parts:
            lines += _part_as_text(part)
    if printed:
        lines += ["  your function printed:", *_indented(printed, 4)]
    return _printable(lines)


def as_html(result: ExerciseResult, printed: str = "") -> str:
    """Return the report for a notebook."""
    sign = ' <span class="ar-good">\N{CHECK MARK}</span>' if result.passed else ""
    blocks = [f'<p class="ar-head">{escape(_headline(result))}{sign}</p>']
    if result.note:
        blocks.append(f"<p>{escape(result.note)}</p>")
    else:
        rows = "".join(_part_as_row(part) for part in result.parts)
        head = _row("th", "", "part", "what happened", "points")
        blocks.append(f'<table class="ar-parts"><thead>{head}</thead><tbody>{rows}</tbody></table>')
    if printed:
        blocks.append('<p class="ar-soft">Your function printed:</p>')
        blocks.append(f"<pre>{escape(printed)}</pre>")
    return _boxed(blocks)


def summary_as_text(results: Sequence[ExerciseResult]) -> str:
    """Return the table of everything checked so far, for a terminal."""
    if not results:
        return "nothing has been checked yet"
    width = max(len(result.identifier) for result in results)
    lines = [
        f"{result.identifier:<{width}}  {_points(result):>9}  {_state(result)}"
        for result in results
    ]
    return _printable([*lines, f"{'together':<{width}}  {_together(results):>9}"])


def _printable(lines: Sequence[str]) -> str:
    # control characters could make a terminal do things
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


def summary_as_html(results: Sequence[ExerciseResult]) -> str:
    """Return the table of everything checked so far, for a notebook."""
    if not results:
        return _boxed(["<p>Nothing has been checked yet.</p>"])
    rows = "".join(
        f'<tr><td class="ar-name">{escape(result.identifier)}</td>'
        f"<td>{_mark(result.passed, _state(result))}</td>"
        f"<td>{_points(result)}</td></tr>"
        for result in results
    )
    total = f"<tr><td>together</td><td></td><td>{_together(results)}</td></tr>"
    head = _row("th", "exercise", "", "points")
    return _boxed([f"<table><thead>{head}</thead><tbody>{rows}{total}</tbody></table>"])


def _headline(result: ExerciseResult) -> str:
    if not result.parts:
        return result.identifier
    return f"{result.identifier}: {_points(result)} {'point' if result.maximum == 1 else 'points'}"


def _part_as_text(part: PartResult) -> list[str]:
    state = "passed " if part.passed else "not yet"
    lines = [f"  {state}  {part.name} ({part.earned:g} of {part.points:g})"]
    if part.passed:
        return lines
    for label, text in _explanation(part):
        lines += _labelled(label, text)
    return lines


def _explanation(part: PartResult) -> list[tuple[str, str]]:
    """Return what is to be said of a part that failed, label and text."""
    rows = [
        ("tried", part.tried),
        ("outcome", part.message),
        ("your code", part.line),
        ("hint", part.hint),
        ("arguments", part.call),
        ("returned", part.found),
        ("expected", part.expected),
    ]
    return [(label, text) for label, text in rows if text]


def _part_as_row(part: PartResult) -> str:
    mark = _mark(part.passed, "passed" if part.passed else "not yet")
    cells = f"<td>{mark}</td><td>{escape(part.name)}</td><td>{_explanation_as_html(part)}</td>"
    return f"<tr>{cells}<td>{part.earned:g} of {part.points:g}</td></tr>"


def _explanation_as_html(part: PartResult) -> str:
    if part.passed:
        return f'<span class="ar-soft">{escape(part.tried)}</span>'
    blocks = []
    for label, text in _explanation(part):
        if label == "tried":
            blocks.append(f'<p class="ar-soft">{escape(text)}</p>')
        elif label == "outcome":
            blocks.append(f"<p>{_with_code(text)}</p>")
        elif label == "hint":
            blocks.append(f'<p class="ar-hint">{_with_code(text)}</p>')
        else:
            blocks.append(f'<p class="ar-soft">{label}</p><pre>{escape(text)}</pre>')
    return "".join(blocks)


def _with_code(text: str) -> str:
    """Escape text, and set what stands in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _boxed(blocks: Sequence[str]) -> str:
    return f'{STYLE}<div class="{CLASSES}">{"".join(blocks)}</div>'


def _row(cell: str, *texts: str) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"


def _mark(good: bool, text: str) -> str:
    sign = "\N{CHECK MARK}" if good else "\N{MULTIPLICATION X}"
    return f'<span class="{"ar-good" if good else "ar-bad"}">{sign} {escape(text)}</span>'


def _points(result: ExerciseResult) -> str:
    return f"{result.points:g} of {result.maximum:g}"


def _together(results: Sequence[ExerciseResult]) -> str:
    points = sum(result.points for result in results)
    return f"{points:g} of {sum(result.maximum for result in results):g}"


def _state(result: ExerciseResult) -> str:
    if result.passed:
        return "passed"
    if not result.written:
        return "not written yet"
    return f"{sum(part.passed for part in result.parts)} of {len(result.parts)} parts passed"


def _labelled(label: str, text: str) -> list[str]:
    first, *rest = _wrapped(text, WIDTH - 22)
    return [f"{'':11}{label + ':':<11}{first}", *(f"{'':22}{line}" for line in rest)]


def _indented(text: str, columns: int) -> list[str]:
    return [" " * columns + line for line in _wrapped(text, WIDTH - columns)]


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += [line] if len(line) <= width else textwrap.wrap(line, width)
    return lines
