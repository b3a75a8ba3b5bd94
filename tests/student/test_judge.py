"""The fork that answers checks: kept while it is what a kernel would be, else made anew.

In a student's namespace processes are numbered in order, so the numbers of the forks that
answer tell how many there were.
"""

from contextlib import suppress

import pytest

from autograder.grading.bubblewrap import bubblewrap
from autograder.grading.sandbox import Sandbox
from autograder.grading.student_process import JudgeGone, OutOfTime
from autograder.student.side import StudentError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(bubblewrap()), reason=bubblewrap() or "there is one"),
]
WHO = "import os\ndef probe(student):\n    return os.getpid()"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("bwrap") as sandbox:
        yield sandbox


@pytest.fixture
def process(sandbox):
    process = sandbox.fork()
    yield process
    process.end()


def shown(run):
    return "".join(output.get("text", output.get("ename", "")) for output in run.outputs)


def judged(process, probe=WHO):
    """Ask one thing, as one exercise."""
    process.begin_judging()
    try:
        return process.ask("probe", "probe", probe, [], seconds=5)
    finally:
        process.end_judging()


def value_of(name):
    return f"def probe(student):\n    return student.{name}"


def test_one_fork_answers_for_all_exercises_and_sees_what_later_cells_define(process):
    process.run_cell("double = lambda x: 2 * x", 5)
    assert judged(process) == 2
    process.run_cell("triple = lambda x: 3 * x\n1 / 0", 5)
    process.run_visible("five = triple(2) - 1", 1.0)
    assert judged(process, "def probe(student):\n    return student.triple(student.five)") == 15
    assert judged(process) == 2


def test_each_cell_runs_once_in_it_as_in_a_kernel(process):
    process.run_cell("log = ['first']", 5)
    assert judged(process, "def probe(student):\n    student.log.append('check')") is None
    process.run_cell("log.append('second'); 7", 5)
    process.run_visible("log.append('asserts')", 1.0)
    assert judged(process, value_of("log")) == ["first", "check", "second", "asserts"]
    process.run_cell("log.append((_, len(In)))", 5)
    assert judged(process, value_of("log"))[-1] == (7, 4)
    assert judged(process) == 2


def test_no_cell_shows_what_a_check_passed_in(process):
    """Not in the student's process, which never had it; nor in the fork, which has no voice."""
    process.run_cell("seen = []", 5)
    judged(process, "def probe(student):\n    student.seen.append('SECRET')")
    last = process.run_cell("print('shown', seen); seen", 5)
    assert shown(last) == "shown []\n"
    assert "SECRET" not in str(last.outputs)
    assert judged(process, value_of("seen")) == ["SECRET"]
    seen = process.run_visible("print(seen)\nassert not seen, seen", 1.0)
    assert (seen.status, shown(seen)) == ("passed", "[]\n")


@pytest.mark.parametrize(
    ("cell", "again"),
    [
        ("x = 1", False),
        ("open('file', 'w').write('x')", True),
        ("import subprocess; subprocess.run(['true'])", True),
        ("import threading; t = threading.Thread(target=print); t.start(); t.join()", True),
        ("import time; time.sleep(5.1)", True),
        ("import os; os.kill(2, 9)", True),
        ("import os; os.close(file.fileno())", True),
    ],
    ids=["explore", "file", "process", "thread", "sleep", "kill", "differs"],
)
def test_after_a_cell_that_cannot_be_run_again_there_is_a_new_one(process, cell, again):
    # In the fork it is closed.
    process.run_cell("import os\nfile = open(os.__file__, 'rb')", 5)
    first = judged(process)
    process.run_cell(cell + "\ny = 5", 10, again=again)
    assert judged(process, value_of("y")) == 5
    assert judged(process) > first


@pytest.mark.parametrize(
    "probe",
    [
        "import os\ndef probe(student):\n    open('left', 'w').write('x')",
        "import os\ndef probe(student):\n    os.remove('old')",
        "import os, time\ndef probe(student):\n    if os.fork() == 0: time.sleep(100)",
        "import threading\ndef probe(student):\n    threading.Thread(target=int).start()",
        "import os\ndef probe(student):\n    os._exit(0)",
        "def probe(student):\n    1 / 0",
        "def probe(student):\n    student.slow()",
    ],
    ids=["file", "removed", "process", "thread", "death", "exception", "time"],
)
def test_what_a_check_does_to_it_is_gone_with_it(process, probe):
    process.run_cell("open('old', 'w').write('old')\ndef slow():\n    while True: pass", 5)
    first = judged(process)
    process.begin_judging()
    with suppress(StudentError, OutOfTime, JudgeGone):
        process.ask("probe", "probe", probe, [], seconds=0.5)
    process.end_judging()
    looks = "import os\nprint(sorted(os.listdir('.')))\ntry: os.kill(-1, 0)\n"
    looks += "except ProcessLookupError: print('alone')"
    assert shown(process.run_cell(looks, 5)) == "['old']\nalone\n"
    assert judged(process) > first


def test_work_that_is_not_done_yet_costs_no_fork(process):
    with pytest.raises(StudentError):
        judged(process, "def probe(student):\n    return student.absent")
    assert judged(process) == 2


def test_a_cell_is_not_run_again_for_ever(process):
    """A loop that ends in the student's process and not in the fork."""
    process.run_cell("import os\nmine = os.getpid()", 5)
    assert judged(process) == 2
    process.run_cell("while os.getpid() != mine: pass", 5)
    assert judged(process, value_of("mine")) == 1
    assert judged(process) == 3
