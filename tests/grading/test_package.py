"""What travels to a worker is enough to grade: no file of the course is read there."""

import inspect
import pickle
import shutil

import pytest

from autograder.checks.run import run_checks
from autograder.errors import GradlabError
from autograder.grading.fingerprint import package_digest
from autograder.grading.hidden import checks_in
from autograder.grading.packing import package_lab
from tests.grading.helpers import LIMITS
from tests.toy import CHECKS, NAME, SOURCE, edited, toy_course

WITH_PROBE = (
    edited(CHECKS, "from autograder.checks import check, close", "from autograder.checks import *")
    + '''

from autograder.checks import probe


@probe
def doubled_by_name(student, x):
    return student.double(x)


@check("double", points=1)
def doubles_in_a_probe(student, rng):
    """A probe doubles, too."""
    close(student.run(doubled_by_name, 4.0), 8.0)
'''
)
WITH_PROBE = WITH_PROBE.replace("import *", "import check, close")


def with_probe(folder):
    checks = edited(WITH_PROBE, '@check("double", points=3)', '@check("double", points=2)')
    return toy_course(folder, checks=checks, course_toml=LIMITS).lab(NAME)


def test_hidden_checks_work_where_the_course_is_not(tmp_path):
    sent = pickle.dumps(package_lab(with_probe(tmp_path / "course")))
    shutil.rmtree(tmp_path / "course")
    checks_in.cache_clear()
    package = pickle.loads(sent)
    checks = package.checks()["double"]
    verdict = run_checks(checks, {"double": lambda x: 2 * x}, lab=NAME, seed=1)
    assert [outcome.status for outcome in verdict.outcomes] == ["passed"] * 3
    # Tracebacks and probes look up lines.
    assert "x = float(rng.normal())" in inspect.getsource(checks[0].function)


def test_checks_are_loaded_once(tmp_path):
    package = package_lab(with_probe(tmp_path))
    again = pickle.loads(pickle.dumps(package))
    assert again.checks()["double"][0] is package.checks()["double"][0]


def test_checks_that_read_what_lies_beside_them_are_refused_before_they_travel(tmp_path):
    checks = CHECKS + "\nfrom pathlib import Path\nTEXT = Path(__file__).read_text()\n"
    lab = toy_course(tmp_path, checks=checks).lab(NAME)
    with pytest.raises(GradlabError, match="do not stand alone") as caught:
        package_lab(lab)
    assert "reads no file beside it" in str(caught.value)


def test_the_digest_tells_what_a_grade_depends_on(tmp_path):
    def digest(number, **changed):
        course = toy_course(tmp_path / str(number), **changed)
        return package_digest(package_lab(course.lab(NAME)))

    same = digest(0)
    assert digest(1) == same
    others = [
        digest(2, source=edited(SOURCE, "STEPS = 3", "STEPS = 4")),
        digest(3, checks=edited(CHECKS, "size=(4, 7)", "size=(5, 7)")),
        digest(4, course_toml="seed = 7\n"),
        digest(5, course_toml="[limits]\ncheck_seconds = 9\n"),
    ]
    data = tmp_path / "6" / "source" / NAME / "numbers.csv"
    data.parent.mkdir(parents=True)
    data.write_text("1,2\n")
    others.append(digest(6))
    assert len({same, *others}) == 6
