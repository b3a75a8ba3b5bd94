"""Bytes become a notebook, or a status and a reason."""

import json

import pytest

from autograder.grading import notebook as module
from autograder.grading.graded import NotGradable
from autograder.grading.notebook import read_notebook
from tests.grading.helpers import solved


def notebook(*cells, **more):
    return json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def code(source, **more):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **more}


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (b"", "empty", "empty"),
        (b" \n\t\n", "empty", "empty"),
        (b"\0" * 100, "empty", "empty"),
        (notebook(), "empty", "no cell"),
        (notebook(code("  \n")), "empty", "no cell"),
        (b'{"cells": [', "unreadable", "line 1"),
        (b"[" * 100_000, "unreadable", "JSON"),
        (b"<!DOCTYPE html><html></html>", "unreadable", "web page"),
        (b'{\n<<<<<<< HEAD\n"cells": []}', "unreadable", "git conflict"),
        (b"[1, 2]", "unreadable", "not a notebook"),
        (b'{"cells": 3}', "unreadable", "not a notebook"),
        (b'{"worksheets": [{"cells": 3}], "nbformat": 3}', "empty", "no cell"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "unreadable", "not text"),
    ],
)
def test_what_is_no_notebook_is_told_apart(data, status, told):
    with pytest.raises(NotGradable) as caught:
        read_notebook(data)
    assert caught.value.status == status
    assert told in caught.value.reason


def test_a_huge_file_is_refused_without_being_parsed(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(NotGradable) as caught:
        read_notebook(notebook(code("x = 1")))
    assert caught.value.status == "too large"
    assert "outputs" in caught.value.reason


def test_sources_as_lists_byte_order_marks_and_foreign_line_ends_are_read():
    for encoding in ("utf-8-sig", "utf-16"):
        raw = notebook(code(["x = 'é'\r\n", "y = 2"])).decode().encode(encoding)
        assert read_notebook(raw).cells[0].source == "x = 'é'\ny = 2"


def test_half_a_surrogate_pair_becomes_text_that_can_be_written():
    read = read_notebook(notebook(code("x = '\ud83d'")))
    assert read.cells[0].source.encode() == b"x = '?'"


def test_strange_fields_do_not_stop_it():
    strange = [
        {"cell_type": "code"},
        {"cell_type": "heading", "source": "Title", "metadata": None, "id": 5},
        code("z = 3", metadata={"tags": ["explore", 7], "nbgrader": "none"}, id="not an id"),
        "no cell at all",
    ]
    cells = read_notebook(notebook(*strange, metadata=[], nbformat="?")).cells
    assert [cell.cell_type for cell in cells] == ["code", "markdown", "code"]
    assert [cell.source for cell in cells] == ["", "Title", "z = 3"]
    assert [cell.id for cell in cells] == ["", "", ""]
    assert cells[2].metadata == {"tags": ["explore"]}


def test_format_3_is_upgraded():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Double"], "metadata": {}},
                    {
                        "cell_type": "code",
                        "input": ["x = 1\n", "y = 2"],
                        "language": "python",
                        "outputs": [],
                        "metadata": {"nbgrader": {"grade_id": "double"}},
                    },
                ]
            }
        ],
    }
    read = read_notebook(json.dumps(old).encode())
    assert [cell.source for cell in read.cells] == ["## Double", "x = 1\ny = 2"]
    assert read.cells[1].metadata.nbgrader == {"grade_id": "double"}
    assert read.metadata.format == "3.0"


def test_pasted_images_are_kept(lab):
    answer = {
        "cell_type": "markdown",
        "source": "![](attachment:a.png)",
        "metadata": {},
        "attachments": {"a.png": {"image/png": ["aGk="]}, "b": 3},
    }
    read = read_notebook(notebook(answer, *solved(lab).cells))
    assert read.cells[0].attachments == {"a.png": {"image/png": "aGk="}}
