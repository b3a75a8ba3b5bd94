"""What stood somewhere is compared by identity, and only changes of what counts are told."""

import builtins
from types import ModuleType

import pytest

from autograder.student.tamper import _Place


def add(a, b):
    return a + b


class Adder:
    def add(self, a, b):
        return a + b


class Equal:
    """It says that it equals whatever it is compared with."""

    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.fixture
def module():
    module = ModuleType("watched")

    def first():
        return 1

    module.first, module.second, module.number, module.free = first, len, 1000, 1
    return module


def changes(module, change, counted=("first", "second", "number")):
    place = _Place("m", vars(module), set(counted))
    change(module)
    return place.changes()


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda m: None, []),
        (lambda m: setattr(m, "first", add), ["first"]),
        (lambda m: setattr(m, "first", Equal()), ["first"]),
        (lambda m: setattr(m, "second", max), ["second"]),
        (lambda m: setattr(m.first, "__code__", add.__code__), ["first"]),
        (lambda m: delattr(m, "second"), ["second"]),
        (lambda m: (setattr(m, "number", 7), setattr(m, "first", add)), ["first", "number"]),
        # Neither what is new nor what does not count.
        (lambda m: setattr(m, "third", add), []),
        (lambda m: setattr(m, "free", 2), []),
        # Where one thing has gone and another has come, there are as many as before.
        (lambda m: (delattr(m, "second"), setattr(m, "third", add)), ["second"]),
        (lambda m: (setattr(m, "free", 2), setattr(m.first, "__code__", add.__code__)), ["first"]),
    ],
)
def test_what_was_replaced_is_named(module, change, names):
    assert changes(module, change) == [f"m.{name} replaced" for name in names]


def test_the_same_function_under_two_names_is_named_twice(module):
    module.second = module.first
    found = changes(module, lambda m: setattr(m.first, "__code__", add.__code__))
    assert found == ["m.first replaced", "m.second replaced"]


def test_a_method_of_a_class_is_seen(monkeypatch):
    place = _Place("grader Adder", vars(Adder), {"add"})
    assert place.changes() == []
    monkeypatch.setattr(Adder, "add", add)
    assert place.changes() == ["grader Adder.add replaced"]


@pytest.mark.parametrize("name", ["all", "map"])
def test_what_it_compares_with_may_be_replaced_too(module, monkeypatch, name):
    place = _Place("m", vars(module), {"first"})
    module.first = add
    monkeypatch.setattr(builtins, name, lambda *_: True)
    found = place.changes()
    monkeypatch.undo()
    assert found == ["m.first replaced"]
