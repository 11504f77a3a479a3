"""formgrader's pages and the feedback, closed: nothing in them runs, or is fetched, but their own.

nbgrader writes names into its pages as they are. Its templates are read with what is missing put
in: values are escaped as the place needs in which they stand, and each script gets a number that no
text of a student's can know. The browser is told to run nothing without it, and to ask nobody else.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.formgrader.base import BaseApiHandler, BaseHandler
from nbgrader.server_extensions.formgrader.handlers import template_path

from autograder.grading.bounded_rendering import BoundedExporter
from autograder.grading.harmless_markup import with_own_ids
from autograder.grading.harmless_text import without_escapes

# nbgrader's own scripts in attributes, where no number can stand
HANDLER = re.compile(r"\bon[a-z]+=\"([^\"{}]*)\"", re.IGNORECASE)
OWN_HANDLERS = sorted(
    {
        script
        for path in Path(template_path).rglob("*")
        if path.is_file()
        for script in HANDLER.findall(path.read_text("utf-8"))
    }
)
SCRIPT = re.compile(r"(<script\b)([^>]*>)(.*?)(</script>)", re.DOTALL)
IN_QUOTES = re.compile(r'"\{\{\s*([\w.]+)\s*\}\}([^"{}]*)"')
ENCODED = r'{{ \1 | urlencode | replace("/", "%2F") | tojson }}'
IN_ADDRESS = re.compile(r'"\{\{\s*(student_id)\s*\}\}"')  # a script uses it for nothing else
VALUE = re.compile(r"\{\{\s*(resources\.\w+)\s*\}\}")
MATHJAX = re.compile(r'"https://[^"]*/mathjax/[^"]*"')
MATHJAX_SETTINGS = ' type="text/x-mathjax-config"'  # a script that MathJax would have evaluated
BESIDE_FORMGRADER = (
    "static/jupyter_server_mathjax/MathJax.js?config=TeX-AMS-MML_HTMLorMML-full,Safe"
)
ELSEWHERE = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/"
BESIDE_FEEDBACK = f"{ELSEWHERE}MathJax.js?config=TeX-AMS_CHTML-full,Safe"
REFRESH = re.compile(r"<meta\b[^>]*\brefresh\b[^>]*>", re.IGNORECASE)  # no policy forbids it
# a browser asks for these and is then told not to
FROM_ELSEWHERE = re.compile(
    r"(<(?:img|input|audio|video|source|iframe)\b[^>]*?\s)src(=\"\s*(?:[a-z][a-z0-9+.-]*:)?[/\\]{2})",
    re.IGNORECASE,
)
CHARSET = '<meta charset="utf-8" />'
ANYWHERE = "default-src 'none'; base-uri 'none'; form-action 'none'"


class Closed(jinja2.BaseLoader):
    """Loads templates as another loader does, and closes them."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        """Take the loader that finds the templates."""
        self.loader = loader

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return a template, closed."""
        source, path, is_current = self.loader.get_source(environment, template)
        return closed(source) if "{" in source else source, path, is_current


def closed(source: str) -> str:
    """Return a template with its values escaped and its scripts numbered."""

    def numbered(found: re.Match[str]) -> str:
        begin, attributes, script, end = found.groups()
        attributes = attributes.replace(MATHJAX_SETTINGS, "")
        script = IN_ADDRESS.sub(ENCODED, script)
        script = IN_QUOTES.sub(r'{{ (\1 ~ "\2") | tojson }}', script)
        return f'{begin} nonce="{{{{ page_number() }}}}"{attributes}{script}{end}'

    source = MATHJAX.sub("mathjax_address()", SCRIPT.sub(numbered, source))
    source = VALUE.sub(r"{{ \1 | e }}", source)
    return source.replace(CHARSET, f"{CHARSET}\n{{{{ page_policy() }}}}")


def policy(number: str, *more: str) -> str:
    """Return what a browser is told: what it may load and run for a page with this number."""
    hashes = " ".join(map(_hash_of, OWN_HANDLERS))
    return "; ".join(
        (
            ANYWHERE,
            # MathJax loads its parts itself, and tries at its start whether it can evaluate
            f"script-src 'nonce-{number}' 'strict-dynamic' 'unsafe-eval' 'unsafe-hashes' {hashes}",
            *more,
        )
    )


def _hash_of(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


class ClosedExporter(BoundedExporter):
    """Makes a page of a notebook: of nbgrader's template, and of text that only reads.

    `number` is the page's; `mathjax` where it finds MathJax; `meta` what it says of itself, for a
    page that no server speaks for.
    """

    number, mathjax, meta = "", "", ""

    def _create_environment(self) -> jinja2.Environment:
        environment = super()._create_environment()
        environment.loader = Closed(environment.loader)
        environment.globals["page_number"] = lambda: self.number
        environment.globals["page_policy"] = lambda: self.meta
        environment.globals["mathjax_address"] = lambda: self.mathjax
        return environment

    @jinja2.pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return HTML whose ids are none of the page's."""
        return with_own_ids(super().markdown2html(context, source))

    def from_notebook_node(self, nb: Any, resources: Any = None, **more: Any) -> tuple[str, Any]:
        """Return the page; a source may hold what a terminal obeys, and the page does not."""
        page, resources = super().from_notebook_node(nb, resources, **more)
        page = REFRESH.sub("", without_escapes(page))
        return FROM_ELSEWHERE.sub(r"\1data-from\2", page), resources


class FeedbackExporter(ClosedExporter):
    """Makes the feedback, which students open as a file."""

    mathjax = BESIDE_FEEDBACK

    def from_notebook_node(self, nb: Any, resources: Any = None, **more: Any) -> tuple[str, Any]:
        """Return the page."""
        self.number = secrets.token_urlsafe(16)
        content = policy(
            self.number,
            f"style-src 'unsafe-inline' {ELSEWHERE}",
            "img-src data:",
            f"font-src data: {ELSEWHERE}",
        )
        self.meta = f'<meta http-equiv="Content-Security-Policy" content="{content}" />'
        return super().from_notebook_node(nb, resources, **more)


class ClosedHandler(BaseHandler):
    """What nbgrader's handlers, which are of the class above, do in its place."""

    @cached_property
    def page_number(self) -> str:
        """The number of the scripts of this answer."""
        return secrets.token_urlsafe(16)

    @property
    def content_security_policy(self) -> str:
        """What the browser is told with each page and each answer of formgrader's."""
        return policy(
            self.page_number,
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "frame-ancestors 'self'",
        )

    @property
    def exporter(self) -> ClosedExporter:
        """What makes the page of a submission."""
        exporter = self.settings.get("closed_exporter")
        if exporter is None:
            config = self.settings["nbgrader_exporter"].config
            exporter = self.settings["closed_exporter"] = ClosedExporter(config=config)
        exporter.number = self.page_number
        exporter.mathjax = url_path_join(self.base_url or "/", BESIDE_FORMGRADER)
        return exporter

    def render(self, name: str, **values: Any) -> str:
        """Return one of the other pages."""
        environment = self.settings.get("closed_environment")
        if environment is None:
            loader = Closed(jinja2.FileSystemLoader([template_path]))
            environment = jinja2.Environment(loader=loader, autoescape=True)
            self.settings["closed_environment"] = environment
        values |= {
            "page_number": lambda: self.page_number,
            "page_policy": lambda: "",
            "mathjax_address": lambda: "",
        }
        return environment.get_template(name).render(**values)


class ClosedApiHandler(BaseApiHandler):
    """What nbgrader's handlers for its own scripts do besides."""

    def set_default_headers(self) -> None:
        """Say that what they answer is no page, should somebody be led to its address."""
        BaseHandler.set_default_headers(self)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")


def close_formgrader() -> None:
    """Have formgrader's handlers answer with closed pages."""
    for name in ("page_number", "content_security_policy", "exporter", "render"):
        setattr(BaseHandler, name, vars(ClosedHandler)[name])
    BaseApiHandler.set_default_headers = ClosedApiHandler.set_default_headers
