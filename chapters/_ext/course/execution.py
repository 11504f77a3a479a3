"""Execute the pages that have to be executed, several at a time, before Sphinx reads them.

MyST-NB executes a page when Sphinx reads it, one after the other. Here the cells of all pages whose
outputs are not in the notebook cache run first, as many pages at a time as there are processors
(at most `AT_MOST`: each loads a model or two), and their outputs go into that cache. A page that
fails is left to MyST-NB, which executes it again and reports the failure in its own way.

What takes longer to train than a page may take is a module that the configuration value
`course_trained` names: `python -m MODULE --keep` makes it once and keeps it in the course's cache.
It runs beside the pages and the other such modules that do not import it, and before those that do.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

from .freshness import CELL, local_modules

logger = logging.getLogger(__name__)

AT_MOST = 4
AFTER_FRESHNESS = 600  # which first drops outputs that are out of date


@dataclass(frozen=True)
class Page:
    """A page to be executed."""

    name: str
    file: Path
    notebook: NotebookNode
    read_format: dict
    needs: frozenset[str]  # modules that must have been trained


def to_execute(
    env: BuildEnvironment, cache: JupyterCacheAbstract, trained: list[str]
) -> Iterator[Page]:
    """Give each page whose outputs are not in the cache."""
    for name in sorted(env.found_docs):
        file = Path(env.doc2path(name))
        text = file.read_text(encoding="utf-8")
        reader = create_nb_reader(str(file), env.myst_config, env.mystnb_config, text)
        if reader is None or reader.read_fmt is None:
            continue
        notebook = reader.read(text)
        if not any(cell.cell_type == "code" for cell in notebook.cells):
            continue
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            root = Path(env.srcdir)
            needs = imported(trained, "\n".join(CELL.findall(text)), [root, file.parent])
            yield Page(name, file, notebook, reader.read_fmt, needs)


def imported(trained: list[str], source: str, roots: list[Path]) -> frozenset[str]:
    """Return those of the training modules that some source imports, however indirectly."""
    files = local_modules(source, roots)
    return frozenset(module for module in trained if _file(roots[0], module) in files)


def _file(root: Path, module: str) -> Path:
    """The file of a module of this repository."""
    return root.joinpath(*module.split(".")).with_suffix(".py")


def execute(notebook: NotebookNode, folder: str, timeout: int) -> tuple[NotebookNode, float, str]:
    """Run a notebook's cells; gives it with outputs, the seconds it took, and what went wrong."""
    try:
        result = single_nb_execution(notebook, cwd=folder, timeout=timeout, allow_errors=False)
    except Exception as error:  # the kernel died, say; MyST-NB will meet it again and report it
        return notebook, 0.0, type(error).__name__
    return result.nb, result.time, type(result.err).__name__ if result.err else ""


def train(module: str, folder: str) -> int:
    """Run a training module and give its exit status."""
    return subprocess.run([sys.executable, "-m", module, "--keep"], cwd=folder).returncode


def execute_all(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Train what is needed and fill the notebook cache."""
    if env.mystnb_config.execution_mode != "cache":
        return []
    cache = get_cache(str(env.mystnb_config.execution_cache_path))
    pages = list(to_execute(env, cache, app.config.course_trained))
    root = Path(env.srcdir)
    wanted = frozenset().union(*(page.needs for page in pages))
    # in the order in which they are declared, so that what others wait for can come first
    needed = {
        module: imported(list(wanted - {module}), _file(root, module).read_text("utf-8"), [root])
        for module in app.config.course_trained
        if module in wanted
    }
    workers = min(len(pages) + len(needed), os.cpu_count() or 1, AT_MOST)
    if not pages or (workers == 1 and not needed):  # MyST-NB does a single one just as fast
        return []
    logger.info("executing %d pages, %d at a time", len(pages), workers)
    # spawned: a fork would copy whatever Sphinx and its extensions have open
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            _run(pool, env, cache, pages, needed)
        except BaseException:  # also Ctrl-C: nothing goes on in the background
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in active_children():
                worker.terminate()
            raise
    return []


def _run(
    pool: ProcessPoolExecutor,
    env: BuildEnvironment,
    cache: JupyterCacheAbstract,
    pages: list[Page],
    needed: dict[str, frozenset[str]],
) -> None:
    """Run everything, each module and page as soon as what it needs is there."""
    began = time.monotonic()
    running: dict[Future, Page | str] = {}
    missing, finished = set(needed), 0
    waiting: list[Page | str] = [*needed, *pages]
    while running or waiting:
        for job in take_ready(waiting, needed, missing):
            if isinstance(job, str):
                running[pool.submit(train, job, str(env.srcdir))] = job
                continue
            seconds = env.mystnb_config.execution_timeout
            running[pool.submit(execute, job.notebook, str(job.file.parent), seconds)] = job
        if not running:
            raise ExtensionError(f"modules that wait for each other: {', '.join(sorted(missing))}")
        for done in wait(running, return_when=FIRST_COMPLETED).done:
            job = running.pop(done)
            if isinstance(job, str):
                if done.result():
                    raise ExtensionError(f"python -m {job} --keep failed; see above")
                missing.remove(job)
                continue
            notebook, seconds, failure = done.result()
            if not failure:
                keep(cache, job, notebook, seconds)
            finished += 1
            outcome = f"{failure or 'executed'} after {seconds:.0f} s"
            total = f"{finished} of {len(pages)}, {time.monotonic() - began:.0f} s in all"
            logger.info("%s: %s (%s)", job.name, outcome, total)


def take_ready(
    waiting: list[Page | str], needed: dict[str, frozenset[str]], missing: set[str]
) -> list[Page | str]:
    """Take those modules and pages off the list whose needs are not missing any more."""
    ready = [
        job for job in waiting if not (needed[job] if isinstance(job, str) else job.needs) & missing
    ]
    waiting[:] = [job for job in waiting if job not in ready]
    return ready


def keep(cache: JupyterCacheAbstract, page: Page, notebook: NotebookNode, seconds: float) -> None:
    """Put an executed page into the cache, as MyST-NB would."""
    record = cache.add_nb_to_project(str(page.file), read_data=page.read_format)
    bundle = CacheBundleIn(notebook, record.uri, data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app: Sphinx) -> None:
    """Run between Sphinx's finding the pages and its reading them."""
    app.add_config_value("course_trained", [], "env", [list])
    app.connect("env-get-outdated", execute_all, priority=AFTER_FRESHNESS)
