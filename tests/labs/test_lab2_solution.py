"""Lab 2's solutions: against PyTorch, on the digits, and on the recorded trainings.

The hidden checks have references of their own; this is a second opinion on the solutions, and
on what the lab says that one sees.
"""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autograder.catalog import Course
from tests.solved import run_lab

ROOT = Path(__file__).parents[2]
LAB = Course(ROOT).lab("lab2_diagnostics")
REAL_DATA = os.environ.get("COURSE_DATA", "")
SIZES = (7, 6, 5, 4)


@pytest.fixture(autouse=True)
def _numpy_as_it_was():
    """The lab tells NumPy not to warn of overflow; here that ends with each test."""
    with np.errstate(over="ignore", invalid="ignore"):
        yield


@pytest.fixture(scope="module")
def lab():
    with np.errstate(all="warn"):
        return run_lab(LAB, "digits")


# ------------------------------------------------------------- against PyTorch


def batches(steps):
    rng = np.random.default_rng(3)
    for _ in range(steps):
        x = rng.normal(size=(9, SIZES[0])).astype(np.float32)
        yield x, rng.integers(0, SIZES[-1], size=9)


def logits_in_torch(torch, weights, biases, x, bend):
    a = torch.tensor(x)
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        a = bend(a @ w.T + b)
    return a @ weights[-1].T + biases[-1]


def test_twenty_steps_of_the_network(lab):
    torch = pytest.importorskip("torch")
    network = lab["SimpleMLP"](SIZES)
    weights = [torch.tensor(w, requires_grad=True) for w in network.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in network.biases]
    sgd = torch.optim.SGD([*weights, *biases], lr=0.3)
    before = [w.copy() for w in network.weights]
    for x, targets in batches(20):
        probabilities = network.forward(x)
        logits = logits_in_torch(torch, weights, biases, x, torch.relu)
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets))
        assert lab["mean_loss"](probabilities, targets) == pytest.approx(loss.item(), rel=1e-4)
        network.backward(targets, 0.3)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    assert not np.allclose(before[0], network.weights[0], rtol=1e-2)
    for mine, theirs in zip([*network.weights, *network.biases], [*weights, *biases], strict=True):
        np.testing.assert_allclose(mine, theirs.detach().numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_gradient_norms(lab, activation):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    pairs = list(pairwise(SIZES))
    weights = [rng.normal(size=(n_out, n_in)) for n_in, n_out in pairs]
    biases = [rng.normal(size=n_out) for _, n_out in pairs]
    x, targets = rng.normal(size=(9, SIZES[0])), rng.integers(0, SIZES[-1], size=9)
    found = lab["gradient_norms"](weights, biases, x, targets, activation)

    theirs = [torch.tensor(w, requires_grad=True) for w in weights]
    bend = torch.relu if activation == "relu" else torch.sigmoid
    logits = logits_in_torch(torch, theirs, [torch.tensor(b) for b in biases], x, bend)
    torch.nn.functional.cross_entropy(logits, torch.tensor(targets)).backward()
    np.testing.assert_allclose(found, [w.grad.norm().item() for w in theirs], rtol=1e-9)


# --------------------------------------------------------------- on the digits


@pytest.mark.slow
def test_three_learning_rates_on_the_digits(lab):
    three_learning_rates(lab, right=0.95)


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.skipif(not Path(REAL_DATA).is_dir() or not REAL_DATA, reason="needs real MNIST")
def test_three_learning_rates_on_mnist():
    names = run_lab(LAB, REAL_DATA)
    assert len(names["x_train"]) == 60_000
    three_learning_rates(names, right=0.98)


def three_learning_rates(names, right):
    """What section 2 says: one does not learn, one learns by heart, one hardly moves."""
    guess = np.log(10)
    high, good, low = (names["train_with_lr"](lr, epochs=20) for lr in (10, 0.1, 0.0001))
    # One in eight ends in NaN, the others at the loss of guessing or above.
    assert not high["loss"][-1] < 0.95 * guess
    assert high["acc"][-1] < 0.25
    assert good["acc"][-1] > right
    assert good["loss"][-1] < 0.2
    assert 0.8 < low["loss"][-1] / low["loss"][0] < 1.0
    assert np.all(np.diff(low["loss"]) < 0.01)


def test_learning_rate_10_kills_the_hidden_units(lab):
    model = lab["SimpleMLP"]([784, 256, 128, 10])
    images, targets = lab["few_images"], lab["few_targets"]
    losses, start = [], lab["mean_loss"](model.forward(images), targets)
    for step in range(15):
        rows = np.arange(64 * step, 64 * step + 64) % len(images)
        losses.append(lab["mean_loss"](model.forward(images[rows]), targets[rows]))
        model.backward(targets[rows], 10)
    model.forward(images)
    alive = [np.mean(a.max(axis=0) > 0) for a in model.activations[1:]]
    assert start < 4
    assert np.nanmax(losses) > 30
    assert min(alive) < 0.1


def test_overfitting_one_batch_tells_right_from_wrong(lab):
    class Uphill(lab["SimpleMLP"]):
        def backward(self, targets, lr):
            super().backward(targets, -lr)

    few = lab["few_images"], lab["few_targets"]
    losses, passed = lab["overfit_one_batch"](lab["SimpleMLP"]([784, 64, 10]), *few)
    assert passed
    assert losses[-1] < 0.05
    _, passed = lab["overfit_one_batch"](Uphill([784, 64, 10]), *few)
    assert not passed


def test_sigmoids_lose_the_gradient_and_relu_does_not(lab):
    rng = np.random.default_rng(5)
    sizes = (784, *(64,) * 8, 10)
    pairs = list(pairwise(sizes))
    weights = [rng.normal(scale=np.sqrt(2 / n), size=(m, n)) for n, m in pairs]
    biases = [np.zeros(m) for _, m in pairs]
    batch = lab["few_images"][:256].astype(float), lab["few_targets"][:256]
    relu = lab["gradient_norms"](weights, biases, *batch, "relu")
    sigmoid = lab["gradient_norms"](weights, biases, *batch, "sigmoid")
    assert 0.1 < relu[0] / relu[-1] < 20
    assert sigmoid[0] / sigmoid[-1] < 1e-2


def test_the_picked_learning_rate_learns(lab):
    images, targets = lab["few_images"], lab["few_targets"]
    model = lab["SimpleMLP"]([784, 64, 10])
    sweep = lab["lr_range_test"](model, images, targets, np.logspace(-5, 2, 100))
    assert len(sweep["loss"]) < 100
    good = lab["train_with_lr"](sweep["best"], 5, model, images, targets)
    assert good["loss"][-1] < 0.5 * good["loss"][0]
    slow = lab["SimpleMLP"]([784, 64, 10])
    slow = lab["train_with_lr"](sweep["best"] / 100, 5, slow, images, targets)
    assert slow["loss"][-1] > 0.8 * slow["loss"][0]


# ------------------------------------------------------ the recorded trainings


@pytest.fixture(scope="module")
def recorder():
    return LAB.hidden_module("record_runs")


@pytest.fixture(scope="module")
def runs(lab):
    """Return the shown and the hidden runs, each as (kind, note, history)."""
    read = lab["read_runs"]
    return lab["shown_runs"], read(LAB.hidden_module("checks").HIDDEN_RUNS)


@pytest.fixture(scope="module")
def made():
    """Return the runs that are pieced together of hidden ones, as those above."""
    found = LAB.hidden_module("checks").MADE
    return [(kind, "pieced together", one) for kind, some in found.items() for one in some]


def test_there_are_enough_runs_of_each_kind(runs, recorder):
    for some, count in zip(runs, (2, 5), strict=True):
        kinds = [kind for kind, _, _ in some]
        assert {kind: kinds.count(kind) for kind in recorder.KINDS} == dict.fromkeys(
            recorder.KINDS, count
        )
        assert len(kinds) == count * len(recorder.KINDS)
    assert len({len(history["loss"]) for _, _, history in runs[1]}) > 10


def test_every_run_is_a_clear_case(runs, made, recorder):
    assert len(made) == 7
    for kind, note, history in [*runs[0], *runs[1], *made]:
        lengths = {len(history[key]) for key in recorder.KEYS}
        assert len(lengths) == 1, note
        assert recorder.is_clear(kind, history), (kind, note, recorder.quantities(history))
        others = [k for k in recorder.KINDS if k != kind and recorder.is_clear(k, history)]
        assert others == [], (kind, note)


def test_no_hidden_run_is_shown(runs, recorder):
    shown = [tuple(history["loss"]) for _, _, history in runs[0]]
    text = LAB.release_notebook.read_text() + LAB.solution_notebook.read_text()
    for _, note, history in runs[1]:
        assert tuple(history["loss"]) not in shown, note
    lines = LAB.hidden_module("checks").HIDDEN_RUNS.splitlines()
    values = [line for line in lines if line.startswith(("loss", "val_loss"))]
    assert len(values) == 2 * len(runs[1])
    assert not [line for line in values if line in text]


def test_the_worked_diagnosis_names_every_run(lab, runs, made):
    for kind, note, history in [*runs[0], *runs[1], *made]:
        assert lab["diagnose"](history) == kind, note


@pytest.mark.mnist
@pytest.mark.skipif(not Path(REAL_DATA).is_dir() or not REAL_DATA, reason="needs real MNIST")
def test_a_run_can_be_recorded_again(runs, recorder):
    """Not to the digit, on another processor: so a run that no rounding can throw off."""
    from course_utils import load_mnist

    images, one_hot, _, _ = load_mnist(REAL_DATA)
    (recipe,) = (r for r in recorder.RECIPES if "0.0003" in r.note)
    again = recorder.record(recipe, images.astype(np.float32), one_hot.argmax(axis=1))
    (kept,) = (history for _, note, history in runs[1] if note == recipe.note)
    for key in recorder.KEYS:
        np.testing.assert_allclose(again[key], kept[key], rtol=0.02, atol=0.005)
