"""The built book, and tiny books to break."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "chapters"), str(ROOT / "chapters/_ext")]

CONFIGURATION = """
extensions = ["myst_nb", "course"]
root_doc = "index"
html_theme = "course"
html_math_renderer = "katex"
html_title = "A tiny book"
html_static_path = ["static"]
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
nb_execution_mode = "cache"
exclude_patterns = ["out", ".jupyter_cache", "jupyter_execute"]
"""


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built book; skipped by name where it was not built."""
    folder = ROOT / "_build/html"
    if not (folder / "chapters/index.html").exists():
        problem = "the book is not built: run `make book`"
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)
    return folder


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., list[str]]:
    """Build a tiny book of the given pages; returns its warnings, one line each."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    (tmp_path / "static").mkdir()
    (tmp_path / "conf.py").write_text(CONFIGURATION)

    def build(**pages: str) -> list[str]:
        for name, text in pages.items():
            path = tmp_path / (name.replace("__", ".") if "__" in name else f"{name}.md")
            path.write_text(dedent(text))
        warnings = io.StringIO()
        with docutils_namespace():
            Sphinx(
                tmp_path,
                tmp_path,
                tmp_path / "out",
                tmp_path / "out/doctrees",
                "html",
                status=None,
                warning=warnings,
                keep_going=True,
                warningiserror=False,
            ).build()
        return [
            line
            for line in warnings.getvalue().splitlines()
            if "WARNING" in line or "ERROR" in line
        ]

    build.folder = tmp_path
    return build
