"""A submission is put back into the lab's form, and no text of the student's is lost."""

import json
import random

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.notebooks import release_notebook, write
from autograder.grading.match import name_of, visible
from autograder.grading.notebook import read_notebook
from autograder.grading.repair import repair
from tests.grading.helpers import (
    RIGHT_DOUBLE,
    WRONG_DOUBLE,
    cell,
    copy_of,
    data,
    names,
    position,
    solved,
    untouched,
)

OWN = "my_own = 'cell'"


@pytest.fixture(scope="module")
def mend(package):
    """Return a function that repairs a notebook and checks what must hold of every repair."""

    def mended(notebook):
        raw = notebook if isinstance(notebook, bytes) else data(notebook)
        read = read_notebook(raw)
        before = json.dumps(read)
        result = repair(read, package.notebook)
        assert json.dumps(read) == before, "the submission was changed in place"
        nbformat.validate(result.notebook)
        MetadataValidator().validate_nb(result.notebook)
        lab = package.notebook
        assert names(result.notebook) == names(lab), "each cell once, in the lab's order"
        for original in lab.cells:
            if name := name_of(original):
                kept = cell(result.notebook, name)
                assert kept.metadata == original.metadata
                assert kept.cell_type == original.cell_type
                if not original.metadata.nbgrader.solution:
                    assert kept.source == original.source
        ids = [c.id for c in result.notebook.cells]
        assert len(set(ids)) == len(ids)
        assert write(repair(read, lab).notebook) == write(result.notebook), "not the same twice"
        lost = {c.source for c in read.cells} - {c.source for c in result.notebook.cells}
        assert not {text for text in lost if text.strip() not in may_go(read, lab)}
        return result

    def may_go(read, lab):
        """Return the texts that repair replaces: those of locked cells, changed or not."""
        locked = {
            name: visible(c.source).strip()
            for c in lab.cells
            if (name := name_of(c)) and not c.metadata.nbgrader.solution
        }
        changed = {c.source.strip() for c in read.cells if name_of(c) in locked}
        return changed | set(locked.values())

    return mended


def test_a_worked_notebook_needs_no_repair(lab, mend):
    result = mend(solved(lab))
    assert result.flags == ()
    for name in ("double", "mean_rows", "triple", "why_mean"):
        assert cell(result.notebook, name).source == cell(solved(lab), name).source


def test_the_hidden_calls_come_back(lab, mend):
    result = mend(release_notebook(lab))
    assert '_gradlab.grade("toy", "double"' in cell(result.notebook, "double_check").source


def test_a_changed_locked_cell_is_restored(lab, mend):
    result = mend(solved(lab, double_check="pass", setup="import numpy as np"))
    assert set(result.flags) == {"changed: setup", "changed: double_check"}


def test_blanks_at_the_end_are_no_change(lab, mend):
    text = cell(release_notebook(lab), "double_check").source
    assert mend(solved(lab, double_check=text.replace("\n", "  \n") + "\n\n")).flags == ()


def test_a_deleted_check_comes_back_behind_the_helpers_of_its_exercise(lab, mend):
    notebook = solved(lab)
    at = position(notebook, "double_check")
    notebook.cells[at] = new_code_cell("helper = 1")
    result = mend(notebook)
    assert result.flags == ("deleted: double_check",)
    assert position(result.notebook, "double_check") == at + 1


def test_a_deleted_exercise_comes_back_as_a_stub_below_its_heading(lab, mend):
    notebook = solved(lab)
    del notebook.cells[position(notebook, "mean_rows")]
    result = mend(notebook)
    assert result.flags == ("deleted: mean_rows",)
    assert "not written yet" in cell(result.notebook, "mean_rows").source
    at = position(result.notebook, "mean_rows")
    assert result.notebook.cells[at - 1].source == "## Mean of rows"


def test_the_first_and_the_last_cell_can_be_put_back(lab, mend):
    notebook = solved(lab)
    notebook.cells = [c for c in notebook.cells if name_of(c) not in ("setup", "why_mean")]
    assert mend(notebook).flags == ("deleted: setup", "deleted: why_mean")


def test_of_two_copies_the_edited_one_counts_and_the_stub_does_not_run(lab, mend):
    for first in (True, False):
        notebook = solved(lab, double=RIGHT_DOUBLE)
        stub = copy_of(cell(release_notebook(lab), "double"))
        stub.id = "copy"
        notebook.cells.insert(position(notebook, "double") + first, stub)
        result = mend(notebook)
        assert result.flags == ("copied: double",)
        assert cell(result.notebook, "double").source == RIGHT_DOUBLE
        (other,) = [c for c in result.notebook.cells if c.source == stub.source]
        assert other.cell_type == "raw", "run after the answer it would undo it"


def test_of_two_edited_copies_the_last_counts_and_both_are_kept(lab, mend):
    notebook = solved(lab, double=WRONG_DOUBLE)
    second = copy_of(cell(notebook, "double"))
    second.source, second.id = RIGHT_DOUBLE, "copy"
    notebook.cells.insert(position(notebook, "double") + 1, second)
    result = mend(notebook)
    assert cell(result.notebook, "double").source == RIGHT_DOUBLE
    (first,) = [c for c in result.notebook.cells if c.source == WRONG_DOUBLE]
    assert first.cell_type == "code"
    assert "nbgrader" not in first.metadata


def test_a_copied_check_runs_its_checks_once(lab, mend):
    notebook = solved(lab)
    again = copy_of(cell(notebook, "double_check"))
    again.id = "again"
    notebook.cells.append(again)
    result = mend(notebook)
    assert result.flags == ("copied: double_check",)
    assert sum("_gradlab" in c.source for c in result.notebook.cells) == 3


def test_a_check_before_its_exercise_goes_behind_it(lab, mend):
    notebook = solved(lab)
    at = position(notebook, "double")
    notebook.cells[at], notebook.cells[at + 1] = notebook.cells[at + 1], notebook.cells[at]
    result = mend(notebook)
    assert result.flags == ("moved: double_check",)


def test_an_exercise_at_the_end_goes_back_before_its_check(lab, mend):
    notebook = solved(lab)
    notebook.cells.append(notebook.cells.pop(position(notebook, "double")))
    result = mend(notebook)
    assert result.flags == ("moved: double",)
    assert cell(result.notebook, "double").source == cell(solved(lab), "double").source


def test_other_cell_types_points_and_metadata_are_set_back(lab, mend):
    notebook = solved(lab)
    at = position(notebook, "why_mean")
    answer = notebook.cells[at]
    notebook.cells[at] = new_code_cell(answer.source, id=answer.id, metadata=answer.metadata)
    cell(notebook, "double_check").metadata.nbgrader.points = 100
    cell(notebook, "mean_rows").metadata.nbgrader.solution = False
    del cell(notebook, "triple").metadata.nbgrader["schema_version"]
    assert set(mend(notebook).flags) == {
        "cell type: why_mean was code",
        "metadata: double_check",
        "metadata: mean_rows",
        "metadata: triple",
    }


def test_nbgraders_old_version_traps_are_mended(lab, mend):
    notebook = solved(lab)
    for one in notebook.cells:
        if "nbgrader" in one.metadata:
            one.metadata.nbgrader = {"grade_id": one.metadata.nbgrader.grade_id}
    notebook.cells.append(new_code_cell("x", metadata={"nbgrader": {"grade_id": "mine"}}))
    notebook.cells.append(new_code_cell("y", metadata={"nbgrader": {"schema_version": 1}}))
    mend(notebook)


def test_without_metadata_cells_are_found_by_their_ids(lab, mend):
    notebook = solved(lab)
    for one in notebook.cells:
        one.metadata = {}
    result = mend(notebook)
    assert result.flags == ("metadata: was lost, the cells were found by their text",)
    assert cell(result.notebook, "double").source == cell(solved(lab), "double").source
    assert [c for c in result.notebook.cells if c.metadata.get("tags") == ["explore"]]


def test_without_metadata_and_ids_cells_are_found_by_what_they_hold(lab, mend):
    answer = cell(release_notebook(lab), "why_mean").source + "\n\nBecause a sum does not."
    notebook = solved(lab, double=RIGHT_DOUBLE, why_mean=answer)
    for number, one in enumerate(notebook.cells):
        one.metadata, one.id = {}, f"colab{number}"
    result = mend(notebook)
    assert result.flags == ("metadata: was lost, the cells were found by their text",)
    assert cell(result.notebook, "double").source == RIGHT_DOUBLE
    assert cell(result.notebook, "why_mean").source == answer
    assert [c for c in result.notebook.cells if c.metadata.get("tags") == ["explore"]]


def test_an_explore_cell_keeps_its_tag_and_the_students_text(lab, mend):
    notebook = solved(lab)
    (explore,) = [c for c in notebook.cells if "explore" in c.metadata.get("tags", [])]
    explore.metadata, explore.source = {}, "print('mine')"
    result = mend(notebook)
    (kept,) = [c for c in result.notebook.cells if "explore" in c.metadata.get("tags", [])]
    assert kept.source == "print('mine')"


def test_extra_cells_stay_where_they_are(lab, mend):
    notebook = solved(lab)
    notebook.cells.insert(3, new_code_cell(OWN))
    notebook.cells.append(new_markdown_cell("My notes."))
    result = mend(notebook)
    assert result.flags == ()
    assert [c.source for c in result.notebook.cells] == [
        cell(result.notebook, n).source if (n := name_of(c)) else c.source for c in notebook.cells
    ]


def test_another_kernel_is_set_back(lab, mend):
    notebook = solved(lab)
    notebook.metadata.kernelspec = {"name": "ir", "language": "R", "display_name": "R"}
    result = mend(notebook)
    assert result.flags == ("kernel: ir",)
    assert result.notebook.metadata.kernelspec.name == "python3"


def test_a_renamed_python_environment_is_nothing_to_tell(lab, mend):
    notebook = solved(lab)
    notebook.metadata.kernelspec = {"name": "conda-dl", "language": "python", "display_name": "x"}
    assert mend(notebook).flags == ()


def test_format_4_0_without_ids_is_read(lab, mend):
    raw = json.loads(write(solved(lab)))
    raw["nbformat_minor"] = 0
    for one in raw["cells"]:
        del one["id"]
    assert mend(json.dumps(raw).encode()).flags == ()


def test_format_3_is_read_and_flagged(lab, mend):
    old = nbformat.convert(solved(lab), 3)
    assert mend(json.dumps(old).encode()).flags == ("format: nbformat 3.0",)


def test_another_labs_notebook_is_told(mend):
    notebook = nbformat.v4.new_notebook(cells=[new_code_cell(OWN)])
    result = mend(notebook)
    assert result.flags == ("not this lab: none of its cells was found",)
    assert OWN in [c.source for c in result.notebook.cells]


def test_an_untouched_cell_is_known_by_its_checksum(lab, mend):
    from autograder.grading.grade import is_answered

    notebook = mend(untouched(lab, double=RIGHT_DOUBLE)).notebook
    assert is_answered(cell(notebook, "double"))
    assert not is_answered(cell(notebook, "mean_rows"))


@pytest.mark.parametrize("seed", range(30))
def test_any_mix_of_accidents_is_mended(lab, mend, seed):
    """Deleted, copied, moved, stripped and retyped cells in any combination."""
    rng = random.Random(seed)
    notebook = solved(lab)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(notebook.cells))
        accident = rng.choice(["delete", "copy", "move", "strip", "edit", "add", "type"])
        one = notebook.cells[at]
        if accident == "delete" and len(notebook.cells) > 3:
            del notebook.cells[at]
        elif accident == "copy":
            other = copy_of(one)
            other.id = f"copy-{rng.random()}".replace(".", "")
            notebook.cells.insert(rng.randrange(len(notebook.cells)), other)
        elif accident == "move":
            notebook.cells.insert(rng.randrange(len(notebook.cells)), notebook.cells.pop(at))
        elif accident == "strip":
            one.metadata = nbformat.from_dict({})
        elif accident == "edit" and not one.metadata.get("nbgrader", {}).get("locked"):
            one.source += f"\n# edit {rng.random()}"
        elif accident == "add":
            notebook.cells.insert(at, new_code_cell(f"x = {rng.random()}"))
        elif accident == "type":
            fresh = new_markdown_cell if one.cell_type == "code" else new_code_cell
            notebook.cells[at] = fresh(one.source, id=one.id, metadata=one.metadata)
    mend(notebook)
