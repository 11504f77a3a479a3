"""JupyterLab on copies of the exercises; or on a course, with nbgrader and its formgrader.

`lab/` is git-ignored. A notebook is copied there once and from then on belongs to the student: it
is never written again, also when the exercise has changed since.
"""

import os
import subprocess
import sys
from pathlib import Path

from checkout import PYTHON, ROOT, Stop, run

EXERCISES = ROOT / "exercises"
LAB = ROOT / "lab"
FOR_INSTRUCTORS = {"rubric.md"}


def main() -> int:
    """Copy what is not there yet and start JupyterLab."""
    course = os.environ.get("COURSE", "")
    if course:
        folder = Path(course).expanduser().resolve()
        if not (folder / "nbgrader_config.py").is_file():
            raise Stop(
                f"{folder} is no course folder; `.venv/bin/autograder init {course}` makes one."
            )
    else:
        folder = LAB
        copy_exercises()
    path = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", os.defpath)])
    # the token that JupyterLab makes and prints stays: no option here turns it off
    command = [str(PYTHON), "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={folder}", *sys.argv[1:]]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    try:
        return subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}).returncode
    except KeyboardInterrupt:
        return 0


def copy_exercises() -> None:
    """Put into `lab/` what is missing there; leave everything else as it is."""
    for source in sorted(EXERCISES.glob("*/*")):
        if not source.is_file() or source.name in FOR_INSTRUCTORS or source.name.startswith("."):
            continue
        target = LAB / source.relative_to(EXERCISES)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_once(source, target)


def copy_once(source: Path, target: Path) -> None:
    """Copy a file unless something of that name is there; half a copy never gets the name."""
    if os.path.lexists(target):
        return
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.write_bytes(source.read_bytes())
        try:
            os.link(partial, target)  # fails where the name has appeared meanwhile
        except FileExistsError:
            return
        except OSError:  # a file system without links
            partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    print(f"Copied {target.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    run(main)
