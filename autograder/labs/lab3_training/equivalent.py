"""Small changes of lab 3's solutions that are right all the same."""

from autograder.proving import equivalent

equivalent(
    "augmenter",
    ("size = 28 + 2 * limit", "size = 29 + 2 * limit"),
    ("size = 28 + 2 * limit", "size = 28 + 3 * limit"),
    because="The frame of zeros may be larger than it need be.",
)
equivalent(
    "augmenter",
    ("top, left = limit + down, limit + right", "top, left = limit + right, limit + down"),
    ("top, left = limit + down, limit + right", "top, left = limit - down, limit + right"),
    ("top, left = limit + down, limit + right", "top, left = limit + down, limit - right"),
    (
        "frame[top : top + 28, left : left + 28] = image.reshape(28, 28)",
        "frame[left : left + 28, top : top + 28] = image.reshape(28, 28)",
    ),
    because="Down and right are drawn alike and evenly to both sides, so they may change places "
    "or signs.",
)
equivalent(
    "augmenter",
    (
        "return np.clip(image + noise, 0, 1).astype(np.float32)",
        "return np.clip(image - noise, 0, 1).astype(np.float32)",
    ),
    because="The normal distribution with mean 0 is the same on both sides.",
)
equivalent(
    "augmenter",
    (
        "return np.clip(image + noise, 0, 1).astype(np.float32)",
        "return np.clip(0, image + noise, 1).astype(np.float32)",
    ),
    because="The larger of 0 and the sum, and then the smaller of that and 1, is the same.",
)
equivalent(
    "augmenter",
    ("if get_generator().random() < probability:", "if get_generator().random() <= probability:"),
    because="A number drawn from the unit interval equals the probability once in 2**53 draws.",
)
for within in ("TrainingPipeline.train_epoch", "TrainingPipeline.evaluate"):
    equivalent(
        "pipeline",
        ("total, right, seen = 0.0, 0, 0", "total, right, seen = 0, 0.0, 0"),
        within=within,
        because="Numbers are added to it, and 0 and 0.0 are the same for a sum.",
    )
    equivalent(
        "pipeline",
        ("logits = self.model(Tensor(images))", "logits = self.model(images)"),
        within=within,
        because="The library's layers take arrays as well as Tensors.",
    )
