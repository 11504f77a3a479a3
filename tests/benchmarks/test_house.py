"""`python -m benchmarks.house` times a fresh clone: here that of a house which is built at once."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import house
from solutions.materials import packages

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make is for Linux and macOS")
CHAPTERS = [path for path in (ROOT / "chapters").glob("*.md") if "\n# " in path.read_text("utf-8")]
PAGE = "(page)=\n# A page\n\nA sentence.\n\n```{code-cell}\nx = 1\n```\n"
MAKEFILE = """
book:
	mkdir -p .venv _build
	cat chapters/attention.md >> _build/pages
	ls .cache/packages > _build/packages
lint:
	echo $(CI) > _build/lint
test: book
	test ! -e fails
"""
LINE = re.compile(r"([a-z ]+): [\d.]+ s of (\d+) s, \1 ratio [\d.]+ \(goal 1\)")


def git(folder, *arguments):
    own = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", *own, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a Makefile like the course's, whose packages were fetched."""
    folder = tmp_path / "checkout"
    (folder / "chapters").mkdir(parents=True)
    (folder / house.CHAPTER).write_text(PAGE)
    (folder / "Makefile").write_text(MAKEFILE)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "all of it")
    (tmp_path / "cache" / "packages" / "weights").mkdir(parents=True)
    monkeypatch.setattr(packages, "cache_folder", lambda: tmp_path / "cache")
    return folder


def test_everything_is_timed_in_turn_beside_its_goal(checkout, tmp_path, capsys):
    clone = tmp_path / "clone"
    house.main(["--clone", str(clone)], checkout)
    printed = [LINE.fullmatch(line) for line in capsys.readouterr().out.splitlines()]
    found = [(line[1].replace(" ", "-"), int(line[2])) for line in printed if line]
    assert found == [(name, house.GOALS[name]) for name in house.GOALS]
    pages = (clone / "_build" / "pages").read_text()
    # cold, unchanged, before the tests; then once with another paragraph, which is taken back
    assert pages == 3 * PAGE + PAGE.replace("A sentence.", "This sentence is new. A sentence.")
    assert (clone / house.CHAPTER).read_text() == PAGE
    assert (clone / "_build" / "packages").read_text() == "weights\n"
    assert (clone / "_build" / "lint").read_text() == "true\n"


def test_the_sum_is_of_what_ci_runs(checkout, capsys):
    house.main(["--only", "ci"], checkout)
    *_, parts, total = capsys.readouterr().out.splitlines()
    seconds = [float(number) for number in re.findall(r" ([\d.]+) s", parts)]
    assert re.findall(r"[a-z-]+(?= [\d.]+ s)", parts) == list(house.TOGETHER)
    assert sum(seconds) == pytest.approx(float(re.match(r"ci: ([\d.]+) s", total)[1]), abs=0.2)
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    commands = [house.COMMANDS[name] for name in house.TOGETHER]
    assert {("make", step) for step in re.findall(r"^step (\w+)", run, re.M)} == {
        *commands,
        ("make", "clean"),  # of a fresh clone there is nothing to remove
    }


def test_a_clone_can_be_used_again_but_never_for_a_cold_build(checkout, tmp_path, capsys):
    clone = tmp_path / "clone"
    house.main(["--clone", str(clone), "--only", "unchanged-book"], checkout)
    house.main(["--clone", str(clone), "--only", "unchanged-book"], checkout)
    assert capsys.readouterr().out.count("unchanged book ratio") == 2
    for name in ("cold-book", "ci"):
        with pytest.raises(SystemExit, match="is built already"):
            house.main(["--clone", str(clone), "--only", name], checkout)


def test_what_fails_is_not_timed(checkout, capsys):
    (checkout / "fails").touch()
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "a fault")
    with pytest.raises(SystemExit, match="make test failed after"):
        house.main(["--only", "test"], checkout)
    assert "ratio" not in capsys.readouterr().out


def test_what_is_not_committed_is_said_not_to_be_measured(checkout, capsys):
    (checkout / "draft.md").touch()
    house.main(["--only", "unchanged-book"], checkout)
    assert "not committed: draft.md" in capsys.readouterr().out


def test_a_command_in_the_clone_does_not_find_this_checkout(monkeypatch):
    monkeypatch.setenv("MAKEFLAGS", "--jobs")
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_CACHE", "/elsewhere")
    monkeypatch.setattr(house.sys, "prefix", "/checkout/.venv")
    monkeypatch.setenv("PATH", "/checkout/.venv/bin:/usr/bin")
    found = house.environment()
    assert found["PATH"] == "/usr/bin"
    assert not found.keys() & set(house.OTHERS)


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_one_sentence_of_the_prose_is_changed(page):
    before = page.read_text("utf-8")
    old, new = before.splitlines(), house.with_one_sentence_more(before).splitlines()
    changed = [place for place in range(len(old)) if old[place] != new[place]]
    assert len(old) == len(new)
    assert [new[place] for place in changed] == [f"This sentence is new. {old[changed[0]]}"]
    above = "\n".join(old[: changed[0]])
    assert above.count("```") % 2 == 0, "in a block of code"
