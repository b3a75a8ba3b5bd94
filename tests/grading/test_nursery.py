"""One process imports for all workers of a machine; each has a zygote of its own."""

import os
import signal

import psutil
import pytest

from autograder.authoring.notebooks import source_notebook
from autograder.catalog import Course
from autograder.errors import GradlabError
from autograder.grading import nursery as module
from autograder.grading.bubblewrap import bubblewrap
from autograder.grading.nursery import Nursery, connect
from autograder.grading.packing import package_lab
from autograder.grading.ready import Ready
from autograder.grading.sandbox import Sandbox, resolve
from tests.toy import toy_course

KINDS = ["none", pytest.param("bwrap", marks=pytest.mark.skipif(bool(bubblewrap()), reason="none"))]
CELLS = "import math\nx = 1\n"


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def nursery(kind):
    with Nursery(kind) as made:
        made.prepare(Ready(cells=(CELLS,)))
        yield made


@pytest.fixture
def sandboxes(kind, nursery):
    with (
        Sandbox(kind, address=nursery.address) as one,
        Sandbox(kind, address=nursery.address) as other,
    ):
        yield one, other


def shown(process, source):
    run = process.run_cell(source, 20)
    return "".join(output.get("text", output.get("evalue", "")) for output in run.outputs)


def descendants(nursery):
    return {child.pid for child in psutil.Process(nursery.process.pid).children(recursive=True)}


def test_each_worker_has_a_zygote_and_none_sees_the_other(sandboxes, nursery):
    one, other = (sandbox.fork() for sandbox in sandboxes)
    assert one.run_cell("secret = 7\nprint(1)", 20).outputs[0]["text"] == "1\n"
    assert "not defined" in shown(other, "print(secret)\n")
    assert all(sandbox._nursery is None for sandbox in sandboxes)
    one.end()
    assert shown(other, "print(2)\n") == "2\n"
    other.end()


def test_a_zygote_that_dies_is_replaced_and_the_other_lives(sandboxes, nursery):
    first, second = sandboxes
    before = descendants(nursery)
    process = first.fork()
    mine = descendants(nursery) - before
    process.end()
    other = second.fork()
    for pid in mine & descendants(nursery):
        os.kill(pid, signal.SIGKILL)
    assert shown(other, "print(3)\n") == "3\n"
    again = first.fork()
    assert shown(again, "print(4)\n") == "4\n"
    again.end()
    other.end()


def test_where_the_nursery_has_gone_a_sandbox_has_its_own(kind):
    gone = Nursery(kind)
    gone.close()
    with Sandbox(kind, address=gone.address) as sandbox:
        process = sandbox.fork()
        assert shown(process, "print(5)\n") == "5\n"
        process.end()
        assert sandbox._nursery is not None


def test_nothing_is_left_of_a_nursery_that_was_told_nothing(kind):
    nursery = Nursery(kind)
    left = [psutil.Process(pid) for pid in [nursery.process.pid, *descendants(nursery)]]
    nursery.close()
    _, alive = psutil.wait_procs(left, timeout=20)
    assert alive == []


def test_nothing_is_left_of_a_nursery(kind):
    nursery = Nursery(kind)
    nursery.prepare(Ready())
    control = connect(nursery.address)
    left = [psutil.Process(pid) for pid in descendants(nursery)]
    assert left
    nursery.close()
    _, alive = psutil.wait_procs(left, timeout=20)
    assert alive == []
    assert control.recv(1) == b""
    assert not os.path.exists(os.path.dirname(nursery.address))
    control.close()


def test_one_that_does_not_start_says_why(monkeypatch):
    command = ["sh", "-c", "echo clone: not permitted >&2; exit 1"]
    monkeypatch.setattr(module, "inside", lambda *_: command)
    with Sandbox("bwrap") as sandbox, pytest.raises(GradlabError, match="clone: not permitted"):
        sandbox.fork()


def test_its_zygotes_keep_to_the_processors_of_their_worker(kind, nursery):
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(own)})
    try:
        with Sandbox(kind, address=nursery.address) as sandbox:
            process = sandbox.fork()
            assert (
                shown(process, "import os\nprint(os.sched_getaffinity(0))") == f"{ {min(own)} }\n"
            )
            process.end()
    finally:
        os.sched_setaffinity(0, own)


@pytest.mark.parametrize("name", Course.default().lab_names())
def test_what_is_ready_is_the_same_before_and_after_packing(name):
    lab = Course.default().lab(name)
    ready = Ready.of(source_notebook(lab), lab.course.settings)
    assert ready == package_lab(lab).ready
    assert "numpy" in ready.modules
    everything = "\n".join([*ready.cells, *ready.asserts])
    for word in ("SOLUTION", "HIDDEN", "_gradlab", "YOUR CODE HERE"):
        assert word not in everything


def test_settings_bind(tmp_path):
    lab = toy_course(tmp_path, course_toml="[limits]\nprocesses = 5\nmemory_mib = 300\n").lab("toy")
    limits = package_lab(lab).ready.limits
    assert (limits.processes, limits.memory) == (5, 300 * 2**20)
    assert resolve("none") == "none"
