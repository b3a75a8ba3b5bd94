"""The plots: what is drawn where, that nothing is cut off, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from course_utils import plots
from course_utils.errors import ArgumentError, ShapeError
from course_utils.nn import CrossEntropyLoss, Linear, ReLU, Sequential


@pytest.fixture(autouse=True)
def _closed_figures():
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    yield
    plt.close("all")


def assert_nothing_is_cut_off(figure):
    """All that is drawn lies inside the figure's borders."""
    figure.canvas.draw()
    drawn = figure.get_tightbbox()  # in inches
    width, height = figure.get_size_inches()
    assert drawn.x0 >= -0.02
    assert drawn.y0 >= -0.02
    assert drawn.x1 <= width + 0.02
    assert drawn.y1 <= height + 0.02


def history(epochs=20, **columns):
    frame = {"epoch": np.arange(1, epochs + 1)}
    return pd.DataFrame(
        {**frame, **{name: np.linspace(start, 0.1, epochs) for name, start in columns.items()}}
    )


class TestCurves:
    def test_training_is_dashed_and_validation_solid_in_one_colour(self):
        run = history(train_loss=2.0, val_loss=1.5)
        ax = plots.plot_training_curves({"a": run, "b": run})
        lines = {line.get_gid(): line for line in ax.get_lines()}
        assert set(lines) == {"a/train_loss", "a/val_loss", "b/train_loss", "b/val_loss"}
        assert lines["a/train_loss"].get_linestyle() == "--"
        assert lines["a/val_loss"].get_linestyle() == "-"
        assert lines["a/train_loss"].get_color() == lines["a/val_loss"].get_color()
        assert lines["a/val_loss"].get_color() != lines["b/val_loss"].get_color()
        legend = [text.get_text() for text in ax.get_legend().get_texts()]
        assert legend == ["a", "b", "training", "validation"]
        np.testing.assert_array_equal(lines["b/val_loss"].get_ydata(), run["val_loss"])

    def test_accuracies_are_in_per_cent_and_lists_count_epochs_from_one(self):
        ax = plots.plot_training_curves({"a": {"val_accuracy": [0.5, 0.75]}}, "val_accuracy")
        (line,) = ax.get_lines()
        assert line.get_xydata().tolist() == [[1, 50], [2, 75]]
        assert ax.get_ylabel() == "validation accuracy (%)"
        assert ax.get_xlabel() == "epoch"

    def test_epochs_have_whole_numbers(self):
        ax = plots.plot_training_curves({"a": {"val_loss": [1.0, 0.5]}}, "val_loss")
        assert all(float(tick).is_integer() for tick in ax.get_xticks())

    def test_many_runs_differ_in_colour_or_marker(self):
        runs = {f"run_{place}": history(val_loss=1.0 + place) for place in range(15)}
        ax = plots.plot_training_curves(runs, "val_loss")
        looks = {(line.get_color(), line.get_marker()) for line in ax.get_lines()}
        assert len(looks) == 15
        assert_nothing_is_cut_off(ax.figure)

    def test_a_logarithmic_axis_has_plain_numbers(self):
        ax = plots.plot_training_curves({"a": history(val_loss=2.0)}, "val_loss", log=True)
        ax.figure.canvas.draw()
        assert ax.get_yscale() == "log"
        assert "0.5" in [label.get_text() for label in ax.get_yticklabels()]

    def test_it_draws_where_it_is_told(self):
        import matplotlib.pyplot as plt

        _, (left, right) = plt.subplots(1, 2)
        run = {"a": history(val_loss=1.0)}
        assert plots.plot_training_curves(run, "val_loss", ax=right) is right
        assert not left.get_lines()

    def test_a_metric_that_is_not_there_is_refused_with_those_that_are(self):
        with pytest.raises(ArgumentError) as error:
            plots.plot_training_curves({"a": history(val_loss=1.0)}, "f1")
        assert error.value.expected == "one of val_loss"


class TestConfusion:
    MATRIX = ((50, 3), (0, 47))

    def test_rows_are_true_and_columns_answers(self):
        ax = plots.plot_confusion_matrix(self.MATRIX, title="softmax")
        texts = {
            (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text()
            for text in ax.texts
        }
        assert texts == {(0, 0): "50", (0, 1): "3", (1, 1): "47"}
        assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "answer of the model")
        assert ax.get_title() == "softmax: 97.00 % of 100 right"

    def test_mistakes_are_coloured_by_their_share_of_the_true_class(self):
        ax = plots.plot_confusion_matrix([[90, 10], [10, 10]])
        mistakes = ax.images[1].get_array()
        assert mistakes.mask.tolist() == [[True, False], [False, True]]
        assert mistakes[0, 1] == 10
        assert mistakes[1, 0] == 50

    def test_names_and_a_perfect_matrix(self):
        ax = plots.plot_confusion_matrix(np.eye(3, dtype=int), names=["a", "b", "c"])
        assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
        assert_nothing_is_cut_off(ax.figure)

    @pytest.mark.parametrize("matrix", [[1, 2], [[1, 2, 3]], [[0, 0], [0, 0]]])
    def test_what_is_no_confusion_matrix_is_refused(self, matrix):
        with pytest.raises(ShapeError, match="no confusion matrix"):
            plots.plot_confusion_matrix(matrix)

    def test_names_that_do_not_fit_are_refused(self):
        with pytest.raises(ShapeError, match="names do not fit"):
            plots.plot_confusion_matrix(self.MATRIX, names=["a"])


SUMMARIES = {
    "middle": {"test_accuracy": 0.9, "test_images": 10_000, "train_seconds": 30.0},
    "best": {"test_accuracy": 0.95, "test_images": 10_000, "train_seconds": 60.0},
    "worst": {"test_accuracy": 0.5, "test_images": 10_000, "train_seconds": 10.0},
    "unfinished": {},
}


class TestComparison:
    def names(self, ax):
        """Return the experiments from bottom to top."""
        return [label.get_text() for label in ax.get_yticklabels()]

    def test_the_best_is_on_top_in_per_cent_with_its_sampling_error(self):
        ax = plots.plot_experiment_comparison(SUMMARIES)
        assert self.names(ax) == ["worst", "middle", "best"]
        np.testing.assert_allclose(ax.get_lines()[0].get_xdata(), [50, 90, 95])
        bars = ax.collections[0].get_segments()
        np.testing.assert_allclose(
            [bar[1, 0] - bar[0, 0] for bar in bars], [1.0, 0.6, 2 * np.sqrt(0.95 * 0.05)]
        )
        assert ax.get_xlabel() == "test accuracy (%), ± sampling error"
        assert [text.get_text() for text in ax.texts] == ["50.00", "90.00", "95.00"]
        assert_nothing_is_cut_off(ax.figure)

    def test_the_quickest_is_on_top(self):
        ax = plots.plot_experiment_comparison(SUMMARIES, "train_seconds")
        assert self.names(ax) == ["best", "middle", "worst"]
        assert ax.get_xlabel() == "training time (s)"

    def test_one_experiment_alone_can_be_drawn(self):
        ax = plots.plot_experiment_comparison({"a": {"train_seconds": 0.0}}, "train_seconds")
        assert self.names(ax) == ["a"]

    def test_a_metric_that_is_not_there_is_refused_with_those_that_are(self):
        with pytest.raises(ArgumentError) as error:
            plots.plot_experiment_comparison(SUMMARIES, "f1")
        assert error.value.expected == "one of test_accuracy, test_images, train_seconds"


class TestImages:
    def test_rows_of_pixels_become_squares_in_their_place(self):
        images = np.zeros((3, 784))
        images[1, 28 * 2 + 5] = 1.0  # row 2, column 5
        figure = plots.plot_images(images, [7, 1, 3])
        shown = [ax.images[0].get_array() for ax in figure.axes]
        assert shown[1][2, 5] == 1.0
        assert shown[1].sum() == 1.0
        assert [ax.get_title() for ax in figure.axes] == ["7", "1", "3"]

    def test_all_images_share_one_scale(self):
        figure = plots.plot_images(np.stack([np.full((2, 2), 0.2), np.full((2, 2), 0.9)]))
        assert {ax.images[0].get_clim() for ax in figure.axes} == {(0.2, 0.9)}

    def test_one_hot_labels_are_shown_as_digits(self):
        figure = plots.plot_images(np.zeros((2, 4)), np.eye(10)[[3, 8]])
        assert [ax.get_title() for ax in figure.axes] == ["3", "8"]

    def test_a_large_batch_is_cut_and_the_figure_says_so(self):
        figure = plots.plot_images(np.zeros((1000, 4)), most=10, columns=4)
        assert figure.get_suptitle() == "the first 10 of 1,000"
        assert sum(bool(ax.images) for ax in figure.axes) == 10
        assert_nothing_is_cut_off(figure)

    @pytest.mark.parametrize("shape", [(784,), (5, 783), (0, 784), (2, 2, 2, 2)])
    def test_what_are_no_images_is_refused(self, shape):
        with pytest.raises(ShapeError, match="not images"):
            plots.plot_images(np.zeros(shape))

    def test_labels_that_do_not_fit_are_refused(self):
        with pytest.raises(ShapeError, match="labels do not fit"):
            plots.plot_images(np.zeros((2, 4)), [1])


class TestMisclassified:
    IMAGES = np.arange(4)[:, np.newaxis] * np.ones((4, 9))

    def test_only_mistakes_are_shown_with_truth_and_answer(self):
        figure = plots.plot_misclassified(self.IMAGES, [0, 1, 2, 3], [0, 7, 2, 5])
        assert [ax.get_title() for ax in figure.axes] == ["1 taken for 7", "3 taken for 5"]
        assert [ax.images[0].get_array()[0, 0] for ax in figure.axes] == [1, 3]
        assert figure.get_suptitle() == "2 of 4 wrong"
        assert_nothing_is_cut_off(figure)

    def test_the_most_certain_mistake_comes_first(self):
        probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
        figure = plots.plot_misclassified(
            self.IMAGES, [0, 1, 0, 0], [0, 0, 1, 1], probabilities, most=2
        )
        assert [ax.get_title() for ax in figure.axes] == [
            "0 taken for 1\n80 % sure",
            "0 taken for 1\n70 % sure",
        ]
        assert figure.get_suptitle() == "3 of 4 wrong, the first 2 of 3"

    def test_without_a_mistake_there_is_nothing_to_show(self):
        with pytest.raises(ArgumentError, match="no mistake"):
            plots.plot_misclassified(self.IMAGES, [0, 1, 2, 3], [0, 1, 2, 3])

    def test_what_does_not_fit_is_refused(self):
        with pytest.raises(ShapeError, match="do not fit each other"):
            plots.plot_misclassified(self.IMAGES, [0, 1, 2], [0, 1, 2])


class TestWeights:
    def test_each_unit_is_a_picture_around_zero(self):
        model = Sequential(Linear(784, 3), ReLU(), Linear(3, 10))
        figure = plots.plot_first_layer_weights(model)
        pictures = [ax for ax in figure.axes if ax.get_title()]
        assert [ax.get_title() for ax in pictures] == ["unit 0", "unit 1", "unit 2"]
        np.testing.assert_array_equal(
            pictures[2].images[0].get_array(), model[0].weight.data[2].reshape(28, 28)
        )
        low, high = pictures[0].images[0].get_clim()
        assert low == -high
        assert_nothing_is_cut_off(figure)

    def test_weights_stored_the_other_way_round_are_understood(self):
        weights = default_rng(0).normal(size=(784, 2))
        figure = plots.plot_first_layer_weights(weights)
        np.testing.assert_array_equal(
            figure.axes[1].images[0].get_array(), weights[:, 1].reshape(28, 28)
        )

    def test_weights_of_zero_can_be_drawn(self):
        plots.plot_first_layer_weights(np.zeros((1, 784))).canvas.draw()

    def test_what_is_no_picture_is_refused(self):
        with pytest.raises(ShapeError, match="cannot be shown as images"):
            plots.plot_first_layer_weights(np.zeros((5, 30)))


class TestGradients:
    def test_bars_are_means_and_points_the_largest(self):
        ax = plots.plot_gradient_flow({"first": [[-2.0, 0.0]], "second": [[0.1, 0.3]]})
        np.testing.assert_allclose([bar.get_height() for bar in ax.patches], [1.0, 0.2])
        np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), [2.0, 0.3])
        assert ax.get_yscale() == "log"
        assert [label.get_text() for label in ax.get_xticklabels()] == ["first", "second"]
        assert_nothing_is_cut_off(ax.figure)

    def test_the_weights_of_a_model_are_taken_and_not_its_biases(self):
        model = Sequential(Linear(4, 3), ReLU(), Linear(3, 2))
        CrossEntropyLoss()(model(default_rng(0).normal(size=(5, 4))), [0, 1, 0, 1, 1]).backward()
        ax = plots.plot_gradient_flow(model)
        assert [label.get_text() for label in ax.get_xticklabels()] == ["0.weight", "2.weight"]
        means = [np.abs(model[place].weight.grad.data).mean() for place in (0, 2)]
        np.testing.assert_allclose([bar.get_height() for bar in ax.patches], means, rtol=1e-6)

    def test_gradients_of_zero_or_nan_are_written_not_hidden(self):
        ax = plots.plot_gradient_flow({"a": [1.0], "dead": [0.0], "exploded": [np.nan, 1.0]})
        ax.figure.canvas.draw()
        assert [text.get_text() for text in ax.texts] == ["0", "nan"]

    def test_a_model_before_backward_is_told_so(self):
        with pytest.raises(ArgumentError, match="call backward"):
            plots.plot_gradient_flow(Sequential(Linear(4, 3)))


def test_importing_the_plots_does_not_import_matplotlib():
    slow = ["matplotlib", "pandas", "sklearn", "scipy", "tqdm"]
    code = (
        "import sys, course_utils.plots, course_utils.tracking, course_utils.training; "
        f"print([m for m in {slow} if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
