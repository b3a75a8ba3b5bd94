"""Right answers to lab 4 in another style. Each must earn every point."""

from autograder.proving.faults import alternative

# ------------------------------------------------------------- image_embedding

alternative(
    "embedding_cut_in_numpy",
    exercise="image_embedding",
    code="""
class ImageEmbedding(Module):
    def __init__(self, img_dim, hidden_dim, kernel_size=2):
        super().__init__()
        self.side, self.k = img_dim, kernel_size
        self.num_patches = (img_dim // kernel_size) ** 2
        self.projection = Linear(kernel_size * kernel_size, hidden_dim)

    def forward(self, x):
        pixels = np.asarray(x)
        m = self.side // self.k
        five = pixels.reshape(len(pixels), m, self.k, m, self.k)
        five = np.transpose(five, (0, 1, 3, 2, 4))
        return self.projection(Tensor(five.reshape(len(pixels), m * m, self.k**2)))
""",
)
alternative(
    "embedding_patch_by_patch",
    exercise="image_embedding",
    code="""
class ImageEmbedding(Module):
    def __init__(self, img_dim, hidden_dim, kernel_size=2):
        self.img_dim, self.kernel_size = img_dim, kernel_size
        self.num_patches = int((img_dim / kernel_size) ** 2)
        self.projection = Linear(kernel_size**2, hidden_dim)

    def forward(self, x):
        k = self.kernel_size
        images = np.asarray(x).reshape(-1, self.img_dim, self.img_dim)
        patches = []
        for r in range(0, self.img_dim, k):
            for c in range(0, self.img_dim, k):
                patches.append(images[:, r : r + k, c : c + k].reshape(len(images), -1))
        return self.projection(np.stack(patches, axis=1))
""",
)
alternative(
    "embedding_tokens_stacked",
    exercise="image_embedding",
    code="""
from course_utils import stack


class ImageEmbedding(Module):
    def __init__(self, img_dim, hidden_dim, kernel_size=2):
        self.k = kernel_size
        numbers = np.arange(img_dim**2).reshape(img_dim, img_dim)
        self.places = [
            numbers[r : r + kernel_size, c : c + kernel_size].ravel()
            for r in range(0, img_dim, kernel_size)
            for c in range(0, img_dim, kernel_size)
        ]
        self.num_patches = len(self.places)
        self.projection = Linear(kernel_size**2, hidden_dim)

    def forward(self, x):
        x = x if isinstance(x, Tensor) else Tensor(x)
        return stack([self.projection(x[:, place]) for place in self.places], dim=1)
""",
)
alternative(
    "embedding_in_float32",
    exercise="image_embedding",
    change=("Tensor(x).reshape", "Tensor(np.asarray(x, dtype=np.float32)).reshape"),
)

# ------------------------------------------------------------------- attention

alternative(
    "attention_queries_scaled_first",
    exercise="attention",
    change=(
        "q @ k.transpose(-2, -1) / np.sqrt(q.shape[-1])",
        "(q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)",
    ),
)
alternative(
    "attention_masked_by_a_large_number",
    exercise="attention",
    change=("masked_fill(~mask, -np.inf)", "masked_fill(np.logical_not(mask), -1e9)"),
)
alternative(
    "attention_mask_added",
    exercise="attention",
    change=(
        "scores = scores.masked_fill(~mask, -np.inf)",
        "scores = scores + np.where(mask, 0.0, -1e12)",
    ),
)
alternative(
    "attention_softmax_by_hand",
    exercise="attention",
    change=(
        "weights = scores.softmax(dim=-1)",
        "powers = (scores - scores.data.max(axis=-1, keepdims=True)).exp()\n"
        "    weights = powers / powers.sum(dim=-1, keepdim=True)",
    ),
)
alternative(
    "attention_through_the_logarithm",
    exercise="attention",
    change=("scores.softmax(dim=-1)", "scores.log_softmax(dim=-1).exp()"),
)
alternative(
    "attention_keys_on_the_left",
    exercise="attention",
    change=[
        (
            "scores = q @ k.transpose(-2, -1) / np.sqrt(q.shape[-1])",
            "scores = (k @ q.transpose(-2, -1)).transpose(-2, -1)\n"
            "    scores = scores / float(np.sqrt(k.shape[-1]))",
        ),
    ],
)
alternative(
    "heads_by_slices",
    exercise="attention",
    code="""
from course_utils import concatenate, stack, where


def scaled_dot_product_attention(q, k, v, mask=None):
    d = q.shape[-1]
    scores = q.matmul(k.transpose()) * (1 / d**0.5)
    if mask is not None:
        scores = where(mask, scores, -np.inf)
    weights = scores.softmax()
    return weights.matmul(v), weights


def split_heads(x, num_heads):
    d = x.shape[-1] // num_heads
    return stack([x[:, :, h * d : (h + 1) * d] for h in range(num_heads)], dim=1)


def merge_heads(x):
    return concatenate([x[:, h] for h in range(x.shape[1])], dim=-1)


class MultiHeadSelfAttention(Module):
    def __init__(self, hidden_dim, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.query = Linear(hidden_dim, hidden_dim)
        self.key = Linear(hidden_dim, hidden_dim)
        self.value = Linear(hidden_dim, hidden_dim)
        self.output = Linear(hidden_dim, hidden_dim)

    def forward(self, x, mask=None):
        cards = [
            split_heads(layer(x), self.num_heads) for layer in (self.query, self.key, self.value)
        ]
        out, weights = scaled_dot_product_attention(*cards, mask=mask)
        self.last_weights = weights.detach().numpy()
        return self.output(merge_heads(out))
""",
)
alternative(
    "module_head_by_head",
    exercise="attention",
    change=(
        "        mixed, weights = scaled_dot_product_attention(q, k, v, mask)\n"
        "        self.last_weights = weights.data\n"
        "        return self.output(merge_heads(mixed))",
        "        from course_utils import concatenate\n"
        "        mixed, kept = [], []\n"
        "        for head in range(self.num_heads):\n"
        "            one = q[:, head], k[:, head], v[:, head]\n"
        "            out, weights = scaled_dot_product_attention(*one, mask)\n"
        "            mixed.append(out)\n"
        "            kept.append(weights.data)\n"
        "        self.last_weights = np.stack(kept, axis=1)\n"
        "        return self.output(concatenate(mixed, dim=-1))",
    ),
)

# ----------------------------------------------------------- transformer_block

alternative(
    "block_step_by_step",
    exercise="transformer_block",
    code="""
class TransformerBlock(Module):
    def __init__(self, hidden_dim, num_heads, ffn_dim):
        super().__init__()
        self.mlp = Sequential(
            Linear(hidden_dim, ffn_dim),
            ReLU(),
            Linear(ffn_dim, hidden_dim),
        )
        self.norm2 = LayerNorm(hidden_dim)
        self.norm1 = LayerNorm(hidden_dim)
        self.attention = MultiHeadSelfAttention(num_heads=num_heads, hidden_dim=hidden_dim)

    def forward(self, x):
        heard = self.attention(self.norm1(x))
        y = heard + x
        thought = self.norm2(y)
        for layer in self.mlp:
            thought = layer(thought)
        return y + thought
""",
)
alternative(
    "block_with_a_helper",
    exercise="transformer_block",
    change=[
        (
            "x = x + self.attention(self.norm1(x))",
            "for part, norm in ((self.attention, self.norm1), (self.mlp, self.norm2)):",
        ),
        ("return x + self.mlp(self.norm2(x))", "    x = x + part(norm(x))\n        return x"),
    ],
)

# ------------------------------------------------------------ clamp_and_reduce

alternative(
    "reduce_by_a_sum",
    exercise="clamp_and_reduce",
    change=("mean(dim=-1)", "sum(dim=-1) / x.shape[-1]"),
)
alternative(
    "reduce_by_where",
    exercise="clamp_and_reduce",
    change=(
        "return x.clamp(-self.bound, self.bound).mean(dim=-1)",
        "from course_utils import where\n"
        "        x = where(x > self.bound, self.bound, x)\n"
        "        x = where(x < -self.bound, -self.bound, x)\n"
        "        return x.mean(dim=x.ndim - 1)",
    ),
)

# ----------------------------------------------------------------- lr_schedule

alternative(
    "lr_by_exponential",
    exercise="lr_schedule",
    change=(
        "return init_lr * 20 ** (-step / last_step)",
        "return init_lr * np.exp(-np.log(20) * step / last_step)",
    ),
)
alternative(
    "lr_factor_by_factor",
    exercise="lr_schedule",
    change=(
        "return init_lr * 20 ** (-step / last_step)",
        "factor = (1 / 20) ** (1 / last_step)\n"
        "    rate = init_lr\n"
        "    for _ in range(step):\n"
        "        rate = rate * factor\n"
        "    return rate",
    ),
)
alternative(
    "lr_by_geomspace",
    exercise="lr_schedule",
    code="""
def get_lr(epoch, iter, num_epochs=2, iters_per_epoch=3000, init_lr=5e-2):
    rates = np.geomspace(init_lr, init_lr / 20, num_epochs * iters_per_epoch)
    return rates[epoch * iters_per_epoch + iter]
""",
)

# ------------------------------------------------------------------------ clip

alternative(
    "clip_with_new_tensors",
    exercise="clip",
    code="""
def clip_by_value(parameters, bound=1.0):
    for p in parameters:
        if p.grad is None:
            continue
        p.grad = p.grad.clamp(-bound, bound)


def clip_by_norm(parameters, max_norm=1.0):
    total = 0.0
    for p in parameters:
        if p.grad is not None:
            total += (p.grad * p.grad).sum().item()
    norm = total**0.5
    factor = min(1.0, max_norm / (norm + 1e-6))
    for p in parameters:
        if p.grad is not None:
            p.grad = p.grad * factor
    return norm
""",
)
alternative(
    "clip_of_one_long_vector",
    exercise="clip",
    change=[
        (
            "norm = np.sqrt(sum(np.sum(g**2) for g in gradients))",
            "norm = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))",
        ),
        (
            "gradient[...] = np.clip(gradient, -bound, bound)",
            "gradient[gradient > bound] = bound\n            gradient[gradient < -bound] = -bound",
        ),
    ],
)

# -------------------------------------------------------------------- training

alternative(
    "train_with_a_flag",
    exercise="training",
    code="""
import math


def train(
    model, loader, optimizer, schedule, clip, evaluate, num_epochs=2, check_every=300, patience=5
):
    losses, rates, scores = [], [], []
    stopped = None
    since_best = 0
    epoch = 0
    while epoch < num_epochs and stopped is None:
        i = 0
        for x, y in loader:
            rate = schedule(epoch, i)
            optimizer.lr = rate
            loss = CrossEntropyLoss()(model(x), y)
            value = float(loss)
            if math.isnan(value) or math.isinf(value):
                print("The loss is", value, "in step", len(losses) + 1, "so the training stops.")
                stopped = "not finite"
                break
            model.zero_grad()
            loss.backward()
            clip(model.parameters())
            optimizer.step()
            losses.append(value)
            rates.append(rate)
            i += 1
            if len(losses) % check_every:
                continue
            scores.append(evaluate(model))
            if len(scores) - 1 - int(np.argmax(scores)) >= patience:
                stopped = "no improvement"
                break
        epoch += 1
    return dict(loss=losses, lr=rates, accuracy=scores, stopped=stopped or "all epochs")
""",
)
alternative(
    "train_in_a_generator",
    exercise="training",
    code="""
def steps_of(loader, num_epochs):
    for epoch in range(num_epochs):
        for i, batch in enumerate(loader):
            yield epoch, i, *batch


def train(
    model, loader, optimizer, schedule, clip, evaluate, num_epochs=2, check_every=300, patience=5
):
    history = {"loss": [], "lr": [], "accuracy": [], "stopped": "all epochs"}
    best, best_check = None, 0
    loss_fn = CrossEntropyLoss()
    for step, (epoch, i, x, y) in enumerate(steps_of(loader, num_epochs), start=1):
        optimizer.lr = schedule(epoch, i)
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        if not np.isfinite(loss.data):
            print(f"loss {loss.item()} at step {step}: stopping")
            history["stopped"] = "not finite"
            break
        loss.backward()
        clip(model.parameters())
        optimizer.step()
        history["loss"] += [loss.item()]
        history["lr"] += [optimizer.lr]
        if step % check_every == 0:
            history["accuracy"] += [evaluate(model)]
            checks = len(history["accuracy"])
            if best is None or history["accuracy"][-1] > best:
                best, best_check = history["accuracy"][-1], checks
            elif checks - best_check == patience:
                history["stopped"] = "no improvement"
                break
    return history
""",
)
