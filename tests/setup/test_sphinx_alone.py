"""The book builds by `sphinx-build` as well as by the wrapper that `make book` calls."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = """# A page

One sentence, with math $x^2$ and a note.

```{note}
Kept.
```
"""


@pytest.fixture
def book(tmp_path):
    """A book of one page with the course's configuration and extension."""
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/index\n")
    chapters = tmp_path / "chapters"
    for name in ("_ext", "_static"):
        shutil.copytree(ROOT / "chapters" / name, chapters / name)
    shutil.copy(ROOT / "chapters" / "references.bib", chapters)
    (chapters / "index.md").write_text(PAGE)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def run(book, command):
    done = subprocess.run(
        command, shell=True, cwd=book, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lines_of_the_readme_build_what_the_wrapper_builds(book):
    text = (ROOT / "README.md").read_text()
    [block] = re.findall(r"^```bash\n(\S+jupyter-book config sphinx .*?)^```", text, re.M | re.S)
    page = book / "_build" / "html" / "chapters" / "index.html"
    run(book, block)
    alone = page.read_text("utf-8")
    assert "Kept." in alone
    shutil.rmtree(book / "_build")
    (book / "conf.py").unlink()
    run(book, f"{os.curdir}/.venv/bin/jupyter-book build . -W -n --keep-going")
    assert page.read_text("utf-8") == alone
