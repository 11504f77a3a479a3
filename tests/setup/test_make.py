"""`make` as a user meets it: in a copy of the checkout, with what goes wrong made to go wrong."""

import ast
import hashlib
import importlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "setup"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make is for Linux and macOS")


@pytest.fixture
def checkout(tmp_path):
    """A checkout with the files that `setup/` works on, and no environment."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("Makefile", "pyproject.toml", "_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, root)
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy(lock, root)
    shutil.copytree(SETUP, root / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "solutions/materials").mkdir(parents=True)
    for name in ("__init__.py", "materials/__init__.py", "materials/pip_failures.py"):
        shutil.copy(ROOT / "solutions" / name, root / "solutions" / name)
    for name in ("attention", "capstone"):
        folder = root / "exercises" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(f'{{"exercise": "{name}"}}')
        (folder / "rubric.md").write_text("for instructors")
    return root


def make(checkout, *arguments, **environment):
    # a make that runs the tests hands its flags down
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env={**inherited, "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def last_line(text):
    return [line for line in text.strip().splitlines() if not line.startswith("make:")][-1]


def load(checkout, name, monkeypatch):
    """The module setup/NAME.py of that checkout."""
    monkeypatch.syspath_prepend(str(checkout / "setup"))
    for loaded in ("checkout", "system_tools", "environment", "book", "lab", "clean"):
        sys.modules.pop(loaded, None)
    module = importlib.import_module(name)
    monkeypatch.setattr(sys, "argv", [name])
    return module


# --- listing -----------------------------------------------------------------------------------


def test_plain_make_lists_every_target(checkout):
    listed = make(checkout).stdout
    for target in ("book", "test", "serve", "lab", "demo", "lint", "bench", "clean", "lock"):
        assert f"make {target} " in listed
    assert not (checkout / ".venv").exists()


def test_the_readme_names_only_targets_that_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = (ROOT / "README.md").read_text()
    fenced = re.findall(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))
    lines = [line for block in fenced for line in block.splitlines()] + inline
    named = {match[1] for line in lines if (match := re.match(r"make ([a-z]+)\b", line))}
    assert {"book", "test", "lab", "serve", "demo"} <= named
    assert named <= targets


# --- the environment ---------------------------------------------------------------------------


@pytest.fixture
def small(checkout):
    """Two packages are locked, one for students, and the index is a folder that has them."""
    shop = checkout.parent / "shop"
    shop.mkdir()
    lock(checkout, make_wheel(shop, "tiny", "1.0"), make_wheel(shop, "heavy", "1.0"))
    lock(checkout, shop / "tiny-1.0-py3-none-any.whl", name="requirements-student.lock")
    # an editable install needs setuptools, which the checkout's own environment has
    script = checkout / "setup" / "environment.py"
    source = script.read_text()
    line = '    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))\n'
    assert line in source
    script.write_text(source.replace(line, ""))
    return checkout


def lock(checkout, *wheels, name="requirements.lock"):
    """Write a lock that has these wheels by their hashes."""
    lines = ["--only-binary :all:\n"]
    for wheel in wheels:
        package, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{package}=={version} \\\n    --hash=sha256:{digest}\n")
    (checkout / name).write_text("".join(lines))


def make_wheel(shop, name, version, python=">=3", tag="py3-none-any"):
    wheel = shop / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        info = f"{name}-{version}.dist-info"
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n",
        )
        archive.writestr(
            f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def offline(checkout):
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(checkout.parent / "shop"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_CACHE_DIR": str(checkout.parent / "pip"),
    }


def installed(checkout, name="tiny"):
    asked = [checkout / ".venv/bin/python", "-c", f"import {name}; print({name}.version)"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.strip()


def test_the_environment_has_what_is_locked_and_is_made_once(small):
    first = make(small, "environment", **offline(small))
    assert first.returncode == 0, first.stderr
    assert installed(small) == "1.0"
    second = make(small, "environment", **offline(small))
    assert second.returncode == 0
    assert second.stdout == ""


def test_a_changed_lock_is_installed(small):
    make(small, "environment", **offline(small))
    lock(small, make_wheel(small.parent / "shop", "tiny", "2.0"))
    assert make(small, "environment", **offline(small)).returncode == 0
    assert installed(small) == "2.0"


@pytest.mark.parametrize(
    "damage",
    [
        lambda venv: shutil.rmtree(next(venv.glob("lib/python*/site-packages/pip"))),
        lambda venv: (venv / "bin/python").unlink(),
        lambda venv: (venv / "pyvenv.cfg").unlink(),
    ],
    ids=["no-pip", "no-python", "no-configuration"],
)
def test_a_half_made_environment_is_made_again(small, damage):
    make(small, "environment", **offline(small))
    damage(small / ".venv")
    (small / ".venv" / "installed").unlink()
    again = make(small, "environment", **offline(small))
    assert again.returncode == 0, again.stderr
    assert installed(small) == "1.0"


@pytest.mark.parametrize("seconds", [0.4, 1.5, 3])
def test_stopped_by_ctrl_c_the_next_run_carries_on(small, seconds):
    child = subprocess.Popen(
        [sys.executable, "setup/environment.py"],
        cwd=small,
        env={**os.environ, **offline(small)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(seconds)
    child.send_signal(signal.SIGINT)
    _, error = child.communicate(timeout=60)
    if child.returncode == 130:
        assert last_line(error) == "Stopped. The next run carries on here."
    again = make(small, "environment", **offline(small))
    assert again.returncode == 0, again.stderr
    assert installed(small) == "1.0"


def test_without_network_one_line_says_what_to_do(small):
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    dead |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}
    kept = (small / "requirements.lock").read_text()
    (small / "requirements.lock").write_text(kept.replace("tiny", "no-such-package-anywhere"))
    failed = make(small, "environment", **dead)
    assert failed.returncode != 0
    assert "Traceback" not in failed.stderr
    assert "cannot be reached" in last_line(failed.stderr)
    assert "run the same command again" in last_line(failed.stderr)
    (small / "requirements.lock").write_text(kept)
    assert make(small, "environment", **offline(small)).returncode == 0


def test_students_get_their_lock_and_the_rest_comes_when_it_is_needed(small):
    def environment(asked):
        script = [sys.executable, "setup/environment.py", asked]
        return subprocess.run(
            script, cwd=small, env={**os.environ, **offline(small)}, capture_output=True, text=True
        )

    first = environment("student")
    assert first.returncode == 0, first.stderr
    assert (installed(small, "tiny"), installed(small, "heavy")) == ("1.0", "")
    assert "requirements.lock" in environment("everything").stdout
    assert (installed(small, "tiny"), installed(small, "heavy")) == ("1.0", "1.0")
    assert environment("student").stdout == ""
    assert "student or everything" in environment("nobody").stderr


@pytest.mark.parametrize(("course", "asked"), [("", "student"), ("~/my-course", "everything")])
def test_lab_asks_for_more_only_on_a_course(checkout, course, asked):
    commands = make(checkout, "--dry-run", "lab", f"COURSE={course}").stdout
    assert f"setup/environment.py {asked}\n" in commands
    assert f"setup/environment.py {asked}\n" in make(checkout, "-n", "lab", COURSE=course).stdout


def test_a_file_that_is_not_the_locked_one_is_refused_and_named(small):
    with (small.parent / "shop" / "tiny-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"x")
    failed = make(small, "environment", **offline(small))
    assert failed.returncode != 0
    assert last_line(failed.stderr).startswith("tiny 1.0 came with a wrong hash")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has two builds of torch")
@pytest.mark.parametrize("offered", [True, False], ids=["cpu-build", "cuda-only"])
def test_torch_is_the_cpu_build_where_there_is_one_and_else_cudas(small, offered):
    shop = small.parent / "shop"
    builds = small.parent / "builds"
    builds.mkdir()
    cpu = make_wheel(shop if offered else builds, "torch", "1.0+cpu")
    lock(small, shop / "tiny-1.0-py3-none-any.whl", cpu)
    lock(small, make_wheel(shop, "torch", "1.0"), name="requirements-cuda.lock")
    made = make(small, "environment", **offline(small))
    assert made.returncode == 0, made.stderr
    assert installed(small, "torch") == ("1.0+cpu" if offered else "1.0")
    assert installed(small, "tiny") == "1.0"
    assert ("torch with CUDA only" in made.stdout) != offered


def index(checkout, *wheels):
    """An index of the usual kind, in a folder; a wheel may come with the Python it requires."""
    shop = checkout.parent / "index" / "tiny"
    shop.mkdir(parents=True)
    links = [
        f'<a href="{wheel.as_uri()}" data-requires-python="{python}">{wheel.name}</a>'
        for wheel, python in wheels
    ]
    (shop / "index.html").write_text("<!DOCTYPE html>" + "\n".join(links))
    return {
        "PIP_INDEX_URL": shop.parent.as_uri(),
        "PIP_FIND_LINKS": "",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_CONFIG_FILE": os.devnull,
    }


def test_a_package_for_another_python_is_named_with_the_cause(small):
    shop = small.parent / "shop"
    new = make_wheel(shop, "tiny", "4.1.2", python=">=3.99")
    lock(small, new)
    served = index(small, (shop / "tiny-1.0-py3-none-any.whl", "&gt;=3"), (new, "&gt;=3.99"))
    failed = make(small, "environment", **served)
    running = ".".join(map(str, sys.version_info[:3]))
    said = f"tiny 4.1.2 needs Python >=3.99, and this is {running}."
    assert last_line(failed.stderr).startswith(said)
    from_a_folder = make(small, "environment", **offline(small))
    assert last_line(from_a_folder.stderr).startswith("tiny needs Python >=3.99")


def test_a_package_without_a_file_for_this_machine_is_named(small):
    shop = small.parent / "shop"
    foreign = make_wheel(shop, "tiny", "2.0", tag="cp311-cp311-aix_7_2_ppc64")
    lock(small, foreign)
    served = index(small, (shop / "tiny-1.0-py3-none-any.whl", "&gt;=3"), (foreign, "&gt;=3"))
    failed = make(small, "environment", **served)
    said = last_line(failed.stderr)
    assert "no file of tiny 2.0 for Python" in said
    assert platform.machine() in said


def test_a_package_that_the_index_has_not_is_named(small):
    kept = (small / "requirements.lock").read_text()
    (small / "requirements.lock").write_text(kept.replace("heavy", "absent"))
    failed = make(small, "environment", **offline(small))
    assert last_line(failed.stderr).startswith("absent 1.0 is not offered by the package index")


# --- a wrong Python ----------------------------------------------------------------------------

# run by whatever Python there is; lock.py runs in the environment
ENTRIES = ("environment", "system_tools", "clean", "lab", "book", "benchmarks")


def old_pythons():
    """Pythons on this machine that the locks are not for."""
    found = [shutil.which(f"python3.{minor}") for minor in (6, 7, 8, 9, 10, 14, 15)]
    found += sorted(map(str, Path.home().glob(".pyenv/versions/3.*/bin/python")))
    asked = "import sys; print(*sys.version_info[:3], sep='.')"
    pythons = {}
    for python in filter(None, found):
        answer = subprocess.run([python, "-c", asked], capture_output=True, text=True)
        version = answer.stdout.strip()
        if answer.returncode == 0 and not (3, 11) <= tuple(map(int, version.split(".")[:2])) < (
            3,
            14,
        ):
            pythons.setdefault(version, python)
    return pythons


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_wrong_python_is_refused_in_one_sentence(checkout, entry):
    pythons = old_pythons()
    if not pythons:
        pytest.skip("this machine has no Python that is refused")
    for version, python in pythons.items():
        refused = subprocess.run(
            [python, f"setup/{entry}.py"], cwd=checkout, capture_output=True, text=True
        )
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert refused.stderr == (
            f"Python 3.11.2 to 3.13 is needed, and this is {version}: install one of these and "
            "name it, as in `make book PYTHON=python3.13` or `py -3.13`.\n"
        )


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        ((3, 6, 0), False),
        ((3, 11, 1), False),
        ((3, 11, 2), True),
        ((3, 12, 0), True),
        ((3, 13, 9), True),
        ((3, 14, 0), False),
    ],
)
def test_the_pythons_of_the_lock_are_accepted(checkout, monkeypatch, version, accepted):
    assert (load(checkout, "checkout", monkeypatch).refusal(version) == "") == accepted


@pytest.mark.parametrize("script", sorted(SETUP.glob("*.py")), ids=lambda file: file.stem)
def test_python_3_6_can_read_as_far_as_the_refusal(script):
    ast.parse(script.read_text("utf-8"), feature_version=(3, 6))


def test_a_python_without_ensurepip_says_which_package_has_it(checkout, monkeypatch):
    environment = load(checkout, "environment", monkeypatch)
    tools = importlib.import_module("system_tools")
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(tools, "can_install", lambda: False)
    monkeypatch.setattr(tools, "on_debian", lambda: True)
    with pytest.raises(tools.Stop, match=r"apt-get install -y python3\.\d+-venv"):
        environment.create()


def test_a_full_disk_is_told_in_one_line(checkout, monkeypatch):
    environment = load(checkout, "environment", monkeypatch)
    full = subprocess.CompletedProcess([], 1, "", "OSError: [Errno 28] No space left on device")
    monkeypatch.setattr(environment.subprocess, "run", lambda *a, **k: full)
    with pytest.raises(environment.Stop, match=r"disk is full\. Make room"):
        environment.create()


# --- system tools ------------------------------------------------------------------------------


@pytest.fixture
def tools(checkout, monkeypatch):
    module = load(checkout, "system_tools", monkeypatch)
    absent = module.Tool("lantern", lambda: False, "seeing in the dark")
    present = module.Tool("rope", lambda: True, "climbing")
    monkeypatch.setattr(module, "TOOLS", (absent, present))
    monkeypatch.setattr(module, "can_install", lambda: False)
    monkeypatch.setattr(module, "on_debian", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    return module


def test_a_missing_tool_is_named_with_the_line_that_installs_it(tools, capsys):
    tools.main()
    said = capsys.readouterr().out
    assert "sudo apt-get install -y lantern\n" in said
    assert "skipped without lantern: seeing in the dark" in said
    assert "rope" not in said


def test_a_missing_tool_is_an_error_in_ci(tools, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(tools.Stop, match=r"CI=true and missing: lantern"):
        tools.main()


def test_as_root_on_debian_missing_tools_are_installed(tools, monkeypatch, capsys):
    called = []
    monkeypatch.setattr(tools, "can_install", lambda: True)
    monkeypatch.setattr(
        tools.subprocess,
        "run",
        lambda command, **_: (
            called.append(command) or subprocess.CompletedProcess(command, 0, "", "")
        ),
    )
    tools.main()
    assert called[0][:2] == ["apt-get", "update"]
    assert called[1][:2] == ["apt-get", "install"]
    assert called[1][-1] == "lantern"


def test_an_installation_that_fails_is_told_in_one_line(tools, monkeypatch, capsys):
    monkeypatch.setattr(tools, "can_install", lambda: True)
    monkeypatch.setattr(
        tools.subprocess,
        "run",
        lambda command, **_: subprocess.CompletedProcess(command, 100, "", "E: No route\n"),
    )
    tools.main()
    said = capsys.readouterr()
    assert said.err == "`apt-get update -qq` failed: E: No route\n"
    assert "skipped without lantern" in said.out


# --- the book ----------------------------------------------------------------------------------


@pytest.fixture
def book(checkout, monkeypatch):
    """`setup/book.py` with a builder that counts its runs."""
    module = load(checkout, "book", monkeypatch)
    (checkout / "chapters").mkdir()
    (checkout / "chapters" / "index.md").write_text("# Title\n")
    module.runs = []
    module.status = 0

    def build(command):
        if command[-1] == "--missing":  # what was trained fits its settings
            return 0
        module.runs.append(command)
        module.OUTPUT.mkdir(parents=True, exist_ok=True)
        (module.OUTPUT / "index.html").write_text("<h1>Title</h1>")
        return module.status

    monkeypatch.setattr(module, "call", build)
    return module


def test_an_unchanged_book_is_not_built_again(book):
    book.main()
    book.main()
    assert len(book.runs) == 1
    assert {"-W", "-n", "--keep-going"} <= set(book.runs[0])


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "chapters/index.md").write_text("# Other\n"),
        lambda root: (root / "chapters/new.md").write_text("# New\n"),
        lambda root: (root / "solutions/attention.py").write_text("x = 1\n"),
        lambda root: (root / "_config.yml").write_text("title: Other\n"),
        lambda root: (root / "requirements.lock").write_text("tiny==3.0\n"),
        lambda root: (root / "chapters/index.md").unlink(),
        lambda root: (root / "_build/html/index.html").unlink(),
        lambda root: (root / "_build/html/index.html").write_text("<h1>Ti"),
    ],
    ids=["edit", "new", "code", "config", "lock", "delete", "lost-page", "cut-page"],
)
def test_a_change_builds_the_book_again(book, checkout, change):
    book.main()
    change(checkout)
    book.main()
    assert len(book.runs) == 2


def test_compiled_code_is_no_change(book, checkout):
    book.main()
    (checkout / "solutions" / "__pycache__").mkdir()
    (checkout / "solutions" / "__pycache__" / "x.pyc").write_bytes(b"x")
    book.main()
    assert len(book.runs) == 1


def test_a_failed_build_is_an_error_and_is_tried_again_in_full(book, checkout):
    pickle = checkout / "_build" / ".doctrees" / "environment.pickle"
    pickle.parent.mkdir(parents=True)
    pickle.write_bytes(b"what Sphinx has read")
    book.status = 1
    for _ in range(2):
        with pytest.raises(book.Stop, match="not built"):
            book.main()
        assert not pickle.exists()
    assert len(book.runs) == 2


# --- students' copies, courses, cleaning -------------------------------------------------------


def test_lab_copies_are_made_once_and_never_overwritten(checkout, monkeypatch, capsys):
    lab = load(checkout, "lab", monkeypatch)
    lab.copy_exercises()
    copy = checkout / "lab/attention/attention.ipynb"
    assert copy.read_text() == '{"exercise": "attention"}'
    copy.write_text("my work")
    (checkout / "lab/capstone/capstone.ipynb").unlink()
    (checkout / "exercises/attention/attention.ipynb").write_text("a newer exercise")
    lab.copy_exercises()
    assert copy.read_text() == "my work"
    assert (checkout / "lab/capstone/capstone.ipynb").exists()
    assert not list((checkout / "lab").rglob("rubric.md"))
    assert not list((checkout / "lab").rglob(".*"))


def test_a_copy_cut_short_never_gets_the_name_of_the_notebook(checkout, monkeypatch):
    lab = load(checkout, "lab", monkeypatch)
    source, target = checkout / "exercises/attention/attention.ipynb", checkout / "copy.ipynb"

    def cut(self, content):
        with self.open("wb") as file:
            file.write(content[:5])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", cut)
        with pytest.raises(OSError, match="No space"):
            lab.copy_once(source, target)
    assert sorted(checkout.glob("*copy.ipynb*")) == []
    lab.copy_once(source, target)
    assert target.read_bytes() == source.read_bytes()


def test_even_a_dangling_link_in_lab_is_left_alone(checkout, monkeypatch):
    lab = load(checkout, "lab", monkeypatch)
    (checkout / "lab/attention").mkdir(parents=True)
    link = checkout / "lab/attention/attention.ipynb"
    link.symlink_to(checkout / "elsewhere.ipynb")
    lab.copy_exercises()
    assert link.is_symlink()
    assert not (checkout / "elsewhere.ipynb").exists()


def test_jupyterlab_is_on_loopback_with_its_token(checkout, monkeypatch):
    lab = load(checkout, "lab", monkeypatch)
    started = []
    monkeypatch.setattr(
        lab.subprocess,
        "run",
        lambda command, **_: started.append(command) or subprocess.CompletedProcess(command, 0),
    )
    assert lab.main() == 0
    assert "--ServerApp.ip=127.0.0.1" in started[0]
    assert not any("token" in word or "password" in word for word in started[0])


def test_a_folder_that_is_no_course_is_refused(checkout, monkeypatch, tmp_path):
    lab = load(checkout, "lab", monkeypatch)
    monkeypatch.setenv("COURSE", str(tmp_path))
    with pytest.raises(lab.Stop, match=r"no course folder; .*autograder init"):
        lab.main()


def test_clean_leaves_work_and_grades_alone(checkout):
    kept = [
        "lab/attention/attention.ipynb",
        "demo/gradebook.db",
        "my-course/gradebook.db",
        "my-course/_build/notes.txt",
        "my-course/__pycache__/kept.pyc",
        ".cache/packages/x/manifest.json",
        ".venv/installed",
        "chapters/index.md",
        "exercises/attention/attention.ipynb",
    ]
    built = [
        "_build/html/index.html",
        ".pytest_cache/x",
        ".ruff_cache/x",
        "solutions/__pycache__/a.pyc",
        "tests/setup/__pycache__/a.pyc",
    ]
    for name in kept + built:
        place = checkout / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)
    cleaned = make(checkout, "clean")
    assert cleaned.returncode == 0, cleaned.stderr
    assert [name for name in kept if not (checkout / name).exists()] == []
    assert [name for name in built if (checkout / name).exists()] == []
    assert cleaned.stdout.strip() == "Kept: .venv, .cache, lab, demo"


def test_clean_follows_no_link_out_of_the_checkout(checkout, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "gradebook.db").write_text("grades")
    (checkout / "_build").symlink_to(precious)
    make(checkout, "clean")
    assert (precious / "gradebook.db").exists()
    assert not (checkout / "_build").exists()
