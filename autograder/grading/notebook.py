"""Read a submission's bytes as a notebook, whatever a student's tools made of it.

The result is built anew from the few things grading needs (types, sources, tags, nbgrader's
metadata, pasted images), so a strange field elsewhere in the file cannot stop the grader.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.grading.graded import NotGradable

MAX_BYTES = 50 * 2**20
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONFLICT = re.compile(r"^(<{7}|>{7}|={7})", re.MULTILINE)


def read_notebook(data: bytes) -> NotebookNode:
    """Return the notebook in `data`, in nbformat 4, without outputs.

    Cells keep their type, source, attachments, tags, `nbgrader` metadata, and a valid id. Where
    there is none the id is "", which is not valid yet: `repair` gives it one. The notebook's
    metadata is three strings: ``format``, the version the file was written in, ``kernel`` and
    ``language``.

    Raises
    ------
    NotGradable
        If the bytes are too many, empty, not JSON, or JSON that is not a notebook.
    """
    if len(data) > MAX_BYTES:
        raise NotGradable("too large", too_large(len(data)))
    content = _content(_decode(data))
    version = f"{content.get('nbformat', '?')}.{content.get('nbformat_minor', '?')}"
    cells = [_cell(raw) for raw in _raw_cells(content) if isinstance(raw, dict)]
    if not any(cell.source.strip() for cell in cells):
        raise NotGradable("empty", "The notebook has no cell with anything in it.")
    kernel = _dictionary(_dictionary(content.get("metadata")).get("kernelspec"))
    language = _dictionary(_dictionary(content.get("metadata")).get("language_info")).get("name")
    return NotebookNode(
        nbformat=4,
        nbformat_minor=5,
        metadata=NotebookNode(
            format=version,
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


def _decode(data: bytes) -> str:
    marks = {
        codecs.BOM_UTF8: "utf-8-sig",
        codecs.BOM_UTF16_LE: "utf-16",
        codecs.BOM_UTF16_BE: "utf-16",
    }
    encoding = next((name for mark, name in marks.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotGradable(
            "unreadable", f"The file is not text: byte {error.start} is not {encoding}."
        ) from None
    if not text.strip("\0 \t\r\n"):
        raise NotGradable("empty", "The file is empty.")
    return text


def _content(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError, MemoryError) as error:
        if _CONFLICT.search(text):
            why = "it holds the marks of an unresolved git conflict"
        elif text.lstrip()[:1] == "<":
            why = "it is a web page, not the notebook itself"
        else:
            where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            why = f"it is not valid JSON{where}, so it was cut off or edited by hand"
        raise NotGradable("unreadable", f"The file cannot be read: {why}.") from None
    if not isinstance(content, dict) or not (
        isinstance(content.get("cells"), list) or isinstance(content.get("worksheets"), list)
    ):
        raise NotGradable("unreadable", "The file is JSON but not a notebook: it has no cells.")
    return content


def _raw_cells(content: dict[str, Any]) -> list[Any]:
    if isinstance(content.get("cells"), list):
        return list(content["cells"])
    # Before nbformat 4 cells were in worksheets.
    sheets = [sheet.get("cells") for sheet in content["worksheets"] if isinstance(sheet, dict)]
    return [cell for cells in sheets if isinstance(cells, list) for cell in cells]


def _cell(raw: dict[str, Any]) -> NotebookNode:
    kind = raw.get("cell_type")
    kind = kind if kind in ("code", "raw") else "markdown"
    source = _text(raw.get("source", raw.get("input", "")))
    if raw.get("cell_type") == "heading" and isinstance(raw.get("level"), int):
        source = "#" * raw["level"] + " " + source
    cell = NotebookNode(cell_type=kind, id="", metadata=NotebookNode(), source=source)
    if kind == "code":
        cell.execution_count, cell.outputs = None, []
    elif images := _attachments(raw.get("attachments")):
        cell.attachments = images
    metadata = _dictionary(raw.get("metadata"))
    tags = metadata.get("tags")
    if isinstance(tags, list):
        cell.metadata.tags = [_text(tag) for tag in tags if isinstance(tag, str)]
    if isinstance(metadata.get("nbgrader"), dict):
        cell.metadata.nbgrader = nbformat.from_dict(metadata["nbgrader"])
    # Colab moves the id of a cell into its metadata.
    ids = [raw.get("id"), metadata.get("id")]
    cell.id = next((name for name in ids if isinstance(name, str) and _ID.fullmatch(name)), "")
    return cell


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
