"""Finding labs and settings by folder; errors that say what to mend."""

import pickle

import pytest

from autograder.catalog import Course, Settings
from autograder.errors import GradlabError
from autograder.grading.packing import package_lab
from course_utils.errors import CourseUtilsError
from tests.toy import CHECKS, edited, toy_course, write


def test_labs_are_found_by_folder(tmp_path):
    toy_course(tmp_path, name="beta")
    toy_course(tmp_path, name="alpha")
    write(tmp_path / "source" / "notes" / "other.py", "# not a lab: the names differ\n")
    assert [lab.name for lab in Course(tmp_path).labs()] == ["alpha", "beta"]


def test_a_lab_says_what_it_declares_and_where_it_lies(tmp_path):
    lab = toy_course(tmp_path).lab("toy")
    assert (lab.title, lab.points, lab.bonus) == ("A toy lab", 10.0, 2.0)
    assert lab.source_file.read_text().startswith("# %%")
    assert {exercise: len(checks) for exercise, checks in lab.checks().items()} == {
        "double": 2,
        "mean_rows": 2,
        "triple": 1,
    }


def test_two_courses_with_a_lab_of_one_name_keep_their_own_checks(tmp_path):
    one = toy_course(tmp_path / "one").lab("toy")
    assert "double" in one.checks()
    two = toy_course(tmp_path / "two", checks="").lab("toy")
    assert two.checks() == {}


def test_an_unknown_lab_lists_the_known(tmp_path):
    with pytest.raises(GradlabError) as caught:
        toy_course(tmp_path).lab("tpy")
    assert caught.value.expected == "toy"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = 'x'\n", "points is missing"),
        ("title = 3\npoints = 1\n", "title is missing or has the wrong type"),
        ("title = 'x'\npoints = 1\nbonos = 2\n", "unknown entry 'bonos'"),
        ("title = \n", "is not valid TOML"),
    ],
)
def test_a_wrong_lab_toml_is_refused(tmp_path, text, words):
    course = toy_course(tmp_path, lab_toml=text)
    with pytest.raises(GradlabError, match=words):
        course.lab("toy")


def test_a_missing_lab_toml_shows_an_example(tmp_path):
    toy_course(tmp_path)
    (tmp_path / "autograder/labs/toy/lab.toml").unlink()
    with pytest.raises(GradlabError) as caught:
        Course(tmp_path).lab("toy")
    assert "points = 100" in str(caught.value)


def test_checks_that_cannot_be_imported_name_the_file(tmp_path):
    lab = toy_course(tmp_path, checks="import no_such_module\n").lab("toy")
    with pytest.raises(GradlabError, match=r"checks\.py cannot be imported"):
        lab.checks()


def test_settings_come_from_course_toml_and_have_defaults(tmp_path):
    toy = toy_course(tmp_path, course_toml="seed = 7\n[limits]\ncell_seconds = 2.5\n")
    assert toy.settings == Settings(seed=7, cell_seconds=2.5)
    assert Course(tmp_path / "elsewhere").settings == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "seed = 1.5\n",
        "seed = true\n",
        "[limits]\ncell_secs = 3\n",
        "[limits]\ncell_seconds = '3'\n",
    ],
)
def test_wrong_settings_are_refused(tmp_path, text):
    course = toy_course(tmp_path, course_toml=text)
    with pytest.raises(GradlabError):
        _ = course.settings


def test_the_root_can_be_named_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_ROOT", str(tmp_path))
    assert Course.default().root == tmp_path


def test_errors_survive_a_process_border():
    error = GradlabError("wrong", expected="this", found="that", mend="change it")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert "to mend: change it" in str(error)


def test_errors_of_the_engine_are_errors_of_the_library():
    """One form, said once: only the word before what to do differs."""
    ours = GradlabError("wrong", expected="this", found="that", mend="change it")
    theirs = CourseUtilsError("wrong", expected="this", found="that", mend="change it")
    assert isinstance(ours, CourseUtilsError)
    assert not isinstance(theirs, GradlabError)
    assert str(ours) == str(theirs).replace("what to do", "to mend")


@pytest.mark.parametrize("load", [lambda lab: lab.checks(), package_lab])
def test_forbidding_an_exercise_that_is_not_there_is_refused(tmp_path, load):
    wrong = CHECKS + '\n\nforbid("tripel", "math.fsum", says="Write it.")\n'
    wrong = edited(wrong, "import check, close", "import check, close, forbid")
    lab = toy_course(tmp_path, checks=wrong).lab("toy")
    with pytest.raises(GradlabError) as refused:
        load(lab)
    line = wrong.split("\n").index('forbid("tripel", "math.fsum", says="Write it.")') + 1
    assert f"checks.py:{line}: forbid('tripel') is for an exercise" in refused.value.what
    assert refused.value.expected == "one of double, mean_rows, triple"
    assert refused.value.found == "tripel"


def test_edited_checks_are_read_again(tmp_path):
    lab = toy_course(tmp_path).lab("toy")
    assert "triple" in lab.checks()
    path = lab.hidden_folder / "checks.py"
    write(path, path.read_text().replace('@check("triple"', '@check("double"'))
    assert "triple" not in lab.checks()
