"""`gradlab verify`: a readable report, an exit code, and the document kept or compared."""

import argparse

import pytest

from autograder.catalog import Course
from autograder.errors import GradlabError
from autograder.proving.command import add_parser
from autograder.proving.matrix import matrix_path
from tests.proving.conftest import MISCONCEPTIONS
from tests.toy import edited, toy_course


@pytest.fixture
def gradlab(monkeypatch):
    """Return a function that runs `gradlab verify` on a course."""

    def run(course, *arguments):
        monkeypatch.setenv("GRADLAB_ROOT", str(course.root))
        parser = argparse.ArgumentParser()
        add_parser(parser.add_subparsers())
        options = parser.parse_args(["verify", *arguments])
        return options.run(options)

    return run


def test_a_lab_that_is_proved(course, gradlab, capsys):
    made = course()
    assert gradlab(made) == 0
    output = capsys.readouterr().out
    assert "toy: A toy lab: proved" in output
    assert "3 exercises, 5 checks, 4 misconceptions, 1 alternative\n" in output
    assert output.rstrip().endswith("Proved: toy.")
    text = matrix_path(made).read_text()
    assert "`forgets_double`" in text
    assert gradlab(made, "toy", "--check") == 0
    assert matrix_path(made).read_text() == text


def test_the_document_is_compared(course, gradlab, capsys):
    made = course()
    assert gradlab(made, "--check") == 1
    assert "no file" in capsys.readouterr().out
    assert not matrix_path(made).exists()
    matrix_path(made).parent.mkdir()
    matrix_path(made).write_text("something else")
    assert gradlab(made, "--check") == 1
    output = capsys.readouterr().out
    assert "kill-matrix.md is not what the labs show today" in output
    assert "another text" in output
    assert matrix_path(made).read_text() == "something else"


def test_a_lab_that_is_not_proved(course, gradlab, capsys):
    made = course(misconceptions=edited(MISCONCEPTIONS, "return 3 + x", "return x * 3"))
    assert gradlab(made) == 1
    output = capsys.readouterr().out
    assert "toy: A toy lab: NOT PROVED, 1 problem" in output
    assert "\n1. toy: " in output
    assert "'adds_three' is not noticed by triples_numbers" in output
    assert "to mend:" in output
    assert "Proved: none." in output
    assert not matrix_path(made).exists()


def test_a_lab_that_does_not_exist(tmp_path, gradlab):
    with pytest.raises(GradlabError, match="no lab 'tog'"):
        gradlab(toy_course(tmp_path), "tog")


def test_a_course_without_labs(tmp_path, gradlab):
    with pytest.raises(GradlabError, match="there is no lab in"):
        gradlab(Course(tmp_path))


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_seeds_that_is_none(tmp_path, gradlab, number, capsys):
    with pytest.raises(SystemExit):
        gradlab(toy_course(tmp_path), "--seeds", number)
    assert "--seeds" in capsys.readouterr().err


def test_another_number_of_mutants_leaves_the_document_alone(course, gradlab, capsys):
    made = course()
    assert gradlab(made, "--mutants", "all") == 0
    assert "mutants: " in capsys.readouterr().out
    assert gradlab(made, "--mutants", "0", "--check") == 0
    assert "mutants: none tried" in capsys.readouterr().out
    assert not matrix_path(made).exists()


@pytest.mark.parametrize("number", ["-1", "some"])
def test_a_number_of_mutants_that_is_none(tmp_path, gradlab, number, capsys):
    with pytest.raises(SystemExit):
        gradlab(toy_course(tmp_path), "--mutants", number)
    assert "--mutants" in capsys.readouterr().err


def test_without_forks_no_mutants_are_tried(course, gradlab, capsys, monkeypatch):
    monkeypatch.setattr("autograder.proving.run.FORK_IS_SAFE", False)
    made = course()
    assert gradlab(made) == 0
    output = capsys.readouterr().out
    assert "no mutants are tried here" in output
    assert "mutants: none tried" in output
    assert not matrix_path(made).exists()
