"""Hidden checks of lab 4.

The expected values come from here, and in another way than a student's: patches are cut one by
one, attention is a loop over queries, and gradients come from the forward pass alone, by the
complex step. No check uses the images.

The checks of a module set its parameters, in float64, so that right answers agree to about 1e-12.
Some students compute a part in float32, which keeps seven digits. So values are compared to a
thousandth of their size; the mildest named fault is wrong by several per cent.

The block is checked with an attention of the check's own, and the training loop with a layer, a
schedule, a clipping function and accuracies of the check's own: each exercise stands by itself.
"""

import re

import numpy as np

from autograder.checks import check, close, expect, forbid, probe

NEAR = {"rtol": 1e-3, "atol": 1e-5}


# ------------------------------------------------------------------- shortcuts

LIBRARY_ATTENTION = (
    "course_utils.MultiheadAttention",
    "course_utils.nn.MultiheadAttention",
    "course_utils.nn.attention.MultiheadAttention",
    "course_utils.nn.attention.self_attention",
    "torch.nn.MultiheadAttention",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.functional.scaled_dot_product_attention",
)
forbid(
    "image_embedding",
    "torch.nn.Unfold",
    "torch.nn.functional.unfold",
    "torch.nn.Conv2d",
    "torch.nn.functional.conv2d",
    says="This exercise asks you to cut the patches yourself, with reshape and transpose.",
)
forbid(
    "attention",
    *LIBRARY_ATTENTION,
    says="This exercise asks you to write attention yourself, with products and a softmax.",
)
forbid(
    "transformer_block",
    *LIBRARY_ATTENTION,
    says="The block is made of your own MultiHeadSelfAttention.",
)
forbid(
    "lr_schedule",
    "course_utils.ExponentialLR",
    "course_utils.optim.schedules.ExponentialLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    says="This exercise asks you to write the formula of the rate yourself.",
)
forbid(
    "clip",
    "course_utils.clip_grad_value_",
    "course_utils.nn.clip_grad_value_",
    "course_utils.nn.clip.clip_grad_value_",
    "course_utils.clip_grad_norm_",
    "course_utils.nn.clip_grad_norm_",
    "course_utils.nn.clip.clip_grad_norm_",
    "torch.nn.utils.clip_grad_value_",
    "torch.nn.utils.clip_grad_norm_",
    says="This exercise asks you to write both ways of clipping yourself.",
)
forbid(
    "training",
    "course_utils.TrainingManager",
    "course_utils.training.TrainingManager",
    "course_utils.training.manager.TrainingManager",
    "course_utils.training.steps.train_epoch",
    "course_utils.EarlyStopper",
    "course_utils.EarlyStopping",
    "course_utils.training.EarlyStopper",
    "course_utils.training.EarlyStopping",
    "course_utils.training.early_stopping.EarlyStopper",
    "course_utils.training.early_stopping.EarlyStopping",
    says="This exercise asks you to write the loop, and both ways to stop, yourself.",
)


# ------------------------------------------------------------------ references


def softmax(row):
    """Return the softmax of one row; also of complex numbers, for the complex step."""
    powers = np.exp(row - row.real.max())
    return powers / powers.sum()


def cut(image, k):
    """Return the patches of one image, one row of k * k pixels for each."""
    side = round(len(image) ** 0.5)
    square = image.reshape(side, side)
    rows = []
    for top in range(0, side, k):
        for left in range(0, side, k):
            patch = [square[top + r, left + c] for r in range(k) for c in range(k)]
            rows.append(patch)
    return np.array(rows)


def embed(x, k, p):
    return (
        np.array([cut(image, k) @ p["projection.weight"].T for image in x]) + (p["projection.bias"])
    )


def attend(q, k, v, visible=None):
    """Return output and weights, query by query; `visible` is of the shape of the weights."""
    out = np.zeros(q.shape, dtype=complex)
    weights = np.zeros((*q.shape[:-1], k.shape[-2]), dtype=complex)
    for place in np.ndindex(q.shape[:-1]):
        front = place[:-1]
        seen = range(k.shape[-2]) if visible is None else np.flatnonzero(visible[place])
        scores = [np.sum(q[place] * k[(*front, j)]) / q.shape[-1] ** 0.5 for j in seen]
        for j, chance in zip(seen, softmax(np.array(scores)), strict=True):
            weights[(*place, j)] = chance
            out[place] += chance * v[(*front, j)]
    return out, weights


def attend_in_heads(x, p, heads, visible=None):
    """Return output and weights of multi-head self-attention, head by head."""
    q, k, v = (x @ p[f"{n}.weight"].T + p[f"{n}.bias"] for n in ("query", "key", "value"))
    d = x.shape[-1] // heads
    outs, maps = [], []
    for head in range(heads):
        own = slice(head * d, (head + 1) * d)
        shown = None if visible is None else np.broadcast_to(visible, (len(x), *visible.shape))
        out, weights = attend(q[..., own], k[..., own], v[..., own], shown)
        outs.append(out)
        maps.append(weights)
    joined = np.concatenate(outs, axis=-1)
    return joined @ p["output.weight"].T + p["output.bias"], np.stack(maps, axis=1)


def layer_norm(x, weight, bias):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * weight + bias


def block_forward(x, p, mixing):
    """Return what a block puts out whose attention multiplies the tokens by `mixing`."""
    y = x + mixing @ layer_norm(x, p["norm1.weight"], p["norm1.bias"])
    hidden = layer_norm(y, p["norm2.weight"], p["norm2.bias"]) @ p["mlp.0.weight"].T
    hidden = hidden + p["mlp.0.bias"]
    hidden = hidden * (hidden.real > 0)
    return y + hidden @ p["mlp.2.weight"].T + p["mlp.2.bias"]


def gradients(forward, arrays, upstream):
    """Return the gradients of sum(upstream * forward(arrays)), one entry after the other.

    Each is Im loss(a + ih) / h: the complex step, which has no difference to cancel and so is
    exact to rounding. Squire and Trapp, SIAM Review 40 (1998).
    """
    h = 1e-30
    inputs = {name: array.astype(complex) for name, array in arrays.items()}
    out = {}
    for name, array in inputs.items():
        out[name] = np.empty(array.shape)
        for place in np.ndindex(array.shape):
            array[place] += 1j * h
            out[name][place] = np.sum(upstream * forward(inputs)).imag / h
            array[place] -= 1j * h
    return out


# ---------------------------------------------------------------------- probes


@probe
def run_function(student, function, inputs, options, upstreams):
    """Call a function of Tensors; go back from what it returns, with a gradient for each."""
    from course_utils import Tensor

    leaves = [Tensor(array, requires_grad=True) for array in inputs]
    found = function(*leaves, **options)
    results = found if isinstance(found, tuple) else (found,)
    kinds = [type(result).__name__ for result in results]
    values = [result.data if isinstance(result, Tensor) else None for result in results]
    total = None  # one number, whose gradients over the results are the upstreams
    for result, upstream in zip(results, upstreams):  # noqa: B905
        fits = isinstance(result, Tensor) and result.shape == upstream.shape
        if fits and result.requires_grad:
            part = (result * upstream).sum()
            total = part if total is None else total + part
    if total is not None:
        total.backward()
    grads = [None if leaf.grad is None else leaf.grad.data for leaf in leaves]
    return kinds, values, grads


@probe
def run_layer(student, cls, arguments, parameters, x, options, upstream):
    """Build a module, give it these parameters, and run it forward and back."""
    from course_utils import Tensor

    layer = cls(*arguments)
    own = dict(layer.named_parameters())
    shapes = {name: parameter.shape for name, parameter in own.items()}
    if shapes != {name: array.shape for name, array in parameters.items()}:
        return {"shapes": shapes}
    for name, parameter in own.items():
        parameter.data = parameters[name].copy()
    leaf = Tensor(x.copy(), requires_grad=True)
    found = layer(x.copy() if options.pop("as_array", False) else leaf, **options)
    report = {"shapes": shapes, "kind": type(found).__name__}
    if not isinstance(found, Tensor):
        return report
    report["value"] = found.data.copy()
    if hasattr(layer, "last_weights"):
        report["last_weights"] = layer.last_weights
    if upstream is not None and found.shape == upstream.shape and found.requires_grad:
        found.backward(upstream)
    report["grads"] = {n: None if p.grad is None else p.grad.data for n, p in own.items()}
    report["grads"]["x"] = None if leaf.grad is None else leaf.grad.data
    return report


def expect_shapes(report, parameters):
    """Fail unless the module has the parameters that it is to have."""
    wanted = {name: array.shape for name, array in parameters.items()}
    found = report["shapes"] if isinstance(report, dict) else {}
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    hint = "The card of the exercise has the names of the parts, and their sizes."
    expect(not missing, f"the parameter {', '.join(missing)} is missing", hint)
    expect(not extra, f"there are further parameters: {', '.join(extra)}", hint)
    for name, shape in wanted.items():
        expect(
            tuple(found[name]) == shape,
            f"{name} has shape {found[name]}, expected shape {shape}",
            hint,
        )


def expect_tensor(report, what):
    expect(
        report["kind"] in ("Tensor", "Parameter"),
        f"{what} is a {report['kind']} and not a Tensor",
        "Gradients only flow through Tensors: stay with their methods and operators.",
    )


def close_gradients(found, expected, hint):
    for name, right in expected.items():
        expect(
            found.get(name) is not None,
            f"no gradient reached {name}",
            "Where on the way did a Tensor become an array: by .data, .numpy() or Tensor(...)?",
        )
        close(found[name], right, what=f"the gradient of {name}", hint=hint, **NEAR)


def draw(rng, shapes, scale=0.7):
    return {name: scale * rng.normal(size=shape) for name, shape in shapes.items()}


# ------------------------------------------------------------- image_embedding


def projection(rng, k, hidden):
    return draw(rng, {"projection.weight": (hidden, k * k), "projection.bias": (hidden,)})


@probe
def numbers_of_patches(student):
    made = [
        student.ImageEmbedding(28, 3),
        student.ImageEmbedding(28, 5, 4),
        student.ImageEmbedding(6, 2, kernel_size=3),
    ]
    return [(e.num_patches, tuple(e.projection.weight.shape)) for e in made]


@check("image_embedding", points=3)
def patches_are_counted(student, rng):
    """num_patches and the size of the projection fit the image and the patch; patches are 2 wide
    where nothing is said."""
    wanted = [(196, (3, 4)), (49, (5, 16)), (4, (2, 9))]
    settings = ("28, 3", "28, 5, 4", "6, 2, kernel_size=3")
    found = student.run(numbers_of_patches)
    for own, (count, shape), setting in zip(found, wanted, settings, strict=True):
        expect(
            own[0] == count,
            f"ImageEmbedding({setting}) has num_patches {own[0]}",
            "How many patches fit into a row, and how many rows are there?",
        )
        expect(
            own[1] == shape,
            f"in ImageEmbedding({setting}) the weight of the projection has shape {own[1]}",
            "From the pixels of one patch to hidden_dim features.",
        )


@check("image_embedding", points=4)
def patches_are_in_reading_order(student, rng):
    """A single dark pixel shows in the token of its patch, and in no other one."""
    k, side, hidden = 3, 9, 4
    p = projection(rng, k, hidden)
    x = np.zeros((side * side, side * side))
    np.fill_diagonal(x, 1.0)
    # An array, as a DataLoader hands out; the other checks give a Tensor.
    options = {"as_array": True}
    report = student.run(run_layer, student.ImageEmbedding, (side, hidden, k), p, x, options, None)
    expect_shapes(report, p)
    expect_tensor(report, "what comes out")
    close(np.array(np.shape(report["value"])), np.array([81, 9, 4]), what="the shape of the result")
    moved = np.abs(report["value"] - p["projection.bias"]).max(axis=-1) > 1e-6
    for pixel in range(side * side):
        row, column = divmod(pixel, side)
        patch = side // k * (row // k) + column // k
        expect(
            moved[pixel].sum() == 1 and moved[pixel, patch],
            f"the pixel in row {row}, column {column} shows in the tokens "
            f"{np.flatnonzero(moved[pixel]).tolist()}",
            "Patches are numbered from left to right, then the next row of patches.",
        )


@check("image_embedding", points=4)
def tokens_are_projected_patches(student, rng):
    """Each token is the projection of its patch's pixels, which are read row by row."""
    for side, k, hidden, batch in ((6, 2, 5, 3), (8, 4, 3, 1)):
        p = projection(rng, k, hidden)
        x = rng.normal(size=(batch, side * side))
        report = student.run(run_layer, student.ImageEmbedding, (side, hidden, k), p, x, {}, None)
        expect_shapes(report, p)
        expect_tensor(report, "what comes out")
        close(
            report["value"],
            embed(x, k, p),
            what="the tokens",
            hint="Give the projection the identity, and look at what one token holds.",
            **NEAR,
        )


@check("image_embedding", points=3)
def the_projection_learns(student, rng):
    """The gradients of the projection are right, for any gradient that comes back."""
    k, hidden = 2, 3
    p = projection(rng, k, hidden)
    x, upstream = rng.normal(size=(3, 36)), rng.normal(size=(3, 9, hidden))
    report = student.run(run_layer, student.ImageEmbedding, (6, hidden, k), p, x, {}, upstream)
    expect_shapes(report, p)
    expect_tensor(report, "what comes out")
    expected = gradients(lambda a: embed(x, k, a), p, upstream)
    close_gradients(report["grads"], expected, "All patches share one projection.")


# ------------------------------------------------------------------- attention


def run_attention(student, q, k, v, mask=None, upstreams=()):
    """Return output, weights and gradients of the student's attention, as arrays."""
    options = {} if mask is None else {"mask": mask}
    kinds, values, grads = student.run(
        run_function, student.scaled_dot_product_attention, [q, k, v], options, list(upstreams)
    )
    expect(
        len(kinds) == 2,
        f"scaled_dot_product_attention returns {len(kinds)} things",
        "Return two: the output and the weights.",
    )
    for kind, name in zip(kinds, ("output", "weights"), strict=True):
        expect_tensor({"kind": kind}, f"the {name}")
    return *values, grads


@check("attention", points=4)
def output_mixes_the_values(student, rng):
    """The output is softmax(QK'/sqrt(d)) V, with any number of axes in front."""
    for shape in ((5, 3), (2, 4, 7), (2, 3, 4, 6)):
        q, k, v = 1.5 * rng.normal(size=(3, *shape))
        out, _, _ = run_attention(student, q, k, v)
        close(
            out,
            attend(q, k, v)[0].real,
            what="the output",
            hint="Scores, divided by the root of d; softmax; times the values. One at a time.",
            **NEAR,
        )


@check("attention", points=3)
def each_query_shares_out_one(student, rng):
    """The weights are returned too: one row for each query, which sums to one over the keys."""
    q, k, v = 1.5 * rng.normal(size=(3, 2, 3, 5, 16))
    _, weights, _ = run_attention(student, q, k, v)
    close(
        weights,
        attend(q, k, v)[1].real,
        what="the weights",
        hint="Rows are queries, columns are keys. Which axis must sum to one?",
        **NEAR,
    )


@check("attention", points=4)
def hidden_keys_have_no_weight(student, rng):
    """Where the mask is False the weight is 0, and the other weights of the row sum to one."""
    q, k, v = 1.5 * rng.normal(size=(3, 2, 3, 4, 5))
    ahead = np.tril(np.ones((4, 4), dtype=bool))
    own = rng.random((2, 1, 4, 4)) < 0.5
    own |= np.eye(4, dtype=bool)
    for mask, name in ((ahead, "a mask (T, T)"), (own, "a mask for each image")):
        out, weights, _ = run_attention(student, q, k, v, mask)
        visible = np.broadcast_to(mask, (2, 3, 4, 4))
        right = [part.real for part in attend(q, k, v, visible)]
        hint = "True means visible. A score must be out of the race before the softmax."
        close(weights, right[1], what=f"with {name} the weights", hint=hint, **NEAR)
        expect(
            np.abs(np.where(visible, 0, weights)).max() < 1e-12,
            f"with {name} some hidden keys had a weight above 0",
            hint,
        )
        close(out, right[0], what=f"with {name} the output", hint=hint, **NEAR)


@check("attention", points=2)
def large_scores_stay_finite(student, rng):
    """Scores of thousands give finite weights, and the right ones, also with a mask."""
    q, k = 60.0 * rng.integers(-3, 4, size=(2, 3, 4, 9))
    v = rng.normal(size=(3, 4, 9))
    ahead = np.tril(np.ones((4, 4), dtype=bool))
    for mask in (None, ahead):
        _, weights, _ = run_attention(student, q, k, v, mask)
        visible = None if mask is None else np.broadcast_to(mask, (3, 4, 4))
        close(
            weights,
            attend(q, k, v, visible)[1].real,
            what="the weights from large scores",
            hint="A Tensor's softmax is safe; exponentials by hand are not.",
            **NEAR,
        )


@check("attention", points=4)
def gradients_reach_all_three(student, rng):
    """Queries, keys and values have the right gradients, from the output and from the weights."""
    names = ("q", "k", "v")
    arrays = draw(rng, dict.fromkeys(names, (2, 3, 4)), 1.2)
    upstreams = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 3))
    visible = np.tril(np.ones((3, 3), dtype=bool))
    for mask in (None, visible):
        shown = None if mask is None else np.broadcast_to(mask, (2, 3, 3))
        for number, which in enumerate(("output", "weights")):
            upstream = upstreams[number]
            silent = np.zeros_like(upstreams[1 - number])
            both = (upstream, silent) if number == 0 else (silent, upstream)
            *_, found = student.run(
                run_function,
                student.scaled_dot_product_attention,
                [arrays[name] for name in names],
                {} if mask is None else {"mask": mask},
                list(both[:1] if number == 0 else both),
            )
            expected = gradients(
                lambda a, part=number, shown=shown: attend(a["q"], a["k"], a["v"], shown)[part],
                arrays,
                upstream,
            )
            if number == 1:
                expected.pop("v")  # the weights do not depend on the values
            close_gradients(
                dict(zip(names, found, strict=True)),
                expected,
                f"This is the gradient through the {which}.",
            )


@probe
def split_and_merged(student, x, four, num_heads):
    from course_utils import Tensor

    leaf, other = Tensor(x, requires_grad=True), Tensor(four, requires_grad=True)
    heads, merged = student.split_heads(leaf, num_heads), student.merge_heads(other)
    for result in (heads, merged):
        if not isinstance(result, Tensor):
            return type(result).__name__, None
    flows = heads.requires_grad and merged.requires_grad
    return flows, [heads.data, merged.data]


@check("attention", points=3)
def heads_hold_their_own_features(student, rng):
    """split_heads gives head h the features from h d to (h + 1) d of all tokens; merge_heads is
    its inverse."""
    x, four = rng.normal(size=(2, 5, 12)), rng.normal(size=(2, 3, 5, 4))
    flows, values = student.run(split_and_merged, x, four, 3)
    expect(values is not None, f"a {flows} came back and not a Tensor")
    split = np.stack([x[..., 4 * head : 4 * head + 4] for head in range(3)], axis=1)
    merged = np.concatenate([four[:, head] for head in range(3)], axis=-1)
    hint = "A reshape keeps the order in memory. Cut the last axis first, then swap two axes."
    close(values[0], split, what="what split_heads gives", hint=hint, **NEAR)
    close(values[1], merged, what="what merge_heads gives", hint=hint, **NEAR)
    expect(flows is True, "no gradient goes through split_heads or merge_heads")


def four_layers(rng, hidden):
    shapes = {}
    for name in ("query", "key", "value", "output"):
        shapes |= {f"{name}.weight": (hidden, hidden), f"{name}.bias": (hidden,)}
    return draw(rng, shapes)


@check("attention", points=3)
def the_module_joins_its_heads(student, rng):
    """MultiHeadSelfAttention projects, splits, attends, merges and projects, with and without a
    mask, and keeps its weights."""
    for hidden, heads, shape in ((6, 2, (3, 4)), (6, 3, (2, 5)), (4, 1, (2, 3))):
        p, x = four_layers(rng, hidden), rng.normal(size=(*shape, hidden))
        ahead = np.tril(np.ones((shape[1], shape[1]), dtype=bool))
        for mask in (None, ahead):
            options = {} if mask is None else {"mask": mask}
            cls = student.MultiHeadSelfAttention
            report = student.run(run_layer, cls, (hidden, heads), p, x, options, None)
            expect_shapes(report, p)
            expect_tensor(report, "what comes out")
            out, weights = attend_in_heads(x, p, heads, mask)
            name = f"with {heads} heads and {'no' if mask is None else 'a'} mask"
            hint = "Which layer makes what, and what is handed on to the attention?"
            close(report["value"], out.real, what=f"the output {name}", hint=hint, **NEAR)
            expect(
                "last_weights" in report,
                "last_weights was not set",
                "Keep the array of the weights: weights.data.",
            )
            close(
                report["last_weights"], weights.real, what=f"last_weights {name}", hint=hint, **NEAR
            )


@check("attention", points=3)
def the_module_learns(student, rng):
    """All four layers of MultiHeadSelfAttention, and its input, have the right gradients."""
    p, x = four_layers(rng, 4), rng.normal(size=(2, 3, 4))
    upstream = rng.normal(size=(2, 3, 4))
    cls = student.MultiHeadSelfAttention
    report = student.run(run_layer, cls, (4, 2), p, x, {}, upstream)
    expect_shapes(report, p)
    expect_tensor(report, "what comes out")
    expected = gradients(lambda a: attend_in_heads(a["x"], a, 2)[0], {**p, "x": x}, upstream)
    close_gradients(report["grads"], expected, "Is every layer used, and only once?")


# ----------------------------------------------------------- transformer_block


@probe
def parts_of_a_block(student, hidden, heads, ffn):
    block = student.TransformerBlock(hidden, heads, ffn)
    attention = getattr(block, "attention", None)
    norms = [type(getattr(block, name, None)).__name__ for name in ("norm1", "norm2")]
    mlp = getattr(block, "mlp", None)
    layers = [type(layer).__name__ for layer in mlp] if hasattr(mlp, "__iter__") else []
    own = isinstance(attention, student.MultiHeadSelfAttention)
    shapes = {name: tuple(p.shape) for name, p in block.named_parameters()}
    return own, getattr(attention, "num_heads", None), norms, layers, shapes


def block_parameters(rng, hidden, ffn):
    """Return parameters for all but the attention."""
    shapes = {}
    for norm in ("norm1", "norm2"):
        shapes |= {f"{norm}.weight": (hidden,), f"{norm}.bias": (hidden,)}
    shapes |= {"mlp.0.weight": (ffn, hidden), "mlp.0.bias": (ffn,)}
    shapes |= {"mlp.2.weight": (hidden, ffn), "mlp.2.bias": (hidden,)}
    return draw(rng, shapes, 0.9)


@check("transformer_block", points=3)
def the_block_has_its_parts(student, rng):
    """A block has two norms, an attention with num_heads heads, and an MLP that is ffn_dim
    wide."""
    own, heads, norms, layers, shapes = student.run(parts_of_a_block, 6, 3, 10)
    expect(own, "block.attention is no MultiHeadSelfAttention", "Take the class of exercise 2.")
    expect(heads == 3, f"block.attention has {heads} heads where num_heads is 3")
    expect(norms == ["LayerNorm"] * 2, f"norm1 and norm2 are {' and '.join(norms)}")
    expect(
        len(layers) == 3 and layers[1] == "ReLU",
        f"the layers of block.mlp are: {', '.join(layers) or 'none'}",
        "Sequential(Linear, ReLU, Linear)",
    )
    rest = {name: shape for name, shape in shapes.items() if not name.startswith("attention.")}
    expect_shapes({"shapes": rest}, block_parameters(rng, 6, 10))


@probe
def run_block(student, sizes, parameters, mixing, x, upstream):
    """Run a block whose attention multiplies the tokens by a known matrix."""
    from course_utils import Tensor

    block = student.TransformerBlock(*sizes)
    own = dict(block.named_parameters())
    own = {name: p for name, p in own.items() if not name.startswith("attention.")}
    shapes = {name: tuple(p.shape) for name, p in own.items()}
    if shapes != {name: array.shape for name, array in parameters.items()}:
        return {"shapes": shapes}
    for name, parameter in own.items():
        parameter.data = parameters[name].copy()
    block.attention.forward = lambda tokens, mask=None: Tensor(mixing) @ tokens
    leaf = Tensor(x.copy(), requires_grad=True)
    found = block(leaf)
    report = {"shapes": shapes, "kind": type(found).__name__}
    if isinstance(found, Tensor):
        report["value"] = found.data.copy()
        if found.shape == upstream.shape and found.requires_grad:
            found.backward(upstream)
        report["grads"] = {n: None if p.grad is None else p.grad.data for n, p in own.items()}
        report["grads"]["x"] = None if leaf.grad is None else leaf.grad.data
    report["after"] = leaf.data
    return report


def checked_block(student, rng, hidden, ffn, tokens):
    p = block_parameters(rng, hidden, ffn)
    mixing, x = rng.normal(size=(tokens, tokens)), 2 * rng.normal(size=(2, tokens, hidden)) + 1
    upstream = rng.normal(size=x.shape)
    report = student.run(run_block, (hidden, 1, ffn), p, mixing, x, upstream)
    expect_shapes(report, p)
    expect_tensor(report, "what comes out")
    return p, mixing, x, upstream, report


@check("transformer_block", points=5)
def the_block_follows_both_lines(student, rng):
    """Attention on normed tokens is added to the tokens; then the MLP on normed tokens is."""
    for hidden, ffn, tokens in ((5, 7, 4), (4, 3, 6)):
        p, mixing, x, _, report = checked_block(student, rng, hidden, ffn, tokens)
        close(
            report["value"],
            block_forward(x, p, mixing),
            what="what comes out",
            hint="Two lines, each with its own norm, and each adds to what came before it.",
            **NEAR,
        )


@check("transformer_block", points=4)
def the_block_learns(student, rng):
    """The norms, the MLP and the input of a block have the right gradients."""
    p, mixing, x, upstream, report = checked_block(student, rng, 3, 5, 4)
    expected = gradients(lambda a: block_forward(a["x"], a, mixing), {**p, "x": x}, upstream)
    close_gradients(report["grads"], expected, "The road and the parts beside it both count.")


@check("transformer_block", points=2)
def silent_parts_change_nothing(student, rng):
    """Where attention and MLP put out zeros, the tokens come out as they went in."""
    p = block_parameters(rng, 5, 7)
    p["mlp.2.weight"][...] = 0
    p["mlp.2.bias"][...] = 0
    x = 3 * rng.normal(size=(2, 4, 5)) + 2
    report = student.run(run_block, (5, 1, 7), p, np.zeros((4, 4)), x, np.ones(x.shape))
    expect_shapes(report, p)
    expect_tensor(report, "what comes out")
    hint = "The road goes straight through the block: no norm on it, and nothing replaces it."
    close(report["value"], x, what="what comes out", hint=hint, **NEAR)
    expect(np.array_equal(report["after"], x), "the tokens that came in were changed", hint)


# ------------------------------------------------------------ clamp_and_reduce


def reduced(x, bound):
    out = np.zeros(x.shape[:-1], dtype=complex)
    for place in np.ndindex(x.shape[:-1]):
        for value in x[place]:
            inside = -bound < value.real < bound
            out[place] += value if inside else bound * np.sign(value.real)
        out[place] /= x.shape[-1]
    return out


def run_reduce(student, bound, x, upstream):
    arguments = () if bound is None else (bound,)
    report = student.run(run_layer, student.ClampAndReduce, arguments, {}, x, {}, upstream)
    expect_shapes(report, {})
    expect_tensor(report, "what comes out")
    return report


@check("clamp_and_reduce", points=3)
def clamped_features_are_averaged(student, rng):
    """Features beyond the bound, on both sides, count as the bound; then the mean over the last
    axis is taken. The bound is 2 where nothing is said."""
    for bound, shape in ((None, (3, 4, 5)), (0.7, (2, 6, 3)), (4.0, (5, 2))):
        limit = 2.0 if bound is None else bound
        x = 1.5 * limit * rng.normal(size=shape) + 0.2
        x[0, :2], x[1, :2] = 3 * limit, -3 * limit
        report = run_reduce(student, bound, x, None)
        close(
            report["value"],
            reduced(x, limit).real,
            what=f"the result with {'no bound said' if bound is None else f'bound {bound}'}",
            hint="First the clamp on both sides, then the mean over the features of a token.",
            **NEAR,
        )


@check("clamp_and_reduce", points=3)
def clamped_features_learn_nothing(student, rng):
    """The gradient is 0 beyond the bound, and shared out evenly within it."""
    x = 2.5 * rng.normal(size=(3, 4, 5))
    upstream = rng.normal(size=(3, 4))
    report = run_reduce(student, 1.5, x, upstream)
    expected = gradients(lambda a: reduced(a["x"], 1.5), {"x": x}, upstream)
    close_gradients(report["grads"], expected, "Let the Tensor clamp: it knows its gradient.")


# ----------------------------------------------------------------- lr_schedule


@probe
def rates(student, steps, options):
    return [float(student.get_lr(epoch, i, **options)) for epoch, i in steps]


@check("lr_schedule", points=3)
def from_the_first_rate_to_a_twentieth(student, rng):
    """The first step of two epochs of 3,000 steps has the rate 0.05, and the last has exactly
    0.05 / 20."""
    first, last = student.run(rates, [(0, 0), (1, 2999)], {})
    close(first, 0.05, what="the first rate", hint="At t = 0 the factor is 1.")
    close(
        last,
        0.0025,
        rtol=1e-6,
        what="the last rate",
        hint="Counted from 0, which number has the last step of the whole run?",
    )


@check("lr_schedule", points=3)
def each_step_has_the_same_factor(student, rng):
    """All rates on the way are right, also across the border between two epochs."""
    steps = [(0, 1), (0, 1234), (0, 2999), (1, 0), (1, 777)]
    found = student.run(rates, steps, {})
    expected = [0.05 * 20 ** -((3000 * epoch + i) / 5999) for epoch, i in steps]
    close(
        np.array(found),
        np.array(expected),
        what="the rates on the way",
        hint="t counts all steps so far, also those of the epochs before.",
    )


@check("lr_schedule", points=2)
def the_schedule_fits_any_run(student, rng):
    """Other lengths and other first rates are followed; a run of a single step takes init_lr."""
    options = {"num_epochs": 3, "iters_per_epoch": 4, "init_lr": 0.8}
    steps = [(epoch, i) for epoch in range(3) for i in range(4)]
    found = student.run(rates, steps, options)
    expected = 0.8 * 20 ** (-np.arange(12) / 11)
    close(np.array(found), expected, what="the rates of a run of 3 epochs of 4 steps")
    options = {"num_epochs": 1, "iters_per_epoch": 1, "init_lr": 0.3}
    only = student.run(rates, [(0, 0)], options)
    close(only[0], 0.3, what="the rate of a single step", hint="There is no gap to divide by.")


# ------------------------------------------------------------------------ clip


@probe
def clipped(student, which, gradients, options):
    """Return gradients after clipping, the parameters, and what was returned."""
    from course_utils import Parameter, Tensor

    parameters = [Parameter(np.full(np.shape(g) or (2,), 7.0)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):  # noqa: B905
        parameter.grad = None if gradient is None else Tensor(gradient.copy())
    function = student.clip_by_value if which == "value" else student.clip_by_norm
    returned = function(parameters, **options)
    after = [p.grad if p.grad is None else getattr(p.grad, "data", None) for p in parameters]
    kinds = [type(p.grad).__name__ for p in parameters]
    same = all(bool((p.data == 7.0).all()) for p in parameters)
    return after, kinds, same, returned


def run_clip(student, which, gradients, **options):
    after, kinds, same, returned = student.run(clipped, which, gradients, options)
    name = f"clip_by_{which}"
    for gradient, kind in zip(gradients, kinds, strict=True):
        if gradient is None:
            expect(kind == "NoneType", f"{name} gave a gradient to a parameter that had none")
        else:
            expect(
                kind == "Tensor",
                f"after {name} a gradient is a {kind} and not a Tensor",
                "Write into parameter.grad.data, or set parameter.grad to a new Tensor.",
            )
    expect(same, f"{name} changed the parameters themselves", "Only gradients are clipped.")
    return after, returned


def some_gradients(rng, scale):
    return [scale * rng.normal(size=shape) for shape in ((3, 4), (5,), (2, 2))]


@check("clip", points=2)
def values_stay_in_bounds(student, rng):
    """clip_by_value moves every element into -bound..bound and leaves the others; 1 is the bound
    where nothing is said."""
    for bound in (None, 0.3, 2.5):
        limit = 1.0 if bound is None else bound
        before = some_gradients(rng, 1.5 * limit)
        options = {} if bound is None else {"bound": bound}
        after, _ = run_clip(student, "value", before, **options)
        right = [np.minimum(np.maximum(g, -limit), limit) for g in before]
        what = "the gradients after clip_by_value"
        close(after, right, what=what, hint="Each element by itself, on both sides.", **NEAR)


@check("clip", points=2)
def one_factor_for_all_gradients(student, rng):
    """clip_by_norm multiplies all gradients by one factor, so that their joint norm becomes
    max_norm; 1 where nothing is said."""
    for limit in (None, 0.4, 3.0):
        before = some_gradients(rng, 2.0)
        before[1] *= 10
        options = {} if limit is None else {"max_norm": limit}
        after, _ = run_clip(student, "norm", before, **options)
        length = sum(np.sum(g**2) for g in before) ** 0.5
        right = [g * ((1.0 if limit is None else limit) / length) for g in before]
        hint = "One vector of all gradients has one norm, and one factor."
        close(after, right, what="the gradients after clip_by_norm", hint=hint, **NEAR)


@check("clip", points=2)
def short_gradients_are_left(student, rng):
    """Gradients whose joint norm is within max_norm stay as they are."""
    before = some_gradients(rng, 0.1)
    length = sum(np.sum(g**2) for g in before) ** 0.5
    for limit in (1.02 * length, 50.0):
        after, _ = run_clip(student, "norm", before, max_norm=limit)
        hint = "Clipping never makes a gradient longer: the factor is at most 1."
        close(after, before, what="the gradients after clip_by_norm", hint=hint, **NEAR)


@check("clip", points=1)
def the_norm_before_is_returned(student, rng):
    """clip_by_norm returns the joint norm from before the clipping, clipped or not."""
    for scale, limit in ((2.0, 1.0), (0.5, 1e6)):
        before = some_gradients(rng, scale)
        _, returned = run_clip(student, "norm", before, max_norm=limit)
        length = sum(np.sum(g**2) for g in before) ** 0.5
        close(returned, length, what="the norm that is returned", **NEAR)


@check("clip", points=1)
def parameters_without_gradient_are_passed_over(student, rng):
    """A parameter whose grad is None is no obstacle, and the others are clipped."""
    before = [None, *some_gradients(rng, 2.0), None]
    for which in ("value", "norm"):
        after, _ = run_clip(student, which, before, **({"bound": 0.5} if which == "value" else {}))
        if which == "value":
            right = [np.clip(g, -0.5, 0.5) for g in before[1:-1]]
        else:
            right = [g / sum(np.sum(g**2) for g in before[1:-1]) ** 0.5 for g in before[1:-1]]
        close(after[1:-1], right, what=f"the gradients after clip_by_{which}", **NEAR)


# -------------------------------------------------------------------- training


@probe
def trained(student, weight, bias, batches, rates, bound, scores, settings):
    """Train one linear layer, and note in which order what was called."""
    import contextlib
    import io

    from course_utils import SGD, Linear

    layer = Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight.copy(), bias.copy()
    # Gradients from before the training must not count.
    (layer(batches[0][0]) * 5.0).sum().backward()
    optimizer = SGD(layer.parameters(), lr=123.0)
    events, asked = [], []

    def schedule(epoch, i):
        events.append(("schedule", int(epoch), int(i)))
        return rates[len([e for e in events if e[0] == "schedule"]) - 1]

    def clip(parameters):
        events.append(("clip", len(list(parameters))))
        for parameter in layer.parameters():
            parameter.grad.data = np.clip(parameter.grad.data, -bound, bound)

    def evaluate(model):
        events.append(("evaluate", model is layer))
        asked.append(layer.weight.data.copy())
        return scores[(len(asked) - 1) % len(scores)]

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        history = student.train(layer, batches, optimizer, schedule, clip, evaluate, **settings)
    return {
        "history": history,
        "events": events,
        "printed": printed.getvalue(),
        "weights": [layer.weight.data, layer.bias.data],
        "asked": asked[:20],
    }


class Task:
    """A small classification with known weights, batches and rates, and its training here."""

    def __init__(self, rng, batches, steps, bound=0.15):
        self.weight, self.bias = rng.normal(size=(3, 4)), rng.normal(size=3)
        self.batches = [
            (2 * rng.normal(size=(n, 4)), rng.integers(0, 3, size=n))
            for n in rng.integers(2, 6, size=batches)
        ]
        self.rates = [float(rate) for rate in rng.uniform(0.05, 0.9, size=steps)]
        self.bound = bound

    def run(self, student, scores=(0.5,), **settings):
        report = student.run(
            trained,
            self.weight,
            self.bias,
            self.batches,
            self.rates,
            self.bound,
            [float(score) for score in scores],
            settings,
        )
        history = report["history"]
        hint = "Return a dict with loss, lr, accuracy and stopped."
        expect(isinstance(history, dict), "train does not return a dict", hint)
        for key in ("loss", "lr", "accuracy"):
            expect(isinstance(history.get(key), list), f'history["{key}"] is no list', hint)
            plain = all(isinstance(v, (int, float, np.generic)) for v in history[key])
            expect(plain, f'history["{key}"] holds other things than numbers', "Use loss.item().")
        return report

    def losses_and_weights(self, steps):
        """Return the losses and the weights before each of these steps and after the last."""
        weight, bias = self.weight.copy(), self.bias.copy()
        losses, path = [], [(weight, bias)]
        for step in range(steps):
            x, y = self.batches[step % len(self.batches)]
            p = np.array([softmax(row) for row in x @ weight.T + bias])
            losses.append(-np.mean(np.log(p[np.arange(len(y)), y])))
            delta = (p - np.eye(3)[y]) / len(y)
            limit = self.bound
            weight = weight - self.rates[step] * np.clip(delta.T @ x, -limit, limit)
            bias = bias - self.rates[step] * np.clip(delta.sum(axis=0), -limit, limit)
            path.append((weight, bias))
        return losses, path


def of_kind(report, kind):
    return [event for event in report["events"] if event[0] == kind]


@check("training", points=2)
def each_step_has_its_own_rate(student, rng):
    """The schedule is asked once for each step, with epoch and iteration from 0, and its rate is
    written down."""
    task = Task(rng, batches=4, steps=12)
    report = task.run(student, num_epochs=3, check_every=100)
    found = [tuple(event[1:]) for event in of_kind(report, "schedule")]
    expect(
        found == [(epoch, i) for epoch in range(3) for i in range(4)],
        f"the schedule was asked for these epochs and iterations: {found[:14]}",
        "Once for each batch; the iteration begins again at 0 in each epoch.",
    )
    close(
        np.array(report["history"]["lr"], dtype=float),
        np.array(task.rates),
        what='history["lr"]',
        **NEAR,
    )


@check("training", points=3)
def weights_follow_clipped_gradients(student, rng):
    """After three epochs, losses and weights are those of clipped steps with the scheduled
    rates."""
    task = Task(rng, batches=4, steps=12)
    report = task.run(student, num_epochs=3, check_every=100)
    losses, path = task.losses_and_weights(12)
    close(
        np.array(report["history"]["loss"], dtype=float),
        np.array(losses),
        what='history["loss"]',
        hint="Loss, old gradients away, backward, clip, step: in this order, for each batch.",
        **NEAR,
    )
    hint = "Is the rate set before the step? Is each gradient that of one batch, and clipped?"
    close(report["weights"], list(path[-1]), what="the parameters", hint=hint, **NEAR)
    expect(
        all(event[1] == 2 for event in of_kind(report, "clip")),
        "clip was not given the parameters of the model",
        "clip(model.parameters())",
    )


@check("training", points=2)
def accuracy_is_checked_now_and_then(student, rng):
    """After every check_every steps, counted over all epochs, the accuracy is asked for and
    written down."""
    task = Task(rng, batches=4, steps=12)
    scores = [0.1, 0.2, 0.4, 0.3]
    report = task.run(student, scores, num_epochs=3, check_every=3)
    _, path = task.losses_and_weights(12)
    asked = report["asked"]
    hint = "Count the steps over the whole run. The check comes after the step."
    expect(len(asked) == 4, f"12 steps with check_every=3 had {len(asked)} checks", hint)
    right = [path[step][0] for step in (3, 6, 9, 12)]
    close(asked, right, what="the weights at the checks", hint=hint, **NEAR)
    expect(
        all(event[1] is True for event in of_kind(report, "evaluate")),
        "evaluate was not given the model",
        "evaluate(model)",
    )
    found = np.array(report["history"]["accuracy"], dtype=float)
    close(found, np.array(scores), what='history["accuracy"]')


@check("training", points=2)
def stops_where_the_loss_is_no_number(student, rng):
    """At a loss that is NaN or infinite the loop says so and stops, and the weights stay those
    of the last good step."""
    for name in ("NaN", "infinite"):
        task = Task(rng, batches=5, steps=10)
        x = np.full((2, 4), np.nan)
        if name == "infinite":
            # Logits of plus and minus 1e308: their difference is beyond the range.
            task.weight[...] = [[0.25] * 4, [-0.25] * 4, [0.0] * 4]
            x = np.full((2, 4), 1e308)
            task.rates = [1e-9] * 10
        task.batches[2] = (x, np.array([1, 1]))
        report = task.run(student, num_epochs=2, check_every=1)
        history = report["history"]
        expect(
            history.get("stopped") == "not finite" and len(history["loss"]) == 2,
            f"with a loss that is {name} in the third step, stopped was "
            f"{history.get('stopped')!r} and {len(history['loss'])} losses were written down",
            "Look at the loss before the backward pass. Nothing equals NaN; np.isfinite tells.",
        )
        expect(len(history["lr"]) == 2, f"{len(history['lr'])} rates were written down for 2 steps")
        task.batches = task.batches[:2]
        _, path = task.losses_and_weights(2)
        close(report["weights"], list(path[-1]), what="the parameters after the stop", **NEAR)
        said = report["printed"]
        expect(len(said.strip()) > 9, "no message was printed", "print what happened")
        # After 2 steps, or in step 3.
        told = re.search(r"(?<![-.\w])[23](?![.\w])", said)
        expect(told, "the message does not tell after how many steps it was")


@check("training", points=2)
def stops_when_nothing_is_gained(student, rng):
    """The loop stops after `patience` checks in a row that were not above the best so far; 5
    where nothing is said."""
    cases = [
        # scores, patience, checks until the stop
        ([0.3, 0.5, 0.5, 0.4, 0.45, 0.5, 0.2, 0.9, 0.9], None, 7),
        ([0.1, 0.0, 0.0, 0.0, 0.0, 0.2, 0.1, 0.15, 0.18, 0.19, 0.2, 0.9], None, 11),
        ([0.0] * 9, None, 6),
        ([0.5, 0.4, 0.6, 0.5, 0.55, 0.9], 2, 5),
        ([0.5, 0.4, 0.9], 1, 2),
    ]
    for scores, patience, checks in cases:
        task = Task(rng, batches=4, steps=40)
        settings = {} if patience is None else {"patience": patience}
        report = task.run(student, scores, num_epochs=10, check_every=2, **settings)
        history = report["history"]
        seen = len(history["accuracy"])
        expect(
            history.get("stopped") == "no improvement" and seen == checks,
            f"with the accuracies {scores[:seen]} and patience {patience or 5}, the loop ended "
            f"after {seen} checks with stopped {history.get('stopped')!r}",
            "Compare with the best so far. An improvement sets the wait to zero.",
        )
        steps = len(history["loss"])
        expect(steps == 2 * checks, f"{steps} steps were taken for {checks} checks, 2 each")


@check("training", points=1)
def a_full_run_has_two_epochs(student, rng):
    """Where nothing is said there are two epochs, with a check after every 300 steps; it ends
    with all epochs."""
    task = Task(rng, batches=155, steps=310)
    report = task.run(student, [0.1])
    history = report["history"]
    expect(len(history["loss"]) == 310, f"{len(history['loss'])} steps in two epochs of 155")
    expect(len(history["accuracy"]) == 1, f"{len(history['accuracy'])} checks in 310 steps")
    _, path = task.losses_and_weights(300)
    close(report["asked"], [path[300][0]], what="the weights at the check", **NEAR)
    expect(
        history.get("stopped") == "all epochs", f"stopped is {history.get('stopped')!r} at the end"
    )
