"""Hidden checks of lab 3.

The expected values come from here, in plain numpy, and in another way than a student's: a network
written out block by block, the learning rate as a function of all steps so far, a training of a
linear model by the formula. Where the student's code throws dice, a check looks at ranges, means
and what never may happen, and the numbers of draws are such that chance does not fail it.

No check of one exercise uses the student's code of another, and none uses the images.

Tolerances. The library's layers compute in float32, with seven digits, and sums over hundreds of
units lose two or three of them. So values are compared to a thousandth of their size. The mildest
named fault is wrong by several per cent.
"""

import math

import numpy as np

from autograder.checks import check, close, expect, forbid, probe

NEAR = {"rtol": 1e-3, "atol": 1e-4}


# ------------------------------------------------------------------- shortcuts

forbid(
    "improved_mlp",
    "course_utils.DeepBigSimpleNet",
    "course_utils.training.DeepBigSimpleNet",
    "course_utils.training.models.DeepBigSimpleNet",
    "course_utils.training.make_model",
    "course_utils.training.models.make_model",
    says="This exercise asks you to build the network yourself, from layers.",
)
forbid(
    "augmenter",
    "course_utils.augmentation.random_affine",
    "course_utils.augmentation.random_rotation",
    "course_utils.augmentation.random_shift",
    "course_utils.data.augmentation.random_affine",
    "course_utils.data.augmentation.random_rotation",
    "course_utils.data.augmentation.random_shift",
    "course_utils.data.sampling.bilinear",
    says="This exercise asks you to write the changes yourself, with NumPy and scipy.ndimage.",
)
forbid(
    "cosine",
    "course_utils.CosineAnnealingLR",
    "course_utils.CosineAnnealingWarmRestarts",
    "course_utils.WarmupCosine",
    "course_utils.learning_rates",
    "course_utils.optim.CosineAnnealingLR",
    "course_utils.optim.CosineAnnealingWarmRestarts",
    "course_utils.optim.WarmupCosine",
    "course_utils.optim.learning_rates",
    "course_utils.optim.schedules.CosineAnnealingLR",
    "course_utils.optim.schedules.CosineAnnealingWarmRestarts",
    "course_utils.optim.schedules.WarmupCosine",
    "course_utils.optim.schedules.learning_rates",
    "course_utils.optim.schedules.by_name.learning_rates",
    "course_utils.optim.schedules.cosine.CosineAnnealingLR",
    "course_utils.optim.schedules.cosine.CosineAnnealingWarmRestarts",
    "course_utils.optim.schedules.cosine.WarmupCosine",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    says="This exercise asks you to write the schedule yourself, with one cosine.",
)
forbid(
    "early_stopping",
    "course_utils.EarlyStopper",
    "course_utils.EarlyStopping",
    "course_utils.training.EarlyStopper",
    "course_utils.training.EarlyStopping",
    "course_utils.training.early_stopping.EarlyStopper",
    "course_utils.training.early_stopping.EarlyStopping",
    says="This exercise asks you to write the rule yourself.",
)
forbid(
    "pipeline",
    "course_utils.TrainingManager",
    "course_utils.evaluate",
    "course_utils.run_experiments",
    "course_utils.training.TrainingManager",
    "course_utils.training.evaluate",
    "course_utils.training.run_experiments",
    "course_utils.training.train_epoch",
    "course_utils.training.evaluation.evaluate",
    "course_utils.training.experiments.run_experiments",
    "course_utils.training.manager.TrainingManager",
    "course_utils.training.steps.train_epoch",
    says="This exercise asks you to write the training loop yourself.",
)


# ---------------------------------------------------------------- improved_mlp

WIDTHS = (512, 256, 128)


@probe
def shapes_of_parameters(student, options):
    return [tuple(p.shape) for p in student.ImprovedMLP(**options).parameters()]


def expect_shapes(found, n_in, classes):
    sizes = [n_in, *WIDTHS, classes]
    expect(len(found) > 0, "model.parameters() is empty", "Keep the layers in attributes of self.")
    matrices = sorted(shape for shape in found if len(shape) == 2)
    right = sorted(zip(sizes[1:], sizes[:-1], strict=True))
    expect(
        matrices == right,
        f"with input_dim {n_in} and num_classes {classes} the weights that model.parameters() "
        f"finds have shapes {matrices}",
        "Four linear layers: three hidden ones of 512, 256 and 128 units, and one for the logits.",
    )
    for width in WIDTHS:
        vectors = found.count((width,))
        # A bias before batch normalisation has no effect, so a layer may do without.
        expect(
            vectors in (2, 3),
            f"there are {vectors} parameters of shape ({width},)",
            "A block has the bias of its linear layer, and a scale and a shift of its batch "
            "normalisation.",
        )
    expect(
        found.count((classes,)) == 1,
        f"there are {found.count((classes,))} parameters of shape ({classes},)",
        "The last layer has a bias, and nothing follows it.",
    )


@check("improved_mlp", points=3)
def parameters_are_all_found(student, rng):
    """parameters() finds four weights of the right shapes, and scale and shift of each block."""
    found = student.run(shapes_of_parameters, {"input_dim": 20, "num_classes": 7})
    expect_shapes(found, 20, 7)
    expect_shapes(student.run(shapes_of_parameters, {}), 784, 10)


@probe
def outputs_with_known_state(student, options, linear, norm, x, mode):
    """Write known numbers into all layers; return the logits and the new running averages."""
    import random

    import course_utils

    # A check begins by seeding `random`. The library draws from a generator of its own.
    course_utils.set_seed(random.getrandbits(31))
    model = student.ImprovedMLP(**options)
    for _, part in model.named_modules():
        if isinstance(part, course_utils.Linear):
            weight, bias = linear[str(part.weight.shape[0])]
            part.weight.data[...] = weight
            if part.bias is not None:
                part.bias.data[...] = bias
        if isinstance(part, course_utils.BatchNorm1d):
            gamma, beta, mean, variance = norm[str(part.weight.shape[0])]
            part.weight.data[...], part.bias.data[...] = gamma, beta
            part.running_mean[...], part.running_var[...] = mean, variance
    getattr(model, mode)()
    logits = np.array(model(course_utils.Tensor(x)).data)
    averages = {
        str(part.weight.shape[0]): (part.running_mean.copy(), part.running_var.copy())
        for _, part in model.named_modules()
        if isinstance(part, course_utils.BatchNorm1d)
    }
    return logits, averages


def draw_state(rng, n_in, classes):
    """Return parameters and running averages by the number of outputs, in float32.

    Biases before a batch normalisation are 0, so that a layer may do without them.
    """
    linear, norm = {}, {}
    for n_out in (*WIDTHS, classes):
        weight = rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
        bias = rng.normal(size=n_out) if n_out == classes else np.zeros(n_out)
        linear[str(n_out)] = (weight.astype(np.float32), bias.astype(np.float32))
        n_in = n_out
    for width in WIDTHS:
        draws = (
            rng.uniform(0.5, 1.5, width) * rng.choice([-1, 1], width),
            rng.normal(size=width),
            rng.normal(size=width),
            rng.uniform(0.3, 3, width),
        )
        norm[str(width)] = tuple(draw.astype(np.float32) for draw in draws)
    return linear, norm


def forward_by_hand(linear, norm, x, training):
    """Return the logits without dropout, and what the running averages become."""
    averages = {}
    a = x.astype(float)
    for width in WIDTHS:
        weight, bias = linear[str(width)]
        gamma, beta, mean, variance = (v.astype(float) for v in norm[str(width)])
        z = a @ weight.astype(float).T + bias
        if training:
            own = z.mean(axis=0), z.var(axis=0)
            unbiased = own[1] * len(z) / (len(z) - 1)
            averages[str(width)] = (0.9 * mean + 0.1 * own[0], 0.9 * variance + 0.1 * unbiased)
            mean, variance = own
        else:
            averages[str(width)] = (mean, variance)
        z = gamma * (z - mean) / np.sqrt(variance + 1e-5) + beta
        a = np.where(z > 0, z, 0)
    weight, bias = linear[[*linear][-1]]
    return a @ weight.astype(float).T + bias, averages


def compare_with_hand(student, rng, options, mode):
    linear, norm = draw_state(rng, 20, 7)
    x = rng.normal(size=(9, 20)).astype(np.float32)
    options = {"input_dim": 20, "num_classes": 7, **options}
    logits, averages = student.run(outputs_with_known_state, options, linear, norm, x, mode)
    right, moved = forward_by_hand(linear, norm, x, training=mode == "train")
    expect(
        sorted(averages) == sorted(str(width) for width in WIDTHS),
        f"batch normalisations were found for {sorted(averages)} units",
        "Each of the three blocks has a BatchNorm1d, and nothing else has.",
    )
    return logits, right, averages, moved


@check("improved_mlp", points=4)
def logits_in_evaluation(student, rng):
    """After eval(), with known parameters, the logits are those of the four layers in order."""
    logits, right, _, _ = compare_with_hand(student, rng, {}, "eval")
    close(
        logits,
        right,
        what="the logits after eval()",
        hint="Linear, BatchNorm1d, ReLU, three times, and then Linear alone. In evaluation batch "
        "normalisation uses its running averages, and dropout does nothing.",
        **NEAR,
    )


@check("improved_mlp", points=3)
def batch_statistics_in_training(student, rng):
    """After train() each batch is normalised by its own mean, and the running averages move."""
    logits, right, averages, moved = compare_with_hand(student, rng, {"dropout_rate": 0.0}, "train")
    hint = "After train() the layers must be in training mode. Keep the defaults of BatchNorm1d."
    close(logits, right, what="the logits after train(), without dropout", hint=hint, **NEAR)
    for width in WIDTHS:
        for name, now, then in zip(
            ("mean", "variance"), averages[str(width)], moved[str(width)], strict=True
        ):
            what = f"the running {name} of the {width} units"
            close(now, then, what=what, hint=hint, **NEAR)


@probe
def what_dropout_leaves(student, options, first, rows):
    """Return the last block's outputs when blocks from `first` on hand on ones, but for dropout.

    With `first` None the input counts too. Batch normalisations are set to evaluation, where they
    do nothing, so that dropout alone is seen. All layers hand on their first units.
    """
    import random

    import course_utils

    course_utils.set_seed(random.getrandbits(31))
    model = student.ImprovedMLP(input_dim=512, num_classes=128, **options)
    model.train()
    widths = [512, 256, 128]
    for _, part in model.named_modules():
        if isinstance(part, course_utils.Linear):
            part.weight.data[...] = np.eye(*part.weight.shape)
            if part.bias is not None:
                part.bias.data[...] = 0
        if isinstance(part, course_utils.BatchNorm1d):
            part.training = False
            if first is not None and part.weight.shape[0] == widths[first]:
                part.weight.data[...], part.bias.data[...] = 0, 1
    ones = np.ones((rows, 512), dtype=np.float32)
    return np.array(model(course_utils.Tensor(ones)).data)


@check("improved_mlp", points=4)
def dropout_ends_each_block(student, rng):
    """In training each block ends in dropout with the rate asked for, and nothing else does."""
    for options, rate in (({"dropout_rate": 0.2}, 0.2), ({}, 0.3)):
        for first, blocks in ((2, 1), (1, 2), (0, 3), (None, 3)):
            if not options and first is not None:
                continue
            left = student.run(what_dropout_leaves, options, first, 300)
            expect(
                isinstance(left, np.ndarray) and left.shape == (300, 128),
                "with input_dim 512 and num_classes 128 the logits had another shape",
            )
            given = f"dropout_rate {rate}" if options else "the default dropout_rate"
            hint = "Dropout(dropout_rate) is the last layer of each block, after the ReLU."
            # 38,400 draws: the share varies by 0.003, and 0.02 is seven times that.
            share = np.mean(left != 0)
            expect(
                abs(share - (1 - rate) ** blocks) < 0.02,
                f"with {given} {share:.0%} of the activations came through the last "
                f"{blocks} of the 3 blocks" + (" and the input" if first is None else ""),
                hint,
            )
            kept = np.unique(np.round(left[left != 0], 4))
            expect(
                len(kept) == 1 and abs(kept[0] * (1 - rate) ** blocks - 1) < 0.01,
                f"with {given} the activations that are kept were not scaled by 1 / (1 - rate) "
                "in each block",
                hint,
            )


@probe
def logits_around_the_switch(student, x):
    import random

    import course_utils

    course_utils.set_seed(random.getrandbits(31))
    model = student.ImprovedMLP(input_dim=20, num_classes=7)
    out = []
    for mode in ("train", "eval", "train", "eval"):
        getattr(model, mode)()
        out.append([np.array(model(course_utils.Tensor(x)).data) for _ in range(2)])
    alone = [np.array(model(course_utils.Tensor(np.stack([row, row]))).data)[0] for row in x]
    return out, np.array(alone)


@check("improved_mlp", points=2)
def the_switch_reaches_everything(student, rng):
    """train() and eval() switch all layers, there and back again."""
    x = rng.normal(size=(6, 20)).astype(np.float32)
    (train, evaluated, again, last), alone = student.run(logits_around_the_switch, x)
    for name, (one, two) in (("train()", train), ("train() a second time", again)):
        expect(
            not np.allclose(one, two),
            f"after {name} two calls gave the same logits",
            "In training dropout makes each call different. Does train() reach the dropout layers?",
        )
    hint = "Does eval() reach all layers? Module's own eval() does, if it can find them."
    for one, two in (evaluated, last):
        close(two, one, what="the second of two calls after eval()", hint=hint, **NEAR)
    close(
        alone,
        last[0],
        what="the logits of the same images in other batches, after eval(),",
        hint=hint,
        **NEAR,
    )


@probe
def slope_along_a_direction(student, seed):
    """Return the slope of an uneven sum of the logits: by backward, and by differences."""
    import course_utils

    course_utils.set_seed(seed)
    rng = np.random.default_rng(seed)
    model = student.ImprovedMLP(input_dim=20, num_classes=7, dropout_rate=0.0)
    model.train()
    x = course_utils.Tensor(rng.normal(size=(30, 20)).astype(np.float32))
    upstream = rng.normal(size=(30, 7)).astype(np.float32)
    parameters = model.parameters()
    (model(x) * upstream).sum().backward()
    found = [None if p.grad is None else np.array(p.grad.data) for p in parameters]
    slopes = []
    for p, gradient in zip(parameters, found, strict=True):
        if gradient is None:
            slopes.append((tuple(p.shape), None, None))
            continue
        # Along the gradient itself, where the slope is largest, beside float32's rounding.
        size = np.linalg.norm(gradient)
        step = gradient / max(size, 1e-12)
        h = 3e-3 if len(p.shape) == 2 else 1e-2
        kept = p.data.copy()
        sums = []
        for sign in (1, -1):
            p.data[...] = kept + sign * h * step
            sums.append(float(np.sum(np.asarray(model(x).data, dtype=float) * upstream)))
        p.data[...] = kept
        slopes.append((tuple(p.shape), float(size), (sums[0] - sums[1]) / (2 * h)))
    return slopes


@check("improved_mlp", points=2)
def every_parameter_learns(student, rng):
    """backward() gives every parameter its gradient."""
    slopes = student.run(slope_along_a_direction, int(rng.integers(1000)))
    hint = "Tensors go from layer to layer as they are. `.data` and `no_grad` cut the graph."
    expect(len(slopes) > 0, "model.parameters() is empty", "Keep the layers in attributes of self.")
    for shape, size, slope in slopes:
        what = f"the parameter of shape {shape}"
        expect(size is not None, f"{what} got no gradient", hint)
        # A bias before batch normalisation is taken out again by its mean: its slope is 0.
        right = abs(size - slope) < 0.1 * max(abs(size), abs(slope)) + 0.05
        expect(right, f"the gradient of {what} is not the slope of the outputs", hint)


# ------------------------------------------------------------------- augmenter

METHODS = ("random_shift", "random_scale", "add_noise", "augment")


@probe
def many_changes(student, settings, method, image, times, options):
    """Return what a method makes of one image, several times, and the image afterwards."""
    import random

    import course_utils

    course_utils.set_seed(random.getrandbits(31))
    augmenter = student.MNISTAugmenter(**settings)
    changed = [getattr(augmenter, method)(image, **options) for _ in range(times)]
    for one in changed:
        if not isinstance(one, np.ndarray):
            return None, type(one).__name__, "", image
        if one.shape != image.shape or one.dtype != changed[0].dtype:
            return None, str(one.shape), str(one.dtype), image
    return np.array(changed), str(changed[0].shape), str(changed[0].dtype), image


def change(student, method, image, times=1, options=None, **settings):
    """Return an array of results, one for each time; fail where they have another shape."""
    arguments = (settings, method, image, times, options or {})
    changed, shape, kind, _ = student.run(many_changes, *arguments)
    expect(
        changed is not None and shape == str(image.shape),
        f"{method} gives {shape} for an image of shape {image.shape}",
        "Return an array of the shape that came in.",
    )
    right = isinstance(changed, np.ndarray) and changed.dtype.kind in "fiub"
    expect(right, f"{method} gives {kind}, and not numbers")
    return changed.astype(float)


def picture(rows, columns, value=1.0):
    image = np.zeros((28, 28), dtype=np.float32)
    image[rows, columns] = value
    return image


def blob(rng):
    """Return a smooth random picture with paper around it."""
    image = np.zeros((28, 28))
    image[8:20, 8:20] = rng.uniform(0.2, 1, size=(12, 12))
    return image.astype(np.float32)


@check("augmenter", points=2)
def shapes_stay_and_numbers_are_float32(student, rng):
    """Flat and square images keep their shape, in float32, also where float64 comes in."""
    for method in METHODS:
        for shape in ((784,), (28, 28)):
            for kind in (np.float32, np.float64):
                image = blob(rng).astype(kind).reshape(shape)
                for options in ({}, {"probability": 0.0}) if method == "augment" else ({},):
                    _, seen, dtype, _ = student.run(many_changes, {}, method, image, 3, options)
                    expect(
                        seen == str(shape),
                        f"{method} gives {seen} for an image of shape {shape}",
                        "Return an array of the shape that came in.",
                    )
                    expect(
                        dtype == "float32",
                        f"{method} gives {dtype} for an image in {np.dtype(kind)}",
                        "Ask for np.float32: `.astype(np.float32)`.",
                    )
    for shape in ((5, 784), (5, 28, 28)):
        images = np.repeat([blob(rng)], 5, axis=0).astype(float).reshape(shape)
        _, seen, dtype, _ = student.run(many_changes, {}, "augment_batch", images, 1, {})
        expect(
            seen == str(shape) and dtype == "float32",
            f"augment_batch gives {seen} in {dtype or 'no numbers'} for images of shape {shape}",
        )


@check("augmenter", points=1)
def images_are_left_alone(student, rng):
    """The images that come in are unchanged afterwards."""
    for method in (*METHODS, "augment_batch"):
        image = blob(rng) + np.float32(0.1)
        image = np.stack([image] * 3) if method == "augment_batch" else image
        options = {"probability": 1.0} if method.startswith("augment") else {}
        *_, after = student.run(many_changes, {}, method, image, 4, options)
        expect(
            np.array_equal(after, image),
            f"the input had other values after {method}",
            "`image += noise` writes into the caller's array; `image + noise` makes a new one.",
        )


def shifts_of(student, rng, times, **settings):
    """Return how far a dot was moved each time: down, right."""
    dot = picture(13, 14, 0.75)
    changed = change(student, "random_shift", dot, times, **settings)
    hint = "A shift moves whole pixels, and changes no value."
    ink = changed.reshape(times, -1)
    single = np.sum(ink != 0, axis=1) == 1
    expect(np.all(single), "a single dark pixel did not stay a single one", hint)
    close(ink.max(axis=1), np.full(times, 0.75), what="the value of that pixel", hint=hint)
    places = ink.argmax(axis=1)
    return np.stack([places // 28 - 13, places % 28 - 14], axis=1)


@check("augmenter", points=3)
def shifts_are_within_their_limit(student, rng):
    """Shifts are whole pixels from -max_shift to max_shift, both ends included, both ways."""
    hint = "integers(a, b) draws from a to b - 1. Draw two numbers, down and right."
    for settings, limit in (({"max_shift": 3}, 3), ({}, 2), ({"max_shift": 0}, 0)):
        moved = shifts_of(student, rng, 400, **settings)
        given = "the default max_shift" if not settings else f"max_shift {limit}"
        for name, shifts in zip(("rows", "columns"), moved.T, strict=True):
            # Each of 7 values is missed in 400 draws once in 10 ** 26.
            found = sorted({int(s) for s in shifts})
            expect(
                found == list(range(-limit, limit + 1)),
                f"with {given} images moved by these {name}: {found}",
                hint,
            )
            shares = [np.mean(shifts == value) for value in found]
            expect(
                max(shares) < 1.8 / len(found) or limit == 0,
                f"with {given} one shift along the {name} came up {max(shares):.0%} of the time",
                "Every shift is as likely as any other.",
            )
        pairs = {tuple(pair) for pair in moved.tolist()}
        expect(
            len(pairs) > 2 * limit + 1 or limit == 0,
            "images moved along one line only",
            "Down and right are drawn one by one.",
        )


@check("augmenter", points=2)
def paper_comes_in_from_outside(student, rng):
    """What is moved out at one side does not come in at the other; new pixels are 0."""
    full = np.ones((28, 28), dtype=np.float32)
    changed = change(student, "random_shift", full, 60, max_shift=3)
    hint = "np.roll wraps around. Zeros come in."
    for image in changed:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        expect(len(rows) > 0, "an image full of ink was empty after a shift", hint)
        lost = (28 - len(rows)) * 28 + (28 - len(columns)) * len(rows)
        expect(image.sum() == 784 - lost, "the ink inside of a full image had holes", hint)
        expect(len(rows) >= 25 and len(columns) >= 25, "more was lost than was moved out", hint)
    # All 60 at rest: once in 10 ** 100.
    expect(changed.sum(axis=(1, 2)).min() < 784, "a full image was still full after a shift", hint)
    edges = np.maximum(picture(slice(25, 28), slice(0, 28)), picture(slice(0, 28), slice(25, 28)))
    changed = change(student, "random_shift", edges, 60, max_shift=3)
    expect(changed[:, :10, :10].max() == 0, "ink came in again from the other side", hint)


@check("augmenter", points=2)
def noise_is_normal(student, rng):
    """Each pixel gets its own noise, with mean 0 and standard deviation noise_std."""
    grey = np.full((28, 28), 0.5, dtype=np.float32)
    for settings, std in (({"noise_std": 0.05}, 0.05), ({}, 0.1), ({"noise_std": 0.0}, 0.0)):
        changed = change(student, "add_noise", grey, 40, **settings)
        noise = changed - 0.5
        given = "the default noise_std" if not settings else f"noise_std {std}"
        hint = "get_generator().normal(0, noise_std, size=...) draws one number for each pixel."
        # 31,360 draws: the standard deviation varies by 0.4 per cent.
        expect(
            abs(noise.std() - std) < 0.04 * std + 1e-6,
            f"with {given} the noise had a standard deviation of {noise.std():.4f}",
            hint,
        )
        expect(
            abs(noise.mean()) < 0.04 * std + 1e-6,
            f"with {given} the noise was not around 0",
            "Draw a number of its own for each pixel, from a normal distribution around 0.",
        )
        if std:
            beyond = np.mean(np.abs(noise) > 2 * std)
            expect(
                0.03 < beyond < 0.06,
                f"a share of {beyond:.3f} of the noise was larger than two standard deviations",
                "The noise is drawn from a normal distribution.",
            )
            expect(noise[0].std() > 0.8 * std, "all pixels of an image had the same noise", hint)
            expect(noise[:, 3, 3].std() > 0.5 * std, "all images had the same noise", hint)


@check("augmenter", points=1)
def noise_is_clipped(student, rng):
    """With noise the values stay between 0 and 1, and half of those at the ends do not move."""
    image = picture(slice(0, 14), slice(0, 28))
    changed = change(student, "add_noise", image, 20, noise_std=0.4)
    expect(
        changed.min() >= 0 and changed.max() <= 1,
        f"values from {changed.min():.2f} to {changed.max():.2f} came out",
        "np.clip(image, 0, 1) brings them back.",
    )
    for value, half in ((1.0, changed[:, :14]), (0.0, changed[:, 14:])):
        share = np.mean(half == value)
        expect(
            0.4 < share < 0.6,
            f"a share of {share:.2f} of the pixels that were {value:g} still are",
            "Clip; do not rescale, and do not take the absolute value.",
        )


def spread(image):
    """Return centre and standard deviation of the ink, along rows and along columns."""
    total = image.sum()
    places = np.indices((28, 28))
    centre = [float(np.sum(image * p) / total) for p in places]
    return centre, [
        float(np.sqrt(np.sum(image * (p - c) ** 2) / total))
        for p, c in zip(places, centre, strict=True)
    ]


@check("augmenter", points=2)
def scaling_keeps_the_centre(student, rng):
    """A known factor makes the digit larger or smaller by it, in both directions, in place."""
    disc = (np.hypot(*(np.indices((28, 28)) - 13.5)) < 6.5).astype(np.float32)
    _, (size, _) = spread(disc)
    for factor in (1.4, 0.7, 1.0):
        changed = change(student, "random_scale", disc, 1, scale_range=(factor, factor))[0]
        given = f"with a factor of {factor}"
        expect(changed.sum() > 0, f"{given} the picture was empty")
        centre, sizes = spread(changed)
        for name, now in zip(("high", "wide"), sizes, strict=True):
            expect(
                abs(now / size - factor) < 0.06,
                f"{given} the digit is {now / size:.2f} times as {name} as before",
                "The matrix of affine_transform leads from new pixels to old ones.",
            )
        expect(
            max(abs(c - 13.5) for c in centre) < 0.55,
            f"{given} the centre moved to ({centre[0]:.1f}, {centre[1]:.1f})",
            "The centre of the picture is at (13.5, 13.5). Which offset keeps it there?",
        )


def scaled_by_hand(image, factor):
    """Return the picture after scaling about its centre, pixel by pixel, linearly between."""
    out = np.zeros((28, 28))
    for r, c in np.ndindex(28, 28):
        y, x = 13.5 + (r - 13.5) / factor, 13.5 + (c - 13.5) / factor
        top, left = math.floor(y), math.floor(x)
        for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            if 0 <= row < 28 and 0 <= column < 28:
                out[r, c] += image[row, column] * (1 - abs(y - row)) * (1 - abs(x - column))
    return out


@check("augmenter", points=1)
def scaling_is_linear_interpolation(student, rng):
    """With a known factor every pixel has the value that lies at its old place."""
    image = blob(rng)
    for factor in (1.25, 0.8):
        changed = change(student, "random_scale", image, 1, scale_range=(factor, factor))[0]
        close(
            changed,
            scaled_by_hand(image, factor),
            what=f"the picture after scaling by {factor}",
            hint="order=1 interpolates linearly. Outside of the picture there is paper.",
            rtol=1e-3,
            atol=2e-3,
        )


@check("augmenter", points=1)
def scale_is_drawn_from_its_range(student, rng):
    """Factors come from the whole of scale_range, one for both directions."""
    disc = (np.hypot(*(np.indices((28, 28)) - 13.5)) < 6.5).astype(np.float32)
    _, (size, _) = spread(disc)
    hint = "uniform(low, high) draws one factor between the two ends of scale_range."
    for settings, (low, high) in (
        ({"scale_range": (0.7, 1.5)}, (0.7, 1.5)),
        ({}, (0.9, 1.1)),
    ):
        changed = change(student, "random_scale", disc, 150, **settings)
        expect(np.all(changed.sum(axis=(1, 2)) > 0), "a picture was empty after scaling", hint)
        factors = np.array([spread(image)[1] for image in changed]) / size
        width = high - low
        seen = f"with a range from {low} to {high} the smallest digit is {factors.min():.2f} times "
        seen += f"as large as before, and the largest is {factors.max():.2f} times"
        expect(low - 0.05 < factors.min() and factors.max() < high + 0.05, seen, hint)
        expect(factors.min() < low + 0.25 * width, seen, hint)
        expect(factors.max() > high - 0.25 * width, seen, hint)
        middle = np.mean(factors) - (low + high) / 2
        expect(abs(middle) < 0.12 * width, f"{seen}; the mean is not in the middle", hint)
        expect(
            np.abs(factors[:, 0] - factors[:, 1]).max() < 0.06,
            "a digit was stretched in one direction more than in the other",
            "One factor is drawn for an image, and used for both directions.",
        )


@probe
def which_changes(student, times, options, batch):
    """Return the names of the changes that `augment` makes, and the order, for many images."""
    import random

    import course_utils

    course_utils.set_seed(random.getrandbits(31))

    class Marked(student.MNISTAugmenter):
        def random_shift(self, image):
            done.append("shift")
            return np.asarray(image, dtype=np.float32) + np.float32(1)

        def random_scale(self, image):
            done.append("scale")
            return np.asarray(image, dtype=np.float32) * np.float32(10)

        def add_noise(self, image):
            done.append("noise")
            return np.asarray(image, dtype=np.float32) + np.float32(5)

    augmenter = Marked()
    all_done, values = [], []
    image = np.ones(784, dtype=np.float32)
    if batch:
        done = []
        found = augmenter.augment_batch(np.stack([image] * times), **options)
        return [], [float(np.ravel(one)[0]) for one in found]
    for _ in range(times):
        done = []
        values.append(float(np.ravel(augmenter.augment(image, **options))[0]))
        all_done.append(done)
    return all_done, values


CHANGES = ("shift", "scale", "noise")


@check("augmenter", points=2)
def each_change_has_its_own_chance(student, rng):
    """Shift, scale and noise are each done with the given probability, one by one."""
    hint = "Three throws of the dice for each image: get_generator().random() < probability."
    for options, chance in (
        ({}, 0.5),
        ({"probability": 0.2}, 0.2),
        ({"probability": 0.0}, 0.0),
        ({"probability": 1.0}, 1.0),
    ):
        given = f"with probability {chance}" if options else "with the default probability"
        done, _ = student.run(which_changes, 800, options, False)
        for name in CHANGES:
            share = np.mean([name in one for one in done])
            # 800 draws: the share varies by 0.018 at most; 0.09 is five times that.
            right = share == chance if chance in (0.0, 1.0) else abs(share - chance) < 0.09
            expect(right, f"{given} {name} was done for {share:.0%} of the images", hint)
        every = np.mean([len(set(one)) == 3 for one in done])
        expect(
            abs(every - chance**3) < 0.06,
            f"{given} all three were done for {every:.0%} of the images",
            "Each change has a throw of its own.",
        )
        expect(max(len(one) for one in done) <= 3, f"{given} a change was done twice", hint)


@check("augmenter", points=1)
def changes_follow_each_other(student, rng):
    """Shift, scale and noise are done in this order, each on what the one before has made."""
    done, values = student.run(which_changes, 200, {}, False)
    for one, value in zip(done, values, strict=True):
        expect(
            one == [name for name in CHANGES if name in one],
            f"the changes came in the order {', '.join(one)}",
            "Shift, then scale, then noise.",
        )
        right = 1.0
        for name in one:
            right = {"shift": right + 1, "scale": right * 10, "noise": right + 5}[name]
        expect(
            value == right,
            f"after {', '.join(one) or 'no change'} the result was not what these changes make",
            "Each change takes the image that the change before has returned.",
        )


@check("augmenter", points=1)
def each_image_has_its_own_chance(student, rng):
    """In a batch every image is changed by its own draws, and stays in its place."""
    hint = "Call self.augment for each image of the batch, and hand the probability on."
    _, values = student.run(which_changes, 400, {}, True)
    expect(len(values) == 400, f"400 images went in and {len(values)} came out", hint)
    # Eight combinations give eight values: 1, 2, 10, 20, 6, 7, 15, 25.
    kinds = len(set(values))
    expect(kinds == 8, f"the images of a batch came out in {kinds} of 8 ways", hint)
    for chance, right in ((0.0, 1.0), (1.0, 25.0)):
        _, values = student.run(which_changes, 20, {"probability": chance}, True)
        seen = f"with probability {chance:g} some images were changed in another way than all"
        expect(set(values) == {right}, seen, hint)
    shades = np.stack([picture(slice(10, 18), slice(10, 18), v) for v in np.linspace(0.2, 1, 5)])
    settings = {"max_shift": 3, "noise_std": 0.0}
    changed = change(student, "augment_batch", shades, 1, {"probability": 1.0}, **settings)[0]
    tops = changed.reshape(5, -1).max(axis=1)
    seen = "images did not come out in the order in which they went in"
    expect(np.all(np.diff(tops) > 0.1), seen, "The labels of a batch stay in their order.")
    same = np.stack([picture(slice(10, 18), slice(10, 18))] * 30)
    changed = change(student, "augment_batch", same, 1, {"probability": 1.0}, **settings)[0]
    centres = np.array([spread(image)[0] for image in changed])
    expect(centres.std(axis=0).min() > 0.5, "all images of a batch moved alike", hint)


@probe
def changes_after_a_seed(student, seeds, image):
    import course_utils

    augmenter = student.MNISTAugmenter()
    out = []
    for seed in seeds:
        course_utils.set_seed(seed)
        out.append(np.array(augmenter.augment_batch(np.stack([image] * 4), probability=1.0)))
    return out


@check("augmenter", points=1)
def one_seed_gives_one_result(student, rng):
    """After set_seed with one number the changes are the same, and after another others."""
    seed = int(rng.integers(1000))
    first, again, other = student.run(changes_after_a_seed, [seed, seed, seed + 1], blob(rng))
    hint = "Draw from get_generator(), and ask for it at each use: set_seed makes a new one."
    expect(np.array_equal(first, again), "the same seed gave other images the second time", hint)
    expect(not np.allclose(first, other), "another seed gave the same images", hint)


# ---------------------------------------------------------------------- cosine


@probe
def rates_step_by_step(student, lr, T_0, options, steps):
    """Return the optimizer's rate and get_lr(), before the first step and after each."""
    import course_utils

    weight = course_utils.Tensor(np.zeros(2), requires_grad=True)
    optimizer = course_utils.SGD([weight], lr=lr)
    schedule = student.CosineAnnealingWarmRestarts(optimizer, T_0, **options)
    rates = [(float(optimizer.lr), float(schedule.get_lr()))]
    for _ in range(steps):
        schedule.step()
        rates.append((float(optimizer.lr), float(schedule.get_lr())))
    return np.array(rates)


def rates_by_hand(lr, T_0, steps, T_mult=1, eta_min=0.0):
    """Return the rate after 0, 1, ... steps: each fall written out in full."""
    rates = []
    length = T_0
    while len(rates) <= steps:
        fall = np.cos(np.linspace(0, np.pi, length + 1)[:-1])
        rates += list(eta_min + (lr - eta_min) * (1 + fall) / 2)
        length *= T_mult
    return np.array(rates[: steps + 1])


def compare_rates(student, lr, T_0, steps, hint, **options):
    found = student.run(rates_step_by_step, lr, T_0, options, steps)
    right = rates_by_hand(lr, T_0, steps, **options)
    close(found[:, 0], right, what="optimizer.lr, step by step,", hint=hint, rtol=1e-5)
    return found, right


@check("cosine", points=1)
def starts_at_the_rate_of_the_optimizer(student, rng):
    """Before the first step the rate is the one that the optimizer came with."""
    for lr in (0.3, 0.02):
        for options in ({}, {"eta_min": 0.01}):
            found = student.run(rates_step_by_step, lr, 6, options, 0)[0]
            hint = "T_cur is 0 there, and the cosine of 0 is 1."
            close(found, [lr, lr], what="optimizer.lr and get_lr() at first", hint=hint)


@check("cosine", points=3)
def falls_along_half_a_cosine(student, rng):
    """Within the first fall each rate lies on half a cosine."""
    for lr, T_0 in ((0.4, 12), (0.05, 7)):
        hint = "T_cur is the number of steps so far, and the angle goes from 0 towards pi."
        compare_rates(student, lr, T_0, T_0 - 1, hint)


@check("cosine", points=2)
def never_falls_below_eta_min(student, rng):
    """With eta_min the fall goes from the optimizer's rate towards eta_min, and not to 0."""
    hint = "eta_min is added, and the cosine has the height eta_max - eta_min."
    compare_rates(student, 0.5, 9, 20, hint, eta_min=0.1)
    compare_rates(student, 0.5, 9, 20, hint, eta_min=0.1, T_mult=2)


@check("cosine", points=3)
def restarts_at_the_top(student, rng):
    """After T_0 steps, and after every further T_0, the rate is back at the top at once."""
    hint = "The step that completes a fall is step 0 of the next one."
    compare_rates(student, 0.4, 5, 23, hint)
    compare_rates(student, 0.3, 1, 4, hint)


@check("cosine", points=3)
def falls_grow_by_t_mult(student, rng):
    """With T_0=10 and T_mult=2 the rate is at the top after 10, 30 and 70 steps, and only then."""
    hint = "Each fall is T_mult times as long as the one before."
    found, _ = compare_rates(student, 0.2, 10, 100, hint, T_mult=2)
    tops = np.flatnonzero(np.isclose(found[:, 0], 0.2))
    expect(tops.tolist() == [0, 10, 30, 70], f"the rate was at the top after {tops} steps", hint)
    compare_rates(student, 0.2, 2, 60, hint, T_mult=3)


@probe
def rates_while_looking(student, lr, T_0, steps):
    """Return the rates of two schedules in turn; one is looked at ever so often."""
    from types import SimpleNamespace

    optimizers = [SimpleNamespace(lr=lr), SimpleNamespace(lr=2 * lr)]
    schedules = [student.CosineAnnealingWarmRestarts(o, T_0, T_mult=2) for o in optimizers]
    rates = []
    for _ in range(steps):
        for schedule in schedules:
            schedule.step()
        looked = [float(schedules[0].get_lr()) for _ in range(5)]
        rates.append([float(optimizers[0].lr), float(optimizers[1].lr), *looked])
    return np.array(rates)


@check("cosine", points=2)
def get_lr_only_looks(student, rng):
    """get_lr() tells the rate and changes nothing; two schedules do not disturb each other."""
    found, _ = compare_rates(student, 0.4, 6, 15, None, eta_min=0.05)
    hint = "get_lr() returns the rate that the last step() wrote."
    close(found[:, 1], found[:, 0], what="get_lr(), beside optimizer.lr,", hint=hint, rtol=1e-5)
    found = student.run(rates_while_looking, 0.1, 4, 15)
    right = rates_by_hand(0.1, 4, 15, T_mult=2)[1:]
    hint = "Count in step() only, and keep what you count on self."
    close(found[:, 0], right, what="the rates of the first of two", hint=hint, rtol=1e-5)
    close(found[:, 1], 2 * right, what="the rates of the second of two", hint=hint, rtol=1e-5)
    for column in found.T[2:]:
        close(column, right, what="get_lr(), called five times,", hint=hint, rtol=1e-5)


# -------------------------------------------------------------- early_stopping


@probe
def told_epoch_by_epoch(student, options, scores, start):
    """Call the rule with each score; return what it says and holds, and the model's state.

    The model is changed in place before each call, as an optimizer does it: in epoch e its weights
    and its running mean are all e + 1. Then comes the same training with new arrays in each
    epoch. It is not judged. A second name for an array serves there, so it tells this mistake
    from weights that never come back.
    """
    import course_utils

    def train(new_arrays):
        stopping = student.EarlyStopping(**options)
        model = course_utils.Sequential(course_utils.Linear(3, 2), course_utils.BatchNorm1d(2))
        norm = model.modules[1]
        told = []
        for epoch, score in enumerate(scores, start=start):
            for p in model.parameters():
                if new_arrays:
                    p.data = p.data.copy()
                p.data[...] = epoch + 1
            norm.running_mean[...] = epoch + 1
            answer = stopping(score, model, epoch)
            best = stopping.best_score
            weights = [float(p.data.flat[0]) for p in model.parameters()]
            even = all(np.ptp(p.data) == 0 for p in model.parameters())
            told.append(
                {
                    "answer": bool(answer),
                    "kind": type(answer).__name__,
                    "counter": int(stopping.counter),
                    "best_score": None if best is None else float(best),
                    "best_epoch": stopping.best_epoch,
                    "early_stop": bool(stopping.early_stop),
                    "weights": weights if even else [],
                    "mean": float(norm.running_mean[0]),
                }
            )
            if answer:
                break
        return told

    return train(new_arrays=False), train(new_arrays=True)


def tell(student, scores, start=0, **options):
    told, _ = student.run(told_epoch_by_epoch, options, [float(s) for s in scores], start)
    return told


def expect_told(told, key, right, hint, when):
    found = [one[key] for one in told]
    expect(found == right, f"{when} {key} was {found}, epoch by epoch", hint)


def expect_answers(told, stop, hint, when):
    """Expect that the rule says no in each epoch before `stop`, and yes there (None: never)."""
    answers = [one["answer"] for one in told]
    first = answers.index(True) if True in answers else None
    seen = "never stopped" if first is None else f"stopped at call {first + 1}"
    expect(first == stop, f"{when} it {seen}", hint)
    flags = [one["early_stop"] for one in told]
    expect(flags == answers, f"{when} early_stop was not what the call returned", hint)


@check("early_stopping", points=3)
def stops_when_patience_runs_out(student, rng):
    """It stops at the patience-th call in a row that does not improve, and not before."""
    scores = [0.9, 0.5, 0.8, 0.7, 0.6, 0.9, 0.8, 0.9, 0.7, 0.8, 0.9, 0.6, 0.7, 0.8]
    hint = "Count first, then compare: counter >= patience."
    for patience in (1, 2, 3, 5):
        told = tell(student, scores, patience=patience)
        expect_answers(told, 1 + patience, hint, f"with patience {patience}")
    # The default is 10.
    expect_answers(tell(student, scores), 11, hint, "with the default patience")


@check("early_stopping", points=2)
def an_improvement_starts_the_count_anew(student, rng):
    """The counter counts bad epochs in a row: it goes to 0 with each improvement."""
    scores = [0.9, 0.95, 0.8, 0.85, 0.82, 0.7, 0.75, 0.74, 0.6, 0.65]
    told = tell(student, scores, patience=3)
    hint = "Set the counter to 0 whenever the score improves."
    expect_answers(told, None, hint, "with patience 3 and never more than 2 bad epochs in a row")
    expect_told(told, "counter", [0, 1, 0, 1, 2, 0, 1, 2, 0, 1], hint, "then")


@check("early_stopping", points=1)
def a_tie_is_no_improvement(student, rng):
    """A score equal to the best does not improve."""
    told = tell(student, [0.5, 0.5, 0.5, 0.5], patience=3)
    hint = "The sign is <, and not <=."
    expect_answers(told, 3, hint, "with equal scores and patience 3")
    expect_told(told, "best_epoch", [0] * 4, hint, "with equal scores")
    told = tell(student, [0.5, 0.5, 0.5, 0.5], patience=3, mode="max")
    expect_answers(told, 3, hint, "with equal scores, mode 'max' and patience 3")


@check("early_stopping", points=2)
def min_delta_must_be_beaten(student, rng):
    """A score improves only if it beats the best by more than min_delta, in either mode."""
    # These numbers are exact in binary, so that "equal" means equal.
    down = [2.0, 1.875, 1.75, 1.5, 1.25, 1.0]
    hint = "To improve is to be better than the best by more than min_delta. Better than which one?"
    for mode, scores in (("min", down), ("max", [-s for s in down])):
        told = tell(student, scores, patience=9, min_delta=0.25, mode=mode)
        when = f"with mode '{mode}' and min_delta 0.25"
        expect_told(told, "counter", [0, 1, 2, 0, 1, 0], hint, when)
        expect_told(told, "best_epoch", [0, 0, 0, 3, 3, 5], hint, when)
    told = tell(student, [1.0, 0.99999, 0.99998], patience=2)
    expect_answers(told, None, "min_delta is 0 by default.", "with the smallest improvements")


@check("early_stopping", points=2)
def large_scores_are_good_in_mode_max(student, rng):
    """With mode 'max' the best score is the largest, also where scores are negative."""
    hint = "Where does the best score begin, and which way does the comparison go?"
    for shift in (0.0, -5.0):
        scores = np.array([0.5, 0.7, 0.6, 0.9, 0.8, 0.85, 0.7]) + shift
        told = tell(student, scores, patience=3, mode="max")
        expect_answers(told, 6, hint, "with mode 'max' and patience 3")
        expect_told(told, "best_epoch", [0, 1, 1, 3, 3, 3, 3], hint, "with mode 'max'")
        best = [one["best_score"] for one in told]
        close(np.array(best, dtype=float), np.maximum.accumulate(scores), what="best_score")
    told = tell(student, np.array([5.0, 3.0, 4.0, 2.0]) + 100, patience=2)
    expect_told(told, "best_epoch", [0, 1, 1, 3], hint, "with mode 'min'")


@check("early_stopping", points=3)
def the_best_weights_come_back(student, rng):
    """When it stops, the model has the weights of the best epoch, and until then its own."""
    for start, scores, stop, best in (
        (0, [0.9, 0.5, 0.3, 0.6, 0.7], 4, 2),
        (7, [0.4, 0.6, 0.5], 2, 0),
    ):
        told = tell(student, scores, start, patience=2)
        hint = "Copy the weights when the score improves. A second name for an array is no copy."
        expect_answers(told, stop, "Count first, then compare.", "with patience 2")
        for number, one in enumerate(told):
            epoch = number + start
            right = float((best + start if number == stop else epoch) + 1)
            when = "after it had stopped" if number == stop else "before it stopped"
            expect(
                one["weights"] == [right] * 4,
                f"{when} the model had not the weights of "
                + ("the best epoch" if number == stop else "its own epoch"),
                hint,
            )
        expect_told(told[-1:], "best_epoch", [best + start], hint, "in the end")


@check("early_stopping", points=2)
def running_means_come_back_too(student, rng):
    """The running means of batch normalisation come back with the weights."""
    told = tell(student, [0.9, 0.5, 0.3, 0.6, 0.7], patience=2)
    expect(
        told[-1]["mean"] == 3.0,
        "after it had stopped, the running mean was not that of the best epoch",
        "state_dict() holds everything that the model has learned, and as copies; parameters() "
        "does not hold the running means.",
    )


@check("early_stopping", points=1)
def without_restore_the_model_is_left_alone(student, rng):
    """With restore_best=False the model keeps its last weights."""
    told = tell(student, [0.9, 0.5, 0.3, 0.6, 0.7], patience=2, restore_best=False)
    when = "with restore_best=False and patience 2"
    expect_answers(told, 4, "restore_best does not change when it stops.", when)
    last = [told[-1]["weights"], told[-1]["mean"]]
    expect(last == [[5.0] * 4, 5.0], "the model was changed", "restore_best is an argument.")


@probe
def around_a_reset(student):
    import course_utils

    stopping = student.EarlyStopping(patience=2, min_delta=0.5)
    states = []

    def note():
        states.append(
            [stopping.counter, stopping.best_score, stopping.best_epoch, stopping.early_stop]
        )

    note()
    first, second = course_utils.Linear(2, 2), course_utils.Linear(2, 2)
    for epoch, score in enumerate([0.1, 0.2, 0.3]):
        stopping(score, first, epoch)
    stopping.reset()
    note()
    answers = []
    for epoch, score in enumerate([9.0, 9.5, 8.0, 8.1, 8.2]):
        second.weight.data[...] = epoch
        answers.append(bool(stopping(score, second, epoch)))
    weight, best = float(second.weight.data[0, 0]), stopping.best_epoch
    # After another reset there are no best weights, so there is nothing to give back.
    stopping.reset()
    second.weight.data[...] = 9
    answers += [bool(stopping(float("nan"), second, epoch)) for epoch in range(2)]
    return states, answers, weight, best, float(second.weight.data[0, 0])


@check("early_stopping", points=1)
def reset_forgets_everything(student, rng):
    """At first, and after reset(), nothing is known; the rule then serves for another training."""
    states, answers, weight, best, kept = student.run(around_a_reset)
    hint = "reset() puts counter, best_score, best_epoch and early_stop back."
    for when, found in zip(("at first", "after reset()"), states, strict=True):
        right = [0, None, None, False]
        same = found == right and not isinstance(found[0], bool)
        expect(same, f"{when} counter, best_score, best_epoch, early_stop were {found}", hint)
    expect(
        answers == [False] * 4 + [True, False, True],
        f"in the next two trainings it answered {answers[:5]} and {answers[5:]}",
        hint,
    )
    expect(best == 2, "in the next training another epoch was the best", hint)
    expect(
        weight == 2.0,
        "in the next training the weights of the best epoch did not come back",
        "After reset() the weights are kept and come back as in the first training.",
    )
    expect(kept == 9.0, "the weights of an earlier training came back after a reset", hint)


@check("early_stopping", points=1)
def nan_never_improves(student, rng):
    """A score that is NaN counts as a bad one, also as the first."""
    nan = float("nan")
    hint = "NaN is neither smaller nor larger than anything: every comparison with it is False."
    told = tell(student, [0.5, nan, 0.4, nan, nan], patience=2)
    expect_answers(told, 4, hint, "with NaN among the scores and patience 2")
    expect_told(told, "best_epoch", [0, 0, 2, 2, 2], hint, "with NaN among the scores")
    told = tell(student, [nan, nan, 0.5], patience=2)
    expect_answers(told, 1, hint, "with nothing but NaN and patience 2")
    left_alone = told[-1]["weights"] == [2.0] * 4
    expect(left_alone, "with nothing but NaN the model was changed", "There is no best epoch yet.")
    told = tell(student, [nan, 0.9, 0.8, nan, 0.7], patience=2)
    expect_answers(told, None, hint, "with NaN as the first score and patience 2")
    expect_told(told, "best_epoch", [None, 1, 2, 2, 4], hint, "with NaN as the first score")


# -------------------------------------------------------------------- pipeline


@probe
def linear_epochs(student, weight, bias, batches, lr, epochs):
    """Train a linear model; return what train_epoch says and the parameters, epoch by epoch."""
    import course_utils

    class Batches:
        def __iter__(self):
            return iter([(images.copy(), targets.copy()) for images, targets in batches])

    model = course_utils.Linear(weight.shape[1], weight.shape[0], dtype=np.float64)
    model.weight.data[...], model.bias.data[...] = weight, bias
    optimizer = course_utils.SGD(model.parameters(), lr=lr)
    loss_fn = course_utils.CrossEntropyLoss()
    pipeline = student.TrainingPipeline(model, loss_fn, optimizer)
    said, parameters = [], []
    kinds = set()

    def numbers(pair):
        kinds.update(type(n).__name__ for n in pair if not isinstance(n, (int, float, np.number)))
        loss, accuracy = pair
        return float(loss), float(accuracy)

    for _ in range(epochs):
        said.append(numbers(pipeline.train_epoch(Batches())))
        parameters.append((model.weight.data.copy(), model.bias.data.copy()))
    in_training = sorted(kinds)
    kinds.clear()
    evaluated = numbers(pipeline.evaluate(Batches()))
    return said, parameters, evaluated, (in_training, sorted(kinds))


def epoch_by_hand(weight, bias, batches, lr):
    """Return the parameters after an epoch of gradient descent, and the loss and right answers."""
    weight, bias = weight.copy(), bias.copy()
    losses, right = [], []
    for images, targets in batches:
        logits = images @ weight.T + bias
        powers = np.exp(logits)
        chances = powers / powers.sum(axis=1, keepdims=True)
        rows = np.arange(len(targets))
        losses += list(-np.log(chances[rows, targets]))
        right += list(logits.argmax(axis=1) == targets)
        chances[rows, targets] -= 1
        delta = chances / len(targets)
        weight -= lr * delta.T @ images
        bias -= lr * delta.sum(axis=0)
    return weight, bias, float(np.mean(losses)), float(np.mean(right))


def draw_batches(rng, sizes, features=4, classes=3):
    """Return batches of different sizes; the last and smallest one is the hardest."""
    batches = []
    for size in sizes:
        scale = 4.0 if size == min(sizes) else 1.0
        images = scale * rng.normal(size=(size, features))
        batches.append((images, rng.integers(classes, size=size)))
    return batches


def linear_training(student, rng, lr=0.3, epochs=2):
    """Return what the student's loop did, and what it should have, with the same numbers."""
    weight, bias = rng.normal(size=(3, 4)), rng.normal(size=3)
    batches = draw_batches(rng, (7, 6, 2))
    found = student.run(linear_epochs, weight, bias, batches, lr, epochs)
    said, parameters = [], []
    for _ in range(epochs):
        weight, bias, loss, accuracy = epoch_by_hand(weight, bias, batches, lr)
        said.append((loss, accuracy))
        parameters.append((weight, bias))
    *_, loss, accuracy = epoch_by_hand(weight, bias, batches, 0.0)
    return found, (said, parameters, (loss, accuracy))


def expect_numbers(kinds, method):
    expect(
        not kinds,
        f"{method} returns a {' and a '.join(kinds)}",
        "`loss.item()` is a number. A Tensor keeps the whole graph of the epoch in memory.",
    )


@check("pipeline", points=3)
def each_batch_is_a_step(student, rng):
    """train_epoch moves the weights once for each batch, against that batch's gradient alone."""
    (_, found, _, _), (_, right, _) = linear_training(student, rng)
    hint = "zero_grad, backward, step, once for each batch. Gradients add up if nobody clears them."
    for epoch, (ours, theirs) in enumerate(zip(found, right, strict=True), start=1):
        for name, one, two in zip(("weights", "biases"), ours, theirs, strict=True):
            close(one, two, what=f"the {name} after epoch {epoch}", hint=hint, **NEAR)


@check("pipeline", points=2)
def training_means_are_over_images(student, rng):
    """train_epoch returns mean loss and accuracy over all images, as they came by."""
    for _ in range(3):
        (found, _, _, kinds), (right, _, _) = linear_training(student, rng)
        expect_numbers(kinds[0], "train_epoch")
        hint = "Weigh each batch's loss by its number of images. Count the images that were right."
        for name, place in (("loss", 0), ("accuracy", 1)):
            close(
                np.array([epoch[place] for epoch in found]),
                np.array([epoch[place] for epoch in right]),
                what=f"the {name} that train_epoch returns, for two epochs,",
                hint=hint,
                **NEAR,
            )


@check("pipeline", points=2)
def evaluation_means_are_over_images(student, rng):
    """evaluate returns mean loss and accuracy over all images, for batches of any size."""
    for _ in range(3):
        # A rate of 0, so that only the evaluation is looked at.
        (_, _, found, kinds), (_, _, right) = linear_training(student, rng, lr=0.0, epochs=1)
        expect_numbers(kinds[1], "evaluate")
        hint = "Weigh each batch's loss by its number of images. Count the images that were right."
        for name, one, two in zip(("loss", "accuracy"), found, right, strict=True):
            close(one, two, what=f"the {name} that evaluate returns", hint=hint, **NEAR)


@probe
def watched_model(student, x, y, calls):
    """Call methods of a pipeline; return what its model saw each time, and its state."""
    import course_utils

    seen = []

    class Watched(course_utils.Module):
        def __init__(self):
            self.layer = course_utils.Linear(4, 3)
            self.norm = course_utils.BatchNorm1d(3)

        def forward(self, x):
            logits = self.norm(self.layer(x))
            data = np.array(getattr(x, "data", x))
            seen.append((bool(self.norm.training), bool(logits.requires_grad), data))
            return logits

    class Plus:
        def augment_batch(self, images, *options):
            return np.asarray(images) + 100

        augment = augment_batch

    model = Watched()
    optimizer = course_utils.Adam(model.parameters(), lr=0.01)
    loss_fn = course_utils.CrossEntropyLoss()
    pipeline = student.TrainingPipeline(model, loss_fn, optimizer, augmenter=Plus())
    batches = [(x[:5].copy(), y[:5].copy()), (x[5:].copy(), y[5:].copy())]
    out = []
    for name in calls:
        del seen[:]
        before = model.state_dict()
        steps = optimizer.state_dict()
        grads = [None if p.grad is None else p.grad.data.copy() for p in model.parameters()]
        getattr(pipeline, name)(batches)
        after = model.state_dict()
        now = [None if p.grad is None else p.grad.data for p in model.parameters()]
        same_grads = all(
            (a is None) == (b is None) and (a is None or np.array_equal(a, b))
            for a, b in zip(grads, now, strict=True)
        )
        moved = [key for key in before if not np.array_equal(before[key], after[key])]
        stepped = steps["step.0"] != optimizer.state_dict()["step.0"]
        changed = [
            not np.array_equal(b[0], o) for b, o in zip(batches, (x[:5], x[5:]), strict=True)
        ]
        out.append((list(seen), moved, same_grads, stepped, any(changed)))
    return out


def watch(student, rng, *calls):
    x = rng.normal(size=(9, 4)).astype(np.float32)
    y = rng.integers(3, size=9)
    return x, student.run(watched_model, x, y, list(calls))


@check("pipeline", points=2)
def evaluation_changes_nothing(student, rng):
    """evaluate moves no weight, no running mean and no gradient, and records no graph."""
    _, calls = watch(student, rng, "evaluate", "train_epoch", "evaluate")
    hint = "model.eval(), and the loop inside `with no_grad():`. No backward, no step."
    for seen, moved, same_grads, stepped, _ in (calls[0], calls[2]):
        expect(not moved, f"evaluate changed {', '.join(moved)}", hint)
        expect(same_grads, "evaluate changed the gradients of the parameters", hint)
        expect(not stepped, "evaluate took a step of the optimizer", hint)
        expect(not any(graph for _, graph, _ in seen), "evaluate recorded a graph", hint)


@check("pipeline", points=2)
def the_mode_is_switched_each_time(student, rng):
    """train_epoch trains in training mode and evaluate looks in evaluation mode, in any order."""
    calls = ("train_epoch", "evaluate", "train_epoch", "evaluate", "evaluate", "train_epoch")
    _, found = watch(student, rng, *calls)
    hint = "Each of the two methods turns the switch itself, at its beginning."
    for name, (seen, *_) in zip(calls, found, strict=True):
        expect(len(seen) == 2, f"{name} called the model {len(seen)} times for 2 batches", None)
        modes = [mode for mode, *_ in seen]
        right = name == "train_epoch"
        wrong = "evaluation" if right else "training"
        expect(modes == [right] * 2, f"{name} ran the model in {wrong} mode", hint)


@check("pipeline", points=2)
def only_training_images_are_augmented(student, rng):
    """The model is trained on what augment_batch returns, and evaluated on images as they are."""
    x, calls = watch(student, rng, "train_epoch", "evaluate")
    for (seen, *_, changed), plus, hint in (
        (calls[0], 100, "Train on what augmenter.augment_batch(images) returns."),
        (calls[1], 0, "Nothing is augmented in evaluate: the numbers should be about real images."),
    ):
        name = "train_epoch" if plus else "evaluate"
        for (_, _, data), part in zip(seen, (x[:5], x[5:]), strict=False):
            close(
                data.astype(float),
                part.astype(float) + plus,
                what=f"what the model got in {name}",
                hint=hint,
                **NEAR,
            )
        expect(len(seen) == 2, f"{name} called the model {len(seen)} times for 2 batches", None)
        expect(not changed, f"{name} changed the images of the loader in place", hint)


@probe
def scripted_fit(student, script, epochs, with_parts, verbose, stop_at):
    """Run fit with epochs that come from a script; return the histories and what was called."""
    import contextlib
    import io

    import course_utils

    log = []

    class Scripted(student.TrainingPipeline):
        def train_epoch(self, loader):
            log.append(("train", str(loader), float(self.optimizer.lr)))
            row = script[sum(entry[0] == "train" for entry in log) - 1]
            return row[0], row[1]

        def evaluate(self, loader):
            log.append(("evaluate", str(loader), float(self.optimizer.lr)))
            row = script[sum(entry[0] == "evaluate" for entry in log) - 1]
            return row[2], row[3]

    class Halving:
        def step(self):
            log.append(("schedule", "", 0.0))
            optimizer.lr /= 2

        def get_lr(self):
            return optimizer.lr

    class Stopping:
        early_stop = False
        mode = "min"

        def __call__(self, score, given, epoch):
            log.append(("stopping", str(given is model), float(score), int(epoch)))
            self.early_stop = int(epoch) == stop_at
            return self.early_stop

    model = course_utils.Linear(4, 3)
    optimizer = course_utils.SGD(model.parameters(), lr=0.8)
    parts = {"scheduler": Halving(), "early_stopping": Stopping()} if with_parts else {}
    loss_fn = course_utils.CrossEntropyLoss()
    pipeline = Scripted(model, loss_fn, optimizer, **parts)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        history = pipeline.fit("training data", "validation data", epochs, **verbose)
    kept = {str(k): [float(v) for v in values] for k, values in history.items()}
    return kept, log, said.getvalue()


KEYS = ("train_loss", "train_acc", "val_loss", "val_acc")
LABELS = {
    "train_loss": "history['train_loss']",
    "train_acc": "history['train_acc']",
    "val_loss": "history['val_loss']",
    "val_acc": "history['val_acc']",
}


def fit(student, rng, epochs=4, parts=True, stop_at=-1, **verbose):
    script = rng.uniform(0.1, 0.9, size=(epochs, 4)).tolist()
    return script, student.run(scripted_fit, script, epochs, parts, verbose, stop_at)


def expect_history(history, script, lr, hint):
    for place, key in enumerate(KEYS):
        expect(key in history, f"the history has no {key!r}, but {sorted(history)}", hint)
        close(np.array(history[key]), np.array([row[place] for row in script]), what=LABELS[key])
    expect("lr" in history, f"the history has no 'lr', but {sorted(history)}", hint)
    close(np.array(history["lr"]), np.array(lr), what="history['lr']", hint=hint)


@check("pipeline", points=1)
def history_has_every_epoch(student, rng):
    """Without the optional parts fit trains all epochs, returns five lists, and prints if asked."""
    hint = "Five lists: train_loss, val_loss, train_acc, val_acc, lr."
    for verbose, prints in (({"verbose": False}, False), ({"verbose": True}, True), ({}, True)):
        script, (history, log, said) = fit(student, rng, 3, parts=False, **verbose)
        expect_history(history, script, [0.8] * 3, hint)
        order = [entry[:2] for entry in log]
        right = [("train", "training data"), ("evaluate", "validation data")] * 3
        expect(
            order == right,
            "fit called, in this order: " + ", ".join(f"{a} on {b}" for a, b in order),
            "For each epoch: train_epoch on the training batches, evaluate on the others.",
        )
        lines = len(said.strip().splitlines())
        expect(
            lines >= 3 if prints else lines == 0,
            f"with {verbose or 'the default verbose'} fit printed {lines} lines in 3 epochs",
            "One line for each epoch, if verbose, and otherwise none.",
        )


@check("pipeline", points=2)
def the_schedule_steps_once_an_epoch(student, rng):
    """The schedule takes one step after each epoch; the history has the rate that was used."""
    script, (history, log, _) = fit(student, rng, 4, verbose=False)
    hint = "Note the rate before the epoch. scheduler.step() comes after it, once."
    order = [entry[0] for entry in log if entry[0] in ("train", "schedule")]
    times = order.count("schedule")
    expect(times in (3, 4), f"the schedule took {times} steps in 4 epochs", hint)
    right = (["train", "schedule"] * 4)[: len(order)]
    expect(order == right, "the schedule did not step after each epoch", hint)
    expect(times == 4, f"the schedule took {times} steps in 4 epochs", hint)
    rates = [entry[2] for entry in log if entry[0] == "train"]
    close(np.array(rates), np.array([0.8, 0.4, 0.2, 0.1]), what="the rates in training", hint=hint)
    expect_history(history, script, [0.8, 0.4, 0.2, 0.1], hint)


@check("pipeline", points=2)
def early_stopping_is_asked_and_obeyed(student, rng):
    """Early stopping sees the validation loss, the model and the epoch; its yes ends the loop."""
    script, (history, log, _) = fit(student, rng, 6, stop_at=3, verbose=False)
    asked = [entry for entry in log if entry[0] == "stopping"]
    hint = "early_stopping(val_loss, model, epoch), once for each epoch, counted from 0."
    epochs = [entry[3] for entry in asked]
    expect(epochs == list(range(len(asked))), f"it was asked about the epochs {epochs}", hint)
    expect(len(asked) > 0, "it was never asked", hint)
    expect(all(entry[1] == "True" for entry in asked), "it was not given the model", hint)
    scores = np.array([entry[2] for entry in asked])
    close(scores, np.array([row[2] for row in script])[: len(asked)], what="the scores", hint=hint)
    trained = sum(entry[0] == "train" for entry in log)
    expect(trained == 4, f"it said stop after epoch 3, and {trained} epochs were trained", hint)
    expect_history(
        history,
        script[:4],
        [0.8, 0.4, 0.2, 0.1],
        "The epoch after which training stops belongs to the history.",
    )
