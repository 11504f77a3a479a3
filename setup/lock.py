"""Write the locks, and resolve them for every system and Python that the README promises.

uv does both, from the metadata that the package index serves; nothing is installed. The direct
dependencies stand in pyproject.toml. A lock is everything they need at an exact version, with the
hashes of its files, and keeps its versions until another is asked for:

    requirements.lock          everything: the book, the grader and the tests
    requirements-student.lock  what `make lab` needs, a part of it
    requirements-cuda.lock     for Linux where the index has no CPU build of torch
    resolved.txt               what was resolved, and a digest of the files that it holds for

With `--check` the digest is compared, without a network. With `--resolve` nothing is written.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from checkout import NEWEST, OLDEST, PYTHON, ROOT, Stop, run

EVERYTHING = ROOT / "requirements.lock"
STUDENT = ROOT / "requirements-student.lock"
CUDA = ROOT / "requirements-cuda.lock"
FOR_STUDENTS = ("install", "lab")

CPU_BUILDS = ROOT / "setup" / "torch_cpu_builds.txt"
RECORD = ROOT / "setup" / "resolved.txt"

# the README's name of each system, and uv's
SYSTEMS = {
    "Linux on x86-64": "x86_64-manylinux_2_28",
    "Linux on arm64": "aarch64-manylinux_2_28",
    "Windows on x86-64": "x86_64-pc-windows-msvc",
    "macOS 14 on Apple silicon": "aarch64-apple-darwin",
}
MACOS = "14.0"
PYTHONS = (
    ".".join(map(str, OLDEST)),
    *(f"3.{minor}.0" for minor in range(OLDEST[1] + 1, NEWEST[1] + 1)),
)
WHEELS = ("--only-binary", ":all:")


def main() -> None:
    """Write and resolve, or what the options say."""
    if "--check" in sys.argv[1:]:
        check()
    elif "--resolve" in sys.argv[1:]:
        print("\n".join(resolve()))
    else:
        write(sys.argv[1:])
        RECORD.write_text("\n".join([digest(), *resolve()]) + "\n")


def check() -> None:
    """Refuse a lock that is not what `make lock` wrote and resolved."""
    if not RECORD.is_file() or RECORD.read_text().splitlines()[0] != digest():
        raise Stop(
            "A lock, or what pyproject.toml says of dependencies, is not what `make lock` last "
            "resolved: run `make lock`."
        )


def digest() -> str:
    """The locks and all that they were made from, as one hash."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = stated["project"]
    made_from = [
        *(project["requires-python"], project["dependencies"], stated["dependency-groups"]),
        *(stated.get("tool", {}).get("uv"), SYSTEMS, MACOS, PYTHONS),
    ]
    total = hashlib.sha256(json.dumps(made_from).encode())
    for file in (EVERYTHING, STUDENT, CUDA, CPU_BUILDS):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


# --- writing ----------------------------------------------------------------------------------


def write(options: list[str]) -> None:
    """Bring the three locks up to what pyproject.toml says; `options` are for uv."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    within = ["--constraint", str(EVERYTHING)]
    compile_lock(EVERYTHING, ["pyproject.toml", *_groups(groups), *options])
    compile_lock(STUDENT, ["pyproject.toml", *_groups(FOR_STUDENTS), *within])
    others = versions(EVERYTHING)
    torch = f"torch=={others.pop('torch')}\n"
    # without the project's own word on what torch needs
    leave_out = ["--no-config", *(f"--no-emit-package={name}" for name in others)]
    compile_lock(CUDA, ["-", *within, *leave_out], torch)
    for lock in (EVERYTHING, STUDENT):
        lock.write_text(with_cpu_builds(lock.read_text()))


def _groups(names: dict[str, list[str]] | tuple[str, ...]) -> Iterator[str]:
    return (f"--group={name}" for name in names)


def compile_lock(lock: Path, arguments: list[str], requirements: str = "") -> None:
    """Write one lock for all systems at once; what it has already, it keeps."""
    everywhere = ["--universal", "--fork-strategy", "fewest", "--python-version", PYTHONS[0]]
    shape = ["--generate-hashes", "--emit-build-options", "--no-annotate"]
    shape += ["--custom-compile-command", "make lock", "--output-file", str(lock)]
    uv(["pip", "compile", *arguments, *everywhere, *shape, *WHEELS], requirements)


def with_cpu_builds(text: str) -> str:
    """A lock that asks for torch's CPU build on Linux, and takes it elsewhere.

    The CPU builds lie on an index of their own. Only on Linux is the ordinary build another.
    """
    builds = dict(reversed(line.split()) for line in CPU_BUILDS.read_text().splitlines())
    entry = re.search(r"^torch==(\S+)(?: \\\n +--hash=sha256:\w+)+\n", text, re.MULTILINE)
    others = [name for name in builds if not name.startswith(f"torch-{entry[1]}+cpu-")]
    if others:
        raise Stop(
            f"The lock has torch {entry[1]}, and {CPU_BUILDS.name} names {others[0]}: write the "
            "names and hashes of the new builds into it."
        )
    linux = {digest for name, digest in builds.items() if "linux" in name}
    ordinary = {*re.findall(r"sha256:(\w+)", entry[0]), *builds.values()} - linux
    entries = _entry(f"torch=={entry[1]} ; sys_platform != 'linux'", ordinary)
    entries += _entry(f"torch=={entry[1]}+cpu ; sys_platform == 'linux'", linux)
    return text.replace(entry[0], entries)


def _entry(requirement: str, hashes: set[str]) -> str:
    lines = [requirement, *(f"    --hash=sha256:{one}" for one in sorted(hashes))]
    return " \\\n".join(lines) + "\n"


# --- resolving --------------------------------------------------------------------------------


def resolve() -> Iterator[str]:
    """Resolve the locks for each system and Python, from wheels alone; a line for each.

    Raises:
        Stop: a package has no wheel there, or needs one that is not locked.
    """
    for system, platform in SYSTEMS.items():
        for python in PYTHONS:
            print(f"  {system}, Python {python}", file=sys.stderr, flush=True)
            where = ["--python-platform", platform, "--python-version", python]
            counts = {}
            for lock in (EVERYTHING, STUDENT):
                counts[lock] = len(_resolved([lock], where))
            if system.startswith("Linux"):
                _resolved([EVERYTHING, CUDA], [*where, "--no-config"])
            yield (
                f"{system}, Python {python}: {counts[EVERYTHING]} packages, "
                f"{counts[STUDENT]} for students"
            )


def _resolved(locks: list[Path], where: list[str]) -> dict[str, str]:
    """Name and version of what is needed there."""
    # the ordinary index stands for the one with the CPU builds
    stated = "".join(lock.read_text() for lock in locks).replace("+cpu", "")
    shape = ["--no-header", "--no-annotate"]
    needed = _pins(uv(["pip", "compile", "-", *where, *WHEELS, *shape], stated))
    locked = {name: version for lock in locks for name, version in versions(lock).items()}
    missing = [name for name in needed if locked.get(name) != needed[name]]
    if missing:
        raise Stop(f"{missing[0]} is needed there and not locked: run `make lock`.")
    return needed


def versions(lock: Path) -> dict[str, str]:
    """Name and version of each package in a lock."""
    return _pins(lock.read_text())


def _pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\+]+)", text, re.MULTILINE))


def uv(arguments: list[str], given: str = "") -> str:
    """Run uv in the checkout and give what it prints.

    Raises:
        Stop: it fails; with its reason, which names the package.
    """
    done = subprocess.run(
        [str(PYTHON.with_name("uv")), *arguments, "--quiet"],
        cwd=ROOT,
        env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": MACOS},
        input=given,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines()]
        reasons = [line for line in lines if "cause:" in line.lower()] or lines or ["nothing"]
        raise Stop(f"uv cannot resolve this, and says: {reasons[0]}")
    return done.stdout


if __name__ == "__main__":
    run(main)
