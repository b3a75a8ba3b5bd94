import pytest

from autograder.grading.gradebook import open_gradebook
from autograder.grading.packing import package_lab
from tests.grading.classroom import book
from tests.grading.helpers import LIMITS
from tests.toy import NAME, toy_course


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    return toy_course(tmp_path_factory.mktemp("toy"), course_toml=LIMITS).lab(NAME)


@pytest.fixture(scope="session")
def package(lab):
    return package_lab(lab)


@pytest.fixture(scope="session")
def empty_book(tmp_path_factory):
    """Return an empty gradebook; nbgrader takes seconds to make one."""
    folder = tmp_path_factory.mktemp("book")
    open_gradebook(book(folder)).close()
    return folder / "gradebook.db"
