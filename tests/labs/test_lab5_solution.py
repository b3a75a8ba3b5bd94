"""Lab 5's solutions: against PyTorch, against the library's own versions, and on the digits.

The hidden checks have references of their own; this is a second opinion on the solutions, and
on what the lab says that one sees.
"""

import math
import os
from pathlib import Path

import numpy as np
import pytest

import course_utils
from autograder.authoring.source import read_source
from autograder.catalog import Course
from course_utils import DataLoader, Tensor, TrainingConfig, set_seed, tracking, training
from course_utils.data.idx import image_bytes, label_bytes
from tests.solved import run_lab

ROOT = Path(__file__).parents[2]
LAB = Course(ROOT).lab("lab5_experiments")
REAL_DATA = os.environ.get("COURSE_DATA", "")


@pytest.fixture(scope="module")
def lab():
    return run_lab(LAB, "digits")


# --------------------------------------------------- against the library's own


@pytest.mark.parametrize("name", ["plain", "zipped.gz"])
def test_files_are_read_as_the_library_reads_them(lab, tmp_path, name):
    import gzip

    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, 300).astype(np.uint8)
    images = rng.integers(0, 256, (300, 4, 6)).astype(np.uint8)
    pack = gzip.compress if name.endswith(".gz") else bytes
    for content, own, theirs in (
        (label_bytes(labels), lab["read_label_file"], course_utils.read_label_file),
        (image_bytes(images), lab["read_image_file"], course_utils.read_image_file),
    ):
        path = tmp_path / name
        path.write_bytes(pack(content))
        np.testing.assert_array_equal(own(path), theirs(path))


def test_the_split_is_the_librarys(lab):
    rows = np.arange(1000)
    six = lab["split_data"](rows[:, None], rows)
    theirs = course_utils.train_validation_test_split(rows[:, None], rows)
    for part, wanted in zip(six[1::2], theirs, strict=True):
        np.testing.assert_array_equal(part, wanted)


@pytest.mark.parametrize("name", ["none", "cosine", "warmup_cosine"])
def test_rates_are_the_librarys(lab, name):
    own = lab["learning_rates"](name, 50, 0.01)
    assert own == pytest.approx(course_utils.learning_rates(name, 50, 0.01), rel=1e-12)


@pytest.mark.parametrize(("patience", "delta"), [(1, 0.0), (3, 0.0), (4, 0.02), (10, 0.05)])
def test_stopping_is_the_librarys(lab, patience, delta):
    rng = np.random.default_rng(2)
    for _ in range(20):
        losses = [*(0.5 + 0.1 * rng.normal(size=60)).tolist(), math.nan, 0.4, math.nan]
        own, theirs = (c(patience, delta) for c in (lab["EarlyStopper"], training.EarlyStopper))
        assert [own.early_stop(x) for x in losses] == [theirs.early_stop(x) for x in losses]
        assert own.min_validation_loss == theirs.min_validation_loss


def test_evaluation_is_the_librarys(lab):
    set_seed(1)
    model = lab["DeepBigSimpleNet"](784, [20], dropout_rate=0.5)
    x, y = lab["all_images"][:500], lab["all_labels"][:500]
    own = lab["evaluate"](model, DataLoader(x, y, 64))
    theirs = training.evaluate(model, DataLoader(x, y, 64))
    assert own["accuracy"] == pytest.approx(theirs.accuracy)
    np.testing.assert_array_equal(own["confusion_matrix"], theirs.confusion_matrix)


@pytest.mark.parametrize(
    "settings",
    [
        {"momentum": 0.5, "scheduler_type": "cosine"},
        {"optimizer": "adam", "hidden_sizes": [12], "dropout_rate": 0.2, "weight_decay": 1e-3},
        {"learning_rate": 3.0, "patience": 1, "loss_delta": 0.0},
    ],
)
def test_the_manager_trains_as_the_librarys(lab, settings):
    """Bit for bit: with one seed both draw the same numbers in the same order."""
    config = TrainingConfig(**{"num_epochs": 6, "learning_rate": 0.1, **settings})
    data = lab["experiment_data"]
    results = []
    for manager in (lab["TrainingManager"], training.TrainingManager):
        set_seed(3)
        model = training.make_model(config)
        loaders = [
            DataLoader(*data[:2], 64, shuffle=True),
            DataLoader(*data[2:4], 100),
            DataLoader(*data[4:], 100),
        ]
        results.append((manager(config).train(model, *loaders), model.state_dict()))
    ((history, summary), own), (theirs, weights) = results
    assert len(history) == len(theirs.history)
    for row, wanted in zip(history, theirs.history, strict=True):
        assert {**wanted, **row} == pytest.approx(wanted)
    for key in ("best_epoch", "stopped", "epochs", "test_accuracy", "test_loss", "test_images"):
        assert summary[key] == pytest.approx(theirs.summary()[key])
    for name, array in weights.items():
        np.testing.assert_array_equal(own[name], array)


def test_the_librarys_manager_fills_the_labs_tracker(lab, tmp_path):
    """Both trackers, told the same, give the same tables."""
    ours, theirs = lab["ExperimentTracker"](tmp_path), tracking.ExperimentTracker(folder=None)
    config = TrainingConfig(num_epochs=2, experiment_name="softmax", hidden_sizes=[])
    for tracker in (ours, theirs):
        lab["run_experiments"]([config], tracker)
    left, right = (t.get_experiment_df("softmax") for t in (ours, theirs))
    assert left.equals(right)
    columns = ["experiment", "test_accuracy", "best_epoch"]
    assert ours.get_all_summaries()[columns].equals(theirs.get_all_summaries()[columns])


# ------------------------------------------------------------- against PyTorch


def test_gradients_of_both_models(lab):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    x = rng.normal(size=(9, 7)).astype(np.float32)
    y = rng.integers(0, 4, size=9)
    twins = {
        lab["SoftmaxRegression"](7, 4): [torch.nn.Linear(7, 4)],
        lab["DeepBigSimpleNet"](7, [6, 5], 4, 0.0): [
            torch.nn.Linear(7, 6),
            torch.nn.BatchNorm1d(6),
            torch.nn.ReLU(),
            torch.nn.Linear(6, 5),
            torch.nn.BatchNorm1d(5),
            torch.nn.ReLU(),
            torch.nn.Linear(5, 4),
        ],
    }
    for model, layers in twins.items():
        twin = torch.nn.Sequential(*layers)
        with torch.no_grad():
            for own, theirs in zip(model.parameters(), twin.parameters(), strict=True):
                own.data[...] = rng.normal(size=own.shape)
                theirs.copy_(torch.tensor(own.data))
        loss = course_utils.CrossEntropyLoss()(model(Tensor(x)), y)
        loss.backward()
        wanted = torch.nn.functional.cross_entropy(twin(torch.tensor(x)), torch.tensor(y))
        wanted.backward()
        assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
        for own, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            np.testing.assert_allclose(own.grad.data, theirs.grad.numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's, of its own call
def test_rates_are_those_of_torch(lab):
    torch = pytest.importorskip("torch")
    from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    rise = LinearLR(optimizer, start_factor=1 / 5, total_iters=4)
    schedule = SequentialLR(optimizer, [rise, CosineAnnealingLR(optimizer, 15, 1e-5)], [5])
    wanted = []
    for _ in range(20):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert lab["learning_rates"]("warmup_cosine", 20, 0.3) == pytest.approx(wanted, rel=1e-9)


# ------------------------------------------------------------ what one sees


def experiments_of(cells):
    """Return the code of the cell that names the experiments, without their training."""
    source = next(c.source for c in cells if c.kind == "explore" and "experiments = [" in c.source)
    return source[: source.index("tracker = run_experiments")]


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.skipif(not REAL_DATA or REAL_DATA == "digits", reason="COURSE_DATA names no MNIST")
def test_promised_accuracies():
    names = run_lab(LAB, REAL_DATA)
    exec(experiments_of(read_source(LAB.source_file)), names)
    tracker = names["run_experiments"](names["experiments"], names["ExperimentTracker"]())
    table = tracker.get_all_summaries().set_index("experiment")["test_accuracy"]
    assert 0.86 < table["softmax_lr_1.0"] < 0.91
    assert 0.91 < table["softmax_lr_0.01"] < 0.93
    assert 0.70 < table["softmax_lr_0.00001"] < 0.80
    assert 0.905 < table["softmax_warmup_cosine"] < 0.925
    assert table["deep_net_nano"] > 0.95


def test_sampling_errors_in_the_model_answer():
    """The numbers in the answer that graders read."""

    def error(p):
        return 100 * math.sqrt(p * (1 - p) / 14_000)

    assert round(error(0.9214), 2) == 0.23
    assert round(error(0.9198), 2) == 0.23
    assert round(error(0.991), 2) == 0.08
    assert round((94.90 - 92.14) / error(0.9214)) == 12
