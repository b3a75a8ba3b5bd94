"""Hidden checks of lab 1.

The expected values come from here, and in another way than a student's: probabilities one by
one from the definition, and gradients from the loss alone, written as a loop over images.

Tolerances. A right answer in float64 agrees to about 1e-12. Some students compute in float32,
which keeps seven digits, and sums over a batch lose one or two of them. So values are compared to
1e-4 of their size. The mildest named fault is wrong by several per cent.
"""

import math
from itertools import pairwise

import numpy as np

from autograder.checks import check, close, expect, forbid, gradients, probe, reference

NEAR = {"rtol": 1e-4, "atol": 1e-7}


# ------------------------------------------------------------------- shortcuts

# From exercise 3 on the notebook itself uses the library's softmax.
forbid(
    "stable_softmax",
    "course_utils.stable_softmax",
    "course_utils.functions.stable_softmax",
    "course_utils.functions.log_softmax",
    "scipy.special.softmax",
    "scipy.special.log_softmax",
    "sklearn.utils.extmath.softmax",
    "torch.softmax",
    "torch.log_softmax",
    "torch.special.softmax",
    "torch.special.log_softmax",
    "torch.Tensor.softmax",
    "torch.Tensor.log_softmax",
    "torch.nn.functional.softmax",
    "torch.nn.functional.log_softmax",
    "torch.nn.Softmax",
    "torch.nn.LogSoftmax",
    says="This exercise asks you to write softmax yourself, with exponentials and sums.",
)

AUTOGRAD = (
    "torch.Tensor.backward",
    "torch.autograd.backward",
    "torch.autograd.grad",
    "torch.func.grad",
)
LIBRARY_GRADIENTS = (
    "course_utils.Network.backprop",
    "course_utils.network.Network.backprop",
    "__main__.numerical_gradient",
    *AUTOGRAD,
)
forbid(
    "backprop",
    *LIBRARY_GRADIENTS,
    says="This exercise asks you to write the backward pass yourself, with the four equations.",
)
forbid(
    "task1",
    *LIBRARY_GRADIENTS,
    "torch.nn.functional.cross_entropy",
    says="This exercise asks you to write both passes of the network yourself.",
)
forbid(
    "dropout",
    *LIBRARY_GRADIENTS,
    "torch.nn.functional.dropout",
    "torch.nn.Dropout",
    says="This exercise asks you to draw the masks and write the backward pass yourself.",
)
for optimizer in ("task2", "adamw", "adagrad"):
    forbid(
        optimizer,
        "torch.optim.Optimizer",
        "torch.optim.SGD",
        "torch.optim.Adam",
        "torch.optim.AdamW",
        "torch.optim.Adagrad",
        says="This exercise asks you to write the learning step yourself.",
    )


# ------------------------------------------------------------------ references


@reference
def softmax(logits, axis=-1):
    """Return softmax entry by entry: p_k = 1 / sum_j exp(z_j - z_k)."""
    rows = np.moveaxis(np.asarray(logits, dtype=float), axis, -1)
    chances = np.empty_like(rows)
    for place in np.ndindex(rows.shape[:-1]):
        for k, logit in enumerate(rows[place]):
            # Past 700 the exponential overflows, and the chance is 0 to all digits.
            gaps = [min(other - logit, 700.0) for other in rows[place]]
            chances[(*place, k)] = 1.0 / sum(math.exp(gap) for gap in gaps)
    return np.moveaxis(chances, -1, axis)


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


def squared_error(weights, biases, x, y):
    """Return the mean squared error of sigmoid layers, image by image."""
    total = 0.0
    for image, target in zip(x, y, strict=True):
        a = image
        for w, b in zip(weights, biases, strict=True):
            a = logistic(w @ a + b)
        total = total + np.sum((a - target) ** 2)
    return total / y.size


def logits_of(weights, biases, image, masks=()):
    """Return the logits of one image; each mask multiplies one hidden layer."""
    a = image
    for layer, (w, b) in enumerate(zip(weights[:-1], biases[:-1], strict=True)):
        a = logistic(w @ a + b)
        if masks:
            a = a * masks[layer]
    return weights[-1] @ a + biases[-1]


def cross_entropy(weights, biases, x, y, masks=()):
    """Return the mean cross-entropy of a softmax output, image by image."""
    total = 0.0
    for n, (image, target) in enumerate(zip(x, y, strict=True)):
        z = logits_of(weights, biases, image, [mask[n] for mask in masks])
        total = total - np.sum(target * z) + np.log(np.sum(np.exp(z)))
    return total / len(x)


@reference
def squared_error_gradients(weights, biases, x, y):
    return gradients(lambda w, b: squared_error(w, b, x, y), weights, biases)


@reference
def cross_entropy_gradients(weights, biases, x, y, masks=()):
    return gradients(lambda w, b: cross_entropy(w, b, x, y, masks), weights, biases)


# ---------------------------------------------------------------------- inputs


def draw_parameters(rng, sizes):
    pairs = list(pairwise(sizes))
    weights = [rng.normal(size=(n_out, n_in)) for n_in, n_out in pairs]
    biases = [rng.normal(size=n_out) for _, n_out in pairs]
    return weights, biases


def draw_labels(rng, batch, classes):
    return np.eye(classes)[rng.integers(classes, size=batch)]


def a_network(student, name, rng, sizes):
    """Return a network of the student's class with known parameters, and these."""
    weights, biases = draw_parameters(rng, sizes)
    network = getattr(student, name)(sizes)
    network.weights = weights
    network.biases = biases
    return network, weights, biases


def shapes_of(found):
    """Return the shapes of (grads_w, grads_b), or None where they are not lists of arrays."""
    if not (isinstance(found, (tuple, list)) and len(found) == 2):
        return None
    for part in found:
        if not isinstance(part, (tuple, list)):
            return None
        if not all(isinstance(gradient, np.ndarray) for gradient in part):
            return None
    return tuple([gradient.shape for gradient in part] for part in found)


def close_gradients(found, expected, hint, names=("grads_w", "grads_b")):
    expect(
        isinstance(found, (tuple, list)) and len(found) == 2,
        "backprop does not return two things",
        "Return grads_w and grads_b, two lists.",
    )
    for name, ours, right in zip(names, found, expected, strict=True):
        close(ours, right, what=name, hint=hint, **NEAR)


# -------------------------------------------------------------- stable_softmax


@check("stable_softmax", points=3)
def follows_the_definition(student, rng):
    """Each row of a batch becomes its own probabilities, as the formula says."""
    logits = rng.normal(scale=2, size=(4, 7))
    close(
        student.stable_softmax(logits),
        softmax(logits),
        hint="Each row is divided by its own sum of exponentials.",
        **NEAR,
    )


@check("stable_softmax", points=3)
def works_along_any_axis(student, rng):
    """Arrays of one or three dimensions work, along whichever axis is asked for."""
    stable_softmax = student.stable_softmax
    line = rng.normal(size=5)
    close(stable_softmax(line), softmax(line), what="softmax of one row", **NEAR)
    block = rng.normal(size=(2, 3, 4))
    for axis in (0, 1, 2, -2):
        close(
            stable_softmax(block, axis=axis),
            softmax(block, axis),
            what=f"softmax along axis {axis}",
            hint="The maximum and the sum both run along the axis that is asked for.",
            **NEAR,
        )


@check("stable_softmax", points=4)
def large_logits_stay_finite(student, rng):
    """Logits around a million, and around minus a million, give the right probabilities."""
    hint = "No exponent should be above 0. What can you subtract without changing the result?"
    stable_softmax = student.stable_softmax
    # Whole numbers, so that float32 holds them exactly too.
    steps = rng.integers(-4, 5, size=(4, 6)).astype(float)
    for middle in (1e6, -1e6):
        logits = middle + steps
        what = f"softmax of logits around {middle:g}"
        close(stable_softmax(logits), softmax(logits), what=what, hint=hint, **NEAR)
    wide = np.array([[1e6, 0.0, -1e6, 1e6 - 2], [-1e6, 3.0, 1.0, -5.0]])
    what = "softmax of logits that are far apart"
    close(stable_softmax(wide), softmax(wide), what=what, hint=hint, **NEAR)


@check("stable_softmax", points=3)
def each_row_has_its_own_shift(student, rng):
    """Rows of very different size, in one batch, do not disturb each other."""
    logits = rng.integers(-4, 5, size=(3, 5)) + np.array([[-1e5], [0.0], [1e5]])
    close(
        student.stable_softmax(logits),
        softmax(logits),
        hint="Look at the row with the smallest logits: how far are they below what you subtract?",
        **NEAR,
    )


@probe
def logits_after_softmax(student, logits):
    student.stable_softmax(logits)
    return logits


@check("stable_softmax", points=2)
def logits_are_left_alone(student, rng):
    """The array that comes in is unchanged afterwards."""
    logits = rng.normal(size=(3, 4))
    after = student.run(logits_after_softmax, logits)
    expect(
        np.array_equal(after, logits),
        "the input had other values after the call",
        "`x -= m` writes into the caller's array; `x - m` makes a new one.",
    )


# -------------------------------------------------------------------- backprop


@check("backprop", points=3)
def gradients_have_the_right_shapes(student, rng):
    """There is one gradient for each weight array and bias array, in order, of the same shape."""
    sizes = (6, 5, 4, 3)
    network, weights, biases = a_network(student, "Network", rng, sizes)
    found = network.backprop(rng.normal(size=(7, 6)), draw_labels(rng, 7, 3))
    expect(
        isinstance(found, (tuple, list)) and len(found) == 2,
        "backprop does not return two things",
        "Return grads_w and grads_b, two lists.",
    )
    both = zip(("grads_w", "grads_b"), found, (weights, biases), strict=True)
    for name, ours, parameters in both:
        expect(
            isinstance(ours, (list, tuple)) and len(ours) == len(parameters),
            f"{name} is not a list of {len(parameters)} arrays, one for each layer",
        )
        for layer, (one, parameter) in enumerate(zip(ours, parameters, strict=True)):
            seen = one.shape if isinstance(one, np.ndarray) else type(one).__name__
            expect(
                seen == parameter.shape,
                f"{name}[{layer}] is {seen}, but what it is the gradient of has shape "
                f"{parameter.shape}",
                "A gradient has the shape of its parameter. Write the shapes beside your lines.",
            )


@check("backprop", points=6)
def output_layer_is_right(student, rng):
    """With a single layer both gradients are those of the mean squared error."""
    network, weights, biases = a_network(student, "Network", rng, (5, 3))
    x, y = rng.normal(size=(4, 5)), 2 * rng.normal(size=(4, 3))
    close_gradients(
        network.backprop(x, y),
        squared_error_gradients(weights, biases, x, y),
        hint="One delta gives both: the cost derivative times the slope of the sigmoid.",
    )


@check("backprop", points=7)
def all_layers_are_right(student, rng):
    """With three layers of different sizes all gradients are those of the mean squared error."""
    network, weights, biases = a_network(student, "Network", rng, (6, 5, 4, 3))
    x, y = rng.normal(size=(7, 6)), 3 * rng.normal(size=(7, 3))
    close_gradients(
        network.backprop(x, y),
        squared_error_gradients(weights, biases, x, y),
        hint="The last entry of each list is the output layer. Which is the first that is wrong, "
        "seen from there?",
    )


@check("backprop", points=4)
def each_layer_uses_its_own_arrays(student, rng):
    """Layers of one size, where no shape gives a mix-up away, are not mixed up."""
    network, weights, biases = a_network(student, "Network", rng, (4, 4, 4, 4))
    x, y = rng.normal(size=(4, 4)), 3 * rng.normal(size=(4, 4))
    close_gradients(
        network.backprop(x, y),
        squared_error_gradients(weights, biases, x, y),
        hint="Going down from a layer, take the weights of that layer as they are, and the slope "
        "at what came into it.",
    )


def single_image_mean(backprop, x, y):
    """Return the mean of the gradients that `backprop` gives for one image at a time."""
    hint = "Return grads_w and grads_b: two lists, one array for each layer."
    singles = []
    for n in range(len(x)):
        found = backprop(x[n : n + 1], y[n : n + 1])
        expect(shapes_of(found), "backprop does not return two lists of arrays", hint)
        singles.append(found)
    return tuple(
        [np.mean(group, axis=0) for group in zip(*(one[part] for one in singles), strict=True)]
        for part in (0, 1)
    )


@check("backprop", points=3)
def a_batch_gives_the_mean(student, rng):
    """The gradient of a batch is the mean of the gradients of its images."""
    network, _, _ = a_network(student, "Network", rng, (5, 4, 3))
    backprop = network.backprop
    x, y = rng.normal(size=(6, 5)), 3 * rng.normal(size=(6, 3))
    close_gradients(
        backprop(x, y),
        single_image_mean(backprop, x, y),
        hint="The division by the batch size must happen once. `cost_derivative` has it already.",
    )


@probe
def all_after_backprop(student, name, sizes, weights, biases, x, y):
    network = getattr(student, name)(sizes)
    network.weights, network.biases = weights, biases
    network.backprop(x, y)
    return [x, y, *network.weights, *network.biases]


@check("backprop", points=2)
def backprop_only_computes(student, rng):
    """Weights, biases, images and labels are unchanged after backprop."""
    sizes = (5, 4, 3)
    weights, biases = draw_parameters(rng, sizes)
    x, y = rng.normal(size=(6, 5)), draw_labels(rng, 6, 3)
    after = student.run(all_after_backprop, "Network", sizes, weights, biases, x, y)
    names = ["x", "y", "weights[0]", "weights[1]", "biases[0]", "biases[1]"]
    expect(len(after) == len(names), "weights and biases were more or fewer after backprop")
    for name, now, before in zip(names, after, [x, y, *weights, *biases], strict=True):
        expect(
            np.array_equal(now, before),
            f"{name} had other values after backprop",
            "backprop returns gradients; learning_step moves the weights. Mind `-=` and `*=`.",
        )


# ----------------------------------------------------------------------- task1


@check("task1", points=4)
def outputs_are_softmax(student, rng):
    """The outputs are the softmax of the last layer's sums; hidden layers are sigmoids."""
    network, weights, biases = a_network(student, "Task1", rng, (6, 5, 4, 3))
    x = rng.normal(size=(7, 6))
    logits = np.array([logits_of(weights, biases, image) for image in x])
    close(
        network.feedforward(x),
        softmax(logits),
        what="feedforward",
        hint="Softmax takes the place of the sigmoid, on the last layer only, for each image.",
        **NEAR,
    )


@check("task1", points=3)
def large_sums_stay_finite(student, rng):
    """Very large weights still give probabilities."""
    network = student.Task1((4, 3))
    weights = 1000.0 * rng.integers(-9, 10, size=(3, 4))
    biases = rng.integers(-9, 10, size=3).astype(float)
    network.weights, network.biases = [weights], [biases]
    x = rng.integers(-3, 4, size=(5, 4)).astype(float)
    close(
        network.feedforward(x),
        softmax(x @ weights.T + biases),
        what="feedforward",
        hint="Use the stable softmax.",
        **NEAR,
    )


@check("task1", points=6)
def output_gradient_is_right(student, rng):
    """With a single layer both gradients are those of the mean cross-entropy."""
    network, weights, biases = a_network(student, "Task1", rng, (5, 3))
    x, y = rng.normal(size=(4, 5)), draw_labels(rng, 4, 3)
    close_gradients(
        network.backprop(x, y),
        cross_entropy_gradients(weights, biases, x, y),
        hint="Look at step 4 of the derivation. Nothing else multiplies the first delta.",
    )


@check("task1", points=7)
def hidden_gradients_are_right(student, rng):
    """With three layers of different sizes all gradients are those of the mean cross-entropy."""
    network, weights, biases = a_network(student, "Task1", rng, (6, 5, 4, 3))
    x, y = rng.normal(size=(7, 6)), draw_labels(rng, 7, 3)
    close_gradients(
        network.backprop(x, y),
        cross_entropy_gradients(weights, biases, x, y),
        hint="Below the last layer nothing differs from exercise 2.",
    )


@check("task1", points=3)
def loss_is_the_mean_over_the_batch(student, rng):
    """The gradient of a batch is the mean of the gradients of its images."""
    network, _, _ = a_network(student, "Task1", rng, (5, 4, 3))
    backprop = network.backprop
    x, y = rng.normal(size=(6, 5)), draw_labels(rng, 6, 3)
    close_gradients(
        backprop(x, y),
        single_image_mean(backprop, x, y),
        hint="Divide by the number of images, once.",
    )


@check("task1", points=2)
def certain_outputs_have_gradients(student, rng):
    """The gradient is right where the right class has a probability that is stored as 0."""
    network = student.Task1((3, 3))
    network.weights = [1000.0 * np.eye(3)]
    network.biases = [np.zeros(3)]
    x = np.eye(3)[rng.permutation(3)]
    y = np.roll(x, 1, axis=1)  # each time another class than the one it is sure of
    # Softmax is one-hot here, so over the logits each image has the gradient x - y.
    delta = (x - y) / 3
    close_gradients(
        network.backprop(x, y),
        ([delta.T @ x], [delta.sum(axis=0)]),
        hint="Do not divide by a probability. The derivation shows what remains when it cancels.",
    )


# ----------------------------------------------------- optimizers: one probe


@probe
def steps_with_known_gradients(student, name, settings, starts, steps):
    """Take steps with gradients that are handed in; return the parameters after each."""

    class Known(getattr(student, name)):
        def backprop(self, x, y):
            # 1 for the images and labels below, and -1 if they come in the wrong order.
            sign = np.mean(x) - np.mean(y)
            return [sign * g for g in self.known[0]], [sign * g for g in self.known[1]]

    models = []
    for weights, biases in starts:
        sizes = (weights[0].shape[1], *[len(b) for b in biases])
        model = Known(sizes, **settings)
        model.weights, model.biases = [w.copy() for w in weights], [b.copy() for b in biases]
        models.append(model)
    x, y = np.ones((4, sizes[0])), np.zeros((4, sizes[-1]))
    path = []
    for which, grads_w, grads_b, rate in steps:
        models[which].known = grads_w, grads_b
        models[which].learning_step(x, y, rate)
        path.append([p.copy() for p in [*models[which].weights, *models[which].biases]])
    return path


SIZES = (5, 4, 3)


class Walk:
    """A start, and some gradients and learning rates, for one model."""

    def __init__(self, rng, steps, scale=1.0, rates=None):
        self.weights, self.biases = draw_parameters(rng, SIZES)
        # Away from 0, where the order of eps and the root would matter.
        shapes = [p.shape for p in self.start]
        signs = [[rng.choice([-1.0, 1.0], size=s) for s in shapes] for _ in range(steps)]
        self.grads = [[scale * sign * rng.uniform(0.5, 2, sign.shape) for sign in g] for g in signs]
        self.rates = list(rng.uniform(0.1, 0.4, size=steps)) if rates is None else rates

    @property
    def start(self):
        return [*self.weights, *self.biases]

    def steps(self, which=0):
        layers = len(self.weights)
        return [
            (which, g[:layers], g[layers:], float(rate))
            for g, rate in zip(self.grads, self.rates, strict=True)
        ]

    def taken(self, student, name, **settings):
        """Return what the student's class makes of this walk, step by step."""
        starts = [(self.weights, self.biases)]
        return student.run(steps_with_known_gradients, name, settings, starts, self.steps())


def close_parameters(found, expected, when, hint, only=slice(None)):
    names = ["weights[0]", "weights[1]", "biases[0]", "biases[1]"]
    expect(len(found) == len(names), f"weights and biases were more or fewer {when}")
    parts = list(zip(names, found, expected, strict=True))[only]
    for name, ours, right in parts:
        close(ours, right, what=f"{name} {when}", hint=hint, **NEAR)


WEIGHTS, BIASES = slice(0, 2), slice(2, 4)


# ----------------------------------------------------------------------- task2


@check("task2", points=3)
def a_plain_step_is_gradient_descent(student, rng):
    """Without L2 and momentum a step is the learning rate times the gradient, downhill."""
    walk = Walk(rng, steps=1)
    after = walk.taken(student, "Task2", l2_factor=0.0, momentum=0.0)[0]
    expected = [p - walk.rates[0] * g for p, g in zip(walk.start, walk.grads[0], strict=True)]
    hint = "In the first step the velocity is the gradient."
    close_parameters(after, expected, "after one step", hint)


def velocity(grads, t, momentum):
    """Return the velocity of step t: all gradients so far, each aged by momentum."""
    return [
        sum(momentum ** (t - i) * grads[i][part] for i in range(t + 1))
        for part in range(len(grads[0]))
    ]


@check("task2", points=5)
def velocity_lasts_from_step_to_step(student, rng):
    """Over four steps, with changing learning rates, the velocity builds up as the formula says."""
    walk, momentum = Walk(rng, steps=4), 0.7
    path = walk.taken(student, "Task2", l2_factor=0.0, momentum=momentum)
    expected = walk.start
    for t, after in enumerate(path):
        v = velocity(walk.grads, t, momentum)
        expected = [p - walk.rates[t] * one for p, one in zip(expected, v, strict=True)]
        close_parameters(
            after,
            expected,
            f"after step {t + 1}",
            "The velocity is kept on the model, and takes the gradient in full. The learning rate "
            "is no part of it.",
        )


@check("task2", points=3)
def l2_pulls_on_the_weights(student, rng):
    """L2 adds l2_factor times the weights to their gradient."""
    walk, l2_factor = Walk(rng, steps=1), 0.6
    after = walk.taken(student, "Task2", l2_factor=l2_factor, momentum=0.0)[0]
    rate = walk.rates[0]
    expected = [
        p - rate * g - rate * l2_factor * p for p, g in zip(walk.start, walk.grads[0], strict=True)
    ]
    hint = "The text gives the gradient of the penalty: one factor, and the weights."
    close_parameters(after, expected, "after one step", hint, only=WEIGHTS)


@check("task2", points=3)
def l2_leaves_biases_alone(student, rng):
    """With gradients of zero, L2 alone moves no bias."""
    walk = Walk(rng, steps=2, scale=0.0)
    path = walk.taken(student, "Task2", l2_factor=0.6, momentum=0.5)
    hint = "The penalty is a sum over weights."
    close_parameters(path[-1], walk.start, "after two steps", hint, only=BIASES)


@check("task2", points=2)
def l2_goes_through_the_velocity(student, rng):
    """L2 and momentum together: the pull of L2 is part of the velocity."""
    rate, l2_factor, momentum = 0.3, 0.5, 0.8
    walk = Walk(rng, steps=4, scale=0.0, rates=[rate] * 4)
    path = walk.taken(student, "Task2", l2_factor=l2_factor, momentum=momentum)
    # With no other gradient a step is linear in (w, v), so four steps are a matrix power.
    one_step = np.array(
        [[1 - rate * l2_factor, -rate * momentum], [l2_factor, momentum]],
    )
    factor = np.linalg.matrix_power(one_step, 4)[0, 0]
    expected = [factor * w for w in walk.start]
    hint = "Add L2 to the gradient first. The velocity then takes that sum."
    close_parameters(path[-1], expected, "after four steps", hint, only=WEIGHTS)


@check("task2", points=2)
def models_do_not_share_a_velocity(student, rng):
    """Two models that learn in turn do not disturb each other."""
    walks, momentum = [Walk(rng, steps=2), Walk(rng, steps=2)], 0.9
    starts = [(walk.weights, walk.biases) for walk in walks]
    first, second = walks[0].steps(0), walks[1].steps(1)
    steps = [first[0], second[0], first[1], second[1]]
    settings = {"l2_factor": 0.0, "momentum": momentum}
    path = student.run(steps_with_known_gradients, "Task2", settings, starts, steps)
    for which, walk in enumerate(walks):
        expected = walk.start
        for t in range(2):
            v = velocity(walk.grads, t, momentum)
            expected = [p - walk.rates[t] * one for p, one in zip(expected, v, strict=True)]
        close_parameters(
            path[2 + which],
            expected,
            f"of model {which + 1}",
            "Make the velocity in __init__, as an attribute of self.",
        )


@probe
def step_of_a_mixed_class(student, sizes, weights, biases, grads_w, grads_b, x, y, rate):
    class Other(student.Network):
        def feedforward(self, x):
            return np.full((len(x), 1), 7.0)

        def backprop(self, x, y):
            return [g.copy() for g in grads_w], [g.copy() for g in grads_b]

    class Mixed(student.Task2, Other):
        pass

    model = Mixed(sizes, l2_factor=0.0, momentum=0.0)
    model.weights, model.biases = [w.copy() for w in weights], [b.copy() for b in biases]
    model.learning_step(x, y, rate)
    return model.feedforward(x), [*model.weights, *model.biases]


@check("task2", points=2)
def mixes_with_another_class(student, rng):
    """A class that inherits from Task2 and another uses the other's gradients and outputs."""
    walk = Walk(rng, steps=1)
    layers = len(walk.weights)
    x, y, rate = rng.normal(size=(4, 5)), draw_labels(rng, 4, 3), walk.rates[0]
    outputs, after = student.run(
        step_of_a_mixed_class,
        SIZES,
        walk.weights,
        walk.biases,
        walk.grads[0][:layers],
        walk.grads[0][layers:],
        x,
        y,
        rate,
    )
    hint = "Call self.backprop, so that Python searches the whole class. Task2 needs no backprop "
    hint += "and no feedforward of its own."
    expected = [p - rate * g for p, g in zip(walk.start, walk.grads[0], strict=True)]
    close_parameters(after, expected, "of the mixed class", hint)
    close(outputs, np.full((4, 1), 7.0), what="feedforward of the mixed class", hint=hint)


# ----------------------------------------------------------------------- adamw

BETAS = {"beta1": 0.8, "beta2": 0.9}


@check("adamw", points=2)
def first_step_of_adamw(student, rng):
    """The first step has the size of the learning rate, for large and small gradients."""
    walk = Walk(rng, steps=1)
    after = walk.taken(student, "AdamW", weight_decay=0.0)[0]
    rate = walk.rates[0]
    expected = [p - rate * np.sign(g) for p, g in zip(walk.start, walk.grads[0], strict=True)]
    hint = "The bias correction must be right at t = 1, for both means."
    close_parameters(after, expected, "after one step", hint)


@check("adamw", points=2)
def later_steps_of_adamw(student, rng):
    """Over four steps with changing gradients both running means are right."""
    walk = Walk(rng, steps=4)
    path = walk.taken(student, "AdamW", weight_decay=0.0, **BETAS)
    expected = walk.start
    for t, after in enumerate(path):
        # A corrected mean is a weighted mean: weights beta ** age, divided by their sum.
        ages = t - np.arange(t + 1)
        moved = []
        for part, p in enumerate(expected):
            seen = np.array([walk.grads[i][part] for i in range(t + 1)])
            mean = np.average(seen, axis=0, weights=BETAS["beta1"] ** ages)
            square = np.average(seen**2, axis=0, weights=BETAS["beta2"] ** ages)
            moved.append(p - walk.rates[t] * mean / np.sqrt(square))
        expected = moved
        hint = "Both means last from step to step, and the step count goes up by one."
        close_parameters(after, expected, f"after step {t + 1}", hint)


@check("adamw", points=2)
def weight_decay_is_decoupled(student, rng):
    """Weight decay shrinks the weights by itself, apart from the gradient's means."""
    hint = "The weight decay is no part of the gradient. The learning rate scales it."
    decay = 0.5
    still = Walk(rng, steps=3, scale=0.0)
    path = still.taken(student, "AdamW", weight_decay=decay)
    shrunk = np.prod([1 - rate * decay for rate in still.rates])
    expected = [shrunk * p for p in still.start]
    close_parameters(path[-1], expected, "after gradients of zero", hint, only=WEIGHTS)
    walk = Walk(rng, steps=1)
    after = walk.taken(student, "AdamW", weight_decay=decay)[0]
    rate = walk.rates[0]
    expected = [
        p - rate * decay * p - rate * np.sign(g)
        for p, g in zip(walk.start, walk.grads[0], strict=True)
    ]
    close_parameters(after, expected, "after one step", hint, only=WEIGHTS)


@check("adamw", points=1)
def adamw_leaves_biases_undecayed(student, rng):
    """With gradients of zero no bias moves."""
    walk = Walk(rng, steps=2, scale=0.0)
    path = walk.taken(student, "AdamW", weight_decay=0.5)
    hint = "Only weights decay."
    close_parameters(path[-1], walk.start, "after gradients of zero", hint, only=BIASES)


@check("adamw", points=1)
def epsilon_is_outside_the_root(student, rng):
    """Gradients near 1e-7 give steps a little shorter than the learning rate."""
    walk, eps = Walk(rng, steps=1, scale=1e-7), 2e-8
    after = walk.taken(student, "AdamW", weight_decay=0.0, eps=eps)[0]
    rate = walk.rates[0]
    expected = [
        p - rate * g / (np.abs(g) + eps) for p, g in zip(walk.start, walk.grads[0], strict=True)
    ]
    hint = "What does the root of 1e-8 come to, beside a gradient of 1e-7?"
    close_parameters(after, expected, "after one step", hint)


# --------------------------------------------------------------------- adagrad


@check("adagrad", points=2)
def first_step_of_adagrad(student, rng):
    """The first step has the size of the learning rate, for weights and biases."""
    walk = Walk(rng, steps=1)
    after = walk.taken(student, "Adagrad")[0]
    rate = walk.rates[0]
    expected = [p - rate * np.sign(g) for p, g in zip(walk.start, walk.grads[0], strict=True)]
    hint = "The present gradient is in the sum before you divide by its root."
    close_parameters(after, expected, "after one step", hint)


@check("adagrad", points=3)
def all_squares_are_summed(student, rng):
    """Over four steps each is divided by the root of all squares so far."""
    walk = Walk(rng, steps=4)
    path = walk.taken(student, "Adagrad")
    expected = walk.start
    for t, after in enumerate(path):
        moved = []
        for part, p in enumerate(expected):
            length = np.linalg.norm([walk.grads[i][part] for i in range(t + 1)], axis=0)
            moved.append(p - walk.rates[t] * walk.grads[t][part] / length)
        expected = moved
        hint = "The sum lasts from step to step and never shrinks."
        close_parameters(after, expected, f"after step {t + 1}", hint)


@check("adagrad", points=1)
def no_gradient_no_step(student, rng):
    """A weight that has never had a gradient stays where it is."""
    walk = Walk(rng, steps=2, scale=0.0)
    path = walk.taken(student, "Adagrad")
    hint = "Nothing may be divided by zero here. What is eps for?"
    close_parameters(path[-1], walk.start, "after gradients of zero", hint)


# --------------------------------------------------------------------- dropout


def draw_mask(student, shape, rate, seed):
    draw = student.DropoutNetwork((6, 5, 3), drop_rate=rate, seed=seed).draw_mask
    masks = [draw(shape) for _ in range(2)]
    for mask in masks:
        seen = mask.shape if isinstance(mask, np.ndarray) else type(mask).__name__
        expect(
            seen == shape,
            f"draw_mask{shape} gives {seen}, and not an array of that shape",
            "Each image and each unit has its own place in the mask.",
        )
        expect(mask.dtype.kind in "fiub", f"the mask holds {mask.dtype} and not real numbers")
    return masks


@check("dropout", points=1)
def kept_units_are_scaled_up(student, rng):
    """A mask holds 0 and 1 / (1 - drop_rate), so that its mean is one."""
    for rate in (0.25, 0.6):
        mask, _ = draw_mask(student, (40, 30), rate, int(rng.integers(1000)))
        # Rounded, so that a mask in float32 has two values as well.
        values = np.unique(np.round(mask.astype(float), 5))
        close(
            values,
            np.round([0.0, 1 / (1 - rate)], 5),
            rtol=1e-4,
            what="what a mask holds",
            hint="Two values only. How much more must a unit count that is kept half of the time?",
        )


@check("dropout", points=1)
def drop_rate_is_what_is_dropped(student, rng):
    """The share of dropped units is drop_rate, each drawn by itself, anew in each call."""
    rate, seed = 0.2, int(rng.integers(1000))
    first, second = draw_mask(student, (400, 50), rate, seed)
    dropped = np.mean(first == 0)
    # 20,000 draws: the share varies by 0.003, so 0.02 is seven times that.
    expect(
        abs(dropped - rate) < 0.02,
        f"with drop_rate {rate} a share of {dropped:.2f} was dropped",
        "drop_rate is the chance to be dropped, not to be kept.",
    )
    hint = "Draw a number for each entry of the mask, from self.rng, in each call."
    expect(np.any(first[0] != first[1]), "all images of a batch had the same mask", hint)
    expect(np.any(first[:, 0] != first[:, 1]), "all units had the same mask", hint)
    expect(np.any(first != second), "two calls gave the same mask", hint)


@probe
def outputs_around_training(student, sizes, weights, biases, x, y):
    import course_utils

    # Whatever Task1.feedforward does, right or wrong, is not looked at here.
    own = student.Task1.feedforward
    student.Task1.feedforward = course_utils.Network.feedforward
    try:
        outputs = []
        for seed, rate in enumerate((0.5, 0.5, 0.0)):
            model = student.DropoutNetwork(sizes, drop_rate=rate, seed=seed)
            model.weights, model.biases = weights, biases
            model.backprop(x, y)
            outputs += [model.feedforward(x), model.feedforward(x)]
        return outputs
    finally:
        student.Task1.feedforward = own


@check("dropout", points=2)
def nothing_is_dropped_in_use(student, rng):
    """feedforward drops nothing, also after training: its outputs do not depend on chance."""
    sizes = (6, 12, 9, 3)
    weights, biases = draw_parameters(rng, sizes)
    x, y = rng.normal(size=(5, 6)), draw_labels(rng, 5, 3)
    outputs = student.run(outputs_around_training, sizes, weights, biases, x, y)
    for other in outputs[:-1]:
        close(
            other,
            outputs[-1],
            what="feedforward with dropout, beside feedforward with drop_rate 0,",
            hint="Masks belong to backprop only. The scaling there is what makes up for them.",
            **NEAR,
        )


@probe
def gradients_and_masks(student, sizes, weights, biases, x, y, seed):
    masks = []
    chance = np.random.default_rng(seed)

    class Watched(student.DropoutNetwork):
        def draw_mask(self, shape):
            masks.append((chance.random(shape) < 0.7) / 0.7)
            return masks[-1].copy()

    model = Watched(sizes, drop_rate=0.3)
    model.weights, model.biases = weights, biases
    return model.backprop(x, y), masks


@check("dropout", points=3)
def gradients_are_those_of_the_masked_network(student, rng):
    """With known masks on the hidden layers all gradients are right."""
    sizes = (6, 5, 4, 3)
    weights, biases = draw_parameters(rng, sizes)
    x, y = rng.normal(size=(7, 6)), draw_labels(rng, 7, 3)
    seed = int(rng.integers(1000))
    found, masks = student.run(gradients_and_masks, sizes, weights, biases, x, y, seed)
    shapes = [mask.shape for mask in masks]
    expect(
        shapes == [(7, 5), (7, 4)],
        f"draw_mask was asked for masks of these shapes: {shapes}",
        "One mask for each hidden layer, from the first to the last, and used in both passes.",
    )
    close_gradients(
        found,
        cross_entropy_gradients(weights, biases, x, y, masks),
        hint="The next layer gets the masked activations. The slope is that of the unmasked ones, "
        "times the mask.",
    )


@check("dropout", points=2)
def dropped_units_learn_nothing(student, rng):
    """For one image, a unit that is dropped has no gradient, neither going out nor coming in."""
    sizes = (6, 30, 3)
    weights, biases = draw_parameters(rng, sizes)
    network = student.DropoutNetwork(sizes, drop_rate=0.5, seed=int(rng.integers(1000)))
    network.weights, network.biases = weights, biases
    found = network.backprop(rng.normal(size=(1, 6)), draw_labels(rng, 1, 3))
    hint = "The mask of the forward pass is a factor in the backward pass: the same one."
    shapes = ([p.shape for p in weights], [p.shape for p in biases])
    expect(shapes_of(found) == shapes, "the gradients have other shapes than the parameters", hint)
    silent = np.all(found[0][1] == 0, axis=0)
    unmoved = np.all(found[0][0] == 0, axis=1)
    expect(0 < silent.sum() < 30, f"{silent.sum()} of 30 units were dropped at a rate of 0.5", hint)
    expect(
        np.array_equal(silent, unmoved),
        "some units were dropped in one direction and not in the other",
        hint,
    )


# --------------------------------------------------------------------- augment


@probe
def augmented(student, images, copies, seed, settings):
    images = np.repeat(images, copies, axis=0)
    return student.augment(images, np.random.default_rng(seed), **settings)


@probe
def images_after_augment(student, images, seed):
    student.augment(images, np.random.default_rng(seed))
    return images


def run_augment(student, images, seed, copies=1, **settings):
    """Return copies of images augmented; fail if they are no array of the right shape."""
    changed = student.run(augmented, images, copies, seed, settings)
    seen = changed.shape if isinstance(changed, np.ndarray) else type(changed).__name__
    shape = (copies * len(images), 784)
    expect(
        seen == shape,
        f"augment gives {seen} for images of shape {shape}",
        "Return one row of 784 numbers for each image.",
    )
    expect(changed.dtype.kind in "fiub", f"the images hold {changed.dtype} and not real numbers")
    return changed


def block(rows, columns, value=1.0):
    picture = np.zeros((28, 28))
    picture[rows, columns] = value
    return picture.ravel()


def centres(images):
    """Return where the ink of each image is in the mean, from the centre: down, right."""
    places = np.indices((28, 28)).reshape(2, 784) - 13.5
    return images @ places.T / images.sum(axis=1, keepdims=True)


def angles(images):
    """Return the direction of each image's ink, in degrees from upright."""
    places = np.indices((28, 28)).reshape(2, 784) - 13.5
    out = []
    for image in images:
        down, right = places - (places @ image / image.sum())[:, np.newaxis]
        mixed = 2 * np.sum(image * down * right)
        out.append(np.rad2deg(np.arctan2(mixed, np.sum(image * (down**2 - right**2))) / 2))
    return np.array(out)


SQUARE = block(slice(11, 17), slice(11, 17))
BAR = block(slice(5, 23), slice(12, 16))


@check("augment", points=1)
def shape_range_and_order_stay(student, rng):
    """The result has the input's shape and order, and values between 0 and 1."""
    noise = (rng.random((5, 784)) < 0.5).astype(float)
    changed = run_augment(student, noise, 1)
    expect(
        np.min(changed) >= -1e-6 and np.max(changed) <= 1 + 1e-6,
        f"values from {np.min(changed):.2f} to {np.max(changed):.2f} came out",
        "A smooth interpolation overshoots at edges. Use order=1, or clip.",
    )
    shades = np.linspace(0.2, 1.0, 5)[:, np.newaxis] * SQUARE
    ink = run_augment(student, shades, 2).sum(axis=1) / shades.sum(axis=1)
    expect(
        np.all(np.abs(ink - 1) < 0.15),
        "rows did not come out in the order in which they went in, or lost their ink",
        "Row n of the result belongs to row n of the input, for the sake of the labels.",
    )


@check("augment", points=1)
def limits_of_zero_change_nothing(student, rng):
    """With max_shift=0 and max_angle=0 the images come out as they went in."""
    images = rng.random((4, 784))
    changed = run_augment(student, images, 3, max_shift=0, max_angle=0.0)
    close(changed, images, atol=1e-3, hint="Both limits are arguments, and must be used.")


@check("augment", points=1)
def each_image_has_its_own_shift(student, rng):
    """Shifts stay within max_shift, go both ways, and differ from image to image."""
    square = SQUARE[np.newaxis]
    changed = run_augment(student, square, int(rng.integers(1000)), 60, max_shift=3, max_angle=0.0)
    moved = centres(changed)
    hint = "Draw two shifts for each image, from -max_shift to max_shift."
    expect(np.all(np.abs(moved) < 3.05), "an image moved by more than max_shift", hint)
    expect(np.all(moved.std(axis=0) > 0.5), "all images moved by about the same", hint)
    both = np.all(moved.min(axis=0) < -0.5) and np.all(moved.max(axis=0) > 0.5)
    expect(both, "images moved to one side only", hint)
    expect(abs(np.corrcoef(moved.T)[0, 1]) < 0.8, "images moved along a diagonal only", hint)


@check("augment", points=1)
def paper_comes_in_from_outside(student, rng):
    """What is moved out at one side does not come in at the other; new pixels are 0."""
    edge = np.maximum(block(slice(25, 28), slice(0, 28)), block(slice(0, 28), slice(25, 28)))
    both = np.array([edge, np.ones(784)])
    changed = run_augment(student, both, int(rng.integers(1000)), 30, max_shift=3, max_angle=0.0)
    corner = changed[:30].reshape(30, 28, 28)[:, :10, :10]
    hint = "Try it on an image with ink at its right edge, and look at the left edge."
    expect(np.max(np.abs(corner)) < 1e-3, "ink came in again from the other side", hint)
    expect(
        changed[30:].sum(axis=1).min() < 784 - 25,
        "an image full of ink was still full after a shift",
        "mode='constant' brings in zeros.",
    )


@check("augment", points=1)
def images_turn_about_their_centre(student, rng):
    """Angles stay within max_angle degrees, go both ways, and leave the centre where it is."""
    bar = BAR[np.newaxis]
    changed = run_augment(student, bar, int(rng.integers(1000)), 60, max_shift=0, max_angle=20.0)
    expect(np.all(changed.sum(axis=1) > 0), "the ink was gone after the turn", None)
    away = np.abs(centres(changed)).max()
    expect(away < 0.6, "turning moved the middle of an image", "Turn about (13.5, 13.5).")
    turned = angles(changed)
    hint = "max_angle is in degrees; NumPy's cos and sin want radians."
    expect(np.abs(turned).max() < 22, "an image turned by more than max_angle", hint)
    expect(turned.std() > 4, "the angles hardly differ", hint)
    expect(turned.min() < 0 < turned.max(), "images turned to one side only", hint)
    far = run_augment(student, bar, int(rng.integers(1000)), 60, max_shift=0, max_angle=90.0)
    ink = far.sum(axis=1) / BAR.sum()
    hint = "A turn keeps all lengths. Compare your matrix with that of a rotation."
    # The nearest pixel alone keeps the ink to 14 per cent.
    expect(np.abs(ink - 1).max() < 0.2, "turning squeezed or stretched the images", hint)


@check("augment", points=1)
def chance_comes_from_rng(student, rng):
    """Generators with one seed give the same images, with other seeds others."""
    bar = BAR[np.newaxis]
    seed = int(rng.integers(1000))
    first, again, other = (run_augment(student, bar, s, 6) for s in (seed, seed, seed + 1))
    hint = "Draw from the generator that is handed in, and from nothing else."
    expect(np.array_equal(first, again), "two generators of one seed gave different images", hint)
    expect(
        not np.allclose(first, other), "generators of different seeds gave the same images", hint
    )


@check("augment", points=1)
def images_are_left_alone(student, rng):
    """The images that come in are unchanged afterwards."""
    images = rng.random((4, 784))
    after = student.run(images_after_augment, images, 4)
    expect(
        np.array_equal(after, images),
        "the input had other values after the call",
        "Write into a new array, such as np.empty_like(images).",
    )
