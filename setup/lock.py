"""Write requirements.lock from what `.venv` holds, or check that it fits pyproject.toml.

Runs in the environment. The direct dependencies stand in pyproject.toml; the lock is everything
they need, at the installed version, with a marker where a package is needed on some platforms only.
To update: install what is wanted into .venv, then `make lock`.
"""

import re
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import Distribution, distributions

from checkout import ROOT, Stop, run
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = ROOT / "requirements.lock"
HEAD = "# Everything the course needs, at exact versions; written by `make lock`.\n"
EVERYWHERE = ""


def main() -> None:
    """Write, or with `--check` compare."""
    roots = direct()
    if "--check" not in sys.argv[1:]:
        LOCK.write_text(HEAD + "".join(f"{line}\n" for line in lines(roots)))
        return
    pinned = {}
    for line in LOCK.read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            pinned[canonicalize_name(requirement.name)] = requirement.specifier
    for requirement in roots:
        name = canonicalize_name(requirement.name)
        versions = [specifier.version for specifier in pinned.get(name, ())]
        if not versions or not requirement.specifier.contains(versions[0]):
            raise Stop(
                f"{requirement} of pyproject.toml is not what requirements.lock has: "
                "install it into .venv and run `make lock`."
            )


def direct() -> list[Requirement]:
    """The requirements that pyproject.toml states, of the project and of its groups."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    stated = list(declared["project"].get("dependencies", []))
    for group in declared.get("dependency-groups", {}).values():
        stated += [line for line in group if isinstance(line, str)]
    return [Requirement(line) for line in stated]


def lines(roots: list[Requirement]) -> list[str]:
    """One line `name==version ; marker` for each installed package that `roots` lead to."""
    installed = {canonicalize_name(found.name): found for found in distributions()}
    conditions: dict[str, set[str]] = defaultdict(set)
    waiting = [(requirement, EVERYWHERE) for requirement in roots]
    seen = set()
    while waiting:
        requirement, condition = waiting.pop()
        name = canonicalize_name(requirement.name)
        step = (name, frozenset(requirement.extras), condition)
        if name not in installed or step in seen:
            continue
        seen.add(step)
        conditions[name].add(condition)
        waiting += needs(installed[name], requirement.extras, condition)
    return [entry(installed[name], conditions[name]) for name in sorted(conditions)]


def needs(package: Distribution, extras: set[str], condition: str) -> list[tuple[Requirement, str]]:
    """What a package needs here, each with the platforms on which it is needed."""
    found = []
    for line in package.requires or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            continue
        found.append((requirement, both(condition, platforms(marker))))
    return found


def platforms(marker: Marker | None) -> str:
    """The part of a marker that does not speak of extras, or nothing."""
    if marker is None or "extra" not in str(marker):
        return str(marker or EVERYWHERE)
    rest = re.sub(r"""\s*(and\s+)?extra\s*==\s*["'][^"']*["']""", "", str(marker))
    rest = re.sub(r"^\s*and\s+", "", rest).strip()
    try:
        return str(Marker(rest)) if rest else EVERYWHERE
    except ValueError:
        return EVERYWHERE


def both(first: str, second: str) -> str:
    """Two conditions joined; the empty one always holds."""
    if not first or not second or first == second:
        return first or second
    return f"({first}) and ({second})"


def entry(package: Distribution, conditions: set[str]) -> str:
    """A line of the lock. A local version such as 2.13.0+cpu is the index's affair."""
    line = f"{canonicalize_name(package.name)}=={package.version.partition('+')[0]}"
    if EVERYWHERE in conditions:
        return line
    return f"{line} ; {' or '.join(f'({one})' for one in sorted(conditions))}"


if __name__ == "__main__":
    run(main)
