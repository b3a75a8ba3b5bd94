"""What passes between a check and the student's objects, and what does not."""

import numpy as np
import pytest

from autograder.checks import CheckFailed, Handle, Student, StudentError, expect, probe
from autograder.student.plain import MAX_DEPTH, Ref, to_plain
from autograder.student.side import StudentSide


def student_of(source):
    namespace = {"np": np, "__name__": "notebook"}
    exec(source, namespace)
    return Student(StudentSide(namespace))


def test_arguments_and_results_are_copies():
    student = student_of("kept = []\ndef f(x):\n    kept.append(x)\n    x[0] = 99\n    return x\n")
    mine = np.arange(3.0)
    first = student.f(mine)
    assert mine[0] == 0, "the student's change must not reach the check's input"
    first[1] = -1
    assert student.kept[0][1] == 1.0, "the check's change must not reach the student's array"


def test_subclasses_lose_their_class():
    student = student_of(
        "class Liar(float):\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = float.__hash__\n"
        "class LyingArray(np.ndarray):\n"
        "    def __array_ufunc__(self, *a, **k): return np.True_\n"
        "def number(): return Liar(3)\n"
        "def array(): return np.arange(3.0).view(LyingArray)\n"
    )
    assert type(student.number()) is float
    assert student.number() != 4
    assert type(student.array()) is np.ndarray
    assert not (student.array() == 7).any()


def test_objects_come_back_as_handles_that_can_be_used():
    student = student_of(
        "class Net:\n"
        "    def __init__(self, sizes): self.weights = [np.ones((2, 3))]; self.sizes = sizes\n"
        "    def forward(self, x): return x @ self.weights[0].T\n"
        "    def __len__(self): return 7\n"
        "def sizes_of(net): return net.sizes\n"
    )
    net = student.Net((3, 2))
    assert isinstance(net, Handle)
    assert net.sizes == (3, 2)
    assert len(net) == 7
    net.weights = [np.full((2, 3), 2.0)]
    assert np.array_equal(net.forward(np.ones((4, 3))), np.full((4, 2), 6.0))
    assert student.sizes_of(net) == (3, 2), "a handle can be passed back"


def test_numpy_scalars_and_arrays_keep_their_dtype():
    student = student_of("def f(x): return x\n")
    for value in (np.float32(1.5), np.arange(4, dtype=np.int8), np.zeros((0, 3), np.float32)):
        back = student.f(value)
        assert back.dtype == value.dtype
        assert np.shape(back) == np.shape(value)


@pytest.mark.parametrize(
    ("source", "kind", "missing"),
    [
        ("", "NameError", True),
        ("def f(): raise NotImplementedError('f is not written yet')", "NotImplementedError", True),
        ("def f(): raise SystemExit", "SystemExit", False),
        ("def f(): return 1 / 0", "ZeroDivisionError", False),
        ("def f(): return [f] * 300_000", "ValueError", False),
        (
            "def f():\n    x = []\n    for _ in range(99): x = [x]\n    return x",
            "ValueError",
            False,
        ),
        ("def f(): return 'x' * 10**8", "ValueError", False),
        ("def f(): return 1 << 10**6", "ValueError", False),
    ],
)
def test_what_goes_wrong_on_the_students_side_is_a_student_error(source, kind, missing):
    with pytest.raises(StudentError) as caught:
        student_of(source).f()
    assert (caught.value.kind, caught.value.missing) == (kind, missing)


def test_object_arrays_do_not_pass_as_arrays():
    student = student_of("def f(): return np.array([1, 'a', None], dtype=object)\n")
    assert isinstance(student.f(), Handle)


def test_an_error_names_the_students_line(tmp_path):
    cell = tmp_path / "cell.py"
    cell.write_text("def f(x):\n    y = x + 1\n    return y @ y.missing\n")
    namespace = {}
    exec(compile(cell.read_text(), str(cell), "exec"), namespace)
    with pytest.raises(StudentError) as caught:
        Student(StudentSide(namespace)).f(np.ones(2))
    assert "in f: `return y @ y.missing`" in caught.value.message


@probe
def changed_input(student, x):
    before = x.copy()
    student.f(x)
    return bool(np.array_equal(before, x))


def test_a_probe_sees_what_calls_cannot():
    assert student_of("def f(x): return x + 1").run(changed_input, np.ones(3)) is True
    assert student_of("def f(x): x += 1").run(changed_input, np.ones(3)) is False


SECRET = 42


@probe
def reaches_out(student):
    return SECRET


def test_a_probe_is_self_contained():
    # It will be shipped to another process: what leans on its module must fail here too.
    with pytest.raises(StudentError, match="SECRET"):
        student_of("").run(reaches_out)


def test_a_check_cannot_pass_what_is_not_plain():
    with pytest.raises(TypeError, match="not object"):
        student_of("def f(x): return x").f(object())


def test_depth_is_counted_from_the_value():
    nested = []
    for _ in range(MAX_DEPTH):
        nested = [nested]
    assert to_plain(nested, lambda _: Ref(0, "")) == nested
    with pytest.raises(ValueError, match="nested"):
        to_plain([nested], lambda _: Ref(0, ""))


def test_expect():
    expect(np.True_, "unseen")
    with pytest.raises(CheckFailed) as caught:
        expect([], "the list is empty", hint="fill it")
    assert (caught.value.seen, caught.value.hint) == ("the list is empty", "fill it")


def test_the_students_side_imports_nothing_of_the_engine():
    import ast
    from pathlib import Path

    import autograder.student

    for path in Path(autograder.student.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert not (node.module or "").startswith("autograder"), path
            if isinstance(node, ast.Import):
                assert not [a for a in node.names if a.name.startswith("autograder")], path
