"""`ModelResults`: what it trains, and the table it shows."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from course_utils import ArgumentError, ModelResults, Network, results

DATA = {
    "training_data": (np.zeros((3, 784)), np.eye(10)[:3]),
    "test_data": (np.ones((2, 784)), np.eye(10)[:2]),
}


class Model:
    """Remembers how it was made and trained; its accuracies are handed in by the test."""

    made: list[Model]
    accuracies: list[float]

    def __init__(self, sizes, **kwargs):
        self.sizes, self.kwargs = sizes, kwargs
        Model.made.append(self)

    def train(self, *args, **kwargs):
        self.args, self.settings = args, kwargs
        return Model.accuracies[len(Model.made) - 1]


@pytest.fixture(autouse=True)
def _new_models():
    Model.made, Model.accuracies = [], [0.5] * 100


def table(model_results, capsys):
    model_results.display_results()
    return [re.split(r"\s{2,}", line) for line in capsys.readouterr().out.splitlines()]


def test_the_table_as_text(capsys):
    model_results = ModelResults()
    for accuracy in (0.9, 0.92, 0.94):
        model_results.add_result("Baseline", 10.0, accuracy)
    for accuracy in (0.969, 0.971, 0.973):
        model_results.add_result("SoftMax", 0.5, accuracy)
    model_results.add_result("Baseline", 100, np.float64(0.11))
    model_results.display_results()
    assert capsys.readouterr().out == (
        "model     lr   accuracy\n"
        "SoftMax   0.5  97.1% ± 0.2 p.p.\n"
        "Baseline  10   92.0% ± 2.0 p.p.\n"  # n - 1 in the denominator: with n it is 1.6
        "Baseline  100  11.0%\n"
    )


def test_an_empty_table(capsys):
    ModelResults().display_results()
    assert capsys.readouterr().out == "model  lr  accuracy\n(no results yet)\n"


def test_equal_means_are_ordered_by_name_and_rate(capsys):
    model_results = ModelResults()
    for name, rate in (("B", 2), ("B", 10), ("A", 3)):
        model_results.add_result(name, rate, 0.5)
    rows = table(model_results, capsys)[1:]
    assert [row[:2] for row in rows] == [["A", "3"], ["B", "2"], ["B", "10"]]


def test_the_table_in_a_notebook(monkeypatch, capsys):
    shown = []
    display = SimpleNamespace(display=shown.append)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(results, "in_notebook", lambda: True)
    model_results = ModelResults()
    model_results.add_result("L2&Momentum<b>", 1.0, 0.971)
    model_results.display_results()
    assert capsys.readouterr().out == ""
    html = shown[0]._repr_html_()
    assert "<td>L2&amp;Momentum&lt;b&gt;</td><td>1</td><td>97.1%</td>" in html
    assert html.index("<th>model</th><th>lr</th><th>accuracy</th>") < html.index("<td>")


def test_clear():
    model_results = ModelResults(**DATA)
    model_results.evaluate_model("A", Model, learning_rates=[1.0], n_trainings=1, momentum=0.2)
    model_results.add_result("A", 1.0, 0.5)
    model_results.add_result("AB", 1.0, 0.5)
    model_results.clear("not there")
    model_results.clear("A(momentum=0.2)")  # by the name in the table
    assert "momentum" not in repr(model_results)
    assert "A " in repr(model_results)
    model_results.evaluate_model("A", Model, learning_rates=[1.0], n_trainings=1, momentum=0.3)
    model_results.clear("A")  # by the name that was given
    assert repr(model_results).splitlines()[1:] == ["AB     1   50.0%"]
    model_results.clear()
    assert "no results yet" in repr(model_results)


def test_each_training_starts_from_a_new_model(capsys):
    Model.accuracies = [0.1, 0.3, 0.7, 0.9]
    model_results = ModelResults(**DATA)
    model_results.evaluate_model("M", Model, learning_rates=(1.0, 10.0), n_trainings=2)
    assert len(Model.made) == 4
    for model, rate in zip(Model.made, (1.0, 1.0, 10.0, 10.0), strict=True):
        assert tuple(model.sizes) == (784, 30, 10)
        assert model.kwargs == {}
        assert model.args == (DATA["training_data"], DATA["test_data"])
        assert model.settings == {"epochs": 10, "mini_batch_size": 100, "learning_rate": rate}
    rows = table(model_results, capsys)[1:]
    assert [row[-1] for row in rows] == ["80.0% ± 14.1 p.p.", "20.0% ± 14.1 p.p."]


def test_the_defaults_are_three_trainings_at_three_rates():
    ModelResults(**DATA).evaluate_model("M", Model)
    rates = [model.settings["learning_rate"] for model in Model.made]
    assert rates == [1.0] * 3 + [10.0] * 3 + [100.0] * 3


def test_shown_names_tell_layers_and_settings():
    model_results = ModelResults(**DATA)
    settings = {"learning_rates": [1.0], "n_trainings": 1}
    model_results.evaluate_model("Plain", Model, [784, 30, 10], **settings)
    model_results.evaluate_model("Deep", Model, [784, 100, 30, 10], **settings)
    model_results.evaluate_model("L2", Model, l2_factor=1e-5, momentum=0.2, **settings)
    model_results.evaluate_model("Both", Model, (784, 9, 10), momentum=0.2, **settings)
    assert Model.made[-1].kwargs == {"momentum": 0.2}
    names = {line.split("  ")[0] for line in repr(model_results).splitlines()[1:]}
    assert names == {
        "Plain",
        "Deep[784,100,30,10]",
        "L2(l2_factor=1e-05,momentum=0.2)",
        "Both[784,9,10](momentum=0.2)",
    }


def test_the_data_is_loaded_once_and_only_when_needed(monkeypatch):
    loads = []
    monkeypatch.setattr(results, "load_mnist", lambda: loads.append(1) or ("a", "b", "c", "d"))
    model_results = ModelResults()
    model_results.add_result("M", 1.0, 0.5)
    assert loads == []
    for _ in range(2):
        model_results.evaluate_model("M", Model, learning_rates=[1.0], n_trainings=1)
    assert loads == [1]
    assert Model.made[-1].args == (("a", "b"), ("c", "d"))


def test_a_network_can_be_evaluated(capsys):
    rng = np.random.default_rng(0)
    data = rng.random((40, 784)), np.eye(10)[rng.integers(0, 10, 40)]
    model_results = ModelResults(training_data=data, test_data=data, epochs=2)
    model_results.evaluate_model("Baseline", Network, learning_rates=[1.0], n_trainings=2)
    (row,) = table(model_results, capsys)[1:]
    assert row[:2] == ["Baseline", "1"]
    assert row[2].endswith(" p.p.")


@pytest.mark.parametrize("accuracy", [-1, -1.0, 1.01, 97.1, float("nan"), None, "0.9", True])
def test_what_is_no_accuracy(accuracy):
    with pytest.raises(ArgumentError, match=r"(?s)from 0 to 1.*found: .*per cent"):
        ModelResults().add_result("M", 1.0, accuracy)


@pytest.mark.parametrize("rate", [None, "1", float("nan"), [1.0]])
def test_what_is_no_learning_rate(rate):
    with pytest.raises(ArgumentError, match="not a learning rate"):
        ModelResults().add_result("M", rate, 0.5)
    with pytest.raises(ArgumentError, match="not a learning rate"):
        ModelResults(**DATA).evaluate_model("M", Model, learning_rates=[1.0, rate])
    assert Model.made == []  # said before the first training, not after it


def test_a_model_whose_training_returns_nothing():
    Model.accuracies = [None]
    with pytest.raises(ArgumentError, match=r"(?s)result of M is not an accuracy.*found: None"):
        ModelResults(**DATA).evaluate_model("M", Model)


@pytest.mark.parametrize("n_trainings", [0, -1, 1.5])
def test_a_number_of_trainings_that_is_none(n_trainings):
    with pytest.raises(ArgumentError, match="n_trainings"):
        ModelResults(**DATA).evaluate_model("M", Model, n_trainings=n_trainings)


@pytest.mark.parametrize("name", list(DATA))
def test_half_of_the_data(name):
    with pytest.raises(ArgumentError, match=f"found: {name} alone"):
        ModelResults(**{name: DATA[name]})
