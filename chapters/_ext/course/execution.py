"""Execute the pages that have to be executed, several at a time, before Sphinx reads them.

MyST-NB executes a page when Sphinx reads it, one after the other. Here the cells of all pages whose
outputs are not in the notebook cache run first, as many pages at a time as there are processors
(at most `AT_MOST`: each loads a model or two), and their outputs go into that cache. A page that
fails is left to MyST-NB, which executes it again and reports the failure in its own way.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
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
from sphinx.util import logging

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


def to_execute(env: BuildEnvironment, cache: JupyterCacheAbstract) -> Iterator[Page]:
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
            yield Page(name, file, notebook, reader.read_fmt)


def execute(notebook: NotebookNode, folder: str, timeout: int) -> tuple[NotebookNode, float, str]:
    """Run a notebook's cells; gives it with outputs, the seconds it took, and what went wrong."""
    try:
        result = single_nb_execution(notebook, cwd=folder, timeout=timeout, allow_errors=False)
    except Exception as error:  # the kernel died, say; MyST-NB will meet it again and report it
        return notebook, 0.0, type(error).__name__
    return result.nb, result.time, type(result.err).__name__ if result.err else ""


def execute_all(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Fill the notebook cache."""
    if env.mystnb_config.execution_mode != "cache":
        return []
    cache = get_cache(str(env.mystnb_config.execution_cache_path))
    pages = list(to_execute(env, cache))
    workers = min(len(pages), os.cpu_count() or 1, AT_MOST)
    if workers < 2:  # MyST-NB does a single one just as fast
        return []
    logger.info("executing %d pages, %d at a time", len(pages), workers)
    # spawned: a fork would copy whatever Sphinx and its extensions have open
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            _run(pool, env, cache, pages)
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
) -> None:
    """Execute the pages and keep those that did not fail."""
    began = time.monotonic()
    most = env.mystnb_config.execution_timeout
    running = {
        pool.submit(execute, page.notebook, str(page.file.parent), most): page
        for page in longest_first(pages)
    }
    for finished, done in enumerate(as_completed(running), 1):
        page = running[done]
        notebook, seconds, failure = done.result()
        if not failure:
            keep(cache, page, notebook, seconds)
        outcome = f"{failure or 'executed'} after {seconds:.0f} s"
        total = f"{finished} of {len(pages)}, {time.monotonic() - began:.0f} s in all"
        logger.info("%s: %s (%s)", page.name, outcome, total)


def longest_first(pages: list[Page]) -> list[Page]:
    """Order pages by their cells, so that no long one begins when the others have finished."""
    return sorted(pages, key=lambda page: len(page.notebook.cells), reverse=True)


def keep(cache: JupyterCacheAbstract, page: Page, notebook: NotebookNode, seconds: float) -> None:
    """Put an executed page into the cache, as MyST-NB would."""
    record = cache.add_nb_to_project(str(page.file), read_data=page.read_format)
    bundle = CacheBundleIn(notebook, record.uri, data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app: Sphinx) -> None:
    """Run between Sphinx's finding the pages and its reading them."""
    app.connect("env-get-outdated", execute_all, priority=AFTER_FRESHNESS)
