"""What differs from the main branch has changed, and everything where nobody can tell."""

import subprocess

import pytest

from tests.autograder.specs.changed_exercises import changed_files


def git(folder, *arguments):
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder, file):
    (folder / file).write_text(file)
    git(folder, "add", file)
    git(folder, "commit", "-m", file)


@pytest.fixture
def clone(tmp_path):
    """A clone of a repository of two commits, the last of which adds `second`."""
    original = tmp_path / "original"
    original.mkdir()
    git(original, "init", "--initial-branch=main")
    commit(original, "first")
    commit(original, "second")
    git(tmp_path, "clone", "original", "clone")
    return tmp_path / "clone"


def changed(folder):
    return {path.name for path in changed_files(folder)}


def test_in_a_fresh_clone_it_is_the_last_commit(clone):
    assert changed(clone) == {"second"}


def test_on_a_branch_it_is_all_that_the_branch_changes(clone):
    git(clone, "switch", "-c", "branch")
    commit(clone, "third")
    commit(clone, "fourth")
    assert changed(clone) == {"third", "fourth"}


def test_of_a_merge_it_is_all_that_was_merged(clone):
    git(clone, "switch", "-c", "branch")
    commit(clone, "third")
    commit(clone, "fourth")
    git(clone, "switch", "main")
    git(clone, "merge", "--no-ff", "branch", "-m", "merge")
    git(clone, "push", "origin", "main:other")
    git(clone, "update-ref", "refs/remotes/origin/main", "main")
    assert changed(clone) == {"third", "fourth"}


def test_what_is_not_committed_counts(clone):
    commit(clone, "third")
    (clone / "first").write_text("changed")
    (clone / "new").write_text("new")
    assert changed(clone) == {"first", "third", "new"}


def test_without_a_main_branch_or_a_commit_before_nobody_can_tell(clone, tmp_path):
    assert changed_files(tmp_path) is None
    git(tmp_path, "clone", "--depth=1", f"file://{clone}", "shallow")
    assert changed_files(tmp_path / "shallow") is None
