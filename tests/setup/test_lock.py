"""The locks: exact, hashed, one a part of the other, and good for what the README promises."""

import importlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.fixture
def lock(monkeypatch):
    """The module setup/lock.py."""
    monkeypatch.syspath_prepend(str(ROOT / "setup"))
    for loaded in ("checkout", "lock"):
        sys.modules.pop(loaded, None)
    return importlib.import_module("lock")


def entries(file):
    """The requirements of a lock, each with its hashes."""
    text = file.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "--"))]
    found = {}
    for line in lines:
        stated, *hashes = line.split(" --hash=sha256:")
        requirement = Requirement(stated.strip())
        name = canonicalize_name(requirement.name)
        if "+cpu" in str(requirement.specifier):
            name += "+cpu"
        found[name] = (requirement, [one.strip() for one in hashes])
    return found


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.stem)
def test_a_lock_is_exact_has_hashes_and_names_no_index(file):
    text = file.read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "--only-binary :all:\n" in text
    found = entries(file)
    assert len(found) > 15
    for requirement, hashes in found.values():
        [specifier] = requirement.specifier
        assert specifier.operator == "==", requirement
        assert specifier.version.partition("+")[2] in ("", "cpu"), requirement
        assert hashes, requirement
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes), requirement


def test_what_is_installed_is_what_is_locked():
    wrong = []
    for requirement, _ in entries(ROOT / "requirements.lock").values():
        if requirement.marker and not requirement.marker.evaluate():
            continue
        if not requirement.specifier.contains(version(requirement.name)):
            wrong.append(f"{requirement} is {version(requirement.name)}")
    assert wrong == []


# --- what students get -------------------------------------------------------------------------


def test_students_get_a_part_of_everything_with_the_same_files():
    everything = entries(ROOT / "requirements.lock")
    student = entries(ROOT / "requirements-student.lock")
    for name, (requirement, hashes) in student.items():
        whole, all_hashes = everything[name]
        assert requirement.specifier == whole.specifier, name
        assert hashes == all_hashes, name
    heavy = {"dask", "distributed", "jupyter-book", "nbgrader", "playwright", "psycopg", "sphinx"}
    assert heavy <= set(everything)
    assert not heavy & set(student)
    assert len(student) < 0.55 * len(everything)


STUDENT_RUNS = """
import importlib, json, pkgutil, sys

forbidden = set(json.loads(sys.argv[1]))

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in forbidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import autograder.checking
from autograder import specs
for module in pkgutil.walk_packages(specs.__path__, "autograder.specs."):
    importlib.import_module(module.name)
for notebook in sys.argv[2:]:
    for cell in json.load(open(notebook, encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and source.startswith(("import ", "from ")):
            exec(source, {})
import ipykernel.kernelapp, jupyterlab.labapp, matplotlib.pyplot
"""


def test_what_students_run_needs_only_what_students_get():
    student = entries(ROOT / "requirements-student.lock")
    forbidden = [
        module
        for module, owners in packages_distributions().items()
        if not any(canonicalize_name(one) in {*student, "inside-language-models"} for one in owners)
    ]
    assert {"nbgrader", "gensim", "transformers"} <= set(forbidden)
    notebooks = sorted(map(str, ROOT.glob("exercises/*/*.ipynb")))
    assert notebooks
    run = subprocess.run(
        [sys.executable, "-c", STUDENT_RUNS, json.dumps(forbidden), *notebooks],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


# --- what the README promises ------------------------------------------------------------------


def test_the_locks_are_what_was_resolved_for_every_system(lock):
    lock.check()
    recorded = lock.RECORD.read_text().splitlines()[1:]
    resolved = [line.partition(":")[0] for line in recorded]
    assert resolved == [
        f"{system}, Python {python}" for system in lock.SYSTEMS for python in lock.PYTHONS
    ]


def test_the_readme_promises_what_was_resolved_and_nothing_else(lock):
    text = " ".join((ROOT / "README.md").read_text().split())
    oldest, newest = (".".join(map(str, one)) for one in (lock.OLDEST, lock.NEWEST))
    systems = list(lock.SYSTEMS)
    assert f"CPython {oldest} to {newest} on {', '.join(systems[:-1])} and {systems[-1]}" in text
    assert not re.search(r"3\.\d+ or newer", text)
    here = f"{systems[0]}, Python {oldest}: "
    [line] = [one for one in lock.RECORD.read_text().splitlines() if one.startswith(here)]
    everything, students = re.findall(r"\d+", line.removeprefix(here))
    assert f"{students} packages of {everything}" in text


def test_pyproject_and_the_refusal_agree_on_pythons(lock):
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest = ".".join(map(str, lock.OLDEST))
    assert SpecifierSet(stated) == SpecifierSet(f">={oldest},<3.{lock.NEWEST[1] + 1}")


def test_the_cpu_builds_of_torch_are_locked_for_every_python_and_system(lock):
    builds = dict(reversed(line.split()) for line in lock.CPU_BUILDS.read_text().splitlines())
    torch = lock.versions(lock.EVERYTHING)["torch"]
    for minor in range(lock.OLDEST[1], lock.NEWEST[1] + 1):
        for system in ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "win_amd64"):
            name = f"torch-{torch}+cpu-cp3{minor}-cp3{minor}-{system}.whl"
            for file in (lock.EVERYTHING, lock.STUDENT):
                entry = "torch" if system == "win_amd64" else "torch+cpu"
                assert builds[name] in entries(file)[entry][1]


def test_cuda_is_in_a_lock_of_its_own(lock):
    assert not [name for name in entries(lock.EVERYTHING) if name.startswith(("nvidia", "cuda"))]
    cuda = entries(lock.CUDA)
    assert set(cuda) & set(entries(lock.EVERYTHING)) == {"torch"}
    assert {"nvidia-cublas", "triton"} <= set(cuda)


# --- writing and resolving ---------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path):
    """A checkout with what `lock.py --check` reads."""
    shutil.copytree(ROOT / "setup", tmp_path / "setup")
    for file in (*LOCKS, ROOT / "pyproject.toml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def checked(root):
    return subprocess.run(
        [sys.executable, "setup/lock.py", "--check"], cwd=root, capture_output=True, text=True
    )


def swap(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: swap(root / "pyproject.toml", '"regex",', '"regex", "new>=1",'),
        lambda root: swap(root / "pyproject.toml", '"gguf",', ""),
        lambda root: swap(root / "pyproject.toml", ">=3.11.2", ">=3.11"),
        lambda root: swap(root / "requirements.lock", "soupsieve==2", "soupsieve==4"),
        lambda root: swap(root / "requirements-student.lock", "sha256:1", "sha256:2"),
        lambda root: swap(root / "setup/lock.py", '"14.0"', '"13.0"'),
    ],
    ids=["new", "gone", "python", "version", "hash", "system"],
)
def test_a_lock_that_was_not_resolved_is_told(copied, change):
    assert checked(copied).returncode == 0
    change(copied)
    refused = checked(copied)
    assert refused.returncode == 1
    assert "run `make lock`" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_other_settings_of_pyproject_leave_the_lock_alone(copied):
    swap(copied / "pyproject.toml", "line-length = 100", "line-length = 99")
    assert checked(copied).returncode == 0


def test_another_torch_asks_for_its_cpu_builds(lock):
    torch = lock.versions(lock.EVERYTHING)["torch"]
    ordinary = "torch=={} \\\n    --hash=sha256:0123\n"
    assert f"torch=={torch}+cpu ; " in lock.with_cpu_builds(ordinary.format(torch))
    with pytest.raises(
        lock.Stop, match=rf"torch 99\.0,.*torch_cpu_builds\.txt.*torch-{torch}\+cpu"
    ):
        lock.with_cpu_builds(ordinary.format("99.0"))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder of wheels that uv takes for the index."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))

    def add(name, tag="py3-none-any", **fields):
        info = f"{name}-1.0.dist-info"
        lines = {"Metadata-Version": "2.1", "Name": name, "Version": "1.0", **fields}
        with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as wheel:
            wheel.writestr(f"{info}/METADATA", "".join(f"{k}: {v}\n" for k, v in lines.items()))
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
            wheel.writestr(f"{info}/RECORD", "")

    return add


@pytest.mark.parametrize(
    ("tag", "fields", "message"),
    [
        ("py3-none-any", {}, ""),
        ("py3-none-any", {"Requires-Python": ">=3.11.5"}, r"tiny.*Python ?>=3\.11\.5"),
        ("cp311-cp311-manylinux_2_28_x86_64", {}, r"tiny.*no wheels|tiny.*no usable wheels"),
        ("py3-none-any", {"Requires-Dist": "other"}, r"other is needed there and not locked"),
    ],
    ids=["all-is-well", "newer-python", "one-system", "not-locked"],
)
def test_resolving_names_the_package_that_breaks_the_promise(
    lock, shop, tmp_path, monkeypatch, tag, fields, message
):
    shop("tiny", tag, **fields)
    shop("other")
    two = list(lock.SYSTEMS.items())
    monkeypatch.setattr(lock, "SYSTEMS", dict((two[0], two[-1])))
    monkeypatch.setattr(lock, "PYTHONS", lock.PYTHONS[:1])
    own = tmp_path / "own.lock"
    own.write_text("tiny==1.0\n")
    for name in ("EVERYTHING", "STUDENT", "CUDA"):
        monkeypatch.setattr(lock, name, own)
    if not message:
        assert len(list(lock.resolve())) == len(lock.SYSTEMS) * len(lock.PYTHONS)
        return
    with pytest.raises(lock.Stop, match=message):
        list(lock.resolve())
