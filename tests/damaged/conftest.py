import pytest

from autograder.catalog import Course
from autograder.grading.packing import package_lab
from tests.damaged.books import OTHER_CHECKS, OTHER_SOURCE, OTHER_TOML, TWO_QUESTIONS
from tests.grading.helpers import LIMITS
from tests.toy import NAME, toy_course


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("damaged")
    toy_course(root, name="other", source=OTHER_SOURCE, checks=OTHER_CHECKS, lab_toml=OTHER_TOML)
    return toy_course(root, source=TWO_QUESTIONS, course_toml=LIMITS)


@pytest.fixture(scope="session")
def lab(course):
    return course.lab(NAME)


@pytest.fixture(scope="session")
def package(lab):
    return package_lab(lab)


@pytest.fixture(scope="session")
def real_lab():
    """Return a lab of the course itself: longer, with more kinds of cells."""
    return Course.default().labs()[0]


@pytest.fixture(scope="session")
def real_package(real_lab):
    return package_lab(real_lab)
