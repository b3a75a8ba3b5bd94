"""Each exercise is asked about the names as they were after its check cell."""

from textwrap import dedent

import numpy as np
import pytest

from autograder.grading.bubblewrap import bubblewrap
from autograder.grading.sandbox import Sandbox
from autograder.student import moments
from autograder.student.moments import Moment
from autograder.student.side import StudentError
from tests.grading.helpers import ask


def after(first, later, names=()):
    """Return the names after `first`, put back when `later` has run."""
    namespace = {"__name__": "__main__", **dict(names)}
    exec(dedent(first), namespace)
    moment = Moment(namespace)
    exec(dedent(later), namespace)
    moment.restore(namespace)
    return namespace


def test_what_was_defined_replaced_or_deleted_later_is_undone():
    names = after("a, b = 1, 2\ndef f(): return a", "a = 5; c = 3; del b")
    assert (names["a"], names["b"], names["f"]()) == (1, 2, 1)
    assert "c" not in names


def test_the_methods_of_a_class_are_those_it_had():
    names = after(
        """
        class Net:
            size = 1
            def run(self): return "first"
        net = Net()
        """,
        """
        Net.run = lambda self: "later"
        Net.more = 5
        del Net.size
        """,
    )
    assert (names["net"].run(), names["Net"].size) == ("first", 1)
    assert not hasattr(names["Net"], "more")


def test_what_was_done_inside_an_object_stays():
    """The module says so: to copy what a notebook holds would cost more than to run it."""
    assert after("rows = []", "rows.append(1)")["rows"] == [1]


def test_a_large_array_that_nothing_else_holds_is_not_kept(monkeypatch):
    monkeypatch.setattr(moments, "_LARGE", 100)
    images = np.zeros(100)
    kept = after("small = images[:2].copy()", "images = images + 1", {"images": images})
    assert kept["images"] is images, "it is still there, so it is put back"
    del images
    gone = after("images = np.zeros(100)", "images = images + 1; small = 0", {"np": np, "small": 1})
    assert (gone["images"][0], gone["small"]) == (1, 1)


def test_a_class_that_refuses_is_left_alone():
    names = after(
        """
        class Meta(type):
            @property
            def __module__(cls): raise SystemExit
            def __setattr__(cls, *_): raise SystemExit
            def __delattr__(cls, *_): raise SystemExit
        class Odd(metaclass=Meta):
            x = 1
        """,
        "type.__setattr__(Odd, 'x', 2)",
    )
    assert names["Odd"].x == 1


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("bwrap") as sandbox:
        yield sandbox


needs_sandbox = pytest.mark.skipif(bool(bubblewrap()), reason=bubblewrap() or "there is one")


@pytest.mark.slow
@needs_sandbox
def test_a_process_puts_back_what_it_kept(sandbox):
    process = sandbox.fork()
    process.run_cell("x = 1\ndef f(): return x", 5)
    process.keep_moment(7)
    process.run_cell("x = 2\ny = 3", 5)
    process.keep_moment(9)
    process.run_cell("del f", 5)
    value = "def probe(student):\n    return student.f(), student.x"
    process.turn_to(7)
    assert ask(process, "probe", "probe", value, []) == (1, 1)
    with pytest.raises(StudentError, match="y is not defined"):
        ask(process, "name", "y")
    process.turn_to(9)
    assert ask(process, "probe", "probe", value, []) == (2, 2)
    process.end()


@pytest.mark.slow
@needs_sandbox
def test_what_goes_is_not_deleted_before_the_end(sandbox):
    """Its `__del__` could end the process."""
    process = sandbox.fork()
    process.keep_moment(1)
    process.run_cell(
        "import os\nclass Deadly:\n    def __del__(self): os._exit(3)\nx = Deadly()", 5
    )
    process.turn_to(1)
    with pytest.raises(StudentError, match="x is not defined"):
        ask(process, "name", "x")
    process.end()
