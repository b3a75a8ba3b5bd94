"""What the tests of grading share: toy notebooks with accidents."""

import nbformat

from autograder.authoring.notebooks import release_notebook, solution_notebook, write
from autograder.grading.match import name_of

WRONG_DOUBLE = "def double(x):\n    return x * x"
RIGHT_DOUBLE = "def double(x):\n    return x + x"

LIMITS = """\
[limits]
cell_seconds = 4
explore_seconds = 1
check_seconds = 3
submission_seconds = 60
"""


def solved(lab, **changed):
    """Return the worked notebook with the sources of some cells changed."""
    return with_sources(solution_notebook(lab), **changed)


def untouched(lab, **changed):
    """Return the release with the sources of some cells changed."""
    return with_sources(release_notebook(lab), **changed)


def with_sources(notebook, **changed):
    for name, source in changed.items():
        cell(notebook, name).source = source
    return notebook


def cell(notebook, name):
    (found,) = [cell for cell in notebook.cells if name_of(cell) == name]
    return found


def position(notebook, name):
    return [name_of(cell) for cell in notebook.cells].index(name)


def names(notebook):
    return [name for cell in notebook.cells if (name := name_of(cell))]


def copy_of(one):
    return nbformat.from_dict(dict(one))


def data(notebook):
    return write(notebook).encode()


def submit(course, student, content, name="toy.ipynb"):
    """Put a file where a student's submission goes."""
    home = course.root / "submitted" / student / "toy"
    home.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, (bytes, str)):
        content = data(content)
    path = home / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def ask(process, operation, *operands, seconds=5):
    """Ask a student's process for one operation and return what it gives."""
    return process.understood(process.put(process.question(operation, *operands), seconds))
