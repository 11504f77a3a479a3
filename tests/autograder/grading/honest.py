"""What works in a notebook works here, and looks as it looks there."""

from class_of_hostiles import Notebook, handed_in


@handed_in()
def everything_right(notebook: Notebook) -> None:
    notebook.answer("why_not_generate", "Since its attention is not causal.")


@handed_in(shown=("as in bash", "per loop", "{'n': 3}"))
def magics(notebook: Notebook) -> None:
    notebook.first(
        "%matplotlib inline\n"
        "%load_ext autoreload\n"
        "%autoreload 2\n"
        "!echo as in bash\n"
        "%timeit -n1 -r1 1 + 1\n"
        "n = 3\n"
        "files = !ls\n"
        "{'n': n}"
    )
    notebook.after("causal_mask", "%%time\ncausal_mask(3)")
    notebook.after("causal_mask", "%%capture\nprint('never seen')")
    notebook.after("causal_mask", "%%bash\necho from a cell of bash")


@handed_in(shown="slept")
def waiting_for_something(notebook: Notebook) -> None:
    notebook.first("import asyncio\nawait asyncio.sleep(0.05)\nprint('slept')")
    notebook.after("softmax", "async def later(): return 5\nfive = await later()\nassert five == 5")


@handed_in(shown="image/png")
def a_plot(notebook: Notebook) -> None:
    notebook.after(
        "softmax",
        "import matplotlib.pyplot as plt\n"
        "plt.imshow(softmax(torch.randn(4, 4)))\n"
        "plt.title('weights')",
    )


@handed_in(shown=("100%|", "done"))
def progress_bars(notebook: Notebook) -> None:
    notebook.first(
        "from tqdm import tqdm\n"
        "import tqdm.notebook, tqdm.auto\n"
        "for _ in tqdm.tqdm(range(50)): pass\n"
        "for _ in tqdm.notebook.tqdm(range(3)): pass\n"
        "for _ in tqdm.auto.trange(3): pass\n"
        "print('done')"
    )


@handed_in()
def helpers_in_cells_of_ones_own(notebook: Notebook) -> None:
    notebook.before("softmax", "SHIFT = 0.0\ndef shifted(scores): return scores + SHIFT")
    notebook.append(
        "softmax",
        "right = softmax\ndef softmax(scores, mask=None): return right(shifted(scores), mask)",
    )


@handed_in()
def a_name_that_is_used_again_later(notebook: Notebook) -> None:
    notebook.after("check_softmax", "softmax = torch.tensor([1.0])\ncausal_mask = None")


@handed_in()
def a_function_that_remembers(notebook: Notebook) -> None:
    notebook.append(
        "causal_mask",
        "import functools\ncausal_mask = functools.lru_cache(maxsize=None)(causal_mask)\ncalls = 0",
    )


@handed_in()
def another_default_dtype(notebook: Notebook) -> None:
    notebook.after("check_softmax", "torch.set_default_dtype(torch.float32)\ntorch.manual_seed(3)")


@handed_in()
def seeds_threads_and_gradients(notebook: Notebook) -> None:
    notebook.first("import torch\ntorch.set_num_threads(2)\ntorch.set_grad_enabled(False)")


@handed_in()
def a_thread_that_works(notebook: Notebook) -> None:
    notebook.first(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(2)\n"
        "assert list(pool.map(abs, [-1, 2])) == [1, 2]"
    )
    notebook.append(
        "causal_mask",
        "right = causal_mask\ndef causal_mask(length): return pool.submit(right, length).result()",
    )


@handed_in()
def a_process_that_works(notebook: Notebook) -> None:
    notebook.first(
        "import multiprocessing, subprocess\n"
        "with multiprocessing.Pool(2) as workers: assert workers.map(abs, [-1, 2]) == [1, 2]\n"
        "assert subprocess.run(['echo', 'x'], capture_output=True, text=True).stdout == 'x\\n'"
    )


@handed_in(shown="The grader checks this")
def a_check_called_by_oneself(notebook: Notebook) -> None:
    notebook.append("softmax", "check('attention.softmax', softmax)\ncheck_all()")


@handed_in(shown="ZeroDivisionError")
def an_error_in_a_cell_of_ones_own(notebook: Notebook) -> None:
    notebook.after("softmax", "1 / 0")


@handed_in()
def a_demonstration_that_fails_after_the_answer(notebook: Notebook) -> None:
    notebook.append("softmax", "softmax('not a tensor')")


@handed_in(shown="module written")
def a_module_written_in_a_cell(notebook: Notebook) -> None:
    notebook.first("from mine import word\nprint(word)")
    notebook.first("%%writefile mine.py\nword = 'module written'")


@handed_in()
def an_edited_cell_of_imports(notebook: Notebook) -> None:
    imports = next(cell for cell in notebook.node.cells if cell.cell_type == "code")
    imports.source += "\nimport numpy as np\nimport torch.nn.functional as F\n"
    notebook.append("softmax", "np.ones(3); F.relu(torch.ones(3))")


@handed_in()
def a_deleted_cell_of_imports(notebook: Notebook) -> None:
    place = next(p for p, cell in enumerate(notebook.node.cells) if cell.cell_type == "code")
    del notebook.node.cells[place]


@handed_in(shown="tensor([1., 2.])")
def a_table_and_a_formula(notebook: Notebook) -> None:
    notebook.first(
        "from IPython.display import HTML, Markdown, Math, clear_output, display\n"
        "display(HTML('<table><tr><td>1</td></tr></table>'), Markdown('**bold**'), Math('x^2'))\n"
        "handle = display('first', display_id=True)\n"
        "handle.update('second')\n"
        "print('gone'); clear_output(); print('left')\n"
        "import torch\n"
        "torch.tensor([1.0, 2.0])"
    )


@handed_in(lost="rotary_positions")
def one_exercise_wrong(notebook: Notebook) -> None:
    notebook.stub("rotary_positions")


@handed_in()
def a_gradient_kept(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "right = softmax\n"
        "def softmax(scores, mask=None): return right(scores.requires_grad_(False), mask)",
    )
