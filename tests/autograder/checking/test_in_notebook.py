"""`check` as students use it: a clear answer to whatever they pass, a plain float, no stderr."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from autograder.checking import check, check_all, in_notebook
from solutions import attention

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _new_session(monkeypatch):
    monkeypatch.setattr(in_notebook, "_results", {})


def checked(capfd, exercise, *function):
    points = check(exercise, *function)
    output = capfd.readouterr()
    assert output.err == ""
    assert type(points) is float
    return points, " ".join(output.out.split())


def test_a_right_function_gets_all_points(capfd):
    points, text = checked(capfd, "attention.causal_mask", attention.causal_mask)
    assert points == 1.0
    assert "1 of 1 point " in text
    assert "not yet" not in text


def test_a_wrong_function_reads_what_was_tried_what_came_out_and_why(capfd):
    def upper(length):
        return torch.ones(length, length, dtype=torch.bool).triu()

    points, text = checked(capfd, "attention.causal_mask", upper)
    assert points == 0.0
    for expected in ("length 3", "upper triangle", "returned", "expected", "[True, False, False]"):
        assert expected in text


def test_part_of_the_points_are_given_for_part_of_the_work(capfd):
    def no_masked_rows(scores, mask=None):
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        return torch.softmax(scores, dim=-1)

    points, text = checked(capfd, "attention.softmax", no_masked_rows)
    assert points == 3.0
    assert "NaN" in text


def test_a_stub_is_told_so_and_gets_nothing(capfd):
    def softmax(scores, mask=None):
        raise NotImplementedError

    points, text = checked(capfd, "attention.softmax", softmax)
    assert points == 0.0
    assert "not written yet" in text
    assert "tried" not in text


def test_a_misspelled_exercise_is_told_the_nearest(capfd):
    points, text = checked(capfd, "attention.casual_mask", attention.causal_mask)
    assert points == 0.0
    assert "'attention.causal_mask'" in text


@pytest.mark.parametrize(
    "name", ["", ".", "nothing.like.it", "attention.", "../specs", "os.system"]
)
def test_an_unknown_exercise_is_told_so(capfd, name):
    assert "there is no exercise" in checked(capfd, name, abs)[1]


@pytest.mark.parametrize("thing", [torch.zeros(3), 5, "causal_mask", None])
def test_what_is_not_a_function_is_told_so(capfd, thing):
    points, text = checked(capfd, "attention.causal_mask", thing)
    assert points == 0.0
    assert "function" in text
    assert 'check("attention.causal_mask", causal_mask)' in text


def test_exchanged_arguments_are_told_so(capfd):
    points, text = checked(capfd, attention.causal_mask, "attention.causal_mask")
    assert points == 0.0
    assert 'check("attention.causal_mask", causal_mask)' in text


def test_wrong_arity_shows_the_signature(capfd):
    def causal_mask(length, window):
        return None

    points, text = checked(capfd, "attention.causal_mask", causal_mask)
    assert points == 0.0
    assert "causal_mask(length, window) cannot be called with 1 argument" in text
    assert "Traceback" not in text


def test_an_exception_shows_type_message_and_the_students_line(capfd):
    def causal_mask(length):
        rows = length[0]
        return rows

    _, text = checked(capfd, "attention.causal_mask", causal_mask)
    assert "TypeError: 'int' object is not subscriptable" in text
    assert "rows = length[0]" in text
    assert "Traceback" not in text


def test_exceptions_of_every_kind_stay_inside(capfd):
    class Odd(BaseException):
        pass

    def leaves(length):
        sys.exit(0)

    def odd(length):
        raise Odd

    def recursive(length):
        return recursive(length)

    for function in (leaves, odd, recursive):
        assert checked(capfd, "attention.causal_mask", function)[0] == 0.0


def test_an_endless_loop_is_stopped_and_told(capfd):
    def endless(length):
        while True:
            pass

    points, text = checked(capfd, "attention.causal_mask", endless)
    assert points == 0.0
    assert "no answer after 2 s" in text


def test_an_endless_loop_is_stopped_outside_the_main_thread_too():
    seen = []

    def endless(length):
        while True:
            pass

    thread = threading.Thread(
        target=lambda: seen.append(in_notebook._checked("attention.causal_mask", endless)[0])
    )
    thread.start()
    thread.join(30)
    assert "no answer" in seen[0].parts[0].message


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, also where the tests run in the background, which it does not reach."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_ends_the_check_with_a_word(capfd, interruptible):
    def interrupted(length):
        os.kill(os.getpid(), signal.SIGINT)
        return 1

    points, text = checked(capfd, "attention.causal_mask", interrupted)
    assert points == 0.0
    assert "interrupted" in text


def test_what_a_function_prints_or_warns_is_shown_shortened_and_never_on_stderr(capfd):
    def noisy(length):
        import warnings

        warnings.warn("a warning from honest code", stacklevel=1)
        print("printed", file=sys.stderr)
        print("x" * 5000)
        return attention.causal_mask(length)

    points, text = checked(capfd, "attention.causal_mask", noisy)
    assert points == 1.0
    assert "your function printed" in text
    assert "printed" in text
    assert "... and more" in text
    assert len(text) < 4000


def test_a_fault_of_the_check_itself_is_one_line_and_no_traceback(capfd, monkeypatch):
    monkeypatch.setattr(in_notebook, "judge", lambda cases, oracle: 1 / 0)
    points, text = checked(capfd, "attention.causal_mask", attention.causal_mask)
    assert points == 0.0
    assert "please report it: ZeroDivisionError" in text
    assert "Traceback" not in text


def test_a_function_cannot_reach_the_arguments_the_judge_compares_with(capfd):
    def cheats(x):
        x.zero_()
        return attention.merge_heads(x)

    assert checked(capfd, "attention.merge_heads", cheats)[0] == 0.0


def test_a_class_that_pretends_to_be_equal_is_refused(capfd):
    class Equal:
        def __eq__(self, other):
            return True

        __hash__ = None

    class Lying(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return torch.tensor(True)

    for lie in (Equal(), torch.zeros(3, 3).as_subclass(Lying)):
        points, text = checked(capfd, "attention.causal_mask", lambda length, lie=lie: lie)
        assert points == 0.0
        assert "not a plain value" in text


def test_checking_leaves_the_sessions_random_numbers_alone(capfd):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    checked(capfd, "attention.softmax", attention.softmax)
    assert torch.equal(torch.rand(3), expected)


def test_checking_runs_on_one_thread_and_leaves_the_sessions_number_alone(capfd):
    before = torch.get_num_threads()
    seen = []

    def causal_mask(length):
        seen.append(torch.get_num_threads())
        return attention.causal_mask(length)

    torch.set_num_threads(2)
    try:
        checked(capfd, "attention.causal_mask", causal_mask)
        assert torch.get_num_threads() == 2
        assert set(seen) == {1}
    finally:
        torch.set_num_threads(before)


def test_check_all_sums_up_the_last_result_of_each(capfd):
    check("attention.causal_mask", lambda length: None)
    check("attention.causal_mask", attention.causal_mask)
    check("attention.merge_heads", lambda x: x)
    capfd.readouterr()
    check_all()
    text = capfd.readouterr().out
    assert "1 of 1" in text
    assert "0 of 2" in text
    assert "1 of 3" in text
    assert text.count("causal_mask") == 1


def test_check_all_before_any_check_says_so(capfd):
    check_all()
    assert "nothing has been checked yet" in capfd.readouterr().out


def run_in_kernel(*sources, folder=ROOT):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    document = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(document, timeout=120, allow_errors=True, resources=resources).execute()
    return [cell.outputs for cell in document.cells]


def test_in_a_notebook_the_report_is_html_and_the_result_a_float():
    definition = """
        import torch
        from autograder.checking import check, check_all

        def causal_mask(length):
            print("<b>careful</b>")
            return torch.ones(length, length)

        def half(scores, mask=None):
            unknown(scores)
    """
    _, outputs, failing, summary = run_in_kernel(
        textwrap.dedent(definition),
        'check("attention.causal_mask", causal_mask)',
        'check("attention.softmax", half)',
        "check_all()",
    )
    assert [output.output_type for output in outputs] == ["display_data", "execute_result"]
    html = outputs[0].data["text/html"]
    assert "autograder-report" in html
    assert "<b>careful" not in html
    assert "&lt;b&gt;careful" in html
    assert outputs[0].metadata["autograder"] == {"points": 0.0, "maximum": 1.0}
    assert outputs[1].data["text/plain"] == "0.0"
    # the cell's own line, though the file is the kernel's
    assert "unknown(scores)" in failing[0].data["text/plain"]
    assert "together" in summary[0].data["text/html"]


def test_checking_works_when_installed_alone_with_cases_beside_the_notebook(tmp_path):
    from autograder.checking.cases import write_cases
    from autograder.spec.drawn_cases import draw_cases
    from autograder.specs import exercises

    package = tmp_path / "package" / "autograder"
    (package / "checking").mkdir(parents=True)
    for file in [ROOT / "autograder/__init__.py", *(ROOT / "autograder/checking").glob("*.py")]:
        target = package / file.relative_to(ROOT / "autograder")
        target.write_text(file.read_text())
    beside = tmp_path / "attention"
    beside.mkdir()
    program = textwrap.dedent("""
        import sys
        # this environment may also have the whole project, installed to be edited
        sys.meta_path = [f for f in sys.meta_path if "__editable__" not in f"{f} {f.__module__}"]
        import torch
        from autograder.checking import check
        print(sorted(name for name in sys.modules if name.startswith(("solutions", "autograder."))
                     and not name.startswith("autograder.checking")))
        print(check("attention.causal_mask", lambda n: torch.ones(n, n).bool().tril()))
        print(check("attention.causal_mask", lambda n: torch.ones(n, n).bool().triu()))
        print(check("attention.casual_mask", print))
    """)
    (beside / "program.py").write_text(program)

    def run():
        return subprocess.run(
            [
                sys.executable,
                "-I",
                "-c",
                f"import sys; sys.path.insert(0, {str(package.parent)!r})\n" + program,
            ],
            cwd=beside,
            capture_output=True,
            text=True,
            timeout=120,
        )

    without = run()
    assert without.stderr == ""
    assert "no file of cases" in without.stdout

    write_cases(beside / "attention.cases", [draw_cases(e) for e in exercises("attention")])
    result = run()
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "[]"
    assert "1.0" in lines
    assert "upper triangle" in result.stdout  # hints work there too
    assert "do you mean 'attention.causal_mask'" in result.stdout

    (beside / "attention.cases").write_bytes(b"damaged")
    damaged = run()
    assert damaged.stderr == ""
    assert "is damaged" in damaged.stdout
