"""The baseline network: its gradient, its training loop, and what a subclass may rely on."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import ArgumentError, Network, ShapeError, set_seed

SIZES = (6, 5, 4, 3)  # no two alike: a missing transpose shows


def batch(rows=7, sizes=SIZES, seed=0):
    rng = default_rng(seed)
    return rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1]))


def loss_by_loops(network, x, y):
    """Return the mean squared error, one number at a time."""
    total = 0.0
    for row, targets in zip(x, y, strict=True):
        a = row
        for w, b in zip(network.weights, network.biases, strict=True):
            a = [1 / (1 + np.exp(-(sum(w[j] * a) + b[j]))) for j in range(len(b))]
            a = np.array(a)
        total += sum((a[j] - targets[j]) ** 2 for j in range(len(a)))
    return total / y.size


def test_parameters_are_drawn_as_documented():
    set_seed(3)
    network = Network((400, 300, 50))
    assert network.sizes == (400, 300, 50)
    assert network.num_layers == 2
    assert [w.shape for w in network.weights] == [(300, 400), (50, 300)]
    assert [b.shape for b in network.biases] == [(300,), (50,)]
    assert network.weights[0].std() == pytest.approx(1 / 20, rel=0.02)
    assert network.weights[1].std() == pytest.approx(1 / np.sqrt(300), rel=0.03)
    assert network.biases[0].std() == pytest.approx(1, rel=0.1)
    assert abs(network.weights[0].mean()) < 1e-3


def test_the_default_sizes():
    assert Network().sizes == (784, 30, 10)


def test_feedforward_by_loops():
    network = Network(SIZES)
    x, y = batch()
    loss = np.mean((network.feedforward(x) - y) ** 2)
    assert loss == pytest.approx(loss_by_loops(network, x, y), rel=1e-12)


def test_cost_derivative_by_hand():
    a, y = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([[0.0, 2, 5], [1, 1, 1]])
    expected = np.array([[2.0, 0, -4], [6, 8, 10]]) / 6
    assert_allclose(Network((2, 3)).cost_derivative(a, y), expected)


@pytest.mark.parametrize("only", ["all", "weights 0", "weights 1", "weights 2", "biases 0"])
@pytest.mark.parametrize("rows", [1, 7])
def test_gradient_along_random_directions(only, rows):
    network = Network(SIZES)
    x, y = batch(rows)
    grads = dict(zip(("weights", "biases"), network.backprop(x, y), strict=True))
    rng = default_rng(5)
    start = {name: getattr(network, name) for name in grads}
    directions = {
        name: [
            rng.normal(size=p.shape) * (only in ("all", f"{name} {layer}"))
            for layer, p in enumerate(start[name])
        ]
        for name in grads
    }

    def loss_at(step):
        for name, values in start.items():
            moved = [p + step * d for p, d in zip(values, directions[name], strict=True)]
            setattr(network, name, moved)
        return loss_by_loops(network, x, y)

    slope = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5
    along = sum(
        float(np.sum(g * d))
        for name in grads
        for g, d in zip(grads[name], directions[name], strict=True)
    )
    assert abs(slope) > 1e-4
    assert along == pytest.approx(slope, rel=1e-6)


def test_gradients_have_the_shapes_of_the_parameters():
    network = Network(SIZES)
    grads_w, grads_b = network.backprop(*batch())
    assert [g.shape for g in grads_w] == [w.shape for w in network.weights]
    assert [g.shape for g in grads_b] == [b.shape for b in network.biases]


def test_backprop_changes_nothing():
    network = Network(SIZES)
    x, y = batch()
    copies = [a.copy() for a in (x, y, *network.weights, *network.biases)]
    network.backprop(x, y)
    for array, copy in zip((x, y, *network.weights, *network.biases), copies, strict=True):
        assert_array_equal(array, copy)


def test_a_learning_step_goes_down_the_gradient_and_keeps_old_arrays():
    network = Network(SIZES)
    x, y = batch()
    old_w, old_b = network.weights, network.biases
    copies = [w.copy() for w in old_w]
    grads_w, grads_b = network.backprop(x, y)
    network.learning_step(x, y, 0.5)
    for layer in range(3):
        assert_allclose(network.weights[layer], copies[layer] - 0.5 * grads_w[layer])
        assert_allclose(network.biases[layer], old_b[layer] - 0.5 * grads_b[layer])
        assert_array_equal(old_w[layer], copies[layer])


def test_evaluate_counts_the_right_answers():
    network = Network((2, 3))
    network.feedforward = lambda x: np.array([[3, 1, 2], [0, 1, 2], [0, 9, 1], [5, 1, 1.0]])
    right = network.evaluate(np.zeros((4, 2)), np.eye(3)[[0, 2, 2, 0]])
    assert right == 0.75
    assert type(right) is float


class Recorder(Network):
    """A subclass like those of the labs: it only knows its own method."""

    def __init__(self, sizes, **settings):
        super().__init__(sizes, **settings)
        self.steps = []

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        self.steps.append((x_mini_batch, y_mini_batch, learning_rate))


def test_train_hands_each_row_once_per_epoch_to_learning_step():
    x = np.arange(25.0)[:, np.newaxis] * [1, 1]
    y = np.arange(25.0)[:, np.newaxis] * [1, 1, 1]
    set_seed(0)
    network = Recorder((2, 3))
    assert network.train((x, y), epochs=2, mini_batch_size=10, learning_rate=0.25) == -1
    assert [len(step[0]) for step in network.steps] == [10, 10, 5] * 2
    orders = []
    for epoch in (network.steps[:3], network.steps[3:]):
        rows = np.concatenate([step[0][:, 0] for step in epoch])
        labels = np.concatenate([step[1][:, 0] for step in epoch])
        assert_array_equal(rows, labels)  # shuffled together
        assert_array_equal(np.sort(rows), np.arange(25))
        orders.append(list(rows))
    assert orders[0] != orders[1]
    assert list(range(25)) not in orders
    assert {step[2] for step in network.steps} == {0.25}


def test_train_runs_two_epochs_of_mini_batches_of_100_unless_told():
    x, y = batch(250)
    network = Recorder(SIZES)
    network.train((x, y))
    assert [len(step[0]) for step in network.steps] == [100, 100, 50] * 2
    assert network.steps[0][2] == 1.0


def test_learning_step_uses_the_subclass_backprop_and_evaluate_its_feedforward():
    class Fixed(Network):
        def backprop(self, x, y):
            return [np.ones_like(w) for w in self.weights], [np.ones_like(b) for b in self.biases]

        def feedforward(self, x):
            return np.eye(3)[np.zeros(len(x), dtype=int)]

    network = Fixed((2, 3))
    before = network.weights[0]
    x, y = np.zeros((4, 2)), np.eye(3)[[0, 0, 0, 1]]
    accuracy = network.train(
        (x, np.eye(3)[[1, 1, 1, 1]]), (x, y), epochs=1, mini_batch_size=2, learning_rate=0.5
    )
    assert_allclose(network.weights[0], before - 2 * 0.5)
    assert accuracy == 0.75


def test_training_learns_a_small_task():
    set_seed(1)
    rng = default_rng(2)
    classes = rng.integers(0, 3, size=300)
    x = np.eye(3)[classes] + 0.2 * rng.normal(size=(300, 3))
    y = np.eye(3)[classes]
    network = Network((3, 8, 3))
    accuracy = network.train((x[:200], y[:200]), (x[200:], y[200:]), 30, 10, 3.0)
    assert accuracy > 0.95
    assert accuracy == network.evaluate(x[200:], y[200:])


def test_a_seed_repeats_a_whole_training():
    x, y = batch(50)

    def trained():
        set_seed(11)
        network = Network(SIZES)
        network.train((x, y), epochs=2, mini_batch_size=20)
        return network.weights[0]

    first = trained()
    assert_array_equal(first, trained())
    set_seed(12)
    assert not np.array_equal(Network(SIZES).weights[0], Network(SIZES).weights[0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
@pytest.mark.parametrize("network_dtype", [np.float64, np.float32])
def test_training_makes_no_copy_of_the_data(dtype, network_dtype):
    x, y = np.zeros((6000, 300), dtype=dtype), np.zeros((6000, 3), dtype=dtype)
    network = Network((300, 4, 3), dtype=network_dtype)
    network.train((x[:10], y[:10]), epochs=1)  # what is imported and allocated once
    tracemalloc.start()
    try:
        network.train((x, y), epochs=1, mini_batch_size=50)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # An order of 48 kB, and a few mini-batches of 120 kB at most; the data has 1.8 to 14 MB.
    assert peak < 600_000


def test_in_float32_parameters_and_mini_batches_are_float32():
    set_seed(0)
    network = Recorder((6, 4, 3), dtype=np.float32)
    set_seed(0)
    reference = Network((6, 4, 3))
    for ours, theirs in zip(
        network.weights + network.biases, reference.weights + reference.biases, strict=True
    ):
        assert ours.dtype == np.float32
        assert theirs.dtype == np.float64
        assert_array_equal(ours, theirs.astype(np.float32))
    network.train(batch(sizes=(6, 3)), epochs=1)
    for part in network.steps[0][:2]:
        assert part.dtype == np.float32


@pytest.mark.parametrize("data_dtype", [np.float32, np.float64])
def test_float32_stays_float32_and_learns_the_same(data_dtype):
    x, y = (part.astype(data_dtype) for part in batch(50))

    def trained(dtype):
        set_seed(4)
        network = Network(SIZES, dtype=dtype)
        network.train((x, y), epochs=2, mini_batch_size=20, learning_rate=np.float64(0.5))
        network.learning_step(x, y, 0.5)
        return network

    single, double = trained(np.float32), trained(np.float64)
    for ours, theirs in zip(
        single.weights + single.biases, double.weights + double.biases, strict=True
    ):
        assert (ours.dtype, theirs.dtype) == (np.float32, np.float64)
        assert_allclose(ours, theirs, atol=1e-5)
    assert single.feedforward(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("dtype", [int, np.uint8, complex, "float31", object])
def test_types_that_no_network_computes_in(dtype):
    with pytest.raises(ArgumentError, match=r"(?s)expected: a float type.*leave dtype out"):
        Network(SIZES, dtype=dtype)


@pytest.mark.parametrize("part", [0, 1])
def test_data_with_nan_is_named_with_its_row(part):
    data = batch(30)
    data[part][17, 2] = np.nan
    with pytest.raises(ArgumentError, match=rf"training_data\[{part}\] holds(?s:.*)row 17"):
        Network(SIZES).train(data, batch(), epochs=1)


def test_images_with_nan_are_not_evaluated():
    x, y = batch()
    x[3, 1] = np.nan
    with pytest.raises(ArgumentError, match=r"x holds(?s:.*)row 3"):
        Network(SIZES).evaluate(x, y)


def test_a_network_that_has_diverged_is_no_error():
    network = Network(SIZES)
    network.weights[0][:] = np.nan  # as after far too high a learning rate
    assert network.train(batch(), batch(), epochs=2) >= 0


def test_whole_numbers_train_as_floats_do():
    x = default_rng(3).integers(0, 9, size=(40, 6)).astype(np.uint8)
    y = np.eye(3, dtype=np.uint8)[np.arange(40) % 3]

    def trained(x, y):
        set_seed(6)
        network = Network(SIZES)
        accuracy = network.train((x, y), (x, y), epochs=2, mini_batch_size=7)
        return accuracy, network.weights[0]

    ours, theirs = trained(x, y), trained(x.astype(float), y.astype(float))
    assert ours[0] == theirs[0]
    assert_array_equal(ours[1], theirs[1])


def test_numpys_global_random_numbers_are_left_alone():
    np.random.seed(4)  # noqa: NPY002 - the point of the test
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(4)  # noqa: NPY002
    Network(SIZES).train(batch(), epochs=1)
    assert_array_equal(np.random.random(3), expected)  # noqa: NPY002


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_shows_the_test_accuracy_in_a_terminal(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    x, y = np.zeros((4, 2)), np.eye(3)[[1, 1, 1, 0]]
    network = Network((2, 3))
    network.feedforward = lambda x: np.eye(3)[np.ones(len(x), dtype=int)]
    network.train((x, y), (x, y), epochs=2, mini_batch_size=3)
    assert "epoch 2/2" in stream.getvalue()
    assert "4/4" in stream.getvalue()  # mini-batches of 3 and 1, twice
    assert "test accuracy 75.00%" in stream.getvalue()


def test_no_bar_goes_into_a_log_file(capfd):
    Network(SIZES).train(batch(), batch(), epochs=3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("x", [np.zeros(6), np.zeros((7, 5)), np.zeros((1, 7, 6))])
def test_rows_of_the_wrong_shape(x):
    network = Network(SIZES)
    for call in (network.feedforward, lambda x: network.backprop(x, batch()[1])):
        with pytest.raises(ShapeError, match=r"(?s)x does not fit.*expected: shape \(batch, 6\)"):
            call(x)


def test_targets_of_the_wrong_shape():
    network = Network(SIZES)
    x, y = batch()
    with pytest.raises(ShapeError, match=r"(?s)y does not fit.*\(batch, 3\).*one-hot"):
        network.backprop(x, np.zeros(7))
    with pytest.raises(ShapeError, match=r"found: x of shape \(7, 6\) and y of shape \(6, 3\)"):
        network.backprop(x, y[:6])
    with pytest.raises(ShapeError, match="at least one"):
        network.backprop(x[:0], y[:0])


def test_data_that_does_not_fit():
    network = Network(SIZES)
    x, y = batch()
    with pytest.raises(ShapeError, match=r"training_data\[1\] does not fit"):
        network.train((x, np.zeros(7)))
    with pytest.raises(ShapeError, match="found: 7 images and 5 rows"):
        network.train((x, y), (x, y[:5]))
    with pytest.raises(ShapeError, match="at least one image"):
        network.evaluate(x[:0], y[:0])
    with pytest.raises(ArgumentError, match="found: ndarray"):
        network.train(x, (x, y))
    with pytest.raises(ArgumentError, match="test_data is not a pair"):
        network.train((x, y), (x, y, x))


@pytest.mark.parametrize("name", ["epochs", "mini_batch_size"])
@pytest.mark.parametrize("value", [0, -1, 2.5, "3"])
def test_counts_that_count_nothing(name, value):
    with pytest.raises(ArgumentError, match=f"(?s){name} must count.*found: {value!r}"):
        Network(SIZES).train(batch(), **{name: value})


@pytest.mark.parametrize("sizes", [(784,), (), 784, (784, 0, 10), (3, 2.5), "ab", None])
def test_sizes_that_make_no_network(sizes):
    with pytest.raises(ArgumentError, match="at least two positive whole numbers"):
        Network(sizes)


@pytest.mark.mnist
def test_a_short_training_on_mnist(real_mnist):
    x_train, y_train, x_test, y_test = real_mnist
    set_seed(0)
    network = Network()
    assert network.evaluate(x_test, y_test) < 0.3
    accuracy = network.train((x_train, y_train), (x_test, y_test), epochs=2, learning_rate=10.0)
    assert 0.91 < accuracy < 0.94  # two epochs of this network give 92.4 %, whatever the seed
