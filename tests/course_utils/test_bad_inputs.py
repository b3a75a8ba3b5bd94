"""What a student may hand over by mistake: each ends in an error that says what to do.

Errors that belong to one formula or one file format are tested beside it; here are those that
are easily met, and that numpy, the standard library or scikit-learn would report in their words.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

import course_utils as cu
from course_utils import (
    ArgumentError,
    CourseUtilsError,
    DataError,
    DataLoader,
    ExperimentTracker,
    ModelResults,
    Network,
    Parameter,
    ShapeError,
    Tensor,
    TrainingConfig,
    TrainingManager,
    augmentation,
    evaluate,
    functions,
    load_model,
    nn,
    optim,
    plots,
    run_experiments,
    save_model,
    training,
)

X = np.random.default_rng(0).random((20, 16))
LABELS = np.arange(20) % 4
ROWS = np.eye(4)[LABELS]
NAN = np.where(np.arange(320).reshape(20, 16) == 70, np.nan, X)  # in row 4
CONFIG = TrainingConfig(input_size=16, output_size=4, num_epochs=1)


def model():
    return nn.Sequential(nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 4))


def loader(x=X, y=LABELS):
    return DataLoader(x, y, batch_size=5)


def train(model, train_loader, val_loader=None):
    return TrainingManager(CONFIG).train(model, train_loader, val_loader or loader())


def network():
    return Network((16, 3, 4))


def whole_numbers_that_require_a_gradient():
    x = Tensor([1, 2, 3])
    x.requires_grad = True
    (x * 0.5).sum().backward()


def state_with(value):
    optimizer = optim.Adam([Parameter(np.ones(3))])
    optimizer.load_state_dict({**optimizer.state_dict(), **value})


def experiments(*data, configs=({"num_epochs": 1},), tracker=None):
    run_experiments(configs, tracker or ExperimentTracker(None), data=data)


def results(**options):
    pair = (X, ROWS)
    table = ModelResults(training_data=pair, test_data=pair, epochs=1)
    table.evaluate_model("a", **{"model_constructor": Network, "layers": (16, 3, 4)} | options)


# What is tried; the error's kind; what it must name.
CASES = {
    # numbers, axes, types
    "softmax over a named axis": (
        lambda: functions.stable_softmax(np.ones((2, 3)), axis="classes"), ShapeError, "'classes'"),
    "softmax over an axis with a point": (
        lambda: functions.log_softmax(np.ones((2, 3)), axis=1.0), ShapeError, "axis 1.0"),
    "a target below 0": (
        lambda: functions.cross_entropy(np.ones((1, 3)), [[-1, 1, 1]]), ArgumentError, "other"),
    "a target that is NaN": (
        lambda: functions.cross_entropy(np.ones((1, 2)), [[np.nan, 1]]), ArgumentError, "other"),
    "a tensor's softmax over a named axis": (
        lambda: Tensor(np.ones((2, 3))).softmax("a"), ShapeError, "'a'"),
    "whole numbers with a gradient": (
        whole_numbers_that_require_a_gradient, ArgumentError, "int64"),
    "a tensor compared with a text": (lambda: Tensor([1.0]) < "a", ArgumentError, "dtype <U1"),
    "clamped to a text": (lambda: Tensor([1.0]).clamp("a"), ArgumentError, "'a'"),
    **{
        f"np.{function.__name__} of a tensor": (
            lambda function=function: function(Tensor([1.0, 2.0])), ArgumentError, "axis")
        for function in (np.sum, np.mean, np.max)
    },
    "numpy's word for an axis": (
        lambda: Tensor([1.0, 2.0]).sum(axis=0), ArgumentError, "axis"),
    "argmax over two axes": (
        lambda: Tensor(np.ones((2, 3))).argmax((0, 1)), ShapeError, "(0, 1)"),
    "joined along a text": (lambda: cu.concatenate([Tensor([1.0])], "a"), ShapeError, "'a'"),
    "stacked along a text": (lambda: cu.stack([Tensor([1.0])], "a"), ShapeError, "'a'"),
    # Network
    "a negative rate": (
        lambda: network().train((X, ROWS), learning_rate=-1), ArgumentError, "-1"),
    "a rate in quotes": (
        lambda: network().train((X, ROWS), learning_rate="0.1"), ArgumentError, "'0.1'"),
    "a rate that is NaN": (
        lambda: network().train((X, ROWS), learning_rate=np.nan), ArgumentError, "nan"),
    "output and class numbers": (
        lambda: network().cost_derivative(ROWS, LABELS), ShapeError, "(20,)"),
    # layers
    **{
        f"{make.__name__} of whole numbers": (
            lambda make=make, sizes=sizes: make(*sizes, dtype=int), ArgumentError, "int")
        for make, sizes in (
            (nn.Linear, (4, 2)), (nn.LayerNorm, (4,)), (nn.BatchNorm1d, (4,)),
            (nn.MultiheadAttention, (4, 2)), (Network, ((4, 2),)), (Parameter, ([1.0],)))
    },
    "a misspelt type": (lambda: nn.Linear(4, 2, dtype="flaot32"), ArgumentError, "flaot32"),
    "a seed as generator": (lambda: nn.Linear(4, 2, generator=42), ArgumentError, "42"),
    "dropout from a seed": (
        lambda: nn.Dropout(0.5, generator=42)(np.ones(3)), ArgumentError, "42"),
    "attention to no token": (
        lambda: nn.MultiheadAttention(4, 2)(np.ones((2, 0, 4))), ShapeError, "(2, 0, 4)"),
    "starting weights for an array": (
        lambda: nn.init.he_normal_(np.ones((2, 3))), ArgumentError, "ndarray"),
    "zeros for an array": (lambda: nn.init.zeros_(np.ones((2, 3))), ArgumentError, "ndarray"),
    "a bound in quotes": (
        lambda: nn.init.uniform_(Parameter([1.0]), "1"), ArgumentError, "'1'"),
    "clipping a model": (lambda: nn.clip_grad_norm_(model(), 1.0), ArgumentError, "Linear"),
    "clipping without the brackets": (
        lambda: nn.clip_grad_value_(model().parameters, 1.0), ArgumentError, "method"),
    "a state of texts": (
        lambda: model().load_state_dict({k: ["a"] for k in model().state_dict()}),
        ArgumentError, "<U1"),
    "a path as state": (lambda: model().load_state_dict("a.npz"), ArgumentError, "str"),
    # optimizers and schedules
    **{
        f"{make.__name__} with an infinite rate": (
            lambda make=make: make([Parameter([1.0])], lr=np.inf), ArgumentError, "inf")
        for make in (optim.SGD, optim.Adam, optim.AdamW, optim.Adagrad)
    },
    "one beta": (
        lambda: optim.Adam([Parameter([1.0])], betas=0.9), ArgumentError, "0.9"),
    "a rate in quotes in the state": (
        lambda: state_with({"lr": "fast"}), ArgumentError, "<U4"),
    "texts in the state": (
        lambda: state_with({"mean.0": ["a"] * 3}), ArgumentError, "<U1"),
    "no state": (
        lambda: optim.SGD([Parameter([1.0])], lr=1.0).load_state_dict(None),
        ArgumentError, "NoneType"),
    "no state of a schedule": (
        lambda: optim.ExponentialLR(optim.SGD([Parameter([1.0])], lr=1.0), 0.9)
        .load_state_dict(None), ArgumentError, "NoneType"),
    "no state of a stopper": (
        lambda: cu.EarlyStopper().load_state_dict({}), ArgumentError, "{}"),
    # data
    **{
        f"{function.__name__} without a generator": (
            lambda function=function: function(X, None), ArgumentError, "None")
        for function in (
            augmentation.random_shift, augmentation.random_rotation, augmentation.random_affine,
            augmentation.gaussian_blur, augmentation.elastic)
    },
    "numpy's old generator": (
        lambda: augmentation.elastic(X, np.random.RandomState(0)), ArgumentError, "RandomState"),
    "an augmentation that returns nothing": (
        lambda: next(iter(DataLoader(X, LABELS, augment=lambda images: None))), ShapeError, "None"),
    "a number as path": (lambda: cu.read_image_file(5), ArgumentError, "5"),
    "no path": (lambda: cu.read_label_file(None), ArgumentError, "None"),
    # training
    "settings in a dict": (lambda: TrainingManager({"num_epochs": 1}), ArgumentError, "num_epochs"),
    "a folder as tracker": (lambda: TrainingManager(CONFIG, "runs"), ArgumentError, "'runs'"),
    "a model's class": (lambda: train(nn.Linear, loader()), ArgumentError, "Linear"),
    "arrays as loader": (lambda: train(model(), (X, LABELS)), DataError, "ndarray"),
    "three arrays in a batch": (
        lambda: train(model(), [(X, LABELS, X)]), DataError, "3 items"),
    "a batch without images": (
        lambda: train(model(), [(X[:0], LABELS[:0])]), DataError, "(0, 16)"),
    "no loader": (lambda: train(model(), 5), DataError, "5"),
    "NaN in a batch": (lambda: train(model(), [(NAN, LABELS)]), ArgumentError, "row 4"),
    "a model by its settings in a dict": (
        lambda: training.make_model({"hidden_sizes": []}), ArgumentError, "hidden_sizes"),
    "settings from a number": (lambda: TrainingConfig.from_dict(3), ArgumentError, "3"),
    "a rate beyond all floats": (
        lambda: TrainingConfig(learning_rate=10**400), ArgumentError, "1000"),
    "evaluated on arrays": (lambda: evaluate(model(), (X, LABELS)), DataError, "ndarray"),
    "evaluated on NaN": (lambda: evaluate(model(), [(NAN, LABELS)]), ArgumentError, "row 4"),
    "labels from 1": (
        lambda: evaluate(model(), loader(y=LABELS + 1)), ArgumentError, "4"),
    "labels below 0": (
        lambda: evaluate(model(), loader(y=LABELS - 1)), ArgumentError, "[-1, -1]"),
    "labels as texts": (
        lambda: evaluate(model(), [(X, ["a"] * 20)]), ArgumentError, "<U1"),
    "no class at all": (lambda: evaluate(model(), loader(), classes=0), ArgumentError, "0"),
    "a forward without return": (
        lambda: evaluate(lambda x: None, loader()), ArgumentError, "None"),
    "experiments with a folder as tracker": (
        lambda: experiments(*[X, LABELS] * 3, tracker="runs"), ArgumentError, "'runs'"),
    "experiments of numbers": (
        lambda: experiments(*[X, LABELS] * 3, configs=[1]), ArgumentError, "1"),
    "experiments on texts": (lambda: experiments(*"abcdef"), ArgumentError, "<U1"),
    "experiments on labels alone": (
        lambda: experiments(*[LABELS, X] * 3), ShapeError, "(20,)"),
    "experiments on a number": (
        lambda: run_experiments([{"num_epochs": 1}], ExperimentTracker(None), data=5),
        DataError, "5"),
    # tracking
    "a named epoch": (
        lambda: ExperimentTracker(None).log_epoch("a", "last", {}), ArgumentError, "'last'"),
    "metrics without names": (
        lambda: ExperimentTracker(None).log_epoch("a", 1, [0.5]), ArgumentError, "[0.5]"),
    "a summary without names": (
        lambda: ExperimentTracker(None).log_summary("a", [0.5]), ArgumentError, "[0.5]"),
    "a tensor in a summary": (
        lambda: ExperimentTracker(None).log_summary("a", {"loss": Tensor(1.0)}),
        ArgumentError, "Tensor"),
    "a number as folder": (lambda: ExperimentTracker(5), ArgumentError, "5"),
    # plots and results
    "no picture": (lambda: plots.plot_images(X, most=0), ArgumentError, "0"),
    "no column": (lambda: plots.plot_first_layer_weights(X, columns=0, side=4), ArgumentError, "0"),
    "probabilities of other images": (
        lambda: plots.plot_misclassified(X, LABELS, (LABELS + 1) % 4, ROWS[:3]),
        ShapeError, "(3, 4)"),
    "predictions beyond the classes": (
        lambda: plots.plot_misclassified(X, LABELS, LABELS + 9, ROWS), ShapeError, "(20, 4)"),
    "counts below 0": (
        lambda: plots.plot_confusion_matrix([[-1, 3], [1, 1]]), ShapeError, "other values"),
    "runs in a list": (lambda: plots.plot_training_curves([1]), ArgumentError, "list"),
    "a run of texts": (
        lambda: plots.plot_training_curves({"a": {"loss": ["x"]}}), ArgumentError, "<U1"),
    "more values than epochs": (
        lambda: plots.plot_training_curves({"a": {"loss": [1, 2], "epoch": [1]}}),
        ShapeError, "(1,)"),
    "summaries in a list": (
        lambda: plots.plot_experiment_comparison([1]), ArgumentError, "list"),
    "gradients in a list": (lambda: plots.plot_gradient_flow([1]), ArgumentError, "list"),
    "a width in quotes": (
        lambda: plots.plot_first_layer_weights(X, side="4"), ArgumentError, "'4'"),
    "a model in place of its class": (
        lambda: results(model_constructor=network()), ArgumentError, "Network"),
    "one layer": (lambda: results(layers=5), ArgumentError, "5"),
    "True trainings": (lambda: results(n_trainings=True), ArgumentError, "True"),
    "a number as a model's name": (
        lambda: ModelResults().add_result(5, 1.0, 0.9), ArgumentError, "5"),
}  # fmt: skip


@pytest.mark.parametrize(("attempt", "kind", "named"), CASES.values(), ids=CASES)
def test_the_error_says_what_was_expected_what_was_found_and_what_to_do(attempt, kind, named):
    with pytest.raises(CourseUtilsError) as caught:
        attempt()
    error = caught.value
    assert type(error) is kind
    assert error.expected
    assert error.mend
    assert named in error.found


def test_a_tensor_in_a_summary_leaves_no_trace(tmp_path):
    tracker = ExperimentTracker(tmp_path)
    tracker.log_summary("a", {"loss": 1.0})
    with pytest.raises(ArgumentError):
        tracker.log_summary("a", {"loss": Tensor(1.0)})
    assert tracker.get_summary("a") == {"loss": 1.0}
    assert json.loads((tmp_path / "a" / "summary.json").read_text()) == {"loss": 1.0}


class TestFiles:
    @pytest.fixture
    def saved(self, tmp_path):
        save_model(model(), tmp_path / "model.npz")
        return tmp_path / "model.npz"

    @pytest.mark.parametrize("part", [0, 0.02, 0.5, 0.9, 0.99])
    def test_a_file_cut_short(self, saved, part):
        whole = saved.read_bytes()
        saved.write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(DataError, match=r"(?s)model.npz cannot be read.*save it again"):
            load_model(model(), saved)

    def test_a_damaged_file(self, saved):
        """Whatever single byte is another one: an error of this library, or the same weights."""
        made = model()
        whole = saved.read_bytes()
        wanted = load_model(model(), saved).state_dict()
        for place in range(0, len(whole), 37):
            damaged = bytearray(whole)
            damaged[place] ^= 0xFF
            saved.write_bytes(damaged)
            try:
                found = load_model(made, saved).state_dict()
            except DataError:
                continue
            for name, array in wanted.items():
                np.testing.assert_array_equal(found[name], array)

    @pytest.mark.parametrize("array", [np.full(4, "a"), np.full(4, 1j)])
    def test_a_file_of_something_else_than_numbers(self, saved, array):
        state = {**model().state_dict(), "2.bias": array}
        np.savez(saved, **state)
        untouched = model()
        before = untouched.state_dict()
        with pytest.raises(DataError, match=rf"2.bias: {array.dtype} instead of numbers"):
            load_model(untouched, saved)
        for name, value in untouched.state_dict().items():
            np.testing.assert_array_equal(value, before[name])

    @pytest.mark.parametrize(
        ("model", "path", "found"),
        [
            (5, "a.npz", "5"),
            ("a.npz", model(), "'a.npz'"),
            (nn.Linear, "a.npz", "Linear"),
            (model(), None, "None"),
            (model(), "", "''"),
            (model(), "a\0b", "a"),
            (model(), b"a.npz", "b'a.npz'"),
        ],
    )
    @pytest.mark.parametrize("function", [save_model, load_model])
    def test_what_is_no_model_or_no_path(self, function, model, path, found):
        with pytest.raises(ArgumentError) as caught:
            function(model, path)
        assert found in caught.value.found

    def test_where_no_file_can_be_written(self, saved, tmp_path):
        for path in (tmp_path, saved / "b.npz"):
            with pytest.raises(DataError, match=r"(?s)cannot be written.*check the path"):
                save_model(model(), path)
        with pytest.raises(DataError, match="cannot be written"):
            ExperimentTracker(saved).log_epoch("a", 1, {"loss": 1.0})
        assert [item.name for item in tmp_path.iterdir()] == ["model.npz"]


def test_one_configuration_is_a_list_of_one(tmp_path):
    tracker = ExperimentTracker(None)
    run_experiments(CONFIG, tracker, data=[X, LABELS] * 3)
    assert tracker.experiments == ["experiment"]


def test_one_learning_rate_is_a_list_of_one():
    results(learning_rates=1.0, n_trainings=1)


def test_names_stand_above_images():
    figure = plots.plot_images(X, ["cat"] * 20)
    assert {ax.get_title() for ax in figure.axes} == {"cat", ""}


def test_images_of_nothing_but_nan_are_drawn_empty():
    assert len(plots.plot_images(np.full((2, 16), np.nan)).axes) == 2
