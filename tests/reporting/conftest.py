import pytest

from tests.grading.classroom import classroom


@pytest.fixture(scope="session")
def room(tmp_path_factory):
    """Return the graded class; graded once for these tests and those of grading."""
    return classroom(tmp_path_factory.mktemp)
