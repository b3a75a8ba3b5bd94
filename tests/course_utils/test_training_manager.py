"""A whole training: what decides on stopping, what is kept, and how it goes on after a kill."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.random import default_rng

from course_utils.data.augmentation import random_shift
from course_utils.data.loader import DataLoader
from course_utils.errors import ArgumentError, DataError
from course_utils.nn import Module
from course_utils.seeding import get_generator, set_seed
from course_utils.tracking import ExperimentTracker
from course_utils.training import (
    DeepBigSimpleNet,
    SoftmaxRegression,
    TrainingConfig,
    TrainingManager,
)

FEATURES, CLASSES = 16, 3


def blobs(count, seed=0):
    """Return points around three centres, a little noisy, so that no epoch is perfect."""
    rng = default_rng(seed)
    y = rng.integers(0, CLASSES, count)
    centres = default_rng(99).normal(size=(CLASSES, FEATURES))
    return (centres[y] + 1.5 * rng.normal(size=(count, FEATURES))).astype(np.float32), y


def loaders(batch_size=16, **options):
    return (
        DataLoader(*blobs(100, 1), batch_size, shuffle=True, **options),
        DataLoader(*blobs(60, 2), 50),
        DataLoader(*blobs(60, 3), 50),
    )


def config(**settings):
    defaults = {"input_size": FEATURES, "output_size": CLASSES, "num_epochs": 4, "batch_size": 16}
    return TrainingConfig(**{**defaults, "learning_rate": 0.1, **settings})


def deep(seed=5):
    set_seed(seed)
    return DeepBigSimpleNet(FEATURES, [12, 8], CLASSES, dropout_rate=0.3)


class Logged:
    """A loader that notes when it is used."""

    def __init__(self, loader, name, log):
        self.loader, self.name, self.log = loader, name, log

    def __iter__(self):
        self.log.append(self.name)
        return iter(self.loader)


class TestWhatDecides:
    def test_the_test_set_is_met_once_after_everything_is_decided(self):
        log = []
        parts = [
            Logged(loader, name, log)
            for loader, name in zip(loaders(), ("train", "val", "test"), strict=True)
        ]
        TrainingManager(config(num_epochs=3)).train(deep(), *parts)
        assert log == ["train", "val"] * 3 + ["test"]

    def test_another_test_set_changes_nothing_in_the_training(self):
        settings = config(num_epochs=12, patience=1, loss_delta=0.0, learning_rate=1.0)
        runs = []
        for test in (loaders()[2], DataLoader(blobs(60, 3)[0], np.zeros(60, dtype=int), 50)):
            train, val, _ = loaders()
            model = deep()
            result = TrainingManager(settings).train(model, train, val, test)
            runs.append((result, model.state_dict()))
        (first, weights), (second, others) = runs
        assert first.test.accuracy != second.test.accuracy
        assert len(first.history) == len(second.history) < 12
        assert all(np.array_equal(weights[name], others[name]) for name in weights)

    @pytest.mark.parametrize("patience", [1, 3])
    def test_it_stops_by_the_validation_loss_after_patience_bad_epochs(self, patience, monkeypatch):
        losses = iter([1.0, 0.5, 0.51, 0.53, 0.6, 0.7, 0.8, 0.9])
        script_validation(monkeypatch, lambda: (next(losses), 0.5))
        result = TrainingManager(config(num_epochs=8, patience=patience)).train(
            deep(), *loaders()[:2]
        )
        # 0.51 lies within loss_delta (0.02) of the lowest, 0.5; 0.53 is the first bad one.
        assert len(result.history) == 3 + patience
        assert result.stopped == "early stopping"

    def test_without_early_stopping_it_runs_to_the_end(self, monkeypatch):
        losses = iter([1.0, 2.0, 3.0, 4.0])
        script_validation(monkeypatch, lambda: (next(losses), 0.5))
        settings = config(early_stopping=False, patience=1)
        result = TrainingManager(settings).train(deep(), *loaders()[:2])
        assert (len(result.history), result.stopped) == (4, "all epochs")

    def test_the_model_ends_with_the_weights_of_the_best_validation_accuracy(self, monkeypatch):
        model, seen = deep(), []
        accuracies = iter([0.5, 0.9, 0.9, 0.7])

        def validation():
            seen.append(model.state_dict())
            return 0.5, next(accuracies)

        script_validation(monkeypatch, validation)
        result = TrainingManager(config()).train(model, *loaders()[:2])
        assert result.best_epoch == 2
        final = model.state_dict()
        assert all(np.array_equal(final[name], seen[1][name]) for name in final)
        assert not np.array_equal(final["layers.0.weight"], seen[3]["layers.0.weight"])
        assert result.summary()["val_accuracy"] == 0.9

    def test_restore_best_can_be_switched_off(self, monkeypatch):
        model, seen = deep(), []
        accuracies = iter([0.5, 0.9, 0.8, 0.7])

        def validation():
            seen.append(model.state_dict())
            return 0.5, next(accuracies)

        script_validation(monkeypatch, validation)
        TrainingManager(config(restore_best=False)).train(model, *loaders()[:2])
        final = model.state_dict()
        assert all(np.array_equal(final[name], seen[3][name]) for name in final)


def script_validation(monkeypatch, validation):
    """Let the manager find what `validation()` returns: loss and accuracy."""
    from course_utils.training import run

    real = run.evaluate

    def scripted(*arguments, **options):
        loss, accuracy = validation()
        found = real(*arguments, **options)
        return type(found)(**{**vars(found), "loss": loss, "accuracy": accuracy})

    monkeypatch.setattr(run, "evaluate", scripted)


class TestTheNumbers:
    def test_each_epoch_is_in_the_history_with_its_rate(self):
        settings = config(scheduler_type="warmup_cosine", warmup_epochs=2, num_epochs=4)
        result = TrainingManager(settings).train(deep(), *loaders())
        assert [row["epoch"] for row in result.history] == [1, 2, 3, 4]
        rates = [row["learning_rate"] for row in result.history]
        assert rates[:2] == [0.05, 0.1]
        assert rates[2] == 0.1 > rates[3]

    def test_losses_of_unequal_batches_are_weighted_by_their_images(self):
        # Nothing is learned at this rate, so the training loss is the loss of the whole set.
        settings = config(learning_rate=1e-30, num_epochs=1)
        x, y = blobs(100, 1)
        x[96:] *= 20  # the last, short batch is far from the others
        model = DeepBigSimpleNet(FEATURES, [], CLASSES)
        whole = DataLoader(x, y, 100)
        result = TrainingManager(settings).train(model, DataLoader(x, y, 16), whole)
        row = result.history[0]
        assert row["train_loss"] == pytest.approx(row["val_loss"], rel=1e-4)
        assert row["train_accuracy"] == pytest.approx(row["val_accuracy"])

    def test_softmax_regression_starts_from_the_loss_of_guessing(self):
        settings = config(learning_rate=1e-30, num_epochs=1)
        model = SoftmaxRegression(FEATURES, CLASSES)
        result = TrainingManager(settings).train(model, *loaders())
        assert result.history[0]["val_loss"] == pytest.approx(math.log(CLASSES))

    @pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.2), ("adam", 0.02)])
    def test_it_learns(self, optimizer, rate):
        settings = config(
            num_epochs=30, optimizer=optimizer, learning_rate=rate, early_stopping=False
        )
        result = TrainingManager(settings).train(deep(), *loaders())
        assert result.test.accuracy > 2 / CLASSES  # twice what guessing gives
        assert result.history[-1]["train_loss"] < 0.7 * result.history[0]["train_loss"]

    def test_weight_decay_and_momentum_reach_the_optimizer(self):
        ends = []
        for extra in ({}, {"weight_decay": 0.5}, {"momentum": 0.9}):
            model = deep()
            TrainingManager(config(restore_best=False, **extra)).train(model, *loaders()[:2])
            ends.append(np.abs(model.state_dict()["layers.0.weight"]).sum())
        assert ends[1] < 0.8 * ends[0] < 0.8 * ends[2]

    def test_everything_stays_float32(self):
        model = deep()
        TrainingManager(config(optimizer="adam", num_epochs=1)).train(model, *loaders())
        assert {array.dtype for array in model.state_dict().values()} == {np.dtype(np.float32)}

    def test_the_summary_goes_to_the_tracker(self):
        tracker = ExperimentTracker(folder=None)
        settings = config(experiment_name="deep")
        result = TrainingManager(settings, tracker).train(deep(), *loaders())
        assert list(tracker.get_experiment_df("deep")["epoch"]) == [1, 2, 3, 4]
        summary = tracker.get_summary("deep")
        assert summary["test_accuracy"] == result.test.accuracy
        assert summary["test_images"] == 60
        assert summary["config"] == settings.to_dict()
        assert np.array(summary["confusion_matrix"]).sum() == 60
        assert summary["parameters"] == 16 * 12 + 12 + 24 + 12 * 8 + 8 + 16 + 8 * 3 + 3

    def test_a_second_training_of_one_name_takes_the_place_of_the_first(self):
        tracker = ExperimentTracker(folder=None)
        TrainingManager(config(num_epochs=4), tracker).train(deep(), *loaders())
        TrainingManager(config(num_epochs=2), tracker).train(deep(), *loaders())
        assert list(tracker.get_experiment_df("experiment")["epoch"]) == [1, 2]

    def test_no_test_loader_no_test_accuracy(self):
        result = TrainingManager(config()).train(deep(), *loaders()[:2])
        assert result.test is None
        assert "test_accuracy" not in result.summary()


class TestDivergence:
    def test_a_loss_of_nan_ends_the_training_with_words(self, capsys):
        class Breaks(Module):
            def __init__(self):
                self.inner = deep()
                self.calls = 0

            def forward(self, x):
                self.calls += self.training
                return self.inner(x) * (math.nan if self.calls > 9 else 1.0)

        # Seven batches in an epoch: the tenth is the third of the second epoch.
        tracker = ExperimentTracker(folder=None)
        result = TrainingManager(config(), tracker).train(Breaks(), *loaders())
        assert result.stopped == "diverged"
        assert "the loss became nan in epoch 2, batch 3" in result.message
        assert "try learning rate 0.01" in result.message
        assert result.message in capsys.readouterr().err
        assert len(result.history) == 1
        assert tracker.get_summary("experiment")["stopped"] == "diverged"

    def test_numpy_does_not_warn_on_the_way_and_nothing_is_claimed(self, capsys):
        settings = config(learning_rate=1e30)
        result = TrainingManager(settings).train(deep(), *loaders())
        assert result.stopped == "diverged"
        assert result.test is None
        assert "training stops here" in capsys.readouterr().err

    def test_a_validation_loss_of_nan_ends_it_too(self, monkeypatch, capsys):
        losses = iter([1.0, math.nan])
        script_validation(monkeypatch, lambda: (next(losses), 0.5))
        result = TrainingManager(config()).train(deep(), *loaders())
        assert "the validation loss became nan in epoch 2" in result.message
        assert result.best_epoch == 1
        capsys.readouterr()


class Killed(BaseException):
    """Stands for a process that ends."""


def train_killed_after(batches, settings, model, parts, checkpoint, tracker=None):
    """Train until so many batches are done, then die."""
    left = batches

    class Dying:
        def __init__(self, loader):
            self.loader = loader
            self.generator = getattr(loader, "generator", None)

        def __iter__(self):
            nonlocal left
            for batch in self.loader:
                if not left:
                    raise Killed
                left -= 1
                yield batch

    train, val, test = parts
    manager = TrainingManager(settings, tracker, checkpoint=checkpoint)
    with pytest.raises(Killed):
        manager.train(model, Dying(train), val, test)


def same_rows(first, second):
    return [{**row, "seconds": 0} for row in first] == [{**row, "seconds": 0} for row in second]


class TestResuming:
    @pytest.mark.parametrize("killed_after", [0, 5, 7, 17, 27])
    @pytest.mark.parametrize("own_generator", [False, True])
    @pytest.mark.parametrize(
        "extra", [{"optimizer": "adam"}, {"momentum": 0.9, "weight_decay": 1e-3}]
    )
    def test_the_end_is_bit_for_bit_that_of_an_undisturbed_run(
        self, tmp_path, killed_after, own_generator, extra
    ):
        settings = config(
            learning_rate=0.01, scheduler_type="cosine", patience=3, loss_delta=0.0, **extra
        )

        def parts():
            own = default_rng(3) if own_generator else None
            return loaders(augment=lambda x, rng: random_shift(x, rng, 1), generator=own)

        quiet = deep()
        expected = TrainingManager(settings).train(quiet, *parts())

        path = tmp_path / "c.npz"
        train_killed_after(killed_after, settings, deep(), parts(), path)
        assert path.exists() == (killed_after >= 7)
        # A new process: other weights, another seed, but for one that never wrote a checkpoint.
        set_seed(1234)
        model = deep(77) if path.exists() else deep()
        if path.exists():
            get_generator().random(1000)
        result = TrainingManager(settings, checkpoint=path).train(model, *parts())

        assert same_rows(result.history, expected.history)
        assert result.best_epoch == expected.best_epoch
        assert result.test.loss == expected.test.loss
        ours, theirs = model.state_dict(), quiet.state_dict()
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
        assert not path.exists()

    def test_early_stopping_remembers_its_count(self, tmp_path, monkeypatch):
        # One bad epoch before the kill, one after: together they exhaust a patience of two.
        losses = iter([0.5, 0.6, 0.9, 0.6, 0.4])
        script_validation(monkeypatch, lambda: (next(losses), 0.5))
        settings = config(num_epochs=6, patience=2)
        path = tmp_path / "c.npz"
        train_killed_after(20, settings, deep(), loaders(), path)
        result = TrainingManager(settings, checkpoint=path).train(deep(), *loaders())
        assert (len(result.history), result.stopped) == (3, "early stopping")

    def test_best_weights_from_before_the_kill_are_not_lost(self, tmp_path, monkeypatch):
        accuracies = iter([0.9, 0.5, 0.5, 0.5, 0.5])
        script_validation(monkeypatch, lambda: (0.5, next(accuracies)))
        path = tmp_path / "c.npz"
        train = loaders()[0]
        settings = config()
        train_killed_after(14, settings, deep(), loaders(), path)
        with np.load(path) as file:
            first_weights = file["best/layers.0.weight"]
        model = deep()
        result = TrainingManager(settings, checkpoint=path).train(model, train, *loaders()[1:])
        assert result.best_epoch == 1
        np.testing.assert_array_equal(model.state_dict()["layers.0.weight"], first_weights)

    def test_a_kill_between_stopping_and_the_test_costs_no_further_epoch(
        self, tmp_path, monkeypatch
    ):
        losses = iter([0.5, 0.9])
        script_validation(monkeypatch, lambda: (next(losses), 0.5))
        settings = config(patience=1)
        path = tmp_path / "c.npz"

        class Fatal:
            def __iter__(self):
                raise Killed

        train, val, test = loaders()
        with pytest.raises(Killed):
            TrainingManager(settings, checkpoint=path).train(deep(), train, val, Fatal())
        result = TrainingManager(settings, checkpoint=path).train(deep(), train, val, test)
        assert (len(result.history), result.stopped) == (2, "early stopping")

    def test_the_tracker_ends_with_one_row_for_each_epoch(self, tmp_path):
        settings = config(experiment_name="deep")
        path = tmp_path / "c.npz"
        tracker = ExperimentTracker(tmp_path / "runs")
        train_killed_after(10, settings, deep(), loaders(), path, tracker)
        again = ExperimentTracker(tmp_path / "runs")
        result = TrainingManager(settings, again, checkpoint=path).train(deep(), *loaders())
        frame = ExperimentTracker(tmp_path / "runs").get_experiment_df("deep")
        assert list(frame["epoch"]) == [1, 2, 3, 4]
        assert list(frame["val_loss"]) == [row["val_loss"] for row in result.history]

    def test_a_checkpoint_of_other_settings_is_not_used_and_the_reason_is_said(
        self, tmp_path, capsys
    ):
        path = tmp_path / "c.npz"
        train_killed_after(10, config(), deep(), loaders(), path)
        changed = config(learning_rate=0.05)
        expected = TrainingManager(changed).train(deep(), *loaders())
        result = TrainingManager(changed, checkpoint=path).train(deep(), *loaders())
        assert same_rows(result.history, expected.history)
        assert "another learning_rate" in capsys.readouterr().err

    def test_a_damaged_checkpoint_is_an_error_that_names_the_file(self, tmp_path):
        path = tmp_path / "c.npz"
        path.write_bytes(b"PK\x03\x04 not really")
        with pytest.raises(DataError, match=r"c\.npz"):
            TrainingManager(config(), checkpoint=path).train(deep(), *loaders())

    def test_loaders_with_other_generators_are_refused(self, tmp_path):
        path = tmp_path / "c.npz"
        train_killed_after(10, config(), deep(), loaders(generator=default_rng(0)), path)
        with pytest.raises(DataError, match="other loaders"):
            TrainingManager(config(), checkpoint=path).train(deep(), *loaders())


def test_an_empty_training_set_is_an_error():
    with pytest.raises(DataError, match="nothing to train on"):
        TrainingManager(config()).train(deep(), [], loaders()[1])


def test_a_model_without_parameters_is_an_error():
    class Nothing(Module):
        def forward(self, x):
            return x

    with pytest.raises(ArgumentError, match="nothing that it could train"):
        TrainingManager(config()).train(Nothing(), *loaders())
