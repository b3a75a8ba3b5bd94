"""Several experiments after each other: loaders, data, and what is kept between runs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng

from course_utils.data.mnist import load_mnist
from course_utils.errors import ArgumentError, DataError, ShapeError
from course_utils.tracking import ExperimentTracker
from course_utils.training import (
    ExperimentData,
    SoftmaxRegression,
    TrainingConfig,
    load_model,
    run_experiments,
    split_mnist,
)

SMALL = {"num_epochs": 2, "learning_rate": 0.1}


@pytest.fixture(scope="module")
def digits():
    x, y, x_test, y_test = load_mnist("digits")
    return x[:300], y[:300], x[300:400], y[300:400], x_test[:100], y_test[:100]


def test_the_experiments_run_one_by_one_and_are_filed_by_name(digits, tmp_path):
    experiments = [
        TrainingConfig(experiment_name="softmax", **SMALL),
        {"experiment_name": "deep", "hidden_sizes": [20], "use_augmentation": True, **SMALL},
    ]
    tracker = run_experiments(experiments, ExperimentTracker(tmp_path), data=digits)
    summaries = tracker.get_all_summaries().set_index("experiment")
    assert list(summaries.index) == ["softmax", "deep"]
    assert summaries.loc["softmax", "parameters"] == 7850
    assert summaries.loc["deep", "parameters"] == 784 * 20 + 20 + 40 + 210
    assert (summaries["epochs"] == 2).all()
    model = load_model(SoftmaxRegression(784, 10), tmp_path / "softmax" / "model.npz")
    assert np.abs(model.linear.weight.data).sum() > 0
    assert not list(tmp_path.rglob("checkpoint.npz"))


def test_names_may_be_the_keys_of_a_mapping(digits):
    tracker = run_experiments(
        {"a": SMALL, "b": {**SMALL, "batch_size": 50}}, ExperimentTracker(None), data=digits
    )
    assert tracker.experiments == ["a", "b"]
    assert tracker.get_summary("b")["config"]["batch_size"] == 50


def test_the_order_of_the_experiments_does_not_matter(digits):
    first = {**SMALL, "hidden_sizes": [8], "dropout_rate": 0.2}
    there = run_experiments({"a": first, "b": SMALL}, ExperimentTracker(None), data=digits)
    back = run_experiments({"b": SMALL, "a": first}, ExperimentTracker(None), data=digits)
    for name in ("a", "b"):
        losses = [tracker.get_experiment_df(name)["val_loss"].tolist() for tracker in (there, back)]
        assert losses[0] == losses[1]


class Counting(ExperimentTracker):
    """Counts the epochs that it is told."""

    told = 0

    def log_epoch(self, name, epoch, metrics):
        self.told += 1
        super().log_epoch(name, epoch, metrics)


def test_what_was_finished_is_kept_and_only_what_changed_is_trained_again(digits, tmp_path, capsys):
    run_experiments({"a": SMALL, "b": SMALL}, ExperimentTracker(tmp_path), data=digits)
    again = Counting(tmp_path)
    run_experiments({"a": SMALL, "b": {**SMALL, "learning_rate": 0.2}}, again, data=digits)
    assert again.told == 2
    assert again.get_summary("b")["config"]["learning_rate"] == 0.2
    assert "a: finished before with these settings, kept" in capsys.readouterr().err


def test_other_data_or_resume_false_train_again(digits, tmp_path):
    run_experiments({"a": SMALL}, ExperimentTracker(tmp_path), data=digits)
    other = Counting(tmp_path)
    shuffled = (digits[0], np.roll(digits[1], 1, axis=0), *digits[2:])
    run_experiments({"a": SMALL}, other, data=shuffled)
    assert other.told == 2
    anew = Counting(tmp_path)
    run_experiments({"a": SMALL}, anew, data=shuffled, resume=False)
    assert anew.told == 2


def test_an_interrupted_experiment_goes_on(digits, tmp_path):
    class Stops(ExperimentTracker):
        def log_epoch(self, name, epoch, metrics):
            super().log_epoch(name, epoch, metrics)
            if (name, epoch) == ("b", 3):
                raise KeyboardInterrupt

    experiments = {"a": SMALL, "b": {**SMALL, "num_epochs": 4}}
    expected = run_experiments(experiments, ExperimentTracker(None), data=digits)
    with pytest.raises(KeyboardInterrupt):
        run_experiments(experiments, Stops(tmp_path), data=digits)
    again = Counting(tmp_path)
    run_experiments(experiments, again, data=digits)
    assert again.told == 2 + 2  # two that the checkpoint remembers, two that were missing
    for name in ("a", "b"):
        ours, theirs = (t.get_experiment_df(name)["val_loss"] for t in (again, expected))
        assert ours.tolist() == theirs.tolist()


def test_nothing_is_trained_where_two_experiments_have_one_name(digits, tmp_path):
    with pytest.raises(ArgumentError, match="one name"):
        run_experiments(
            [TrainingConfig(**SMALL), TrainingConfig(**SMALL)],
            ExperimentTracker(tmp_path),
            data=digits,
        )
    assert not list(tmp_path.iterdir())


def test_nothing_is_trained_where_a_later_setting_is_wrong(digits, tmp_path):
    with pytest.raises(ArgumentError, match="batch_size"):
        run_experiments(
            {"a": SMALL, "b": {"batch_size": 0}}, ExperimentTracker(tmp_path), data=digits
        )
    assert not list(tmp_path.iterdir())


class TestLoaders:
    def test_images_are_normalised_once_and_float32(self, digits):
        data = ExperimentData.prepare(digits)
        train, val, test = data.loaders(TrainingConfig(batch_size=300))
        for loader, raw in ((train, digits[0]), (val, digits[2]), (test, digits[4])):
            x = np.concatenate([x for x, _ in loader])
            assert x.dtype == np.float32
            expected = (np.sort(raw.ravel()) - 0.1307) / 0.3081
            np.testing.assert_allclose(np.sort(x.ravel()), expected, atol=1e-5)

    def test_only_the_training_images_are_augmented_and_shuffled(self, digits):
        data = ExperimentData.prepare(digits)
        train, val, test = data.loaders(TrainingConfig(use_augmentation=True))
        assert train.shuffle
        assert train.augment is not None
        for loader in (val, test):
            assert not loader.shuffle
            assert loader.augment is None

    def test_augmented_images_are_normalised_after_they_were_moved(self, digits):
        data = ExperimentData.prepare(digits)
        train, _, _ = data.loaders(TrainingConfig(use_augmentation=True))
        x, _ = next(iter(train))
        # What comes in at the borders is background, which normalisation takes to -0.424.
        assert x.min() == pytest.approx(-0.1307 / 0.3081, abs=1e-4)
        assert x.dtype == np.float32

    def test_validation_comes_in_large_batches_and_the_test_in_those_of_the_configuration(
        self, digits
    ):
        _, val, test = ExperimentData.prepare(digits).loaders(TrainingConfig(batch_size=10))
        assert len(val) == 1
        assert len(test) == 10

    def test_a_last_batch_of_one_is_left_out_where_batch_normalisation_would_choke(self, digits):
        data = ExperimentData.prepare(digits)
        assert len(data.loaders(TrainingConfig(batch_size=299, hidden_sizes=[5]))[0]) == 1
        assert len(data.loaders(TrainingConfig(batch_size=299))[0]) == 2
        assert len(data.loaders(TrainingConfig(batch_size=1))[0]) == 300

    def test_labels_may_be_one_hot(self, digits):
        data = ExperimentData.prepare(digits)
        np.testing.assert_array_equal(data.val[1], digits[3].argmax(axis=1))

    def test_pictures_become_rows(self, digits):
        pictures = [x.reshape(-1, 28, 28) for x in digits[::2]]
        arrays = [part for pair in zip(pictures, digits[1::2], strict=True) for part in pair]
        np.testing.assert_array_equal(
            ExperimentData.prepare(arrays).val[0], ExperimentData.prepare(digits).val[0]
        )

    def test_the_callers_images_are_left_alone(self):
        images = default_rng(0).random((20, 784), dtype=np.float32)
        before = images.copy()
        labels = np.arange(20) % 10
        ExperimentData.prepare((images, labels) * 3)
        np.testing.assert_array_equal(images, before)


def test_data_that_is_incomplete_is_refused(digits):
    with pytest.raises(DataError, match="incomplete"):
        ExperimentData.prepare(digits[:4])
    with pytest.raises(ShapeError, match="labels do not fit"):
        ExperimentData.prepare((digits[0], digits[1][:-1], *digits[2:]))


def test_mnist_is_split_by_a_fifth_twice(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "digits")
    parts = split_mnist()
    count = 1540 + 257
    test = -(-count // 5)
    val = -(-(count - test) // 5)
    assert [len(part) for part in parts[::2]] == [count - test - val, val, test]
    assert parts[0].dtype == np.float32
    rows = {image.tobytes() for part in parts[::2] for image in part}
    whole = {image.astype(np.float32).tobytes() for part in load_mnist()[::2] for image in part}
    assert rows == whole


@pytest.mark.mnist
def test_real_mnist_has_the_documented_sizes(real_mnist, monkeypatch):
    monkeypatch.setattr("course_utils.data.mnist.load_mnist", lambda: real_mnist)
    assert [len(part) for part in split_mnist()[1::2]] == [44_800, 11_200, 14_000]
