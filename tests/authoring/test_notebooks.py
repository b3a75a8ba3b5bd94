"""The three notebooks: what is in them, and what is not."""

import os
import subprocess
import sys

import nbformat
import pytest

from autograder.authoring.notebooks import (
    release_notebook,
    solution_notebook,
    solution_source,
    source_notebook,
    write,
)
from tests.toy import NAME, SOURCE, edited, toy_course

# The cells of the toy lab as the student gets them, in order.
RELEASE = [
    "# A toy lab\n\nTwo small functions, and one for a bonus.",
    "import numpy as np\n\nSTEPS = 3",
    "## Double\n\nWrite `double(x)`: twice its input.",
    'def double(x):\n    """Return twice x."""\n    # YOUR CODE HERE\n'
    '    raise NotImplementedError("double is not written yet")',
    "assert double(3) == 6\nassert double(0) == 0",
    "## Mean of rows",
    'def mean_rows(x):\n    """Return the mean of each row of x."""\n    # YOUR CODE HERE\n'
    '    raise NotImplementedError("mean_rows is not written yet")',
    "assert mean_rows(np.ones((2, 3))).shape == (2,)",
    "def curve(steps):\n    return [double(step) for step in range(steps)]\n\n\n"
    "print(curve(STEPS))",
    'def triple(x):\n    """Return three times x."""\n    # YOUR CODE HERE\n'
    '    raise NotImplementedError("triple is not written yet")',
    "assert triple(1) == 3",
    "**Question.** Why does a mean not depend on the order of its numbers?\n\nYOUR ANSWER HERE",
]
SOLUTIONS = {
    3: 'def double(x):\n    """Return twice x."""\n    return 2 * x',
    6: 'def mean_rows(x):\n    """Return the mean of each row of x."""\n'
    "    total = double(x).sum(axis=1)\n    return total / (2 * x.shape[1])",
    9: 'def triple(x):\n    """Return three times x."""\n    return 3 * x',
    11: "**Question.** Why does a mean not depend on the order of its numbers?\n\n"
    "Because a sum does not.",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return toy_course(tmp_path_factory.mktemp("course")).lab(NAME)


@pytest.fixture(params=[source_notebook, release_notebook, solution_notebook])
def notebook(request, lab):
    return request.param(lab)


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def cell_named(notebook, name):
    (cell,) = [cell for cell in notebook.cells if cell.id == name]
    return cell


def test_the_release_is_what_a_student_should_see(lab):
    assert sources(release_notebook(lab)) == RELEASE


def test_the_release_holds_nothing_of_the_solutions_or_the_checks(lab):
    text = write(release_notebook(lab))

    for hidden in [
        "2 * x",
        "x.shape[1]",
        "Because a sum",
        "SOLUTION",
        "HIDDEN",
        "gradlab.grade",
        "autograder",
        "Twice is not squared",
        "doubles_numbers",
    ]:
        assert hidden not in text


def test_the_solution_is_what_a_person_would_write(lab):
    expected = [SOLUTIONS.get(i, source) for i, source in enumerate(RELEASE)]

    assert sources(solution_notebook(lab)) == expected


def test_the_solution_differs_from_the_release_in_its_solutions_alone(lab):
    release, solution = release_notebook(lab), solution_notebook(lab)
    for cell in [*release.cells, *solution.cells]:
        if cell.id in ("double", "mean_rows", "triple", "why_mean"):
            cell.source = ""

    assert write(release) == write(solution)


def test_the_check_cell_of_the_source_quotes_the_visible_asserts(lab):
    notebook = source_notebook(lab)

    assert cell_named(notebook, "double_check").source == (
        "### BEGIN HIDDEN TESTS\n"
        "import autograder.checks.cell as _gradlab\n"
        '_gradlab.grade("toy", "double", globals(), r\'\'\'\n'
        "### END HIDDEN TESTS\n"
        "assert double(3) == 6\nassert double(0) == 0\n"
        "### BEGIN HIDDEN TESTS\n"
        "''')\n"
        "### END HIDDEN TESTS"
    )
    assert "''', bonus=True)\n" in cell_named(notebook, "triple_check").source


@pytest.mark.parametrize(
    "visible",
    [
        "assert triple(1) == 3, '{not a field}'",
        'assert triple(1) == 3, "a backslash at the end \\\\"',
        'text = """\n  two lines\n"""\nassert triple(1) == 3\n# done',
        "if triple(1) != 3:\n\n    raise AssertionError('no')",
    ],
)
def test_exactly_the_visible_asserts_are_left_and_are_handed_over(tmp_path, visible):
    text = edited(SOURCE, "assert triple(1) == 3", visible)
    lab = toy_course(tmp_path, source=text).lab(NAME)
    handed = []

    class Cell:
        @staticmethod
        def grade(*arguments, **options):
            handed.append((arguments, options))

    code = cell_named(source_notebook(lab), "triple_check").source
    code = code.replace("import autograder.checks.cell as _gradlab\n", "")
    exec(code, {"_gradlab": Cell})

    assert cell_named(release_notebook(lab), "triple_check").source == visible
    (((lab_name, exercise, _, quoted), options),) = handed
    assert (lab_name, exercise, options) == ("toy", "triple", {"bonus": True})
    lines = [line for line in quoted.split("\n") if "HIDDEN TESTS" not in line]
    assert "\n".join(lines).strip("\n") == visible


def test_ids_kinds_and_nbgraders_metadata(notebook):
    described = []
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        roles = [role for role in ("grade", "locked", "solution", "task") if meta.get(role)]
        described.append(
            (meta.get("grade_id"), cell.metadata.get("tags"), roles, meta.get("points"))
        )
        assert cell.id == meta.get("grade_id", cell.id)
        assert meta.get("schema_version", 3) == 3
    assert described == [
        (None, None, [], None),
        ("setup", ["given"], ["locked"], None),
        (None, None, [], None),
        ("double", ["exercise"], ["solution"], None),
        ("double_check", ["check"], ["grade", "locked"], 4),
        (None, None, [], None),
        ("mean_rows", ["exercise"], ["solution"], None),
        ("mean_rows_check", ["check"], ["grade", "locked"], 4),
        (None, ["explore"], [], None),
        ("triple", ["exercise"], ["solution"], None),
        ("triple_check", ["check"], ["grade", "locked"], 0),
        ("why_mean", ["answer"], ["grade", "solution"], 2),
    ]


def test_the_notebook_is_valid_and_holds_no_layout_or_output(notebook):
    nbformat.validate(notebook)
    allowed = {"nbgrader", "tags", "deletable", "editable"}
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        assert set(cell.metadata) <= allowed
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_the_notebook_says_what_it_is_made_from(notebook):
    assert notebook.metadata.gradlab == {
        "lab": "toy",
        "generated_from": "source/toy/toy.py",
        "note": "Generated. Edit the source and run `gradlab build`.",
    }
    assert notebook.metadata.kernelspec.name == "python3"


def test_the_text_is_canonical(tmp_path):
    text = edited(SOURCE, "# ## Mean of rows", "# ## Mean of rows: µ, ½")
    notebook = release_notebook(toy_course(tmp_path, source=text).lab(NAME))
    written = write(notebook)

    assert written.endswith("}\n")
    assert not written.endswith("\n\n")
    assert "µ, ½" in written
    assert written.startswith('{\n "cells": [\n  {\n   "cell_type"')
    assert write(nbformat.reads(written, as_version=4)) == written


def test_equal_cells_have_different_ids_that_survive_a_new_cell(tmp_path):
    twice = edited(SOURCE, "# %% tags=[\"explore\"]\n", "# %% [markdown]\n# ## Mean of rows\n\n"
                   "# %% tags=[\"explore\"]\n")  # fmt: skip
    longer = edited(twice, '# %% tags=["given"]', '# %% [markdown]\n# New.\n\n# %% tags=["given"]')
    before = source_notebook(toy_course(tmp_path / "a", source=twice).lab(NAME))
    after = source_notebook(toy_course(tmp_path / "b", source=longer).lab(NAME))

    ids = [cell.id for cell in before.cells]
    assert len(set(ids)) == len(ids) == 13
    assert [cell.id for cell in after.cells if cell.source != "New."] == ids


def test_every_region_of_an_exercise_becomes_a_stub_with_its_name(tmp_path):
    text = edited(
        SOURCE,
        "    return 3 * x\n    ### END SOLUTION\n",
        "    return 3 * x\n    ### END SOLUTION\n\n\n"
        "class Triple:\n    def __call__(self, x):\n        ### BEGIN SOLUTION\n"
        "        return 3 * x\n        ### END SOLUTION\n",
    )
    lab = toy_course(tmp_path, source=text).lab(NAME)

    assert cell_named(release_notebook(lab), "triple").source == (
        'def triple(x):\n    """Return three times x."""\n    # YOUR CODE HERE\n'
        '    raise NotImplementedError("triple is not written yet")\n\n\n'
        "class Triple:\n    def __call__(self, x):\n        # YOUR CODE HERE\n"
        '        raise NotImplementedError("triple is not written yet")'
    )


def test_solution_source_takes_out_the_markers_alone():
    text = "a\n  ### BEGIN SOLUTION\n  b  # BEGIN\n\n  ### END SOLUTION\nc"

    assert solution_source(text) == "a\n  b  # BEGIN\n\nc"


@pytest.mark.slow
def test_two_builds_are_byte_identical_also_in_another_process(tmp_path):
    first, second = toy_course(tmp_path / "first"), toy_course(tmp_path / "second")
    made = "".join(
        write(make(first.lab(NAME)))
        for make in (source_notebook, release_notebook, solution_notebook)
    )
    code = (
        "import sys; from pathlib import Path\n"
        "from autograder.catalog import Course\n"
        "from autograder.authoring.notebooks import *\n"
        f"lab = Course(Path({str(second.root)!r})).lab({NAME!r})\n"
        "made = source_notebook, release_notebook, solution_notebook\n"
        "sys.stdout.buffer.write(''.join(write(make(lab)) for make in made).encode())\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "12345"},
    )

    assert other.stdout == made.encode()
