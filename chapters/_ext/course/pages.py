"""What a page is given besides its text: few scripts, how long its cells took, where one is in it.

The scripts and styles that Jupyter Book's extensions ask for are for things this book does not use
(Thebe, icon fonts) or does with a few lines of its own; several come from other hosts. None is
linked: a page loads course.js, and the search page what Sphinx's search needs.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

# tokens that the style sheet leaves as they are: two thirds of a chapter's bytes
PLAIN = re.compile(r'<span class="(?:n|nn|na|nv|o|p|w)">([^<]*)</span>')

# what Sphinx puts into _static and the search page uses; the rest is removed from the built book
SEARCH = (
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "searchtools.js",
    "language_data.js",
)


def context(
    app: Sphinx, page: str, template: str, context: dict, document: nodes.document | None
) -> None:
    """Fill in what the theme's layout shows."""
    context["search_scripts"] = [f"_static/{name}" for name in SEARCH] + ["searchindex.js"]
    context["body"] = _mended(context.get("body", ""))
    context["has_math"] = 'class="katex' in context["body"]
    context["has_cells"] = bool(document and list(document.findall(nodes.literal_block)))
    context["sections"] = _sections(context.get("toc", ""))
    tree = context["toctree"](collapse=False, maxdepth=1, includehidden=True, titles_only=True)
    context["course_tree"] = tree.replace(' role="heading"', "")  # it lacks its level
    context["ran_for"] = duration(_seconds(app, page))
    context["description"] = _description(document)


def _mended(body: str) -> str:
    """Take out what misleads screen readers or only makes the page heavy."""
    body = PLAIN.sub(r"\1", body)
    # it hides the words "Show code cell source"
    body = body.replace(' aria-label="Toggle hidden content"', "")
    # the empty corner of a table heads nothing
    body = re.sub(r"<th[^>]*><p></p></th>", "<td></td>", body)
    # a role that browsers no longer know; the entries stand in a list
    return body.replace(' role="doc-biblioentry"', ' role="listitem"')


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
    """Lead from the site's address to the first page, and drop what no page asks for."""
    if problem or app.builder.format != "html":
        return
    first = app.builder.get_target_uri(app.config.root_doc)
    if first != "index.html":
        _lead_to(first, app)
    pages = {Path(app.builder.get_outfilename(page)) for page in app.env.found_docs}
    pages |= {Path(app.outdir, name) for name in ("index.html", "search.html")}
    for file in set(Path(app.outdir).rglob("*.html")) - pages:  # of a page that is no more
        file.unlink()
    # the configuration names folders of the book; an extension adds its own by an absolute path
    named = [folder for folder in app.config.html_static_path if not Path(folder).is_absolute()]
    for file in Path(app.outdir, "_static").iterdir():
        ours = any(Path(app.srcdir, folder, file.name).exists() for folder in named)
        if file.is_file() and not ours and file.name not in SEARCH:
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
