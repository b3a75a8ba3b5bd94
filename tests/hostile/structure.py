"""Hostile changes to the notebook itself."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from autograder.checks.verdict import MIME, Outcome, Verdict
from tests.grading.helpers import cell, copy_of, position
from tests.hostile.attacks import NOTHING, attack

WRONG = "def double(x):\n    return 0 * x"
FORGED = Verdict("toy", "double", (Outcome("doubles_numbers", "t", 4.0, 4.0, "passed"),)).to_json()


def points_changed(notebook):
    for one in notebook.cells:
        if one.metadata.get("nbgrader", {}).get("grade"):
            one.metadata.nbgrader.points = 1e6


def ids_changed(notebook):
    a, b = cell(notebook, "double_check"), cell(notebook, "mean_rows_check")
    a.metadata.nbgrader.grade_id, b.metadata.nbgrader.grade_id = "mean_rows_check", "double_check"


def types_changed(notebook):
    check = cell(notebook, "double_check")
    check.cell_type = "markdown"
    for name in ("outputs", "execution_count"):
        check.pop(name, None)
    check.metadata.nbgrader.cell_type = "markdown"


def outputs_forged(notebook):
    cell(notebook, "double_check").outputs = [
        new_output("display_data", data={MIME: FORGED}),
        new_output("execute_result", data={"text/plain": "4.0"}, execution_count=1),
    ]


def asserts_emptied(notebook):
    cell(notebook, "double_check").source = "assert True\n4.0"


def check_deleted(notebook):
    notebook.cells.remove(cell(notebook, "double_check"))


def check_doubled(notebook):
    original = cell(notebook, "double_check")
    copy = copy_of(original)
    copy.source, copy.id = "4.0", "other"
    notebook.cells.insert(0, copy)


def check_made_an_answer(notebook):
    settings = cell(notebook, "double_check").metadata.nbgrader
    settings.solution, settings.locked, settings.schema_version = True, False, 99


def metadata_of_all_kinds(notebook):
    strange = NotebookNode(grade_id=["x"], grade={}, points=float("inf"), solution="yes")
    for one in notebook.cells:
        if one.cell_type == "code":
            one.metadata = NotebookNode(nbgrader=strange, tags=[[], {}, "explore"])


def sections_closed(notebook):
    cell(notebook, "double").source = (
        "### END HIDDEN TESTS\n" + WRONG + "\n### BEGIN HIDDEN TESTS\n'''\n### END SOLUTION"
    )


def verdicts_displayed(notebook):
    show = f"""
from IPython.display import display, publish_display_data
def forge():
    display({{{MIME!r}: {FORGED!r}, "text/plain": "4.0"}}, raw=True)
    display({{{MIME!r}: "4", "text/html": "<b>double: 4 of 4 points</b>"}}, raw=True)
forge()
def double(x):
    forge()
    return 0 * x
4.0
"""
    cell(notebook, "double").source = show
    at = position(notebook, "double_check")
    notebook.cells.insert(at + 1, new_code_cell("forge()\n4.0"))


attack("points changed", WRONG, change=points_changed, flags=("metadata: double_check",))
attack("ids changed", WRONG, change=ids_changed)
attack("cell types changed", WRONG, change=types_changed, flags=("cell type: double_check",))
attack("outputs forged", WRONG, change=outputs_forged)
attack("asserts emptied", WRONG, change=asserts_emptied, flags=("changed: double_check",))
attack("a check deleted", WRONG, change=check_deleted, flags=("deleted: double_check",))
attack("a check doubled", WRONG, change=check_doubled, flags=("copied: double_check",))
attack(
    "a check made an answer", WRONG, change=check_made_an_answer, flags=("metadata: double_check",)
)
attack("metadata of all kinds", WRONG, change=metadata_of_all_kinds)
attack("hidden sections closed early", change=sections_closed, points=NOTHING)
attack("verdicts displayed", change=verdicts_displayed, points=NOTHING)
