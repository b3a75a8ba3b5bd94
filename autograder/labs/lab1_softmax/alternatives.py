"""Right answers to lab 1 in another style. Each must earn every point."""

from autograder.proving.faults import alternative

# -------------------------------------------------------------- stable_softmax

alternative(
    "softmax_row_by_row",
    exercise="stable_softmax",
    code="""
def stable_softmax(x, axis=-1):
    def of_row(row):
        m = max(row)
        powers = [np.exp(z - m) for z in row]
        return np.array(powers) / sum(powers)

    return np.apply_along_axis(of_row, axis, x)
""",
)
alternative(
    "softmax_by_logsumexp",
    exercise="stable_softmax",
    code="""
def stable_softmax(x, axis=-1):
    log_sum = np.logaddexp.reduce(x, axis=axis, keepdims=True)
    return np.exp(x - log_sum)
""",
)
alternative(
    "softmax_in_place_on_its_own_copy",
    exercise="stable_softmax",
    code="""
def stable_softmax(x, axis=-1):
    out = np.array(x, dtype=float)
    out -= np.amax(out, axis=axis, keepdims=True)
    np.exp(out, out=out)
    out /= np.sum(out, axis=axis, keepdims=True)
    return out
""",
)
alternative(
    "softmax_in_float32",
    exercise="stable_softmax",
    code="""
def stable_softmax(x, axis=-1):
    x = x.astype(np.float32)
    powers = np.exp(x - np.expand_dims(x.max(axis), axis))
    return powers / np.expand_dims(powers.sum(axis), axis)
""",
)
alternative(
    "softmax_reshaped_to_rows",
    exercise="stable_softmax",
    code="""
def stable_softmax(x, axis=-1):
    moved = np.moveaxis(x, axis, -1)
    rows = moved.reshape(-1, moved.shape[-1])
    powers = np.exp((rows.T - rows.max(axis=1)).T)
    chances = np.einsum("nk,n->nk", powers, 1 / powers.sum(axis=1))
    return np.moveaxis(chances.reshape(moved.shape), -1, axis)
""",
)
alternative(
    "softmax_with_a_small_constant",
    exercise="stable_softmax",
    change=(
        "exponentials.sum(axis=axis, keepdims=True)",
        "(exponentials.sum(axis=axis, keepdims=True) + 1e-12)",
    ),
)

# -------------------------------------------------------------------- backprop

alternative(
    "backprop_with_sums_kept",
    exercise="backprop",
    code="""
def backprop(self, x, y):
    sums, activations = [], [x]
    for w, b in zip(self.weights, self.biases):
        sums.append(np.dot(activations[-1], w.T) + b)
        activations.append(sigmoid(sums[-1]))
    grads_w, grads_b = [], []
    upstream = self.cost_derivative(activations[-1], y)
    for i in range(self.num_layers - 1, -1, -1):
        delta = upstream * sigmoid_prime(sums[i])
        grads_w.insert(0, np.einsum("ni,nj->ij", delta, activations[i]))
        grads_b.insert(0, np.einsum("ni->i", delta))
        upstream = np.dot(delta, self.weights[i])
    return grads_w, grads_b


Network.backprop = backprop
""",
)
alternative(
    "backprop_image_by_image",
    exercise="backprop",
    code="""
def backprop(self, x, y):
    grads_w = [np.zeros_like(w) for w in self.weights]
    grads_b = [np.zeros_like(b) for b in self.biases]
    for image, label in zip(x, y):
        activations = [image]
        for w, b in zip(self.weights, self.biases):
            activations.append(sigmoid(w @ activations[-1] + b))
        a = activations[-1]
        delta = 2 * (a - label) / label.size * a * (1 - a)
        for i in range(self.num_layers - 1, -1, -1):
            grads_w[i] += np.outer(delta, activations[i])
            grads_b[i] += delta
            a = activations[i]
            delta = (self.weights[i].T @ delta) * a * (1 - a)
    return [g / len(x) for g in grads_w], [g / len(x) for g in grads_b]


Network.backprop = backprop
""",
)
alternative(
    "backprop_in_columns",
    exercise="backprop",
    code="""
def backprop(self, x, y):
    a = x.T
    columns = [a]
    for w, b in zip(self.weights, self.biases):
        a = sigmoid(w @ a + b.reshape(-1, 1))
        columns.append(a)
    delta = self.cost_derivative(a, y.T) * a * (1 - a)
    grads_w, grads_b = [], []
    for i in reversed(range(self.num_layers)):
        grads_w.append(delta @ columns[i].T)
        grads_b.append(delta.sum(axis=1))
        delta = self.weights[i].T @ delta * columns[i] * (1 - columns[i])
    return grads_w[::-1], grads_b[::-1]


Network.backprop = backprop
""",
)
alternative(
    "backprop_in_a_subclass",
    exercise="backprop",
    code='''
class Network(Network):
    def backprop(self, x, y):
        def below(a, layer):
            """Return the gradient over what comes into a layer."""
            w, b = self.weights[layer], self.biases[layer]
            out = sigmoid(a @ w.T + b)
            last = layer == self.num_layers - 1
            upstream = self.cost_derivative(out, y) if last else below(out, layer + 1)
            delta = upstream * out * (1 - out)
            grads_w[layer], grads_b[layer] = delta.T @ a, delta.sum(0)
            return delta @ w

        grads_w, grads_b = [None] * len(self.weights), [None] * len(self.biases)
        below(x, 0)
        return tuple(grads_w), tuple(grads_b)
''',
)
alternative(
    "backprop_in_float32",
    exercise="backprop",
    change=("activations = [x]", "activations = [x.astype(np.float32)]"),
)

# ----------------------------------------------------------------------- task1

alternative(
    "task1_subtracts_at_the_label",
    exercise="task1",
    change=(
        "delta = (p - y) / len(x)",
        "delta = p.copy()\n"
        "        np.add.at(delta, (np.arange(len(x)), y.argmax(axis=1)), -1)\n"
        "        delta /= len(x)",
    ),
)
alternative(
    "task1_one_forward_for_both",
    exercise="task1",
    code="""
class Task1(Network):
    def forward(self, x):
        activations = [x]
        for layer in range(self.num_layers):
            z = np.einsum("nj,ij->ni", activations[-1], self.weights[layer]) + self.biases[layer]
            if layer < self.num_layers - 1:
                activations.append(sigmoid(z))
            else:
                z = z - z.max(axis=1, keepdims=True)
                powers = np.exp(z)
                activations.append(powers / powers.sum(axis=1, keepdims=True))
        return activations

    def loss(self, x, y):
        return -np.mean(np.log(np.sum(self.feedforward(x) * y, axis=1) + 1e-30))

    def feedforward(self, x):
        return self.forward(x)[-1]

    def backprop(self, x, y):
        activations = self.forward(x)
        delta = activations[-1] - y
        grads_w, grads_b = [], []
        for w, a in zip(self.weights[::-1], activations[-2::-1]):
            grads_w = [delta.T @ a / x.shape[0], *grads_w]
            grads_b = [delta.mean(axis=0), *grads_b]
            delta = delta @ w * (a - a**2)
        return grads_w, grads_b
""",
)
alternative(
    "task1_image_by_image",
    exercise="task1",
    code="""
class Task1(Network):
    def loss(self, x, y):
        return np.mean([-np.log(max(p @ t, 1e-30)) for p, t in zip(self.feedforward(x), y)])

    def activations_of(self, image):
        out = [image]
        for w, b in zip(self.weights[:-1], self.biases[:-1]):
            out.append(sigmoid(w @ out[-1] + b))
        return [*out, stable_softmax(self.weights[-1] @ out[-1] + self.biases[-1])]

    def feedforward(self, x):
        return np.array([self.activations_of(image)[-1] for image in x])

    def backprop(self, x, y):
        grads_w = [np.zeros_like(w) for w in self.weights]
        grads_b = [np.zeros_like(b) for b in self.biases]
        for image, label in zip(x, y):
            activations = self.activations_of(image)
            delta = (activations[-1] - label) / len(x)
            for i in range(self.num_layers - 1, -1, -1):
                a = activations[i]
                grads_w[i] += delta[:, None] * a[None, :]
                grads_b[i] += delta
                delta = self.weights[i].T @ delta * a * (1 - a)
        return grads_w, grads_b
""",
)

# ----------------------------------------------------------------------- task2

alternative(
    "task2_in_place_on_its_own_arrays",
    exercise="task2",
    code="""
class Task2(Network):
    def __init__(self, sizes=(784, 30, 10), l2_factor=1e-5, momentum=0.2):
        super().__init__(sizes)
        self.l2_factor, self.momentum = l2_factor, momentum
        self.v_w = [0.0] * self.num_layers
        self.v_b = [0.0] * self.num_layers

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        for i, (g_w, g_b) in enumerate(zip(grads_w, grads_b)):
            g_w += self.l2_factor * self.weights[i]
            self.v_w[i] = self.momentum * self.v_w[i] + g_w
            self.v_b[i] = self.momentum * self.v_b[i] + g_b
            self.weights[i] -= learning_rate * self.v_w[i]
            self.biases[i] -= learning_rate * self.v_b[i]
""",
)
alternative(
    "task2_velocity_made_when_needed",
    exercise="task2",
    code="""
class Task2(Network):
    velocity = None

    def __init__(self, sizes=(784, 30, 10), l2_factor=1e-5, momentum=0.2):
        super().__init__(sizes)
        self.mu, self.lam = momentum, l2_factor

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        n = self.num_layers
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        grads = [g + self.lam * w for g, w in zip(grads_w, self.weights)]
        grads += list(grads_b)
        if self.velocity is None:
            self.velocity = grads
        else:
            self.velocity = [self.mu * v + g for v, g in zip(self.velocity, grads)]
        new = [p - learning_rate * v for p, v in zip(self.weights + self.biases, self.velocity)]
        self.weights, self.biases = new[:n], new[n:]
""",
)
alternative(
    "task2_with_named_operations",
    exercise="task2",
    change=(
        "self.momentum * self.velocity_w[i] + grad_w",
        "np.add(grad_w, np.multiply(self.velocity_w[i], self.momentum))",
    ),
)

# ----------------------------------------------------------------------- adamw

alternative(
    "adamw_as_in_pytorch",
    exercise="adamw",
    code="""
class AdamW(Network):
    def __init__(
        self, sizes=(784, 30, 10), beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
    ):
        super().__init__(sizes)
        self.betas, self.eps, self.weight_decay = (beta1, beta2), eps, weight_decay
        self.t = 0
        self.state = {}

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        self.t += 1
        beta1, beta2 = self.betas
        for name, grads in zip(("weights", "biases"), self.backprop(x_mini_batch, y_mini_batch)):
            parameters = getattr(self, name)
            for i, g in enumerate(grads):
                zeros = np.zeros_like(g), np.zeros_like(g)
                m, v = self.state.setdefault((name, i), zeros)
                m *= beta1
                m += (1 - beta1) * g
                v *= beta2
                v += (1 - beta2) * g * g
                if name == "weights":
                    parameters[i] *= 1 - learning_rate * self.weight_decay
                size = learning_rate / (1 - beta1**self.t)
                root = np.sqrt(v) / np.sqrt(1 - beta2**self.t) + self.eps
                parameters[i] -= size * m / root
""",
)
alternative(
    "adamw_with_the_decay_in_two_lines",
    exercise="adamw",
    change=(
        "decay = 1 - learning_rate * self.weight_decay",
        "decay = 1.0\n        decay -= self.weight_decay * learning_rate",
    ),
)

alternative(
    "adamw_on_one_long_vector",
    exercise="adamw",
    code="""
class AdamW(Network):
    def __init__(
        self, sizes=(784, 30, 10), beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
    ):
        super().__init__(sizes)
        self.settings = beta1, beta2, eps, weight_decay
        self.history = []

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        beta1, beta2, eps, weight_decay = self.settings
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        self.history.append(np.concatenate([g.ravel() for g in grads_w + grads_b]))
        t = len(self.history)
        m = sum((1 - beta1) * beta1 ** (t - 1 - i) * g for i, g in enumerate(self.history))
        v = sum((1 - beta2) * beta2 ** (t - 1 - i) * g**2 for i, g in enumerate(self.history))
        step = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
        used = 0
        for name, decay in (("weights", weight_decay), ("biases", 0.0)):
            moved = []
            for p in getattr(self, name):
                own = step[used : used + p.size].reshape(p.shape)
                moved.append(p - learning_rate * (decay * p + own))
                used += p.size
            setattr(self, name, moved)
""",
)

# --------------------------------------------------------------------- adagrad

alternative(
    "adagrad_epsilon_outside_the_root",
    exercise="adagrad",
    change=[
        ("np.sqrt(self.sums_w[i] + self.eps)", "np.sqrt(self.sums_w[i]) + self.eps"),
        ("np.sqrt(self.sums_b[i] + self.eps)", "np.sqrt(self.sums_b[i]) + self.eps"),
    ],
)
alternative(
    "adagrad_in_place_on_its_own_arrays",
    exercise="adagrad",
    code="""
class Adagrad(Network):
    def __init__(self, sizes=(784, 30, 10), eps=1e-8):
        super().__init__(sizes)
        self.eps = eps
        self.sums = [np.zeros(p.shape) for p in [*self.weights, *self.biases]]

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        parameters = self.weights + self.biases
        for p, g, total in zip(parameters, [*grads_w, *grads_b], self.sums):
            total += np.square(g)
            p -= learning_rate * g * (total + self.eps) ** -0.5
""",
)

# --------------------------------------------------------------------- dropout

alternative(
    "dropout_binomial_masks_drawn_first",
    exercise="dropout",
    code="""
class DropoutNetwork(Task1):
    def __init__(self, sizes=(784, 30, 10), drop_rate=0.2, seed=None):
        super().__init__(sizes)
        self.drop_rate = drop_rate
        self.rng = np.random.default_rng(seed)

    def draw_mask(self, shape):
        keep = 1 - self.drop_rate
        return (self.rng.binomial(1, keep, size=shape) / keep).astype(np.float32)

    def backprop(self, x, y):
        masks = [self.draw_mask((len(x), b.size)) for b in self.biases[:-1]]
        inputs, plain = [x], []
        for i, mask in enumerate(masks):
            plain.append(sigmoid(inputs[-1] @ self.weights[i].T + self.biases[i]))
            inputs.append(np.multiply(plain[-1], mask))
        p = stable_softmax(inputs[-1] @ self.weights[-1].T + self.biases[-1])
        delta = (p - y) / x.shape[0]
        grads_w, grads_b = [delta.T @ inputs[-1]], [delta.sum(axis=0)]
        for i in range(len(masks) - 1, -1, -1):
            delta = (delta @ self.weights[i + 1]) * masks[i] * plain[i] * (1 - plain[i])
            grads_w.insert(0, delta.T @ inputs[i])
            grads_b.insert(0, delta.sum(axis=0))
        return grads_w, grads_b
""",
)
alternative(
    "dropout_with_its_own_feedforward",
    exercise="dropout",
    change=(
        "    def backprop(",
        "    def feedforward(self, x):\n"
        "        for w, b in zip(self.weights[:-1], self.biases[:-1]):\n"
        "            x = sigmoid(x @ w.T + b)\n"
        "        return softmax(x @ self.weights[-1].T + self.biases[-1], axis=1)\n\n"
        "    def backprop(",
    ),
)

# --------------------------------------------------------------------- augment

alternative(
    "augment_by_shift_and_rotate",
    exercise="augment",
    code="""
def augment(images, rng, max_shift=2, max_angle=10.0):
    out = []
    for image in images.reshape(-1, 28, 28):
        angle = rng.uniform(-max_angle, max_angle)
        move = rng.uniform(-max_shift, max_shift, size=2)
        turned = ndimage.rotate(image, angle, reshape=False, order=1)
        out.append(ndimage.shift(turned, move, order=1).ravel())
    return np.array(out)
""",
)
alternative(
    "augment_cubic_and_clipped",
    exercise="augment",
    code="""
def augment(images, rng, max_shift=2, max_angle=10.0):
    out = np.zeros(images.shape)
    for n in range(len(images)):
        image = images[n].reshape(28, 28)
        image = ndimage.rotate(image, rng.uniform(-max_angle, max_angle), reshape=False)
        down, right = rng.integers(-max_shift, max_shift, size=2, endpoint=True)
        padded = np.pad(image, max_shift)
        top, left = max_shift - down, max_shift - right
        out[n] = padded[top : top + 28, left : left + 28].ravel()
    return np.clip(out, 0, 1)
""",
)
