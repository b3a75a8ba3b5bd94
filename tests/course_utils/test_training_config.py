"""The settings of an experiment: defaults as documented, and errors that say what was expected."""

from __future__ import annotations

import json

import numpy as np
import pytest

from course_utils.errors import ArgumentError
from course_utils.training import TrainingConfig

DOCUMENTED = {
    "input_size": 784,
    "output_size": 10,
    "hidden_sizes": [],
    "dropout_rate": 0.0,
    "batch_size": 128,
    "num_epochs": 50,
    "learning_rate": 0.01,
    "weight_decay": 0.0,
    "optimizer": "sgd",
    "scheduler_type": "none",
    "warmup_epochs": 5,
    "min_lr": 1e-5,
    "early_stopping": True,
    "patience": 10,
    "loss_delta": 0.02,
    "use_augmentation": False,
}


def test_the_defaults_are_the_documented_ones():
    settings = TrainingConfig().to_dict()
    assert {name: settings[name] for name in DOCUMENTED} == DOCUMENTED


def test_two_configurations_do_not_share_their_hidden_sizes():
    first = TrainingConfig()
    first.hidden_sizes.append(5)
    assert TrainingConfig().hidden_sizes == []


def test_the_callers_list_is_not_kept():
    sizes = [30]
    config = TrainingConfig(hidden_sizes=sizes)
    sizes.append(20)
    assert config.hidden_sizes == [30]


def test_settings_survive_json_and_numpy_numbers_become_plain():
    config = TrainingConfig(
        hidden_sizes=np.array([40, 15]), batch_size=np.int64(32), learning_rate=np.float32(0.5)
    )
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert type(config.batch_size) is int
    assert type(config.hidden_sizes[0]) is int


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("batch_size", 0, "a whole number of at least 1"),
        ("batch_size", 12.5, "a whole number of at least 1"),
        ("num_epochs", True, "a whole number of at least 1"),
        ("patience", 0, "a whole number of at least 1"),
        ("warmup_epochs", -1, "a whole number of at least 0"),
        ("seed", 2**32, "a whole number from 0 to 4294967295"),
        ("learning_rate", 0, "a number above 0"),
        ("learning_rate", "0.1", "a number above 0"),
        ("learning_rate", float("nan"), "a number above 0"),
        ("weight_decay", -1e-4, "a number of at least 0"),
        ("loss_delta", float("inf"), "a number of at least 0"),
        ("dropout_rate", 1.0, "a number of at least 0 and below 1"),
        ("dropout_rate", -0.1, "a number of at least 0 and below 1"),
        ("momentum", 1, "a number of at least 0 and below 1"),
        ("hidden_sizes", 30, "a list of whole numbers"),
        ("hidden_sizes", "30", "a list of whole numbers"),
        ("hidden_sizes", [30, 0], "a whole number of at least 1"),
        ("optimizer", "rmsprop", "'sgd' or 'adam'"),
        ("scheduler_type", None, "'none', 'cosine' or 'warmup_cosine'"),
        ("use_augmentation", "no", "True or False"),
        ("experiment_name", " ", "a name"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(setting, value, expected):
    with pytest.raises(ArgumentError) as error:
        TrainingConfig(**{setting: value})
    assert setting in error.value.what
    assert error.value.expected == expected
    assert error.value.found == repr(value if setting != "hidden_sizes" or value != [30, 0] else 0)


@pytest.mark.parametrize("schedule", ["cosine", "warmup_cosine"])
def test_a_cosine_cannot_end_above_where_it_starts(schedule):
    with pytest.raises(ArgumentError, match="min_lr"):
        TrainingConfig(scheduler_type=schedule, learning_rate=1e-6)
    TrainingConfig(scheduler_type="none", learning_rate=1e-6)


def test_the_warm_up_must_leave_an_epoch_for_the_cosine():
    with pytest.raises(ArgumentError, match="warmup_epochs"):
        TrainingConfig(scheduler_type="warmup_cosine", num_epochs=5)
    TrainingConfig(scheduler_type="warmup_cosine", num_epochs=6)
    TrainingConfig(scheduler_type="cosine", num_epochs=5)


def test_an_unknown_setting_is_named_with_the_one_that_was_meant():
    with pytest.raises(ArgumentError) as error:
        TrainingConfig.from_dict({"learning_rat": 0.1})
    assert error.value.mend == "did you mean 'learning_rate'?"
