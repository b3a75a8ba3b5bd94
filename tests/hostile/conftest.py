import json
import os
import socket
import time
from pathlib import Path

import pytest

from autograder.grading import student_process
from autograder.grading.bubblewrap import HOME, bubblewrap
from autograder.grading.execute import close_sandboxes
from autograder.grading.packing import package_lab
from tests.grading.helpers import solved
from tests.hostile.attacks import MEAN_ROWS
from tests.toy import NAME, toy_course

LIMITS = """\
[limits]
cell_seconds = 2.5
explore_seconds = 0.3
check_seconds = 1.2
submission_seconds = 40
memory_mib = 256
file_mib = 1
disk_mib = 8
processes = 24
"""

# The folder that a process in the sandbox may write to; /scratch where Python lies in /tmp.
WRITABLE = HOME

needs_sandbox = pytest.mark.skipif(bool(bubblewrap()), reason=bubblewrap() or "there is one")


@pytest.fixture(scope="session", autouse=True)
def quick():
    """Wait less for code that does not stop, and end the sandboxes at the end."""
    before = student_process.GRACE_SECONDS
    student_process.GRACE_SECONDS = 1.5
    os.environ["GRADLAB_SECRET"] = "swordfish"
    yield
    student_process.GRACE_SECONDS = before
    del os.environ["GRADLAB_SECRET"]
    close_sandboxes()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    course = toy_course(tmp_path_factory.mktemp("hostile"), course_toml=LIMITS)
    for name in ("gradebook.db", "submitted/alice/toy/toy.ipynb"):
        path = course.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("someone else's work")
    return course.lab(NAME)


@pytest.fixture(scope="session")
def package(lab):
    return package_lab(lab)


@pytest.fixture(scope="session")
def base(lab):
    """The honest notebook: `mean_rows` does without `double`, whose work is its own."""
    return solved(lab, mean_rows=MEAN_ROWS)


@pytest.fixture(scope="session")
def port():
    """Listen where the network would lead."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def outputs(notebook: bytes) -> str:
    """Return what the cells of a graded notebook show, without the verdicts."""
    shown = []
    for cell in json.loads(notebook)["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "application/vnd.gradlab.verdict+json" not in data:
                shown += [output.get("text", []), output.get("traceback", []), *data.values()]
    return "\n".join("".join(part) for part in shown)


def descendants(root: int) -> list[int]:
    """Return the processes below `root`, itself not among them."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if text[0] != "Z":
                parents[int(folder.name)] = int(text[1])
    found: list[int] = []
    below = {root}
    while below:
        below = {child for child, parent in parents.items() if parent in below}
        found += below
    return found


def settled(condition, seconds=30.0):
    """Wait until a condition holds; return whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
