# %% [markdown]
# # Lab 5. Running and comparing experiments
#
# You can build a network and train it. This lab is about what comes after:
# is this model better than that one? The question sounds easy, and most
# wrong answers to it come from the plumbing: a file read in the wrong byte
# order, a test set that was looked at too often, an accuracy averaged over
# unequal batches, an experiment that nobody wrote down. You build the
# plumbing here, part by part. At the end one call runs a list of experiments
# and one table compares them.
#
# | | Exercise | What you write | Points |
# |---|---|---|---|
# | 1 | `read_idx` | readers for the raw files of MNIST | 12 |
# | 2 | `split` | training, validation and test set | 6 |
# | 3 | `softmax_regression` | the simplest model | 7 |
# | 4 | `deep_net` | blocks of a deep network | 11 |
# | 5 | `schedules` | a learning rate for each epoch | 9 |
# | 6 | `early_stopper` | when to stop | 8 |
# | 7 | `evaluator` | accuracy, confusion matrix, time | 12 |
# | 8 | `tracker` | a memory for experiments | 11 |
# | 9 | `manager` | training by a configuration | 16 |
# | | a question | an answer in words | 8 |
#
# The lab is worth 100 points.

# %% [markdown]
# ## How to work
#
# **Fill in.** Look for cells with `# YOUR CODE HERE`. Put your code there and
# delete the line `raise NotImplementedError(...)`. Keep the names and the
# arguments of functions and classes: the checks call them. Locked cells are
# there to be read and run.
#
# **Run.** Work from the top down, and run each cell with Shift+Enter. Before
# you hand in, choose *Restart kernel and run all cells*. On a laptop with two
# cores the whole lab runs in under three minutes.
#
# **Check.** A check cell stands below each exercise. Its asserts are examples
# that catch the common slips. When you hand in, more checks run, on other
# shapes and other numbers. In the feedback you read what each of them looked
# at, and what it saw.
#
# **Each exercise is graded on its own.** None needs an earlier one, so go on
# when you are stuck.
#
# **What you may use.** The layers in `nn`, the optimizers in `optim`,
# `Tensor`, `DataLoader`, NumPy and pandas. `course_utils` also has finished
# versions of what you write here. In the exercise that asks for one, write it
# yourself.
#
# **Data.** The lab uses MNIST: 70,000 images of digits. They are downloaded
# once and kept. Without a network the lab goes on with the small digits that
# come with scikit-learn, and says so. Your numbers will then differ from
# those in the text. Your grade will not: no check uses the images.

# %% tags=["given"] name="setup"
import gzip
import math
import os
import tempfile
import time
from pathlib import Path

# One thread is fast enough for these matrices, and it stays fast while the
# laptop does other things. NumPy reads this once, when it is first imported.
for threads in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{threads}_NUM_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from course_utils import (
    DataLoader,
    Tensor,
    TrainingConfig,
    augmentation,
    load_mnist,
    nn,
    no_grad,
    optim,
    plots,
    set_seed,
    tracking,
    train_validation_test_split,
    training,
)
from sklearn.model_selection import train_test_split

set_seed(42)

# %% [markdown]
# ## 1. Where the numbers come from
#
# A data set begins as bytes in a file. MNIST comes in four files of a format
# called IDX. It is so simple that you can read it by hand, and doing so once
# takes the magic out of every other format.
#
# A label file:
#
# | byte | what | value |
# |---|---|---|
# | 0 to 3 | the *magic number* | 2049 |
# | 4 to 7 | how many labels | $n$ |
# | 8 and on | one byte for each label | 0 to 9 |
#
# An image file:
#
# | byte | what | value |
# |---|---|---|
# | 0 to 3 | the magic number | 2051 |
# | 4 to 7 | how many images | $n$ |
# | 8 to 11 | rows of an image | $r$ |
# | 12 to 15 | columns of an image | $c$ |
# | 16 and on | one byte for each pixel, row by row | 0 to 255 |
#
# The numbers in the header take four bytes each, and the *first* byte counts
# most, as the first digit does in how we write numbers. This is called
# *big-endian*. With the bytes $b_0, b_1, b_2, b_3$,
#
# $$\text{number} = b_0 \cdot 256^3 + b_1 \cdot 256^2 + b_2 \cdot 256 + b_3 .$$
#
# Your computer stores numbers the other way round, *little-endian*, and so
# does what NumPy reads if you do not say otherwise. Read in that order, 2049
# becomes 17,301,504. This is what a magic number is for: it tells at once
# that something is wrong with the file, or with how you read it.
#
# Files are often stored compressed by gzip, with a name that ends in `.gz`.
# Such a file begins with the two bytes `1f 8b`.

# %% [markdown]
# > ### Exercise 1. `get_int`, `read_label_file`, `read_image_file`
# >
# > **Aim.** Turn four bytes into a number, and a file into an array.
# >
# > **In detail.** `get_int(b)` takes four bytes and returns an `int`.
# > `read_label_file(path)` returns an array `(n,)`, `read_image_file(path)`
# > one of shape `(n, rows, columns)`. Both hold `uint8`. The path is a `str`
# > or a `Path`, and the file may be plain or gzipped.
# >
# > **Errors.** Raise a `ValueError` where the magic number is another, and
# > where the file holds fewer or more bytes than its header promises. Its
# > text must name the file. For a wrong magic number it must also say which
# > number was found. Whoever reads the error has twenty files, and wants to
# > know which one is bad and why.
# >
# > Difficulty 2 of 5. Importance 3 of 5. About 20 minutes. 12 points.
#
# <details>
# <summary>Hint: how do bytes become a number?</summary>
#
# `b[0]` is already a number from 0 to 255. You can write the formula as it
# stands, or look up `int.from_bytes`. Mind its argument `byteorder`.
#
# </details>
# <details>
# <summary>Hint: my images are shifted to the side</summary>
#
# Then the header is among the pixels. Where do the pixels begin, in a label
# file and in an image file?
#
# </details>
# <details>
# <summary>Hint: how do I get an array from bytes?</summary>
#
# `np.frombuffer(data, dtype=np.uint8)`. Compare the number of bytes that you
# have with the number that you should have before you reshape.
#
# </details>
# <details>
# <summary>Hint: plain or gzipped?</summary>
#
# `gzip.open(path, "rb")` reads the one, `open(path, "rb")` the other. Both
# give an object with `.read()`.
#
# </details>


# %% tags=["exercise"] name="read_idx"
def get_int(b):
    """Return the number that four bytes stand for, most significant first."""
    ### BEGIN SOLUTION
    return int.from_bytes(b, "big")
    ### END SOLUTION


def read_label_file(path):
    """Return the labels of an IDX file, (n,), as uint8."""
    ### BEGIN SOLUTION
    return read_idx(path, magic=2049, fields=1)
    ### END SOLUTION


def read_image_file(path):
    """Return the images of an IDX file, (n, rows, columns), as uint8."""
    ### BEGIN SOLUTION
    return read_idx(path, magic=2051, fields=3)


def read_idx(path, magic, fields):
    """Return the array of an IDX file whose header has this many lengths."""
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    found = get_int(data[:4])
    if found != magic:
        raise ValueError(f"{path}: magic number {found}, expected {magic}")
    start = 4 + 4 * fields
    shape = [get_int(data[i : i + 4]) for i in range(4, start, 4)]
    size = math.prod(shape)
    if len(data) != start + size:
        raise ValueError(
            f"{path}: {len(data)} bytes, but the header promises "
            f"{start + size}"
        )
    pixels = np.frombuffer(data[start:], dtype=np.uint8)
    return pixels.reshape(shape)
    ### END SOLUTION


# %% tags=["check"] name="read_idx_check" points=12
assert get_int(bytes([0, 0, 8, 1])) == 2049, (
    "the last byte counts 1, the one before it 256"
)
with tempfile.TemporaryDirectory() as folder:
    labels_path = Path(folder, "labels")
    labels_path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    labels = read_label_file(labels_path)
    assert labels.tolist() == [5, 0, 4], "the labels begin at byte 8"

    header = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3])
    images_path = Path(folder, "images")
    images_path.write_bytes(header + bytes(range(12)))
    pictures = read_image_file(images_path)
    assert pictures.shape == (2, 2, 3), "images, rows, columns"
    assert pictures[1, 0].tolist() == [6, 7, 8], "pixels come row by row"

    try:
        read_image_file(labels_path)
    except ValueError as error:
        print("A label file is no image file. Your error says:", error)
    else:
        raise AssertionError("a wrong magic number must raise a ValueError")
print("read_idx: the asserts in this cell hold.")

# %% tags=["given"] name="data"
x_first, y_first, x_second, y_second = load_mnist()
all_images = np.concatenate(
    [x_first.astype(np.float32), x_second.astype(np.float32)]
)
all_labels = np.concatenate([y_first, y_second]).argmax(axis=1)
del x_first, y_first, x_second, y_second

print("images", all_images.shape, "labels", all_labels.shape)

# %% [markdown]
# Here are three images as a file would hold them, read by your function. The
# next cell writes the file, shows its first bytes, and reads it twice: in the
# right byte order and in the wrong one.

# %% tags=["explore"]
some = (255 * all_images[:3]).astype(np.uint8).reshape(3, 28, 28)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "three-images.gz")
    header = b"".join(n.to_bytes(4, "big") for n in (2051, *some.shape))
    path.write_bytes(gzip.compress(header + some.tobytes()))
    back = read_image_file(path)

for at, meaning in zip(
    (0, 4, 8, 12), ("magic", "count", "rows", "columns"), strict=True
):
    four = header[at : at + 4]
    print(
        f"bytes {at:2d} to {at + 3:2d}   {four.hex(' ')}   {meaning:8s}"
        f"{get_int(four):5d}   as little-endian "
        f"{int.from_bytes(four, 'little'):11,}"
    )
shifted = np.frombuffer(header + some.tobytes(), np.uint8)[: some.size]

figure, axes = plt.subplots(1, 6, figsize=(9, 1.9))
for axis, picture in zip(
    axes, [*back, *shifted.reshape(some.shape)], strict=True
):
    axis.imshow(picture, cmap="gray_r")
    axis.set(xticks=[], yticks=[])
axes[1].set_title("as it should be", fontsize=10)
axes[4].set_title("with the header among the pixels", fontsize=10)
figure.tight_layout()
plt.show()

# %% [markdown]
# On the right the 16 bytes of the header stand where pixels should. The
# images are shifted by 16 pixels, so their right edge has come in on the
# left. A network learns from such images nearly as well. No number would have
# told you. **Look at your data.**
#
# ## 2. Three parts of the data
#
# A model is fitted to the *training set*. Between models, and between epochs
# of one model, you choose by the *validation set*. What you have chosen by
# flatters you: among twenty models of the same quality, the one with the best
# validation accuracy had some luck there. So a third part, the *test set*, is
# kept for the end. It is used once, when everything is decided.
#
# We take all 70,000 images. A fifth goes to the test set, 14,000 images. Of
# the 56,000 that are left, a fifth goes to the validation set, 11,200, and
# 44,800 stay for training. The rows are drawn at random, since the files may
# be sorted in some way, and with a seed, since tomorrow's comparison needs the
# same split as today's.
#
# > ### Exercise 2. `split_data`
# >
# > **Aim.** Divide images and labels into three parts.
# >
# > **In detail.** Return `x_train, y_train, x_val, y_val, x_test, y_test`, in
# > this order. First draw the test set: `test_size` of all rows. Then draw
# > the validation set: `val_size` of the rows *that are left*. Each row goes
# > into exactly one part, together with its label. The same seed gives the
# > same split, another seed another one.
# >
# > Difficulty 1 of 5. Importance 5 of 5. About 10 minutes. 6 points.
#
# <details>
# <summary>Hint: is there a function for this?</summary>
#
# `train_test_split` of scikit-learn divides in two. Call it twice. Read in
# its documentation what `random_state` does and in which order the parts
# come back.
#
# </details>
# <details>
# <summary>Hint: I want to write it with NumPy</summary>
#
# A permutation of the row numbers, drawn by `np.random.default_rng(seed)`, cut
# into three pieces. Index images and labels with the same piece.
#
# </details>


# %% tags=["exercise"] name="split"
def split_data(x, y, test_size=0.2, val_size=0.2, seed=42):
    """Return x_train, y_train, x_val, y_val, x_test, y_test."""
    ### BEGIN SOLUTION
    x_rest, x_test, y_rest, y_test = train_test_split(
        x, y, test_size=test_size, random_state=seed
    )
    x_train, x_val, y_train, y_val = train_test_split(
        x_rest, y_rest, test_size=val_size, random_state=seed
    )
    return x_train, y_train, x_val, y_val, x_test, y_test
    ### END SOLUTION


# %% tags=["check"] name="split_check" points=6
rows = np.arange(100)
six = split_data(rows.reshape(100, 1), rows)
assert [len(part) for part in six] == [64, 64, 16, 16, 20, 20], (
    "20 for the test, then a fifth of the 80 that are left"
)
assert all(np.all(six[i][:, 0] == six[i + 1]) for i in (0, 2, 4)), (
    "images and labels must stay together"
)
assert len(set(np.concatenate(six[1::2]).tolist())) == 100, (
    "each row goes into exactly one part"
)
assert np.any(np.diff(six[5]) < 0), "the rows must be drawn at random"
print("split: the asserts in this cell hold.")

# %% tags=["explore"]
six = split_data(all_images, all_labels)
print("training  ", six[0].shape)
print("validation", six[2].shape)
print("test      ", six[4].shape)

plt.figure(figsize=(7, 2.8))
for place, (name, part) in enumerate(
    zip(("training", "validation", "test"), six[1::2], strict=True)
):
    share = 100 * np.bincount(part, minlength=10) / len(part)
    plt.bar(np.arange(10) + 0.27 * (place - 1), share, 0.25, label=name)
plt.xticks(range(10))
plt.xlabel("digit")
plt.ylabel("share of the part (%)")
plt.ylim(0, 16)
plt.legend(ncols=3, loc="upper right", fontsize=8)
plt.tight_layout()
plt.show()

# %% [markdown]
# The digits have nearly the same shares in all three parts, though nothing
# made sure of it. With thousands of images in each part, chance does it.
#
# ## 3. The simplest model
#
# *Softmax regression* is one linear layer: a score for each class, which is a
# weighted sum of the pixels. Softmax makes probabilities of the scores, and
# the cross-entropy compares them with the label:
#
# $$Z = X W^\top + b, \qquad P = \operatorname{softmax}(Z), \qquad
#   C = -\frac{1}{B} \sum_n \log P_{n, y_n}$$
#
# `nn.CrossEntropyLoss` does softmax and logarithm in one, in the stable form
# of lab 1. So the model returns the scores $Z$, the *logits*. A softmax at
# the end of the model would be applied twice: the network would still learn,
# slowly and badly, and nothing would tell you.
#
# A deep network must start from random weights, or all its hidden units stay
# equal. Here there is no hidden unit, and the loss has one minimum only. So
# all weights and biases start at zero. Then all classes have the same
# probability, and the first loss is $\log 10 = 2.3026$ exactly: a test that
# costs nothing.
#
# > ### Exercise 3. `SoftmaxRegression`
# >
# > **Aim.** The model as an `nn.Module`: `SoftmaxRegression(input_size,
# > output_size, dropout_rate=0.0)`.
# >
# > **In detail.** Dropout on the pixels, then one linear layer with a bias.
# > Both start at zero. `forward(x)` takes images `(B, input_size)` and returns
# > logits `(B, output_size)`.
# >
# > Difficulty 1 of 5. Importance 4 of 5. About 10 minutes. 7 points.
#
# <details>
# <summary>Hint: what is in nn?</summary>
#
# `nn.Linear(n_in, n_out)` has `.weight` of shape `(n_out, n_in)` and `.bias`.
# `nn.Dropout(rate)` drops in training mode and does nothing in evaluation
# mode. A layer that is an attribute of your module is found by
# `parameters()`, `train()` and `eval()`.
#
# </details>
# <details>
# <summary>Hint: how do I set weights to zero?</summary>
#
# Write into the array: `layer.weight.data[...] = 0`, or use `nn.init.zeros_`.
#
# </details>


# %% tags=["exercise"] name="softmax_regression"
class SoftmaxRegression(nn.Module):
    """One linear layer from the pixels to a logit for each class."""

    def __init__(self, input_size, output_size, dropout_rate=0.0):
        ### BEGIN SOLUTION
        self.dropout = nn.Dropout(dropout_rate)
        self.linear = nn.Linear(input_size, output_size)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        ### END SOLUTION

    def forward(self, x):
        """Return logits (B, output_size) for images x, (B, input_size)."""
        ### BEGIN SOLUTION
        return self.linear(self.dropout(x))
        ### END SOLUTION


# %% tags=["check"] name="softmax_regression_check" points=7
model = SoftmaxRegression(6, 4)
assert sorted(p.shape for p in model.parameters()) == [(4,), (4, 6)], (
    "one weight (output_size, input_size) and one bias (output_size,)"
)
batch = Tensor(np.linspace(-1, 1, 18).reshape(3, 6))
assert model(batch).shape == (3, 4), "one row of logits for each image"
loss = nn.CrossEntropyLoss()(model(batch), [0, 3, 1])
assert np.isclose(loss.item(), np.log(4)), (
    "before training all classes are equally likely"
)
print("softmax_regression: the asserts in this cell hold.")

# %% [markdown]
# Two passes over the training images are enough for nine of ten right. Since
# each weight belongs to a pixel, the weights of a class can be looked at as an
# image. Where it is red, ink speaks for the digit. Where it is blue, it speaks
# against it. Unit 0 wants a ring, and nothing in its middle.

# %% tags=["explore"]
set_seed(42)
model = SoftmaxRegression(784, 10)
sgd = optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    for x, y in DataLoader(six[0], six[1], 128, shuffle=True):
        loss = nn.CrossEntropyLoss()(model(Tensor(x)), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
model.eval()
right = np.mean(model(six[2]).argmax(dim=1) == six[3])
print(f"validation: {right:.1%} right")
plots.plot_first_layer_weights(model, columns=5)
plt.show()

# %% [markdown]
# ## 4. A deep network of equal blocks
#
# The deep models of this lab are made of one block, repeated:
#
# $$\text{Linear} \to \text{BatchNorm} \to \text{ReLU} \to \text{Dropout}$$
#
# and a linear layer at the end. The order matters. Batch normalisation gives
# each unit mean 0 and variance 1 over the batch, so half of the batch passes
# the ReLU, whatever the scale of the weights. Dropout comes last. In front of
# the normalisation it would disturb the statistics that are kept for
# evaluation.
#
# **He initialisation.** ReLU sets half of its inputs to zero, and so halves
# the mean square of what passes. To make up for it, weights are drawn with
#
# $$W_{ij} \sim \mathcal{N}\Bigl(0, \frac{2}{n_\text{in}}\Bigr),
#   \qquad b = 0,$$
#
# where $n_\text{in}$, the *fan-in*, is the number of inputs of the layer.
# Source: He and others, *Delving Deep into Rectifiers* (2015).
#
# > ### Exercise 4. `DeepBigSimpleNet`
# >
# > **Aim.** The network as an `nn.Module`, for any list of hidden sizes.
# >
# > **In detail.** A block for each entry of `hidden_sizes`, which is
# > `[2500, 2000, 1500]` where it is left out. Then a linear layer to
# > `num_classes` logits, without normalisation, ReLU or dropout. All linear
# > layers, the last too, start with He's weights and with biases of zero.
# >
# > **Also.** `hidden_sizes=[]` gives the last layer alone. The list that comes
# > in must be unchanged afterwards.
# >
# > Difficulty 2 of 5. Importance 4 of 5. About 20 minutes. 11 points.
#
# <details>
# <summary>Hint: how do I join a list of layers?</summary>
#
# `nn.Sequential(*layers)` calls one after the other.
#
# </details>
# <details>
# <summary>Hint: which sizes go with which layer?</summary>
#
# Write down `[input_size, *hidden_sizes, num_classes]`. Each linear layer
# joins two neighbours.
#
# </details>
# <details>
# <summary>Hint: variance or standard deviation?</summary>
#
# $2 / n_\text{in}$ is the variance. NumPy's `normal` takes the standard
# deviation. `nn.init` has a function for He's weights.
#
# </details>


# %% tags=["exercise"] name="deep_net"
class DeepBigSimpleNet(nn.Module):
    """Blocks of Linear, BatchNorm1d, ReLU and Dropout, and a linear layer."""

    def __init__(
        self,
        input_size=784,
        hidden_sizes=None,
        num_classes=10,
        dropout_rate=0.5,
    ):
        ### BEGIN SOLUTION
        if hidden_sizes is None:
            hidden_sizes = [2500, 2000, 1500]
        layers, n_in = [], input_size
        for n_out in hidden_sizes:
            layers += [
                nn.Linear(n_in, n_out),
                nn.BatchNorm1d(n_out),
                nn.ReLU(),
                nn.Dropout(dropout_rate),
            ]
            n_in = n_out
        layers.append(nn.Linear(n_in, num_classes))
        for layer in layers:
            if isinstance(layer, nn.Linear):
                nn.init.he_normal_(layer.weight)
                nn.init.zeros_(layer.bias)
        self.layers = nn.Sequential(*layers)
        ### END SOLUTION

    def forward(self, x):
        """Return logits (B, num_classes) for images x, (B, input_size)."""
        ### BEGIN SOLUTION
        return self.layers(x)
        ### END SOLUTION


# %% tags=["check"] name="deep_net_check" points=11
model = DeepBigSimpleNet(12, [8, 5], num_classes=3, dropout_rate=0.2)
batch = Tensor(np.random.default_rng(0).normal(size=(6, 12)))
assert model(batch).shape == (6, 3), "one row of logits for each image"
shapes = [p.shape for p in model.parameters() if p.ndim == 2]
assert shapes == [(8, 12), (5, 8), (3, 5)], "each layer joins two neighbours"
model.eval()
assert np.array_equal(model(batch).data, model(batch).data), (
    "nothing is dropped in evaluation mode"
)
large = DeepBigSimpleNet(400, [300], num_classes=4)
first = next(p for p in large.parameters() if p.ndim == 2)
assert abs(first.data.std() / np.sqrt(2 / 400) - 1) < 0.1, (
    "He's weights have the standard deviation sqrt(2 / n_in)"
)
print("deep_net: the asserts in this cell hold.")

# %% [markdown]
# Why just $2 / n_\text{in}$? The next cell sends images through twenty layers
# of ReLU, without normalisation, for three variances. With He's the signal
# keeps its size. With half of it, each layer halves the mean square, and
# after twenty layers a thousandth of the signal is left. With twice as much
# it grows in the same measure. Batch normalisation repairs this in the
# forward pass. But the closer the start, the less there is to repair.

# %% tags=["explore"]
draws = np.random.default_rng(3)
plt.figure(figsize=(7, 3))
for factor in (1, 2, 4):
    signal = all_images[:500] - all_images[:500].mean()
    sizes = [np.sqrt(np.mean(signal**2))]
    for _ in range(20):
        weights = draws.normal(size=(signal.shape[1], 300))
        weights *= np.sqrt(factor / signal.shape[1])
        signal = np.maximum(signal @ weights, 0)
        sizes.append(np.sqrt(np.mean(signal**2)))
    plt.plot(sizes, "o-", ms=3, label=f"{factor} / n_in")
plt.yscale("log")
plt.xlabel("layer")
plt.ylabel("root mean square")
plt.xticks(range(0, 21, 5))
plt.legend(
    title="variance of the weights",
    loc="lower left",
    fontsize=8,
    title_fontsize=8,
)
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 5. Learning rates on a schedule
#
# A large learning rate is good at the start, when the way is long, and bad at
# the end, when the steps jump about the minimum. A *schedule* lowers it on
# the way. We use three, by name. Epochs are counted from $t = 0$ to $T - 1$,
# $\eta_0$ is the base rate `lr`.
#
# **`"none"`** keeps $\eta_t = \eta_0$.
#
# **`"cosine"`** goes down along half a cosine:
#
# $$\eta_t = \eta_\text{min} + \frac{\eta_0 - \eta_\text{min}}{2}
#   \Bigl(1 + \cos \frac{\pi t}{T}\Bigr)$$
#
# **`"warmup_cosine"`** first goes up in $w$ equal steps. At the start the
# weights are random and the first gradients are large, so full steps may
# throw the network to where it is hard to leave. Then it goes down along the
# cosine, in the epochs that are left:
#
# $$\eta_t = \begin{cases} \eta_0 \dfrac{t + 1}{w} & t < w \\[2ex]
#   \eta_\text{min} + \dfrac{\eta_0 - \eta_\text{min}}{2}
#   \Bigl(1 + \cos \dfrac{\pi (t - w)}{T - w}\Bigr) & t \ge w \end{cases}$$
#
# Sources: Loshchilov and Hutter, *SGDR* (2017), and for the warm-up Goyal and
# others, *Accurate, Large Minibatch SGD* (2017).
#
# > ### Exercise 5. `learning_rates`
# >
# > **Aim.** Return the rates of all epochs, a list of `epochs` floats.
# >
# > **Also.** `warmup_epochs` is $w$ and `min_lr` is $\eta_\text{min}$. With
# > `warmup_epochs=0` the warm-up is left out. An unknown name is a
# > `ValueError`.
# >
# > Difficulty 2 of 5. Importance 3 of 5. About 15 minutes. 9 points.
#
# <details>
# <summary>Hint: my first rate is 0</summary>
#
# A rate of 0 would waste the first epoch. In the formula the first epoch has
# $t = 0$, and so the rate $\eta_0 / w$.
#
# </details>
# <details>
# <summary>Hint: my last rate is not min_lr</summary>
#
# It need not be. The cosine would reach $\eta_\text{min}$ at $t = T$, and the
# last epoch is $t = T - 1$.
#
# </details>


# %% tags=["exercise"] name="schedules"
def learning_rates(name, epochs, lr, warmup_epochs=5, min_lr=1e-5):
    """Return the learning rate of each epoch, a list of floats."""
    ### BEGIN SOLUTION
    if name == "none":
        return [lr] * epochs
    if name == "cosine":
        warmup_epochs = 0
    elif name != "warmup_cosine":
        raise ValueError(
            f"schedule {name!r} is none of 'none', 'cosine', 'warmup_cosine'"
        )
    rates = [lr * (t + 1) / warmup_epochs for t in range(warmup_epochs)]
    left = epochs - warmup_epochs
    for t in range(left):
        height = (1 + math.cos(math.pi * t / left)) / 2
        rates.append(min_lr + (lr - min_lr) * height)
    return rates
    ### END SOLUTION


# %% tags=["check"] name="schedules_check" points=9
assert learning_rates("none", 3, 0.1) == [0.1, 0.1, 0.1]
halved = learning_rates("cosine", 2, 0.1, min_lr=0.0)
assert np.allclose(halved, [0.1, 0.05]), "half-way down the cosine is 0"
warm = learning_rates("warmup_cosine", 6, 0.3, warmup_epochs=3, min_lr=0.0)
assert np.allclose(warm[:3], [0.1, 0.2, 0.3]), "the warm-up, in equal steps"
assert np.allclose(warm[3:], [0.3, 0.225, 0.075]), (
    "the cosine takes the epochs that are left"
)
print("schedules: the asserts in this cell hold.")

# %% tags=["explore"]
plt.figure(figsize=(7, 2.8))
for name in ("none", "cosine", "warmup_cosine"):
    plt.plot(
        range(1, 51), learning_rates(name, 50, 0.01), "o-", ms=3, label=name
    )
plt.xlabel("epoch")
plt.ylabel("learning rate")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 6. When to stop
#
# The training loss can fall for ever. The validation loss falls, and at some
# point it rises again: from there on the network learns the training images
# by heart. *Early stopping* watches the validation loss and ends the training
# when it has been bad for too long. It saves time, and it is a
# regularisation: it limits how far the weights can go.
#
# One bad epoch proves nothing, since the loss of a mini-batch method
# jitters. So there are two settings. `patience` says how many bad epochs end
# the training. `min_delta` says how far above the lowest loss so far an epoch
# may lie without being called bad. With $L$ the loss of this epoch and
# $L_\text{min}$ the lowest of those before:
#
# | | the epoch is | counter |
# |---|---|---|
# | $L < L_\text{min}$ | good | set to 0; $L$ is the new $L_\text{min}$ |
# | $L > L_\text{min} + \text{min\_delta}$ | bad | plus 1 |
# | otherwise | neither | stays |
#
# Source: Prechelt, *Early Stopping - But When?* (1998).
#
# > ### Exercise 6. `EarlyStopper`
# >
# > **Aim.** `early_stop(validation_loss)` is called once in each epoch. It
# > returns `True` where the training should stop, that is where the counter
# > has reached `patience`, and `False` otherwise.
# >
# > **Also.** Keep the counter in `self.counter` and the lowest loss in
# > `self.min_validation_loss`, infinite at the start. A loss that is not a
# > number (`nan`) is bad.
# >
# > Difficulty 2 of 5. Importance 4 of 5. About 10 minutes. 8 points.
#
# <details>
# <summary>Hint: nan is not counted as bad</summary>
#
# Every comparison with `nan` is false, `<` as well as `>`. Ask whether the
# loss is *not* small enough, or look for `np.isnan`.
#
# </details>
# <details>
# <summary>Hint: what is the difference between the three rows?</summary>
#
# Take `min_delta` 0.1 and the losses 1.0, 1.05, 1.2. The first is good, the
# second is neither, the third is bad. The lowest loss is 1.0 all the time.
#
# </details>


# %% tags=["exercise"] name="early_stopper"
class EarlyStopper:
    """Says when the validation loss has been bad for too long."""

    def __init__(self, patience=1, min_delta=0):
        self.patience = patience
        self.min_delta = min_delta
        ### BEGIN SOLUTION
        self.counter = 0
        self.min_validation_loss = np.inf
        ### END SOLUTION

    def early_stop(self, validation_loss):
        """Take the loss of one epoch; return whether to stop now."""
        ### BEGIN SOLUTION
        if validation_loss < self.min_validation_loss:
            self.min_validation_loss = validation_loss
            self.counter = 0
        elif not validation_loss <= self.min_validation_loss + self.min_delta:
            self.counter += 1
        return self.counter >= self.patience
        ### END SOLUTION


# %% tags=["check"] name="early_stopper_check" points=8
stopper = EarlyStopper(patience=2, min_delta=0.125)
losses = [1.0, 0.5, 0.5625, 0.75, 0.875]
assert [bool(stopper.early_stop(loss)) for loss in losses] == [
    False,
    False,
    False,
    False,
    True,
], "two bad epochs, and the third loss is not one of them"
assert stopper.min_validation_loss == 0.5, "the lowest loss so far"
assert EarlyStopper().early_stop(3.0) is not True, "the first loss is good"
print("early_stopper: the asserts in this cell hold.")

# %% [markdown]
# Here is a validation loss as it may be, and where four settings would stop.
# Too little patience stops at the first jitter. Too much costs epochs. What
# `min_delta` does is less plain: it forgives a slow rise, and so stops later.

# %% tags=["explore"]
epochs = np.arange(1, 61)
curve = (
    0.3 + 0.9 * np.exp(-epochs / 6) + 0.00009 * np.maximum(epochs - 18, 0) ** 2
)
curve += np.random.default_rng(9).normal(0, 0.008, size=60)

plt.figure(figsize=(7.5, 3))
plt.plot(epochs, curve, color="0.4", label="validation loss")
for place, (patience, delta) in enumerate(
    [(1, 0.0), (3, 0.0), (10, 0.0), (10, 0.02)]
):
    stopper = EarlyStopper(patience, delta)
    answers = [stopper.early_stop(loss) for loss in curve]
    if any(answers):
        stop = answers.index(True)
        plt.plot(
            epochs[stop],
            curve[stop],
            "osD^"[place],
            ms=9,
            color=f"C{place}",
            label=f"patience {patience}, min_delta {delta}",
        )
plt.xlabel("epoch")
plt.ylabel("loss")
plt.legend(fontsize=8)
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 7. How good, and how fast
#
# **Accuracy** is the number of images that were answered rightly, divided by
# the number of all images. Data comes in batches, and the last batch is
# often smaller. The mean of the accuracies of the batches then counts the
# images of the small batch for more. So count images, and divide once.
#
# **The confusion matrix** tells which mistakes were made. $M_{ij}$ counts the
# images of the true class $i$ that the model took for class $j$: rows are the
# truth, columns are the answers. The right answers are on the diagonal.
#
# **Inference time** is how long the model takes to answer one batch. The
# clock must run for the call of the model alone, and not for loading the
# batch or for counting.
#
# A model must be in *evaluation mode* for all this. Otherwise dropout drops,
# and batch normalisation uses the statistics of the batch, so the answer for
# one image depends on its neighbours. And nobody needs gradients here:
# `no_grad()` saves the time and the memory of recording them.
#
# > ### Exercise 7. `evaluate`
# >
# > **Aim.** Run `model` over all batches `(x, y)` of `loader` and return a
# > dictionary.
# >
# > | key | value |
# > |---|---|
# > | `"accuracy"` | from 0 to 1, over all images |
# > | `"confusion_matrix"` | whole numbers, `(num_classes, num_classes)` |
# > | `"inference_ms"` | mean time for a batch, in milliseconds |
# > | `"inference_ms_std"` | its standard deviation over the batches |
# >
# > **In detail.** `x` and `y` are arrays, `y` holds class numbers. Take the
# > time with `time.perf_counter()`, right before and right after the call of
# > the model. The standard deviation divides by the number of batches less
# > one (`ddof=1`). For a single batch it is 0.
# >
# > **Also.** Evaluation mode and `no_grad()` while it runs. Afterwards the
# > model is back in the mode that it was in, `model.training` or not.
# >
# > Difficulty 2 of 5. Importance 5 of 5. About 20 minutes. 12 points.
#
# <details>
# <summary>Hint: how do I fill the matrix?</summary>
#
# `matrix[true, answer] += 1` in a loop over the images is right.
# `matrix[y, answers] += 1` with arrays is wrong: it counts a pair once that is
# there several times. `np.add.at(matrix, (y, answers), 1)` counts each.
#
# </details>
# <details>
# <summary>Hint: from logits to answers</summary>
#
# `logits.argmax(dim=1)` is an array with the largest logit's place in each
# row.
#
# </details>
# <details>
# <summary>Hint: how do I get back to the old mode?</summary>
#
# Keep `model.training` before you call `model.eval()`. `model.train(mode)`
# takes `True` or `False`.
#
# </details>


# %% tags=["exercise"] name="evaluator"
def evaluate(model, loader, num_classes=10):
    """Return accuracy, confusion matrix and times of a model."""
    ### BEGIN SOLUTION
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    times = []
    was_training = model.training
    model.eval()
    with no_grad():
        for x, y in loader:
            start = time.perf_counter()
            logits = model(Tensor(x))
            end = time.perf_counter()
            times.append(1000 * (end - start))
            np.add.at(matrix, (y, logits.argmax(dim=1)), 1)
    model.train(was_training)
    return {
        "accuracy": np.trace(matrix) / matrix.sum(),
        "confusion_matrix": matrix,
        "inference_ms": np.mean(times),
        "inference_ms_std": np.std(times, ddof=1) if len(times) > 1 else 0.0,
    }
    ### END SOLUTION


# %% tags=["check"] name="evaluator_check" points=12
echo = nn.Sequential()  # returns what it gets: here the logits
rows = np.eye(3)
found = evaluate(
    echo,
    [
        (rows[[0, 1, 1, 1]], np.array([0, 1, 1, 2])),
        (rows[[2]], np.array([0])),
    ],
    num_classes=3,
)
assert np.isclose(found["accuracy"], 3 / 5), "right images / all images"
assert found["confusion_matrix"].tolist() == [[1, 0, 1], [0, 2, 0], [0, 1, 0]]
assert 0 < found["inference_ms"] < 1000, "milliseconds for a batch"
assert echo.training, "the model is back in the mode that it was in"
print("evaluator: the asserts in this cell hold.")

# %% tags=["explore"]
set_seed(42)
model = SoftmaxRegression(784, 10)
sgd = optim.SGD(model.parameters(), lr=0.1)
for x, y in DataLoader(six[0], six[1], 128, shuffle=True):
    loss = nn.CrossEntropyLoss()(model(Tensor(x)), y)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
found = evaluate(model, DataLoader(six[2], six[3], 128))
print(
    f"{found['accuracy']:.2%} right, {found['inference_ms']:.2f} ms "
    f"± {found['inference_ms_std']:.2f} ms for a batch of 128"
)
plots.plot_confusion_matrix(
    found["confusion_matrix"], title="validation, one epoch"
)
plt.show()

# %% [markdown]
# Which mistakes would you have guessed? Rows and columns tell different
# things: a dark cell in the row of 5 is a 5 that was taken for another digit,
# and a dark column is an answer that is given too often.
#
# ## 8. A memory for experiments
#
# You will not remember which learning rate gave which accuracy, and a
# notebook forgets when its kernel ends. A *tracker* is told what happens and
# gives it back as tables and plots. Services such as Weights & Biases do this
# on the web. Yours keeps everything in memory and writes two tables that any
# program can read. `course_utils.tracking` has both: `ExperimentTracker`, and
# `WandbTracker` for those who have wandb installed. That one works without an
# account too, and takes its key from the environment. A key never belongs in
# a notebook.
#
# > ### Exercise 8. `ExperimentTracker`
# >
# > **Aim.** A class that keeps experiments by name.
# >
# > - `log_epoch(name, epoch, metrics)` keeps a copy of the dictionary.
# > - `log_summary(name, summary)` keeps a copy, in place of an earlier one.
# > - `get_experiment_df(name)` has a row for each epoch, in order of the
# >   epochs, and the column `epoch` first.
# > - `get_all_summaries()` has a row for each experiment with a summary, and
# >   the column `experiment` first.
# > - `export_csv(folder=None)` writes `summaries.csv` and `epochs.csv` and
# >   returns the two paths.
# >
# > **In detail.** An epoch that is logged again replaces the earlier one. Both
# > tables are pandas DataFrames. `get_all_summaries` leaves out values that
# > are no single values: lists, tuples, dictionaries and arrays, such as the
# > confusion matrix. An unknown name in `get_experiment_df` is a `ValueError`
# > whose text names the experiments that are there. `summaries.csv` holds the
# > table of all summaries. `epochs.csv` holds the epochs of all experiments
# > below each other, the column `experiment` first, then `epoch`. Neither has
# > a column for pandas' index. Without a folder they go to the tracker's own,
# > and a missing folder is made.
# >
# > **Plots.** Three methods draw with `course_utils.plots` and return what
# > that returns, an `Axes`:
# >
# > - `plot_training_curves(metric="loss")`: by
# >   `plots.plot_training_curves(tables, metric)`, with a dictionary of the
# >   tables by name.
# > - `plot_confusion_matrix(name)`: by
# >   `plots.plot_confusion_matrix(matrix, title=name)`, with the one in the
# >   summary.
# > - `plot_experiment_comparison(metric="test_accuracy")`: by
# >   `plots.plot_experiment_comparison(summaries, metric)`, with a dictionary
# >   of the summaries by name.
# >
# > Difficulty 3 of 5. Importance 3 of 5. About 30 minutes. 11 points.
#
# <details>
# <summary>Hint: what should I keep?</summary>
#
# A dictionary of dictionaries is enough: by name, then by epoch. A second one
# holds the summaries. `setdefault` helps with the first epoch of a name.
#
# </details>
# <details>
# <summary>Hint: how does a list of dictionaries become a table?</summary>
#
# `pd.DataFrame([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}])`.
# `pd.concat` puts tables below each other.
#
# </details>
# <details>
# <summary>Hint: why a copy?</summary>
#
# A training loop may well use one dictionary and overwrite its values in each
# epoch. If you keep the dictionary itself, all your epochs are the last one.
#
# </details>


# %% tags=["exercise"] name="tracker"
class ExperimentTracker:
    """Keeps the epochs and the summaries of experiments by name."""

    def __init__(self, folder="experiments"):
        self.folder = Path(folder)
        ### BEGIN SOLUTION
        self.epochs = {}  # name: {epoch: metrics}
        self.summaries = {}  # name: summary
        ### END SOLUTION

    def log_epoch(self, name, epoch, metrics):
        """Keep the metrics of one epoch."""
        ### BEGIN SOLUTION
        self.epochs.setdefault(name, {})[epoch] = dict(metrics)
        ### END SOLUTION

    def log_summary(self, name, summary):
        """Keep how an experiment ended."""
        ### BEGIN SOLUTION
        self.summaries[name] = dict(summary)
        ### END SOLUTION

    def get_experiment_df(self, name):
        """Return a table with a row for each epoch."""
        ### BEGIN SOLUTION
        if name not in self.epochs:
            raise ValueError(
                f"no experiment {name!r}; there are {sorted(self.epochs)}"
            )
        rows = sorted(self.epochs[name].items())
        return pd.DataFrame(
            [{"epoch": epoch, **metrics} for epoch, metrics in rows]
        )
        ### END SOLUTION

    def get_all_summaries(self):
        """Return a table with a row for each experiment."""
        ### BEGIN SOLUTION
        several = (list, tuple, dict, np.ndarray)
        rows = []
        for name, summary in self.summaries.items():
            single = {
                key: value
                for key, value in summary.items()
                if not isinstance(value, several)
            }
            rows.append({"experiment": name, **single})
        return pd.DataFrame(rows)
        ### END SOLUTION

    def export_csv(self, folder=None):
        """Write summaries.csv and epochs.csv; return their paths."""
        ### BEGIN SOLUTION
        target = self.folder if folder is None else Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        tables = []
        for name in self.epochs:
            table = self.get_experiment_df(name)
            table.insert(0, "experiment", name)
            tables.append(table)
        summaries, epochs = target / "summaries.csv", target / "epochs.csv"
        self.get_all_summaries().to_csv(summaries, index=False)
        pd.concat(tables).to_csv(epochs, index=False)
        return summaries, epochs
        ### END SOLUTION

    def plot_training_curves(self, metric="loss"):
        """Draw a metric of all experiments against the epoch."""
        ### BEGIN SOLUTION
        tables = {name: self.get_experiment_df(name) for name in self.epochs}
        return plots.plot_training_curves(tables, metric)
        ### END SOLUTION

    def plot_confusion_matrix(self, name):
        """Draw the confusion matrix of one experiment."""
        ### BEGIN SOLUTION
        matrix = self.summaries[name]["confusion_matrix"]
        return plots.plot_confusion_matrix(matrix, title=name)
        ### END SOLUTION

    def plot_experiment_comparison(self, metric="test_accuracy"):
        """Draw a number of each summary side by side."""
        ### BEGIN SOLUTION
        return plots.plot_experiment_comparison(self.summaries, metric)
        ### END SOLUTION


# %% tags=["check"] name="tracker_check" points=11
tracker = ExperimentTracker()
for epoch in (1, 2):
    tracker.log_epoch("first", epoch, {"val_loss": 1 / epoch})
tracker.log_summary("first", {"test_accuracy": 0.5, "confusion_matrix": [[1]]})
table = tracker.get_experiment_df("first")
assert list(table.columns) == ["epoch", "val_loss"], "epoch comes first"
assert table["val_loss"].tolist() == [1.0, 0.5], "a row for each epoch"
table = tracker.get_all_summaries()
assert list(table.columns) == ["experiment", "test_accuracy"], (
    "single values only"
)
with tempfile.TemporaryDirectory() as folder:
    files = tracker.export_csv(Path(folder, "results"))
    assert [Path(file).name for file in files] == [
        "summaries.csv",
        "epochs.csv",
    ], "two files, in this order"
    assert Path(files[1]).read_text().startswith("experiment,epoch,val_loss")
print("tracker: the asserts in this cell hold.")

# %% [markdown]
# ## 9. Training by a configuration
#
# An experiment is a list of settings, and everything that decides on the
# result should be in it. `TrainingConfig` holds them, each with a default, and
# checks them when it is made. Run the next cell and read them all.

# %% tags=["given"] name="configuration"
settings = TrainingConfig(experiment_name="softmax_lr_0.1", learning_rate=0.1)
for setting, value in settings.to_dict().items():
    print(f"{setting:18s} {value!r}")

# %% [markdown]
# Here is how one training goes.
#
# 1. Make the optimizer: `optim.SGD` with the learning rate, the momentum and
#    the weight decay of the configuration, or `optim.Adam` with learning rate
#    and weight decay.
# 2. For each epoch set `optimizer.lr` to the rate of the schedule. Train on
#    all batches in training mode. Then find loss and accuracy on the
#    validation set, in evaluation mode. Tell the tracker.
# 3. Keep a copy of the weights of the epoch with the highest validation
#    accuracy, the first of equals.
# 4. Where `early_stopping` is on, ask the stopper (`patience`, `loss_delta`)
#    about the validation loss, and end where it says so.
# 5. Where `restore_best` is on, give the model its best weights back.
# 6. Now everything is decided. Evaluate on the test set, once. Tell the
#    tracker the summary.
#
# Steps 3 to 5 look at the validation set only. A test set that decides when to
# stop has become a second validation set, and there is no honest number left.
#
# For the parts you may use your own work, or the library's, which has other
# forms. With the library's, a mistake in an earlier exercise cannot cost
# points here.
#
# - The rates of all epochs: `optim.schedules.learning_rates(name, epochs, lr,
#   warmup_epochs, min_lr)`.
# - Stopping: `training.EarlyStopper(patience, min_delta).early_stop(loss)`.
# - Evaluation: `training.evaluate(model, loader, loss_fn)`, an object with
#   `accuracy`, `loss`, `confusion_matrix`, `inference_ms`, `inference_ms_std`.
# - A model for a configuration: `training.make_model(config)`.
# - A tracker: `tracking.ExperimentTracker(folder=None)`.

# %% [markdown]
# > ### Exercise 9. `TrainingManager` and `run_experiments`
# >
# > **Aim.** `TrainingManager(config, tracker).train(model, train_loader,
# > val_loader, test_loader)` does the six steps and returns
# > `history, summary`. Tracker and test loader may be `None`.
# >
# > **`history`** is a list with a dictionary for each epoch: `epoch` (from 1),
# > `train_loss`, `train_accuracy`, `val_loss`, `val_accuracy`,
# > `learning_rate`. Losses and accuracies are means over images, not over
# > batches. Those of the training are taken on the way, from the logits before
# > each step. The tracker gets `log_epoch(config.experiment_name, epoch,
# > metrics)` in each epoch.
# >
# > **`summary`** is a dictionary: `epochs` (how many were trained),
# > `best_epoch`, `val_accuracy` and `val_loss` (of the best epoch), `stopped`
# > (`"early stopping"` or `"all epochs"`), `train_seconds`. With a test loader
# > also `test_accuracy`, `test_loss`, `test_images`, `confusion_matrix`,
# > `inference_ms`, `inference_ms_std`. The tracker gets
# > `log_summary(config.experiment_name, summary)` once.
# >
# > **`run_experiments(experiments, tracker=None, data=None)`** takes a list of
# > configurations and returns the tracker. For each it calls
# > `set_seed(config.seed)`, makes the model, and trains it with shuffled
# > training batches of `config.batch_size`. `data` are six arrays in the order
# > of exercise 2. It may leave `use_augmentation` alone.
# >
# > Difficulty 4 of 5. Importance 5 of 5. About 45 minutes. 16 points.
#
# <details>
# <summary>Hint: the loss does not fall</summary>
#
# For each batch: logits, loss, `optimizer.zero_grad()`, `loss.backward()`,
# `optimizer.step()`. Gradients add up until they are set to zero. Evaluation
# may leave the model in evaluation mode, so call `model.train()` at the start
# of each epoch.
#
# </details>
# <details>
# <summary>Hint: my best weights are always the last</summary>
#
# The optimizer changes the arrays in place. Keep copies:
# `model.state_dict()` returns some, and `model.load_state_dict(weights)` puts
# them back, with the statistics of batch normalisation.
#
# </details>
# <details>
# <summary>Hint: how do I take means over images?</summary>
#
# `loss.item()` is the mean of one batch. Multiply by the number of its images,
# add up, and divide by the number of all images at the end.
#
# </details>

# %% tags=["given"] name="experiment_data"
# A part of the images keeps the experiments short. Pixels are shifted and
# scaled to mean 0 and standard deviation 1, the same for all three parts.
train_rows, val_rows, test_rows = train_validation_test_split(
    all_images, all_labels
)
experiment_data = [
    part
    for chosen in (train_rows[:30000], val_rows, test_rows)
    for part in (
        augmentation.normalize(all_images[chosen], 0.1307, 0.3081),
        all_labels[chosen],
    )
]
print("sizes of the parts:", [len(part) for part in experiment_data[1::2]])


# %% tags=["exercise"] name="manager"
class TrainingManager:
    """Trains a model as its configuration says."""

    def __init__(self, config, tracker=None):
        self.config = config
        self.tracker = tracker

    def train(self, model, train_loader, val_loader, test_loader=None):
        """Train `model` in place; return (history, summary)."""
        ### BEGIN SOLUTION
        config = self.config
        started = time.perf_counter()
        optimizer = self.make_optimizer(model)
        rates = optim.schedules.learning_rates(
            config.scheduler_type,
            config.num_epochs,
            config.learning_rate,
            config.warmup_epochs,
            config.min_lr,
        )
        stopper = training.EarlyStopper(config.patience, config.loss_delta)
        loss_fn = nn.CrossEntropyLoss()
        history, best, weights = [], None, None
        stopped = "all epochs"
        for epoch, rate in enumerate(rates, start=1):
            optimizer.lr = rate
            loss, accuracy = self.train_epoch(
                model, train_loader, loss_fn, optimizer
            )
            validation = training.evaluate(model, val_loader, loss_fn)
            row = {
                "epoch": epoch,
                "train_loss": loss,
                "train_accuracy": accuracy,
                "val_loss": validation.loss,
                "val_accuracy": validation.accuracy,
                "learning_rate": rate,
            }
            history.append(row)
            if self.tracker is not None:
                metrics = {k: v for k, v in row.items() if k != "epoch"}
                self.tracker.log_epoch(config.experiment_name, epoch, metrics)
            if best is None or row["val_accuracy"] > best["val_accuracy"]:
                best, weights = row, model.state_dict()
            if config.early_stopping and stopper.early_stop(row["val_loss"]):
                stopped = "early stopping"
                break
        if config.restore_best:
            model.load_state_dict(weights)
        summary = {
            "epochs": len(history),
            "best_epoch": best["epoch"],
            "val_accuracy": best["val_accuracy"],
            "val_loss": best["val_loss"],
            "stopped": stopped,
            "train_seconds": time.perf_counter() - started,
        }
        if test_loader is not None:
            test = training.evaluate(model, test_loader, loss_fn)
            summary["test_accuracy"] = test.accuracy
            summary["test_loss"] = test.loss
            summary["test_images"] = int(test.confusion_matrix.sum())
            summary["confusion_matrix"] = test.confusion_matrix
            summary["inference_ms"] = test.inference_ms
            summary["inference_ms_std"] = test.inference_ms_std
        if self.tracker is not None:
            self.tracker.log_summary(config.experiment_name, summary)
        return history, summary

    def make_optimizer(self, model):
        """Return the optimizer that the configuration asks for."""
        config = self.config
        if config.optimizer == "adam":
            return optim.Adam(
                model.parameters(),
                lr=config.learning_rate,
                weight_decay=config.weight_decay,
            )
        return optim.SGD(
            model.parameters(),
            lr=config.learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
        )

    def train_epoch(self, model, loader, loss_fn, optimizer):
        """Train on all batches once; return loss and accuracy."""
        model.train()
        images, right = 0, 0
        total_loss = 0.0
        for x, y in loader:
            logits = model(Tensor(x))
            loss = loss_fn(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            images += len(y)
            total_loss += loss.item() * len(y)
            right += np.sum(logits.argmax(dim=1) == y)
        return total_loss / images, right / images
        ### END SOLUTION


def run_experiments(experiments, tracker=None, data=None):
    """Train one configuration after the other; return the tracker."""
    if data is None:
        data = experiment_data
    x_train, y_train, x_val, y_val, x_test, y_test = data
    ### BEGIN SOLUTION
    if tracker is None:
        tracker = tracking.ExperimentTracker(folder=None)
    for config in experiments:
        set_seed(config.seed)
        model = training.make_model(config)
        TrainingManager(config, tracker).train(
            model,
            DataLoader(x_train, y_train, config.batch_size, shuffle=True),
            DataLoader(x_val, y_val, 1000),
            DataLoader(x_test, y_test, config.batch_size),
        )
    return tracker
    ### END SOLUTION


# %% tags=["check"] name="manager_check" points=16
draws = np.random.default_rng(5)
y = draws.integers(3, size=90)
x = np.eye(3)[y] + draws.normal(0, 0.3, size=(90, 3))
config = TrainingConfig(
    input_size=3,
    output_size=3,
    num_epochs=6,
    learning_rate=0.5,
    scheduler_type="cosine",
    experiment_name="small",
)
memory = tracking.ExperimentTracker(folder=None)
history, summary = TrainingManager(config, memory).train(
    nn.Linear(3, 3),
    DataLoader(x[:40], y[:40], 16),
    DataLoader(x[40:60], y[40:60], 16),
    DataLoader(x[60:], y[60:], 16),
)
assert len(history) == 6, "one row for each epoch"
assert history[0]["learning_rate"] == 0.5, "the first rate of the schedule"
assert history[5]["learning_rate"] < 0.1, "the schedule lowers the rate"
assert history[5]["train_loss"] < history[0]["train_loss"], "it must learn"
assert summary["test_images"] == 30, "the test set is used"
assert len(memory.get_experiment_df("small")) == 6, "the tracker is told"
result = run_experiments([config], data=[x, y, x, y, x, y])
assert list(result.get_all_summaries()["experiment"]) == ["small"], (
    "one summary for each experiment"
)
print("manager: the asserts in this cell hold.")

# %% [markdown]
# ## 10. Which is better?
#
# Five experiments on 30,000 training images: softmax regression with three
# learning rates and with a schedule, and a small deep network. They take a
# minute or less. First guess: which learning rate of 1, 0.01 and 0.00001 will
# win, and what will the curves of the other two look like?

# %% tags=["explore"]
experiments = [
    TrainingConfig(
        learning_rate=1.0, num_epochs=20, experiment_name="softmax_lr_1.0"
    ),
    TrainingConfig(
        learning_rate=0.01, num_epochs=20, experiment_name="softmax_lr_0.01"
    ),
    TrainingConfig(
        learning_rate=0.00001,
        num_epochs=20,
        experiment_name="softmax_lr_0.00001",
    ),
    TrainingConfig(
        learning_rate=0.01,
        num_epochs=20,
        scheduler_type="warmup_cosine",
        experiment_name="softmax_warmup_cosine",
    ),
    TrainingConfig(
        hidden_sizes=[40, 15],
        dropout_rate=0.1,
        weight_decay=1e-4,
        learning_rate=0.1,
        num_epochs=20,
        scheduler_type="warmup_cosine",
        experiment_name="deep_net_nano",
    ),
]
tracker = run_experiments(experiments, ExperimentTracker())
columns = ["experiment", "test_accuracy", "best_epoch", "epochs", "stopped"]
tracker.get_all_summaries()[columns].round(4)

# %% tags=["explore"]
figure, axes = plt.subplots(1, 2, figsize=(12, 3.8), layout="constrained")
tables = {
    config.experiment_name: tracker.get_experiment_df(config.experiment_name)
    for config in experiments
}
plots.plot_training_curves(tables, "val_loss", ax=axes[0], log=True)
plots.plot_training_curves(tables, "val_accuracy", ax=axes[1])
axes[1].get_legend().remove()
tracker.plot_experiment_comparison("test_accuracy")
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). The rate 0.01 does well. The rate 1 is
# too high: the loss jumps, and it is far above the others although most
# answers are right. The rate 0.00001 is too low: after
# twenty epochs it is still on its way. The small deep network beats them all.
#
# The bars are *sampling errors*. A test set is a sample. Had other images been
# drawn, the accuracy $p$ would have been a little different. With $n$ images
# its standard error is
#
# $$s = \sqrt{\frac{p (1 - p)}{n}},$$
#
# and two models whose accuracies differ by less than about two such errors
# have not been told apart. The formula takes the trained model as given. That
# another seed gives another model comes on top, and only more trainings show
# how much.

# %% tags=["explore"]
summaries = tracker.get_all_summaries().set_index("experiment")
p, n = summaries["test_accuracy"], summaries["test_images"]
error = np.sqrt((p * (1 - p) / n).astype(float))
pd.DataFrame(
    {
        "test accuracy": [f"{value:.2%}" for value in p],
        "sampling error": [f"{100 * s:.2f} p.p." for s in error],
        "ms for a batch": [f"{ms:.2f}" for ms in summaries["inference_ms"]],
        "training": [f"{s:.1f} s" for s in summaries["train_seconds"]],
    },
    index=summaries.index,
)

# %% tags=["explore"]
tracker.plot_confusion_matrix("deep_net_nano")
plt.show()

# %% [markdown]
# ### The eleven experiments
#
# With all images, 50 epochs and much patience the original study of this
# series reports the accuracies below, trained with PyTorch on a graphics
# card. The first eight have no hidden layer.
#
# | experiment | settings | reported |
# |---|---|---|
# | `softmax_lr_1.0` | batch 128, rate 1 | 89.00 % |
# | `softmax_lr_0.01` | rate 0.01 | 92.14 % |
# | `softmax_lr_0.00001` | rate 0.00001 | 71.54 % |
# | `softmax_warmup_cosine` | rate 0.01, warm-up of 5 epochs | not given |
# | `softmax_batch_1` | rate 0.01, batch 1 | 89.03 % |
# | `softmax_batch_32` | rate 0.01, batch 32 | 91.98 % |
# | `softmax_batch_256` | rate 0.01, batch 256 | 91.63 % |
# | `softmax_with_regularization` | decay 0.01, dropout 0.1 | slightly lower |
# | `deep_net_nano` | [40, 15], dropout 0.1, weight decay 1e-4 | 94.90 % |
# | `deep_net_medium` | [1500, 1000, 500], adam, augmentation | 99.13 % |
# | `deep_net_large` | [2500, 2000, 1500, 1000, 500], the same | 99.05 % |
#
# Inference took 0.2 to 0.3 ms for a batch with softmax regression and 0.7 to
# 1.5 ms with the deep networks. The test set had 14,000 images.
#
# To run one of them here, hand `training.run_experiments` a configuration
# with these settings. It uses all images and augmentation, keeps what is
# finished in files, and goes on where it was interrupted. The deep ones take
# hours without a graphics card.

# %% [markdown]
# ## A question
#
# A person reads your answer. Short and exact is better than long.

# %% [markdown] tags=["answer"] name="compare_experiments" points=8
# **Question** (8 points). Look at the table of the eleven experiments, each
# trained once and tested on 14,000 images. (a) Compute the sampling errors of
# `softmax_lr_0.01` (92.14 %) and `softmax_batch_32` (91.98 %). Would you say
# that one is better? And `deep_net_nano` beside both? (b) Somebody reads
# `deep_net_medium` above `deep_net_large` and writes that the larger network
# overfits. Which numbers would you need to see before you agree? (c) Somebody
# else picks the best of the eleven by their test accuracies, and reports that
# accuracy for it. What is wrong with this, and what should be done?
#
# ### BEGIN SOLUTION
# (a) $s = \sqrt{0.9214 \cdot 0.0786 / 14000} = 0.23$ percentage points for the
# first and $\sqrt{0.9198 \cdot 0.0802 / 14000} = 0.23$ for the second. They
# differ by 0.16 points, less than one such error, so they have not been told
# apart. `deep_net_nano` is 2.8 points above both, about twelve errors. The
# difference is not chance in the test images. (Both models of a pair answer
# the same images, so a comparison image by image could be sharper.)
#
# (b) The difference is 0.08 points, the sampling error of 99.1 % is
# $\sqrt{0.991 \cdot 0.009 / 14000} = 0.08$. One training each shows no
# difference at all. To speak of overfitting I want the curves: a training loss
# that goes on falling while the validation loss rises, more so in the larger
# network. And I want several seeds of each, with the spread of their means.
#
# (c) Then the test set has chosen, as a validation set does. The best of
# eleven has some luck on just these images, and its accuracy is too high on
# average. Choose by the validation accuracy, then use the test set once, for
# the chosen model, and report that.
#
# *Points: 3 for both errors and the two conclusions, 2 for seeing that (b) is
# within the sampling error and naming curves or several seeds, 3 for the test
# set as a means of choice and the validation set instead.*
# ### END SOLUTION

# %% [markdown]
# ## What to take with you
#
# - Read a file as if it could be wrong, and say which one it was.
# - Choose by the validation set. Use the test set once.
# - Count images, not batches. Evaluate in evaluation mode.
# - An experiment that is not written down did not happen.
# - A difference means something when it is larger than the sampling error
#   and the spread over seeds.
#
# Before you hand in: restart the kernel, run all cells, and save.
