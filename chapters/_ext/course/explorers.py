"""A live explorer: a module in _static/explorers beside its text equivalent.

    :::{explorer} attention-heads
    :label: Every head's weights for a sentence of your own

    (what the module computes first, as a table or figure)
    :::

The module's default export is `start(element, {still})`. The page shows the content until it ran.
"""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class explorer(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes like this
    """Where an explorer starts."""


class Explorer(SphinxDirective):
    """Read an explorer's place."""

    required_arguments = 1
    has_content = True
    option_spec = {"label": directives.unchanged_required}  # noqa: RUF012 - docutils' interface

    def run(self) -> list[nodes.Node]:
        """Return the place with its text equivalent inside."""
        self.assert_has_content()
        name = self.arguments[0]
        module = f"explorers/{name}.js"
        static = [Path(self.env.srcdir, folder) for folder in self.config.html_static_path]
        if not any((folder / module).is_file() for folder in static):
            raise self.error(f"explorer {name}: there is no _static/{module}")
        if "label" not in self.options:
            raise self.error(f"explorer {name} needs a :label: that says what one sees")
        node = explorer(module=module, label=self.options["label"])
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def visit(self, node: explorer) -> None:
    """Open the place."""
    depth = self.builder.current_docname.count("/")
    self.body.append(
        self.starttag(
            node,
            "div",
            CLASS="explorer",
            role="group",
            **{
                "aria-label": node["label"],
                "data-module": "../" * depth + f"_static/{node['module']}",
            },
        )
    )


def depart(self, node: explorer) -> None:
    """Close the place."""
    self.body.append("</div>\n")


def setup(app: Sphinx) -> None:
    """Register directive and node."""
    app.add_node(explorer, html=(visit, depart))
    app.add_directive("explorer", Explorer)
