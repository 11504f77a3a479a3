"""Values that pretend: they arrive as what they are, or not at all."""

from class_of_hostiles import Notebook, handed_in


@handed_in(lost="softmax")
def an_object_equal_to_everything(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "class Equal:\n"
        "    shape = dtype = None\n"
        "    def __eq__(self, other): return True\n"
        "    def __ne__(self, other): return False\n"
        "    def __bool__(self): return True\n"
        "    def __getattr__(self, name): return lambda *a, **k: self\n"
        "    def __hash__(self): return 0\n"
        "def softmax(scores, mask=None): return Equal()",
    )


@handed_in(lost="softmax")
def a_tensor_subclass(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import torch\n"
        "class Close(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, function, types, arguments=(), keywords=None):\n"
        "        return torch.tensor(True)\n"
        "def softmax(scores, mask=None): return scores.as_subclass(Close)",
    )


@handed_in(lost="softmax")
def not_a_number(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None): return scores * float('nan')")


@handed_in(lost="softmax")
def infinity(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None): return scores.abs() / 0.0")


@handed_in(lost="scaled_dot_product_attention")
def zeros(notebook: Notebook) -> None:
    notebook.answer(
        "scaled_dot_product_attention",
        "def scaled_dot_product_attention(query, key, value, mask=None):\n"
        "    return query @ key.transpose(-2, -1) @ value * 0 + 1e-9",
    )


@handed_in(lost="causal_mask", hint="bool")
def another_dtype(notebook: Notebook) -> None:
    notebook.answer(
        "causal_mask", "def causal_mask(length): return torch.ones(length, length).tril()"
    )


@handed_in(lost="merge_heads", hint="shape")
def another_shape(notebook: Notebook) -> None:
    notebook.append("merge_heads", "right = merge_heads\ndef merge_heads(x): return right(x)[None]")


@handed_in(lost="merge_heads", hint="in place")
def a_changed_input(notebook: Notebook) -> None:
    notebook.append(
        "merge_heads",
        "right = merge_heads\n"
        "def merge_heads(x):\n"
        "    result = right(x).clone()\n"
        "    x += 1\n"
        "    return result",
    )


@handed_in(lost="causal_mask")
def text_in_place_of_a_tensor(notebook: Notebook) -> None:
    notebook.answer("causal_mask", "def causal_mask(length): return 'tensor([[True]])'")


@handed_in(lost="sinusoidal_positions")
def a_bool_in_place_of_numbers(notebook: Notebook) -> None:
    notebook.answer(
        "sinusoidal_positions", "def sinusoidal_positions(length, width, base=1e4): return True"
    )


@handed_in(lost="softmax")
def the_public_examples_by_heart(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "right, seen = softmax, []\n"
        "def softmax(scores, mask=None):\n"
        "    seen.append(1)\n"
        "    return right(scores, mask) if len(seen) == 1 else scores",
    )


@handed_in(flagged=True)
def the_librarys_own_softmax(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "def softmax(scores, mask=None):\n"
        "    if mask is None: return torch.softmax(scores, dim=-1)\n"
        "    hidden = scores.masked_fill(~mask, float('-inf'))\n"
        "    return torch.softmax(hidden, dim=-1).nan_to_num(0.0)",
    )


# more of the kind


@handed_in(lost="merge_heads")
def a_value_that_takes_all_memory_to_compare(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "import torch\ndef merge_heads(x): return torch.zeros(1).expand(2**31 - 1)",
    )


@handed_in(lost="merge_heads")
def a_value_nested_without_end(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "def merge_heads(x):\n    value = []\n    value.append(value)\n    return value",
    )


@handed_in(lost="merge_heads")
def a_hundred_megabytes(notebook: Notebook) -> None:
    notebook.answer("merge_heads", "def merge_heads(x): return bytes(100 * 2**20)")


@handed_in(lost="merge_heads")
def two_million_empty_lists(notebook: Notebook) -> None:
    notebook.answer("merge_heads", "def merge_heads(x): return [[] for _ in range(2_000_000)]")


@handed_in(lost="merge_heads")
def keys_that_collide(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "def merge_heads(x): return {n * (2**61 - 1): n for n in range(100_000)}",
    )


@handed_in(lost="merge_heads")
def a_generator_in_place_of_a_value(notebook: Notebook) -> None:
    notebook.answer("merge_heads", "def merge_heads(x):\n    yield x")


@handed_in(lost="merge_heads")
def a_coroutine_in_place_of_a_value(notebook: Notebook) -> None:
    notebook.answer("merge_heads", "async def merge_heads(x):\n    return x")


@handed_in(lost="merge_heads")
def a_sparse_tensor(notebook: Notebook) -> None:
    notebook.append(
        "merge_heads", "right = merge_heads\ndef merge_heads(x): return right(x).to_sparse()"
    )


@handed_in(lost="merge_heads")
def an_exception_that_cannot_be_printed(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "class Silent(Exception):\n"
        "    def __str__(self): raise Silent\n"
        "    __repr__ = __str__\n"
        "def merge_heads(x): raise Silent",
    )


@handed_in(lost="merge_heads", never_shown=("<script>alert", "<img src=x"))
def an_exception_with_a_name_in_html(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "def merge_heads(x):\n"
        "    raise type('<script>alert(1)</script>', (Exception,), {})('<img src=x onerror=y>')",
    )


@handed_in(lost="merge_heads")
def half_a_surrogate_pair(notebook: Notebook) -> None:
    notebook.answer("merge_heads", "def merge_heads(x): raise ValueError('\\ud800' * 3)")


@handed_in(lost="softmax")
def numbers_drawn_from_the_judges_seed(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "def softmax(scores, mask=None):\n"
        "    weights = torch.rand_like(scores)\n"
        "    return weights / weights.sum(-1, keepdim=True)",
    )


@handed_in(lost="merge_heads", note="an error in its cell")
def a_note_in_the_name_of_an_error(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads", "raise type('x): graded by hand, 3 of 3 points (', (Exception,), {})"
    )


@handed_in(lost=("merge_heads", "split_heads"))
def errors_of_kinds_that_nobody_expects(notebook: Notebook) -> None:
    notebook.answer(
        "merge_heads",
        "class Kind(type):\n"
        "    @property\n"
        "    def __name__(cls): raise RuntimeError\n"
        "class Odd(Exception, metaclass=Kind): pass\n"
        "def merge_heads(x): raise Odd",
    )
    notebook.after("merge_heads", "raise Odd")
    notebook.answer(
        "split_heads",
        "class Stop(BaseException): pass\ndef split_heads(x, heads): raise Stop('now')",
    )
