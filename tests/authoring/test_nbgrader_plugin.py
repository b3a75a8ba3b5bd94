"""The pieces that nbgrader's configuration names, one by one."""

import os
import shutil
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from autograder.catalog import Settings
from autograder.checks.verdict import MIME
from autograder.grading.bonus import bonus_verdict
from autograder.nbgrader_plugin import (
    NamedStubs,
    PlainFeedback,
    SaveVerdicts,
    configure,
    course_of,
    seconds_for,
)
from tests.toy import NAME, toy_course

FULL = {"points": 2.0, "max_points": 2.0}


def graded(points, *outputs, source="", solution=False):
    nbgrader = {
        "grade": True,
        "grade_id": "triple_check",
        "locked": not solution,
        "points": points,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return new_code_cell(source, metadata={"nbgrader": nbgrader}, outputs=list(outputs))


def displayed(verdict):
    return new_output("display_data", {MIME: verdict, "text/plain": "a table"})


def stopped(name="ValueError"):
    lines = ["-----", "### BEGIN HIDDEN TESTS", f"{name}: secret"]
    return new_output("error", ename=name, evalue="secret", traceback=lines)


def test_a_bonus_cell_has_the_points_of_its_verdict():
    assert bonus_verdict(graded(0, displayed(FULL | {"lab": "toy"}))) == FULL


@pytest.mark.parametrize(
    "cell",
    [
        graded(4, displayed(FULL)),
        graded(0),
        graded(0, new_output("display_data", {"text/plain": "2.0"})),
        graded(0, displayed([2, 2])),
        graded(0, displayed({"points": 2})),
        graded(0, displayed({"points": "2", "max_points": 2})),
        graded(0, displayed({"points": True, "max_points": 2})),
        graded(0, displayed({"points": -1, "max_points": 2})),
        graded(0, displayed({"points": float("inf"), "max_points": 2})),
        graded(0, displayed({"points": float("nan"), "max_points": 2})),
        graded(0, displayed(FULL), stopped()),
        graded(0, displayed(FULL), new_output("stream", name="stderr", text="oh")),
    ],
    ids=[
        "not bonus", "no output", "no verdict", "a list", "half of it", "text", "a bool",
        "negative", "infinite", "not a number", "stopped", "stderr",
    ],
)  # fmt: skip
def test_nothing_else_counts_as_a_bonus(cell):
    assert bonus_verdict(cell) is None


def test_a_configured_stub_keeps_its_words_and_gets_the_name():
    stub = {"python": "# HERE\nraise NotImplementedError()"}
    clear = NamedStubs(config=Config({"ClearSolutions": {"code_stub": stub}}))
    cell = graded(0, source="### BEGIN SOLUTION\n1\n### END SOLUTION", solution=True)

    clear.preprocess(new_notebook(cells=[cell]), {})

    assert cell.source == '# HERE\nraise NotImplementedError("triple_check is not written yet")'
    assert clear.code_stub == stub


def test_a_written_answer_keeps_nbgraders_stub():
    nbgrader = {"grade": True, "grade_id": "why", "points": 1, "solution": True}
    cell = new_markdown_cell(
        "Why?\n### BEGIN SOLUTION\nSo.\n### END SOLUTION", metadata={"nbgrader": nbgrader}
    )

    NamedStubs().preprocess(new_notebook(cells=[cell]), {})

    assert cell.source == "Why?\nYOUR ANSWER HERE"


def test_feedback_shows_one_plain_line_for_a_stopped_check():
    cell = graded(
        4, stopped("KeyError"), source="### BEGIN HIDDEN TESTS\nx\n### END HIDDEN TESTS\nassert 1"
    )

    PlainFeedback().preprocess(new_notebook(cells=[cell]), {})

    assert cell.source == "assert 1"
    (output,) = cell.outputs
    assert output.traceback == ["The checks of this cell stopped with KeyError before their end."]
    assert output.evalue == ""


@pytest.mark.parametrize("solution", [True, False])
def test_feedback_leaves_a_students_own_cells_alone(solution):
    text = "### BEGIN HIDDEN TESTS\n1 / 0"
    if solution:
        cell = graded(4, stopped(), source=text, solution=True)
    else:
        cell = new_code_cell(text, outputs=[stopped()])

    PlainFeedback().preprocess(new_notebook(cells=[cell]), {})

    assert cell.source == text
    assert len(cell.outputs[0].traceback) == 3


def test_cells_get_the_seconds_of_course_toml():
    settings = Settings(cell_seconds=20, explore_seconds=0.5, submission_seconds=300)

    assert seconds_for(settings, new_code_cell("", metadata={"tags": ["explore"]})) == 1
    assert seconds_for(settings, graded(4)) == 300
    assert seconds_for(settings, new_code_cell("")) == 20


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("GRADLAB_ROOT", "/nowhere")
    return monkeypatch


def test_a_folder_with_labs_is_its_own_course(tmp_path, environment):
    toy_course(tmp_path)
    config = Config()

    configure(config, tmp_path)

    assert config.CourseDirectory.source_directory == "build/source"
    assert os.environ["GRADLAB_ROOT"] == str(tmp_path)
    assert (tmp_path / "build" / "source" / NAME / "toy.ipynb").exists()
    assert SaveVerdicts in config.Autograde.autograde_preprocessors
    assert config.GenerateFeedback.preprocessors[0] is PlainFeedback
    assert NamedStubs in config.GenerateAssignment.preprocessors


def test_another_folder_uses_the_labs_of_gradlab_root(tmp_path, environment):
    labs = toy_course(tmp_path / "labs").root
    environment.setenv("GRADLAB_ROOT", str(labs))
    folder = tmp_path / "term"
    folder.mkdir()
    config = Config()

    configure(config, folder)

    assert config.CourseDirectory.source_directory == str(labs / "build" / "source")
    assert list(folder.iterdir()) == []


def test_without_gradlab_root_the_labs_are_those_of_the_checkout(tmp_path, environment):
    environment.delenv("GRADLAB_ROOT")

    assert course_of(tmp_path).root == Path(__file__).parents[2]


def test_a_source_that_cannot_be_built_is_logged_and_stops_nothing(tmp_path, environment, caplog):
    toy_course(tmp_path, source="x = 1\n")
    config = Config()

    with caplog.at_level("ERROR"):
        configure(config, tmp_path)

    assert "toy.py:1: the first cell has no header" in caplog.text
    assert config.CourseDirectory.source_directory == "build/source"


def test_a_wrong_course_toml_is_logged_and_stops_nothing(tmp_path, environment, caplog):
    toy_course(tmp_path, course_toml="sed = 1\n")
    config = Config()

    with caplog.at_level("ERROR"):
        configure(config, tmp_path)

    assert "'sed' is not a setting" in caplog.text
    assert (tmp_path / "build" / "source" / NAME / "toy.ipynb").exists()


def test_the_configuration_file_works_copied(tmp_path, environment):
    toy_course(tmp_path)
    path = tmp_path / "nbgrader_config.py"
    shutil.copy(Path(__file__).parents[2] / "nbgrader_config.py", path)
    config = Config()

    exec(
        compile(path.read_text(), str(path), "exec"),
        {"get_config": lambda: config, "__file__": str(path)},
    )

    assert config.CourseDirectory.source_directory == "build/source"
