"""Lab 3's solutions: against PyTorch, against the library's own versions, and on the images.

The hidden checks have references of their own; this is a second opinion on the solutions, and on
what the lab says that one sees.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import course_utils
from autograder.catalog import Course
from tests.solved import run_lab

LAB = Course(Path(__file__).parents[2]).lab("lab3_training")
REAL_DATA = os.environ.get("COURSE_DATA", "")


@pytest.fixture(scope="module")
def lab():
    return run_lab(LAB, "digits")


# ------------------------------------------------------------- against PyTorch


def twin(torch, model):
    """Return the network in PyTorch, with the parameters of ours."""
    layers = []
    for _, part in model.named_modules():
        if isinstance(part, course_utils.Linear):
            layers.append(torch.nn.Linear(part.n_in, part.n_out))
        elif isinstance(part, course_utils.BatchNorm1d):
            layers.append(torch.nn.BatchNorm1d(part.n))
        elif isinstance(part, course_utils.ReLU):
            layers.append(torch.nn.ReLU())
    other = torch.nn.Sequential(*layers)
    with torch.no_grad():
        for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
            theirs.copy_(torch.tensor(ours.data))
    return other


def test_two_epochs_of_network_and_loop(lab):
    torch = pytest.importorskip("torch")
    course_utils.set_seed(1)
    model = lab["ImprovedMLP"](20, 4, dropout_rate=0.0)
    other = twin(torch, model)
    optimizer = course_utils.SGD(model.parameters(), lr=0.05, momentum=0.5)
    sgd = torch.optim.SGD(other.parameters(), lr=0.05, momentum=0.5)
    schedule = lab["CosineAnnealingWarmRestarts"](optimizer, 3)
    cosine = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd, 3)
    loss_fn = torch.nn.CrossEntropyLoss()

    rng = np.random.default_rng(2)
    x = rng.normal(size=(90, 20)).astype(np.float32)
    y = (x[:, 0] > 0) + 2 * (x[:, 1] > 0)
    batches = [(x[:40], y[:40]), (x[40:80], y[40:80]), (x[80:], y[80:])]
    pipeline = lab["TrainingPipeline"](model, course_utils.CrossEntropyLoss(), optimizer, schedule)
    history = pipeline.fit(batches, batches[:1], epochs=5, verbose=False)

    expected = {"train_loss": [], "train_acc": [], "val_loss": [], "lr": []}
    for _ in range(5):
        other.train()
        expected["lr"].append(sgd.param_groups[0]["lr"])
        losses, right = [], 0
        for images, targets in batches:
            logits = other(torch.tensor(images))
            loss = loss_fn(logits, torch.tensor(targets))
            losses += [loss.item()] * len(targets)
            right += (logits.argmax(dim=1).numpy() == targets).sum()
            sgd.zero_grad()
            loss.backward()
            sgd.step()
        other.eval()
        with torch.no_grad():
            value = loss_fn(other(torch.tensor(x[:40])), torch.tensor(y[:40])).item()
        cosine.step()
        expected["train_loss"].append(np.mean(losses))
        expected["train_acc"].append(right / len(x))
        expected["val_loss"].append(value)
    assert history["train_loss"][-1] < 0.8 * history["train_loss"][0]
    for key, values in expected.items():
        np.testing.assert_allclose(history[key], values, rtol=5e-3, atol=1e-3, err_msg=key)


@pytest.mark.parametrize(("T_0", "T_mult", "eta_min"), [(10, 2, 0.0), (7, 1, 0.01), (3, 3, 0.1)])
def test_rates(lab, T_0, T_mult, eta_min):
    torch = pytest.importorskip("torch")
    weight = course_utils.Tensor(np.zeros(1), requires_grad=True)
    optimizer = course_utils.SGD([weight], lr=0.4)
    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    schedule = lab["CosineAnnealingWarmRestarts"](optimizer, T_0, T_mult, eta_min)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd, T_0, T_mult, eta_min)
    for _ in range(100):
        assert schedule.get_lr() == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        sgd.step()
        schedule.step()
        theirs.step()


# --------------------------------------------------------- against the library


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("min_delta", [0.0, 0.1])
def test_early_stopping_is_that_of_the_library(lab, mode, min_delta):
    rng = np.random.default_rng(3)
    stops = set()
    for _ in range(40):
        settings = {"patience": int(rng.integers(1, 6)), "min_delta": min_delta, "mode": mode}
        pairs = []
        for kind in (lab["EarlyStopping"], course_utils.EarlyStopping):
            norm = course_utils.BatchNorm1d(2)
            pairs.append((kind(**settings), norm))
        for epoch, score in enumerate(rng.normal(size=30).round(1)):
            answers = []
            for stopping, norm in pairs:
                norm.weight.data[:] = norm.running_mean[:] = epoch
                answers.append(stopping(score, norm, epoch))
            ours, theirs = (vars(stopping) for stopping, _ in pairs)
            for name in ("counter", "best_score", "best_epoch", "early_stop"):
                assert ours[name] == theirs[name]
            assert answers[0] == answers[1]
            if answers[0]:
                stops.add(epoch)
                break
        (_, ours), (_, theirs) = pairs
        np.testing.assert_array_equal(ours.weight.data, theirs.weight.data)
        np.testing.assert_array_equal(ours.running_mean, theirs.running_mean)
    assert len(stops) > 3


# ---------------------------------------------------------------- on the images


def train(names, model, count, epochs, lr=2e-3, **parts):
    x, y = names["x_train"][:count], names["y_train"][:count]
    optimizer = course_utils.Adam(model.parameters(), lr=lr)
    schedule = names["CosineAnnealingWarmRestarts"](optimizer, epochs, eta_min=1e-5)
    pipeline = names["TrainingPipeline"](
        model, course_utils.CrossEntropyLoss(), optimizer, schedule, **parts
    )
    loader = course_utils.DataLoader(x, y, batch_size=100, shuffle=True, drop_last=True)
    valid = [(names["x_valid"], names["y_valid"])]
    history = pipeline.fit(loader, valid, epochs, verbose=False)
    return history, pipeline.evaluate([(names["x_test"], names["y_test"])])[1]


def test_a_plain_network_is_caught_by_early_stopping(lab):
    """On few images the validation loss turns, and the weights of the turn come back."""
    course_utils.set_seed(4)
    stopping = lab["EarlyStopping"](patience=3)
    model = lab["plain_mlp"]()
    history, _ = train(lab, model, count=200, epochs=60, early_stopping=stopping)
    assert 3 < len(history["val_loss"]) < 60
    assert stopping.best_epoch == len(history["val_loss"]) - 4
    loss = course_utils.CrossEntropyLoss()(model(lab["x_valid"]), lab["y_valid"]).item()
    assert loss == pytest.approx(min(history["val_loss"]), rel=1e-4)


@pytest.mark.slow
def test_augmentation_on_the_digits(lab):
    """Augmentation raises the training loss and lowers the validation loss."""
    found = {}
    for name, parts in (("plain", {}), ("augmented", {"augmenter": lab["MNISTAugmenter"]()})):
        course_utils.set_seed(5)
        found[name], accuracy = train(lab, lab["ImprovedMLP"](), count=1000, epochs=12, **parts)
        assert accuracy > 0.9
    assert found["augmented"]["train_loss"][-1] > 2 * found["plain"]["train_loss"][-1]


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.skipif(not Path(REAL_DATA).is_dir() or not REAL_DATA, reason="needs real MNIST")
def test_above_97_percent_on_mnist():
    names = run_lab(LAB, REAL_DATA)
    assert len(names["x_train"]) == 50_000
    course_utils.set_seed(6)
    model = names["ImprovedMLP"]()
    augmenter = names["MNISTAugmenter"]()
    history, accuracy = train(names, model, 20_000, 4, augmenter=augmenter)
    assert accuracy > 0.975
    assert history["train_acc"][-1] < history["val_acc"][-1]
