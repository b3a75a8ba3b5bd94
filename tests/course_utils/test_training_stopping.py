"""When a training stops, and which weights it ends with."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from course_utils.errors import ArgumentError
from course_utils.nn import BatchNorm1d, Linear, Sequential
from course_utils.training import EarlyStopper, EarlyStopping


def stops_at(stopper, losses):
    """Return the number of the check that says stop, counted from 1, or None."""
    for number, loss in enumerate(losses, start=1):
        if stopper.early_stop(loss):
            return number
    return None


class TestEarlyStopper:
    @pytest.mark.parametrize("patience", [1, 2, 3])
    def test_it_stops_at_the_check_that_exhausts_the_patience(self, patience):
        losses = [1.0, *[2.0] * 10]
        assert stops_at(EarlyStopper(patience), losses) == 1 + patience

    def test_a_new_lowest_loss_starts_the_count_again(self):
        assert stops_at(EarlyStopper(2), [1.0, 1.1, 0.9, 1.0, 0.8, 0.9, 0.9]) == 7

    def test_a_rise_within_min_delta_is_not_bad_and_one_beyond_it_is(self):
        assert stops_at(EarlyStopper(1, min_delta=0.5), [1.0, 1.25, 1.5]) is None
        assert stops_at(EarlyStopper(1, min_delta=0.5), [1.0, 1.25, 1.625]) == 3

    def test_the_rise_is_measured_from_the_lowest_loss_not_from_the_last(self):
        creeping = [1.0 + 0.125 * step for step in range(20)]
        assert stops_at(EarlyStopper(1, min_delta=0.5), creeping) == 6

    def test_a_loss_between_neither_counts_nor_forgives(self):
        assert stops_at(EarlyStopper(2, min_delta=0.5), [1.0, 2.0, 1.25, 2.0]) == 4

    def test_an_equal_loss_is_no_reason_to_stop(self):
        assert stops_at(EarlyStopper(1), [1.0] * 5) is None

    def test_a_tiny_fall_is_good_whatever_min_delta_is(self):
        stopper = EarlyStopper(1, min_delta=0.5)
        assert stops_at(stopper, [1.0, 0.99, 0.98]) is None
        assert stopper.min_validation_loss == 0.98

    def test_nan_is_bad(self):
        assert stops_at(EarlyStopper(2), [1.0, float("nan"), float("nan")]) == 3
        assert stops_at(EarlyStopper(2), [float("nan"), float("nan")]) == 2

    def test_it_goes_on_from_its_saved_state(self):
        first, second = EarlyStopper(3), EarlyStopper(3)
        stops_at(first, [1.0, 2.0, 2.0])
        second.load_state_dict(first.state_dict())
        assert stops_at(second, [2.0]) == 1

    def test_reset_forgets(self):
        stopper = EarlyStopper(1)
        stops_at(stopper, [0.1])
        stopper.reset()
        assert stops_at(stopper, [5.0]) is None


def toy_model():
    weights = SimpleNamespace(data=np.zeros(2))
    return SimpleNamespace(parameters=lambda: [weights]), weights.data


class TestEarlyStopping:
    @pytest.mark.parametrize("patience", [1, 2, 3])
    def test_it_stops_after_so_many_checks_without_improvement(self, patience):
        model, _ = toy_model()
        stopping = EarlyStopping(patience)
        answers = [stopping(score, model, 0) for score in [1.0] * (patience + 1)]
        assert answers == [False] * patience + [True]
        assert stopping.counter == patience
        assert stopping.early_stop

    @pytest.mark.parametrize(
        ("mode", "scores", "best"),
        [("min", [0.5, 0.4, 0.6, 0.7], 0.4), ("max", [0.5, 0.6, 0.4, 0.3], 0.6)],
    )
    def test_the_mode_says_what_is_better(self, mode, scores, best):
        model, _ = toy_model()
        stopping = EarlyStopping(2, mode=mode)
        for epoch, score in enumerate(scores):
            stopping(score, model, epoch)
        assert (stopping.best_score, stopping.best_epoch, stopping.early_stop) == (best, 1, True)

    @pytest.mark.parametrize(("mode", "sign"), [("min", -1), ("max", 1)])
    def test_an_improvement_must_be_larger_than_min_delta(self, mode, sign):
        model, _ = toy_model()
        stopping = EarlyStopping(5, min_delta=0.25, mode=mode)
        for epoch, gain in enumerate([0.0, 0.25, 0.375, 0.5]):
            stopping(1.0 + sign * gain, model, epoch)
        # 0.25 is not more than 0.25; 0.375 is; 0.5 is only 0.125 better than 0.375.
        assert stopping.best_epoch == 2
        assert stopping.counter == 1

    def test_the_best_weights_come_back_though_they_were_changed_in_place(self):
        model, weights = toy_model()
        stopping = EarlyStopping(2)
        for epoch, score in enumerate([3.0, 1.0, 2.0, 2.0]):
            weights[:] = epoch
            stopping(score, model, epoch)
        np.testing.assert_array_equal(weights, [1, 1])

    def test_giving_the_weights_back_does_not_tie_the_model_to_the_copy(self):
        model, weights = toy_model()
        stopping = EarlyStopping(1)
        stopping(1.0, model, 0)
        stopping(2.0, model, 1)
        weights[:] = 9
        assert stopping.restore(model)
        np.testing.assert_array_equal(weights, [0, 0])

    def test_without_restore_best_the_last_weights_stay(self):
        model, weights = toy_model()
        stopping = EarlyStopping(1, restore_best=False)
        stopping(1.0, model, 0)
        weights[:] = 7
        assert stopping(2.0, model, 1)
        np.testing.assert_array_equal(weights, [7, 7])
        assert not stopping.restore(model)

    def test_a_training_that_was_not_stopped_can_have_its_best_weights_too(self):
        model, weights = toy_model()
        stopping = EarlyStopping(10)
        for epoch, score in enumerate([1.0, 2.0]):
            weights[:] = epoch
            stopping(score, model, epoch)
        assert stopping.restore(model)
        np.testing.assert_array_equal(weights, [0, 0])

    def test_running_statistics_of_a_module_come_back_too(self):
        model = Sequential(Linear(3, 2), BatchNorm1d(2))
        stopping = EarlyStopping(1)
        stopping(1.0, model, 0)
        before = model.state_dict()
        for array in (model[0].weight.data, model[1].running_mean):
            array += 5
        stopping(2.0, model, 1)
        after = model.state_dict()
        assert all(np.array_equal(before[name], after[name]) for name in before)

    def test_nan_is_no_improvement_even_at_first(self):
        model, _ = toy_model()
        stopping = EarlyStopping(2)
        assert not stopping(float("nan"), model, 0)
        assert not stopping(1.0, model, 1)
        assert stopping.best_epoch == 1

    def test_reset_forgets_everything(self):
        model, _ = toy_model()
        stopping = EarlyStopping(1)
        stopping(1.0, model, 0)
        stopping(2.0, model, 1)
        stopping.reset()
        state = (stopping.counter, stopping.best_score, stopping.best_epoch, stopping.early_stop)
        assert state == (0, None, None, False)
        assert not stopping(5.0, model, 0)


@pytest.mark.parametrize("kind", [EarlyStopper, EarlyStopping])
@pytest.mark.parametrize(
    "wrong", [{"patience": 0}, {"patience": 1.5}, {"min_delta": -0.1}, {"min_delta": "small"}]
)
def test_arguments_that_make_no_sense_are_refused(kind, wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        kind(**wrong)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ArgumentError, match="mode"):
        EarlyStopping(mode="lowest")


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ArgumentError, match="validation_loss is not a number"):
        EarlyStopper().early_stop([1.0, 2.0])


def test_a_model_without_weights_is_refused():
    with pytest.raises(ArgumentError, match="cannot be copied"):
        EarlyStopping()(1.0, object(), 0)
