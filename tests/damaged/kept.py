"""What must hold of every repaired notebook, found without the grader's own reading."""

import json
from difflib import unified_diff

import nbformat
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.notebooks import write
from autograder.grading.match import visible
from autograder.grading.notebook import read_notebook
from autograder.grading.repair import repair


def check_repaired(data, lab):
    """Read and repair a file, check what must hold, and return what `repair` did.

    Raises what reading raises. `lab` is the notebook as it is graded.
    """
    repaired = repair(read_notebook(data), lab)
    book = repaired.notebook
    nbformat.validate(book)
    MetadataValidator().validate_nb(book)
    ids = [cell.id for cell in book.cells]
    assert len(set(ids)) == len(ids), "two cells have one id"
    check_lab(book, lab)
    missing = lost(texts(data), book)
    assert not missing, f"the student's text is lost: {missing}"
    assert all(";" not in flag and "\n" not in flag for flag in repaired.flags)
    again = repair(read_notebook(write(book).encode()), lab).notebook
    change = "\n".join(unified_diff(shown(book), shown(again), lineterm=""))
    assert not change, f"repaired again it is another: {change}"
    return repaired


def check_lab(book, lab):
    """Check that every named cell of the lab is there once, in its order and as it should be."""
    named = [cell for cell in book.cells if "nbgrader" in cell.metadata]
    originals = [cell for cell in lab.cells if "nbgrader" in cell.metadata]
    grade_ids = [cell.metadata.nbgrader.grade_id for cell in named]
    assert grade_ids == [cell.metadata.nbgrader.grade_id for cell in originals]
    for cell, original in zip(named, originals, strict=True):
        assert cell.metadata == original.metadata
        assert (cell.cell_type, cell.id) == (original.cell_type, original.id)
        if not original.metadata.nbgrader.solution:
            assert cell.source == original.source


def shown(book):
    """Return a notebook's cells as lines of text, to compare."""
    return [
        f"{cell.cell_type} {cell.metadata.get('tags')} {cell.id}: {line}"
        for cell in book.cells
        for line in cell.source.split("\n")
    ]


def texts(data):
    """Return what the cells of a file say, where JSON can read it at all.

    A source is a string, or the strings of a list put together. Of a file that is not quite
    UTF-8 these are the lines in which all letters can be read.
    """
    text, strict = decoded(data)
    content = json.loads(text.strip("\0 \t\r\n\ufeff"), strict=False)
    sheets = content.get("worksheets")
    owners = [content, *(sheets if isinstance(sheets, list) else [])]
    lists = [owner.get("cells") for owner in owners if isinstance(owner, dict)]
    cells = [cell for cells in lists if isinstance(cells, list) for cell in cells]
    found = [said(cell) for cell in cells if isinstance(cell, dict)]
    if not strict:
        found = [line for one in found for line in one.split("\n") if "\ufffd" not in line]
    return [tidy(one) for one in found if one.strip()]


def decoded(data):
    if data.startswith(b"\xff\xfe"):
        return data.decode("utf-16"), True
    try:
        return data.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data.decode("utf-8-sig", "replace"), False


def said(cell):
    for key in ("source", "input"):
        value = cell.get(key)
        if isinstance(value, list):
            value = "".join(line for line in value if isinstance(line, str))
        if isinstance(value, str):
            return value
    return ""


def tidy(text):
    """Return a text with the line ends and blanks that do not matter taken out."""
    whole = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line.rstrip() for line in whole.strip().split("\n"))


def lost(pieces, book):
    """Return the pieces of text that are in no cell of a notebook, as one piece."""
    everything = [tidy(text) for cell in book.cells for text in (cell.source, visible(cell.source))]
    return [one for one in pieces if not any(tidy(one) in cell for cell in everything)]
