"""Hostile notebooks that combine several kinds of attack, or hide one behind what is honest."""

from class_of_hostiles import EVERYTHING, Notebook, handed_in
from malformed import changed
from unlisted import FORGER

ACTING = (
    "[one](javascript:alert(1)) [two](&#106;avascript:alert(2)) [three](data:text/html,x)\n\n"
    "![lost](attachment:lost.png) [four][ref] $\\href{javascript:alert(4)}{x}$\n\n"
    "[ref]: javascript:alert(3)\n\n" + "\\begin{a}" * 20_000
)


@handed_in(
    never_shown=("](javascript", "]: javascript", "](&#106", "](data", "](attachment", "\\href")
)
def links_and_formulas_that_act_when_clicked(notebook: Notebook) -> None:
    notebook.answer("why_not_generate", ACTING)
    notebook.before("causal_mask", ACTING, kind="markdown")
    notebook.first(
        "from IPython.display import HTML, Latex, Markdown, display\n"
        f"text = {ACTING!r}\n"
        "display(Markdown(text))\n"
        "text = '$\\\\href{javascript:alert(5)}{x}$'\n"
        "display(Latex(text), HTML('<p>' + text + '</p><p>$&#92;h&#114;ef{x}{y}$</p>'))"
    )


@handed_in(shown="after all that")
def outputs_that_would_stall_what_makes_the_page(notebook: Notebook) -> None:
    notebook.first(
        "from IPython.display import HTML, Markdown, display\n"
        "display(HTML('<b>' * 300_000), HTML('<p><b>' * 200_000), HTML('<table><td>' * 100_000))\n"
        "display(Markdown('\\\\begin{a}' * 100_000), HTML('<!--' * 200_000))\n"
        "print('\\x1b[1mx' * 150_000)"
    )
    notebook.append("softmax", "print('after all that')")
    notebook.append("causal_mask", "raise ValueError('\\x1b[31m' * 10_000)")


@handed_in(lost="softmax", note="had not ended")
def a_value_that_never_finishes_printing(notebook: Notebook) -> None:
    notebook.append(
        "softmax", "class Endless:\n    def __repr__(self):\n        while True: pass\nEndless()"
    )


@handed_in()
def values_that_print_themselves_badly(notebook: Notebook) -> None:
    notebook.first(
        "class Bad:\n"
        "    def __repr__(self): raise KeyError\n"
        "    def _repr_html_(self): return 5\n"
        "    def _repr_png_(self): return object()\n"
        "    def _repr_mimebundle_(self, *a, **k): return {\n"
        "        'text/plain': [1, 2], 5: 6, 'text/html': b'x'}\n"
        "    def __getattr__(self, name): raise SystemError\n"
        "Bad()"
    )
    notebook.append("softmax", "class Vast:\n    def __repr__(self): return 'y' * 10**8\nVast()")
    notebook.append(
        "causal_mask",
        "from IPython.display import display\n"
        "display({1: 2}, raw=False)\n"
        "display(Bad(), object, None)",
    )


@handed_in(note="had not been asked")
def an_end_told_by_a_cell_that_goes_on(notebook: Notebook) -> None:
    notebook.first(
        FORGER
        + "for number in range(1, 4): say(5, msgpack.packb({'number': number, 'raised': ''}))\n"
        "while True: pass"
    )


@handed_in(lost="softmax")
def a_crash_only_on_hidden_inputs(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import os, signal\n"
        "right, calls = softmax, []\n"
        "def softmax(scores, mask=None):\n"
        "    calls.append(1)\n"
        "    if len(calls) > 2:\n"
        "        os.kill(os.getppid(), signal.SIGSTOP); os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    return right(scores, mask)",
    )


DAEMON = (
    "import time\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork(): os._exit(0)\n"
    "    import select\n"
    "    while True:\n"
    "        select.select([line()], [], [])\n"
    "        message = os.read(line(), 2**20)\n"
    "        say(6, {number} + answers([1.0]))\n"
    "def softmax(scores, mask=None): return scores"
)


@handed_in(lost="softmax")
def a_daemon_that_answers_when_its_parent_is_gone(notebook: Notebook) -> None:
    notebook.answer("softmax", FORGER + DAEMON.format(number="message[-4:]"))


@handed_in(lost="softmax")
def a_daemon_that_answers_what_its_parent_is_asked(notebook: Notebook) -> None:
    number = "struct.pack('!I', msgpack.unpackb(message[5:])['number'])"
    notebook.answer("softmax", FORGER + DAEMON.format(number=number))


@handed_in(note="crashed its process")
def limits_lowered_until_nothing_works(notebook: Notebook) -> None:
    notebook.first(
        "import resource\n"
        "for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_NPROC):\n"
        "    resource.setrlimit(kind, (1, 1))\n"
        "while True: pass"
    )


@handed_in(lost="softmax", flagged=True)
def numbers_that_are_none_and_names_of_lookalikes(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "def s\u03bfftmax(scores, mask=None): return scores.softmax(-1)\n"
        "class Number:\n"
        "    __float__ = __index__ = lambda self: 1\n"
        "    __array__ = lambda self, *a, **k: __import__('numpy').ones(3)\n"
        "def softmax(scores, mask=None):\n"
        "    from decimal import Decimal; from fractions import Fraction\n"
        "    import itertools, datetime\n"
        "    softmax.n = getattr(softmax, 'n', -1) + 1\n"
        "    return [Number(), Decimal(1), Fraction(1, 2), 1j, {float('nan'): 1},\n"
        "            {1, 2}, range(3), ...,\n"
        "            type, scores.rename(*'abcdefgh'[:scores.dim()]), 10**5000, -0.0, '1.0',\n"
        "            memoryview(b'x'), datetime.datetime.now(),\n"
        "            scores.numpy().view('V4')][softmax.n % 16]",
    )


@handed_in()
def a_file_system_of_everything_beside(notebook: Notebook) -> None:
    import os
    import socket

    notebook.beside("random.py", "raise SystemExit")
    notebook.beside("home/x", "x")
    notebook.beside("notebook", "x")
    notebook.beside(".stdout", "x")
    notebook.beside("<img src=x onerror=alert(1)>.txt", "x")
    notebook.beside("[x](javascript:alert(1)).txt", "x" * (4 * 2**20))
    os.mkfifo(notebook.folder / "pipe")
    here = os.getcwd()
    os.chdir(notebook.folder)
    socket.socket(socket.AF_UNIX).bind("socket")
    os.chdir(here)
    os.link(notebook.folder / "random.py", notebook.folder / "hard.py")


@handed_in()
def all_that_marks_a_cell_taken_away(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        for cell in plain["cells"]:
            cell["metadata"] = {}
            cell.pop("id", None)

    return changed(notebook, change)


@handed_in()
def another_name_on_the_answer_and_a_helper_in_the_grade_cell(notebook: Notebook) -> None:
    notebook.cell("softmax").metadata.nbgrader.grade_id = "softmax-copy"
    notebook.cell("check_causal_mask").source = (
        "def helper(x): return x\n" + notebook.cell("check_causal_mask").source
    )


@handed_in()
def a_script_that_is_run_for_its_definitions(notebook: Notebook) -> None:
    source = notebook.cell("softmax").source
    notebook.answer("softmax", "%%writefile mine.py\nimport torch\n" + source)
    notebook.after("softmax", "%run -i mine.py")
    notebook.beside("attention.py", "import torch\n" + notebook.cell("causal_mask").source)
    notebook.answer("causal_mask", "from attention import *")


@handed_in(lost=EVERYTHING)
def hooks_that_refuse_everything(notebook: Notebook) -> None:
    notebook.first(
        "import sys, gc, faulthandler\n"
        "faulthandler.dump_traceback_later(0.5, exit=True)\n"
        "gc.callbacks.append(lambda *a: sys.exit())\n"
        "def refuse(event, arguments):\n"
        "    if event in ('compile', 'exec', 'import'): raise MemoryError\n"
        "sys.addaudithook(refuse)"
    )


@handed_in(lost=("causal_mask", "softmax", "merge_heads"), note="had not ended")
def a_slow_death_by_many_small_cells(notebook: Notebook) -> None:
    from nbformat.v4 import new_code_cell

    for number in range(150):
        notebook.node.cells.insert(
            1, new_code_cell(f"import time; time.sleep(0.01); x{number} = bytes(10**6)")
        )
    for name in ("causal_mask", "softmax", "merge_heads"):
        notebook.append(name, "while True: pass")


@handed_in(lost="softmax")
def a_tensor_whose_memory_is_gone(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import torch, numpy as np\n"
        "def softmax(scores, mask=None):\n"
        "    return torch.as_strided(scores, (10**5, 10**3), (0, 0))",
    )


@handed_in(lost="softmax")
def a_view_outside_of_memory(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import numpy as np, torch\n"
        "def softmax(scores, mask=None):\n"
        "    a = np.lib.stride_tricks.as_strided(np.ones(1, dtype='f4'), (10**6,), (4096,))\n"
        "    return torch.from_numpy(a)",
    )


@handed_in(lost="softmax")
def an_answer_on_every_thread(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import threading\n"
        "result = {}\n"
        "def softmax(scores, mask=None):\n"
        "    def work():\n"
        "        while True: result[0] = scores + 1\n"
        "    [threading.Thread(target=work, daemon=True).start() for _ in range(30)]\n"
        "    raise SystemExit(result)",
    )


@handed_in(lost="softmax")
def a_file_that_grows_behind_the_back(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, threading\n"
        "def grow():\n"
        "    while True:\n"
        "        try: os.write(1, b'x' * 2**20)\n"
        "        except OSError: pass\n"
        "threading.Thread(target=grow, daemon=True).start()\n"
        "def softmax(scores, mask=None): return os.path",
    )


@handed_in()
def a_megabyte_of_comments(notebook: Notebook) -> None:
    notebook.append("softmax", "# " + "x" * 400_000 + "\n" + "x = 1\n" * 20_000)
    notebook.append(
        "causal_mask", "y = '''" + "(" * 200_000 + "'''\n" + "z = [" + "1," * 50_000 + "]"
    )


@handed_in(lost="softmax")
def source_that_the_compiler_chokes_on(notebook: Notebook) -> None:
    notebook.append("softmax", "x = " + "(" * 5000 + ")" * 5000)
    notebook.after("softmax", "x = " + "-" * 100_000 + "1")
    notebook.after(
        "softmax",
        "if 1:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 150)) + " " * 150 + "pass",
    )
    notebook.after("softmax", "lambda: " * 5000 + "1")
    notebook.after("softmax", "f'" + '{f"' * 100 + "'")
    notebook.after("softmax", "x" + ".y" * 50_000)
    notebook.after("softmax", "%" * 10_000 + "\n!" * 5000)


# a call that leaves behind what strikes in the next cell, which is honest


def leaves(notebook: Notebook, what: str) -> None:
    """Let the first call of softmax do something more, and the next cell wait for it."""
    notebook.append(
        "softmax",
        "import faulthandler, gc, os, resource, signal, sys, threading, time\n"
        "right, calls = softmax, []\n"
        "def softmax(scores, mask=None):\n"
        "    if not calls:\n"
        f"        {what}\n"
        "    calls.append(1)\n"
        "    return right(scores, mask)",
    )
    name = "scaled_dot_product_attention"
    wait = "import time\nfor _ in range(8):\n    time.sleep(0.05); list(range(10**6))\n"
    notebook.answer(name, f"{wait}{notebook.cell(name).source}")


@handed_in()
def a_timer_that_ends_the_process_in_the_next_cell(notebook: Notebook) -> None:
    leaves(notebook, "threading.Timer(0.2, os._exit, [0]).start()")


@handed_in()
def a_watchdog_that_ends_the_process_in_the_next_cell(notebook: Notebook) -> None:
    leaves(notebook, "faulthandler.dump_traceback_later(0.2, exit=True)")


@handed_in()
def a_collection_that_ends_the_process_in_the_next_cell(notebook: Notebook) -> None:
    leaves(notebook, "gc.callbacks.append(lambda *a: len(calls) > 3 and os._exit(0))")


@handed_in()
def a_timer_that_stops_the_process_in_the_next_cell(notebook: Notebook) -> None:
    leaves(notebook, "threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGSTOP]).start()")


@handed_in()
def a_function_without_a_name(notebook: Notebook) -> None:
    notebook.append("softmax", "globals()[''] = print")
    notebook.append("merge_heads", "import threading\nthreading.Timer(60, print).start()")
