"""`autograder handout ASSIGNMENT`: let students check without the specs and the reference.

Puts the file of cases beside the notebook in `source/`, from where nbgrader releases it, and the
package that students install into `for-students/`. The package is `autograder.checking` alone: with
it `check()` judges by the stored cases, hints included.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.version import Version

from autograder.course.init import REPOSITORY
from autograder.errors import UserError

PACKAGE = "inside-language-models-checking"
NEEDED = ("ipython", "msgpack", "numpy", "regex", "torch")  # what checking and notebooks import
LEFT_OUT = ("__pycache__", "command.py")  # the command line comes with the repository alone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder handout` takes."""
    parser.add_argument("assignment", help="the assignment, as nbgrader knows it")
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the course (default: here)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write cases and package, and say what to do with them."""
    course = arguments.course.resolve()
    if not (course / "nbgrader_config.py").exists():
        raise UserError(f"{course} is no course folder; go into it, or name it with --course")
    source = course / "source" / arguments.assignment
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        raise UserError(f"there is no notebook in {source}; name an assignment that has one")
    for path in write_cases_beside(notebooks):
        print(f"The cases: {path}")
    wheel = build_package(course / "for-students")
    print(f"The students' package: {wheel}")
    print(
        f"Now run: nbgrader generate_assignment {arguments.assignment} --force\n"
        f"Students install the package once: pip install {wheel.name}"
    )


def write_cases_beside(notebooks: list[Path]) -> list[Path]:
    """Write the cases of the exercises in some notebooks of one folder, a file for each module.

    These are the public inputs, the same for everybody: no student's hidden ones.
    """
    import nbformat

    from autograder import specs
    from autograder.checking.cases import write_cases
    from autograder.course.filled_notebooks import exercise_cells
    from autograder.spec import Exercise
    from autograder.spec.drawn_cases import draw_cases

    modules: dict[str, list[Exercise]] = {}
    for path in notebooks:
        for identifier in exercise_cells(nbformat.read(path, as_version=4)):
            module = identifier.rpartition(".")[0]
            modules.setdefault(module, []).append(specs.find(identifier))
    written = []
    for module, exercises in modules.items():
        path = notebooks[0].parent / f"{module}.cases"
        write_cases(path, [draw_cases(exercise) for exercise in exercises])
        written.append(path)
    return written


def requirement(name: str) -> str:
    """Return what the students' package requires of a package that is installed here.

    Of torch it is this release, or one that only mends it: another has functions that the grader's
    has not, or computes otherwise. The rest only shows and unpacks, where newer does as well; what
    a student has installed already may stay.
    """
    version = Version(metadata.version(name))  # its public part: `+cpu` is in no public index
    release = f"{version.major}.{version.minor}"
    return f"{name}~={release}.0" if name == "torch" else f"{name}>={release}"


def build_package(folder: Path) -> Path:
    """Build the wheel of `autograder.checking`, which asks for what judges here.

    Raises:
        UserError: pip cannot build it.
    """
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed = "".join(f'  "{requirement(name)}",\n' for name in NEEDED)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        package = root / "autograder"
        package.mkdir()
        shutil.copy(REPOSITORY / "autograder/__init__.py", package)
        shutil.copytree(
            REPOSITORY / "autograder/checking",
            package / "checking",
            ignore=shutil.ignore_patterns(*LEFT_OUT),
        )
        (root / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            f'[project]\nname = "{PACKAGE}"\nversion = "{project["version"]}"\n'
            f'requires-python = "{project["requires-python"]}"\n'
            f"dependencies = [\n{needed}]\n"
            '[tool.setuptools]\npackages = ["autograder", "autograder.checking"]\n'
        )
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
        command += ["--no-index", "--wheel-dir", str(root / "built"), str(root)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise UserError(f"pip cannot build the students' package: {said[-1] if said else ''}")
        wheel = next((root / "built").glob("*.whl"))
        folder.mkdir(exist_ok=True)
        for old in folder.glob(f"{PACKAGE.replace('-', '_')}-*.whl"):
            old.unlink()
        return Path(shutil.move(wheel, folder / wheel.name))
