"""Notebooks that are honest and unusual: what works in Jupyter earns its points here."""

import json

from class_of_hostiles import EVERYTHING, Notebook, handed_in
from nbformat.v4 import new_code_cell


@handed_in(shown="42 from the loop")
def an_answer_that_waits_before_it_defines(notebook: Notebook) -> None:
    source = notebook.cell("softmax").source
    notebook.answer(
        "softmax",
        "import asyncio\n"
        "answer = await asyncio.sleep(0.01, result=42)\n"
        "print(answer, 'from the loop')\n\n\n" + source,
    )


@handed_in()
def a_function_that_takes_its_time(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import time\n"
        "right = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    time.sleep(0.06)\n"
        "    return right(scores, mask)",
    )


@handed_in(shown="Wall time")
def an_answer_that_is_timed(notebook: Notebook) -> None:
    notebook.answer("softmax", "%%time\n" + notebook.cell("softmax").source)
    notebook.answer("causal_mask", "%%capture caught\n" + notebook.cell("causal_mask").source)


@handed_in(shown="no number, so 3")
def a_question_with_a_default(notebook: Notebook) -> None:
    notebook.first(
        "try:\n    n = int(input('how many? '))\n"
        "except Exception:\n    n = 3\n    print('no number, so', n)"
    )


@handed_in(shown=("image/png", "image/svg+xml"))
def plots_in_a_window(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import matplotlib.pyplot as plt\n"
        "import matplotlib; matplotlib.use('TkAgg')\n"
        "plt.ion()\n"
        "plt.plot([1, 2]); plt.show(block=True); plt.pause(0.01)",
    )
    notebook.after("softmax", "%config InlineBackend.figure_formats = ['svg']\nplt.plot([2, 1]);")
    notebook.append("merge_heads", "%matplotlib widget")
    notebook.answer("split_heads", "%matplotlib notebook\n" + notebook.cell("split_heads").source)
    notebook.answer("padding_mask", "%matplotlib tk\n" + notebook.cell("padding_mask").source)
    notebook.answer(
        "sliding_window_mask", "%matplotlib\n" + notebook.cell("sliding_window_mask").source
    )


@handed_in()
def dataclasses_and_postponed_annotations(notebook: Notebook) -> None:
    notebook.first(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass, field, replace\n"
        "from enum import Enum, auto\n"
        "from typing import NamedTuple, Protocol, TypeVar\n"
        "@dataclass(frozen=True, slots=True)\n"
        "class Heads:\n"
        "    count: int\n"
        "    names: list[str] = field(default_factory=list)\n"
        "    def parent(self) -> Heads | None: return None\n"
        "class Side(Enum):\n    LEFT = auto()\n"
        "class Pair(NamedTuple):\n    one: Heads\n    two: Undefined | None = None\n"
        "assert Pair(replace(Heads(1), count=2)).one.count == 2"
    )
    notebook.append(
        "split_heads",
        "right = split_heads\n"
        "def split_heads(x: NotDefinedAnywhere, heads: Heads) -> Undefined:\n"
        "    return right(x, Heads(heads).count)",
    )


@handed_in(shown=("pickled and back", "from a fork"))
def pickles_and_pools_of_ones_own(notebook: Notebook) -> None:
    notebook.first(
        "import pickle, copy, torch\n"
        "from multiprocessing import Pool, Process, Queue\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "class Point:\n    def __init__(self, x): self.x = x\n"
        "def square(point): return Point(point.x ** 2)\n"
        "assert pickle.loads(pickle.dumps(Point(2))).x == 2\n"
        "torch.save({'w': torch.ones(2)}, 'w.pt'); assert torch.load('w.pt')['w'].sum() == 2\n"
        "with Pool(2) as pool: assert [p.x for p in pool.map(square, [Point(3)])] == [9]\n"
        "with ProcessPoolExecutor(2) as pool: assert next(pool.map(square, [Point(3)])).x == 9\n"
        "queue = Queue()\n"
        "process = Process(target=queue.put, args=(5,)); process.start()\n"
        "assert queue.get() == 5; process.join()\n"
        "def tell(n): print('from a fork', n, 'z' * 200_000)\n"
        "with Pool(4) as pool:\n"
        "    for _ in range(5): pool.map(tell, range(8)); print('y' * 2000)\n"
        "print('pickled and back')"
    )
    notebook.append(
        "causal_mask",
        "def made(length): return torch.ones(length, length, dtype=torch.bool).tril()\n"
        "def causal_mask(length):\n"
        "    with ProcessPoolExecutor(1) as pool: return pool.submit(made, length).result()",
    )


@handed_in()
def functions_that_torch_compiles(notebook: Notebook) -> None:
    notebook.append("softmax", "softmax = torch.compile(softmax)")
    notebook.append("merge_heads", "merge_heads = torch.compile(merge_heads, mode='max-autotune')")
    notebook.append("padding_mask", "padding_mask = torch.no_grad()(padding_mask)")
    notebook.append("causal_mask", "causal_mask = torch.inference_mode()(causal_mask)")


@handed_in(shown="a line of the log")
def a_log_of_everything(notebook: Notebook) -> None:
    notebook.first(
        "import logging, sys\n"
        "logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True)\n"
        "logging.captureWarnings(True)\n"
        "logging.info('a line of the log')\n"
        "import matplotlib.pyplot as plt\n"
        "plt.plot([1, 2]); plt.show()"
    )
    notebook.append(
        "softmax",
        "right = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    logging.warning('called with %s', scores)\n"
        "    return right(scores, mask)",
    )


@handed_in()
def an_exit_at_the_end_of_a_trial(notebook: Notebook) -> None:
    notebook.after("check_softmax", "import unittest\nunittest.main(argv=['x'])")
    notebook.after("check_causal_mask", "exit()")


@handed_in()
def cells_with_nothing_to_run(notebook: Notebook) -> None:
    for source in (
        "",
        "   \n\n",
        "# TODO",
        "'''only text'''",
        "pass",
        ";",
        "\n# a\n\n# b\n",
        "...",
        "\\\n",
        "%%time\n",
        "!",
        "?",
        "%",
    ):
        notebook.after("check_softmax", source)


@handed_in()
def names_of_builtins_used_for_other_things(notebook: Notebook) -> None:
    notebook.first(
        "sum = max = min = 0.0\n"
        "list = [1, 2]\n"
        "input = 'text'\n"
        "id = 7\n"
        "type = 'decoder'\n"
        "filter = None\n"
        "hash = 5\n"
        "vars = dir = 3\n"
        "next = 1\n"
        "In = Out = display = 'mine'\n"
        "object = file = 1\n"
        "print(sum)"
    )
    notebook.after(
        "check_softmax",
        "del list, sum\n"
        "exit = quit = None\n"
        "get_ipython = lambda: None\n"
        "_ = __ = ___ = 3\n"
        "_oh = 1\n"
        "_dh = 2",
    )


@handed_in(shown=("from the very interpreter", "3 + 4 is 7", "pip has been asked"))
def programs_started_from_a_cell(notebook: Notebook) -> None:
    notebook.first(
        "import subprocess, sys\n"
        "program = 'import torch; print(\"from the very interpreter\")'\n"
        "done = subprocess.run(\n"
        "    [sys.executable, '-c', program], capture_output=True, text=True)\n"
        "print(done.stdout, done.stderr)\n"
        "!{sys.executable} -c \"print('3 + 4 is', 3 + 4)\""
    )
    notebook.first("%pip install -q torch\nprint('pip has been asked')")


@handed_in(shown="guarded")
def a_program_in_a_notebook(notebook: Notebook) -> None:
    source = notebook.cell("softmax").source
    body = "\n".join("    " + line for line in source.splitlines())
    notebook.answer("softmax", f"if __name__ == '__main__':\n{body}\n    print('guarded')")
    notebook.append(
        "causal_mask",
        "import argparse, doctest, inspect\n"
        "assert 'def causal_mask' in inspect.getsource(causal_mask)\n"
        "parser = argparse.ArgumentParser(); parser.add_argument('--n', type=int, default=3)\n"
        "options, _ = parser.parse_known_args()\n"
        "doctest.testmod()",
    )


@handed_in(shown="looked up")
def looking_things_up(notebook: Notebook) -> None:
    notebook.before(
        "softmax",
        "import torch\n"
        "torch.softmax?\n"
        "torch.nn.functional.softmax??\n"
        "?print\n"
        "help(print)\n"
        "%psource print\n"
        "%pdoc print\n"
        "%pinfo print",
    )
    notebook.before(
        "softmax",
        "%whos\n"
        "%who_ls\n"
        "%history\n"
        "%lsmagic\n"
        "%env\n"
        "%pwd\n"
        "%ls\n"
        "%cd .\n"
        "%precision 3\n"
        "%xmode Plain\n"
        "%notebook x.ipynb\n"
        "print(In[-1], _i, Out, 'looked up')",
    )


@handed_in()
def a_debugger_that_waits_for_an_error(notebook: Notebook) -> None:
    notebook.first("%pdb on")
    notebook.after("softmax", "%debug")
    notebook.after("softmax", "1 / 0")
    notebook.append(
        "causal_mask",
        "right = causal_mask\n"
        "def causal_mask(length):\n"
        "    try: 1 / 0\n"
        "    except ZeroDivisionError: return right(length)",
    )


@handed_in()
def tensors_that_print_themselves_otherwise(notebook: Notebook) -> None:
    notebook.first(
        "import torch, numpy as np, random, gc\n"
        "torch.Tensor.__repr__ = lambda self: f'Tensor{tuple(self.shape)}'\n"
        "torch.set_printoptions(precision=2, sci_mode=False); np.set_printoptions(suppress=True)\n"
        "torch.set_num_threads(8)\n"
        "torch.set_num_interop_threads(4)\n"
        "gc.set_threshold(1); np.random.seed(0); torch.manual_seed(0); random.seed(0)\n"
        "torch.ones(3)"
    )


@handed_in()
def line_ends_and_tabs_of_other_editors(notebook: Notebook) -> None:
    for name in ("softmax", "causal_mask"):
        notebook.answer(name, notebook.cell(name).source.replace("\n", "\r\n"))
    notebook.answer("merge_heads", notebook.cell("merge_heads").source.replace("    ", "\t"))
    notebook.answer("split_heads", notebook.cell("split_heads").source + "\n\x0c\n")
    notebook.answer(
        "padding_mask", "größe = 1  # \u2028 a separator\n" + notebook.cell("padding_mask").source
    )
    notebook.answer(
        "sliding_window_mask", notebook.cell("sliding_window_mask").source.replace("\n", "\r")
    )


@handed_in()
def a_whole_environment_beside_the_notebook(notebook: Notebook) -> None:
    for number in range(1200):
        notebook.beside(f"env/lib/package{number}.py", "x = 1")
    notebook.beside("zz_helper.py", "def shift(x): return x")
    notebook.first("from zz_helper import shift")
    notebook.append(
        "softmax",
        "right = softmax\ndef softmax(scores, mask=None): return right(shift(scores), mask)",
    )


@handed_in()
def a_recursion_limit_of_ones_own(notebook: Notebook) -> None:
    notebook.first(
        "import sys, threading\nsys.setrecursionlimit(100_000)\nthreading.stack_size(2**26)"
    )
    notebook.append(
        "causal_mask",
        "right = causal_mask\n"
        "def deep(n): return 0 if n == 0 else 1 + deep(n - 1)\n"
        "def causal_mask(length):\n"
        "    assert deep(20_000) == 20_000\n"
        "    return right(length)",
    )


@handed_in()
def widgets_and_tables(notebook: Notebook) -> None:
    notebook.first(
        "try:\n"
        "    import ipywidgets as widgets\n"
        "    from IPython.display import display\n"
        "    widgets.interact(lambda n: n, n=3)\n"
        "    display(widgets.IntSlider(), widgets.Output())\n"
        "    with widgets.Output(): print('x')\n"
        "except ImportError: print('none')\n"
        "try:\n"
        "    import pandas as pd\n"
        "    frame = pd.DataFrame({'a': range(3)}); display(frame.style.highlight_max(), frame)\n"
        "except ImportError: print('no pandas')"
    )


@handed_in()
def a_function_written_for_types_and_shapes(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import functools, typing\n"
        "right = softmax\n"
        "def logged(function):\n"
        "    @functools.wraps(function)\n"
        "    def wrapper(*arguments, **keywords):\n"
        "        print(f'{function.__name__} {arguments}')\n"
        "        return function(*arguments, **keywords)\n"
        "    return wrapper\n"
        "@logged\n"
        "@functools.singledispatch\n"
        "def softmax(scores, mask=None): raise TypeError\n"
        "softmax.__wrapped__.register(torch.Tensor, lambda scores, mask=None: right(scores, mask))",
    )
    notebook.append(
        "causal_mask",
        "class Masks:\n"
        "    def causal(self, length: int = 3):\n"
        "        return torch.ones(length, length, dtype=torch.bool).tril()\n"
        "    @staticmethod\n"
        "    def padding(lengths, length): return right_padding(lengths, length)\n"
        "causal_mask = Masks().causal",
    )
    notebook.append("padding_mask", "right_padding = padding_mask\npadding_mask = Masks.padding")


@handed_in()
def a_folder_left_behind(notebook: Notebook) -> None:
    notebook.first(
        "import os, tempfile\nfolder = tempfile.mkdtemp()\nos.chdir(folder)\nos.rmdir(folder)"
    )
    notebook.after(
        "softmax",
        "import sys, locale\n"
        "locale.setlocale(locale.LC_ALL, '')\n"
        "os.environ.clear()\n"
        "sys.path.clear()\n"
        "sys.argv = []",
    )
    notebook.after("check_softmax", "!echo x\n%ls")


@handed_in()
def a_timer_that_never_stops(notebook: Notebook) -> None:
    notebook.first(
        "import threading, asyncio, atexit\n"
        "def tick():\n"
        "    print('tick'); timer = threading.Timer(0.05, tick)\n"
        "    timer.daemon = True; timer.start()\n"
        "tick()\n"
        "async def forever():\n"
        "    while True: await asyncio.sleep(0.01)\n"
        "background = asyncio.create_task(forever())\n"
        "atexit.register(print, 'bye')"
    )


@handed_in()
def asyncio_as_in_a_program(notebook: Notebook) -> None:
    notebook.append(
        "causal_mask",
        "import asyncio\nright = causal_mask\n"
        "async def made(length): return right(length)\n"
        "def causal_mask(length): return asyncio.new_event_loop().run_until_complete(made(length))",
    )
    notebook.append(
        "merge_heads",
        "import asyncio\nright_merge = merge_heads\n"
        "async def merged(x): return right_merge(x)\n"
        "def merge_heads(x):\n"
        "    try: return asyncio.run(merged(x))\n"
        "    except RuntimeError: return right_merge(x)",
    )


@handed_in()
def objects_that_count_themselves(notebook: Notebook) -> None:
    notebook.append(
        "causal_mask",
        "right = causal_mask\n"
        "calls = []\n"
        "def causal_mask(length):\n"
        "    global calls\n"
        "    calls += [length]\n"
        "    return right(length)",
    )
    notebook.append(
        "softmax",
        "import time\n"
        "START = time.time()\n"
        "right_softmax = softmax\n"
        "def softmax(scores, mask=None, *, temperature=1.0, _cache={}):\n"
        "    _cache[len(_cache)] = scores.clone()\n"
        "    return right_softmax(scores / temperature, mask)",
    )


@handed_in(shown=("loader done", "joblib done", "nested done"))
def work_spread_over_processes(notebook: Notebook) -> None:
    notebook.first(
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "data = TensorDataset(torch.arange(64).float())\n"
        "total = sum(batch.sum() for (batch,) in DataLoader(data, batch_size=8, num_workers=2))\n"
        "assert total == 2016; print('loader done')"
    )
    notebook.first(
        "try:\n    from joblib import Parallel, delayed\nexcept ImportError: pass\n"
        "else: assert Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(4)) == [0, 1, 2, 3]\n"
        "print('joblib done')"
    )
    notebook.first(
        "try:\n    import nest_asyncio\nexcept ImportError: pass\nelse:\n"
        "    import asyncio\n    nest_asyncio.apply()\n"
        "    async def five(): await asyncio.sleep(0.01); return 5\n"
        "    assert asyncio.run(five()) == 5\n"
        "print('nested done')"
    )


@handed_in(shown=("all captured", "<b>html</b>"))
def everything_that_can_be_displayed(notebook: Notebook) -> None:
    notebook.first(
        "from IPython.display import *\n"
        "import numpy as np\n"
        "display(Audio(np.zeros(100), rate=8000), IFrame('x.html', 1, 1))\n"
        "display(JSON({'a': 1}), Code('x = 1'))\n"
        "display(ProgressBar(3), Pretty('pretty'), GeoJSON({}), FileLink('x'), FileLinks('.'))\n"
        "display(Image(data=b'\\x89PNG', format='png'), Video('x.mp4'), YouTubeVideo('x'))\n"
        "display(Javascript('1'))\n"
        "display(HTML('<b>html</b>'), Latex('x'), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))"
    )
    for magic in (
        "html\n<b>x</b>",
        "javascript\nalert(1)",
        "latex\n$x$",
        "svg\n<svg/>",
        "markdown\n# x",
        "sh\necho x",
        "python3\nprint(1)",
        "timeit -n1 -r1\n1",
        "prun\n1",
        "writefile a.txt\nx",
    ):
        notebook.after("check_softmax", "%%" + magic)
    notebook.after(
        "check_softmax",
        "import io, sys\nfrom contextlib import redirect_stdout\n"
        "from IPython.utils.capture import capture_output\n"
        "import matplotlib.pyplot as plt\n"
        "with capture_output() as caught:\n"
        "    print('caught'); display('shown'); plt.plot([1]); plt.show()\n"
        "with redirect_stdout(io.StringIO()) as text: print('text')\n"
        "assert text.getvalue() == 'text\\n' and 'caught' in caught.stdout\n"
        "print('all captured')",
    )


@handed_in(shown="2 ** 70000 printed")
def settings_of_the_interpreter(notebook: Notebook) -> None:
    notebook.first(
        "import sys, decimal, random, os\n"
        "sys.set_int_max_str_digits(0); len(str(2 ** 70000)); print('2 ** 70000 printed')\n"
        "decimal.getcontext().prec = 3; sys.setswitchinterval(1e-6)\n"
        "sys.ps1 = '>'; sys.tracebacklimit = 0\n"
        "sys.excepthook = print; sys.displayhook = lambda v: None\n"
        "os.environ['CUDA_VISIBLE_DEVICES'] = ''\n"
        "random.seed = None"
    )
    notebook.first(
        "%tb\n"
        "%prun sum([1])\n"
        "%timeit -n1 -r1 1\n"
        "%macro m 1\n"
        "%save x.py 1\n"
        "%bookmark here\n"
        "%rerun\n"
        "%recall\n"
        "%unload_ext autoreload"
    )


@handed_in()
def a_class_that_is_written_across_cells(notebook: Notebook) -> None:
    notebook.first("import torch\nclass Model:\n    pass")
    notebook.after(
        "causal_mask",
        "def forward(self, n): return causal_mask(n)\n"
        "Model.forward = forward\n"
        "Model.__call__ = forward",
    )
    notebook.after("causal_mask", "kept = causal_mask\ndel causal_mask")
    notebook.before(
        "check_causal_mask", "model = Model()\ncausal_mask = lambda length: kept(length=length)"
    )


@handed_in()
def callables_of_many_kinds(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "right_softmax = softmax\n"
        "class Softmax(torch.nn.Module):\n"
        "    def forward(self, scores, mask=None): return right_softmax(scores, mask)\n"
        "softmax = Softmax().eval()",
    )
    notebook.append(
        "causal_mask",
        "import functools\n"
        "right_causal = causal_mask\n"
        "@functools.cache\n"
        "def cached(length: int, *, device=None) -> 'torch.BoolTensor':\n"
        "    return right_causal(length)\n"
        "causal_mask = functools.partial(cached, device='cpu')",
    )
    notebook.append(
        "merge_heads",
        "right_merge, count = merge_heads, 0\n"
        "def retry(times=3):\n"
        "    def decorate(function):\n"
        "        def inner(*arguments, **keywords):\n"
        "            for _ in range(times):\n"
        "                try: return function(*arguments, **keywords)\n"
        "                except ZeroDivisionError: pass\n"
        "        return inner\n"
        "    return decorate\n"
        "@retry(times=2)\n"
        "@torch.no_grad()\n"
        "def merge_heads(x):\n"
        "    global count; count += 1\n"
        "    if count % 3 == 1: 1 / 0\n"
        "    return right_merge(x)",
    )
    notebook.append(
        "split_heads",
        "from dataclasses import dataclass\n"
        "right_split = split_heads\n"
        "@dataclass(slots=True, frozen=True, kw_only=True)\n"
        "class Split:\n"
        "    name: str = 'x'\n"
        "    def __call__(self, *arguments): return right_split(*arguments)\n"
        "split_heads = Split(name='y')",
    )


@handed_in()
def results_of_every_make(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "right_softmax = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    weight = torch.nn.Parameter(torch.ones((), dtype=scores.dtype))\n"
        "    return (right_softmax(scores, mask) * weight).flip(-1).flip(-1)",
    )
    notebook.append(
        "merge_heads",
        "right_merge = merge_heads\n"
        "def merge_heads(x):\n"
        "    result = right_merge(x)\n"
        "    large = torch.zeros(*result.shape, 3, dtype=result.dtype)\n"
        "    large[..., 1] = result\n"
        "    return large[..., 1]",
    )
    notebook.append(
        "split_heads",
        "import numpy as np\n"
        "right_split = split_heads\n"
        "def split_heads(x, heads):\n"
        "    return torch.from_numpy(np.asfortranarray(right_split(x, heads).numpy()))",
    )


@handed_in(shown=("gathered [0, 1, 2]", "subprocess says 3"))
def asyncio_as_it_is_written_for_both(notebook: Notebook) -> None:
    notebook.first(
        "import asyncio, sys\n"
        "async def one(n): await asyncio.sleep(0.001); return n\n"
        "print('gathered', await asyncio.gather(*map(one, range(3))))\n"
        "async with asyncio.TaskGroup() as group: group.create_task(one(1))\n"
        "pipe = asyncio.subprocess.PIPE\n"
        "process = await asyncio.create_subprocess_exec('echo', '3', stdout=pipe)\n"
        "print('subprocess says', (await process.communicate())[0].decode())\n"
        "left = [asyncio.create_task(one(n)) for n in range(20)]"
    )
    notebook.append(
        "softmax",
        "right = softmax\n"
        "async def waited(scores, mask): return right(scores, mask)\n"
        "def softmax(scores, mask=None):\n"
        "    if asyncio.get_event_loop_policy().get_event_loop().is_running():\n"
        "        return right(scores, mask)\n"
        "    return asyncio.run(waited(scores, mask))",
    )


@handed_in(shown=("spawned [9]", "managed {'a': 1}"))
def processes_that_are_started_anew(notebook: Notebook) -> None:
    notebook.beside("work.py", "def square(n): return n * n")
    notebook.first(
        "import multiprocessing as mp\n"
        "from work import square\n"
        "with mp.get_context('spawn').Pool(1) as pool: print('spawned', pool.map(square, [3]))\n"
        "with mp.Manager() as manager: print('managed', dict(manager.dict(a=1)))"
    )


@handed_in(shown=("'one of two'", "per loop", "defined in a profile"))
def settings_and_magics_of_every_day(notebook: Notebook) -> None:
    notebook.node.cells.insert(0, new_code_cell("'one of two'\n'two of two'"))
    notebook.first(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.ast_node_interactivity = 'all'"
    )
    notebook.answer("softmax", "%%prun -q\n" + notebook.cell("softmax").source)
    for cell in (
        "%reset_selective -f nothing\n%time 1\n%timeit -n1 -r1 1\n%mkdir d\n%cd d\n%cd ..",
        "%%prun -q\ndef profiled(): return 'defined in a profile'",
        "profiled()",
        "!nvidia-smi\n!pip install einops\nfiles = !ls\nfiles.n",
        "%load_ext tensorboard",
        "%reset -f",
        "import torch, time\ntime.perf_counter = lambda: 'now'\ntorch.set_default_device('meta')",
        "torch.set_default_device('cpu')",
    ):
        notebook.before("check_causal_mask", cell)
    notebook.before("check_causal_mask", notebook.cell("causal_mask").source)


@handed_in(shown=("image/png", "to_jshtml"))
def animations_and_names_of_every_script(notebook: Notebook) -> None:
    notebook.first(
        "import matplotlib.pyplot as plt\n"
        "from matplotlib.animation import FuncAnimation\n"
        "from IPython.display import HTML, Image, display\n"
        "größe = вес = 名前 = 1; 𝒙 = 5; assert x == 5  # 🙂 שלום\n"
        "figure, axes = plt.subplots(); line, = axes.plot([0, 1])\n"
        "animation = FuncAnimation(figure, lambda n: line.set_ydata([0, n]), frames=2)\n"
        "display(HTML(animation.to_jshtml())); print('to_jshtml')\n"
        "plt.savefig('x.png'); display(Image('x.png')); plt.close()"
    )
    for name, indent in (("softmax", " "), ("causal_mask", "   "), ("split_heads", "        ")):
        notebook.answer(name, notebook.cell(name).source.replace("    ", indent))


@handed_in()
def a_time_limit_of_ones_own(notebook: Notebook) -> None:
    notebook.first(
        "import functools, signal\n"
        "def limited(function):\n"
        "    @functools.wraps(function)\n"
        "    def inner(*arguments, **keywords):\n"
        "        def stop(*_): raise TimeoutError\n"
        "        before = signal.signal(signal.SIGALRM, stop); signal.alarm(1)\n"
        "        try: return function(*arguments, **keywords)\n"
        "        finally: signal.alarm(0); signal.signal(signal.SIGALRM, before)\n"
        "    return inner"
    )
    notebook.append("softmax", "softmax = limited(softmax)")
    notebook.append("causal_mask", "causal_mask = limited(causal_mask)")


@handed_in()
def figures_drawn_at_every_call(notebook: Notebook) -> None:
    """The next cell must not draw them all: it would show hidden inputs, and run out of time."""
    notebook.append(
        "softmax",
        "import matplotlib.pyplot as plt\n"
        "right = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    figure, axes = plt.subplots(3, 4)\n"
        "    for one in axes.flat: one.plot([1, 2]); one.set_title('weights')\n"
        "    return right(scores, mask)",
    )


@handed_in(never_shown="CALLED")
def a_function_that_prints_past_python(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import os\n"
        "right = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    os.write(1, b'CALLED'); os.system('echo CALLED >&2')\n"
        "    return right(scores, mask)",
    )


@handed_in(shown="stored 5")
def magics_that_only_a_kernel_knows(notebook: Notebook) -> None:
    """Whatever stands below one of them in its cell is needed by every answer."""
    imports = next(cell for cell in notebook.node.cells if cell.cell_type == "code")
    imports.source = "%autosave 30\n%connect_info\n" + imports.source
    for name in EVERYTHING:
        lines = notebook.cell(name).source.splitlines()
        lines = [line for line in lines if not line.startswith(("import ", "from "))]
        notebook.answer(name, "\n".join(lines))
    notebook.first("n = 5\n%store n\ndel n\n%store -r n\nprint('stored', n)")


@handed_in(shown=("home by cd", "home by popd"))
def folders_gone_into_and_left(notebook: Notebook) -> None:
    notebook.beside("data/numbers.txt", "1 2 3")
    notebook.beside("home.txt", "home")
    for there, back in (("%cd data", "%cd -"), ("%pushd data", "%popd")):
        notebook.first(
            f"{there}\nopen('numbers.txt').close()\n{back}\n"
            f"print(open('home.txt').read(), 'by {back[1:].rstrip(' -')}')"
        )


@handed_in()
def a_notebook_that_runs_another(notebook: Notebook) -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    helpers = {"cells": [{**cell, "source": "SHIFT = 0.0"}], "nbformat": 4, "nbformat_minor": 4}
    notebook.beside("helpers.ipynb", json.dumps({**helpers, "metadata": {}}))
    notebook.first("%run ./helpers.ipynb")
    notebook.append(
        "softmax",
        "right = softmax\ndef softmax(scores, mask=None): return right(scores + SHIFT, mask)",
    )


@handed_in(shown=("torch in a script", "made by it"))
def a_script_started_by_its_name(notebook: Notebook) -> None:
    notebook.first("!python make.py\nprint(open('made.txt').read())")
    notebook.first(
        "%%writefile make.py\n"
        "import torch\n"
        "print(torch.__name__, 'in a script'); open('made.txt', 'w').write('made by it')"
    )


@handed_in(shown="the second", never_shown="THE FIRST")
def a_display_that_a_later_cell_updates(notebook: Notebook) -> None:
    notebook.first(
        "from IPython.display import display\nshown = display('THE FIRST', display_id=True)"
    )
    notebook.after("check_softmax", "shown.update('the second')")


@handed_in()
def names_that_look_like_others(notebook: Notebook) -> None:
    """To Python they are the same names."""
    notebook.append(
        "softmax",
        "right = softmax\ndel softmax\n"
        "def \N{LATIN SMALL LETTER LONG S}oftmax(\N{LATIN SMALL LIGATURE FI}rst, mask=None):\n"
        "    return right(first, mask)",
    )
    notebook.append("causal_mask", "L\u0061\u0308nge = 3\nassert L\u00e4nge == 3")


@handed_in(shown=("[0.33]", "0.33333 and raise"))
def settings_that_last_from_cell_to_cell(notebook: Notebook) -> None:
    """Of numpy and of decimal: they are kept where an event loop has a copy for each task."""
    notebook.append(
        "softmax",
        "right = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    assert decimal.getcontext().prec == 5\n"
        "    return right(scores, mask)",
    )
    notebook.first("print(decimal.Decimal(1) / 3, 'and', np.geterr()['over']); np.array([1 / 3])")
    notebook.first(
        "import decimal\n"
        "import numpy as np\n"
        "decimal.getcontext().prec = 5; np.seterr(all='raise'); np.set_printoptions(precision=2)"
    )
