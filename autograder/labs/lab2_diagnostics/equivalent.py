"""Small changes to the solutions of lab 2 that are no mistakes, and why."""

from autograder.proving import equivalent

equivalent(
    "simple_mlp",
    ("a = np.maximum(a @ w.T + b, 0)", "a = np.maximum(0, a @ w.T + b)"),
    because="The larger of two has no order.",
)
equivalent(
    "gradient_norms",
    (
        'a = np.maximum(z, 0) if activation == "relu" else sigmoid(z)',
        'a = np.maximum(0, z) if activation == "relu" else sigmoid(z)',
    ),
    because="The larger of two has no order.",
)

for exercise, name in (("simple_mlp", "self.probabilities"), ("gradient_norms", "delta")):
    equivalent(
        exercise,
        (f"{name} = stable_softmax(logits, axis=1)", f"{name} = stable_softmax(logits)"),
        because="The logits have two axes, so the last axis, which is the default, is axis 1.",
    )
    equivalent(
        exercise,
        ("if layer > 0:", "if layer >= 0:"),
        ("if layer > 0:", "if layer > -1:"),
        because="The delta below the first layer is computed for nothing and never used.",
    )

equivalent(
    "train_with_lr",
    ('history["acc"].append(float(np.mean(right)))', 'history["acc"].append(np.mean(right))'),
    because="A list of NumPy's numbers is a list of numbers.",
)
equivalent(
    "gradient_norms",
    (
        "norms.insert(0, float(np.linalg.norm(delta.T @ activations[layer])))",
        "norms.insert(0, np.linalg.norm(delta.T @ activations[layer]))",
    ),
    because="A list of NumPy's numbers is a list of numbers.",
)
equivalent(
    "lr_range_test",
    (
        "tried = [float(lr) for lr in rates[: len(losses)]]",
        "tried = [lr for lr in rates[: len(losses)]]",
    ),
    (
        "best = tried[int(np.nanargmin(losses))] / 10",
        "best = tried[np.nanargmin(losses)] / 10",
    ),
    because="A list of NumPy's numbers is a list of numbers, and a list takes one as an index.",
)
equivalent(
    "overfit_one_batch",
    (
        "return losses, bool(losses[-1] < 0.1 and all_right)",
        "return losses, (losses[-1] < 0.1 and all_right)",
    ),
    because="NumPy's True and False are as good as Python's.",
)
equivalent(
    "overfit_one_batch",
    (
        "return losses, bool(losses[-1] < 0.1 and all_right)",
        "return losses, bool(losses[-1] <= 0.1 and all_right)",
    ),
    because="A mean of logarithms is not 0.1 to the last digit.",
)
equivalent(
    "lr_range_test",
    (
        "if not np.isfinite(loss) or loss > 4 * min(losses):",
        "if not np.isfinite(loss) or loss >= 4 * min(losses):",
    ),
    because="Of two means of logarithms one is not four times the other to the last digit.",
)
equivalent(
    "lr_range_test",
    (
        "best = tried[int(np.nanargmin(losses))] / 10",
        "best = tried[int(np.nanargmin(losses))] / 11",
    ),
    (
        "best = tried[int(np.nanargmin(losses))] / 10",
        "best = tried[int(np.nanargmin(losses))] / 9",
    ),
    because="The exercise takes every rate from a hundredth of the turn up to the turn.",
)

equivalent(
    "diagnose",
    ("if loss[-1] > 0.8 * loss[0]:", "if loss[-1] >= 0.8 * loss[0]:"),
    ("rises = loss[1:] > 1.1 * loss[:-1]", "rises = loss[1:] >= 1.1 * loss[:-1]"),
    ("if np.mean(rises) >= 0.2:", "if np.mean(rises) > 0.2:"),
    ("if val_loss[-1] > 1.2 * val_loss.min():", "if val_loss[-1] >= 1.2 * val_loss.min():"),
    ('if history["acc"][-1] < 0.85:', 'if history["acc"][-1] <= 0.85:'),
    because="The exercise leaves the thresholds open, and no run lies on one.",
)
equivalent(
    "diagnose",
    ("if loss[-1] > 0.8 * loss[0]:", "if loss[-2] > 0.8 * loss[0]:"),
    ("if val_loss[-1] > 1.2 * val_loss.min():", "if val_loss[-2] > 1.2 * val_loss.min():"),
    ('if history["acc"][-1] < 0.85:', 'if history["acc"][-2] < 0.85:'),
    because="The exercise leaves the quantities open, and in clear cases the entry before the "
    "last says what the last one says.",
)
