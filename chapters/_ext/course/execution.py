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
from multiprocessing import get_context
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


def to_execute(
    env: BuildEnvironment, cache: JupyterCacheAbstract
) -> Iterator[tuple[str, Path, NotebookNode, dict]]:
    """Give name, file, notebook and format of each page whose outputs are not in the cache."""
    for page in sorted(env.found_docs):
        file = Path(env.doc2path(page))
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
            yield page, file, notebook, reader.read_fmt


def execute(notebook: NotebookNode, folder: str, timeout: int) -> tuple[NotebookNode, float, str]:
    """Run a notebook's cells; gives it with outputs, the seconds it took, and what went wrong."""
    try:
        result = single_nb_execution(notebook, cwd=folder, timeout=timeout, allow_errors=False)
    except Exception as error:  # the kernel died, say; MyST-NB will meet it again and report it
        return notebook, 0.0, type(error).__name__
    return result.nb, result.time, type(result.err).__name__ if result.err else ""


def execute_all(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Fill the notebook cache."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return []
    cache = get_cache(str(config.execution_cache_path))
    pages = {page: rest for page, *rest in to_execute(env, cache)}
    workers = min(len(pages), os.cpu_count() or 1, AT_MOST)
    if workers < 2:  # MyST-NB does a single one just as fast
        return []
    logger.info("executing %d pages, %d at a time", len(pages), workers)
    began = time.monotonic()
    # spawned: a fork would copy whatever Sphinx and its extensions have open
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {
            pool.submit(execute, notebook, str(file.parent), config.execution_timeout): page
            for page, (file, notebook, _) in pages.items()
        }
        for number, done in enumerate(as_completed(running), 1):
            page = running[done]
            notebook, seconds, failure = done.result()
            if not failure:
                keep(cache, notebook, seconds, *pages[page][::2])
            logger.info(
                "%s: %s after %.0f s (%d of %d, %.0f s in all)",
                page,
                failure or "executed",
                seconds,
                number,
                len(pages),
                time.monotonic() - began,
            )
    return []


def keep(
    cache: JupyterCacheAbstract, notebook: NotebookNode, seconds: float, file: Path, form: dict
) -> None:
    """Put an executed page into the cache, as MyST-NB would."""
    record = cache.add_nb_to_project(str(file), read_data=form)
    bundle = CacheBundleIn(notebook, record.uri, data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app: Sphinx) -> None:
    """Run between Sphinx's finding the pages and its reading them."""
    app.connect("env-get-outdated", execute_all, priority=AFTER_FRESHNESS)
