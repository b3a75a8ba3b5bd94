"""Hidden checks of lab 2.

The expected values come from here, and in another way than a student's: gradients from the loss
alone, written as a loop over images, and histories from the script of a model that learns by it.
No check uses the student's network but those of `simple_mlp`, and none uses the images.

Tolerances. `SimpleMLP` computes in float32, which keeps seven digits, and its gradients are read
from a step, which costs one or two of them. So values are compared to a thousandth of their size.
The mildest named fault is wrong by several per cent.
"""

import math
from itertools import pairwise

import numpy as np

from autograder.checks import check, close, expect, forbid, gradients, probe

NEAR = {"rtol": 1e-3, "atol": 1e-5}


# ------------------------------------------------------------------- shortcuts

LIBRARY_GRADIENTS = (
    "course_utils.Tensor",
    "course_utils.autograd.Tensor",
    "course_utils.autograd.tensor.Tensor",
    "torch.Tensor.backward",
    "torch.autograd.backward",
    "torch.autograd.grad",
    "torch.func.grad",
    "sklearn.neural_network.MLPClassifier",
)
forbid(
    "simple_mlp",
    *LIBRARY_GRADIENTS,
    says="This exercise asks you to write both passes of the network yourself, in NumPy.",
)
forbid(
    "gradient_norms",
    *LIBRARY_GRADIENTS,
    says="This exercise asks you to write the backward pass yourself, in NumPy.",
)


# ------------------------------------------------------------------ references


def softmax(logits):
    """Return softmax entry by entry: p_k = 1 / sum_j exp(z_j - z_k)."""
    chances = np.empty(np.shape(logits))
    for row, own in zip(chances, np.asarray(logits, dtype=float), strict=True):
        for k, logit in enumerate(own):
            # Past 700 the exponential overflows, and the chance is 0 to all digits.
            row[k] = 1.0 / sum(math.exp(min(other - logit, 700.0)) for other in own)
    return chances


def relu(z):
    return z * (z.real > 0)


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


def logits_of(weights, biases, image, bend):
    """Return the logits of one image; hidden layers end in `bend`."""
    a = image
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        a = bend(w @ a + b)
    return weights[-1] @ a + biases[-1]


def cross_entropy(weights, biases, x, targets, bend=relu):
    """Return the mean cross-entropy, image by image."""
    total = 0.0
    for image, target in zip(x, targets, strict=True):
        z = logits_of(weights, biases, image, bend)
        total = total - z[target] + np.log(np.sum(np.exp(z)))
    return total / len(x)


# ---------------------------------------------------------------------- inputs


@probe
def seed_the_notebook(student, seed):
    try:
        new = np.random.default_rng(seed)
        student.rng.bit_generator.state = new.bit_generator.state
    except Exception:
        return


def same_draws(student, rng):
    """Set the notebook's rng to a state of ours: then a mistake gives the same values each time.

    An answer that draws from elsewhere is as good; NumPy's own generator is set before each check.
    """
    student.run(seed_the_notebook, int(rng.integers(2**31)))


def draw_parameters(rng, sizes, scale=1.0):
    """Return weights and biases in float32, as a student's network holds them."""
    pairs = list(pairwise(sizes))
    weights = [scale * rng.normal(size=(n_out, n_in)) for n_in, n_out in pairs]
    biases = [rng.normal(size=n_out) for _, n_out in pairs]
    return [w.astype(np.float32) for w in weights], [b.astype(np.float32) for b in biases]


def draw_images(rng, batch, n_in):
    return rng.normal(size=(batch, n_in)).astype(np.float32)


def is_lively(weights, biases, x):
    """Return whether units of each ReLU layer are both on and off, and logits of both signs."""
    a = x
    for w, b in zip(weights, biases, strict=True):
        z = a @ w.T + b
        if not 0.1 < np.mean(z > 0) < 0.9:
            return False
        a = np.maximum(z, 0)
    return True


def draw_lively(rng, sizes, batch, scale=1.0):
    """Return parameters and images such that a fault in a ReLU network has something to spoil."""
    for _ in range(2000):
        weights, biases = draw_parameters(rng, sizes, scale)
        x = draw_images(rng, batch, sizes[0])
        if is_lively(weights, biases, x):
            break
    return weights, biases, x


def a_network(student, rng, sizes, batch):
    """Return a network of the student's with known parameters, these, and images for it."""
    weights, biases, x = draw_lively(rng, sizes, batch)
    network = student.SimpleMLP(list(sizes))
    network.weights, network.biases = weights, biases
    return network, weights, biases, x


def numbers(found, what, hint=None):
    """Return a list of numbers as an array; fail if it is something else."""
    if isinstance(found, np.ndarray):
        found = list(found) if found.ndim == 1 else [found]
    expect(isinstance(found, (list, tuple)), f"{what} is not a list", hint)
    real = all(
        isinstance(one, (int, float, np.floating, np.integer, np.ndarray)) and np.ndim(one) == 0
        for one in found
    )
    expect(real, f"{what} holds something that is not a real number", hint)
    return np.array([float(one) for one in found])


# ------------------------------------------------------------------ simple_mlp


def parameters_of(network):
    """Return the weights and biases of a student's network, two lists of arrays."""
    hint = "Keep two lists on self: weights and biases, one array for each layer."
    parts = network.weights, network.biases
    for name, part in zip(("weights", "biases"), parts, strict=True):
        arrays = isinstance(part, (list, tuple)) and all(isinstance(p, np.ndarray) for p in part)
        expect(arrays, f"{name} is not a list of arrays", hint)
    return list(parts[0]), list(parts[1])


def gradients_of(network, x, targets, lr=1.0):
    """Return the gradients that a step of the student's network shows."""
    before = parameters_of(network)
    network.forward(x)
    network.backward(targets, lr)
    after = parameters_of(network)
    found = []
    for name, old, new in zip(("weights", "biases"), before, after, strict=True):
        shapes = [p.shape for p in old], [p.shape for p in new]
        expect(
            shapes[0] == shapes[1],
            f"the shapes of {name} changed in a step, from {shapes[0]} to {shapes[1]}",
            "A gradient has the shape of its parameter.",
        )
        pairs = zip(old, new, strict=True)
        found.append([(o.astype(float) - n.astype(float)) / lr for o, n in pairs])
    return found


def close_steps(found, expected, hint):
    names = "the gradient that a step shows for weights", "the same for biases"
    for what, ours, right in zip(names, found, expected, strict=True):
        close(ours, right, what=what, hint=hint, **NEAR)


@check("simple_mlp", points=3)
def starts_as_he_says(student, rng):
    """New weights have He's standard deviation in each layer, and biases are 0."""
    sizes = [200, 150, 100]
    same_draws(student, rng)
    weights, biases = parameters_of(student.SimpleMLP(sizes))
    shapes = [w.shape for w in weights], [b.shape for b in biases]
    expect(
        shapes == ([(150, 200), (100, 150)], [(150,), (100,)]),
        f"for layers of {sizes} the weights have the shapes {shapes[0]}, the biases {shapes[1]}",
        "weights[l] has one row for each unit of its layer: (n_out, n_in).",
    )
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        ratio = float(np.std(w.astype(float)) / np.sqrt(2 / w.shape[1]))
        # 15,000 draws or more: the ratio varies by 0.006 at most, and 0.04 is seven times that.
        expect(
            abs(ratio - 1) < 0.04,
            f"the standard deviation of weights[{layer}] is {ratio:.2f} times what He says",
            "It is the root of 2 / n_in, where n_in is how many numbers come into the layer.",
        )
        centre = float(np.mean(w.astype(float)) * np.sqrt(w.size) / np.std(w.astype(float)))
        expect(abs(centre) < 6, f"the mean of weights[{layer}] is not 0", None)
        expect(not np.any(b), f"biases[{layer}] does not start at 0", None)
    again, _ = parameters_of(student.SimpleMLP(sizes))
    expect(
        not np.allclose(weights[0], again[0]),
        "two new networks had the same weights",
        "Draw from rng, which goes on, and do not set a seed in __init__.",
    )


@check("simple_mlp", points=3)
def all_is_float32(student, rng):
    """Parameters and probabilities are float32, before and after a step, whatever comes in."""
    hint = "Print the dtype of each array. Where does it change?"
    same_draws(student, rng)
    network = student.SimpleMLP([5, 4, 3])
    # float64 comes in by one door at a time: by none, with the images, with the rate.
    steps = [
        ("before a step", None, None),
        ("after a step with images in float32", np.float32, 0.1),
        ("after a step with images in float64", float, 0.1),
        ("after a step with a rate from NumPy", np.float32, np.float64(0.1)),
    ]
    for when, dtype, lr in steps:
        if lr is not None:
            network.forward(rng.normal(size=(6, 5)).astype(dtype))
            network.backward(rng.integers(3, size=6), lr)
        for name, part in zip(("weights", "biases"), parameters_of(network), strict=True):
            kinds = {str(p.dtype) for p in part}
            expect(kinds == {"float32"}, f"{name} are {', '.join(sorted(kinds))} {when}", hint)
    chances = network.forward(rng.normal(size=(6, 5)))
    expect(isinstance(chances, np.ndarray), "forward does not return an array", hint)
    expect(chances.dtype == np.float32, f"the probabilities are {chances.dtype}", hint)


@check("simple_mlp", points=4)
def outputs_are_softmax_of_relu_layers(student, rng):
    """The probabilities are the softmax of the last sums; hidden layers end in ReLU."""
    network, weights, biases, x = a_network(student, rng, (6, 5, 4, 3), 7)
    logits = np.array([logits_of(weights, biases, image, relu) for image in x])
    close(
        network.forward(x),
        softmax(logits),
        what="forward",
        hint="ReLU ends every layer but the last. Softmax runs over the classes of each image.",
        **NEAR,
    )


@check("simple_mlp", points=2)
def large_sums_stay_finite(student, rng):
    """Very large sums still give probabilities, and leave those of other images alone."""
    network = student.SimpleMLP([4, 3])
    weights = (1000 * rng.integers(-9, 10, size=(3, 4))).astype(np.float32)
    biases = rng.integers(-9, 10, size=3).astype(np.float32)
    network.weights, network.biases = [weights], [biases]
    x = rng.integers(-3, 4, size=(8, 4)).astype(np.float32)
    x[5:] /= 2000  # three images whose sums are small
    close(
        network.forward(x),
        softmax(x @ weights.T + biases),
        what="forward",
        hint="Softmax looks at one image at a time. And the exponential of a float32 overflows at "
        "89: use the stable softmax.",
        **NEAR,
    )


@check("simple_mlp", points=3)
def output_layer_moves_downhill(student, rng):
    """With a single layer a step shows the gradients of the mean cross-entropy."""
    network, weights, biases, x = a_network(student, rng, (5, 3), 4)
    targets = rng.integers(3, size=4)
    close_steps(
        gradients_of(network, x, targets),
        gradients(lambda w, b: cross_entropy(w, b, x, targets), weights, biases),
        hint="The first delta is (P - Y) / B, and a step subtracts lr times the gradient.",
    )


@check("simple_mlp", points=4)
def hidden_layers_move_downhill(student, rng):
    """With three layers of different sizes a step shows all gradients."""
    network, weights, biases, x = a_network(student, rng, (6, 5, 4, 3), 7)
    targets = rng.integers(3, size=7)
    close_steps(
        gradients_of(network, x, targets),
        gradients(lambda w, b: cross_entropy(w, b, x, targets), weights, biases),
        hint="All gradients belong to the weights of the forward pass. The last entry of each "
        "list is the output layer: which is the first that is wrong, seen from there?",
    )


@check("simple_mlp", points=2)
def each_layer_uses_its_own_arrays(student, rng):
    """Layers of one size, where no shape gives a mix-up away, are not mixed up."""
    network, weights, biases, x = a_network(student, rng, (4, 4, 4, 4), 4)
    targets = rng.integers(4, size=4)
    close_steps(
        gradients_of(network, x, targets),
        gradients(lambda w, b: cross_entropy(w, b, x, targets), weights, biases),
        hint="Going down from a layer, take its own weights as they are, and the slope at what "
        "came into it.",
    )


@check("simple_mlp", points=1)
def a_batch_gives_the_mean(student, rng):
    """The gradient of a batch that is repeated is that of the batch, and lr scales the step."""
    weights, biases, x = draw_lively(rng, (5, 4, 3), 6)
    targets = rng.integers(3, size=6)
    shown = []
    for times, lr in ((1, 1.0), (3, 1.0), (1, 0.5)):
        network = student.SimpleMLP([5, 4, 3])
        network.weights, network.biases = weights, biases
        shown.append(gradients_of(network, np.tile(x, (times, 1)), np.tile(targets, times), lr))
    for other, what in zip(
        shown[1:], ("with the repeated batch", "with half the rate"), strict=True
    ):
        for ours, right in zip(other, shown[0], strict=True):
            close(
                ours, right, what=f"{what}, the gradient",
                hint="Divide by the number of images, once. The step is lr times the gradient.",
                **NEAR,
            )  # fmt: skip
    expect(
        any(np.any(g) for part in shown[0] for g in part), "a step moved nothing", "See backward."
    )


@check("simple_mlp", points=1)
def predictions_are_class_numbers(student, rng):
    """`predict` gives the number of the most probable class of each image."""
    network, weights, biases, x = a_network(student, rng, (6, 5, 4), 9)
    logits = np.array([logits_of(weights, biases, image, relu) for image in x])
    close(
        network.predict(x),
        logits.argmax(axis=1),
        what="predict",
        hint="One whole number for each image, and no one-hot row.",
    )


@probe
def arrays_after_a_step(student, sizes, x, targets):
    network = student.SimpleMLP(sizes)
    chances = network.forward(x)
    then = np.array(chances)
    network.backward(targets, 0.1)
    network.predict(x[:2])
    return x, targets, chances, then


@check("simple_mlp", points=1)
def arrays_are_left_alone(student, rng):
    """What comes in is unchanged after a step, and so are the probabilities that went out."""
    x, targets = draw_images(rng, 6, 5), rng.integers(3, size=6)
    same_draws(student, rng)
    *after, chances, then = student.run(arrays_after_a_step, [5, 4, 3], x, targets)
    for name, now, before in zip(("X", "targets"), after, (x, targets), strict=True):
        expect(
            np.array_equal(now, before),
            f"{name} had other values after a step",
            "`x -= m` writes into the caller's array; `x - m` makes a new one.",
        )
    expect(
        np.array_equal(chances, then),
        "the probabilities that forward had returned had other values after backward",
        "Whoever called forward holds the same array as you. Work with a copy of it.",
    )


# --------------------------------------------------------------- train_with_lr


@probe
def training(student, lr, epochs, images, targets, slowness, spoiled_after):
    """Train a model whose logits stand in the images, and grow with each step."""
    seen = []

    class Scripted:
        steps = 0

        def forward(self, X):
            self.batch = np.array(X)
            logits = self.batch[:, 1:] * (self.steps / slowness)
            p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            return p * np.nan if self.steps >= spoiled_after else p

        def backward(self, targets, lr):
            seen.append((self.batch[:, 0], np.array(targets), lr))
            self.steps += 1

        def predict(self, X):
            return self.forward(X).argmax(axis=1)

    history = student.train_with_lr(lr, epochs, model=Scripted(), images=images, targets=targets)
    return history, seen


class Lesson:
    """Images that carry their number and their logits, and what a training made of them."""

    def __init__(self, student, rng, *, count, epochs, classes=4, lr=0.25, spoiled_after=10**9):
        self.count, self.epochs, self.lr = count, epochs, lr
        self.logits = rng.normal(size=(count, classes))
        self.targets = rng.integers(classes, size=count)
        self.slowness = 5.0
        images = np.concatenate([np.arange(count)[:, np.newaxis], self.logits], axis=1)
        same_draws(student, rng)
        self.history, seen = student.run(
            training, lr, epochs, images, self.targets, self.slowness, spoiled_after
        )
        # What does not have one row of numbers for each step is no step.
        plain = all(isinstance(p, np.ndarray) and p.ndim == 1 for s in seen for p in s[:2])
        expect(plain, "backward was not called with a list of class numbers", "See exercise 1.")
        known = np.arange(count)
        own = all(np.all(np.isin(rows, known)) for rows, _, _ in seen)
        expect(own, "forward got other images than those that came in", "Hand them on as they are.")
        self.batches = [rows.astype(int) for rows, _, _ in seen]
        self.its_targets = [given for _, given, _ in seen]
        self.rates = [rate for _, _, rate in seen]

    def lists(self):
        """Return loss and acc as arrays of epochs + 1 numbers; fail if they are not."""
        hint = "One entry before the first step, and one after each epoch, whatever happens."
        keys = isinstance(self.history, dict) and {"loss", "acc"} <= set(self.history)
        expect(keys, "train_with_lr does not return a dictionary with loss and acc", hint)
        found = [numbers(self.history[key], f"history[{key!r}]", hint) for key in ("loss", "acc")]
        for key, values in zip(("loss", "acc"), found, strict=True):
            expect(
                len(values) == self.epochs + 1,
                f"history[{key!r}] has {len(values)} entries after {self.epochs} epochs",
                hint,
            )
        return found

    def epoch(self, number):
        """Return the images of one epoch, as if all epochs had equally many steps."""
        each = len(self.batches) // self.epochs
        parts = self.batches[number * each : (number + 1) * each]
        return np.concatenate(parts) if parts else np.zeros(0, int)


@check("train_with_lr", points=2)
def history_begins_before_the_first_step(student, rng):
    """Both lists have an entry from before the first step, and one from after each epoch."""
    for epochs in (2, 4):
        Lesson(student, rng, count=130, epochs=epochs).lists()


@check("train_with_lr", points=3)
def each_image_once_in_each_epoch(student, rng):
    """In each epoch every image is learned once, also those of the last, smaller batch."""
    lesson = Lesson(student, rng, count=150, epochs=3)
    hint = "Go through one permutation of all images, and do not drop what is left at the end."
    expect(lesson.batches, "no step was made", hint)
    for number in range(3):
        rows = lesson.epoch(number)
        missed = 150 - len(set(rows.tolist()))
        expect(missed == 0, f"{missed} of 150 images were not learned in an epoch", hint)
        expect(len(rows) == 150, f"an epoch has {len(rows)} images, some more than once", hint)


@check("train_with_lr", points=2)
def images_keep_their_targets(student, rng):
    """Each image is learned with its own target."""
    lesson = Lesson(student, rng, count=150, epochs=2)
    hint = "Choose images and targets with the same indices."
    expect(lesson.batches, "no step was made", hint)
    for rows, given in zip(lesson.batches, lesson.its_targets, strict=True):
        expect(
            len(rows) == len(given),
            f"a batch of {len(rows)} images came with {len(given)} targets",
            "Call forward with the batch before you call backward with its targets.",
        )
        wrong = int(np.sum(lesson.targets[rows] != given))
        expect(wrong == 0, f"{wrong} images of a batch of {len(rows)} had another's target", hint)


@check("train_with_lr", points=1)
def order_is_new_in_each_epoch(student, rng):
    """The order of the images is random, and a new one in each epoch."""
    lesson = Lesson(student, rng, count=128, epochs=2)
    first, second = lesson.epoch(0), lesson.epoch(1)
    hint = "Draw the permutation inside the loop over epochs."
    expect(len(first) > 1, "no step was made", hint)
    expect(not np.array_equal(first, np.sort(first)), "the images came in their own order", hint)
    expect(not np.array_equal(first, second), "two epochs had the same order", hint)


@check("train_with_lr", points=2)
def steps_are_of_64_images_and_of_lr(student, rng):
    """Mini-batches have 64 images, only an epoch's last has fewer, and each step is of size lr."""
    for lr in (0.25, 7.0):
        lesson = Lesson(student, rng, count=150, epochs=2, lr=lr)
        sizes = [len(rows) for rows in lesson.batches]
        hint = "Slices of 64 of the permutation; the last one takes what is left."
        expect(
            sizes == [64, 64, 22] * 2,
            f"in two epochs 150 images came in batches of {sizes[:6]}",
            hint,
        )
        rates = [r for r in lesson.rates if isinstance(r, (int, float, np.floating))]
        same = len(rates) == len(sizes) and all(abs(rate - lr) < 1e-6 * lr for rate in rates)
        expect(same, "a step was not made with lr", "Hand lr to backward as it is.")


@check("train_with_lr", points=2)
def loss_and_accuracy_are_those_of_all_images(student, rng):
    """After each epoch the loss and the accuracy are those of all images, as they are then."""
    lesson = Lesson(student, rng, count=150, epochs=3)
    loss, acc = lesson.lists()
    rows = np.arange(150)
    hint = "One forward pass over all images after the epoch. No mean over batches on the way."
    expected = []
    for epoch in range(4):
        chances = softmax(lesson.logits * (3 * epoch / lesson.slowness))
        expected.append(-np.mean(np.log(chances[rows, lesson.targets])))
    close(loss, np.array(expected), what="history['loss']", hint=hint, **NEAR)
    share = np.mean(lesson.logits.argmax(axis=1) == lesson.targets)
    # Before the first step all logits are 0, and the most probable class is whichever is first.
    close(
        acc[1:], np.full(3, share), what="history['acc'] after an epoch",
        hint=hint + " And the accuracy is a share of them.", **NEAR,
    )  # fmt: skip


@check("train_with_lr", points=2)
def goes_on_after_nan(student, rng):
    """When the loss becomes NaN the lists are as long as ever, and the NaN is in them."""
    lesson = Lesson(student, rng, count=150, epochs=5, spoiled_after=4)
    loss, acc = lesson.lists()
    hint = "Note the loss as it is, and leave no epoch out."
    expect(np.all(np.isfinite(loss[:2])), "a loss from before the NaN is not finite", hint)
    expect(not np.any(np.isfinite(loss[2:])), "after the NaN a loss is a finite number", hint)
    expect(np.all((acc[:2] >= 0) & (acc[:2] <= 1)), "an accuracy is no share", hint)


# -------------------------------------------------------------------- diagnose

# Recorded by record_runs.py, which lies beside this file. Edit nothing here: record anew.
HIDDEN_RUNS = """
explodes: learning rate 3, five hidden layers
loss 2.35 nan nan nan nan nan nan nan nan nan
acc .081 .096 .096 .096 .096 .096 .096 .096 .096 .096
val_loss 2.33 nan nan nan nan nan nan nan nan nan
val_acc .086 .101 .101 .101 .101 .101 .101 .101 .101 .101
explodes: L2 so strong that each step overshoots
loss 2.42 1.52e4 7.09e5 3.48e7 1.58e9 7.74e10 3.52e12 1.73e14 7.84e15 3.84e17 1.75e19 8.56e20
acc .084 .099 .092 .099 .092 .099 .092 .099 .092 .099 .092 .099
val_loss 2.4 1.54e4 6.94e5 3.52e7 1.55e9 7.84e10 3.45e12 1.75e14 7.68e15 3.89e17 1.71e19 8.67e20
val_acc .084 .096 .108 .096 .108 .096 .108 .096 .108 .096 .108 .096
explodes: the same, with a hidden layer
loss 2.39 1.18e15 2.92e32 nan nan nan nan nan nan nan nan nan nan nan nan
acc .105 .099 .099 .096 .096 .096 .096 .096 .096 .096 .096 .096 .096 .096 .096
val_loss 2.37 1.18e15 2.92e32 nan nan nan nan nan nan nan nan nan nan nan nan
val_acc .106 .096 .096 .101 .101 .101 .101 .101 .101 .101 .101 .101 .101 .101 .101
explodes: momentum above 1
loss 2.42 4.51 28 194 1.37e3 1.79e4 2.04e5 2.65e6 3.72e7 4.94e8 9.13e9 1.98e11 2.42e12
acc .094 .722 .88 .86 .886 .841 .843 .856 .853 .863 .85 .854 .846
val_loss 2.42 5.1 36.6 281 2.38e3 3.38e4 5.29e5 9.85e6 1.91e8 3.85e9 8.24e10 1.88e12 4.07e13
val_acc .091 .693 .852 .823 .846 .798 .802 .802 .789 .796 .775 .776 .77
explodes: learning rate 30, no hidden layer
loss 2.52 67.4 4.22 49.8 4.11 50.1 2.84 40.8 2.56 74 2.02 1.37 2.47 2.87 1.86 10
acc .097 .507 .901 .613 .906 .639 .925 .639 .925 .514 .937 .954 .919 .914 .931 .815
val_loss 2.51 70.1 6.97 55.2 7.1 60 6.82 46.7 7.2 79.9 6.94 5.83 7.26 8.35 6.96 17
val_acc .108 .483 .868 .568 .867 .587 .881 .608 .864 .485 .869 .888 .862 .844 .868 .755
barely moves: learning rate 0.00001
loss 2.36 2.36 2.36 2.35 2.35 2.35 2.35 2.35 2.35 2.35 2.35
acc .12 .12 .122 .122 .123 .123 .123 .123 .123 .124 .124
val_loss 2.32 2.32 2.32 2.32 2.32 2.32 2.31 2.31 2.31 2.31 2.31
val_acc .138 .138 .138 .138 .138 .139 .14 .14 .141 .141 .142
barely moves: learning rate 0.00003, 20,000 images
loss 2.36 2.34 2.33 2.32 2.3 2.29 2.28
acc .12 .124 .13 .136 .141 .148 .154
val_loss 2.32 2.31 2.29 2.28 2.27 2.26 2.25
val_acc .138 .143 .146 .152 .154 .16 .167
barely moves: learning rate 0.001, all images in one batch
loss 2.36 2.36 2.35 2.35 2.35 2.35 2.35 2.35 2.34 2.34 2.34 2.34 2.34 2.34 2.34 2.33 2.33 2.33 2.33
  2.33 2.33
acc .12 .12 .122 .123 .123 .123 .123 .124 .124 .125 .125 .125 .127 .127 .128 .128 .128 .128 .13 .13
  .131
val_loss 2.32 2.32 2.32 2.32 2.32 2.31 2.31 2.31 2.31 2.31 2.31 2.3 2.3 2.3 2.3 2.3 2.3 2.3 2.29
  2.29 2.29
val_acc .138 .138 .138 .138 .139 .14 .141 .141 .142 .143 .143 .143 .143 .144 .145 .145 .146 .146
  .146 .147 .146
barely moves: six narrow sigmoid layers
loss 2.55 2.37 2.32 2.3 2.3 2.3 2.3 2.3 2.3 2.3 2.3 2.3 2.3 2.3 2.3
acc .087 .087 .11 .11 .113 .113 .113 .113 .11 .11 .113 .11 .113 .113 .113
val_loss 2.51 2.36 2.31 2.3 2.3 2.3 2.3 2.3 2.31 2.3 2.3 2.3 2.3 2.31 2.3
val_acc .095 .095 .11 .11 .102 .102 .102 .102 .11 .11 .102 .11 .102 .102 .102
barely moves: learning rate 0.0003, no hidden layer
loss 2.43 2.42 2.42 2.41 2.4 2.4 2.39 2.39 2.38 2.37 2.37 2.36 2.36 2.35 2.34 2.34 2.33 2.33
acc .084 .086 .088 .088 .088 .093 .096 .098 .099 .103 .107 .108 .111 .111 .111 .113 .116 .117
val_loss 2.4 2.4 2.39 2.38 2.38 2.37 2.37 2.36 2.36 2.35 2.34 2.34 2.33 2.33 2.32 2.32 2.31 2.31
val_acc .084 .085 .086 .09 .097 .1 .103 .104 .106 .109 .108 .111 .113 .116 .118 .119 .122 .126
oscillates: learning rate 2, no hidden layer
loss 2.42 2.06 1.83 .88 .406 .623 1.85 1.04 2.53 .356 .691 1.49 .196 1.59 .899
acc .108 .732 .603 .782 .883 .84 .653 .729 .644 .893 .827 .692 .942 .722 .777
val_loss 2.46 2.48 1.93 1.03 .572 .77 1.83 1.26 2.79 .603 1.02 1.93 .439 1.78 1.2
val_acc .111 .702 .612 .768 .839 .809 .642 .704 .606 .846 .764 .646 .889 .69 .738
oscillates: learning rate 1.5, 2,000 images
loss 2.33 .965 1.92 .406 .28 .666 .988 .475 .148 .258 .154
acc .163 .735 .593 .876 .912 .821 .71 .836 .953 .909 .951
val_loss 2.32 1.07 2.13 .644 .621 .971 1.23 .9 .458 .633 .517
val_acc .165 .721 .567 .824 .84 .767 .669 .772 .874 .829 .857
oscillates: learning rate 8, sigmoid
loss 2.62 2.2 1.2 .881 .724 1.4 2.6 .699 1.77 .32 .31 .371
acc .1 .314 .635 .754 .771 .62 .437 .721 .548 .914 .915 .894
val_loss 2.57 2.22 1.35 1.06 .858 1.49 2.81 .855 1.91 .471 .51 .575
val_acc .111 .315 .59 .702 .755 .602 .427 .705 .525 .871 .867 .851
oscillates: learning rate 1, batches of 8
loss 2.42 1.49 .547 .537 .983 .238 .369 .478 .745 .627 .865 .43 .58
acc .06 .75 .884 .855 .783 .918 .902 .884 .818 .843 .766 .873 .856
val_loss 2.4 2.07 1.27 1.07 1.72 .802 .913 1.26 1.39 1.29 1.81 1.12 1.25
val_acc .071 .689 .79 .78 .704 .826 .821 .764 .735 .745 .632 .757 .75
oscillates: learning rate 1, one hidden layer
loss 2.41 1.07 2.06 .698 .366 1.08 .156 .281 .161 .764
acc .09 .622 .502 .775 .878 .737 .953 .919 .947 .851
val_loss 2.39 1.09 2.34 .858 .605 1.45 .463 .526 .465 1.23
val_acc .098 .605 .463 .749 .821 .677 .864 .868 .87 .78
overfits: 100 images
loss 2.31 2.17 1.94 1.67 1.38 1.1 .854 .642 .467 .344 .244 .166 .117 .085 .055 .035 .022 .016 .012
  .0091 .007 .0053 .0038 .0027 .0019 .0015 .0012 .00097 .00083 .00072 .00064 .00057 .00052 .00047
  .00043 .00039 .00036 .00033 .00031 .00028 .00026 .00025 .00023 .00021 .0002 .00019 .00018 .00017
  .00016 .00016 .00015
acc .13 .24 .46 .6 .66 .75 .83 .89 .93 .95 .98 .99 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
  1 1 1 1 1 1 1 1 1 1 1 1 1 1
val_loss 2.32 2.25 2.13 1.99 1.83 1.67 1.51 1.37 1.25 1.18 1.14 1.13 1.15 1.21 1.27 1.34 1.4 1.48
  1.55 1.6 1.65 1.69 1.73 1.77 1.81 1.85 1.89 1.92 1.96 1.99 2.02 2.05 2.07 2.09 2.11 2.12 2.13 2.14
  2.15 2.16 2.16 2.17 2.17 2.17 2.18 2.18 2.18 2.18 2.18 2.18 2.18
val_acc .138 .181 .297 .398 .463 .508 .541 .575 .612 .622 .639 .646 .644 .636 .638 .641 .641 .637
  .641 .642 .641 .644 .646 .647 .649 .648 .651 .65 .651 .648 .648 .646 .647 .648 .645 .647 .65 .65
  .651 .651 .653 .653 .654 .656 .658 .66 .661 .661 .661 .662 .662
overfits: 200 images, no hidden layer
loss 2.42 1.35 .575 .316 .223 .144 .086 .046 .03 .021 .014 .0097 .0075 .0063 .0055 .005 .0045 .004
  .0036 .0032 .0029 .0027 .0026 .0024 .0023 .0023 .0022 .0022 .0021 .0021 .002 .002 .0019 .0019
  .0019 .0018 .0018 .0018 .0018 .0017 .0017 .0017 .0017 .0017 .0016 .0016 .0016 .0016 .0016 .0016
  .0015
acc .075 .68 .885 .91 .94 .965 .97 .995 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
  1 1 1 1 1 1 1 1 1 1 1 1 1
val_loss 2.4 1.71 1.21 .935 .978 1.07 1.12 1.16 1.21 1.26 1.27 1.27 1.27 1.28 1.28 1.29 1.3 1.31
  1.32 1.33 1.34 1.35 1.36 1.36 1.37 1.38 1.38 1.38 1.39 1.39 1.39 1.39 1.39 1.39 1.39 1.39 1.39
  1.39 1.39 1.39 1.4 1.4 1.4 1.4 1.4 1.4 1.4 1.4 1.4 1.4 1.4
val_acc .084 .497 .636 .721 .716 .721 .727 .733 .742 .738 .739 .742 .743 .747 .747 .746 .746 .747
  .747 .748 .748 .749 .747 .747 .747 .747 .748 .748 .749 .748 .748 .748 .749 .749 .748 .749 .748
  .748 .749 .749 .749 .749 .749 .749 .749 .749 .749 .749 .749 .749 .749
overfits: 500 images, half of the labels wrong
loss 2.38 2.05 1.81 1.65 1.51 1.35 1.26 1.11 1.07 .91 .831 .795 .623 .546 .463 .408 .295 .288 .242
  .229 .16 .169 .142 .11 .093 .073 .06 .058 .05 .042 .039 .035 .033 .031 .029 .027 .024 .023 .022
  .021 .019
acc .134 .388 .466 .504 .526 .58 .606 .656 .694 .736 .746 .758 .862 .852 .908 .91 .958 .952 .968
  .952 .984 .978 .986 .992 .994 .998 .998 .998 .998 1 1 1 1 .998 1 1 1 1 1 1 1
val_loss 2.32 1.97 1.56 1.39 1.35 1.28 1.37 1.27 1.32 1.32 1.45 1.5 1.34 1.45 1.5 1.57 1.47 1.54
  1.54 1.71 1.65 1.67 1.7 1.69 1.77 1.73 1.77 1.78 1.8 1.83 1.83 1.82 1.88 1.9 1.87 1.9 1.92 1.93
  1.93 1.95 1.95
val_acc .138 .433 .603 .652 .634 .669 .585 .648 .583 .609 .524 .479 .549 .54 .533 .528 .531 .491
  .511 .489 .501 .483 .489 .502 .494 .502 .503 .499 .506 .499 .499 .51 .502 .498 .51 .5 .501 .498
  .503 .498 .505
overfits: 150 images
loss 2.43 2.13 1.77 1.37 .918 .569 .382 .256 .175 .117 .081 .045 .023 .016 .0091 .0064 .0044 .0053
  .0044 .002 .0016 .0014 .0012 .0009 .0007 .00055 .00044 .00037 .00032 .00028 .00025 .00022 .00019
  .00018 .00016 .00015 .00015 .00014 .00013 .00012 .00012 .00011 .00011 .0001 9.8e-5 9.4e-5 9.1e-5
  8.8e-5 8.5e-5 8.3e-5 8.1e-5 8e-5 7.8e-5 7.7e-5 7.6e-5 7.5e-5 7.4e-5 7.3e-5 7.2e-5 7.2e-5 7.1e-5
acc .14 .333 .653 .713 .8 .88 .907 .927 .947 .967 .987 .993 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
  1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
val_loss 2.42 2.26 2.05 1.8 1.46 1.18 1.02 .944 .962 1.08 1.3 1.3 1.32 1.33 1.36 1.47 1.59 1.73 1.81
  1.85 1.88 1.91 1.94 1.95 1.96 1.97 1.98 1.99 1.99 2 2.01 2.01 2.02 2.03 2.03 2.04 2.04 2.04 2.05
  2.05 2.05 2.06 2.06 2.06 2.07 2.07 2.07 2.07 2.08 2.08 2.08 2.08 2.09 2.09 2.09 2.09 2.09 2.09
  2.09 2.09 2.09
val_acc .093 .19 .402 .49 .576 .662 .682 .71 .713 .711 .693 .692 .702 .712 .727 .732 .72 .713 .714
  .715 .718 .714 .717 .718 .719 .719 .72 .72 .72 .718 .719 .719 .721 .721 .72 .719 .719 .718 .718
  .719 .719 .72 .721 .721 .72 .72 .72 .719 .719 .718 .718 .718 .718 .718 .719 .719 .721 .721 .72 .72
  .72
overfits: 1,000 images, four labels in ten wrong
loss 2.39 1.84 1.6 1.46 1.32 1.26 1.12 1.07 .975 .887 .798 .699 .652 .567 .517 .423 .352 .293 .254
  .213 .202 .155 .14 .109 .103 .097 .084 .087 .064 .059 .05 .043 .038 .039 .032 .03 .027 .024 .023
  .021 .021
acc .112 .435 .54 .575 .628 .628 .671 .675 .71 .736 .774 .8 .845 .839 .87 .909 .925 .939 .956 .962
  .971 .975 .988 .993 .984 .987 .991 .992 .996 .999 .998 .999 1 1 1 1 1 1 1 1 1
val_loss 2.32 1.62 1.12 1.08 .996 1.02 .892 .926 .937 .901 .912 .895 1.05 .935 1.03 1.03 .986 1.01
  1.08 1.01 1.09 1.07 1.11 1.11 1.15 1.17 1.18 1.22 1.2 1.24 1.22 1.23 1.25 1.26 1.27 1.31 1.3 1.28
  1.32 1.3 1.3
val_acc .138 .556 .726 .732 .757 .72 .782 .75 .743 .74 .754 .75 .667 .722 .673 .675 .686 .681 .663
  .695 .667 .674 .665 .67 .668 .655 .654 .654 .659 .661 .652 .659 .65 .649 .658 .646 .651 .662 .655
  .656 .657
underfits: a hidden layer of 3
loss 2.38 2.09 1.98 1.89 1.81 1.75 1.7 1.64 1.6 1.56 1.52 1.51 1.45 1.44 1.39 1.36 1.33 1.3 1.26
  1.24 1.22
acc .128 .166 .205 .254 .319 .341 .351 .391 .422 .431 .487 .524 .538 .525 .548 .554 .561 .553 .567
  .572 .579
val_loss 2.38 2.08 1.98 1.9 1.82 1.76 1.72 1.66 1.62 1.59 1.55 1.54 1.48 1.47 1.43 1.4 1.37 1.35
  1.32 1.3 1.28
val_acc .13 .173 .209 .261 .321 .341 .35 .374 .401 .408 .448 .498 .503 .487 .514 .52 .528 .523 .535
  .532 .544
underfits: two sigmoid units
loss 2.61 2.03 1.93 1.87 1.82 1.78 1.74 1.71 1.67 1.64 1.62 1.59 1.57 1.55 1.53 1.51 1.49 1.48 1.46
  1.45 1.44 1.43 1.42 1.41 1.4 1.39 1.38 1.38 1.37 1.36 1.36 1.35 1.35 1.34 1.34 1.34 1.32 1.32 1.34
  1.31 1.31
acc .1 .309 .341 .356 .356 .356 .367 .377 .401 .413 .411 .41 .421 .416 .413 .42 .421 .434 .434 .437
  .437 .441 .442 .445 .448 .446 .445 .451 .451 .454 .458 .476 .476 .48 .483 .494 .493 .489 .477 .494
  .504
val_loss 2.64 2.05 1.95 1.89 1.84 1.81 1.77 1.74 1.7 1.68 1.65 1.63 1.61 1.59 1.58 1.56 1.55 1.53
  1.52 1.51 1.5 1.49 1.48 1.48 1.47 1.46 1.46 1.46 1.45 1.44 1.43 1.42 1.42 1.42 1.41 1.42 1.4 1.4
  1.43 1.39 1.39
val_acc .102 .294 .324 .343 .344 .34 .357 .357 .376 .388 .384 .382 .385 .382 .377 .386 .389 .399
  .395 .394 .398 .405 .402 .412 .413 .41 .41 .408 .416 .42 .424 .438 .436 .442 .441 .444 .447 .456
  .43 .451 .459
underfits: L2 far too strong, no hidden layer
loss 2.42 1.48 1.46 1.46 1.48 1.45 1.46 1.46 1.48 1.49 1.46 1.45 1.45 1.46 1.45 1.44
acc .084 .772 .765 .765 .708 .711 .802 .739 .667 .603 .722 .761 .798 .713 .693 .742
val_loss 2.4 1.5 1.49 1.48 1.5 1.47 1.48 1.48 1.5 1.52 1.49 1.47 1.48 1.48 1.49 1.46
val_acc .084 .761 .741 .755 .696 .693 .78 .723 .664 .581 .697 .752 .792 .693 .677 .739
underfits: a bottleneck of 2
loss 2.44 2.15 2.05 2 1.93 1.89 1.85 1.82 1.8 1.76 1.74 1.7 1.68 1.66 1.65 1.61 1.59 1.57 1.55 1.53
  1.51 1.51 1.47 1.46 1.45 1.41
acc .117 .154 .178 .294 .293 .313 .337 .321 .307 .318 .32 .331 .343 .352 .343 .374 .382 .404 .404
  .424 .437 .44 .447 .46 .441 .471
val_loss 2.44 2.18 2.09 2.03 1.98 1.94 1.91 1.87 1.85 1.81 1.79 1.75 1.73 1.71 1.72 1.67 1.65 1.63
  1.61 1.59 1.57 1.56 1.54 1.52 1.53 1.48
val_acc .101 .133 .157 .271 .266 .287 .306 .31 .288 .311 .321 .319 .339 .333 .324 .354 .373 .392
  .392 .416 .435 .443 .424 .454 .412 .454
underfits: a hidden layer of 2
loss 2.33 2.08 2.02 1.85 1.74 1.66 1.61 1.56 1.51 1.47 1.44 1.41 1.38 1.36 1.34 1.32 1.33 1.28
acc .086 .216 .227 .337 .401 .434 .458 .483 .497 .516 .531 .528 .542 .537 .545 .563 .541 .565
val_loss 2.33 2.08 2.03 1.89 1.78 1.7 1.64 1.6 1.56 1.52 1.49 1.46 1.44 1.42 1.4 1.38 1.39 1.35
val_acc .084 .21 .221 .323 .377 .408 .432 .459 .477 .49 .504 .501 .519 .516 .525 .533 .518 .536
healthy: batches of 32
loss 2.42 .589 .413 .354 .315 .289 .275 .258 .243 .237 .227 .213 .21 .203 .193 .19 .18
acc .094 .858 .894 .905 .918 .923 .926 .933 .937 .939 .94 .945 .945 .947 .948 .95 .955
val_loss 2.42 .613 .452 .4 .364 .343 .332 .317 .309 .304 .299 .289 .286 .281 .274 .273 .265
val_acc .091 .849 .877 .888 .896 .903 .907 .906 .913 .911 .914 .917 .917 .915 .918 .921 .923
healthy: no hidden layer
loss 2.42 .414 .35 .321 .306 .296 .285 .283 .273 .268 .264
acc .084 .893 .908 .914 .918 .921 .926 .925 .926 .93 .931
val_loss 2.4 .444 .389 .364 .349 .346 .334 .337 .328 .324 .321
val_acc .084 .882 .892 .899 .902 .904 .904 .906 .905 .907 .908
healthy: batches of 128
loss 2.41 .483 .358 .312 .284 .266 .247 .233 .22 .212 .205
acc .092 .884 .911 .92 .926 .93 .932 .938 .941 .941 .945
val_loss 2.41 .508 .394 .353 .326 .312 .297 .28 .268 .26 .255
val_acc .089 .871 .895 .902 .908 .914 .919 .923 .928 .929 .93
healthy: sigmoid
loss 2.61 .337 .262 .214 .228 .167 .15 .144 .148 .116 .107 .098 .089 .084 .077 .071 .067 .065 .062
  .058 .051
acc .092 .91 .926 .943 .934 .953 .959 .959 .955 .968 .97 .972 .977 .978 .981 .981 .983 .983 .983
  .985 .99
val_loss 2.57 .378 .309 .265 .296 .225 .217 .21 .224 .185 .178 .176 .165 .162 .154 .15 .148 .148
  .149 .147 .142
val_acc .108 .892 .909 .92 .914 .939 .939 .942 .935 .946 .952 .951 .953 .955 .954 .954 .957 .954
  .956 .958 .956
healthy: a little L2
loss 2.42 .489 .371 .325 .302 .278 .267 .252 .237 .23 .217 .211 .204 .196 .192
acc .073 .881 .906 .915 .921 .926 .927 .932 .934 .936 .943 .945 .946 .95 .95
val_loss 2.41 .516 .409 .372 .355 .327 .318 .306 .289 .287 .271 .266 .26 .254 .248
val_acc .061 .874 .894 .896 .899 .911 .909 .913 .916 .92 .924 .927 .927 .932 .933
"""


def read_runs(text):
    """Return the histories in a text, by kind."""
    runs = {}
    for line in text.strip().splitlines():
        if ": " in line:
            kind = line.partition(": ")[0]
            runs.setdefault(kind, []).append({})
            continue
        words = line.split()
        if words[0] in ("loss", "acc", "val_loss", "val_acc"):
            values = runs[kind][-1].setdefault(words.pop(0), [])
        values.extend(float(word) for word in words)
    return runs


def with_entry(history, key, place, value):
    """Return a history with another value in one place."""
    values = history[key]
    return {**history, key: [*values[:place], value, *values[place + 1 :]]}


def joined(first, second, place):
    """Return the first history up to a place, and then the second without its start."""
    return {key: first[key][:place] + second[key][1:] for key in first}


def cut(history, count):
    """Return the first entries of a history."""
    return {key: values[:count] for key, values in history.items()}


def pieced_together(runs):
    """Return more histories by kind: recorded ones with one thing changed, as clear as those."""
    standing, fast = runs["barely moves"][0], runs["explodes"][3]
    healthy, plain, sigmoid = runs["healthy"][0], runs["healthy"][1], runs["healthy"][3]
    return {
        "explodes": [
            # One image of which the network was sure, and wrong: its loss is infinite.
            with_entry(healthy, "loss", 6, math.inf),
            with_entry(healthy, "val_loss", len(healthy["val_loss"]) - 1, math.inf),
            joined(healthy, fast, 6),
        ],
        # A rate of 0.
        "barely moves": [{key: [values[0]] * 9 for key, values in standing.items()}],
        # A rate that was raised after four epochs, and two trainings that were ended early, when
        # the validation loss was a little above its lowest value.
        "healthy": [joined(standing, healthy, 4), cut(plain, 8), cut(sigmoid, 19)],
    }


RUNS = read_runs(HIDDEN_RUNS)
MADE = pieced_together(RUNS)
ALL_RUNS = {kind: runs + MADE.get(kind, []) for kind, runs in RUNS.items()}
STOPPED = len(RUNS)


@probe
def named(student, histories, kinds):
    """Return what each history is called, as its place among the kinds."""
    said = []
    for history in histories:
        try:
            answer = student.diagnose(history)
        except Exception:
            said.append(len(kinds))
            continue
        known = isinstance(answer, str) and answer in kinds
        said.append(kinds.index(answer) if known else len(kinds) + 1)
    return said


def name_runs(student, kind, decoys, hint):
    """Demand that all hidden runs of a kind are named so, and not those of another kind."""
    kinds = list(ALL_RUNS)
    right = [kinds.index(k) for k, runs in ALL_RUNS.items() for _ in runs]
    histories = [history for runs in ALL_RUNS.values() for history in runs]
    # All runs are named, so that a mistake can be known by all that it confuses.
    said = student.run(named, histories, kinds)
    own = kinds.index(kind)
    of_this_kind = [i for i, k in enumerate(right) if k == own]
    for i in of_this_kind:
        if said[i] == STOPPED:
            student.diagnose(histories[i])  # stops again, and says why
    words = [*map(repr, kinds), "an error", "something that is not in the list"]
    wrong = [said[i] for i in of_this_kind if said[i] != own]
    expect(
        not wrong,
        f"{len(wrong)} of {len(of_this_kind)} such runs were called something else: "
        + ", ".join(sorted({words[answer] for answer in wrong})),
        hint,
    )
    others = [said[i] for i, k in enumerate(right) if k == kinds.index(decoys)]
    false = others.count(own)
    seen = f"{false} of {len(others)} runs of quite another kind were called {kind!r} too"
    expect(not false, seen, hint)


@check("diagnose", points=3)
def explosions_are_named(student, rng):
    """Trainings that the function has not seen and that explode are called so."""
    hint = "Every comparison with NaN is False. One entry of either loss that is not finite is "
    hint += "enough. And not every explosion ends in NaN, or begins at once."
    name_runs(student, "explodes", "healthy", hint)


@check("diagnose", points=3)
def standstill_is_named(student, rng):
    """Trainings that the function has not seen and that barely move are called so."""
    hint = "How large is the last training loss, as a share of the first? The causes differ."
    name_runs(student, "barely moves", "healthy", hint)


@check("diagnose", points=3)
def oscillation_is_named(student, rng):
    """Trainings that the function has not seen and that oscillate are called so."""
    hint = "How often does the training loss rise by an amount that one can see?"
    name_runs(student, "oscillates", "healthy", hint)


@check("diagnose", points=3)
def overfitting_is_named(student, rng):
    """Trainings that the function has not seen and that overfit are called so."""
    hint = "Compare the last validation loss with the lowest."
    name_runs(student, "overfits", "healthy", hint)


@check("diagnose", points=3)
def underfitting_is_named(student, rng):
    """Trainings that the function has not seen and that underfit are called so."""
    hint = "They have learned something, and stop. Look at the last training accuracy."
    name_runs(student, "underfits", "healthy", hint)


@check("diagnose", points=2)
def health_is_named(student, rng):
    """Trainings that the function has not seen and that are healthy are called so."""
    hint = "A small rise and a small gap are normal. How large, and how often?"
    name_runs(student, "healthy", "explodes", hint)


@probe
def histories_after_diagnosis(student, histories):
    for history in histories:
        student.diagnose(history)
    return histories


@check("diagnose", points=1)
def histories_are_left_alone(student, rng):
    """The lists that come in are unchanged afterwards."""
    given = [runs[0] for runs in RUNS.values()]
    after = student.run(histories_after_diagnosis, given)
    for now, before in zip(after, given, strict=True):
        same = now.keys() == before.keys() and all(
            np.array_equal(now[key], before[key], equal_nan=True) for key in before
        )
        expect(same, "a history was changed by the call", "sort, pop and append change a list.")


# ----------------------------------------------------------- overfit_one_batch


@probe
def one_batch(student, x, y, lr, steps, chances):
    """Run the test on a model whose probabilities of the right class are handed in."""
    seen = []

    class Scripted:
        steps = 0

        def forward(self, X):
            self.batch = np.array(X)
            rows, right = self.batch[:, 0].astype(int), self.batch[:, 1].astype(int)
            chance = chances[min(self.steps, len(chances) - 1)][rows]
            p = np.repeat((1 - chance)[:, np.newaxis] / 2, 3, axis=1)
            p[np.arange(len(rows)), right] = chance
            return p

        def backward(self, targets, lr):
            seen.append((self.batch[:, 0], np.array(targets), lr))
            self.steps += 1

        def predict(self, X):
            return self.forward(X).argmax(axis=1)

    return student.overfit_one_batch(Scripted(), x, y, lr, steps), seen


def heart(student, rng, chances, *, lr=0.25, count=50):
    """Return losses, passed, the steps that were made, and the targets."""
    targets = rng.integers(3, size=count)
    x = np.stack([np.arange(count), targets], axis=1).astype(float)
    chances = [np.broadcast_to(np.asarray(c, dtype=float), (count,)).copy() for c in chances]
    steps = len(chances) - 1
    same_draws(student, rng)
    found, seen = student.run(one_batch, x, targets, lr, steps, chances)
    hint = "Return losses, a list, and passed, True or False."
    pair = isinstance(found, (tuple, list)) and len(found) == 2
    expect(pair, "overfit_one_batch does not return two things", hint)
    passed = found[1]
    expect(isinstance(passed, (bool, np.bool_)), "passed is neither True nor False", hint)
    return numbers(found[0], "losses", hint), bool(passed), seen, targets


@check("overfit_one_batch", points=3)
def losses_from_before_the_first_step_to_after_the_last(student, rng):
    """The losses are those of the batch before the first step and after each step."""
    chances = [rng.uniform(0.1, 0.9, size=50) for _ in range(6)]
    losses, _, _, _ = heart(student, rng, chances)
    hint = "Look before each step, and once more at the end: at the 32 images only."
    expect(len(losses) == 6, f"{len(losses)} losses came back from 5 steps", hint)
    expected = np.array([-np.mean(np.log(c[:32])) for c in chances])
    close(losses, expected, what="losses", hint=hint, **NEAR)


@check("overfit_one_batch", points=2)
def every_step_is_on_the_same_images(student, rng):
    """Each step is made with lr on the first 32 images and their targets, or all if fewer."""
    hint = "Cut x and y once, before the loop, and go on with what you have cut."
    for count in (50, 20):
        size = min(count, 32)
        _, _, seen, targets = heart(student, rng, [0.4] * 5, count=count, lr=0.75)
        expect(len(seen) == 4, f"{len(seen)} steps were made, and 4 were asked for", hint)
        for rows, given, rate in seen:
            same = np.array_equal(rows, np.arange(size))
            expect(same, f"a step was not made on the first {size} of {count} images", hint)
            own = np.array_equal(given, targets[:size])
            expect(own, "the targets of a step were not those of its images", hint)
            real = isinstance(rate, (int, float, np.floating)) and abs(rate - 0.75) < 1e-6
            expect(real, "a step was not made with lr", "Hand lr to backward as it is.")


@check("overfit_one_batch", points=2)
def learned_by_heart_passes(student, rng):
    """A model passes that has a low loss in the end and all of its 32 images right."""
    others = np.full(50, 0.97)
    others[32:] = 0.01
    hint = "Only the first 32 images count, and only the end."
    ends = [np.full(50, 0.99), others]
    scripts = [[0.3, 0.2, 0.5, end] for end in ends] + [[0.95, 0.97, 0.98, 0.99]]
    # All are run before one is judged, so that a mistake can be known by all of them.
    passed = [heart(student, rng, chances)[1] for chances in scripts]
    expect(all(passed), "a model that knows its 32 images by heart did not pass", hint)


@check("overfit_one_batch", points=2)
def what_is_not_learned_fails(student, rng):
    """A model fails whose last loss is 0.1 or more, or that has an image wrong."""
    hint = "Both conditions must hold in the end: the loss below 0.1, and all images right."
    one_wrong = np.full(50, 0.999)
    one_wrong[int(rng.integers(32))] = 0.25
    cases = [
        ([0.3, 0.5, 0.8, 0.85], "all images right, and a last loss that is too high,"),
        ([0.3, 0.5, 0.8, one_wrong], "a low loss, and one of 32 images wrong,"),
        ([0.3, 0.99, 0.99, 0.5], "a low loss on the way, and a high one in the end,"),
        ([0.34, 0.34, 0.34, 0.34], "a loss that never moved"),
    ]
    passed = [heart(student, rng, chances)[1] for chances, _ in cases]
    for (_, what), one in zip(cases, passed, strict=True):
        expect(not one, f"a model with {what} passed", hint)


@check("overfit_one_batch", points=1)
def nan_fails(student, rng):
    """A model whose loss becomes NaN fails, without an error, and the NaN is in the list."""
    losses, passed, _, _ = heart(student, rng, [0.3, 0.9, np.nan, np.nan, np.nan])
    expect(not passed, "a model whose loss is NaN passed", "nan < 0.1 and nan > 0.1 are False.")
    expect(len(losses) == 5, f"{len(losses)} losses came back from 4 steps", None)
    expect(np.isnan(losses[-1]), "the last loss is not the NaN that it should be", None)


# -------------------------------------------------------------- gradient_norms

BENDS = {"relu": relu, "sigmoid": logistic}


def norms_and_expected(student, rng, sizes, batch, activation, scale=1.0):
    """Return the student's norms of a random network, and the right ones."""
    if activation == "relu":
        weights, biases, x = draw_lively(rng, sizes, batch, scale)
    else:
        weights, biases = draw_parameters(rng, sizes, scale)
        x = draw_images(rng, batch, sizes[0])
    weights, biases = [w.astype(float) for w in weights], [b.astype(float) for b in biases]
    x = x.astype(float)
    targets = rng.integers(sizes[-1], size=batch)
    found = student.gradient_norms(weights, biases, x, targets, activation)
    hint = "One number for each layer, from the first to the last."
    found = numbers(found, "gradient_norms", hint)
    expect(
        len(found) == len(weights),
        f"{len(found)} norms came back for {len(weights)} layers of weights",
        hint,
    )
    bend = BENDS[activation]
    right, _ = gradients(
        lambda w, b: cross_entropy(w, b, x, targets, bend), weights, biases
    )  # fmt: skip
    return found, np.array([math.sqrt(np.sum(g**2)) for g in right])


@check("gradient_norms", points=4)
def norms_with_relu_are_right(student, rng):
    """For a network with ReLU the norms are those of the gradients of the mean cross-entropy."""
    found, right = norms_and_expected(student, rng, (6, 5, 4, 3), 7, "relu")
    close(
        found, right, what="gradient_norms with ReLU", rtol=1e-3,
        hint="The slope of ReLU is 1 or 0. The length is the root of the sum of squares.",
    )  # fmt: skip


@check("gradient_norms", points=4)
def norms_with_sigmoid_are_right(student, rng):
    """For a network with sigmoids the norms are those of the gradients, too."""
    found, right = norms_and_expected(student, rng, (6, 5, 4, 3), 7, "sigmoid")
    close(
        found, right, what="gradient_norms with the sigmoid", rtol=1e-3,
        hint="activation decides in two places: going forward, and for the slope.",
    )  # fmt: skip


@check("gradient_norms", points=1)
def one_layer_and_many(student, rng):
    """A single layer gives one norm; five layers of one size give five, the first layer first."""
    hint = "Each layer has its own weights and activations. The list begins with the first layer."
    for sizes in ((5, 3), (4,) * 6):
        for activation in BENDS:
            found, right = norms_and_expected(student, rng, sizes, 4, activation, scale=0.7)
            what = f"gradient_norms with layers of {list(sizes)}"
            close(found, right, what=what, hint=hint, rtol=1e-3, atol=1e-14)


@check("gradient_norms", points=1)
def a_repeated_batch_has_the_same_norms(student, rng):
    """A batch and the same batch three times over have gradients of one length."""
    weights, biases, x = draw_lively(rng, (5, 4, 3), 6)
    targets = rng.integers(3, size=6)
    found = []
    for times in (1, 3):
        images, classes = np.tile(x, (times, 1)), np.tile(targets, times)
        norms = student.gradient_norms(weights, biases, images, classes, "relu")
        found.append(numbers(norms, "gradient_norms"))
    hint = "The loss is the mean over the batch. Take the length after the mean, and not before."
    close(found[1], found[0], what="gradient_norms of the repeated batch", hint=hint, **NEAR)
    expect(np.all(found[0] > 0), "a norm is 0 where the gradient is not", hint)
    shuffled = np.roll(np.arange(6), 1)
    norms = student.gradient_norms(weights, biases, x[shuffled], targets[shuffled], "relu")
    close(numbers(norms, "gradient_norms"), found[0], what="the same in another order", **NEAR)


@probe
def arguments_after_norms(student, weights, biases, x, targets):
    student.gradient_norms(weights, biases, x, targets, "relu")
    student.gradient_norms(weights, biases, x, targets, "sigmoid")
    return [*weights, *biases, x, targets]


@check("gradient_norms", points=1)
def measuring_changes_nothing(student, rng):
    """Weights, biases, images and targets are unchanged afterwards."""
    weights, biases = draw_parameters(rng, (5, 4, 3))
    x, targets = draw_images(rng, 6, 5), rng.integers(3, size=6)
    after = student.run(arguments_after_norms, weights, biases, x, targets)
    before = [*weights, *biases, x, targets]
    names = ["weights[0]", "weights[1]", "biases[0]", "biases[1]", "x", "targets"]
    expect(len(after) == len(before), "weights and biases were more or fewer afterwards")
    for name, now, then in zip(names, after, before, strict=True):
        expect(
            np.array_equal(now, then),
            f"{name} had other values afterwards",
            "It is a measurement: no step is made. Mind `-=` and `*=`.",
        )


@check("gradient_norms", points=1)
def vanishing_gradients_are_seen(student, rng):
    """In a deep network of sigmoids the norms shrink towards the input, to the right size."""
    sizes = (6, *(5,) * 6, 3)
    found, right = norms_and_expected(student, rng, sizes, 2, "sigmoid", scale=0.4)
    hint = "One slope for each layer that the gradient passes, no more and no less."
    with np.errstate(all="ignore"):
        ratio = found / right
    expect(np.all(np.isfinite(ratio)), "a norm is not a finite number", hint)
    expect(
        np.all(np.abs(ratio - 1) < 1e-2),
        f"{int(np.sum(np.abs(ratio - 1) >= 1e-2))} of {len(right)} norms have another size",
        hint,
    )


# --------------------------------------------------------------- lr_range_test


@probe
def range_test(student, images, targets, rates, batch_size, losses):
    """Sweep with a model whose loss after each step is handed in."""
    seen = []

    class Scripted:
        steps = 0
        weights = None

        def forward(self, X):
            self.batch = np.array(X)
            right = self.batch[:, 1].astype(int)
            chance = np.exp(-losses[min(self.steps, len(losses) - 1)])
            p = np.full((len(right), 3), (1 - chance) / 2)
            p[np.arange(len(right)), right] = chance
            return p

        def backward(self, targets, lr):
            seen.append((self.batch[:, 0], np.array(targets), lr))
            self.steps += 1
            self.weights[0] -= 1.0  # in place, so a shallow copy shows
            self.biases = [b - 1.0 for b in self.biases]

        def predict(self, X):
            return self.forward(X).argmax(axis=1)

    model = Scripted()
    model.weights, model.biases = [np.zeros((2, 2))], [np.zeros(2)]
    found = student.lr_range_test(model, images, targets, rates, batch_size)
    return found, seen, (model.steps, model.weights[0], model.biases[0])


class Sweep:
    """A range test with a script, and what came of it."""

    def __init__(self, student, rng, losses, rates=None, *, count=60, batch_size=16):
        self.rates = np.geomspace(1e-4, 10, len(losses)) if rates is None else rates
        self.targets = rng.integers(3, size=count)
        images = np.stack([np.arange(count), self.targets], axis=1).astype(float)
        found, self.steps, self.left = student.run(
            range_test, images, self.targets, self.rates, batch_size, [float(x) for x in losses]
        )
        hint = "Return a dictionary with lr, loss and best."
        keys = isinstance(found, dict) and {"lr", "loss", "best"} <= set(found)
        expect(keys, "lr_range_test does not return a dictionary with lr, loss and best", hint)
        self.tried = numbers(found["lr"], "the list lr", hint)
        self.losses = numbers(found["loss"], "the list loss", hint)
        best = found["best"]
        real = isinstance(best, (int, float, np.floating, np.ndarray)) and np.ndim(best) == 0
        expect(real, "best is not a number", hint)
        self.best = float(best)


# A loss that is level, falls, and runs away; none is four times as large as one before it.
FALLING = [2.3, 2.3, 2.29, 2.25, 2.1, 1.7, 1.2, 0.9, 0.8, 0.85, 1.1, 1.6, 2.4, 3.0]


@check("lr_range_test", points=2)
def each_rate_has_its_loss(student, rng):
    """Rates and losses are noted in pairs, each loss before the step with its rate."""
    sweep = Sweep(student, rng, FALLING)
    hint = "Note the loss first, then make the step with this rate."
    count = len(FALLING)
    close(sweep.tried, sweep.rates, what="the list lr", hint=hint, rtol=1e-5)
    close(sweep.losses, np.array(FALLING), what="the list loss", hint=hint, **NEAR)
    used = [rate for _, _, rate in sweep.steps if isinstance(rate, (int, float, np.floating))]
    enough = len(used) == len(sweep.steps) and len(used) in (count - 1, count)
    expect(enough, f"{len(sweep.steps)} steps were made for {count} rates", hint)
    close(np.array(used), sweep.rates[: len(used)], what="the rates of the steps", rtol=1e-5)


@check("lr_range_test", points=2)
def stops_when_the_loss_runs_away(student, rng):
    """The test ends at the first loss that is not finite or four times the smallest before it."""
    hint = "The loss that ends the test is the last in the list, and no step follows it."
    stops = [
        ([2.3, 2.0, 1.0, 1.5, 3.9, 4.5, 1.0, 1.0], 6, "more than four times the smallest"),
        ([2.3, 2.0, 1.0, np.nan, 1.0, 1.0, 1.0], 4, "not a number"),
        ([2.3, 5.0, 9.0, 9.3, 9.0, 9.0], 4, "more than four times the smallest"),
    ]
    # All are run before one is judged, so that a mistake can be known by all of them.
    sweeps = [Sweep(student, rng, losses) for losses, _, _ in stops]
    for sweep, (_, ends, what) in zip(sweeps, stops, strict=True):
        counts = len(sweep.tried), len(sweep.losses)
        expect(
            counts == (ends, ends),
            f"the loss number {ends} was {what}, and the lists have {counts} entries",
            hint,
        )
        expect(len(sweep.steps) == ends - 1, f"{len(sweep.steps)} steps were made", hint)


@check("lr_range_test", points=2)
def best_is_well_below_the_turn(student, rng):
    """`best` lies below the rate of the lowest loss, and not below a hundredth of it."""
    hint = "A tenth of the rate at which the loss was lowest. Mind NaN when you look for it."
    wild = [2.3, 2.29, 2.2, 1.5, 0.9, 1.0, 1.2, 1.3, 1.5, 1.6, 1.7, 1.8, 2.0, 2.1, 2.2, np.nan]
    fast = [2.3, 2.3, 2.2, 1.9, 1.0, 0.7, 0.75, 1.5, 30.0]
    for losses in (FALLING, wild, fast):
        sweep = Sweep(student, rng, losses)
        turn = sweep.rates[int(np.nanargmin(losses))]
        share = sweep.best / turn
        expect(np.isfinite(share), "best is not a finite number", hint)
        expect(share < 0.999, "best is as high as the rate of the lowest loss, or higher", hint)
        expect(share > 0.00999, "best is less than a hundredth of the rate at the turn", hint)


@check("lr_range_test", points=1)
def batches_follow_each_other(student, rng):
    """Each step takes the next `batch_size` images and their targets, and then begins again."""
    hint = "Images 0 to 15, 16 to 31, 32 to 47, and again from 0: 60 images have three batches, "
    hint += "and so have 48."
    for count in (60, 48):
        sweep = Sweep(student, rng, [2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6], count=count)
        follow(sweep, hint)


def follow(sweep, hint):
    """Demand that the steps of a sweep were made on the batches in their order."""
    expect(len(sweep.steps) >= 7, f"{len(sweep.steps)} steps were made for 8 rates", hint)
    for number, (rows, given, _) in enumerate(sweep.steps):
        start = 16 * (number % 3)
        same = np.array_equal(rows, np.arange(start, start + 16))
        expect(same, f"step {number + 1} was made on other images", hint)
        own = np.array_equal(given, sweep.targets[start : start + 16])
        expect(own, f"the targets of step {number + 1} were not those of its images", hint)


@check("lr_range_test", points=1)
def the_model_is_left_as_it_was(student, rng):
    """The model that comes in is unchanged afterwards, also its arrays."""
    sweep = Sweep(student, rng, FALLING)
    steps, weights, biases = sweep.left
    hint = "copy.deepcopy copies the arrays too; copy.copy and = do not."
    same = steps == 0 and not np.any(weights) and not np.any(biases)
    expect(same, "the model that was handed in had been trained", hint)
    expect(len(sweep.steps) > 0, "no step was made on the copy either", hint)
