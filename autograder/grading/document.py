"""Read a file's bytes as the JSON of a notebook, or say what the file is instead."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

from autograder.grading.graded import NotGradable

_BLANK = "\0 \t\r\n\ufeff"
_MOST_LETTERS = 100_000
_CONFLICT = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
# What is told apart by its first bytes, and what to do about it.
_OTHER_FILES = {
    b"PK\x03\x04": "a zip archive. Unpack it",
    b"\x1f\x8b": "a compressed archive. Unpack it",
    b"7z\xbc\xaf": "a compressed archive. Unpack it",
    b"Rar!": "a compressed archive. Unpack it",
    b"%PDF": "a PDF. Look for the notebook it was made from",
}


def tame(text: str, most: int = 80) -> str:
    """Return a text from a submission as it may stand in a flag or a reason."""
    return "".join(c if c.isprintable() and c != ";" else "?" for c in text)[:most]


def read_json(data: bytes) -> tuple[dict[str, Any], str]:
    """Return the JSON object in a notebook file, and its encoding if it is not a standard one.

    Raises
    ------
    NotGradable
        If the file is empty, or anything but a JSON object with a list of cells.
    """
    text, encoding = _decode(data)
    text = text.strip(_BLANK)
    if not text:
        raise NotGradable("empty", "The file is empty.")
    return _content(text), encoding


def _decode(data: bytes) -> tuple[str, str]:
    """Return the file's text, and its encoding if it is not one that JSON allows."""
    for start, what in _OTHER_FILES.items():
        if data.startswith(start):
            raise NotGradable(
                "unreadable", f"The file is {what}, and hand in the .ipynb file itself."
            )
    if not data.strip(b"\0"):
        return "", ""
    standard = json.detect_encoding(data)
    try:
        return data.decode(standard), ""
    except UnicodeDecodeError as error:
        lost = len(data) - len(data.decode(standard, "ignore").encode())
        looks_right = data.strip(_BLANK.encode())[:1] in (b"{", b"[")
        if not (standard.startswith("utf-8") and looks_right and lost <= _MOST_LETTERS):
            raise NotGradable(
                "unreadable", f"The file is not text: byte {error.start} is not {standard}."
            ) from None
    # Of a file in Windows' encoding each letter that is not English is such a byte; of a
    # damaged one, a few are. What is right stays right.
    return data.decode(standard, "gradlab-windows"), "not UTF-8, read as Windows-1252"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that are not UTF-8 as Windows-1252, and its gaps as Latin-1."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    letters = [bytes([byte]).decode("cp1252", "replace") for byte in wrong]
    pairs = zip(letters, wrong, strict=True)
    return "".join(chr(b) if c == "\ufffd" else c for c, b in pairs), error.end


codecs.register_error("gradlab-windows", _as_windows)


def _content(text: str) -> dict[str, Any]:
    try:
        # Not strict: a line end or a NUL inside a string is no reason to refuse a notebook.
        content = json.loads(text, strict=False)
    except (ValueError, RecursionError, MemoryError) as error:
        why = _why_no_json(text, error)
        raise NotGradable("unreadable", f"The file cannot be read: {why}.") from None
    if not isinstance(content, dict) or not (
        isinstance(content.get("cells"), list) or isinstance(content.get("worksheets"), list)
    ):
        if isinstance(content, dict) and {"doc_id", "url"} & set(content):
            why = "a link to a notebook in Google Drive. Download the notebook, and hand that in"
        else:
            why = "JSON but not a notebook: it has no list of cells. Hand in the .ipynb file"
        raise NotGradable("unreadable", f"The file is {why}.")
    return content


def _why_no_json(text: str, error: BaseException) -> str:
    """Return what the file is instead of JSON, as a clause."""
    if _CONFLICT.search(text):
        return "it holds the marks of an unresolved git conflict"
    if text.startswith("<"):
        return "it is a web page, not the notebook itself"
    if not text.startswith(("{", "[")):
        first = text.partition("\n")[0]
        return f"it is not a notebook but another text, which begins with '{tame(first, 40)}'"
    where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
    return f"it is not valid JSON{where}, so it was cut off or edited by hand"
