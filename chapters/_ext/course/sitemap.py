"""A sitemap of all pages, written from the table of contents and so whole on a warm build too.

Addresses begin with `html_baseurl`; without one they begin with a slash.
"""

from pathlib import Path
from xml.sax.saxutils import escape

from sphinx.application import Sphinx


def write(app: Sphinx, problem: Exception | None) -> None:
    """Write sitemap.xml."""
    if problem or app.builder.format != "html":
        return
    base = app.config.html_baseurl.rstrip("/") + "/"
    addresses = [
        f"<url><loc>{escape(base + app.builder.get_target_uri(page))}</loc></url>"
        for page in sorted(app.env.found_docs)
    ]
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "\n".join(addresses)
        + "\n</urlset>\n",
        encoding="utf-8",
    )


def setup(app: Sphinx) -> None:
    """Write it last."""
    app.connect("build-finished", write)
