"""The complex step against derivatives that are known on paper."""

import numpy as np
import pytest

from autograder.checks import gradients
from autograder.errors import GradlabError


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def two_layers(x, upstream):
    """Return the loss of a network with two layers."""

    def loss(weights, biases):
        hidden = np.tanh(x @ weights[0].T + biases[0])
        return np.sum(upstream * (hidden @ weights[1].T + biases[1]) ** 2)

    return loss


def test_two_layers_have_the_gradients_of_the_chain_rule(rng):
    x, upstream = rng.normal(size=(4, 5)), rng.normal(size=(4, 2))
    weights = [rng.normal(size=(3, 5)), rng.normal(size=(2, 3))]
    biases = [rng.normal(size=3), rng.normal(size=2)]
    by_weights, by_biases = gradients(two_layers(x, upstream), weights, biases)

    hidden = np.tanh(x @ weights[0].T + biases[0])
    back = 2 * upstream * (hidden @ weights[1].T + biases[1])
    before = (back @ weights[1]) * (1 - hidden**2)
    rounding = {"rtol": 1e-13, "atol": 1e-13}
    np.testing.assert_allclose(by_weights[0], before.T @ x, **rounding)
    np.testing.assert_allclose(by_weights[1], back.T @ hidden, **rounding)
    np.testing.assert_allclose(by_biases[0], before.sum(axis=0), **rounding)
    np.testing.assert_allclose(by_biases[1], back.sum(axis=0), **rounding)


def test_it_is_exact_where_a_difference_is_not():
    # At 0 this has the slope 0, and a third derivative that central differences see.
    ((found,), _) = gradients(lambda w, b: np.exp(w[0][0]) / (1 + w[0][0]), [np.zeros(1)], [])
    assert abs(found[0]) < 1e-15

    ((steep,), _) = gradients(lambda w, b: np.sin(1e8 * w[0][0]), [np.ones(1)], [])
    assert steep[0] == pytest.approx(1e8 * np.cos(1e8), rel=1e-13)


def test_parameters_are_left_alone_and_may_be_float32(rng):
    weights, biases = [rng.normal(size=(2, 3)).astype(np.float32)], [np.zeros(2, np.float32)]
    before = weights[0].copy()
    by_weights, by_biases = gradients(
        lambda w, b: np.sum(w[0] ** 3) + np.sum(b[0]), weights, biases
    )
    np.testing.assert_array_equal(weights[0], before)
    assert weights[0].dtype == np.float32
    np.testing.assert_allclose(by_weights[0], 3 * before.astype(float) ** 2, rtol=1e-14)
    assert by_weights[0].dtype == by_biases[0].dtype == np.float64


def test_each_entry_is_moved_alone(rng):
    """An entry that keeps its step would spoil the slopes of those after it."""
    weights = [rng.normal(size=4)]
    ((found,), _) = gradients(lambda w, b: np.prod(w[0]), weights, [])
    wanted = [np.prod(np.delete(weights[0], place)) for place in range(4)]
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_a_loss_that_drops_the_imaginary_part_is_refused():
    with pytest.raises(GradlabError, match="no complex number"):
        gradients(lambda w, b: np.abs(w[0]).sum(), [np.ones(2)], [])
