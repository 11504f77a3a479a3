"""What holds for all tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# no test is judged by its time: a busy machine is no defect
settings.register_profile("course", deadline=None)
settings.load_profile("course")

STAND_ALONE = {"test_specs.py", "test_further_solutions.py"}
# they use a class that takes minutes to grade
TOGETHER = {"test_survival.py", "test_feedback.py"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--every-seed`."""
    parser.addoption(
        "--every-seed",
        action="store_true",
        help="try every exercise on all seeds, not only those that differ from the main branch",
    )


def run_together(test: str) -> str:
    """Return the name of a group of tests that one process runs, from the name of a test.

    Those of a file share what is slow to set up. Where there are hundreds and each stands alone,
    they go to whichever process is free.
    """
    file, _, _ = test.partition("::")
    name = file.rpartition("/")[2]
    if name in STAND_ALONE:
        return test
    return "the graded class" if name in TOGETHER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out the tests in these groups: with marks, xdist 3.8 does not beside pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class InGroups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return run_together(nodeid)

    return InGroups(config, log)


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
