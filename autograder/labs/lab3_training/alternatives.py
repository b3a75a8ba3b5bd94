"""Right answers to lab 3 in another style. Each must earn every point."""

from autograder.proving.faults import alternative

# ---------------------------------------------------------------- improved_mlp

alternative(
    "mlp_layer_by_layer",
    exercise="improved_mlp",
    code="""
class ImprovedMLP(Module):
    def __init__(self, input_dim=784, num_classes=10, dropout_rate=0.3):
        super().__init__()
        self.fc1 = Linear(input_dim, 512)
        self.bn1 = BatchNorm1d(512)
        self.fc2 = Linear(512, 256)
        self.bn2 = BatchNorm1d(256)
        self.fc3 = Linear(256, 128)
        self.bn3 = BatchNorm1d(128)
        self.out = Linear(128, num_classes)
        self.relu = ReLU()
        self.dropout = Dropout(dropout_rate)

    def forward(self, x):
        x = self.dropout(self.relu(self.bn1(self.fc1(x))))
        x = self.dropout(self.relu(self.bn2(self.fc2(x))))
        x = self.dropout(self.relu(self.bn3(self.fc3(x))))
        return self.out(x)
""",
)
alternative(
    "mlp_without_needless_biases",
    exercise="improved_mlp",
    change=("Linear(n_in, n_out),", "Linear(n_in, n_out, bias=False),"),
)
alternative(
    "mlp_lists_of_layers",
    exercise="improved_mlp",
    code="""
class ImprovedMLP(Module):
    def __init__(self, input_dim=784, num_classes=10, dropout_rate=0.3):
        sizes = [input_dim, 512, 256, 128]
        self.output = Linear(128, num_classes)
        self.linears = [Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.norms = [BatchNorm1d(b) for b in sizes[1:]]
        self.drops = {b: Dropout(dropout_rate) for b in sizes[1:]}

    def forward(self, x):
        for linear, norm, drop in zip(self.linears, self.norms, self.drops.values()):
            x = drop(norm(linear(x)).relu())
        return self.output(x)
""",
)
alternative(
    "mlp_dropout_before_relu",
    exercise="improved_mlp",
    change=(
        "                ReLU(),\n                Dropout(dropout_rate),\n",
        "                Dropout(dropout_rate),\n                ReLU(),\n",
    ),
)

# ------------------------------------------------------------------- augmenter

alternative(
    "augmenter_by_ndimage",
    exercise="augmenter",
    code="""
class MNISTAugmenter:
    def __init__(self, max_shift=2, noise_std=0.1, scale_range=(0.9, 1.1)):
        self.max_shift, self.noise_std, self.scale_range = max_shift, noise_std, scale_range

    def random_shift(self, image):
        rng = get_generator()
        offsets = [rng.integers(-self.max_shift, self.max_shift, endpoint=True) for _ in "xy"]
        picture = np.asarray(image, dtype=np.float32).reshape(28, 28)
        return ndimage.shift(picture, offsets, order=0).reshape(image.shape)

    def random_scale(self, image):
        low, high = self.scale_range
        f = low + (high - low) * get_generator().random()
        places = 13.5 + (np.indices((28, 28)) - 13.5) / f
        picture = np.asarray(image, dtype=float).reshape(28, 28)
        out = ndimage.map_coordinates(picture, places, order=1)
        return out.astype("float32").reshape(image.shape)

    def add_noise(self, image):
        noise = self.noise_std * get_generator().standard_normal(image.shape)
        return np.float32(np.minimum(np.maximum(image + noise, 0), 1))

    def augment(self, image, probability=0.5):
        rng = get_generator()
        out = image.astype(np.float32)
        if rng.uniform() < probability:
            out = self.random_shift(out)
        if rng.uniform() < probability:
            out = self.random_scale(out)
        if rng.uniform() < probability:
            out = self.add_noise(out)
        return out

    def augment_batch(self, images, probability=0.5):
        out = np.empty(images.shape, dtype=np.float32)
        for i in range(len(images)):
            out[i] = self.augment(images[i], probability)
        return out
""",
)
alternative(
    "augmenter_with_slices",
    exercise="augmenter",
    change=[
        (
            "        size = 28 + 2 * limit\n"
            "        frame = np.zeros((size, size), dtype=np.float32)\n"
            "        top, left = limit + down, limit + right\n"
            "        frame[top : top + 28, left : left + 28] = image.reshape(28, 28)\n"
            "        middle = frame[limit : limit + 28, limit : limit + 28]\n",
            "        old = image.reshape(28, 28)\n"
            "        middle = np.zeros((28, 28), dtype=np.float32)\n"
            "        to_rows = slice(max(down, 0), 28 + min(down, 0))\n"
            "        to_columns = slice(max(right, 0), 28 + min(right, 0))\n"
            "        from_rows = slice(max(-down, 0), 28 - max(down, 0))\n"
            "        from_columns = slice(max(-right, 0), 28 - max(right, 0))\n"
            "        middle[to_rows, to_columns] = old[from_rows, from_columns]\n",
        ),
    ],
)
alternative(
    "augmenter_rolls_and_wipes",
    exercise="augmenter",
    change=[
        (
            "        size = 28 + 2 * limit\n"
            "        frame = np.zeros((size, size), dtype=np.float32)\n"
            "        top, left = limit + down, limit + right\n"
            "        frame[top : top + 28, left : left + 28] = image.reshape(28, 28)\n"
            "        middle = frame[limit : limit + 28, limit : limit + 28]\n",
            "        old = image.reshape(28, 28).astype(np.float32)\n"
            "        middle = np.roll(old, (down, right), axis=(0, 1))\n"
            "        if down > 0:\n            middle[:down] = 0\n"
            "        if down < 0:\n            middle[down:] = 0\n"
            "        if right > 0:\n            middle[:, :right] = 0\n"
            "        if right < 0:\n            middle[:, right:] = 0\n",
        ),
    ],
)
alternative(
    "augmenter_with_numpy_s_global_generator",
    exercise="augmenter",
    change=(
        "get_generator().normal(0, self.noise_std, size=image.shape)",
        "np.random.normal(0, self.noise_std, size=image.shape)",
    ),
)

# ---------------------------------------------------------------------- cosine

alternative(
    "cosine_from_all_steps",
    exercise="cosine",
    code="""
class CosineAnnealingWarmRestarts:
    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0):
        self.optimizer, self.first, self.factor, self.low = optimizer, T_0, T_mult, eta_min
        self.high, self.steps = optimizer.lr, 0

    def step(self):
        self.steps += 1
        self.optimizer.lr = self.get_lr()

    def get_lr(self):
        left, length = self.steps, self.first
        while left >= length:
            left -= length
            length *= self.factor
        return self.low + (self.high - self.low) * np.cos(np.pi * left / length / 2) ** 2
""",
)
alternative(
    "cosine_keeps_the_rate",
    exercise="cosine",
    code="""
class CosineAnnealingWarmRestarts:
    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0):
        self.optimizer = optimizer
        self.T_mult = T_mult
        self.T_i = T_0
        self.T_cur = 0
        self.eta_min = eta_min
        self.eta_max = optimizer.lr
        self.lr = optimizer.lr

    def step(self):
        self.T_cur = self.T_cur + 1
        if self.T_cur >= self.T_i:
            self.T_cur = self.T_cur - self.T_i
            self.T_i = self.T_i * self.T_mult
        share = 0.5 * (1 + np.cos(np.pi * self.T_cur / self.T_i))
        self.lr = self.eta_min * (1 - share) + self.eta_max * share
        self.optimizer.lr = self.lr

    def get_lr(self):
        return self.lr
""",
)
alternative(
    "cosine_asks_the_optimizer",
    exercise="cosine",
    change=[
        ("self.optimizer.lr = self.get_lr()", "self.optimizer.lr = self.rate()"),
        (
            "    def get_lr(self):",
            "    def get_lr(self):\n        return self.optimizer.lr\n\n    def rate(self):",
        ),
    ],
)

# -------------------------------------------------------------- early_stopping

alternative(
    "stopping_by_sign",
    exercise="early_stopping",
    code="""
import copy


class EarlyStopping:
    def __init__(self, patience=10, min_delta=0.0, restore_best=True, mode="min"):
        self.patience, self.min_delta = patience, min_delta
        self.restore_best, self.sign = restore_best, {"min": 1, "max": -1}[mode]
        self.reset()

    def reset(self):
        self.counter, self.best_score, self.best_epoch = 0, None, None
        self.early_stop, self.kept, self.bar = False, None, math.inf

    def __call__(self, score, model, epoch):
        if self.sign * score < self.bar:
            self.counter, self.best_score, self.best_epoch = 0, score, epoch
            self.bar = self.sign * score - self.min_delta
            if self.restore_best:
                self.kept = copy.deepcopy(model.state_dict())
        else:
            self.counter += 1
        self.early_stop = self.counter >= self.patience
        if self.early_stop and self.kept is not None:
            model.load_state_dict(self.kept)
        return self.early_stop
""",
)
alternative(
    "stopping_copies_by_hand",
    exercise="early_stopping",
    change=[
        (
            "self.best_weights = model.state_dict()",
            "self.best_weights = (\n"
            "                    [p.data.copy() for p in model.parameters()],\n"
            "                    [b.copy() for _, b in model.named_buffers()],\n"
            "                )",
        ),
        (
            "model.load_state_dict(self.best_weights)",
            "for p, kept in zip(model.parameters(), self.best_weights[0]):\n"
            "                        p.data[:] = kept\n"
            "                    buffers = [b for _, b in model.named_buffers()]\n"
            "                    for b, kept in zip(buffers, self.best_weights[1]):\n"
            "                        b[:] = kept",
        ),
    ],
)
alternative(
    "stopping_with_infinity",
    exercise="early_stopping",
    change=(
        "            return not math.isnan(score)\n",
        "            worst = math.inf if self.mode == 'min' else -math.inf\n"
        "            return score < worst if self.mode == 'min' else score > worst\n",
    ),
)

# -------------------------------------------------------------------- pipeline

alternative(
    "pipeline_with_one_loop_for_both",
    exercise="pipeline",
    code="""
class TrainingPipeline:
    def __init__(
        self, model, loss_fn, optimizer, scheduler=None, augmenter=None, early_stopping=None
    ):
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer
        self.scheduler, self.augmenter, self.stopping = scheduler, augmenter, early_stopping

    def forward(self, images, targets, sums):
        logits = self.model(images)
        loss = self.loss_fn(logits, targets)
        right = (np.argmax(logits.data, axis=1) == np.asarray(targets)).sum()
        sums += np.array([float(loss) * len(images), right, len(images)])
        return loss

    def train_epoch(self, loader):
        self.model.train(True)
        sums = np.zeros(3)
        for batch in loader:
            images, targets = batch
            if self.augmenter:
                images = self.augmenter.augment_batch(images)
            self.model.zero_grad()
            self.forward(Tensor(images), targets, sums).backward()
            self.optimizer.step()
        return sums[0] / sums[2], sums[1] / sums[2]

    @no_grad()
    def evaluate(self, loader):
        self.model.eval()
        sums = np.zeros(3)
        for images, targets in loader:
            self.forward(Tensor(images), targets, sums)
        return sums[0] / sums[2], sums[1] / sums[2]

    def fit(self, train_loader, val_loader, epochs, verbose=True):
        rows = []
        for epoch in range(epochs):
            rate = self.optimizer.lr
            train = self.train_epoch(train_loader)
            val = self.evaluate(val_loader)
            rows.append((*train, *val, rate))
            if verbose:
                print(epoch, *rows[-1])
            stop = self.stopping is not None and self.stopping(val[0], self.model, epoch)
            if self.scheduler:
                self.scheduler.step()
            if stop:
                break
        names = ["train_loss", "train_acc", "val_loss", "val_acc", "lr"]
        return {name: [row[i] for row in rows] for i, name in enumerate(names)}
""",
)
alternative(
    "pipeline_with_lists_of_losses",
    exercise="pipeline",
    change=[
        (
            "            total += loss.item() * len(targets)\n            right += np",
            "            losses += [loss.item()] * len(targets)\n            right += np",
        ),
        (
            "        total, right, seen = 0.0, 0, 0\n        for images, targets in loader:\n",
            "        losses, right, seen = [], 0, 0\n        for images, targets in loader:\n",
        ),
        (
            "\n            seen += len(targets)\n        return total / seen, right / seen",
            "\n            seen += len(targets)\n        return np.mean(losses), right / seen",
        ),
    ],
)
alternative(
    "pipeline_puts_the_mode_back",
    exercise="pipeline",
    change=(
        "            val_loss, val_acc = self.evaluate(val_loader)\n",
        "            val_loss, val_acc = self.evaluate(val_loader)\n"
        "            self.model.train()\n",
    ),
)
alternative(
    "pipeline_stops_by_the_flag",
    exercise="pipeline",
    change=(
        "                if stop:\n",
        "                if stop or self.early_stopping.early_stop:\n",
    ),
)
