"""Small changes to the solutions of lab 5 that are no mistakes, and why."""

from autograder.proving import equivalent

equivalent(
    "evaluator",
    ("logits = model(Tensor(x))", "logits = model(x)"),
    because="The library's layers take arrays as well as Tensors.",
)
equivalent(
    "manager",
    ("logits = model(Tensor(x))", "logits = model(x)"),
    because="The library's layers take arrays as well as Tensors.",
)
equivalent(
    "tracker",
    ("several = (list, tuple, dict, np.ndarray)", "several = (tuple, list, dict, np.ndarray)"),
    ("several = (list, tuple, dict, np.ndarray)", "several = (list, dict, tuple, np.ndarray)"),
    ("several = (list, tuple, dict, np.ndarray)", "several = (list, tuple, np.ndarray, dict)"),
    because="isinstance takes the types in any order.",
)
equivalent(
    "manager",
    (
        'summary["test_images"] = int(test.confusion_matrix.sum())',
        'summary["test_images"] = test.confusion_matrix.sum()',
    ),
    because="A whole number of NumPy counts as well as one of Python.",
)
equivalent(
    "manager",
    ("model.parameters(), lr=config.learning_rate,", "model.parameters(),"),
    because="The rate of the schedule is set before the first step, so the first one is not used.",
)
equivalent(
    "manager",
    (
        "tracker = tracking.ExperimentTracker(folder=None)",
        "tracker = tracking.ExperimentTracker()",
    ),
    because="Whether a tracker that nobody handed in writes files is left open.",
)
equivalent(
    "manager",
    ("DataLoader(x_val, y_val, 1000),", "DataLoader(x_val, y_val, 1001),"),
    ("DataLoader(x_val, y_val, 1000),", "DataLoader(x_val, y_val, 999),"),
    because="In evaluation mode the size of a batch does not change a mean over images.",
)
