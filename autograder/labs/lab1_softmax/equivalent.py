"""Small changes to the solutions of lab 1 that are no mistakes, and why."""

from autograder.proving import equivalent

for exercise, within in (
    ("task1", "Task1.feedforward"),
    ("task1", "Task1.backprop"),
    ("dropout", "DropoutNetwork.backprop"),
):
    start = "return" if within.endswith("feedforward") else "p ="
    equivalent(
        exercise,
        (f"{start} softmax(logits, axis=1)", f"{start} softmax(logits)"),
        within=within,
        because="The logits have two axes, so the last axis, which is the default, is axis 1.",
    )

for exercise in ("backprop", "task1"):
    equivalent(
        exercise,
        ("if layer > 0:", "if layer >= 0:"),
        ("if layer > 0:", "if layer > -1:"),
        because="The delta below the first layer is computed for nothing and never used.",
    )

equivalent(
    "dropout",
    (
        "kept = self.rng.random(shape) >= self.drop_rate",
        "kept = self.rng.random(shape) > self.drop_rate",
    ),
    because="A number drawn from the unit interval equals drop_rate once in 2**53 draws.",
)

equivalent(
    "augment",
    ("centre = np.array([13.5, 13.5])", "centre = [13.5, 13.5]"),
    (
        "turn = np.array( [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]] )",
        "turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]",
    ),
    because="An array that meets a list in a sum or a product turns it into an array.",
)
equivalent(
    "augment",
    ('order=1, mode="constant",', "order=1,"),
    because='"constant" is what affine_transform does by default.',
)
equivalent(
    "augment",
    ("order=1,", "order=0,"),
    because="The nearest pixel is an interpolation too: the exercise leaves open which one.",
)
equivalent(
    "augment",
    (
        "offset=centre - turn @ (centre + shift),",
        "offset=centre - turn @ (centre - shift),",
    ),
    because="Shifts to both sides are equally likely, so their sign makes no difference.",
)
