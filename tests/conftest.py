"""What holds for all tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# no test is judged by its time: a busy machine is no defect
settings.register_profile("course", deadline=None)
settings.load_profile("course")

STAND_ALONE = {"test_specs.py", "test_further_solutions.py"}
# takes minutes, and tests of several files use it
SHARED = "graded_class"


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run all tests of a file, which share what is slow to set up.

    Where there are hundreds and each stands alone, they go to whichever process is free.
    """
    for item in items:
        if SHARED in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(SHARED))
        elif item.path.name not in STAND_ALONE:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


@pytest.fixture(scope="session")
def missing() -> Callable[[str], None]:
    """Say what this machine lacks: skip by name or, with CI=true, fail."""

    def skip_or_fail(problem: str) -> None:
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)

    return skip_or_fail


@pytest.fixture(scope="session")
def browser(missing: Callable[[str], None]) -> Iterator["Browser"]:
    """Debian's Chromium, which resolves no name but this machine's.

    All tests share it: a process can drive Playwright only once at a time.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        missing("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield browser
        browser.close()
