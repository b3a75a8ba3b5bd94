"""The engine: which gradients arrive where, how often, and what is kept in memory."""

from __future__ import annotations

import copy
import gc
import threading
import weakref

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import ArgumentError, ShapeError, Tensor, no_grad
from course_utils.autograd import record


def leaf(values, dtype=np.float64):
    return Tensor(np.array(values, dtype=dtype), requires_grad=True)


def test_a_tensor_used_several_times_gets_the_sum():
    x = leaf(3.0)
    y = x * x  # 2x
    z = y * x + y + x  # 3x² + 2x + 1
    z.backward()
    assert x.grad.item() == 3 * 9 + 2 * 3 + 1


def test_a_diamond_is_walked_once_for_each_node():
    # Without a topological order the inner node is left before its second gradient arrives.
    # Visiting each path apart would take 2 ** 60 visits.
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y * 0.5 + y * 0.5
    y.backward()
    assert x.grad.item() == 1


def test_an_old_input_may_be_the_last_in_the_chain():
    a, b = leaf(2.0), leaf(5.0)
    early = a * 3
    late = (b * early) * b
    (late + early).backward()
    assert a.grad.item() == 25 * 3 + 3
    assert b.grad.item() == 2 * 5 * 6


def test_long_chains_need_no_recursion():
    length = 10_000
    x = leaf(1.0)
    y = x
    for _ in range(length):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1
    y = x
    for _ in range(length):
        y = y * 1.0
    del y  # never walked: freeing it must not recurse either
    gc.collect()


def test_gradients_add_up_until_zero_grad():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    first = x.grad.data
    (x * 3).sum().backward()
    assert_array_equal(x.grad.data, [5, 5])
    assert_array_equal(first, [2, 2])
    x.zero_grad()
    assert x.grad is None
    (x * 3).sum().backward()
    assert_array_equal(x.grad.data, [3, 3])


def test_leaves_do_not_share_the_memory_of_their_gradients():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    upstream = np.array([1.0, 10.0])
    (a + b).backward(upstream)
    a.grad.data[:] = 99
    assert_array_equal(b.grad.data, [1, 10])
    assert_array_equal(upstream, [1, 10])
    c, d = leaf([[1.0, 2.0]]), leaf([[3.0, 4.0]])
    (c.reshape(2) + d.reshape(2)).backward(upstream)
    c.grad.data[:] = 99
    assert_array_equal(d.grad.data, [[1, 10]])
    assert_array_equal(upstream, [1, 10])


def test_broadcast_gradients_are_summed_back():
    bias, scale, number = leaf([1.0, 2.0, 3.0]), leaf([[2.0], [4.0]]), leaf(5.0)
    upstream = np.arange(1.0, 7).reshape(2, 3)
    (bias * scale + number).backward(upstream)
    assert_array_equal(bias.grad.data, [1 * 2 + 4 * 4, 2 * 2 + 5 * 4, 3 * 2 + 6 * 4])
    assert_array_equal(scale.grad.data, [[1 + 4 + 9], [4 + 10 + 18]])
    assert number.grad.data.shape == ()
    assert number.grad.item() == 21


def test_only_leaves_get_gradients_and_only_where_wanted():
    x, constant = leaf([1.0]), Tensor([2.0])
    middle = x * constant
    middle.backward()
    assert middle.grad is None
    assert constant.grad is None
    assert x.grad.item() == 2
    assert middle.requires_grad
    assert not middle.is_leaf
    assert not (constant * 2).requires_grad


def test_a_second_backward_is_refused():
    x = leaf([1.0, 2.0])
    y = x * 2
    loss = y.sum()
    loss.backward()
    with pytest.raises(ArgumentError, match="has been through this graph before"):
        loss.backward()
    with pytest.raises(ArgumentError, match="compute the loss anew"):
        (y * 3).sum().backward()
    assert_array_equal(x.grad.data, [2, 2])


def test_backward_lets_go_of_the_graph():
    x = leaf(np.ones(10))
    middle = x * 2
    loss = middle.exp().sum()
    kept = weakref.ref(middle)
    del middle
    gc.disable()  # reference counting alone must free it
    try:
        assert kept() is not None
        loss.backward()
        assert kept() is None
    finally:
        gc.enable()


def test_results_are_freed_without_the_cyclic_collector():
    gc.disable()
    try:
        x = leaf(np.ones((3, 3)))
        results = [
            x.exp(), x @ x, x.softmax(), x.max(0), x[0], x.mean(1), x.clamp(0, 1), x.relu(), x / x,
            x**2, x.sum(), x.T, x.tanh(), x.log(), x.sqrt(), x.sigmoid(), x.reshape(9),
        ]  # fmt: skip
        alive = [weakref.ref(result) for result in results]
        results.clear()
        assert [ref() for ref in alive] == [None] * len(alive)
    finally:
        gc.enable()


def test_no_grad_records_nothing_and_ends():
    x = leaf([1.0])
    with no_grad():
        with no_grad():
            assert not (x * 2).requires_grad
        assert not (x * 2).requires_grad
        assert Tensor([1.0], requires_grad=True).requires_grad
    assert (x * 2).requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * 2).requires_grad

    @no_grad()
    def twice():
        return x * 2

    assert not twice().requires_grad
    assert (x * 2).requires_grad


def test_no_grad_in_one_thread_leaves_the_others_alone():
    x, inside, seen = leaf([1.0]), threading.Event(), []
    leave = threading.Event()

    def evaluate():
        with no_grad():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=evaluate)
    thread.start()
    inside.wait(10)
    seen.append((x * 2).requires_grad)
    leave.set()
    thread.join()
    assert seen == [True]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_types_are_kept(dtype):
    x = leaf([[1.0, 2.0], [3.0, 4.0]], dtype)
    y = ((2.0 * x + 1) / 3 - x**2) * np.sqrt(4.0) / np.float64(2)
    y = (y @ x.T).exp().tanh().clamp(-1, 1).softmax(1).mean(0).sqrt()
    y = y + x.max(dim=1) + x.sum(dim=0) + x.relu()[0] + x.sigmoid()[1] + (-x).log_softmax()[0]
    y = y + (x.abs() ** 0.5).reshape(4)[[0, 1]] + 2.0 ** x[0] + x.masked_fill(x > 2, -1.0)[0]
    assert y.dtype == dtype
    y.mean().backward()
    assert x.grad.dtype == dtype


def test_mixed_operands_follow_numpy_and_gradients_return_to_their_type():
    small, large = leaf([1.0, 2.0], np.float32), leaf([3.0, 4.0], np.float64)
    product = small * large
    assert product.dtype == np.float64
    product.sum().backward()
    assert small.grad.dtype == np.float32
    assert large.grad.dtype == np.float64
    assert (small * np.ones(2)).dtype == np.float64
    assert (small * np.ones(2, np.float32)).dtype == np.float32
    assert (Tensor([1, 2]) * 2.5).dtype == np.float64


def test_values_of_any_kind_are_accepted():
    array = np.ones((2, 2), np.float32)
    assert Tensor(array).data is array
    assert Tensor(Tensor(array)).data is array
    assert Tensor([[1, 2], [3, 4]]).dtype == np.int64
    assert Tensor(2.5).shape == ()
    assert Tensor(np.float32(2)).dtype == np.float32
    assert Tensor([True]).dtype == np.bool_
    assert Tensor([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).tolist() == [[1, 2], [3, 4]]


def test_reflected_operators_meet_numbers_lists_and_arrays():
    x = leaf([1.0, 4.0])
    for left in (8.0, 8, np.float64(8), np.float32(8), [8.0, 8.0], np.full(2, 8.0), np.array(8.0)):
        for result, wanted in (
            (left + x, [9, 12]), (left - x, [7, 4]), (left * x, [8, 32]), (left / x, [8, 2]),
            (left**x, [8, 4096]),
        ):  # fmt: skip
            assert isinstance(result, Tensor)
            assert_allclose(result.data, wanted)
    result = np.array([[1.0, 2.0]]) @ x
    assert isinstance(result, Tensor)
    assert_array_equal(result.data, [9])


def test_numpys_functions_record_or_refuse():
    x = leaf([1.0, 4.0])
    for result, wanted in (
        (np.exp(x), x.exp()), (np.log(x), x.log()), (np.sqrt(x), x.sqrt()), (np.abs(x), abs(x)),
        (np.tanh(x), x.tanh()), (np.negative(x), -x), (np.subtract(3.0, x), 3.0 - x),
        (np.matmul(np.ones((2, 2)), x), Tensor(np.ones((2, 2))) @ x), (np.power(x, 3), x**3),
    ):  # fmt: skip
        assert isinstance(result, Tensor)
        assert result.requires_grad
        assert_array_equal(result.data, wanted.data)
    (np.exp(x) * np.array([1.0, 2.0])).sum().backward()
    assert_allclose(x.grad.data, [np.exp(1), 2 * np.exp(4)])
    assert_array_equal(np.array([2.0, 2.0]) < x, [False, True])
    for call in (lambda: np.arctan(x), lambda: np.add.reduce(x), lambda: np.exp(x, where=[True])):
        with pytest.raises(ArgumentError, match="gradient of a Tensor"):
            call()
    array = np.ones(2)
    with pytest.raises(ArgumentError, match="add with out"):
        array += x


def test_comparisons_give_arrays_of_booleans():
    x = leaf([1.0, 2.0, 3.0])
    for result, wanted in (
        (x > 2, [0, 0, 1]), (x >= 2, [0, 1, 1]), (x < Tensor(2.0), [1, 0, 0]), (x <= 2, [1, 1, 0]),
        (x == [1, 0, 3], [1, 0, 1]), (x != np.array([1, 0, 3]), [0, 1, 0]),
        (np.float64(2) < x, [0, 0, 1]),
    ):  # fmt: skip
        assert type(result) is np.ndarray
        assert result.dtype == np.bool_
        assert_array_equal(result, wanted)
    with pytest.raises(ShapeError, match=r"\(3,\).*\(2,\)"):
        x > [1.0, 2.0]  # noqa: B015
    assert len({x, x, leaf([1.0])}) == 2  # hashed by identity


def test_single_values_behave_like_numbers():
    x = Tensor([[2.5]])
    assert (x.item(), float(x), int(x), bool(x), f"{x:.2f}") == (2.5, 2.5, 2, True, "2.50")
    assert len(Tensor([1, 2, 3])) == 3
    with pytest.raises(TypeError):
        len(Tensor(1.0))
    for convert in (Tensor.item, float, bool):
        with pytest.raises(ShapeError, match=r"shape \(2,\)"):
            convert(Tensor([1.0, 2.0]))


def test_numpy_and_detach_share_memory_and_asarray_works():
    x = leaf([1.0, 2.0])
    assert x.numpy() is x.data
    assert x.detach().data is x.data
    assert not x.detach().requires_grad
    assert_array_equal(np.asarray(x), x.data)
    assert np.asarray(x, dtype=np.float32).dtype == np.float32


def test_copy_writes_in_place():
    x = leaf([1.0, 2.0])
    array = x.data
    assert x.copy_([3, 4]) is x
    assert x.data is array
    assert_array_equal(array, [3, 4])
    x.copy_(Tensor(np.array([5, 6], np.float32)))
    assert_array_equal(array, [5, 6])
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        x.copy_([1.0, 2.0, 3.0])
    y = x * 2
    with pytest.raises(ArgumentError, match="must not be overwritten"):
        y.copy_([0.0, 0.0])
    with no_grad():
        y.copy_([0.0, 0.0])
    assert y.tolist() == [0, 0]


def test_deep_copies_of_leaves_are_independent():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    twin = copy.deepcopy(x)
    twin.data[:] = 7
    twin.grad.data[:] = 7
    assert_array_equal(x.data, [1, 2])
    assert_array_equal(x.grad.data, [2, 2])
    assert twin.requires_grad


def test_repr_shows_values_type_and_flag():
    assert repr(leaf([1.0, 2.0])) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(Tensor(np.ones(1, np.float32))) == "Tensor([1.], dtype=float32)"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: Tensor([1, 2], requires_grad=True), ArgumentError, "int64"),
        (lambda: Tensor([True], requires_grad=True), ArgumentError, "bool"),
        (lambda: Tensor("abc"), ArgumentError, "real numbers"),
        (lambda: Tensor([1j]), ArgumentError, "complex128"),
        (lambda: Tensor([None, 1]), ArgumentError, "object"),
        (lambda: Tensor([[1, 2], [3]]), ArgumentError, "rows have one length"),
        (lambda: Tensor([1.0, 2.0]).sum().backward(), ArgumentError, "requires_grad=True"),
        (lambda: leaf([1.0, 2.0]).exp().backward(), ShapeError, r"shape \(2,\)"),
        (lambda: leaf([1.0, 2.0]).exp().backward([1.0]), ShapeError, r"shape \(1,\)"),
        (lambda: leaf(np.ones((2, 3))) + np.ones((2, 4)), ShapeError, r"\(2, 3\).*\(2, 4\)"),
        (lambda: leaf(np.ones((2, 3))) - np.ones(2), ShapeError, r"a - b"),
        (lambda: leaf(np.ones((2, 3))) * np.ones(2), ShapeError, r"a \* b"),
        (lambda: leaf(np.ones((2, 3))) / np.ones(2), ShapeError, r"a / b"),
        (lambda: leaf(np.ones((2, 3))) ** np.ones(2), ShapeError, r"a \*\* b"),
        (lambda: leaf(np.ones((2, 3))) @ np.ones((2, 3)), ShapeError, r"\(2, 3\).*\(2, 3\)"),
        (lambda: leaf(1.0) @ np.ones((2, 3)), ShapeError, r"a of shape \(\)"),
        (lambda: leaf(np.ones((2, 3))).reshape(4, 2), ShapeError, r"\(2, 3\)"),
        (lambda: leaf(np.ones((2, 3))).transpose(0, 2), ShapeError, "no axis 2"),
        (lambda: leaf(np.ones((2, 3))).sum(dim=2), ShapeError, r"from -2 to 1"),
        (lambda: leaf(np.ones((2, 3))).mean(dim=(0, -2)), ShapeError, "twice"),
        (lambda: leaf(np.ones((2, 3))).mean(dim=1.0), ShapeError, "no axis 1.0"),
        (lambda: leaf(np.ones((0, 3))).mean(dim=0), ShapeError, "mean of no elements"),
        (lambda: leaf(np.ones((0, 3))).max(), ShapeError, "max of no elements"),
        (lambda: Tensor(np.ones((0, 3))).argmax(0), ShapeError, "argmax of no elements"),
        (lambda: leaf(np.ones((2, 3)))[2], ShapeError, r"\(2, 3\)"),
        (lambda: leaf(np.ones((2, 3)))[0.5], ShapeError, "index"),
        (lambda: leaf(np.ones((2, 3)))[Tensor([0.0, 1.0])], ShapeError, "index"),
        (lambda: leaf(np.ones((2, 3))).clamp(), ArgumentError, "None for both"),
        (lambda: leaf(np.ones((2, 3))).softmax(2), ShapeError, "axis 2"),
    ],
)  # fmt: skip
def test_errors_say_what_was_found(call, error, text):
    with pytest.raises(error, match="(?s)" + text) as caught:
        call()
    assert caught.value.expected
    assert caught.value.mend


def test_a_rule_may_leave_out_a_gradient():
    x, y = leaf(1.0), leaf(2.0)
    inner = x * 3
    record(np.asarray(5.0), (inner, y), lambda gradient: (None, gradient * 7)).backward()
    assert x.grad is None
    assert y.grad.item() == 7


def test_a_diverging_computation_gives_no_warnings():
    x = leaf([[1e38, -1e38], [np.inf, 0.0]], np.float32)
    y = (x * x + x - x / 0.0) @ x
    assert np.isnan(y.sum().item())
    y.mean().backward()
    assert np.isnan(x.grad.data).any()


def test_a_rule_that_returns_the_wrong_shape_is_named():
    x = leaf(np.ones((2, 3)))
    wrong = record(x.data, (x,), lambda gradient: (gradient.T,))
    with pytest.raises(ShapeError, match=r"(?s)\(2, 3\).*rule|rule.*\(2, 3\)"):
        wrong.backward(np.ones((2, 3)))
