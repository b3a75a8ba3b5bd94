"""Lab 1's solutions against PyTorch, where it is installed.

The hidden checks have references of their own; this is a second opinion on the solutions,
and so on the formulas that the lab teaches.
"""

from pathlib import Path

import numpy as np
import pytest

from autograder.catalog import Course
from tests.solved import run_lab

torch = pytest.importorskip("torch")

SIZES = (7, 6, 5, 4)
STEPS = 20


@pytest.fixture(scope="module")
def lab():
    return run_lab(Course(Path(__file__).parents[2]).lab("lab1_softmax"), "digits")


def batches(seed):
    rng = np.random.default_rng(seed)
    for _ in range(STEPS):
        labels = rng.integers(0, SIZES[-1], size=9)
        yield rng.normal(size=(9, SIZES[0])), np.eye(SIZES[-1])[labels]


def twin(network):
    """Return the network's parameters as tensors, and its forward pass."""
    weights = [torch.tensor(w, requires_grad=True) for w in network.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in network.biases]

    def logits(x):
        a = torch.tensor(x)
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            a = torch.sigmoid(a @ w.T + b)
        return a @ weights[-1].T + biases[-1]

    return weights, biases, logits


def squared_error(logits, x, y):
    return torch.nn.functional.mse_loss(torch.sigmoid(logits(x)), torch.tensor(y))


def cross_entropy(logits, x, y):
    return torch.nn.functional.cross_entropy(logits(x), torch.tensor(y))


@pytest.mark.parametrize(("name", "loss"), [("Network", squared_error), ("Task1", cross_entropy)])
def test_gradients(lab, name, loss):
    network = lab[name](SIZES)
    weights, biases, logits = twin(network)
    x, y = next(batches(1))
    loss(logits, x, y).backward()
    grads_w, grads_b = network.backprop(x, y)
    for mine, theirs in zip([*grads_w, *grads_b], [*weights, *biases], strict=True):
        np.testing.assert_allclose(mine, theirs.grad.numpy(), rtol=1e-9, atol=1e-14)


def optimizers():
    def sgd(weights, biases):
        groups = [{"params": weights, "weight_decay": 0.01}, {"params": biases}]
        return torch.optim.SGD(groups, lr=0.3, momentum=0.7)

    def adamw(weights, biases):
        groups = [
            {"params": weights, "weight_decay": 0.05},
            {"params": biases, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=0.01)

    def adagrad(weights, biases):
        # Here eps stands outside the root, in the lab inside it: both next to nothing.
        return torch.optim.Adagrad([*weights, *biases], lr=0.05, eps=1e-15)

    return [
        ("Task2", {"l2_factor": 0.01, "momentum": 0.7}, sgd, 0.3),
        ("AdamW", {"weight_decay": 0.05}, adamw, 0.01),
        ("Adagrad", {"eps": 1e-30}, adagrad, 0.05),
    ]


@pytest.mark.parametrize(("name", "options", "optimizer", "rate"), optimizers())
def test_twenty_steps(lab, name, options, optimizer, rate):
    network = lab[name](SIZES, **options)
    weights, biases, logits = twin(network)
    steps = optimizer(weights, biases)
    before = [w.copy() for w in network.weights]
    for x, y in batches(2):
        network.learning_step(x, y, rate)
        steps.zero_grad()
        squared_error(logits, x, y).backward()
        steps.step()
    assert not np.allclose(before[0], network.weights[0], rtol=1e-3)
    for mine, theirs in zip([*network.weights, *network.biases], [*weights, *biases], strict=True):
        np.testing.assert_allclose(mine, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)
