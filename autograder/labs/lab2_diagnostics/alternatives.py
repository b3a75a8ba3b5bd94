"""Right answers to lab 2 in another style. Each must earn every point."""

from autograder.proving.faults import alternative

# ------------------------------------------------------------------ simple_mlp

alternative(
    "mlp_in_place",
    exercise="simple_mlp",
    change=[
        (
            "self.weights[layer] = self.weights[layer] - lr * grad_w",
            "self.weights[layer] -= lr * grad_w",
        ),
        (
            "self.biases[layer] = self.biases[layer] - lr * grad_b",
            "self.biases[layer] -= lr * grad_b",
        ),
    ],
)
alternative(
    "mlp_with_sums_kept",
    exercise="simple_mlp",
    code="""
class SimpleMLP:
    def __init__(self, layer_sizes):
        self.weights = [
            (np.random.standard_normal((n_out, n_in)) * (2 / n_in) ** 0.5).astype("float32")
            for n_in, n_out in zip(layer_sizes[:-1], layer_sizes[1:])
        ]
        self.biases = [np.zeros(n, "float32") for n in layer_sizes[1:]]

    def forward(self, X):
        self.inputs, self.sums = [], []
        a = X.astype(np.float32)
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            self.inputs.append(a)
            z = np.einsum("nj,ij->ni", a, w) + b
            self.sums.append(z)
            a = np.where(z > 0, z, np.float32(0)) if i < len(self.weights) - 1 else z
        powers = np.exp(a - a.max(axis=1, keepdims=True))
        self.p = powers / powers.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, targets, lr):
        batch, classes = self.p.shape
        one_hot = np.zeros((batch, classes), np.float32)
        one_hot[np.arange(batch), targets] = 1
        delta = (self.p - one_hot) / np.float32(batch)
        grads = []
        for i in range(len(self.weights) - 1, -1, -1):
            grads.append((i, delta.T @ self.inputs[i], delta.sum(0)))
            if i > 0:
                delta = (delta @ self.weights[i]) * (self.sums[i - 1] > 0)
        for i, grad_w, grad_b in grads:
            self.weights[i] = (self.weights[i] - lr * grad_w).astype(np.float32)
            self.biases[i] = (self.biases[i] - lr * grad_b).astype(np.float32)

    def predict(self, X):
        return np.argmax(self.forward(X), axis=-1)
""",
)
alternative(
    "mlp_image_by_image",
    exercise="simple_mlp",
    code="""
class SimpleMLP:
    def __init__(self, layer_sizes):
        self.weights, self.biases = [], []
        for i in range(len(layer_sizes) - 1):
            spread = np.sqrt(2.0 / layer_sizes[i])
            w = np.random.normal(0, spread, (layer_sizes[i + 1], layer_sizes[i]))
            self.weights.append(np.float32(w))
            self.biases.append(np.zeros((layer_sizes[i + 1],), np.float32))

    def activations_of(self, image):
        out = [np.array(image, dtype=np.float32)]
        for w, b in zip(self.weights[:-1], self.biases[:-1]):
            out.append(np.maximum(w @ out[-1] + b, 0))
        return out, stable_softmax(self.weights[-1] @ out[-1] + self.biases[-1])

    def forward(self, X):
        self.kept = [self.activations_of(image) for image in X]
        return np.stack([p for _, p in self.kept])

    def backward(self, targets, lr):
        grads_w = [np.zeros_like(w) for w in self.weights]
        grads_b = [np.zeros_like(b) for b in self.biases]
        for (activations, p), target in zip(self.kept, targets):
            delta = p.copy()
            delta[target] -= 1
            for i in range(len(self.weights) - 1, -1, -1):
                grads_w[i] += np.outer(delta, activations[i])
                grads_b[i] += delta
                delta = (self.weights[i].T @ delta) * (activations[i] > 0)
        rate = np.float32(lr / len(targets))
        for i in range(len(self.weights)):
            self.weights[i] = self.weights[i] - rate * grads_w[i]
            self.biases[i] = self.biases[i] - rate * grads_b[i]

    def predict(self, X):
        return np.array([int(p.argmax()) for p in self.forward(X)])
""",
)
alternative(
    "mlp_computed_in_float64",
    exercise="simple_mlp",
    code="""
class SimpleMLP:
    def __init__(self, layer_sizes):
        self.weights, self.biases = [], []
        for n_in, n_out in pairwise(layer_sizes):
            # Uniform, with He's variance.
            limit = np.sqrt(6 / n_in)
            self.weights.append(rng.uniform(-limit, limit, (n_out, n_in)).astype(np.float32))
            self.biases.append(np.zeros(n_out, np.float32))

    def forward(self, X):
        self.a = [np.array(X, dtype=float)]
        for i in range(len(self.weights)):
            z = self.a[-1] @ self.weights[i].T.astype(float) + self.biases[i]
            last = i == len(self.weights) - 1
            self.a.append(stable_softmax(z) if last else z.clip(min=0))
        return self.a[-1].astype(np.float32)

    def backward(self, targets, lr):
        one_hot = np.eye(self.a[-1].shape[1])[targets]
        delta = (self.a[-1] - one_hot) / len(targets)
        new_w, new_b = [], []
        for i in reversed(range(len(self.weights))):
            new_w.insert(0, np.float32(self.weights[i] - lr * delta.T @ self.a[i]))
            new_b.insert(0, np.float32(self.biases[i] - lr * delta.sum(axis=0)))
            delta = delta @ self.weights[i] * np.sign(self.a[i])
        self.weights, self.biases = new_w, new_b

    def predict(self, X):
        logits = np.array(X, dtype=float)
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            logits = logits @ w.T + b
            if i < len(self.weights) - 1:
                logits = np.maximum(0, logits)
        return logits.argmax(1)
""",
)
alternative(
    "mlp_slope_before_the_product",
    exercise="simple_mlp",
    change=(
        "                delta = delta @ self.weights[layer]  # (B, n_in)\n"
        "                delta = delta * (self.activations[layer] > 0)\n",
        "                delta = delta @ self.weights[layer]\n"
        "                delta[self.activations[layer] <= 0] = 0\n",
    ),
)

# --------------------------------------------------------------- train_with_lr

alternative(
    "training_by_predict_and_split",
    exercise="train_with_lr",
    code="""
def train_with_lr(lr, epochs=20, model=None, images=None, targets=None):
    if model is None:
        model = SimpleMLP([784, 256, 128, 10])
    if images is None:
        images, targets = few_images, few_targets
    losses = [mean_loss(model.forward(images), targets)]
    shares = [(model.predict(images) == targets).sum() / len(targets)]
    for epoch in range(epochs):
        order = np.arange(len(images))
        np.random.shuffle(order)
        x, y = images[order], targets[order]
        for rows, classes in zip(
            np.split(x, range(64, len(x), 64)), np.split(y, range(64, len(y), 64))
        ):
            model.forward(rows)
            model.backward(classes, lr)
        losses.append(mean_loss(model.forward(images), targets))
        shares.append((model.predict(images) == targets).mean())
    return {"acc": shares, "loss": losses}
""",
)
alternative(
    "training_that_pads_after_nan",
    exercise="train_with_lr",
    code="""
def train_with_lr(lr, epochs=20, model=None, images=None, targets=None):
    model = SimpleMLP([784, 256, 128, 10]) if model is None else model
    if images is None:
        images, targets = few_images, few_targets
    history = {"loss": [], "acc": []}
    broken = False
    for epoch in range(epochs + 1):
        if epoch > 0 and not broken:
            left = list(np.random.permutation(len(images)))
            while left:
                chosen, left = left[:64], left[64:]
                model.forward(images[chosen])
                model.backward(targets[chosen], lr)
        p = model.forward(images)
        history["loss"].append(mean_loss(p, targets))
        history["acc"].append(np.mean(np.argmax(p, axis=1) == targets))
        broken = np.isnan(history["loss"][-1])
    return history
""",
)
alternative(
    "training_measured_in_parts",
    exercise="train_with_lr",
    change=(
        "        probabilities = model.forward(images)\n",
        "        parts = np.array_split(np.arange(len(images)), 7)\n"
        "        probabilities = np.concatenate([model.forward(images[p]) for p in parts])\n",
    ),
)
alternative(
    "training_with_its_own_loss",
    exercise="train_with_lr",
    change=(
        "mean_loss(probabilities, targets)",
        "-np.log(np.maximum(np.sum(probabilities * np.eye(probabilities.shape[1])[targets], "
        "axis=1), 1e-30)).mean()",
    ),
)

# -------------------------------------------------------------------- diagnose

alternative(
    "diagnose_in_plain_python",
    exercise="diagnose",
    code="""
def diagnose(history):
    import math

    loss, val, acc = history["loss"], history["val_loss"], history["acc"]
    for value in loss + val:
        if math.isnan(value) or math.isinf(value):
            return "explodes"
    if max(loss) > 2 * loss[0]:
        return "explodes"
    if loss[-1] / loss[0] > 0.75:
        return "barely moves"
    ups = 0
    for before, after in zip(loss, loss[1:]):
        if after > before * 1.12:
            ups += 1
    if ups > len(loss) / 5:
        return "oscillates"
    if val[-1] > 1.3 * min(val):
        return "overfits"
    if acc[-1] < 0.8:
        return "underfits"
    return "healthy"
""",
)
alternative(
    "diagnose_by_accuracies",
    exercise="diagnose",
    code="""
def diagnose(history):
    # The losses only tell of explosions and saws; the accuracies tell the rest.
    loss = np.array(history["loss"])
    if not np.isfinite(loss.sum() + sum(history["val_loss"])) or loss[-1] > 1.5 * loss[0]:
        return "explodes"
    acc, val_acc = history["acc"], history["val_acc"]
    ups = np.diff(loss) > 0.05 * loss[0]
    if ups.mean() > 0.15:
        return "oscillates"
    if acc[-1] < 0.4:
        return "barely moves"
    if acc[-1] - val_acc[-1] > 0.09:
        return "overfits"
    return "healthy" if acc[-1] > 0.88 else "underfits"
""",
)
alternative(
    "diagnose_by_roughness_and_gap",
    exercise="diagnose",
    code="""
def diagnose(history):
    loss, val = np.array(history["loss"]), np.array(history["val_loss"])
    both = np.concatenate([loss, val])
    if np.isnan(both).any() or np.isinf(both).any() or loss.max() > 2 * loss[0]:
        return "explodes"
    # All ways that the loss goes, up and down, beside the way from end to end.
    way = np.abs(np.diff(loss)).sum()
    direct = loss[0] - loss[-1]
    if direct < 0.25 * loss[0]:
        return "barely moves"
    if way > 1.4 * direct:
        return "oscillates"
    end = slice(-max(2, len(loss) // 5), None)
    if val[end].mean() > 3 * loss[end].mean() and val[end].mean() > 0.45:
        return "overfits"
    if loss[end].mean() > 0.6:
        return "underfits"
    return "healthy"
""",
)
alternative(
    "diagnose_by_a_score_for_each",
    exercise="diagnose",
    code="""
def diagnose(history):
    loss = np.asarray(history["loss"], dtype=float)
    val = np.asarray(history["val_loss"], dtype=float)
    with np.errstate(all="ignore"):
        facts = {
            "explodes": not np.isfinite(loss.sum() + val.sum()) or loss[-1] > loss[0],
            "barely moves": loss.min() > 0.7 * loss[0],
            "oscillates": np.count_nonzero(loss[1:] > 1.1 * loss[:-1]) >= 0.25 * (len(loss) - 1),
            "overfits": val[-1] - val.min() > 0.1 * val[0],
            "underfits": history["val_acc"][-1] < 0.8,
        }
    for name, holds in facts.items():
        if holds:
            return name
    return "healthy"
""",
)
alternative(
    "diagnose_relative_to_guessing",
    exercise="diagnose",
    code="""
def diagnose(history):
    guess = np.log(10)
    loss, val = history["loss"], history["val_loss"]
    worst = max(loss[1:])
    if not all(np.isfinite(loss)) or not all(np.isfinite(val)) or loss[-1] > 1.5 * guess:
        return "explodes"
    if min(loss) > 0.85 * guess and worst < 1.2 * guess:
        return "barely moves"
    jumps = [later - earlier for earlier, later in zip(loss, loss[1:])]
    if sum(jump > 0.04 * guess for jump in jumps) >= 2:
        return "oscillates"
    lowest = int(np.argmin(val))
    if lowest < len(val) - 1 and val[-1] > 1.15 * val[lowest] and loss[-1] < loss[lowest]:
        return "overfits"
    if loss[-1] > 0.3 * guess:
        return "underfits"
    return "healthy"
""",
)
alternative(
    "diagnose_from_the_last_question_up",
    exercise="diagnose",
    change=[
        ("0.8 * loss[0]", "0.7 * loss[0]"),
        ("1.1 * loss[:-1]", "1.15 * loss[:-1]"),
        ("np.mean(rises) >= 0.2", "np.mean(rises) > 0.3"),
        ("1.2 * val_loss.min()", "1.1 * val_loss.min()"),
        ('history["acc"][-1] < 0.85', 'history["acc"][-1] < 0.9'),
    ],
)

# ----------------------------------------------------------- overfit_one_batch

alternative(
    "batch_in_one_loop",
    exercise="overfit_one_batch",
    code="""
def overfit_one_batch(model, x, y, lr=0.1, steps=200):
    n = min(32, len(x))
    losses = []
    for step in range(steps + 1):
        p = model.forward(x[:n])
        losses.append(mean_loss(p, y[:n]))
        if step < steps:
            model.backward(y[:n], lr)
    accuracy = np.mean(np.argmax(p, axis=-1) == y[:n])
    return losses, accuracy == 1.0 and losses[-1] < 0.1
""",
)
alternative(
    "batch_by_predict",
    exercise="overfit_one_batch",
    code="""
def overfit_one_batch(model, x, y, lr=0.1, steps=200):
    batch, classes = x[0:32], y[0:32]
    losses = np.zeros(steps + 1)
    losses[0] = mean_loss(model.forward(batch), classes)
    for step in range(1, steps + 1):
        model.forward(batch)
        model.backward(classes, lr)
        losses[step] = mean_loss(model.forward(batch), classes)
    wrong = np.count_nonzero(model.predict(batch) != classes)
    if wrong > 0 or np.isnan(losses[-1]):
        return list(losses), False
    return list(losses), True if losses[-1] < 0.1 else False
""",
)
alternative(
    "batch_that_pads_after_nan",
    exercise="overfit_one_batch",
    change=(
        "        model.backward(y, lr)\n",
        "        if np.isnan(losses[-1]):\n"
        "            return losses + [losses[-1]] * (steps + 1 - len(losses)), False\n"
        "        model.backward(y, lr)\n",
    ),
)

# -------------------------------------------------------------- gradient_norms

alternative(
    "norms_by_recursion",
    exercise="gradient_norms",
    code="""
def gradient_norms(weights, biases, x, targets, activation="relu"):
    def relu(z):
        return np.maximum(z, 0), (z > 0).astype(float)

    def logistic(z):
        a = 1 / (1 + np.exp(-z))
        return a, a * (1 - a)

    bend = relu if activation == "relu" else logistic
    norms = [0.0] * len(weights)

    def below(a, layer):
        z = a @ weights[layer].T + biases[layer]
        if layer == len(weights) - 1:
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p = p / p.sum(axis=1, keepdims=True)
            delta = (p - np.eye(p.shape[1])[targets]) / len(x)
        else:
            out, slope = bend(z)
            delta = below(out, layer + 1) * slope
        norms[layer] = np.sqrt(np.sum((delta.T @ a) ** 2))
        return delta @ weights[layer]

    below(x, 0)
    return np.array(norms)
""",
)
alternative(
    "norms_image_by_image",
    exercise="gradient_norms",
    code="""
def gradient_norms(weights, biases, x, targets, activation="relu"):
    sums = [np.zeros(w.shape) for w in weights]
    for image, target in zip(x, targets):
        a, inputs, slopes = image, [], []
        for w, b in zip(weights[:-1], biases[:-1]):
            inputs.append(a)
            z = w @ a + b
            if activation == "sigmoid":
                a = sigmoid(z)
                slopes.append(a - a * a)
            else:
                a = z * (z > 0)
                slopes.append(1.0 * (z > 0))
        inputs.append(a)
        delta = stable_softmax(weights[-1] @ a + biases[-1])
        delta[target] -= 1.0
        for i in range(len(weights) - 1, -1, -1):
            sums[i] += np.outer(delta, inputs[i])
            if i:
                delta = weights[i].T @ delta * slopes[i - 1]
    return [float(np.sqrt(((g / len(x)) ** 2).sum())) for g in sums]
""",
)
alternative(
    "norms_in_float32",
    exercise="gradient_norms",
    change=[
        ("    activations = [x]\n", "    activations = [x.astype(np.float32)]\n"),
        (
            "    for w, b in zip(weights[:-1]",
            "    weights = [w.astype(np.float32) for w in weights]\n"
            "    biases = [b.astype(np.float32) for b in biases]\n"
            "    for w, b in zip(weights[:-1]",
        ),
    ],
)
alternative(
    "norms_by_einsum",
    exercise="gradient_norms",
    change=(
        "float(np.linalg.norm(delta.T @ activations[layer]))",
        'np.sqrt(np.einsum("ni,nj,mi,mj->", delta, activations[layer], delta, activations[layer]))',
    ),
)

# --------------------------------------------------------------- lr_range_test

alternative(
    "sweep_picks_the_steepest_fall",
    exercise="lr_range_test",
    code="""
def lr_range_test(model, images, targets, rates, batch_size=64):
    trial = copy.deepcopy(model)
    batches = len(images) // batch_size
    lrs, losses = [], []
    for step, lr in enumerate(rates):
        rows = np.arange(batch_size) + batch_size * (step % batches)
        loss = mean_loss(trial.forward(images[rows]), targets[rows])
        lrs.append(lr)
        smallest = min(losses) if losses else loss
        losses.append(loss)
        if np.isnan(loss) or np.isinf(loss) or loss > 4 * smallest:
            break
        trial.backward(targets[rows], lr)
    turn = int(np.nanargmin(losses))
    slopes = np.diff(losses[: turn + 1])
    steepest = int(np.argmin(slopes)) if len(slopes) else 0
    return {"lr": lrs, "loss": losses, "best": lrs[steepest] if steepest < turn else lrs[turn] / 3}
""",
)
alternative(
    "sweep_picks_a_third",
    exercise="lr_range_test",
    change=("[int(np.nanargmin(losses))] / 10", "[int(np.nanargmin(losses))] / 3"),
)
alternative(
    "sweep_in_arrays",
    exercise="lr_range_test",
    code="""
def lr_range_test(model, images, targets, rates, batch_size=64):
    model = copy.deepcopy(model)
    starts = list(range(0, len(images) - batch_size + 1, batch_size))
    losses = np.full(len(rates), np.nan)
    smallest, count = np.inf, 0
    for i, lr in enumerate(rates):
        s = starts[i % len(starts)]
        x, y = images[s : s + batch_size], targets[s : s + batch_size]
        losses[i] = mean_loss(model.forward(x), y)
        count = i + 1
        if not losses[i] <= 4 * smallest:
            break
        smallest = min(smallest, losses[i])
        model.backward(y, lr)
    lrs, losses = np.array(rates)[:count], losses[:count]
    finite = np.where(np.isfinite(losses), losses, np.inf)
    return {"lr": lrs, "loss": losses, "best": 0.1 * lrs[finite.argmin()]}
""",
)
