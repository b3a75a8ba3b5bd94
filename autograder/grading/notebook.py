"""Read a submission's bytes as a notebook, whatever a student's tools made of it.

The result is built anew from the few things grading needs (types, sources, tags, nbgrader's
metadata, pasted images), so a strange field elsewhere in the file cannot stop the grader.
"""

from __future__ import annotations

import re
from types import NoneType
from typing import Any

from nbformat import NotebookNode, from_dict

from autograder.grading.document import read_json
from autograder.grading.graded import NotGradable

MAX_BYTES = 50 * 2**20
MAX_CELLS = 2000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_notebook(data: bytes) -> NotebookNode:
    """Return the notebook in `data`, in nbformat 4, without outputs.

    Cells keep their type, source, attachments, tags, `nbgrader` metadata, and a valid id. Where
    there is none the id is "", which is not valid yet: `repair` gives it one. The notebook's
    metadata is four strings: ``format``, the version the file was written in, ``encoding``,
    empty for the UTF-8, UTF-16 or UTF-32 of the JSON standard, ``kernel`` and ``language``.

    Raises
    ------
    NotGradable
        If the bytes or the cells are too many, or it is empty, not JSON, or JSON that is not a
        notebook.
    """
    if len(data) > MAX_BYTES:
        raise NotGradable("too large", too_large(len(data)))
    content, encoding = read_json(data)
    version = [content.get(key) for key in ("nbformat", "nbformat_minor")]
    raw_cells = [raw for raw in _raw_cells(content) if isinstance(raw, dict)]
    if len(raw_cells) > MAX_CELLS:
        raise NotGradable(
            "too large",
            f"The notebook has {len(raw_cells)} cells; at most {MAX_CELLS} are read. "
            "Delete those that are not needed.",
        )
    cells = [_cell(raw) for raw in raw_cells]
    if not any(cell.source.strip() for cell in cells):
        raise NotGradable("empty", "The notebook has no cell with anything in it.")
    kernel = _dictionary(_dictionary(content.get("metadata")).get("kernelspec"))
    language = _dictionary(_dictionary(content.get("metadata")).get("language_info")).get("name")
    return NotebookNode(
        nbformat=4,
        nbformat_minor=5,
        metadata=NotebookNode(
            format=".".join(str(n) if isinstance(n, int) else "?" for n in version),
            encoding=encoding,
            kernel=_text(kernel.get("name", "")),
            language=_text(kernel.get("language") or language or ""),
        ),
        cells=cells,
    )


def too_large(size: int) -> str:
    """Return the sentence about a file of `size` bytes."""
    return (
        f"The file has {size / 2**20:.0f} MiB; at most {MAX_BYTES / 2**20:.0f} MiB are read. "
        "Clear the outputs and hand it in again."
    )


def _raw_cells(content: dict[str, Any]) -> list[Any]:
    # Before nbformat 4 cells were in worksheets.
    sheets = content.get("worksheets")
    owners = [content, *(sheets if isinstance(sheets, list) else [])]
    found = [owner.get("cells") for owner in owners if isinstance(owner, dict)]
    return [cell for cells in found if isinstance(cells, list) for cell in cells]


def _cell(raw: dict[str, Any]) -> NotebookNode:
    kind = raw.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        is_code = {"outputs", "execution_count", "input"} & set(raw)
        kind = "code" if is_code else "markdown"
    texts = [raw.get("source"), raw.get("input")]
    source = next((_text(text) for text in texts if isinstance(text, (str, list))), "")
    if raw.get("cell_type") == "heading" and isinstance(level := raw.get("level"), int):
        source = "#" * min(max(level, 1), 6) + " " + source
    metadata = _dictionary(raw.get("metadata"))
    kept: dict[str, Any] = {}
    tags = metadata.get("tags")
    if isinstance(tags, list):
        # Tags with a comma, or twice the same, are not valid.
        texts = [_text(tag) for tag in tags]
        kept["tags"] = [tag for tag in dict.fromkeys(texts) if tag and "," not in tag]
    if isinstance(metadata.get("nbgrader"), dict):
        plain = metadata["nbgrader"].items()
        kept["nbgrader"] = NotebookNode(
            {key: value for key, value in plain if isinstance(value, (str, int, float, NoneType))}
        )
    # Colab moves the id of a cell into its metadata.
    ids = [raw.get("id"), metadata.get("id")]
    name = next((name for name in ids if isinstance(name, str) and _ID.fullmatch(name)), "")
    more: dict[str, Any] = {}
    if kind == "code":
        more = {"execution_count": None, "outputs": []}
    elif images := _attachments(raw.get("attachments")):
        more = {"attachments": from_dict(images)}
    # Made whole: to set the fields of a node one by one takes longer than all else here.
    return NotebookNode(
        {"cell_type": kind, "id": name, "metadata": NotebookNode(kept), "source": source, **more}
    )


def _attachments(raw: object) -> dict[str, dict[str, str]]:
    return {
        _text(name): {_text(mime): _text(data) for mime, data in bundle.items()}
        for name, bundle in _dictionary(raw).items()
        if isinstance(bundle, dict)
    }


def _dictionary(raw: object) -> dict[str, Any]:
    return raw if isinstance(raw, dict) else {}


def _text(raw: object) -> str:
    """Return a JSON string or list of strings as text that can be encoded."""
    if isinstance(raw, list):
        raw = "".join(line for line in raw if isinstance(line, str))
    if not isinstance(raw, str):
        return ""
    # Half of a surrogate pair is valid JSON and not valid text.
    whole = raw.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\r\n", "\n").replace("\r", "\n")
