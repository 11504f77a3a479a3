"""Run a chapter again when code it imports from this repository has changed.

The notebook cache knows only a chapter's own cells. Here the text of every local module a chapter
imports, directly or through another, is hashed; when a hash differs from the one noted at the last
run, the chapter's cached outputs are dropped and Sphinx reads the page again. What a module of
`solutions.experiments` has trained counts with it.
"""

import ast
import hashlib
import json
import re
from pathlib import Path

from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CELL = re.compile(r"^```\{code-cell\}.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\s+(.+)|import\s+([\w., ]+))", re.MULTILINE)
NOTED = "imports.json"
TRAINED = "solutions/materials/trained"


def local_modules(source: str, roots: list[Path]) -> set[Path]:
    """Return the files below `roots` that `source` imports, and those they import in turn."""
    found: set[Path] = set()
    waiting = _imported(source)
    while waiting:
        name = waiting.pop()
        for root in roots:
            stem = root.joinpath(*name.split("."))
            for file in (stem.with_suffix(".py"), stem / "__init__.py"):
                if file.is_file() and file not in found:
                    found.add(file)
                    waiting |= _imports_of_module(file, name)
    return found


def _imported(source: str) -> set[str]:
    names = set()
    for module, members, plain in IMPORT.findall(source):
        if module:
            names.add(module)
            names |= {f"{module}.{m.split()[0]}" for m in re.split(r"[,()]", members) if m.strip()}
        names |= {part.split()[0] for part in plain.split(",") if part.strip()}
    return {parent for name in names for parent in _with_parents(name)}


def _imports_of_module(file: Path, name: str) -> set[str]:
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return {parent for found in names for parent in _with_parents(found)}


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts)) if parts[0]]


def digest(page: Path, root: Path) -> str:
    """Return a hash of the local code the page's cells import."""
    cells = "\n".join(CELL.findall(page.read_text(encoding="utf-8")))
    total = hashlib.sha256()
    for file in sorted(local_modules(cells, [root, page.parent])):
        for part in (file, root / TRAINED / f"{file.stem.replace('_', '-')}.json"):
            if part.is_file():
                total.update(str(part.relative_to(root)).encode() + b"\0")
                total.update(part.read_bytes() + b"\0")
    return total.hexdigest()


def outdated(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Return the pages whose imported code has changed, their cached outputs dropped."""
    folder = Path(env.mystnb_config.execution_cache_path)
    noted_in = folder / NOTED
    noted = json.loads(noted_in.read_text()) if noted_in.exists() else {}
    now = {
        page: digest(path, Path(app.srcdir))
        for page in sorted(env.found_docs)
        if (path := Path(env.doc2path(page))).suffix == ".md"
    }
    changed = [page for page in now if page in noted and noted[page] != now[page]]
    if changed:
        cache = get_cache(str(folder))
        paths = {str(Path(env.doc2path(page))) for page in changed}
        for record in cache.list_cache_records():
            if record.uri in paths:
                cache.remove_cache(record.pk)
    folder.mkdir(parents=True, exist_ok=True)
    noted_in.write_text(json.dumps(now, indent=1))
    return changed


def setup(app: Sphinx) -> None:
    """Ask before Sphinx decides what to read."""
    app.connect("env-get-outdated", outdated)
