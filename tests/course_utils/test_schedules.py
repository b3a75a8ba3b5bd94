"""Schedules: by hand at the steps where they turn, and against PyTorch over a hundred."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose

from course_utils import ArgumentError
from course_utils.optim.schedules import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    ReduceLROnPlateau,
    WarmupCosine,
    learning_rates,
)

LR = 0.05


def optimizer(lr=LR):
    return SimpleNamespace(lr=lr)


def rates(make, steps=100, metrics=None):
    """Return the rate before each step, as a training loop would use it."""
    target = optimizer()
    schedule = make(target)
    found = []
    for epoch in range(steps):
        assert schedule.get_lr() == target.lr
        found.append(target.lr)
        schedule.step(*([] if metrics is None else [metrics[epoch]]))
    return found


def torch_rates(make, steps=100, metrics=None):
    torch = pytest.importorskip("torch")
    target = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    schedule = make(torch.optim.lr_scheduler, target)
    found = []
    for epoch in range(steps):
        found.append(target.param_groups[0]["lr"])
        target.step()
        schedule.step(*([] if metrics is None else [metrics[epoch]]))
    return found


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ExponentialLR", {"gamma": 0.93}),
        ("CosineAnnealingLR", {"T_max": 100}),
        ("CosineAnnealingLR", {"T_max": 30, "eta_min": 0.002}),  # past its end, three times
        ("CosineAnnealingLR", {"T_max": 1}),
        ("CosineAnnealingWarmRestarts", {"T_0": 10, "T_mult": 2}),
        ("CosineAnnealingWarmRestarts", {"T_0": 7, "eta_min": 0.01}),
        ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3}),
    ],
)
def test_a_hundred_steps_as_pytorch(name, settings):
    ours = {
        kind.__name__: kind
        for kind in (ExponentialLR, CosineAnnealingLR, CosineAnnealingWarmRestarts)
    }
    expected = torch_rates(lambda module, target: getattr(module, name)(target, **settings))
    assert_allclose(rates(lambda target: ours[name](target, **settings)), expected, atol=1e-15)


@pytest.mark.parametrize(("warmup", "total"), [(5, 100), (1, 60), (30, 60)])
def test_warm_up_then_cosine_as_pytorchs_sequence(warmup, total):
    def sequence(module, target):
        parts = [
            module.LinearLR(target, 1 / warmup, 1.0, max(warmup - 1, 1)),
            module.CosineAnnealingLR(target, total - warmup, 1e-5),
        ]
        return module.SequentialLR(target, parts, milestones=[warmup])

    steps = total + 1  # to the very end of the cosine
    expected = torch_rates(sequence, steps) if warmup > 1 else None
    found = rates(lambda target: WarmupCosine(target, total, warmup), steps)
    if expected is not None:
        assert_allclose(found, expected, rtol=1e-12)
    assert found[warmup - 1] == found[warmup] == LR
    assert found[total] == pytest.approx(1e-5, rel=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"patience": 0, "factor": 0.5},
        {"patience": 3, "cooldown": 4, "factor": 0.7},
        {"patience": 2, "min_lr": 0.01},
        {"patience": 1, "mode": "max"},
        {"patience": 2, "mode": "max", "threshold": 0.2, "threshold_mode": "abs"},
        {"patience": 2, "threshold": 0.1},
        {"patience": 0, "factor": 0.5, "eps": 1e-3},
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_plateaus_as_pytorch(settings, seed):
    rng = default_rng(seed)
    metrics = list(np.abs(2 * 0.97 ** np.arange(100) + 0.3 * rng.normal(size=100)))
    metrics[40] = math.nan
    expected = torch_rates(
        lambda module, target: module.ReduceLROnPlateau(target, **settings), metrics=metrics
    )
    found = rates(lambda target: ReduceLROnPlateau(target, **settings), metrics=metrics)
    assert_allclose(found, expected, rtol=1e-12)
    assert len(set(found)) > 1


def test_warm_restarts_at_10_30_and_70():
    found = rates(lambda target: CosineAnnealingWarmRestarts(target, T_0=10, T_mult=2))
    assert [step for step, rate in enumerate(found) if rate == LR] == [0, 10, 30, 70]
    assert [step for step in range(1, 100) if found[step] > found[step - 1]] == [10, 30, 70]
    assert found[5] == pytest.approx(LR / 2)
    assert found[20] == pytest.approx(LR / 2)  # half-way through 20 steps
    assert found[50] == pytest.approx(LR / 2)  # and through 40


def test_restarts_of_one_length():
    found = rates(lambda target: CosineAnnealingWarmRestarts(target, T_0=10), 31)
    assert [step for step, rate in enumerate(found) if rate == LR] == [0, 10, 20, 30]


def test_a_cosine_by_hand():
    found = rates(lambda target: CosineAnnealingLR(target, T_max=4, eta_min=0.01), 9)
    half = [0.05, 0.03 + 0.02 * math.sqrt(0.5), 0.03, 0.03 - 0.02 * math.sqrt(0.5), 0.01]
    assert_allclose(found, half + half[-2::-1], rtol=1e-12)


def test_warm_up_by_hand():
    found = rates(lambda target: WarmupCosine(target, 8, 4, 0.0), 11)
    expected = [0.0125, 0.025, 0.0375, 0.05, 0.05]
    assert_allclose(found[:5], expected, rtol=1e-12)
    assert found[6] == pytest.approx(LR / 2)
    assert_allclose(found[8:], 0, atol=1e-17)  # past the end it stays


def test_a_plateau_by_hand():
    target = optimizer(1.0)
    schedule = ReduceLROnPlateau(target, patience=2, factor=0.5)
    seen = []
    for loss in [3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1]:
        schedule.step(loss)
        seen.append(target.lr)
    # Two bad epochs are let pass after the best; the third lowers the rate, and counts anew.
    assert seen == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25]
    assert schedule.best == 1


def test_a_metric_may_be_an_array_of_one_number():
    schedule = ReduceLROnPlateau(optimizer())
    schedule.step(np.array([0.25], dtype=np.float32))
    assert schedule.best == 0.25
    for wrong in (None, "good", np.zeros(2)):
        with pytest.raises(ArgumentError, match=r"(?s)one number.*step\(validation_loss\)"):
            schedule.step(wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda target: CosineAnnealingWarmRestarts(target, 10, 2),
        lambda target: WarmupCosine(target, 50),
        lambda target: ExponentialLR(target, 0.9),
    ],
)
def test_a_state_goes_on_where_the_other_was(make):
    whole = rates(make, 40)
    first = make(optimizer())
    for _ in range(25):
        first.step()
    target = optimizer(first.get_lr())  # as an optimizer restored from a checkpoint
    second = make(target)
    second.load_state_dict(first.state_dict())
    target.lr = first.get_lr()
    found = []
    for _ in range(15):
        found.append(target.lr)
        second.step()
    assert found == whole[25:]


def test_the_state_of_a_plateau_holds_its_patience():
    first, second = (ReduceLROnPlateau(optimizer(), patience=3) for _ in range(2))
    for loss in (1, 2, 2):
        first.step(loss)
    second.load_state_dict(first.state_dict())
    for loss in (2, 2):
        second.step(loss)
    assert second.get_lr() == pytest.approx(LR / 10)
    with pytest.raises(ArgumentError, match="not the state of a ReduceLROnPlateau"):
        second.load_state_dict({"steps": 3})


def test_learning_rates_by_name():
    assert learning_rates("none", 3, 0.1) == [0.1, 0.1, 0.1]
    cosine = rates(lambda target: CosineAnnealingLR(target, 50, 1e-5), 50)
    assert learning_rates("cosine", 50, LR) == cosine
    warm = rates(lambda target: WarmupCosine(target, 50, 5, 1e-5), 50)
    assert learning_rates("warmup_cosine", 50, LR) == warm
    assert learning_rates("warmup_cosine", 50, LR, warmup_epochs=0) == cosine
    assert warm[:6] == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05, 0.05])
    assert [type(rate) for rate in learning_rates("none", 2, 1)] == [float, float]


@pytest.mark.parametrize(
    "call",
    [
        lambda: learning_rates("linear", 10, 0.1),
        lambda: learning_rates("cosine", 0, 0.1),
        lambda: learning_rates("cosine", 10, math.nan),
        lambda: learning_rates("warmup_cosine", 5, 0.1),
        lambda: CosineAnnealingLR(optimizer(), 0),
        lambda: CosineAnnealingLR(optimizer(), 10, -1.0),
        lambda: CosineAnnealingWarmRestarts(optimizer(), 10, 0),
        lambda: CosineAnnealingWarmRestarts(optimizer(), 10, 1.5),
        lambda: WarmupCosine(optimizer(), 10, -1),
        lambda: ExponentialLR(optimizer(), 0),
        lambda: ExponentialLR(optimizer(), "0.9"),
        lambda: ReduceLROnPlateau(optimizer(), factor="0.1"),
        lambda: WarmupCosine(optimizer(), 10, "5"),
        lambda: CosineAnnealingLR(optimizer(), True),
        lambda: ReduceLROnPlateau(optimizer(), mode="least"),
        lambda: ReduceLROnPlateau(optimizer(), factor=1.0),
        lambda: ReduceLROnPlateau(optimizer(), patience=-1),
        lambda: ReduceLROnPlateau(optimizer(), threshold_mode="x"),
        lambda: CosineAnnealingLR(SimpleNamespace(), 10),
        lambda: CosineAnnealingLR(optimizer(math.nan), 10),
        lambda: CosineAnnealingLR(0.1, 10),
    ],
)
def test_what_makes_no_schedule(call):
    with pytest.raises(ArgumentError, match=r"(?s)expected: .*found: .*what to do: "):
        call()
