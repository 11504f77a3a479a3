"""What a page is given besides its text: few scripts, how long its cells took, where one is in it.

The scripts and styles that Jupyter Book's extensions ask for are mostly for things this book does
not use (Thebe, a second search, icon fonts); several come from other hosts. Only these are kept.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

SCRIPTS = (
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
)


# what else Sphinx puts into _static and a page uses; the rest is removed from the built book
STATIC = (*SCRIPTS, "searchtools.js", "language_data.js")


def context(
    app: Sphinx, page: str, template: str, context: dict, document: nodes.document | None
) -> None:
    """Fill in what the theme's layout shows."""
    kept = {
        name: file for name in SCRIPTS for file in context["script_files"] if _name(file) == name
    }
    context["script_files"] = [f"_static/{name}" for name in SCRIPTS if name in kept]
    context["body"] = _mended(context.get("body", ""))
    context["has_math"] = 'class="katex' in context["body"]
    context["has_cells"] = bool(document and list(document.findall(nodes.literal_block)))
    context["sections"] = _sections(context.get("toc", ""))
    tree = context["toctree"](collapse=False, maxdepth=1, includehidden=True, titles_only=True)
    context["course_tree"] = tree.replace(' role="heading"', "")  # it lacks its level
    context["ran_for"] = duration(_seconds(app, page))
    context["description"] = _description(document)


def _mended(body: str) -> str:
    """Take out what misleads screen readers."""
    # it hides the words "Show code cell source"
    body = body.replace(' aria-label="Toggle hidden content"', "")
    # a role that browsers no longer know; the entries stand in a list
    return body.replace(' role="doc-biblioentry"', ' role="listitem"')


def _name(file: object) -> str:
    return str(getattr(file, "filename", file) or "").rpartition("/")[2]


def _sections(toc: str) -> str:
    """Return the list of the page's sections without the page's own title around it."""
    inner = re.search(r"<li>.*?</a>\s*(<ul>.*</ul>)\s*</li>", toc or "", re.DOTALL)
    return inner[1] if inner else ""


def _seconds(app: Sphinx, page: str) -> float | None:
    executed = getattr(app.env, "nb_metadata", {}).get(page, {}).get("exec_data") or {}
    return executed.get("runtime")


def duration(seconds: float | None) -> str:
    """Say a duration in words, or nothing for a page without cells.

    >>> duration(3.2), duration(75)
    ('3.2 seconds', '1 minute 15 seconds')
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} seconds"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} minute{'s' * (minutes > 1)} {rest} seconds"


def _description(document: nodes.document | None) -> str:
    """Return the page's first paragraph, cut at a word."""
    first = next(iter(document.findall(nodes.paragraph)), None) if document else None
    text = " ".join(first.astext().split()) if first else ""
    return text if len(text) <= 200 else text[:200].rpartition(" ")[0] + " ..."


def finish(app: Sphinx, problem: Exception | None) -> None:
    """Lead from the site's address to the first page, and drop files no page asks for."""
    if problem or app.builder.format != "html":
        return
    first = app.builder.get_target_uri(app.config.root_doc)
    if first != "index.html":
        _lead_to(first, app)
    own = [Path(app.srcdir, folder) for folder in app.config.html_static_path]
    for file in Path(app.outdir, "_static").iterdir():
        ours = any(
            (folder / file.name).exists() for folder in own if folder.is_relative_to(app.srcdir)
        )
        if file.is_file() and not ours and file.name not in STATIC:
            file.unlink()


def _lead_to(first: str, app: Sphinx) -> None:
    title = escape(app.config.html_title)
    Path(app.outdir, "index.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8" /><title>{title}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={first}" /></head>\n'
        f'<body><main><h1><a href="{first}">{title}</a></h1></main></body></html>\n',
        encoding="utf-8",
    )


def setup(app: Sphinx) -> None:
    """Fill in each page's context after every other extension, and finish after them too."""
    app.connect("html-page-context", context, priority=900)
    app.connect("build-finished", finish, priority=900)
