"""`glob` in which brackets are letters, for nbgrader, which makes patterns of folders' names.

A course may lie in "Courses [2030]" and an assignment be called "week 1 [test]". What stands for
other characters is `*` and `?`, as before.
"""

import glob as standard
import sys


def glob(pathname: str, **options: object) -> list[str]:
    """Return the paths that match a pattern."""
    return standard.glob(pathname.replace("[", "[[]"), **options)


def take_its_place(package: str) -> None:
    """Have all modules of a package that are loaded look for files with this one."""
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}.") and getattr(module, "glob", None) is standard:
            module.glob = sys.modules[__name__]
