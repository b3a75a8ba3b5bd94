"""A notebook and a template in, HTML out, many times a second.

nbconvert's exporter is kept, and so is what it made of a text: most cells of a class's
notebooks are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from traitlets.config import Config

from autograder.reporting.clean import clean_html
from autograder.reporting.words import ended

TEMPLATES = Path(__file__).parent / "templates"
# Larger texts are hardly ever the same, and would fill the memory.
_MAX_KEPT = 100_000
_IMAGE = re.compile(r"<img\b(?![^>]*\salt=)")
_ALT = '<img alt="No description has been provided for this image"'


def render(notebook: NotebookNode, **page: Any) -> str:
    """Return a page: the notebook in the template, which sees `page` as ``resources.page``."""
    text: str = _exporter().from_notebook_node(notebook, resources={"page": page})[0]
    return "\n".join(line.rstrip() for line in text.split("\n")).strip() + "\n"


def kept(function: Callable[[str], str]) -> Callable[[str], str]:
    """Return `function` such that it is called once for equal texts of usual size."""
    remembered = lru_cache(maxsize=4096)(function)

    def call(text: str) -> str:
        return remembered(text) if len(text) <= _MAX_KEPT else function(text)

    return call


class _Exporter(HTMLExporter):  # type: ignore[misc]
    """nbconvert's exporter without its second pass, which parses the whole page again."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        self.environment.filters["highlight_code"] = _highlighter(lexer)
        resources = self._init_resources(resources)
        text, resources = TemplateExporter.from_notebook_node(self, nb, resources, **options)
        return _IMAGE.sub(_ALT, text), resources

    def _preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        # There are no steps; the original would copy and validate the notebook all the same.
        return nb, resources


@cache
def _highlighter(lexer: str | None) -> Callable[..., str]:
    highlight = kept(Highlight2HTML(pygments_lexer=lexer))

    def call(source: str, metadata: object = None) -> str:
        # Its output is escaped by pygments and need not be cleaned.
        return highlight(source)

    return call


@cache
def _exporter() -> _Exporter:
    config = Config()
    # The usual twelve steps have nothing to do here, and each validates the whole notebook.
    config.HTMLExporter.default_preprocessors = []
    exporter = _Exporter(
        config=config,
        template_name="gradlab",
        extra_template_basedirs=[str(TEMPLATES)],
        # What a student's code displays may hold scripts; the page is read by others too.
        sanitize_html=True,
    )
    filters = exporter.environment.filters
    filters["filter_data_type"] = WidgetsDataTypeFilter(notebook_metadata={}, parent=exporter)
    # nbconvert's own filter leaves neither headings nor tables.
    filters["clean_html"] = kept(clean_html)
    filters["markdown2html"] = _markdown(exporter)
    exporter.environment.globals["ended"] = ended
    exporter.environment.globals["style"] = "\n".join(
        [
            (TEMPLATES / "gradlab" / "style.css").read_text(encoding="utf-8"),
            HtmlFormatter(style="default").get_style_defs(".highlight"),
        ]
    )
    return exporter


def _markdown(exporter: HTMLExporter) -> Callable[[Context, str], str]:
    plain = kept(lambda text: str(exporter.markdown2html({}, text)))

    @pass_context
    def call(context: Context, text: str) -> str:
        if context.get("cell", {}).get("attachments"):
            return str(exporter.markdown2html(context, text))
        return plain(text)

    return call
