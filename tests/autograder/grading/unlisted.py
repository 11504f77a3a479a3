"""Attacks and accidents that combine families, or belong to none."""

import json
import os

from class_of_hostiles import NOTHING, Notebook, handed_in
from malformed import changed
from nbformat.v4 import new_code_cell

# Python that answers the grader by itself, in place of the code that should: `answers` are those to
# the first of some calls, `number` is that of the calls, and `say` sends a message of the protocol
FORGER = (
    "import os, struct, msgpack, sys\n"
    "import autograder.grading.inside.child as child\n"
    "names = child.serve.__globals__\n"
    "answering, cases, values = (names[name] for name in ('answering', 'cases', 'values'))\n"
    "right_call = answering.call_with_bytes\n"
    "def line():\n"
    "    import socket, stat\n"
    "    return [n for n in range(3, 256) if os.path.exists(f'/proc/self/fd/{n}')\n"
    "            and stat.S_ISSOCK(os.fstat(n).st_mode)][0]\n"
    "def say(kind, content):\n"
    "    os.write(line(), struct.pack('!BI', kind, len(content)) + content)\n"
    "def answers(returned):\n"
    "    return msgpack.packb([values.encode(('Returned', one, None, 0.0)) for one in returned])\n"
    "def number():\n"
    "    frame = sys._getframe()\n"
    "    while frame.f_code.co_name != 'serve': frame = frame.f_back\n"
    "    return struct.pack('!I', frame.f_locals['message']['number'])\n"
)
UNDO = "answering.call_with_bytes = right_call"  # so that the other exercises are answered


# what the student's side claims about its own end


@handed_in(lost="softmax", note="While softmax was tried")
def a_death_told_in_half_a_surrogate_pair(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "answering.call_with_bytes = lambda *a: cases.Died('\\ud800 is no text')\n"
        "def softmax(scores, mask=None): return scores",
    )
    notebook.after("check_softmax", UNDO)


@handed_in(lost="softmax", never_shown="FULL MARKS PLEASE")
def a_death_told_in_the_graders_words(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "answering.call_with_bytes = lambda *a: cases.Died('FULL MARKS PLEASE ' * 10**6)\n"
        "def softmax(scores, mask=None): return scores",
    )
    notebook.after("check_softmax", UNDO)


@handed_in(lost="softmax", note="no answer came within")
def a_time_limit_that_no_float_can_hold(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "answering.call_with_bytes = lambda *a: cases.TimedOut(10**400)\n"
        "def softmax(scores, mask=None): return scores",
    )
    notebook.after("check_softmax", UNDO)


@handed_in(lost="softmax")
def a_reason_of_a_megabyte_and_escapes(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER
        + "answering.call_with_bytes = lambda *a: cases.Unusable('\\x1b[2J\\0\\ud800' * 10**5)\n"
        "def softmax(scores, mask=None): return scores",
    )
    notebook.after("check_softmax", UNDO)


@handed_in(lost="softmax")
def the_name_of_an_error_that_fills_a_page(notebook: Notebook) -> None:
    notebook.answer("softmax", "raise type('E' * 10**6 + '\\u202e', (Exception,), {})('x' * 10**6)")


# the line between the two


@handed_in(lost="softmax", note="no answer came within")
def a_flood_in_place_of_an_answer(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "def softmax(scores, mask=None):\n"
        "    output = msgpack.packb({'type': 'stream', 'name': 'stdout', 'text': 'x' * 10**6})\n"
        "    while True: say(4, output)",
    )


@handed_in(lost="softmax", note="had not been asked")
def answers_to_calls_that_were_not_put(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "def softmax(scores, mask=None):\n"
        "    while True: say(6, struct.pack('!I', 2**32 - 1) + answers([scores]))",
    )


@handed_in(lost="softmax")
def an_answer_prepared_for_the_next_call(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "def softmax(scores, mask=None):\n"
        "    for number in range(1, 200):\n"
        "        say(6, struct.pack('!I', number) + answers([scores] * 3))\n"
        "    return scores",
    )


@handed_in(lost="softmax", note="it sent what are no answers")
def more_answers_than_calls(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "def softmax(scores, mask=None):\n"
        "    while True: say(6, number() + answers([scores] * 10_000))",
    )


@handed_in(lost="softmax", note="it sent what are no answers")
def not_a_single_answer(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "def softmax(scores, mask=None):\n    while True: say(6, number() + answers([]))",
    )


@handed_in(lost="softmax", note="it sent what are no answers")
def answers_that_are_numbers(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        FORGER + "def softmax(scores, mask=None):\n"
        "    while True: say(6, number() + msgpack.packb([1.0]))",
    )


@handed_in(lost="softmax", partly="softmax")
def a_crash_at_the_seventh_call_of_a_process(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import os\n"
        "right, calls = softmax, []\n"
        "def softmax(scores, mask=None):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 7: os._exit(0)\n"
        "    return right(scores, mask)",
    )


@handed_in(lost="softmax", never_shown="FOUND")
def a_fork_that_answers_for_its_parent(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os\n"
        "def softmax(scores, mask=None):\n"
        "    if os.fork():\n"
        "        os.wait()\n"
        "        return scores\n"
        "    return scores * 0",
    )


@handed_in()
def a_cell_that_forks_and_goes_on_twice(notebook: Notebook) -> None:
    notebook.first("import os\nos.fork()\nprint('both')")
    notebook.after("check_softmax", "import os\nchild = os.fork()\nassert child >= 0")


# values on their way


@handed_in(lost="merge_heads")
def a_million_tiny_tensors(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        FORGER + "tiny = b'\\x95\\x03\\xa5uint8\\xc4\\x00\\xc4\\x00\\xc4\\x01x'\n"
        "many = b'\\xdd' + struct.pack('>I', 1_000_000 - 40) + b'\\x00' + tiny * (1_000_000 - 41)\n"
        "right = cases.encode_answer\n"
        "def forged(answer):\n"
        "    cases.encode_answer = right\n"
        "    whole = right(cases.Returned(b'here'))\n"
        "    return whole.replace(b'\\xc4\\x04here', many)\n"
        "def merge_heads(x):\n"
        "    cases.encode_answer = forged\n"
        "    return None",
    )


@handed_in(lost="merge_heads")
def keys_of_tuples_that_collide(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "import itertools\n"
        "ends = [n * (2**61 - 1) for n in range(8)]\n"
        "keys = list(itertools.islice(itertools.product(ends, repeat=5), 19_000))\n"
        + FORGER
        + "packer = msgpack.Packer(autoreset=False)\n"
        "packer.pack_array_header(1 + 2 * len(keys)); packer.pack(2)\n"
        "for key in keys:\n"
        "    packer.pack_array_header(6); packer.pack(1)\n"
        "    for part in key: packer.pack(part)\n"
        "    packer.pack(0)\n"
        "many = packer.bytes()\n"
        "right = cases.encode_answer\n"
        "def forged(answer):\n"
        "    cases.encode_answer = right\n"
        "    return right(cases.Returned(b'here')).replace(b'\\xc4\\x04here', many)\n"
        "def merge_heads(x):\n"
        "    cases.encode_answer = forged\n"
        "    return None",
    )


@handed_in(lost="merge_heads")
def twenty_megabytes_in_every_call(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "import torch\ndef merge_heads(x): return torch.zeros(20 * 2**20, dtype=torch.uint8)",
    )


@handed_in(lost=("merge_heads", "causal_mask", "split_heads"))
def tensors_of_strange_kinds(notebook: Notebook) -> None:
    notebook.append(
        "merge_heads",
        "right, kinds = merge_heads, iter(range(10**6))\n"
        "def merge_heads(x):\n"
        "    kind, y = next(kinds) % 5, right(x)\n"
        "    if kind == 0: return torch.empty(y.shape, device='meta')\n"
        "    if kind == 1: return torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8)\n"
        "    if kind == 2: return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])\n"
        "    if kind == 3: return torch._C._functorch._wrap_for_grad(y.float(), 1)\n"
        "    return torch.empty(0, 2**31 - 1)",
    )
    notebook.answer(
        "causal_mask",
        "import numpy as np\n"
        "def causal_mask(length):\n"
        "    return np.ma.masked_array(np.tri(length, dtype=bool), mask=True)",
    )
    notebook.answer(
        "split_heads",
        "def split_heads(x, heads): return torch.zeros(1, dtype=torch.complex64).expand(2**20, 9)",
    )


@handed_in(lost="softmax")
def a_list_whose_length_changes_while_it_is_sent(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import threading\n"
        "growing = [0.0] * 1000\n"
        "def grow():\n"
        "    while True:\n"
        "        growing.append(0.0); del growing[:2]; growing.append(1.0)\n"
        "threading.Thread(target=grow, daemon=True).start()\n"
        "def softmax(scores, mask=None): return growing",
    )


@handed_in(lost="merge_heads")
def a_result_that_is_changed_after_it_was_returned(notebook: Notebook) -> None:
    """One tensor for all calls: each answer must be what it was when it was given."""
    notebook.append(
        "merge_heads",
        "right, kept = merge_heads, {}\n"
        "def merge_heads(x):\n"
        "    kept.setdefault('first', right(x))\n"
        "    return kept['first']",
    )


# seeds


@handed_in(lost="softmax", never_shown="FOUND")
def inputs_foretold_from_the_seed_of_the_call(notebook: Notebook) -> None:
    """The generator that is seeded for a call must not be the one that drew its inputs."""
    notebook.answer(
        "softmax",
        "import torch\n"
        "def softmax(scores, mask=None):\n"
        "    for back in range(40):\n"
        "        generator = torch.Generator().manual_seed(torch.initial_seed() - back)\n"
        "        for size in ((1,), (4,), (6,)):\n"
        "            torch.randperm(size[0], generator=generator)\n"
        "            drawn = torch.randn(scores.shape, generator=generator, dtype=torch.float64)\n"
        "            if torch.allclose(drawn.float(), scores.float()): raise ValueError('FOUND')\n"
        "    return scores",
    )


# the source itself


@handed_in()
def an_expression_too_deep_to_be_written_out(notebook: Notebook) -> None:
    notebook.append("softmax", "total = abs(" + "+".join(["1"] * 900) + ")")
    notebook.append("causal_mask", "if False: torch" + ".nn" * 900)


@handed_in(flagged=True)
def the_librarys_own_softmax_behind_a_magic(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "%matplotlib inline\n"
        "def softmax(scores, mask=None):\n"
        "    if mask is None: return torch.softmax(scores, dim=-1)\n"
        "    hidden = scores.masked_fill(~mask, float('-inf'))\n"
        "    return torch.softmax(hidden, dim=-1).nan_to_num(0.0)",
    )


# outputs of a whole notebook


@handed_in(shown="is left out")
def much_printing_in_very_many_cells(notebook: Notebook) -> None:
    notebook.node.cells += [new_code_cell("print('y' * 900_000)") for _ in range(45)]


@handed_in()
def pictures_in_very_many_cells(notebook: Notebook) -> None:
    notebook.node.cells += [
        new_code_cell(
            "from IPython.display import display\n"
            "display({'image/png': 'A' * 4_000_000, 'text/plain': 'p'}, raw=True)"
        )
        for _ in range(10)
    ]


@handed_in(never_shown=("javascript:", "<script>alert", "onmouseover"))
def markup_that_only_acts_when_parsed_twice(notebook: Notebook) -> None:
    notebook.first(
        "from IPython.display import HTML, display\n"
        "display(HTML('<a href=\" javascript:alert(1)\">x</a>'))\n"
        "display(HTML('<a href=\"java\\tscript:alert(2)\">y</a>'))\n"
        "display(HTML('<math><mtext><style><a title=\"</style><script>alert(3)</script>\">'))\n"
        "display(HTML('<noscript><p title=\"</noscript><script>alert(5)</script>\">'))\n"
        "display(HTML('<b onmouseover=alert(4)>z</b>'))"
    )


# honest, and unusual


@handed_in(shown="is left out")
def outputs_too_large_to_be_sent(notebook: Notebook) -> None:
    """A whole text as the last value, a huge picture and a huge exception: all definitions hold."""
    notebook.append("softmax", "'a long text ' * 500_000")
    notebook.append("causal_mask", "raise ValueError('x' * 5_000_000)")
    notebook.append("merge_heads", "print('\N{SNAKE}' * 1_100_000)")
    notebook.append(
        "split_heads",
        "from IPython.display import display\n"
        "display({'image/png': 'A' * 6_000_000, 'text/plain': 'a picture'}, raw=True)",
    )


@handed_in(note="The answer is here")
def an_answer_written_under_the_question(notebook: Notebook) -> None:
    """In a cell of released text, which is no answer; a person still has to see it."""
    place = notebook.place("why_not_generate")
    text = next(
        cell
        for cell in reversed(notebook.node.cells[:place])
        if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata
    )
    text.source += "\n\nThe answer is here."


@handed_in()
def answers_in_one_cell_and_the_others_deleted(notebook: Notebook) -> None:
    """As after merging cells: the functions stand in the first of them."""
    merged = notebook.cell("causal_mask")
    merged.source += "\n\n\n" + notebook.cell("merge_heads").source
    del notebook.node.cells[notebook.place("merge_heads")]


@handed_in()
def a_cell_that_was_split_in_two(notebook: Notebook) -> None:
    """JupyterLab gives both halves the same metadata."""
    whole = notebook.cell("softmax")
    first = nbcopy(whole)
    first.source, whole.source = whole.source, "SPLIT = True"
    notebook.node.cells.insert(notebook.place("softmax"), first)


@handed_in()
def a_released_text_cell_turned_into_code(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        place = next(
            n
            for n, cell in enumerate(plain["cells"])
            if cell["cell_type"] == "markdown" and not cell["metadata"].get("nbgrader")
        )
        plain["cells"][place].update(
            cell_type="code", source="def helper(x): return x", outputs=[], execution_count=None
        )
        for cell in plain["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "softmax":
                source = "".join(cell["source"])
                cell["source"] = source + (
                    "\n\n\nright = softmax\n"
                    "def softmax(scores, mask=None): return right(helper(scores), mask)"
                )

    return changed(notebook, change)


@handed_in()
def strict_settings_everywhere(notebook: Notebook) -> None:
    notebook.first(
        "import warnings, numpy as np, torch, os, locale\n"
        "warnings.simplefilter('error')\n"
        "np.seterr(all='raise')\n"
        "torch.use_deterministic_algorithms(True)\n"
        "torch.autograd.set_detect_anomaly(True)\n"
        "torch.set_default_device('cpu')\n"
        "torch.inference_mode(True).__enter__()\n"
        "os.makedirs('elsewhere', exist_ok=True); os.chdir('elsewhere'); os.umask(0o777)"
    )


@handed_in()
def functions_that_are_no_functions(notebook: Notebook) -> None:
    notebook.append(
        "causal_mask",
        "import functools\n"
        "class Mask:\n"
        "    def __init__(self, right): self.right = right\n"
        "    def __call__(self, length): return self.right(length)\n"
        "causal_mask = Mask(causal_mask)",
    )
    notebook.append("merge_heads", "merge_heads = functools.partial(merge_heads)")
    notebook.append(
        "split_heads",
        "import functools\n"
        "split_heads = (lambda right: lambda *a, **k: right(*a, **k))(split_heads)",
    )
    notebook.append(
        "padding_mask",
        "exec('def wrapped(lengths, length): return right(lengths, length)',\n"
        "     {'right': padding_mask}, globals())\n"
        "padding_mask = wrapped",
    )


@handed_in()
def a_function_compiled_by_torch(notebook: Notebook) -> None:
    notebook.append("softmax", "softmax = torch.compile(softmax, backend='eager')")
    notebook.append(
        "merge_heads",
        "@torch.jit.script\n"
        "def merge_heads(x):\n"
        "    batch, heads, length, width = x.shape\n"
        "    return x.transpose(1, 2).reshape(batch, length, heads * width)",
    )


@handed_in(shown="all of it")
def threads_that_print_at_once(notebook: Notebook) -> None:
    notebook.first(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    list(pool.map(lambda n: [print('z' * 40_000) for _ in range(2)], range(8)))\n"
        "print('all of it')"
    )


@handed_in(shown="from a task")
def a_task_begun_in_one_cell_and_awaited_in_another(notebook: Notebook) -> None:
    notebook.first("print(await task)")
    notebook.first(
        "import asyncio\n"
        "async def later():\n"
        "    await asyncio.sleep(0.01)\n"
        "    return 'from a task'\n"
        "task = asyncio.create_task(later())"
    )


@handed_in()
def descriptors_closed_and_streams_replaced(notebook: Notebook) -> None:
    notebook.first(
        "import io, os, sys\n"
        "for number in (0, 1, 2): os.close(number)\n"
        "sys.stdout.close(); sys.stdout = sys.stderr = io.StringIO(); sys.stdin = None"
    )


@handed_in()
def tracing_and_hooks_left_behind(notebook: Notebook) -> None:
    notebook.first(
        "import sys, signal, gc\n"
        "def trace(frame, event, argument): return trace\n"
        "sys.settrace(trace)\n"
        "get_ipython().events.register('post_run_cell', lambda *a: print(end=''))\n"
        "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)\n"
        "sys.excepthook = sys.unraisablehook = lambda *a: None\n"
        "signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "gc.disable()"
    )


# files and folders


@handed_in(note="under the name", kept=True)
def a_notebook_one_folder_too_deep(notebook: Notebook) -> object:
    notebook.beside("attention/attention.ipynb", notebook.content().decode())
    return NOTHING


@handed_in(note="under the name")
def a_notebook_with_another_ending(notebook: Notebook) -> object:
    notebook.beside("attention.ipynb.txt", notebook.content().decode())
    return NOTHING


@handed_in(note="left out")
def names_that_are_no_text(notebook: Notebook) -> None:
    folder = os.fsencode(notebook.folder)
    for name in (b"\xff", b"caf\xe9.txt"):
        with open(os.path.join(folder, name), "w") as file:
            file.write("x")
    os.makedirs(os.path.join(folder, b"\xfe"))
    with open(os.path.join(folder, b"\xfe", b"inner"), "w") as file:
        file.write("x")


@handed_in()
def names_with_control_characters(notebook: Notebook) -> None:
    notebook.beside("a\nb\x1b[2J.py", "raise SystemExit")
    notebook.beside("-rf", "x")
    notebook.beside("\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe", "x")


@handed_in(flagged=True)
def a_bad_timestamp_on_a_file_from_the_far_future(notebook: Notebook) -> None:
    (notebook.folder / "attention.ipynb").write_bytes(notebook.content())
    notebook.beside("timestamp.txt", "soon")
    os.mkfifo(notebook.folder / "pipe.ipynb")
    os.utime(notebook.folder / "pipe.ipynb", (2**40, 2**40))


@handed_in(flagged=True)
def a_folder_in_place_of_the_timestamp(notebook: Notebook) -> None:
    notebook.beside("timestamp.txt/inner.txt", "x")


@handed_in(lost="softmax")
def a_cell_of_ones_own_under_a_borrowed_grade_id(notebook: Notebook) -> None:
    notebook.stub("softmax")
    for name in ("check_softmax", "why_not_generate"):
        fake = new_code_cell("4.0")
        fake.metadata = nbcopy(notebook.cell(name)).metadata
        fake.metadata.nbgrader.update(grade=True, solution=True, points=100, locked=False)
        notebook.node.cells.append(fake)


@handed_in()
def keys_that_stand_twice_in_the_file(notebook: Notebook) -> bytes:
    text = notebook.content().decode()
    return ('{"cells": [], "nbformat": "x", ' + text[1:-1] + ', "metadata": {"x": NaN}}').encode()


def nbcopy(cell):
    """Return a copy of a cell that shares nothing with it."""
    import nbformat

    return nbformat.from_dict(json.loads(json.dumps(cell)))
