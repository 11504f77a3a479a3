"""SECURITY.md names walls and tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and "| threat |" not in line]
NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip()[:60] for row in ROWS])
def test_each_threat_has_a_wall_and_a_test(row: str):
    _, _, wall, shown, _ = row.split("|")
    assert all(path.startswith("autograder/") for path, _ in NAMED.findall(wall))
    assert all(path.startswith("tests/") for path, _ in NAMED.findall(shown))
    assert NAMED.findall(wall)
    assert NAMED.findall(shown)
    for path, name in [*NAMED.findall(wall), *NAMED.findall(shown)]:
        assert (ROOT / path).exists(), path
        if name:
            assert f"\ndef {name}(" in (ROOT / path).read_text(), f"{path}::{name}"


def test_a_reporter_is_led_to_the_repository_and_to_no_host():
    assert "Report a vulnerability" in TEXT
    assert "://" not in TEXT
