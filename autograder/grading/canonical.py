"""Copy and write notebooks that are known to be valid, as nbformat would, at less cost.

`nbformat.writes` copies the notebook in a general way, validates it against a schema and encodes
it in Python, token by token. What `repair` returns is valid, and so are the outputs that
`outputs` makes, so it need not be found out for each submission; the tests do.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, TypeVar

from nbformat import NotebookNode
from nbformat.v4.rwbase import split_lines, strip_transient

from autograder.kept import kept_of_short

_CONSTANTS = {id(None): "null", id(True): "true", id(False): "false"}
Node = TypeVar("Node")


def copied(node: Node) -> Node:
    """Return a deep copy of a notebook or a part of it, which is JSON and nothing else."""
    return _copied(node)  # type: ignore[no-any-return]


def as_text(notebook: NotebookNode) -> str:
    """Return a valid notebook of nbformat 4 as the text that `nbformat.writes` gives for it.

    Raises
    ------
    TypeError
        If it holds what is not JSON.
    """
    cells = [_bare(cell) for cell in notebook.cells]
    about = NotebookNode(notebook.metadata)
    whole = strip_transient(split_lines(NotebookNode(notebook, metadata=about, cells=cells)))
    for cell, original in zip(cells, notebook.cells, strict=True):
        cell["source"] = _Source(original.source)
    return _text(whole, "\n")


def _bare(cell: NotebookNode) -> NotebookNode:
    """Return a cell without its source, such that nbformat can change it.

    Sources are most of a notebook, and most of them those of the notebook before.
    """
    parts = {name: copied(cell[name]) for name in ("attachments", "outputs") if cell.get(name)}
    return NotebookNode(cell, source=None, metadata=NotebookNode(cell.metadata), **parts)


class _Source(str):
    """A text that is written as the list of its lines."""


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        # A node's own way to set items looks at each value; what is copied here is in form.
        node = NotebookNode() if isinstance(value, NotebookNode) else {}
        for key, part in value.items():
            is_leaf = part is None or type(part) is str
            dict.__setitem__(node, key, part if is_leaf else _copied(part))
        return node
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return value


def _text(value: Any, line: str) -> str:
    """Return a value as `json.dumps` does with an indent of 1; `line` begins its lines."""
    if isinstance(value, str):
        is_source = isinstance(value, _Source)
        return _written_lines(value, line) if is_source else encode_basestring(value)
    if isinstance(value, dict) and value:
        parts = [f"{encode_basestring(k)}: {_text(value[k], f'{line} ')}" for k in sorted(value)]
        return f"{{{line} {f',{line} '.join(parts)}{line}}}"
    if isinstance(value, list) and value:
        parts = [_text(part, f"{line} ") for part in value]
        return f"[{line} {f',{line} '.join(parts)}{line}]"
    if type(value) is int or (type(value) is float and isfinite(value)):
        return repr(value)
    return _CONSTANTS.get(id(value)) or json.dumps(value)


@kept_of_short(512)
def _written_lines(source: str, line: str) -> str:
    return _text(source.splitlines(keepends=True), line)
