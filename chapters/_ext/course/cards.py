"""The facts of what the course is made of, from where the course itself reads them."""

import hashlib
import importlib
import json
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class PackageFacts(SphinxDirective):
    """`{package} NAME`: package, version, size, license and hash of a declared package."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the facts as a list of terms."""
        root = str(self.env.app.srcdir)
        if root not in sys.path:
            sys.path.insert(0, root)
        declared = importlib.import_module("solutions.materials.packages")
        self.env.note_dependency(declared.__file__)
        name = self.arguments[0]
        if name not in declared.PACKAGES:
            known = ", ".join(declared.PACKAGES)
            raise self.error(f"no package {name} is declared; there are {known}")
        facts = nodes.field_list(classes=["declared", "card"])
        for term, value in _facts(declared.PACKAGES[name]):
            facts += nodes.field(
                "",
                nodes.field_name(text=term),
                nodes.field_body("", nodes.paragraph("", "", *value)),
            )
        return [facts]


def _facts(package: object) -> list[tuple[str, list[nodes.Node]]]:
    installed = package.installed
    files = [nodes.literal(text=member) for member in package.members]
    return [
        ("Package", [nodes.literal(text=f"{package.name}=={package.version}")]),
        ("Files", [node for file in files for node in (file, nodes.Text(", "))][:-1]),
        ("License", [nodes.Text(package.licence)]),
        (
            "Download",
            [nodes.Text("installed with the course" if installed else f"{package.megabytes} MB")],
        ),
        (
            "SHA-256",
            [
                nodes.Text("by requirements.lock")
                if installed
                else nodes.literal(text=package.sha256)
            ],
        ),
    ]


class Trained(SphinxDirective):
    """`{trained}`: what is shipped of the course's own trainings, a card for each."""

    def run(self) -> list[nodes.Node]:
        """Return a definition list: the command, and then the facts."""
        shipped = Path(self.env.app.srcdir, "solutions/materials/trained")
        cards: list[nodes.Node] = []
        for file in sorted(shipped.glob("*.json")):
            self.env.note_dependency(str(file))
            made = json.loads(file.read_text("utf-8"))
            facts = nodes.field_list(classes=["declared", "card"])
            for term, value in _training_facts(made, file):
                facts += nodes.field(
                    "",
                    nodes.field_name(text=term),
                    nodes.field_body("", nodes.paragraph("", "", value)),
                )
            cards.append(facts)
        return cards


def _training_facts(made: dict, record: Path) -> list[tuple[str, nodes.Node]]:
    runs = len(made["runs"])
    weights = record.with_suffix(".safetensors")
    file = weights if weights.is_file() else record
    kind = "weights in float16" if file == weights else "a record"
    return [
        ("Command", nodes.literal(text=made["command"])),
        (
            "Time",
            nodes.Text(
                f"{made['seconds']:,.0f} s for {runs} run{'s' * (runs > 1)}, on {made['machine']}"
            ),
        ),
        ("Shipped", nodes.Text(f"{kind}, {file.stat().st_size / 1e6:.1f} MB")),
        ("SHA-256", nodes.literal(text=hashlib.sha256(file.read_bytes()).hexdigest())),
    ]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("package", PackageFacts)
    app.add_directive("trained", Trained)
