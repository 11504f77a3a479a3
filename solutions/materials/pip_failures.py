"""What pip says when it fails, put into one line with the remedy.

Standard library only: it also serves before there is an environment.
"""

import platform
import re

_NO_NETWORK = (
    "{what} is not here and the package index cannot be reached. Connect to the network (or set "
    "PIP_INDEX_URL to a mirror) and run the same command again."
)
_NOT_OFFERED = (
    "{what} is not offered by the package index pip is set to. Unset PIP_NO_INDEX, or set "
    "PIP_INDEX_URL to an index that has it, and run the same command again."
)
_OTHER_PYTHON = (
    "{what} needs Python {wanted}, and this is {python}. Install one that the README names and say "
    "PYTHON=, as in `make book PYTHON=python3.13`."
)
_NOT_FOR_THIS = (
    "The package index pip is set to has no file of {what} for Python {python} on {system}. Use a "
    "Python and a system that the README names, or set PIP_INDEX_URL to an index that has it."
)
_WRONG_HASH = (
    "{what} came with a wrong hash, so it was not unpacked. Run the same command again; if it "
    "stays so, the index or a proxy serves another file."
)
_DISK_FULL = (
    "{what} does not fit: the disk is full. Make room, or {elsewhere}, and run the same command "
    "again."
)
_NO_PIP = "pip is missing from this Python. Run `python -m ensurepip`, then the same command."

_UNREACHABLE = (
    *("connection refused", "connection error", "connectionerror", "newconnectionerror"),
    *("connection reset", "connection aborted", "connection broken", "retrying (retry"),
    *("temporary failure in name resolution", "getaddrinfo failed", "nodename nor servname"),
    *("network is unreachable", "timed out", "max retries", "cannot connect to proxy"),
)


# how pip names the one it cannot have, and the one whose file is another
_MISSING = re.compile(r"that satisfies the requirement (\S+).*?\(from versions: (.*?)\)")
_REFUSES_PYTHON = re.compile(r"Package '(\S+)' requires a different Python: (\S+) not in '(.*)'")
_MISMATCHED = re.compile(r"^ +(\S+==\S+) from .*:$", re.MULTILINE)


def wrong_hash(failure: str) -> bool:
    """Whether pip refused a file because it is not the one that was asked for."""
    return "do not match the hashes" in failure.lower()


def explanation(what: str, failure: str, elsewhere: str) -> str:
    """One line: what is wrong and what to do.

    Args:
        what: name and version of what was to be fetched, or another subject of a sentence.
        failure: what pip wrote to standard error.
        elsewhere: how to use another disk, to be read after "Make room, or".
    """
    said = failure.lower()
    if wrong_hash(failure):
        mismatched = _MISMATCHED.search(failure)
        return _WRONG_HASH.format(what=_readable(mismatched[1]) if mismatched else what)
    if "no space left" in said or "errno 28" in said or "disk quota" in said:
        return disk_full(what, elsewhere)
    if any(words in said for words in _UNREACHABLE):
        return _NO_NETWORK.format(what=what)
    refused = _REFUSES_PYTHON.search(failure)
    if refused:
        name, python, wanted = refused.groups()
        return _OTHER_PYTHON.format(what=name, wanted=wanted, python=python)
    if "no matching distribution" in said:
        return _missing(what, failure)
    if "no module named pip" in said:
        return _NO_PIP
    lines = [line.strip() for line in failure.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    reason = (errors or lines or ["nothing"])[-1]
    return f"{what} could not be fetched. pip says: {reason}"


def disk_full(what: str, elsewhere: str) -> str:
    """One line for a disk without room."""
    return _DISK_FULL.format(what=what, elsewhere=elsewhere)


def _missing(what: str, failure: str) -> str:
    """One line for what pip looked for and did not find: which package, and why."""
    found = _MISSING.search(failure)
    if not found:
        return _NOT_OFFERED.format(what=what)
    version = found[1].partition("==")[2]
    what = _readable(found[1])
    python = platform.python_version()
    wanted = re.search(rf"(?<![\w.]){re.escape(version)} Requires-Python ([^;\n]+)", failure)
    if version and wanted:
        return _OTHER_PYTHON.format(what=what, wanted=wanted[1], python=python)
    if found[2] == "none":
        return _NOT_OFFERED.format(what=what)
    system = f"{platform.system()} {platform.machine()}"
    return _NOT_FOR_THIS.format(what=what, python=python, system=system)


def _readable(requirement: str) -> str:
    """`name==version` as name and version."""
    return requirement.replace("==", " ")
