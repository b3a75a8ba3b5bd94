"""Accuracy, loss, confusion matrix and times, against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils.autograd import Tensor
from course_utils.autograd.recording import mode
from course_utils.data.loader import DataLoader
from course_utils.errors import ArgumentError, DataError, ShapeError
from course_utils.nn import BatchNorm1d, CrossEntropyLoss, Dropout, Linear, Module, Sequential
from course_utils.training import evaluate
from course_utils.training.batches import class_numbers


def one_hot(answers, classes=3):
    """Return logits by which an identity model gives these answers."""
    return np.eye(classes)[answers]


def test_every_image_counts_once_however_the_batches_divide_them():
    # Three right of four: the batches' accuracies are 2/3 and 1, and their mean is 5/6.
    loader = [(one_hot([0, 1, 1]), np.array([0, 1, 2])), (one_hot([2]), np.array([2]))]
    assert evaluate(lambda x: x, loader).accuracy == 0.75


def test_the_loss_too_is_a_mean_over_images():
    logits = Tensor(np.random.default_rng(0).normal(size=(7, 3)))
    labels = np.array([0, 1, 2, 0, 1, 2, 0])
    whole = CrossEntropyLoss()(logits, labels).item()
    loader = DataLoader(logits.data, labels, batch_size=4)
    assert evaluate(lambda x: x, loader, CrossEntropyLoss()).loss == pytest.approx(whole, rel=1e-12)


def test_rows_of_the_confusion_matrix_are_true_and_columns_are_answers():
    loader = [(one_hot([1, 1, 1, 2]), np.array([0, 0, 1, 2]))]
    np.testing.assert_array_equal(
        evaluate(lambda x: x, loader).confusion_matrix, [[0, 2, 0], [0, 1, 0], [0, 0, 1]]
    )


def test_the_confusion_matrix_has_a_row_for_classes_that_do_not_occur():
    loader = [(one_hot([1, 1], 5), np.array([1, 1]))]
    assert evaluate(lambda x: x, loader).confusion_matrix.shape == (5, 5)
    assert evaluate(lambda x: x, loader, classes=7).confusion_matrix.shape == (7, 7)


def test_one_hot_labels_give_the_same_as_class_numbers():
    x, y = one_hot([0, 1, 1, 2]), np.array([0, 1, 2, 2])
    first = evaluate(lambda x: x, [(x, y)], CrossEntropyLoss())
    second = evaluate(lambda x: x, [(x, one_hot(y))], CrossEntropyLoss())
    assert (first.accuracy, first.loss) == (second.accuracy, second.loss)
    np.testing.assert_array_equal(second.labels, y)
    np.testing.assert_array_equal(second.predictions, [0, 1, 1, 2])


class Watching(Module):
    """Notes in which mode it is called."""

    def __init__(self):
        self.seen = set()

    def forward(self, x):
        self.seen.add((self.training, mode.recording))
        return x


@pytest.mark.parametrize("before", [True, False])
def test_the_model_is_evaluated_without_gradients_and_its_mode_comes_back(before):
    model = Watching().train(before)
    evaluate(model, [(one_hot([0]), [0])])
    assert model.seen == {(False, False)}
    assert model.training is before


def test_the_mode_comes_back_after_an_error_too():
    model = Watching()
    with pytest.raises(ShapeError):
        evaluate(model, [(one_hot([0]), [0, 1])])
    assert model.training


def test_evaluation_changes_nothing_in_the_model():
    model = Sequential(Linear(3, 3), BatchNorm1d(3), Dropout(0.5))
    before = model.state_dict()
    evaluate(model, [(one_hot([0, 1, 2, 2]), [0, 1, 2, 2])])
    assert all(np.array_equal(before[name], value) for name, value in model.state_dict().items())


def test_one_time_is_taken_for_each_batch(monkeypatch):
    # Each look at the clock is one second after the last, but the third batch takes five.
    times = iter([0, 1, 10, 11, 20, 25])
    monkeypatch.setattr("course_utils.training.evaluation.time.perf_counter", lambda: next(times))
    batch = (one_hot([0]), [0])
    result = evaluate(lambda x: x, [batch, batch, batch])
    assert result.inference_ms == pytest.approx(1000 * 7 / 3)
    assert result.inference_ms_std == pytest.approx(1000 * np.std([1, 1, 5], ddof=1))


def test_the_first_batch_is_answered_once_before_the_clock_runs(monkeypatch):
    events = []

    def clock():
        events.append("clock")
        return float(len(events))

    def model(x):
        events.append(len(x))
        return x

    monkeypatch.setattr("course_utils.training.evaluation.time.perf_counter", clock)
    evaluate(model, [(one_hot([0, 1]), [0, 1]), (one_hot([2]), [2])])
    assert events == [2, "clock", 2, "clock", "clock", 1, "clock"]


def test_the_sampling_error_is_that_of_a_share():
    loader = [(one_hot([0] * 90 + [1] * 10), np.zeros(100, dtype=int))]
    assert evaluate(lambda x: x, loader).sampling_error == pytest.approx(0.03)


def test_an_empty_loader_is_an_error_and_not_nan():
    with pytest.raises(DataError, match="nothing to evaluate on"):
        evaluate(lambda x: x, [])


def test_a_model_that_averages_the_batch_away_is_told_so():
    with pytest.raises(ShapeError, match="does not fit its input"):
        evaluate(lambda x: x.mean(dim=0), [(one_hot([0, 1]), [0, 1])])


@pytest.mark.parametrize("labels", [[0.5, 1.0], [float("nan"), 1.0]])
def test_labels_that_are_no_class_numbers_are_refused(labels):
    with pytest.raises(ArgumentError, match="not class numbers"):
        class_numbers(labels)


def test_labels_may_be_a_list_floats_or_a_tensor():
    for labels in ([2, 0], np.array([2.0, 0.0]), Tensor([2, 0])):
        np.testing.assert_array_equal(class_numbers(labels), [2, 0])
