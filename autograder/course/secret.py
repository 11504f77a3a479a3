"""The secret of a course, from which the seeds of hidden inputs are derived."""

import os
import re
import secrets
from pathlib import Path

from autograder.errors import UserError

SECRET = "seeds.secret"
SECRET_BYTES = 32


def make_secret(folder: Path) -> None:
    """Write a new secret into a course folder that has none."""
    with open(folder / SECRET, "x", opener=private) as file:
        file.write(secrets.token_hex(SECRET_BYTES) + "\n")


def private(path: str, flags: int) -> int:
    """Open a file that nobody but its owner may read, from its first byte on."""
    return os.open(path, flags, 0o600)


def course_secret(folder: Path) -> bytes:
    """Return the secret of a course.

    Raises:
        UserError: it is missing, or not the one that `autograder init` wrote.
    """
    path = folder / SECRET
    if not path.exists():
        raise UserError(
            f"{path} is missing: put it back from your backup, or regraded scores will differ"
        )
    digits = path.read_text().strip()
    if not re.fullmatch(f"[0-9a-f]{{{2 * SECRET_BYTES}}}", digits):
        raise UserError(f"{path} is damaged: put it back from your backup")
    return bytes.fromhex(digits)
