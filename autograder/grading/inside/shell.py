"""IPython as a notebook knows it, with its outputs sent over the line instead of to a browser."""

import asyncio
import base64
import builtins
import contextlib
import contextvars
import functools
import io
import multiprocessing.process
import os
import sys
import types
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

Publish = Callable[[dict[str, Any]], None]
TEXT_AND_PICTURES = (
    *("text/plain", "text/html", "text/latex", "text/markdown"),
    *("image/png", "image/jpeg", "image/svg+xml"),
)
# what the kernel of a notebook knows besides, to speak to a browser
MAGICS_OF_THE_KERNEL = ("autosave", "connect_info", "edit", "qtconsole", "subshell")


def publish_nothing(output: dict[str, Any]) -> None:
    """Take an output to nowhere: nobody is listening yet, or what is said does not count."""


class Stream(io.TextIOBase):
    """Stands for stdout or stderr: each write is an output of the cell that is running."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, shell: "Shell") -> None:
        """Take the stream's name, and the shell whose outputs it adds to."""
        self.name = name
        self._shell = shell

    def write(self, text: str) -> int:
        """Send a piece of text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._shell.publish({"type": "stream", "name": self.name, "text": str(text)})
        return len(text)

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor that compiled code writes to."""
        return 1 if self.name == "stdout" else 2


class ResultHook(DisplayHook):
    """Sends the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        """Write nothing: a notebook shows the prompt by itself."""

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        """Send the value in all its forms."""
        self.shell.publish(
            {"type": "result", "data": _shown(format_dict), "count": self.prompt_count}
        )

    def finish_displayhook(self) -> None:
        """Write no newline at the end."""
        self._is_active = False


class Display(DisplayPublisher):
    """Sends what `display` shows, plots among it."""

    def publish(
        self,
        data: dict,
        metadata: dict | None = None,
        *,
        transient: dict | None = None,
        update: bool = False,
        **unused: Any,
    ) -> None:
        """Send something that is displayed, or take the place of what was."""
        self._validate_data(data, metadata)
        name = str((transient or {}).get("display_id") or "")
        self.shell.publish(
            {"type": "display", "data": _shown(data), "id": name, "update": bool(update)}
        )

    def clear_output(self, wait: bool = False) -> None:
        """Clear the cell's outputs, at once or when the next one comes."""
        self.shell.publish({"type": "clear", "wait": bool(wait)})


class Shell(InteractiveShell):
    """IPython without terminal, history file and keyboard."""

    displayhook_class = Type(ResultHook)
    display_pub_class = Type(Display)
    publish: Publish = staticmethod(publish_nothing)
    figures: dict[int, Any] = {}  # noqa: RUF012 (matplotlib's own, by their numbers)
    context: contextvars.Context  # of all cells and calls: numpy keeps its settings there
    has_loop = False  # before the fork there must be no event loop: children would share it

    def init_virtualenv(self) -> None:
        """Leave the import path as it is."""

    def should_run_async(self, raw_cell: str, **more: Any) -> bool:
        """Run every cell in the event loop, as Jupyter does: a cell may begin a task.

        A cell that is run by another one, as `%%capture` does, is in it already.
        """
        if self.has_loop and asyncio._get_running_loop() is None:
            return True
        return super().should_run_async(raw_cell, **more)

    def ask_exit(self) -> None:
        """Answer `exit` and `quit` as `sys.exit` is answered."""
        raise SystemExit

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str | None, str]:
        """Take `%matplotlib` with any window system or widget: plots stand below their cell."""
        return super().enable_matplotlib("inline")

    def enable_gui(self, gui: str | None = None) -> None:
        """Take `%gui` and `%matplotlib inline` without a window system behind them."""

    def system(self, command: str) -> None:
        """Run `!command`, with its output among the cell's."""
        self.system_piped(command)

    def _showtraceback(self, kind: type, error: BaseException, text: list[str]) -> None:
        try:
            message = str(error)
        except Exception:
            message = "(the exception cannot be printed)"
        self.publish(
            {"type": "error", "name": kind.__name__, "message": message, "traceback": list(text)}
        )


def make_shell() -> Shell:
    """Return the one shell of this process, which has taken over `display` and `get_ipython`."""
    config = Config()
    config.HistoryManager.enabled = False  # no file, and no thread that writes it
    config.IPKernelApp.tqdm = "tqdm looks whether this name is here to know a notebook"
    config.InteractiveShell.xmode = "Context"
    config.InteractiveShell.colors = "Linux"
    shell = Shell.instance(config=config, user_module=_main_module())
    shell.extension_manager.load_extension("storemagic")  # a kernel knows %store
    for name in MAGICS_OF_THE_KERNEL:
        shell.register_magic_function(_do_nothing, "line", name)
    return shell


def take_over(shell: Shell, publish: Publish) -> None:
    """Send every output from now on to `publish`."""
    shell.publish, shell.has_loop = publish, True
    shell.context, shell.loop_runner = contextvars.copy_context(), run_in_context
    # where processes that are started anew look for modules; noted when Python started
    multiprocessing.process.ORIGINAL_DIR = os.getcwd()
    # where `%cd -` and `%popd` lead; noted when the shell was made
    shell.history_manager.dir_hist[:] = [Path.cwd()]
    shell.home_dir = str(Path.home())
    sys.stdout, sys.stderr = Stream("stdout", shell), Stream("stderr", shell)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    sys.stdin = open(os.devnull)  # noqa: SIM115 (open until the process ends)
    builtins.input = _refuse_to_ask
    # what a student does to builtins reaches the student's own code only
    own = types.ModuleType("builtins")
    own.__dict__.update(builtins.__dict__)
    sys.modules["builtins"] = shell.user_module.__dict__["__builtins__"] = own


@contextlib.contextmanager
def without_new_figures(shell: Shell) -> Iterator[None]:
    """Forget the figures drawn in between, which the next cell would show as its own."""
    before = list(shell.figures.items())
    try:
        yield
    finally:
        shell.figures.clear()
        shell.figures.update(before)


def run_in_context(cell: Coroutine) -> Any:
    """Run a cell in the event loop, where what it sets is set for the cells to come too."""
    loop = get_asyncio_loop()
    if not loop.is_running():  # else it is a cell in a cell, which is in the context already
        cell = loop.create_task(cell, context=Shell.instance().context)
    return loop.run_until_complete(cell)


def provide_loop() -> None:
    """Let `asyncio.get_event_loop` find one, as in a notebook; `asyncio.run` takes it away."""
    asyncio.set_event_loop(get_asyncio_loop())


def cores_to_use() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def warm_up() -> None:
    """Import what notebooks import, and go once through what is slow the first time.

    No tensor is touched: a fork of a process in which torch has computed may hang.
    """
    # a submission has one core of the many that the machine may have, and workers are made for each
    os.cpu_count = cores_to_use
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    import matplotlib
    import matplotlib._pylab_helpers
    import matplotlib.pyplot as plt
    import numpy
    import torch
    import torch.nn.functional
    import tqdm.auto

    import autograder.checking as checking

    checking.check = checking.check_all = _checked_outside
    matplotlib.use = _tolerant(matplotlib.use)
    torch.set_num_threads(1)
    shell = make_shell()
    shell.figures = matplotlib._pylab_helpers.Gcf.figs
    shell.run_cell("def warm(): return [n for n in range(3)]\nwarm();", store_history=True)
    shell.run_cell("1 / 0", store_history=True)  # the first traceback is slow
    figure, axes = plt.subplots()
    axes.plot(numpy.arange(3), label="x")
    axes.legend()
    figure.canvas.draw()
    plt.close("all")
    shell.reset(new_session=True)
    vars(shell.user_module).update(vars(types.ModuleType("__main__")))
    del tqdm


def _tolerant(use: Callable) -> Callable:
    """Let a notebook choose a window system that is not there: its plots stay below their cell."""

    @functools.wraps(use)
    def use_if_there(backend: str, *, force: bool = True) -> None:
        with contextlib.suppress(ImportError):
            use(backend, force=force)

    return use_if_there


def _shown(data: Any) -> dict[str, str]:
    """Return what a notebook page can show of an output; a picture's bytes become base64."""
    shown = {}
    for kind in TEXT_AND_PICTURES:
        value = dict(data).get(kind)
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        if isinstance(value, list | tuple):
            value = "".join(map(str, value))
        if isinstance(value, str):
            shown[kind] = str(value)
    return shown


def _do_nothing(line: str) -> None:
    """Stand in for a magic that speaks to a browser."""


def _refuse_to_ask(prompt: object = "") -> str:
    raise StdinNotImplementedError("input() is refused: nobody is there to answer while grading")


def _checked_outside(*unused: object) -> float:
    """Stand in for `check` where a student calls it in a cell of their own."""
    print("The grader checks this at the exercise's own check cell.")
    return 0.0


def _main_module() -> Any:
    """Return a fresh `__main__`, so that the zygote's own names are no names of the student's."""
    module = types.ModuleType("__main__", "Automatically created module for a notebook")
    sys.modules["__main__"] = module
    return module
