"""The book's Sphinx extension: a light theme, typeset math, and the rules pages must obey."""

from pathlib import Path

from sphinx.application import Sphinx

from . import (
    alternatives,
    cards,
    drawings,
    execution,
    explorers,
    freshness,
    mathematics,
    numbers,
    pages,
    sitemap,
)

PARTS = (
    alternatives,
    cards,
    drawings,
    execution,
    explorers,
    freshness,
    mathematics,
    numbers,
    pages,
    sitemap,
)


def setup(app: Sphinx) -> dict:
    """Register every part; Sphinx calls it."""
    app.add_html_theme("course", str(Path(__file__).parent / "theme"))
    for part in PARTS:
        part.setup(app)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True}
