"""Hidden checks of lab 5.

The expected values come from here: files are packed byte by byte, networks and trainings are
computed in plain NumPy, and early stopping is read from the whole list of losses at once. No check
uses the images, and none uses the student's answer to another exercise.

Tolerances. The library's layers compute in float32, which keeps seven digits. Values are compared
to a thousandth of their size; the mildest named fault is wrong by more than a per cent.
"""

import gzip
import math
from itertools import pairwise

import numpy as np

from autograder.checks import check, close, expect, forbid, probe

NEAR = {"rtol": 1e-3, "atol": 1e-5}


# ------------------------------------------------------------------- shortcuts

forbid(
    "read_idx",
    "course_utils.read_label_file",
    "course_utils.read_image_file",
    "course_utils.data.idx.read_label_file",
    "course_utils.data.idx.read_image_file",
    "course_utils.data.idx.parse_labels",
    "course_utils.data.idx.parse_images",
    "torchvision.datasets.mnist.read_label_file",
    "torchvision.datasets.mnist.read_image_file",
    "idx2numpy.convert_from_file",
    says="This exercise asks you to read the bytes yourself.",
)
forbid(
    "split",
    "course_utils.train_validation_test_split",
    "course_utils.data.splits.train_validation_test_split",
    "course_utils.training.split_mnist",
    "course_utils.training.experiments.split_mnist",
    says="This exercise asks you to divide the rows yourself, with scikit-learn or NumPy.",
)
forbid(
    "softmax_regression",
    "course_utils.SoftmaxRegression",
    "course_utils.training.SoftmaxRegression",
    "course_utils.training.models.SoftmaxRegression",
    "course_utils.training.make_model",
    "course_utils.training.models.make_model",
    says="This exercise asks you to build the model yourself, from the layers in nn.",
)
forbid(
    "deep_net",
    "course_utils.DeepBigSimpleNet",
    "course_utils.training.DeepBigSimpleNet",
    "course_utils.training.models.DeepBigSimpleNet",
    "course_utils.training.make_model",
    "course_utils.training.models.make_model",
    says="This exercise asks you to build the model yourself, from the layers in nn.",
)
forbid(
    "schedules",
    "course_utils.learning_rates",
    "course_utils.optim.schedules.learning_rates",
    "course_utils.optim.schedules.by_name.learning_rates",
    "course_utils.CosineAnnealingLR",
    "course_utils.optim.schedules.CosineAnnealingLR",
    "course_utils.WarmupCosine",
    "course_utils.optim.schedules.WarmupCosine",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    says="This exercise asks you to compute the rates yourself, by the formulas.",
)
forbid(
    "early_stopper",
    "course_utils.EarlyStopper",
    "course_utils.training.EarlyStopper",
    "course_utils.training.early_stopping.EarlyStopper",
    "course_utils.EarlyStopping",
    "course_utils.training.EarlyStopping",
    "course_utils.training.early_stopping.EarlyStopping",
    says="This exercise asks you to write the rule yourself.",
)
forbid(
    "evaluator",
    "course_utils.evaluate",
    "course_utils.training.evaluate",
    "course_utils.training.evaluation.evaluate",
    says="This exercise asks you to write the evaluation yourself.",
)
forbid(
    "tracker",
    "course_utils.ExperimentTracker",
    "course_utils.tracking.ExperimentTracker",
    "course_utils.tracking.tracker.ExperimentTracker",
    "course_utils.WandbTracker",
    "course_utils.tracking.WandbTracker",
    says="This exercise asks you to write the tracker yourself, with dictionaries and pandas.",
)
forbid(
    "manager",
    "course_utils.TrainingManager",
    "course_utils.training.TrainingManager",
    "course_utils.training.manager.TrainingManager",
    "course_utils.run_experiments",
    "course_utils.training.run_experiments",
    "course_utils.training.experiments.run_experiments",
    "course_utils.training.train_epoch",
    "course_utils.training.steps.train_epoch",
    "course_utils.training.run.Run",
    says="This exercise asks you to write the training loop yourself.",
)


# ------------------------------------------------------------------ references


def log_chances(logits):
    """Return the logarithms of the softmax of each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def loss_and_accuracy(logits, y):
    """Return the mean cross-entropy and the share of right answers."""
    chosen = log_chances(logits)[np.arange(len(y)), y]
    return -chosen.mean(), np.mean(logits.argmax(axis=1) == y)


def is_number(value):
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def numbers(found, count, what):
    """Return a list of `count` numbers as an array; fail if it is none."""
    fine = isinstance(found, (list, tuple, np.ndarray)) and len(found) == count
    expect(fine, f"{what}: expected a list of {count} numbers", None)
    expect(all(is_number(value) for value in found), f"{what}: not all entries are numbers")
    return np.array(found, dtype=float)


# -------------------------------------------------------------------- read_idx


def four(number):
    return bytes((number >> shift) & 255 for shift in (24, 16, 8, 0))


def label_file(labels):
    return four(2049) + four(len(labels)) + bytes(labels.tolist())


def image_file(images):
    header = b"".join(four(length) for length in images.shape)
    return four(2051) + header + bytes(images.ravel().tolist())


@probe
def read_file(student, kind, name, content, as_path):
    import os
    import pathlib
    import tempfile

    read = student.read_label_file if kind == "label" else student.read_image_file
    with tempfile.TemporaryDirectory() as made:
        folder = os.path.realpath(made)
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        try:
            return "array", read(pathlib.Path(path) if as_path else path)
        except Exception as error:
            if isinstance(error, NotImplementedError) or type(error).__name__ == "StudentError":
                raise
            kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
            # The folder's name is another one each time, and says nothing.
            return kind, str(error).replace(folder + os.sep, "")[:2000]


def array_of(student, kind, name, content, as_path=False):
    """Return the array of a good file; fail where it is refused."""
    status, found = student.run(read_file, kind, name, content, as_path)
    expect(
        status == "array",
        f"a good {kind} file was refused with {status}: {str(found)[:150]}",
        "Which byte counts most? And what does the header of this kind of file hold?",
    )
    return found


def draw_images(rng, count):
    return rng.integers(0, 256, size=(count, 3, 5)).astype(np.uint8)


@check("read_idx", points=2)
def four_bytes_are_big_endian(student, rng):
    """get_int gives the number that four bytes stand for, the first byte counting most."""
    for number in (0, 1, 2049, 60000, 0x01020304, 0xF0E0D0C0, int(rng.integers(2**31))):
        found = student.get_int(four(number))
        expect(
            isinstance(found, (int, np.integer)) and not isinstance(found, bool),
            "get_int does not return a whole number",
            "Four bytes become one int.",
        )
        expect(
            int(found) == number,
            f"get_int gives {found} for the bytes {list(four(number))}",
            "The first byte counts 256 * 256 * 256, and the last one counts 1. No number in a "
            "header is negative.",
        )


@check("read_idx", points=2)
def labels_are_read(student, rng):
    """A label file gives its labels, all of them and in their order, as uint8."""
    for count, as_path in ((7, True), (300, False)):
        labels = rng.integers(0, 10, size=count).astype(np.uint8)
        found = array_of(student, "label", "labels", label_file(labels), as_path)
        hint = "The header of a label file has 8 bytes; then comes one byte for each label."
        close(found, labels, dtype=np.uint8, what="the labels", hint=hint)


@check("read_idx", points=2)
def images_are_read(student, rng):
    """An image file gives an array (n, rows, columns) of uint8, also where these differ."""
    for count, as_path in ((2, True), (300, False)):
        images = draw_images(rng, count)
        found = array_of(student, "image", "images", image_file(images), as_path)
        hint = "The header of an image file has 16 bytes. Pixels come row by row."
        close(found, images, dtype=np.uint8, what="the images", hint=hint)


@check("read_idx", points=2)
def gzipped_files_are_read(student, rng):
    """A gzipped file gives what the plain one would."""
    labels, images = rng.integers(0, 10, size=9).astype(np.uint8), draw_images(rng, 4)
    for kind, right, content in (
        ("label", labels, label_file(labels)),
        ("image", images, image_file(images)),
    ):
        for as_path in (False, True):
            name = f"some-{kind}s-ubyte.gz"
            found = array_of(student, kind, name, gzip.compress(content), as_path)
            close(found, right, what=f"the {kind}s of a gzipped file")


@check("read_idx", points=2)
def another_magic_number_is_refused(student, rng):
    """A file with another magic number is a ValueError that names the file and the number."""
    labels, images = rng.integers(0, 10, size=24).astype(np.uint8), draw_images(rng, 2)
    # Its lengths fit both kinds, so that the magic number alone is wrong.
    body = four(8) + bytes(8)
    files = (
        ("label", 2051, four(2051) + body),
        ("image", 2049, label_file(labels)),
        ("label", 2048, four(2048) + body),
        ("image", 2050, four(2050) + image_file(images)[4:]),
        ("image", 50331648, four(50331648) + image_file(images)[4:]),
    )
    for kind, magic, content in files:
        name = f"suspicious-{int(rng.integers(10**6))}"
        status, text = student.run(read_file, kind, name, content, False)
        about = f"a {kind} file with the magic number {magic}"
        expect(status != "array", f"{about} was read as if it were right", "Compare it first.")
        expect(status == "ValueError", f"{about} gave {status}", "Raise a ValueError.")
        named = name in str(text)
        expect(named, f"for {about} the error does not name the file", "Put the path into it.")
        hint = "Whoever reads it wants to know what kind of file this is instead."
        said = str(magic) in str(text).replace(",", "").replace("_", "")
        expect(said, f"for {about} the error does not say that number", hint)


@check("read_idx", points=2)
def a_wrong_length_is_refused(student, rng):
    """A file with fewer or more bytes than promised is a ValueError that names the file."""
    labels, images = rng.integers(0, 10, size=24).astype(np.uint8), draw_images(rng, 6)
    whole = {"label": label_file(labels), "image": image_file(images)}
    hint = "Compare the number of bytes with the one that follows from the header, and raise a "
    hint += "ValueError with the path where they differ."
    for kind, content in whole.items():
        # Six images of 15 pixels: without 15, 30 or 45 bytes there are whole images left.
        for change in (-1, -15, -45, 1, 15):
            changed = content[:change] if change < 0 else content + bytes(change)
            if len(changed) < 8:
                continue
            name = f"suspicious-{int(rng.integers(10**6))}"
            status, text = student.run(read_file, kind, name, changed, False)
            how = "fewer" if change < 0 else "more"
            about = f"a {kind} file with {abs(change)} bytes {how} than promised"
            expect(status != "array", f"{about} was read as if it were right", hint)
            expect(status == "ValueError", f"{about} gave {status}", hint)
            expect(name in str(text), f"for {about} the error does not name the file", hint)


# ----------------------------------------------------------------------- split


def six_of(student, count, **options):
    """Return the six parts of rows that carry their own number; fail if they are no arrays."""
    y = np.arange(count)
    x = np.stack([y, -2.0 * y], axis=1).astype(np.float32)
    found = student.split_data(x, y, **options)
    six = isinstance(found, (list, tuple)) and len(found) == 6
    hint = "Return x_train, y_train, x_val, y_val, x_test, y_test."
    expect(six and all(isinstance(part, np.ndarray) for part in found), "not six arrays", hint)
    for place, part in enumerate(found):
        wanted = 2 if place % 2 == 0 else 1
        expect(
            part.ndim == wanted,
            f"the result has shape {part.shape} in place {place}, expected "
            + ("images (n, 2)" if wanted == 2 else "labels (n,)"),
            hint,
        )
    return list(found)


@check("split", points=1)
def a_fifth_and_again_a_fifth(student, rng):
    """By default 70,000 rows become 44,800, 11,200 and 14,000, and 500 become 320, 80 and 100."""
    for count, wanted in ((500, (320, 80, 100)), (70_000, (44_800, 11_200, 14_000))):
        six = six_of(student, count)
        sizes = tuple(len(part) for part in six[1::2])
        expect(
            sizes == wanted,
            f"{count} rows become {sizes} for training, validation and test",
            "The validation set is a fifth of the rows that the test set leaves.",
        )


@check("split", points=1)
def both_sizes_are_arguments(student, rng):
    """test_size is the part of all rows, val_size the part of the rows that are left."""
    for test_size, val_size, wanted in ((0.25, 0.5, (150, 150, 100)), (0.5, 0.1, (180, 20, 200))):
        six = six_of(student, 400, test_size=test_size, val_size=val_size)
        sizes = tuple(len(part) for part in six[1::2])
        expect(
            sizes == wanted,
            f"400 rows with test_size={test_size} and val_size={val_size} become {sizes}",
            "The test set is drawn first, from all rows.",
        )


@check("split", points=2)
def images_keep_their_labels(student, rng):
    """Row n of the images and entry n of the labels belong together, in all three parts."""
    six = six_of(student, 200)
    for name, x, y in zip(("training", "validation", "test"), six[::2], six[1::2], strict=True):
        right = len(x) == len(y) and np.array_equal(x, np.stack([y, -2.0 * y], axis=1))
        hint = "Draw row numbers once, and take images and labels by the same ones."
        expect(right, f"images and labels of the {name} set do not belong together", hint)


@check("split", points=1)
def each_row_is_in_one_part(student, rng):
    """No row is in two parts, and none is lost."""
    six = six_of(student, 200)
    names = ("training", "validation", "test")
    parts = {name: set(y.tolist()) for name, y in zip(names, six[1::2], strict=True)}
    for first, second in (("training", "test"), ("validation", "test"), ("training", "validation")):
        shared = len(parts[first] & parts[second])
        hint = "The validation rows come from those that the test set leaves."
        expect(not shared, f"{shared} of 200 rows are in {first} and {second} set", hint)
    expect(set().union(*parts.values()) == set(range(200)), "some rows are in no part", None)


@check("split", points=1)
def the_seed_decides(student, rng):
    """Rows are drawn at random; the same seed gives the same split, another seed another one."""
    own = six_of(student, 200)
    again, same, other = (six_of(student, 200, **o) for o in ({}, {"seed": 42}, {"seed": 7}))
    for place, name in ((1, "training"), (3, "validation"), (5, "test")):
        hint = "Rows that are near each other in a file are often alike."
        drawn = set(own[place].tolist())
        in_a_row = max(drawn) - min(drawn) + 1 == len(drawn)
        expect(not in_a_row, f"the {name} rows are neighbours and not drawn at random", hint)
        hint = "The argument seed must decide on both draws, and is 42 where it is left out."
        for twin in (again, same):
            expect(np.array_equal(own[place], twin[place]), f"another {name} set each time", hint)
        differs = set(other[place].tolist()) != drawn
        expect(differs, f"another seed gave the same {name} set", hint)


# ---------------------------------------------------------- softmax_regression


@probe
def softmax_regression(student, sizes, options, weight, bias, x, mode, upstream):
    import random

    from course_utils import Tensor, set_seed

    # A check begins by seeding `random`. The library draws from a generator of its own.
    set_seed(random.getrandbits(31))
    model = student.SoftmaxRegression(*sizes, **options)
    shapes = [tuple(p.shape) for p in model.parameters()]
    start = [float(np.abs(p.data).max()) for p in model.parameters()]
    if weight is not None:
        for p in model.parameters():
            if tuple(p.shape) in (weight.shape, bias.shape):
                p.data[...] = weight if p.ndim == 2 else bias
    model.train() if mode == "train" else model.eval()
    logits = model(Tensor(x))
    grads = []
    if upstream is not None:
        logits.backward(upstream.astype(logits.dtype))
        grads = [None if p.grad is None else p.grad.data for p in model.parameters()]
    return {"shapes": shapes, "start": start, "logits": np.asarray(logits), "grads": grads}


def run_regression(student, weight, bias, x, mode="eval", upstream=None, options=None):
    sizes = list(weight.shape[::-1])
    found = student.run(softmax_regression, sizes, options or {}, weight, bias, x, mode, upstream)
    expect(
        sorted(found["shapes"]) == sorted([weight.shape, bias.shape]),
        f"the parameters have the shapes {found['shapes']}",
        "One weight (output_size, input_size) and one bias (output_size,): those of nn.Linear.",
    )
    return found


@check("softmax_regression", points=3)
def logits_are_weighted_sums(student, rng):
    """The outputs are the logits, a linear layer of the images, and not yet probabilities."""
    weight, bias, x = rng.normal(size=(4, 6)), rng.normal(size=4), rng.normal(size=(5, 6))
    for mode in ("eval", "train"):
        found = run_regression(student, weight, bias, x, mode)
        hint = "forward returns x W.T + b. Softmax is part of the loss."
        close(found["logits"], x @ weight.T + bias, what="the logits", hint=hint, **NEAR)


@check("softmax_regression", points=1)
def all_weights_start_at_zero(student, rng):
    """Weights and biases start at zero."""
    found = run_regression(student, np.ones((4, 6)), np.ones(4), np.ones((1, 6)))
    for shape, largest in zip(found["shapes"], found["start"], strict=True):
        what = "weights" if len(shape) == 2 else "biases"
        hint = "The layer draws its own start; write zeros over it."
        expect(largest == 0, f"the {what} do not start at zero", hint)


@check("softmax_regression", points=1)
def gradients_reach_both_parameters(student, rng):
    """Going backward, weight and bias get their gradients."""
    weight, bias, x = rng.normal(size=(4, 6)), rng.normal(size=4), rng.normal(size=(5, 6))
    upstream = rng.normal(size=(5, 4))
    found = run_regression(student, weight, bias, x, "train", upstream)
    for shape, gradient in zip(found["shapes"], found["grads"], strict=True):
        expect(gradient is not None, "a parameter gets no gradient", "Call the layer on Tensors.")
        right = upstream.T @ x if len(shape) == 2 else upstream.sum(axis=0)
        close(gradient, right, what="a gradient", **NEAR)


def pixels_kept(student, rate, options, mode):
    """Return what arrives of images of ones at an identity layer."""
    size = 40
    found = run_regression(
        student, np.eye(size), np.zeros(size), np.ones((200, size)), mode, options=options
    )
    return found["logits"]


@check("softmax_regression", points=1)
def pixels_are_dropped_in_training(student, rng):
    """In training mode a share of dropout_rate of the pixels is dropped, anew for each image."""
    for rate in (0.25, 0.6):
        arrived = pixels_kept(student, rate, {"dropout_rate": rate}, "train")
        dropped = np.mean(arrived == 0)
        # 8,000 draws: the share varies by 0.006, so 0.04 is seven times that.
        hint = "Dropout comes before the linear layer, with the rate that is handed in."
        seen = f"with dropout_rate={rate} a share of {dropped:.2f} of the pixels was dropped"
        expect(abs(dropped - rate) < 0.04, seen, hint)
        kept = arrived[arrived != 0]
        close(kept, np.full(kept.shape, 1 / (1 - rate)), what="what is kept", hint=hint, **NEAR)
        expect(np.any(arrived[0] != arrived[1]), "all images lose the same pixels", hint)


@check("softmax_regression", points=1)
def no_pixel_is_dropped_in_use(student, rng):
    """Nothing is dropped in evaluation mode, nor where dropout_rate is left out."""
    for options, mode in (({"dropout_rate": 0.5}, "eval"), ({}, "train")):
        arrived = pixels_kept(student, 0.5, options, mode)
        hint = "nn.Dropout knows the mode if it is an attribute of the module. Its default is 0."
        expect(np.allclose(arrived, 1), f"pixels were dropped in {mode} mode with {options}", hint)


# -------------------------------------------------------------------- deep_net


@probe
def deep_net(student, arguments, settings, x, mode):
    import random

    from course_utils import Tensor, set_seed

    set_seed(random.getrandbits(31))
    given = [list(a) if isinstance(a, list) else a for a in arguments.values()]
    model = student.DeepBigSimpleNet(**dict(zip(arguments, given, strict=True)))
    kinds = {"Linear": [], "BatchNorm1d": [], "Dropout": []}
    for _, module in model.named_modules():
        name = type(module).__name__
        if name in kinds and all(module is not other for other in kinds[name]):
            kinds[name].append(module)
    linears, norms = kinds["Linear"], kinds["BatchNorm1d"]
    out = {
        "shapes": [tuple(layer.weight.shape) for layer in linears],
        "norms": [int(norm.n) for norm in norms],
        "unchanged": given == list(arguments.values()),
        "parameters": int(sum(p.size for p in model.parameters())),
    }
    if mode == "look":
        return out
    out["start"] = [
        (
            float(layer.weight.data.std()),
            float(layer.weight.data.mean()),
            0.0 if layer.bias is None else float(np.abs(layer.bias.data).max()),
        )
        for layer in linears
    ]
    if x is None:
        return out
    same = len(linears) == len(settings["weights"]) and len(norms) == len(settings["norms"])
    if not same:
        return out
    for layer, weight, bias in zip(linears, settings["weights"], settings["biases"], strict=True):
        if tuple(layer.weight.shape) != weight.shape:
            return out
        layer.weight.data[...] = weight
        if layer.bias is not None:
            layer.bias.data[...] = bias
    for norm, (scale, shift, mean, variance) in zip(norms, settings["norms"], strict=True):
        if norm.n != len(scale):
            return out
        norm.weight.data[...] = scale
        norm.bias.data[...] = shift
        norm.running_mean[...] = mean
        norm.running_var[...] = variance
    model.train() if mode == "train" else model.eval()
    out["logits"] = np.asarray(model(Tensor(x)))
    return out


def draw_net(rng, sizes):
    """Return weights, biases and statistics for a network; hidden biases are zero.

    They cancel in the normalisation, so a network may well leave them out.
    """
    pairs = list(pairwise(sizes))
    weights = [rng.normal(size=(n_out, n_in)) for n_in, n_out in pairs]
    biases = [np.zeros(n_out) for _, n_out in pairs[:-1]] + [rng.normal(size=sizes[-1])]
    norms = [
        (rng.normal(size=n), rng.normal(size=n), rng.normal(size=n), rng.uniform(0.5, 2, n))
        for n in sizes[1:-1]
    ]
    return {"weights": weights, "biases": biases, "norms": norms}


def net_logits(net, x, training):
    """Return the logits of the blocks, with the batch's statistics or with the kept ones."""
    for weight, bias, norm in zip(
        net["weights"][:-1], net["biases"][:-1], net["norms"], strict=True
    ):
        scale, shift, mean, variance = norm
        z = x @ weight.T + bias
        if training:
            mean, variance = z.mean(axis=0), z.var(axis=0)
        z = scale * (z - mean) / np.sqrt(variance + 1e-5) + shift
        x = np.maximum(z, 0)
    return x @ net["weights"][-1].T + net["biases"][-1]


def net_arguments(sizes, rate):
    return {
        "input_size": sizes[0],
        "hidden_sizes": list(sizes[1:-1]),
        "num_classes": sizes[-1],
        "dropout_rate": rate,
    }


def logits_from(student, sizes, net, x, mode, rate):
    found = student.run(deep_net, net_arguments(sizes, rate), net, x, mode)
    shapes = [weight.shape for weight in net["weights"]]
    expect(
        found["shapes"] == shapes and found["norms"] == list(sizes[1:-1]),
        f"for the sizes {list(sizes)} there are linear layers {found['shapes']} and "
        f"normalisations of {found['norms']} units",
        "One linear layer between two neighbours, and one BatchNorm1d in each block.",
    )
    return found["logits"]


@check("deep_net", points=2)
def layers_join_neighbouring_sizes(student, rng):
    """There is a linear layer between neighbouring sizes; 2500, 2000, 1500 are the default."""
    small = {"input_size": 12, "hidden_sizes": [7, 5, 6], "num_classes": 4}
    for arguments, sizes in (
        (small, [12, 7, 5, 6, 4]),
        ({}, [784, 2500, 2000, 1500, 10]),
    ):
        found = student.run(deep_net, arguments, {}, None, "look")
        wanted = [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
        name = "default sizes" if not arguments else f"sizes {sizes}"
        expect(
            found["shapes"] == wanted,
            f"for the {name} the linear layers have weights {found['shapes']}",
            "Write down [input_size, *hidden_sizes, num_classes]. The defaults are in the card.",
        )
        expect(
            found["norms"] == sizes[1:-1],
            f"for the {name} the normalisations have {found['norms']} units",
            "One BatchNorm1d in each block, and none after the last layer.",
        )


@check("deep_net", points=3)
def blocks_in_evaluation(student, rng):
    """In evaluation mode each block is Linear, BatchNorm with kept statistics, then ReLU."""
    sizes = (6, 9, 7, 4)
    net, x = draw_net(rng, sizes), rng.normal(size=(11, 6))
    found = logits_from(student, sizes, net, x, "eval", 0.5)
    hint = "Linear, then BatchNorm1d, then ReLU, then Dropout; at the end one linear layer alone."
    close(found, net_logits(net, x, False), what="the logits", hint=hint, **NEAR)


@check("deep_net", points=2)
def blocks_in_training(student, rng):
    """In training mode, without dropout, each block normalises by the statistics of the batch."""
    sizes = (6, 9, 7, 4)
    net, x = draw_net(rng, sizes), rng.normal(size=(11, 6))
    found = logits_from(student, sizes, net, x, "train", 0.0)
    hint = "The normalisation stands before the ReLU, and sees what the linear layer gives."
    close(found, net_logits(net, x, True), what="the logits", hint=hint, **NEAR)


@check("deep_net", points=2)
def weights_are_hes(student, rng):
    """All linear layers start with the standard deviation sqrt(2 / n_in) and with zero biases."""
    sizes = (500, 200, 300, 100)
    found = student.run(deep_net, net_arguments(sizes, 0.1), {}, None, "start")
    expect(len(found["start"]) == 3, f"there are {len(found['start'])} linear layers and not 3")
    for number, (n_in, (deviation, mean, bias)) in enumerate(
        zip(sizes[:-1], found["start"], strict=True), start=1
    ):
        wanted = math.sqrt(2 / n_in)
        where = f"linear layer {number} with {n_in} inputs"
        # 30,000 draws or more: the deviation varies by half a per cent.
        expect(
            abs(deviation / wanted - 1) < 0.04,
            f"the weights of {where} have a standard deviation of {deviation:.4f}",
            "The variance is 2 / n_in, with the layer's own inputs. NumPy's normal takes the "
            "standard deviation.",
        )
        expect(abs(mean) < 0.05 * wanted, f"the weights of {where} do not have the mean zero")
        expect(bias == 0, f"the biases of {where} do not start at zero", "Write zeros over them.")


@check("deep_net", points=1)
def units_are_dropped_behind_the_relu(student, rng):
    """Dropout acts at the end of each block, with dropout_rate, which is 0.5 by default."""
    hint = "One Dropout at the end of each block, behind the ReLU, and none after the last layer."
    n = 60
    # A scale of 0 and a shift of 1: whatever comes in, each unit of a block gives 1.
    ones = (np.zeros(n), np.ones(n), np.zeros(n), np.ones(n))
    for rate in (0.2, None):
        arguments = {"input_size": n, "hidden_sizes": [n], "num_classes": n}
        if rate is not None:
            arguments["dropout_rate"] = rate
        share = 0.5 if rate is None else rate
        net = {"weights": [np.eye(n)] * 2, "biases": [np.zeros(n)] * 2, "norms": [ones]}
        found = student.run(deep_net, arguments, net, np.ones((100, n)), "train")
        expect("logits" in found, "the layers have other sizes than asked for", hint)
        arrived = found["logits"]
        dropped = np.mean(arrived == 0)
        how = "the default dropout_rate" if rate is None else f"dropout_rate={rate}"
        seen = f"with {how} a share of {dropped:.2f} of the units was dropped"
        expect(abs(dropped - share) < 0.05, seen, hint)
        kept = arrived[arrived != 0]
        close(kept, np.full(kept.shape, 1 / (1 - share)), what="what is kept", hint=hint, **NEAR)
    # What differs between the images behind two blocks was dropped in the first.
    plain = (np.ones(n), np.zeros(n), np.zeros(n), np.ones(n))
    net = {"weights": [np.eye(n)] * 3, "biases": [np.zeros(n)] * 3, "norms": [ones, plain]}
    arguments = {"input_size": n, "hidden_sizes": [n, n], "num_classes": n, "dropout_rate": 0.5}
    found = student.run(deep_net, arguments, net, np.ones((100, n)), "train")
    expect("logits" in found and np.any(found["logits"]), "the first block drops nothing", hint)


@check("deep_net", points=1)
def no_hidden_layer_is_fine(student, rng):
    """hidden_sizes=[] gives the last layer alone, and the list handed in stays as it is."""
    net, x = draw_net(rng, (6, 4)), rng.normal(size=(5, 6))
    found = logits_from(student, (6, 4), net, x, "train", 0.5)
    hint = "An empty list is not None. The last layer has no dropout, on neither side."
    close(found, x @ net["weights"][0].T + net["biases"][0], what="the logits", hint=hint, **NEAR)
    arguments = net_arguments((6, 5, 7, 4), 0.5)
    found = student.run(deep_net, arguments, {}, None, "look")
    expect(found["unchanged"], "the list hidden_sizes was changed", "Make a new list.")


# ------------------------------------------------------------------- schedules


def cosine_part(count, top, low):
    """Return `count` rates from `top` along half a cosine; 1 + cos 2a is 2 cos² a."""
    return [low + (top - low) * math.cos(math.pi * t / (2 * count)) ** 2 for t in range(count)]


def rates_of(student, name, epochs, *arguments, **options):
    found = student.learning_rates(name, epochs, *arguments, **options)
    return numbers(found, epochs, f"the rates of {epochs} epochs")


CLOSE = {"rtol": 1e-6, "atol": 1e-12}


@check("schedules", points=1)
def without_a_schedule_the_rate_stays(student, rng):
    """ "none" gives the base rate in every epoch."""
    lr = float(rng.uniform(0.1, 1))
    for epochs in (1, 7):
        close(rates_of(student, "none", epochs, lr), np.full(epochs, lr), what="rates", **CLOSE)


@check("schedules", points=2)
def the_cosine_goes_down(student, rng):
    """ "cosine" starts at the base rate and goes down towards min_lr, without a warm-up."""
    lr, low = float(rng.uniform(0.3, 1)), float(rng.uniform(0.01, 0.1))
    for epochs in (1, 4, 11):
        found = rates_of(student, "cosine", epochs, lr, min_lr=low)
        hint = "At t = 0 the cosine is 1. At t = T it would be -1, and the last epoch is T - 1."
        close(found, np.array(cosine_part(epochs, lr, low)), what="rates", hint=hint, **CLOSE)


@check("schedules", points=2)
def the_warm_up_rises_in_equal_steps(student, rng):
    """In the warm-up the rate goes up in equal steps, from lr / w to lr."""
    lr = float(rng.uniform(0.3, 1))
    for epochs, warm in ((8, 3), (20, 6), (4, 1)):
        found = rates_of(student, "warmup_cosine", epochs, lr, warm, 0.01)[:warm]
        hint = "The first epoch has t = 0 and the rate lr / w; epoch w of the warm-up has lr."
        wanted = np.linspace(lr / warm, lr, warm)
        close(found, wanted, what="the rates of the warm-up", hint=hint, **CLOSE)


@check("schedules", points=2)
def the_cosine_takes_what_is_left(student, rng):
    """After the warm-up the cosine begins at lr and takes the epochs that are left."""
    lr, low = float(rng.uniform(0.3, 1)), float(rng.uniform(0.01, 0.1))
    for epochs, warm in ((8, 3), (20, 6), (5, 0)):
        found = rates_of(student, "warmup_cosine", epochs, lr, warmup_epochs=warm, min_lr=low)
        hint = "Count anew from the end of the warm-up: t - w of T - w."
        wanted = np.array(cosine_part(epochs - warm, lr, low))
        close(found[warm:], wanted, what="the rates after the warm-up", hint=hint, **CLOSE)


@check("schedules", points=1)
def warm_up_and_lowest_rate_have_defaults(student, rng):
    """Left out, warmup_epochs is 5 and min_lr is 1e-5."""
    hint = "The defaults are in the first line of the function: keep them, and use both arguments."
    found = rates_of(student, "warmup_cosine", 12, 2e-4)
    wanted = [2e-4 * step / 5 for step in range(1, 6)] + cosine_part(7, 2e-4, 1e-5)
    close(found, np.array(wanted), what="rates with warm-up", hint=hint, **CLOSE)
    found = rates_of(student, "cosine", 6, 2e-4)
    close(found, np.array(cosine_part(6, 2e-4, 1e-5)), what="cosine rates", hint=hint, **CLOSE)


@probe
def rates_or_error(student, name):
    try:
        student.learning_rates(name, 6, 0.1)
    except ValueError as error:
        return "ValueError", str(error)
    except Exception as error:
        if isinstance(error, NotImplementedError):
            raise
        return type(error).__name__, ""
    return "rates", ""


@check("schedules", points=1)
def an_unknown_name_is_refused(student, rng):
    """A name that is none of the three is a ValueError."""
    for name in ("cosin", "warmup", "", "linear"):
        kind, _ = student.run(rates_or_error, name)
        hint = "A slip in a name must not train for hours with another schedule."
        seen = f"the name {name!r} gave {'rates' if kind == 'rates' else kind}"
        expect(kind == "ValueError", f"{seen} and no ValueError", hint)


# --------------------------------------------------------------- early_stopper


def bad_counts(losses, delta):
    """Return for each epoch how many bad ones there were since the last good one."""
    counts = []
    for end in range(1, len(losses) + 1):
        bad, lowest = 0, math.inf
        for loss in losses[:end]:
            if loss < lowest:
                bad, lowest = 0, loss
            elif math.isnan(loss) or loss > lowest + delta:
                bad += 1
        counts.append(bad)
    return counts


@probe
def stopper_answers(student, options, losses):
    stopper = student.EarlyStopper(**options)
    out = []
    for loss in losses:
        answer = stopper.early_stop(loss)
        out.append(
            (
                bool(answer) if isinstance(answer, (bool, np.bool_)) else None,
                getattr(stopper, "counter", None),
                getattr(stopper, "min_validation_loss", None),
            )
        )
        if answer:
            break
    return out


def stops_right(student, losses, hint, **options):
    """Fail unless the stopper stops after just the right number of losses."""
    patience = options.get("patience", 1)
    counts = bad_counts(losses, options.get("min_delta", 0))
    wanted = next((n for n, bad in enumerate(counts, start=1) if bad >= patience), None)
    found = student.run(stopper_answers, options, losses)
    answers = [answer for answer, _, _ in found]
    expect(None not in answers, "early_stop does not return True or False", "Return a boolean.")
    stopped = len(answers) if answers[-1] else None
    when = f"stops at epoch {stopped}" if stopped else "does not stop"
    how = ", ".join(f"{key}={value}" for key, value in options.items()) or "the defaults"
    expect(stopped == wanted, f"with {how} it {when}, for the losses {losses}", hint)
    return found


@check("early_stopper", points=2)
def patience_counts_bad_epochs(student, rng):
    """After just as many bad epochs as patience says the training stops."""
    losses = [1.0, 0.75, 0.875, 1.0, 0.875, 1.25, 2.0]
    hint = "Count the bad epochs. Stop where the counter has reached patience, not one later."
    for patience in (1, 2, 3, 5, 6):
        stops_right(student, losses, hint, patience=patience)


@check("early_stopper", points=2)
def a_good_epoch_starts_anew(student, rng):
    """A loss below all before sets the counter back, and is what later losses are compared to."""
    hint = "After a good epoch the counting begins again, and there is a new lowest loss."
    losses = [1.0, 1.25, 0.75, 0.875, 0.5, 0.625, 0.75, 0.25, 0.375, 0.5, 0.625]
    for patience in (2, 3):
        stops_right(student, losses, hint, patience=patience)
    hint = "Compare with the lowest loss of all, not with the one of the epoch before."
    stops_right(student, [1.0, 2.0, 1.75, 1.5, 1.25], hint, patience=3)


@check("early_stopper", points=2)
def between_the_limits_nothing_counts(student, rng):
    """A loss at most min_delta above the lowest is not bad, and does not set the counter back."""
    hint = "Look at the table: which epochs are neither good nor bad, and what do they change?"
    for losses, patience in (
        ([1.0, 1.125, 1.25, 1.375, 1.5, 1.0, 1.5], 2),
        ([1.0, 1.5, 1.125, 1.5, 1.125, 1.5], 3),
        # Falling by less than min_delta is good all the same.
        ([1.0, 0.9375, 0.875, 0.8125, 0.75, 1.125, 1.0625], 2),
        ([1.0, 0.9375, 1.1875, 1.25, 0.9375, 1.25], 2),
    ):
        stops_right(student, losses, hint, patience=patience, min_delta=0.25)


@check("early_stopper", points=1)
def nan_is_bad(student, rng):
    """A loss that is not a number is bad, also as the first one."""
    nan = math.nan
    hint = "Every comparison with nan is false."
    stops_right(student, [1.0, nan, nan, nan], hint, patience=2)
    stops_right(student, [nan, 1.0, nan, 0.5, nan, nan, nan], hint, patience=3, min_delta=0.5)


@check("early_stopper", points=1)
def counter_and_lowest_loss_are_kept(student, rng):
    """counter and min_validation_loss are as the table says; patience 1 is the default."""
    stopper = student.EarlyStopper()
    expect(stopper.counter == 0, "the counter does not start at 0")
    start = stopper.min_validation_loss
    expect(is_number(start) and start == math.inf, "min_validation_loss does not start infinite")
    losses = [1.0, 1.5, 1.125, 0.75, 1.5, 1.25]
    found = student.run(stopper_answers, {"patience": 9, "min_delta": 0.25}, losses)
    hint = "Keep them in self.counter and self.min_validation_loss."
    counts = [count for _, count, _ in found]
    expect(counts == bad_counts(losses, 0.25), f"for {losses} the counter was {counts}", hint)
    lowest = [loss for _, _, loss in found]
    right = [min(losses[: n + 1]) for n in range(len(losses))]
    expect(lowest == right, f"for {losses} the lowest loss was {lowest}", hint)
    stops_right(student, [1.0, 1.0, 0.5, 0.5, 0.5625], "By default one bad epoch is enough.")


# ------------------------------------------------------------------- evaluator


@probe
def evaluation(student, batches, options, training, seconds, pause):
    import time
    import timeit

    from course_utils import nn

    classes = batches[0][0].shape[1]
    clock = [1000.0]
    seen = {"modes": [], "recorded": [], "calls": 0}

    class Watched(nn.Module):
        """Answers with what comes in, and takes its time."""

        def __init__(self):
            self.linear = nn.Linear(classes, classes)
            self.linear.weight.data[...] = np.eye(classes)
            self.linear.bias.data[...] = 0

        def forward(self, x):
            logits = self.linear(x)
            seen["modes"].append(bool(self.training))
            seen["recorded"].append(bool(logits.requires_grad))
            clock[0] += seconds[min(seen["calls"], len(seconds) - 1)]
            seen["calls"] += 1
            return logits

    class Slow:
        """Hands out batches, and takes its time."""

        def __iter__(self):
            for x, y in batches:
                clock[0] += pause
                yield x.copy(), y.copy()

        def __len__(self):
            return len(batches)

    names = ("perf_counter", "time", "monotonic", "process_time")
    fakes = {}
    for name in names:
        fakes[getattr(time, name)] = lambda: clock[0]
        fakes[getattr(time, name + "_ns")] = lambda: round(clock[0] * 1e9)
    places = [vars(time), vars(timeit), getattr(student.evaluate, "__globals__", {})]
    before = [
        (place, key, value)
        for place in places
        for key, value in list(place.items())
        if callable(value) and type(value) is type(time.time) and value in fakes
    ]
    model = Watched()
    model.train() if training else model.eval()
    try:
        for place, key, value in before:
            place[key] = fakes[value]
        found = student.evaluate(model, Slow(), **options)
    finally:
        for place, key, value in before:
            place[key] = value
    return found, {**seen, "after": bool(model.training), "inner": bool(model.linear.training)}


def run_evaluate(student, answers, labels, sizes, classes=4, **how):
    """Return what evaluate found for these answers, in batches of these sizes."""
    x = 2.0 * np.eye(classes)[answers] - 1
    ends = np.cumsum(sizes)
    batches = [
        (x[end - size : end], labels[end - size : end])
        for size, end in zip(sizes, ends, strict=True)
    ]
    options = how.get("options", {"num_classes": classes})
    seconds = how.get("seconds", [0.001])
    found, seen = student.run(
        evaluation, batches, options, how.get("training", True), seconds, how.get("pause", 0.0)
    )
    expect(isinstance(found, dict), "evaluate does not return a dictionary")
    for key in ("accuracy", "confusion_matrix", "inference_ms", "inference_ms_std"):
        expect(key in found, f"the dictionary has no {key!r}", "The card names four keys.")
    return found, seen


ANSWERS = np.array([0, 1, 2, 3, 0, 1, 2, 2, 2, 1, 0, 3, 1, 1, 3])
LABELS = np.array([0, 1, 2, 3, 0, 1, 2, 0, 0, 2, 1, 3, 1, 0, 0])


@check("evaluator", points=3)
def accuracy_counts_images(student, rng):
    """The accuracy is the number of right answers divided by that of all images."""
    for sizes in ([15], [7, 7, 1], [4, 11]):
        found, _ = run_evaluate(student, ANSWERS, LABELS, sizes)
        hint = "A small last batch must not count as much as a full one. Divide once, at the end."
        what = f"the accuracy over batches of {sizes} images"
        close(found["accuracy"], np.mean(ANSWERS == LABELS), what=what, hint=hint)


@check("evaluator", points=3)
def rows_are_the_truth(student, rng):
    """The confusion matrix counts pairs: rows are the true classes, columns the answers."""
    hint = "matrix[true, answer] is one more for each image, also where a pair is there twice."
    for classes in (4, 6):
        found, _ = run_evaluate(student, ANSWERS, LABELS, [7, 7, 1], classes)
        right = np.zeros((classes, classes), dtype=int)
        for truth, answer in zip(LABELS, ANSWERS, strict=True):
            right[truth, answer] += 1
        close(found["confusion_matrix"], right, what="the confusion matrix", hint=hint)
    found, _ = run_evaluate(student, ANSWERS, LABELS, [15], 10, options={})
    shape = np.shape(found["confusion_matrix"])
    expect(shape == (10, 10), f"without num_classes the confusion matrix has shape {shape}")


@check("evaluator", points=2)
def the_mode_is_set_and_put_back(student, rng):
    """The model answers in evaluation mode, and is afterwards in the mode it was in."""
    for training in (True, False):
        _, seen = run_evaluate(student, ANSWERS, LABELS, [7, 8], training=training)
        expect(not any(seen["modes"]), "the model answered in training mode", "Call model.eval().")
        expect(
            seen["after"] == training and seen["inner"] == training,
            f"a model that was {'' if training else 'not '}in training mode "
            f"{'is not' if training else 'is'} in it afterwards",
            "Keep model.training before you change it.",
        )


@check("evaluator", points=1)
def no_gradients_are_recorded(student, rng):
    """While the model answers nothing is recorded for a backward pass."""
    _, seen = run_evaluate(student, ANSWERS, LABELS, [7, 8])
    expect(not any(seen["recorded"]), "gradients were recorded", "with no_grad(): around it.")


@check("evaluator", points=2)
def the_clock_runs_for_the_model_alone(student, rng):
    """inference_ms is the mean time of the model for a batch, in milliseconds."""
    seconds = [0.002, 0.004, 0.009]
    found, seen = run_evaluate(student, ANSWERS, LABELS, [5, 9, 1], seconds=seconds, pause=0.5)
    if seen["calls"] == 4:  # answered the first batch once before, to warm up
        seconds = [*seconds[1:], seconds[-1]]
    wanted = 1000 * np.mean(seconds)
    hint = "Look at the clock right before and right after the call of the model, for each batch, "
    hint += "by time.perf_counter(), which gives seconds."
    close(found["inference_ms"], wanted, rtol=1e-5, what="inference_ms", hint=hint)


@check("evaluator", points=1)
def the_spread_of_the_times(student, rng):
    """inference_ms_std divides by the batches less one, and is 0 for a single batch."""
    hint = "np.std divides by the number of batches if ddof is left out, and so 0 / 0 for one."
    seconds = [0.002, 0.004, 0.009]
    found, seen = run_evaluate(student, ANSWERS, LABELS, [5, 9, 1], seconds=seconds, pause=0.5)
    if seen["calls"] == 4:
        seconds = [*seconds[1:], seconds[-1]]
    gaps = 1000 * (np.array(seconds) - np.mean(seconds))
    wanted = math.sqrt(np.sum(gaps**2) / 2)
    close(found["inference_ms_std"], wanted, rtol=1e-5, what="inference_ms_std", hint=hint)
    # Of two times the spread is their distance, divided by the root of 2.
    found, seen = run_evaluate(student, ANSWERS, LABELS, [8, 7], seconds=[0.002, 0.002, 0.005])
    if seen["calls"] == 2:
        found, _ = run_evaluate(student, ANSWERS, LABELS, [8, 7], seconds=[0.002, 0.005])
    wanted = 3 / math.sqrt(2)
    close(found["inference_ms_std"], wanted, rtol=1e-5, what="inference_ms_std", hint=hint)
    found, _ = run_evaluate(student, ANSWERS, LABELS, [15])
    # Not a comparison of reals: 0 is what a single batch has, whatever the formula.
    value = found["inference_ms_std"]
    expect(is_number(value) and value == 0, "for a single batch inference_ms_std is not 0", hint)


# --------------------------------------------------------------------- tracker


@probe
def tracked(student, epochs, summaries, ask):
    import os
    import pathlib
    import tempfile

    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    def plain(value):
        if isinstance(value, np.generic):
            return value.item()
        single = value is None or isinstance(value, (bool, int, float, str))
        return value if single else repr(value)

    def table(frame):
        return {
            "columns": [str(column) for column in frame.columns],
            "rows": [[plain(value) for value in row] for row in frame.itertuples(index=False)],
        }

    def drawn(axes):
        out = {"kind": type(axes).__name__, "lines": [], "texts": [], "ticks": [], "title": ""}
        if hasattr(axes, "get_lines"):
            out["lines"] = [
                [float(v) for v in np.asarray(line.get_ydata(), dtype=float)]
                for line in axes.get_lines()
            ]
            out["xs"] = [
                [float(v) for v in np.asarray(line.get_xdata(), dtype=float)]
                for line in axes.get_lines()
            ]
            out["texts"] = [[*text.get_position(), text.get_text()] for text in axes.texts]
            out["ticks"] = [label.get_text() for label in axes.get_yticklabels()]
            out["title"] = axes.get_title()
            out["label"] = axes.get_xlabel() + " " + axes.get_ylabel()
        return out

    with tempfile.TemporaryDirectory() as folder:
        own = os.path.join(folder, "own")
        tracker = student.ExperimentTracker(own)
        reused = {}
        for name, epoch, metrics in epochs:
            reused.clear()
            reused.update(metrics)
            tracker.log_epoch(name, epoch, reused)
        for name, summary in summaries:
            reused = dict(summary)
            tracker.log_summary(name, reused)
            reused.clear()
        kind, *arguments = ask
        try:
            if kind == "epochs":
                return [table(tracker.get_experiment_df(name)) for name in arguments]
            if kind == "summaries":
                return table(tracker.get_all_summaries())
            if kind == "unknown":
                try:
                    tracker.get_experiment_df("no-such-experiment")
                except Exception as error:
                    if isinstance(error, NotImplementedError):
                        raise
                    kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
                    return kind, str(error)
                return "table", ""
            if kind == "files":
                # A folder of its own, one that is missing with its parent, one that is there.
                asked = {
                    "own": own,
                    "deep": os.path.join(folder, "a", "b"),
                    "there": folder,
                }
                out = {}
                for which, place in asked.items():
                    given = [] if which == "own" else [place]
                    paths = tracker.export_csv(*given)
                    out[which] = {
                        "names": [os.path.basename(str(path)) for path in paths],
                        "inside": [
                            os.path.realpath(os.path.dirname(str(path))) == os.path.realpath(place)
                            for path in paths
                        ],
                        "texts": [pathlib.Path(path).read_text() for path in paths],
                    }
                return out
            method, *rest = arguments
            return drawn(getattr(tracker, method)(*rest))
        finally:
            plt.close("all")


EPOCHS = [
    ("fast", 1, {"train_loss": 1.5, "val_loss": 1.25, "val_accuracy": 0.5}),
    ("slow", 1, {"train_loss": 2.25, "val_loss": 2.0, "val_accuracy": 0.25}),
    ("fast", 3, {"train_loss": 0.5, "val_loss": 0.375, "val_accuracy": 0.875}),
    ("fast", 2, {"train_loss": 0.75, "val_loss": 0.625, "val_accuracy": 0.75}),
    ("slow", 2, {"train_loss": 1.75, "val_loss": 1.625, "val_accuracy": 0.375}),
]
COLUMNS = ["epoch", "train_loss", "val_loss", "val_accuracy"]
FAST = [[1, 1.5, 1.25, 0.5], [2, 0.75, 0.625, 0.75], [3, 0.5, 0.375, 0.875]]
SLOW = [[1, 2.25, 2.0, 0.25], [2, 1.75, 1.625, 0.375]]
MATRIX = np.array([[11, 2, 0], [3, 12, 4], [5, 0, 13]])
SUMMARIES = [
    ("fast", {"test_accuracy": 0.25, "test_images": 10, "stopped": "nowhere"}),
    (
        "slow",
        {
            "test_accuracy": 0.5,
            "test_images": 40,
            "confusion_matrix": MATRIX.T,
            "stopped": "all epochs",
        },
    ),
    (
        "fast",
        {
            "test_accuracy": 0.75,
            "confusion_matrix": MATRIX,
            "test_images": 50,
            "rates": [0.1, 0.2],
            "sizes": (4, 3),
            "config": {"lr": 0.1},
            "stopped": "early stopping",
        },
    ),
]


def same_table(found, columns, rows, what, hint):
    expect(found["columns"] == columns, f"{what} has the columns {found['columns']}", hint)
    expect(found["rows"] == rows, f"{what} has the rows {found['rows']}", hint)


@check("tracker", points=2)
def epochs_come_back_as_a_table(student, rng):
    """The table of an experiment has its own epochs, in order, with the column epoch first."""
    fast, slow = student.run(tracked, EPOCHS, [], ["epochs", "fast", "slow"])
    hint = "One row for each epoch of this experiment, sorted by the epoch."
    same_table(fast, COLUMNS, FAST, "the table of an experiment", hint)
    same_table(slow, COLUMNS, SLOW, "the table of another experiment", hint)


@check("tracker", points=1)
def the_last_word_on_an_epoch_counts(student, rng):
    """Logging an epoch a second time replaces what was there."""
    again = [*EPOCHS, ("slow", 1, {"train_loss": 9.0, "val_loss": 8.0, "val_accuracy": 0.125})]
    (found,) = student.run(tracked, again, [], ["epochs", "slow"])
    hint = "Keep the epochs by their number."
    same_table(found, COLUMNS, [[1, 9.0, 8.0, 0.125], SLOW[1]], "the table", hint)


@check("tracker", points=1)
def copies_are_kept(student, rng):
    """A dictionary that the caller uses again does not change what was logged."""
    (found,) = student.run(tracked, EPOCHS, [], ["epochs", "fast"])
    hint = "Keep dict(metrics), and not the caller's own dictionary."
    last = EPOCHS[-1][2]["train_loss"]
    repeated = found["rows"] and all(last in row for row in found["rows"])
    expect(not repeated, "all epochs are what was logged last", hint)
    found = student.run(tracked, [], SUMMARIES, ["summaries"])
    expect("test_accuracy" in found["columns"], "a summary changed after it was logged", hint)


@check("tracker", points=1)
def an_unknown_experiment_is_refused(student, rng):
    """The table of an unknown experiment is a ValueError that names those that are there."""
    kind, text = student.run(tracked, EPOCHS, [], ["unknown"])
    hint = "Ask first whether the name is there, and list the known names in the error."
    expect(kind == "ValueError", f"an unknown name gave {kind} and no ValueError", hint)
    expect("fast" in text and "slow" in text, "the error does not name the experiments", hint)


@check("tracker", points=2)
def summaries_hold_single_values(student, rng):
    """The table of summaries has a row for each experiment, single values only, the last ones."""
    found = student.run(tracked, EPOCHS, SUMMARIES, ["summaries"])
    hint = "The column experiment first; lists, tuples, dictionaries and arrays are left out."
    columns = ["experiment", "test_accuracy", "test_images", "stopped"]
    rows = [["fast", 0.75, 50, "early stopping"], ["slow", 0.5, 40, "all epochs"]]
    names = found["columns"]
    expect(names[:1] == ["experiment"], f"the columns are {names}", hint)
    expect(sorted(names) == sorted(columns), f"the columns are {names}", hint)
    order = [names.index(column) for column in columns]
    sorted_rows = sorted([row[place] for place in order] for row in found["rows"])
    seen = f"the summaries are {sorted_rows}"
    expect(sorted_rows == rows, seen, "A new summary takes the place of the earlier one.")


def lines_of(text):
    return [line.split(",") for line in text.replace("\r\n", "\n").strip().split("\n")]


def as_number(text):
    try:
        return float(text)
    except ValueError:
        return text


@check("tracker", points=2)
def files_hold_both_tables(student, rng):
    """export_csv writes summaries.csv and epochs.csv into the folder that is meant."""
    found = student.run(tracked, EPOCHS, SUMMARIES, ["files"])
    for which, result in found.items():
        where = {
            "own": "the tracker's own folder",
            "deep": "a folder that is missing",
            "there": "a folder that is there",
        }[which]
        names = result["names"]
        expect(names == ["summaries.csv", "epochs.csv"], f"the files are {names}", "Two paths.")
        hint = "Without an argument the tracker's own folder is meant, which may be missing."
        expect(all(result["inside"]), f"the files are not in {where}", hint)
        summaries, epochs = map(lines_of, result["texts"])
        hint = "Write with index=False. The column experiment comes first, then epoch."
        expect(
            sorted(summaries[0]) == ["experiment", "stopped", "test_accuracy", "test_images"],
            f"summaries.csv has the columns {summaries[0]}",
            hint,
        )
        expect(len(summaries) == 3, f"summaries.csv has {len(summaries) - 1} rows", hint)
        expect(epochs[0] == ["experiment", *COLUMNS], f"epochs.csv has {epochs[0]}", hint)
        rows = sorted([row[0], *map(as_number, row[1:])] for row in epochs[1:])
        wanted = sorted([["fast", *row] for row in FAST] + [["slow", *row] for row in SLOW])
        expect(rows == wanted, f"epochs.csv has the rows {rows}", "All epochs of all experiments.")


def expect_axes(found, method):
    expect(
        found["kind"] == "Axes",
        f"{method} returns {found['kind']} and no Axes",
        "Return what the function in course_utils.plots returns.",
    )


@check("tracker", points=1)
def curves_show_all_experiments(student, rng):
    """plot_training_curves draws the metric of each experiment; left out, it is the loss."""
    method = "plot_training_curves"
    columns = list(zip(*FAST, strict=True)), list(zip(*SLOW, strict=True))
    for rest, places in ((["val_loss"], (2,)), ([], (1, 2))):
        found = student.run(tracked, EPOCHS, [], ["plot", method, *rest])
        expect_axes(found, method)
        hint = "Hand over a dictionary with the table of each experiment, and the metric."
        wanted = sorted([float(v) for v in run[place]] for run in columns for place in places)
        lines = sorted(line for line in found["lines"] if len(line) > 1)
        name = rest[0] if rest else "left out"
        expect(lines == wanted, f"with the metric {name} the lines are not those logged", hint)


@check("tracker", points=1)
def matrix_and_comparison_are_drawn(student, rng):
    """The other two plots show the matrix of the one experiment and a number of all of them."""
    method = "plot_confusion_matrix"
    found = student.run(tracked, EPOCHS, SUMMARIES, ["plot", method, "fast"])
    expect_axes(found, method)
    expect("fast" in found["title"], "the title of the matrix does not say whose it is", "title=")
    # The library writes each count where it belongs: column, row.
    counts = {(round(x), round(y)): text for x, y, text in found["texts"]}
    right = {(c, r): str(MATRIX[r, c]) for r in range(3) for c in range(3) if MATRIX[r, c]}
    expect(counts == right, "the matrix is not the one in the summary", "Draw it as it is.")
    method = "plot_experiment_comparison"
    # With and without the metric: accuracies are drawn in per cent.
    for rest, wanted in (([], (50.0, 75.0)), (["test_images"], (40.0, 50.0))):
        found = student.run(tracked, EPOCHS, SUMMARIES, ["plot", method, *rest])
        expect_axes(found, method)
        name = rest[0] if rest else "left out"
        seen = f"with the metric {name} the comparison does not show both experiments"
        points = sorted(value for line in found["xs"] for value in line)
        expect({"fast", "slow"} <= set(found["ticks"]), seen, "Hand over all summaries by name.")
        shown = all(any(abs(v - p) < 1e-6 for p in points) for v in wanted)
        expect(shown, f"with the metric {name} other numbers are drawn", "Hand the metric on.")


# --------------------------------------------------------------------- manager


# What differs each time. A mistake can be recognised by what it returns without these.
TIMES = ("inference_ms", "inference_ms_std", "train_seconds")


@probe
def trained(student, settings, weight, bias, parts, batch, unwanted):
    """Train a linear layer; of the times in the summary return only whether they are there."""
    import time

    from course_utils import DataLoader, TrainingConfig, nn

    log = {"epochs": [], "summaries": []}

    class Memory:
        def log_epoch(self, name, epoch, metrics):
            log["epochs"].append((name, epoch, dict(metrics)))

        def log_summary(self, name, summary):
            log["summaries"].append((name, dict(summary)))

        def clear(self, name):
            """Nothing is kept from before."""

    model = nn.Linear(weight.shape[1], weight.shape[0], dtype=np.float64)
    model.weight.data[...] = weight
    model.bias.data[...] = bias
    loaders = [DataLoader(x, y, batch) for x, y in parts]
    told = settings.pop("told", True)
    manager = student.TrainingManager(TrainingConfig(**settings), *([Memory()] if told else []))
    started = time.perf_counter()
    result = manager.train(model, *loaders)
    if not unwanted:
        log["seconds"] = time.perf_counter() - started
    parts_of_result = list(result) if isinstance(result, (tuple, list)) else []
    for summary in [*parts_of_result, *(told for _, told in log["summaries"])]:
        if isinstance(summary, dict):
            summary.update({key: "a time" for key in unwanted if key in summary})
    return result, log, model.weight.data, model.bias.data


@probe
def scripted(student, settings, stages, y, unwanted):
    from course_utils import DataLoader, Tensor, TrainingConfig, nn

    log = {"modes": [], "weights": [], "tests": 0, "test_weights": None, "late": False}
    passes = [0]

    class Scripted(nn.Module):
        """Learns as a linear layer does, and answers with what comes in."""

        def __init__(self):
            self.linear = nn.Linear(3, 3, dtype=np.float64)
            self.linear.weight.data[...] = 0
            self.linear.bias.data[...] = 0

        def forward(self, x):
            if self.training:
                return self.linear(x)
            answers = np.array(np.asarray(x), dtype=float)
            return Tensor(answers) + 0.0 * self.linear(Tensor(answers))

    model = Scripted()

    def weights():
        return np.array(model.linear.weight.data)

    class Train(DataLoader):
        def __iter__(self):
            passes[0] += 1
            if log["tests"]:
                log["late"] = True
            yield from super().__iter__()
            # The mode in which the last batch of the epoch was learned.
            log["modes"].append(bool(model.training))
            log["weights"].append(weights())

    class Val(DataLoader):
        def __iter__(self):
            stage = stages[min(max(passes[0], 1), len(stages)) - 1]
            yield from DataLoader(stage, self.y, self.batch_size)

    class Test(DataLoader):
        def __iter__(self):
            log["tests"] += 1
            log["test_weights"] = weights()
            yield from super().__iter__()

    own = np.random.default_rng(1)
    loaders = [
        Train(own.normal(size=(6, 3)), np.array([0, 1, 2, 0, 1, 2]), 4),
        Val(stages[0], y, 5),
        Test(stages[-1], y, 3),
    ]
    model.eval()  # as it is after an earlier evaluation
    result = student.TrainingManager(TrainingConfig(**settings)).train(model, *loaders)
    for summary in result if isinstance(result, (tuple, list)) else []:
        if isinstance(summary, dict):
            summary.update({key: "a time" for key in unwanted if key in summary})
    return result, log, weights()


@probe
def experiments(student, settings, arrays, with_tracker, unwanted):
    from course_utils import TrainingConfig

    log = {}

    class Memory:
        def log_epoch(self, name, epoch, metrics):
            log.setdefault(name, {}).setdefault("epochs", []).append(dict(metrics))

        def log_summary(self, name, summary):
            kept = {key: value for key, value in summary.items() if key not in unwanted}
            log.setdefault(name, {})["summary"] = kept

        def clear(self, name):
            """Nothing is kept from before."""

    configs = [TrainingConfig(**one) for one in settings]
    if not with_tracker:
        returned = student.run_experiments(configs, data=arrays)
        frame = returned.get_all_summaries()
        return [str(name) for name in frame["experiment"]]
    memory = Memory()
    returned = student.run_experiments(configs, memory, data=arrays)
    return returned is memory, log


def both_results(result):
    """Return (history, summary); fail if these are no list of dictionaries and dictionary."""
    hint = "train returns history, summary: a list with a dictionary for each epoch, and one more."
    pair = isinstance(result, (tuple, list)) and len(result) == 2
    expect(pair, "train does not return two things", hint)
    history, summary = result
    rows = isinstance(history, list) and all(isinstance(row, dict) for row in history)
    expect(rows and isinstance(summary, dict), "history or summary has another form", hint)
    return history, summary


def column(history, key):
    for row in history:
        expect(key in row, f"a row of the history has no {key!r}", "The card names the keys.")
        expect(is_number(row[key]), f"{key} in the history is not a number", "Use .item().")
    return np.array([row[key] for row in history], dtype=float)


def in_summary(summary, key):
    expect(key in summary, f"the summary has no {key!r}", "The card names the keys.")
    return summary[key]


def train_by_hand(config, weight, bias, x, y, batch):
    """Return the weights after each epoch, and losses and accuracies met on the way."""
    rates = {
        "none": [config["learning_rate"]] * config["num_epochs"],
        "cosine": cosine_part(config["num_epochs"], config["learning_rate"], 1e-5),
    }[config.get("scheduler_type", "none")]
    both = [weight.copy(), bias.copy()]
    first = [np.zeros_like(p) for p in both]
    second = [np.zeros_like(p) for p in both]
    steps, path, met = 0, [], []
    for rate in rates:
        losses, right = 0.0, 0
        for start in range(0, len(x), batch):
            some, labels = x[start : start + batch], y[start : start + batch]
            logits = some @ both[0].T + both[1]
            loss, accuracy = loss_and_accuracy(logits, labels)
            losses, right = losses + loss * len(some), right + accuracy * len(some)
            slope = (np.exp(log_chances(logits)) - np.eye(len(bias))[labels]) / len(some)
            steps += 1
            for i, gradient in enumerate((slope.T @ some, slope.sum(axis=0))):
                g = gradient + config.get("weight_decay", 0.0) * both[i]
                if config.get("optimizer") == "adam":
                    first[i] = 0.9 * first[i] + 0.1 * g
                    second[i] = 0.999 * second[i] + 0.001 * g**2
                    root = np.sqrt(second[i] / (1 - 0.999**steps)) + 1e-8
                    both[i] = both[i] - rate * first[i] / (1 - 0.9**steps) / root
                else:
                    first[i] = config.get("momentum", 0.0) * first[i] + g
                    both[i] = both[i] - rate * first[i]
        path.append([p.copy() for p in both])
        met.append((losses / len(x), right / len(x)))
    return path, met, rates


class Task:
    """Data that cannot be separated, a start, and what the training by hand makes of them."""

    def __init__(self, rng, **settings):
        self.weight, self.bias = rng.normal(size=(3, 4)), rng.normal(size=3)
        self.parts = []
        for count in (22, 13, 11):
            y = rng.integers(3, size=count)
            x = rng.normal(size=(count, 4)) + 1.5 * np.eye(3, 4)[y]
            self.parts.append((x, y))
        self.settings = {
            "input_size": 4,
            "output_size": 3,
            "num_epochs": 5,
            "learning_rate": 0.3,
            "early_stopping": False,
            "restore_best": False,
            "experiment_name": "by-hand",
            **settings,
        }
        known = {key: value for key, value in self.settings.items() if key != "told"}
        self.path, self.met, self.rates = train_by_hand(
            known, self.weight, self.bias, *self.parts[0], batch=8
        )

    def run(self, student, parts=3, unwanted=TIMES):
        result, log, weight, bias = student.run(
            trained, self.settings, self.weight, self.bias, self.parts[:parts], 8, unwanted
        )
        history, summary = both_results(result)
        return history, summary, log, (weight, bias)


def close_weights(found, right, hint):
    for name, ours, wanted in zip(("weights", "biases"), found, right, strict=True):
        close(ours, wanted, rtol=1e-6, atol=1e-9, what=f"the {name} at the end", hint=hint)


@check("manager", points=3)
def sgd_steps_as_configured(student, rng):
    """SGD makes a step for each batch, with the configuration's momentum, decay and schedule."""
    for settings, hint in (
        ({}, "For each batch: zero_grad, backward, step. Gradients add up until set to zero."),
        ({"momentum": 0.6}, "Hand the momentum of the configuration to the optimizer."),
        ({"weight_decay": 0.05}, "Hand the weight decay of the configuration to the optimizer."),
        ({"scheduler_type": "cosine"}, "Set optimizer.lr before the first batch of each epoch."),
    ):
        task = Task(rng, **settings)
        _, _, _, found = task.run(student)
        close_weights(found, task.path[-1], hint)


@check("manager", points=1)
def adam_steps_as_configured(student, rng):
    """With optimizer="adam" the steps are Adam's, with weight decay."""
    for settings in ({}, {"weight_decay": 0.05, "learning_rate": 0.05}):
        task = Task(rng, optimizer="adam", **settings)
        _, _, _, found = task.run(student)
        close_weights(found, task.path[-1], "optim.Adam, with learning rate and weight decay.")


@check("manager", points=2)
def history_counts_images(student, rng):
    """The history has a row for each epoch: losses and accuracies over images, and the rate."""
    task = Task(rng, scheduler_type="cosine")
    history, _, _, _ = task.run(student)
    expect(len(history) == 5, f"the history of 5 epochs has {len(history)} rows")
    epochs = column(history, "epoch").tolist()
    expect(
        epochs == [1, 2, 3, 4, 5], f"the epochs are {[f'{e:g}' for e in epochs]}", "Count from 1."
    )
    hint = "The rate that the epoch was trained with."
    found = column(history, "learning_rate")
    close(found, np.array(task.rates), what="learning_rate", hint=hint)
    hint = "The last batch is smaller, so the mean over batches is another number. Take the logits "
    hint += "from before each step."
    for place, key in ((0, "train_loss"), (1, "train_accuracy")):
        right = np.array([met[place] for met in task.met])
        close(column(history, key), right, what=key, hint=hint)
    x, y = task.parts[1]
    ends = np.array([loss_and_accuracy(x @ w.T + b, y) for w, b in task.path])
    hint = "On the validation set, after the last step of the epoch."
    close(column(history, "val_loss"), ends[:, 0], what="val_loss", hint=hint)
    close(column(history, "val_accuracy"), ends[:, 1], what="val_accuracy", hint=hint)


def stage(right, margin, images=8):
    """Return logits with so many right answers, the others wrong by a margin; labels are 0."""
    logits = np.zeros((images, 3))
    logits[:right, 0] = 5.0
    logits[right:, 1] = margin
    return logits


def run_script(student, script, **settings):
    """Train by a script of (right answers, margin) for the epochs; return all that was seen."""
    stages = [stage(right, margin) for right, margin in script]
    y = np.zeros(8, dtype=int)
    facts = [loss_and_accuracy(one, y) for one in stages]
    settings = {
        "input_size": 3,
        "output_size": 3,
        "num_epochs": len(script),
        "learning_rate": 0.1,
        "early_stopping": False,
        **settings,
    }
    result, log, weights = student.run(scripted, settings, stages, y, TIMES)
    history, summary = both_results(result)
    expect(
        len(log["weights"]) == len(history),
        "the validation set was not met once in each epoch, or the history lacks rows",
        "One row for each epoch, made after its last step with val_loader.",
    )
    return history, summary, log, weights, facts


@check("manager", points=1)
def each_epoch_trains_in_training_mode(student, rng):
    """Batches are learned in training mode in each epoch, and validation is in evaluation mode."""
    history, _, log, _, facts = run_script(student, [(4, 2.0), (5, 2.0), (6, 2.0)])
    hint = "model.train() at the start of each epoch, and evaluation mode for the validation."
    expect(all(log["modes"]), "the model was not in training mode in each epoch", hint)
    moved = [not np.array_equal(a, b) for a, b in pairwise([np.zeros((3, 3)), *log["weights"]])]
    expect(all(moved), "the weights did not move in each epoch", hint)
    right = np.array([accuracy for _, accuracy in facts])
    close(column(history, "val_accuracy"), right, what="val_accuracy", hint=hint)


@check("manager", points=2)
def early_stopping_watches_the_validation_loss(student, rng):
    """The training ends by patience and loss_delta, if early_stopping is on, and says so."""
    # Accuracy goes on rising, so that it cannot be what is watched.
    margins = [3.0, 2.0, 2.05, 2.6, 2.7, 2.8, 2.0, 2.9, 3.5, 3.6]
    script = list(zip([2, 2, 2, 2, 3, 3, 3, 3, 3, 3], margins, strict=True))
    for patience, delta in ((1, 0.0), (2, 0.1), (3, 0.0), (2, 0.02)):
        options = {"early_stopping": True, "patience": patience, "loss_delta": delta}
        history, summary, _, _, facts = run_script(student, script, **options)
        counts = bad_counts([loss for loss, _ in facts], delta)
        wanted = next((n for n, bad in enumerate(counts, 1) if bad >= patience), len(script))
        hint = "EarlyStopper(config.patience, config.loss_delta), asked once in each epoch."
        seen = f"with patience={patience} and loss_delta={delta} {len(history)} epochs were trained"
        expect(len(history) == wanted, seen, hint)
        epochs, stopped = in_summary(summary, "epochs"), in_summary(summary, "stopped")
        expect(epochs == wanted, f"the summary says {epochs} epochs of {wanted}", "len(history).")
        early = any(bad >= patience for bad in counts)
        text = "early stopping" if early else "all epochs"
        hint = "'early stopping' where the stopper ended the loop, 'all epochs' elsewhere."
        expect(stopped == text, f"stopped is {stopped!r} where it should be {text!r}", hint)
    off = {"early_stopping": False, "patience": 1, "loss_delta": 0.0}
    history, summary, _, _, _ = run_script(student, script, **off)
    hint = "Obey the stopper only if config.early_stopping is set."
    expect(len(history) == 10, "the training stopped with early_stopping=False", hint)
    stopped = in_summary(summary, "stopped")
    expect(stopped == "all epochs", f"stopped is {stopped!r} after all epochs", hint)


@check("manager", points=2)
def the_best_weights_come_back(student, rng):
    """With restore_best the model ends with the weights of the highest validation accuracy."""
    # The lowest loss is in epoch 5, the last epoch is 6; 3 and 4 are equally accurate.
    script = [(3, 2.0), (4, 2.0), (6, 3.0), (6, 2.5), (5, 1.0), (4, 2.0)]
    hint = "Keep a copy of the weights where the validation accuracy is higher than ever before."
    for restore in (True, False):
        _, summary, log, weights, facts = run_script(student, script, restore_best=restore)
        best = in_summary(summary, "best_epoch")
        accuracies = ", ".join(f"{accuracy:.1%}" for _, accuracy in facts)
        expect(best == 3, f"best_epoch is {best} for the accuracies {accuracies}", hint)
        for place, key in ((0, "val_loss"), (1, "val_accuracy")):
            value = in_summary(summary, key)
            close(value, facts[2][place], what=f"{key} in the summary", hint="Of the best epoch.")
        epoch = 3 if restore else 6
        matches = [n for n, one in enumerate(log["weights"], 1) if np.array_equal(one, weights)]
        seen = f"with restore_best={restore} the model ends with the weights of epoch "
        expect(epoch in matches, seen + f"{matches or 'none'}", hint)


@check("manager", points=2)
def the_test_set_is_used_once(student, rng):
    """After all is decided the restored model is tested, once, and the summary says how it did."""
    script = [(3, 2.0), (6, 2.0), (4, 2.0)]
    _, _, log, _, _ = run_script(student, script)
    hint = "Evaluate on the test loader after the loop and after the best weights are back."
    expect(log["tests"] > 0, "the test loader was not used", hint)
    # One loop for the numbers; twice is forgiven to nobody.
    expect(log["tests"] == 1, f"the test loader was gone through {log['tests']} times", hint)
    expect(not log["late"], "training went on after the test set was seen", hint)
    same = np.array_equal(log["test_weights"], log["weights"][1])
    expect(same, "the model was not tested with its best weights", hint)
    task = Task(rng)
    _, summary, log, _ = task.run(student)
    x, y = task.parts[2]
    weight, bias = task.path[-1]
    logits = x @ weight.T + bias
    loss, accuracy = loss_and_accuracy(logits, y)
    close(in_summary(summary, "test_loss"), loss, what="test_loss", hint="Over images.")
    close(in_summary(summary, "test_accuracy"), accuracy, what="test_accuracy")
    count = in_summary(summary, "test_images")
    expect(count == len(y), f"test_images is {count} for {len(y)} images", None)
    matrix = np.zeros((3, 3), dtype=int)
    for truth, answer in zip(y, logits.argmax(axis=1), strict=True):
        matrix[truth, answer] += 1
    found = np.asarray(in_summary(summary, "confusion_matrix"))
    expect(found.shape[:1] >= (3,), "the confusion matrix is too small")
    close(found[:3, :3], matrix, what="confusion_matrix", hint="Rows are the true classes.")
    _, summary, log, _ = task.run(student, unwanted=())
    for key in TIMES:
        value = in_summary(summary, key)
        fine = is_number(value) and 0 <= value < 1e5
        expect(fine, f"{key} is {value!r} and no time", "It comes with the evaluation.")
    value = summary["train_seconds"]
    seen = f"train_seconds is {value:.3f} for a training that took {log['seconds']:.3f} s"
    hint = "The clock at the end less the clock at the start."
    expect(0 < value < log["seconds"] + 0.05, seen, hint)


@check("manager", points=1)
def the_tracker_is_told(student, rng):
    """A tracker gets each epoch and one summary, by the experiment's name; None is fine."""
    task = Task(rng)
    history, summary, log, _ = task.run(student)
    hint = "log_epoch(config.experiment_name, epoch, metrics) in each epoch, counted from 1."
    told = [(name, epoch) for name, epoch, _ in log["epochs"]]
    expect(told == [("by-hand", n) for n in range(1, 6)], f"log_epoch was told {told}", hint)
    for row, (_, _, metrics) in zip(history, log["epochs"], strict=True):
        keys = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate")
        same = all(metrics.get(key) == row.get(key) for key in keys)
        expect(same, f"log_epoch was told {metrics}", "The metrics of the history.")
    names = [name for name, _ in log["summaries"]]
    expect(names == ["by-hand"], f"log_summary was told of {names}", "Once, at the end.")
    told = log["summaries"][0][1]
    same = all(np.array_equal(told.get(key), value) for key, value in summary.items())
    expect(same, "log_summary was not told the summary", "All of it, the test too.")
    # Without a tracker and without a test loader.
    alone = Task(rng, told=False)
    history, summary, log, _ = alone.run(student, parts=2)
    expect(len(history) == 5, "without a tracker the training is another one", None)
    expect("test_accuracy" not in summary, "there is a test accuracy without a test set", None)


@check("manager", points=2)
def experiments_run_by_their_configuration(student, rng):
    """run_experiments trains each configuration from its seed, and returns the tracker."""
    parts = []
    for count in (36, 20, 28):
        y = rng.integers(3, size=count)
        x = rng.normal(size=(count, 4)) + np.eye(3, 4)[y]
        parts += [x.astype(np.float32), y]
    base = {
        "input_size": 4,
        "output_size": 3,
        "num_epochs": 3,
        "learning_rate": 0.4,
        "batch_size": 6,
    }
    configs = [
        {**base, "experiment_name": "a", "seed": 3},
        {**base, "experiment_name": "b", "seed": 4},
        {**base, "experiment_name": "c", "seed": 4},
        {**base, "experiment_name": "whole", "batch_size": 36, "restore_best": False},
        {**base, "experiment_name": "deep", "hidden_sizes": [5], "seed": 8},
        {**base, "experiment_name": "deep-too", "hidden_sizes": [5], "seed": 8},
    ]
    same, log = student.run(experiments, configs, parts, True, TIMES)
    expect(same, "run_experiments does not return the tracker that is handed in", None)
    for config in configs:
        name = config["experiment_name"]
        told = name in log and "summary" in log[name] and len(log[name].get("epochs", [])) == 3
        expect(told, f"the tracker was not told of experiment {name!r}", "One after the other.")

    def losses(name):
        return [row.get("train_loss") for row in log[name]["epochs"]]

    hint = "Call set_seed(config.seed) for each experiment, before the model is made."
    expect(losses("b") == losses("c"), "equal settings with equal seeds trained otherwise", hint)
    expect(losses("deep") == losses("deep-too"), "equal networks started otherwise", hint)
    hint = "The training batches are shuffled in each epoch."
    expect(losses("a") != losses("b"), "another seed gave the same batches", hint)
    # In one batch the order does not matter, so all numbers are known. The model starts at zero.
    whole = {"learning_rate": 0.4, "num_epochs": 3}
    path, met, _ = train_by_hand(whole, np.zeros((3, 4)), np.zeros(3), *parts[:2], batch=36)
    hint = "Use the configuration's batch size and rate, and the parts in their order."
    right = np.array([loss for loss, _ in met])
    close(np.array(losses("whole")), right, what="train_loss of one batch", hint=hint, **NEAR)
    weight, bias = path[-1]
    val_loss, _ = loss_and_accuracy(parts[2] @ weight.T + bias, parts[3])
    found = log["whole"]["epochs"][-1].get("val_loss")
    close(found, val_loss, what="val_loss of the last epoch", hint=hint, **NEAR)
    loss, _ = loss_and_accuracy(parts[4] @ weight.T + bias, parts[5])
    found = in_summary(log["whole"]["summary"], "test_loss")
    close(found, loss, what="test_loss", hint=hint, **NEAR)
    names = student.run(experiments, configs[:2], parts, False, TIMES)
    expect(names == ["a", "b"], f"without a tracker the one returned knows {names}", None)
