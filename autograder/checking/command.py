"""`autograder check NOTEBOOK`: runs a notebook and shows its checks in the terminal."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

SECONDS_FOR_A_CELL = 120
LONGEST_ERROR = 300


class _NotebookError(Exception):
    """One line that says why a notebook cannot be run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("notebook", type=Path, help="the notebook (.ipynb) to check")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the status is 0 if all that is checked earns full points."""
    try:
        return 0 if check_notebook(arguments.notebook) else 1
    except _NotebookError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 1


def check_notebook(path: Path) -> bool:
    """Run the notebook in a kernel of its own and print each check's report as it comes.

    The notebook's file is not changed. A cell that fails is reported, and the next one runs.

    Returns:
        Whether something was checked and earned full points.
    """
    # not needed in a notebook, where `check` runs
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = _read(path)
    shown: list[dict[str, float]] = []

    def report(cell: Any, cell_index: int, **_: Any) -> None:
        for output in cell.get("outputs", ()):
            points = output.get("metadata", {}).get("autograder")
            if points is not None:
                shown.append(points)
                print(output["data"]["text/plain"], flush=True)
            elif output["output_type"] == "error" and output["ename"] != "NotImplementedError":
                message = f"{output['ename']}: {output['evalue']}"[:LONGEST_ERROR]
                print(f"cell {cell_index + 1} fails: {message}", flush=True)

    summary = "from autograder.checking import check_all\ncheck_all()"
    notebook.cells.append(nbformat.v4.new_code_cell(summary))
    client = NotebookClient(
        notebook,
        timeout=SECONDS_FOR_A_CELL,
        kernel_name="python3",
        allow_errors=True,
        on_cell_executed=report,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    try:
        # what ipykernel itself has to say on stderr helps nobody here
        client.execute(stderr=subprocess.DEVNULL)
    except CellTimeoutError:
        raise _NotebookError(f"{path}: a cell takes longer than {SECONDS_FOR_A_CELL} s") from None
    except DeadKernelError:
        raise _NotebookError(f"{path}: the kernel died while it ran the notebook") from None
    checks = [points for points in shown if points]
    return bool(checks) and all(p["points"] == p["maximum"] > 0 for p in checks)


def _read(path: Path) -> Any:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise _NotebookError(f"{path}: there is no such file") from None
    except OSError as error:
        raise _NotebookError(f"{path}: {error.strerror}") from None
    except Exception:
        raise _NotebookError(f"{path}: this is not a Jupyter notebook") from None
