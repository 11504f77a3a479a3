"""What pip says when it fails, put into one line with the remedy.

Standard library only: it also serves before there is an environment.
"""

_NO_NETWORK = (
    "{what} is not here and the package index cannot be reached. Connect to the network (or set "
    "PIP_INDEX_URL to a mirror) and run the same command again."
)
_NOT_OFFERED = (
    "{what} is not offered by the package index pip is set to. Unset PIP_NO_INDEX, or set "
    "PIP_INDEX_URL to an index that has it, and run the same command again."
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
        return _WRONG_HASH.format(what=what)
    if "no space left" in said or "errno 28" in said or "disk quota" in said:
        return disk_full(what, elsewhere)
    if any(words in said for words in _UNREACHABLE):
        return _NO_NETWORK.format(what=what)
    if "no matching distribution" in said:
        return _NOT_OFFERED.format(what=what)
    if "no module named pip" in said:
        return _NO_PIP
    lines = [line.strip() for line in failure.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    reason = (errors or lines or ["nothing"])[-1]
    return f"{what} could not be fetched. pip says: {reason}"


def disk_full(what: str, elsewhere: str) -> str:
    """One line for a disk without room."""
    return _DISK_FULL.format(what=what, elsewhere=elsewhere)
