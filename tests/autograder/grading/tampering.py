"""Tampering with the process in which the student's own code runs: no effect whatever."""

from class_of_hostiles import EVERYTHING, Notebook, handed_in

FORGED = "4.0"


@handed_in(lost="softmax")
def a_tag_that_skips_the_grade_cell(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.cell("check_softmax").metadata.tags = ["skip-execution", "remove-cell"]


@handed_in(lost="softmax")
def an_input_transformer_that_rewrites_checks(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.first(
        "def rewrite(lines):\n"
        "    return ['4.0\\n'] if any('check(' in line for line in lines) else lines\n"
        "get_ipython().input_transformers_cleanup.append(rewrite)\n"
        "get_ipython().input_transformers_post.append(rewrite)"
    )


@handed_in(lost="softmax")
def a_syntax_tree_transformer_that_drops_asserts(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.first(
        "import ast\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "    def visit_Raise(self, node): return ast.Pass()\n"
        "    def visit_Call(self, node):\n"
        "        if getattr(node.func, 'id', '') == 'check': return ast.Constant(4.0)\n"
        "        return self.generic_visit(node)\n"
        "get_ipython().ast_transformers.append(Drop())"
    )


@handed_in(lost="softmax")
def shadowed_builtins(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.first(
        "import builtins\n"
        "builtins.AssertionError = type('Silent', (BaseException,), {})\n"
        "builtins.abs = builtins.max = builtins.min = lambda *a, **k: 0.0\n"
        "builtins.all = builtins.any = lambda *a: True\n"
        "builtins.callable = lambda thing: True\n"
        "builtins.float = lambda *a: 4.0"
    )


@handed_in(lost="softmax")
def patched_comparisons(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.first(
        "import torch, numpy, math\n"
        "torch.allclose = torch.equal = lambda *a, **k: True\n"
        "torch.testing.assert_close = lambda *a, **k: None\n"
        "numpy.allclose = numpy.array_equal = lambda *a, **k: True\n"
        "numpy.testing.assert_allclose = lambda *a, **k: None\n"
        "math.isclose = lambda *a, **k: True"
    )


@handed_in(lost="softmax")
def poisoned_modules(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.first(
        "import sys, types\n"
        "fake = types.ModuleType('autograder.checking')\n"
        "fake.check = lambda *a: 4.0\n"
        "fake.check_all = lambda *a: None\n"
        "for name in list(sys.modules):\n"
        "    if name.startswith('autograder'): sys.modules[name] = fake\n"
        "sys.modules['pytest'] = sys.modules['solutions'] = fake"
    )


@handed_in(lost="softmax")
def a_forged_result(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "class Forged(float):\n"
        "    def __repr__(self): return '4.0'\n"
        "def softmax(scores, mask=None): return Forged(4)\n"
        "Forged(4.0)",
    )
    notebook.cell("check_softmax").outputs = [
        {"output_type": "execute_result", "data": {"text/plain": FORGED}, "metadata": {},
         "execution_count": 3}
    ]  # fmt: skip


@handed_in(lost="softmax")
def the_word_passed(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.append(
        "softmax",
        "import json\n"
        "print('PASSED', 'all tests passed', '4.0 of 4 points')\n"
        "print(json.dumps({'score': 4, 'passed': True, 'check_softmax': 4.0}))",
    )


@handed_in(lost="softmax", never_shown="STOLEN")
def a_search_for_expected_values(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import gc, sys, torch\n"
        "def softmax(scores, mask=None):\n"
        "    frame = sys._getframe()\n"
        "    while frame is not None:\n"
        "        for name, value in list(frame.f_locals.items()):\n"
        "            if name in ('expected', 'answer', 'cases', 'part'):\n"
        "                print('STOLEN', name); return value\n"
        "        frame = frame.f_back\n"
        "    found = [o for o in gc.get_objects() if isinstance(o, torch.Tensor)\n"
        "             and o.shape == scores.shape and o is not scores]\n"
        "    return found[0] if found else None",
    )


@handed_in(lost="softmax")
def a_check_of_ones_own(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.before("check_softmax", "def check(*arguments): return 4.0\ncheck_all = check")


@handed_in(lost="softmax")
def code_that_runs_at_exit(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.append(
        "softmax",
        "import atexit, sys\n"
        "atexit.register(lambda: print('PASSED 4.0'))\n"
        "class Late:\n"
        "    def __del__(self): print('4.0')\n"
        "late = Late()",
    )


@handed_in(lost="softmax")
def a_thread_that_outlives_its_cell(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.append(
        "softmax",
        "import threading, time\n"
        "def later():\n"
        "    for _ in range(200):\n"
        "        time.sleep(0.01)\n"
        "        print('4.0')\n"
        "        globals()['check'] = lambda *a: 4.0\n"
        "threading.Thread(target=later, daemon=True).start()",
    )


# more of the kind


@handed_in(lost="softmax")
def frames_written_to_every_descriptor(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, struct, msgpack\n"
        "def softmax(scores, mask=None):\n"
        "    message = msgpack.packb({'answer': 'Returned', 'value': 1.0})\n"
        "    for descriptor in range(3, 64):\n"
        "        for kind in range(8):\n"
        "            try: os.write(descriptor, struct.pack('!BI', kind, len(message)) + message)\n"
        "            except OSError: pass\n"
        "    return scores",
    )


@handed_in()
def an_encoder_that_lies(notebook: Notebook) -> None:
    notebook.first(
        "from autograder.checking import cases\n"
        "import autograder.grading.inside.child as child\n"
        "right = cases.encode_answer\n"
        "child.answer_calls = lambda shell, message, own: [right(cases.Returned('passed'))]"
    )


@handed_in(lost="softmax")
def a_profiler_that_changes_results(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.append(
        "softmax",
        "import sys\n"
        "def watch(frame, event, argument):\n"
        "    for name in ('points', 'passed', 'score'):\n"
        "        if name in frame.f_locals: frame.f_locals[name] = 4.0\n"
        "    return watch\n"
        "sys.settrace(watch); sys.setprofile(watch)",
    )


@handed_in(lost=EVERYTHING)
def a_namespace_that_hides_all_functions(notebook: Notebook) -> None:
    notebook.before(
        "check_causal_mask",
        "class Empty(dict):\n"
        "    def get(self, name, default=None): return None\n"
        "get_ipython().user_ns = Empty()\n"
        "get_ipython().user_module.__dict__.clear()",
    )


@handed_in(lost="softmax")
def a_class_in_place_of_callable(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "class softmax:\n"
        "    points = maximum = 4.0\n"
        "    passed = True\n"
        "    def __init__(self, *arguments, **keywords): pass\n"
        "    def __float__(self): return 4.0",
    )


@handed_in(lost=EVERYTHING)
def a_shell_that_runs_nothing(notebook: Notebook) -> None:
    notebook.first("get_ipython().__class__.run_cell = lambda self, source, **k: None")


@handed_in()
def modules_that_serve_the_grader_taken_apart(notebook: Notebook) -> None:
    notebook.first(
        "import inspect, msgpack, os, select, socket, struct, sys\n"
        "msgpack.Packer = msgpack.Unpacker = msgpack.packb = msgpack.unpackb = None\n"
        "inspect.signature = lambda *a, **k: os._exit(1)\n"
        "for module in (select, socket, struct):\n"
        "    for name in [n for n in vars(module) if n[0] != '_']: setattr(module, name, None)\n"
        "import autograder.checking.values, autograder.grading.inside.frames\n"
        "for module in [m for n, m in sys.modules.items() if n.startswith('autograder')]:\n"
        "    for name in [n for n in vars(module) if n[0] != '_']: setattr(module, name, None)"
    )


@handed_in(lost="softmax", note="While softmax was tried")
def what_serves_the_grader_found_and_taken_apart(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import autograder.grading.inside.child as child\n"
        "names = child.serve.__globals__\n"
        "names['values'].encode = names['answering'].seed_generators = None\n"
        "def softmax(scores, mask=None): return scores",
    )
