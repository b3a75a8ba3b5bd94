# %% [markdown]
# # Lab 1. From squared error to cross-entropy
#
# In this lab you train a small neural network to read handwritten digits, and
# you write its gradients by hand. You start from a network that works, but
# learns slowly. Then you change one thing, the loss at the output, and see it
# learn faster. On the way you meet three ideas that every later lab uses:
# numerical stability, backpropagation, and the fair comparison of models.
#
# | | Exercise | What you write | Points |
# |---|---|---|---|
# | 1 | `stable_softmax` | probabilities that never overflow | 15 |
# | 2 | `backprop` | the gradients of the baseline network | 25 |
# | 3 | `task1` | softmax output and cross-entropy | 25 |
# | 4 | `task2` | L2 regularisation and momentum | 20 |
# | | two questions | answers in words | 15 |
# | 5 | `adamw` | bonus | 8 |
# | 6 | `adagrad` | bonus | 6 |
# | 7 | `dropout` | bonus | 9 |
# | 8 | `augment` | bonus | 7 |
#
# The lab is worth 100 points. Bonus points come on top.

# %% [markdown]
# ## How to work
#
# **Fill in.** Look for cells with `# YOUR CODE HERE`. Put your code there and
# delete the line `raise NotImplementedError(...)`. Keep the names and the
# arguments of functions and classes: the checks call them. You may add cells
# wherever you like. Locked cells are there to be read and run.
#
# **Run.** Work from the top down, and run each cell with Shift+Enter. Before
# you hand in, choose *Restart kernel and run all cells*. It tells you whether
# your notebook works from the start, and not only with what is in memory now.
# On a laptop with two cores the whole lab runs in under three minutes.
#
# **Check.** A check cell stands below each exercise. Its asserts are examples:
# they catch the common slips and tell you where to look. When you hand in,
# more checks run, on other shapes and other numbers. They cannot be satisfied
# by code that is made for the examples. In the feedback you read what each of
# them looked at, and what it saw.
#
# **Each exercise is graded on its own.** A mistake in one does not take points
# from the next, so go on when you are stuck. You may write the bonus exercises
# in any order.
#
# **Hints** are collapsed. Each is named by a difficulty. Open the one that
# sounds like yours, and try again before you open the next.
#
# **Data.** The lab uses MNIST: 60,000 images to learn from and 10,000 to test
# on. They are downloaded once and kept. Without a network the lab goes on with
# the small digits that come with scikit-learn, and says so. Your numbers will
# then differ from those in the text. Your grade will not: no check uses the
# images.

# %% tags=["given"] name="setup"
import os
from itertools import pairwise

# Matrices are small in this lab. One thread is fast enough for them, and it
# stays fast while the laptop does other things. NumPy reads this once, when
# it is first imported.
for threads in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{threads}_NUM_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
from course_utils import ModelResults, load_mnist, sigmoid, sigmoid_prime
from course_utils.progress import progress_bar
from scipy import ndimage

# All chance in this notebook comes from here. Another seed, other numbers.
rng = np.random.default_rng(1)

# %% tags=["given"] name="data"
x_train, y_train, x_test, y_test = load_mnist()

print("training images", x_train.shape, "labels", y_train.shape)
print("test images    ", x_test.shape, "labels", y_test.shape)

# %% [markdown]
# Each image is a row of 784 numbers: 28 times 28 pixels, from 0 (paper) to 1
# (ink). Each label is *one-hot*: ten numbers, all zero but for a one at the
# digit's place. Look at the data before you train on it. It is a cheap habit
# that finds expensive mistakes.

# %% tags=["explore"]
figure, axes = plt.subplots(2, 8, figsize=(9, 2.8))
for axis, image, label in zip(axes.flat, x_train, y_train, strict=False):
    axis.imshow(image.reshape(28, 28), cmap="gray_r")
    axis.set_title(f"{label.argmax()}", fontsize=10)
    axis.axis("off")
figure.suptitle("The first training images and their labels")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 1. Softmax: from scores to probabilities
#
# A network that chooses among ten digits ends in ten scores, one for each.
# They are called *logits* and may be any real numbers. We want probabilities:
# positive numbers that sum to one, the larger the larger the score. Softmax
# makes them:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}$$
#
# The formula is right, and a program that follows it word for word is not.
# `np.exp(710)` is already too large for a float64. It becomes infinity, and
# infinity divided by infinity is not a number. Far below zero it is no better:
# every exponential becomes 0, and so does the denominator.
#
# The way out is an identity. Multiply numerator and denominator by the same
# number $e^{-m}$ and nothing changes:
#
# $$p_k = \frac{e^{z_k - m}}{\sum_j e^{z_j - m}}$$
#
# So we may choose $m$ freely. With $m = \max_j z_j$ the largest exponent is 0.
# Then no exponential is above 1, and the denominator is at least 1. Nothing
# can overflow, and nothing is divided by zero.
#
# > ### Exercise 1. `stable_softmax`
# >
# > **Aim.** Turn logits of any shape and any size into probabilities along one
# > axis.
# >
# > **Formula.** $p_k = e^{z_k - m} / \sum_j e^{z_j - m}$ with
# > $m = \max_j z_j$, where $j$ runs along `axis`. Each row (or column) has its
# > own $m$.
# >
# > **Also.** The array that comes in must be unchanged afterwards.
# >
# > Difficulty 1 of 5. Importance 5 of 5. About 10 minutes. 15 points.
#
# <details>
# <summary>Hint: NumPy says that the shapes cannot be broadcast</summary>
#
# A maximum along an axis loses that axis: from `(4, 10)` along the last axis
# you get `(4,)`, and it does not fit back onto `(4, 10)`. Read about the
# argument `keepdims` of `max` and `sum`.
#
# </details>
# <details>
# <summary>Hint: it works for one row, but not for several rows</summary>
#
# `x.max()` without an axis is one number for the whole array. A row whose
# logits are all far below that number has nothing but exponentials of 0. Each
# row needs its own maximum.
#
# </details>
# <details>
# <summary>Hint: my input is changed after the call</summary>
#
# `x -= something` writes into the array that the caller gave you.
# `x - something` makes a new one.
#
# </details>


# %% tags=["exercise"] name="stable_softmax"
def stable_softmax(x, axis=-1):
    """Return the softmax of the logits x along an axis, same shape."""
    ### BEGIN SOLUTION
    shifted = x - x.max(axis=axis, keepdims=True)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=axis, keepdims=True)
    ### END SOLUTION


# %% tags=["check"] name="stable_softmax_check" points=15
logits = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
probabilities = stable_softmax(logits)

assert probabilities.shape == logits.shape, "the shape must stay the same"
assert np.allclose(probabilities.sum(axis=1), 1), "each row must sum to one"
assert np.allclose(probabilities[1], 1 / 3), "equal logits, equal chances"
assert np.allclose(stable_softmax(logits, axis=0).sum(axis=0), 1), (
    "with axis=0 each column must sum to one"
)
large = stable_softmax(np.array([1e6, 1e6 - 1.0]))
assert np.all(np.isfinite(large)), "large logits must give finite numbers"
print("stable_softmax: the asserts in this cell hold.")

# %% [markdown]
# What happens without the shift? The next cell computes softmax word for word,
# and yours, for two logits that grow together. Their difference stays 1, so
# the probabilities should stay the same. Word for word they do, up to about
# 709. There the sum of the exponentials overflows first and the probability
# drops to 0. A little further it has no value at all.

# %% tags=["explore"]
sizes = np.linspace(600, 800, 401)
pairs = np.stack([sizes, sizes - 1.0], axis=1)
with np.errstate(all="ignore"):
    naive = np.exp(pairs) / np.exp(pairs).sum(axis=1, keepdims=True)
stable = stable_softmax(pairs)

plt.figure(figsize=(7, 3))
plt.plot(sizes, stable[:, 0], lw=5, alpha=0.4, label="yours")
plt.plot(sizes, naive[:, 0], "k--", label="word for word")
plt.axvline(np.log(np.finfo(float).max), color="gray", lw=0.8)
plt.text(712, 0.05, "exp overflows", color="gray")
plt.xlabel("logit $z$ of the first class, beside a second one of $z - 1$")
plt.ylabel("probability")
plt.ylim(0, 1)
plt.legend(loc="lower left")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 2. The baseline: sigmoid layers and squared error
#
# A *layer* takes the activations of the layer before, forms weighted sums, and
# bends each sum with the sigmoid $\sigma(z) = 1 / (1 + e^{-z})$. We write a
# batch of $B$ images as a matrix with one image in each row:
#
# $$Z^{(l)} = A^{(l-1)} W^{(l)\top} + b^{(l)}, \qquad
#   A^{(l)} = \sigma(Z^{(l)}), \qquad A^{(0)} = X$$
#
# | | Shape | |
# |---|---|---|
# | $A^{(l-1)}$ | $(B, N_\text{in})$ | what comes in |
# | $W^{(l)}$ | $(N_\text{out}, N_\text{in})$ | one row for each unit |
# | $b^{(l)}$ | $(N_\text{out},)$ | added to every row of the batch |
# | $Z^{(l)}, A^{(l)}$ | $(B, N_\text{out})$ | what goes out |
#
# Keep this table in sight. Most mistakes in this lab show in a shape.
#
# The *loss* says how wrong the outputs $A^{(L)}$ are. The baseline takes the
# mean of the squared errors over the batch and over the $N_L$ outputs:
#
# $$C = \frac{1}{B N_L} \sum_{n,k} \bigl(A^{(L)}_{nk} - Y_{nk}\bigr)^2,
#   \qquad
#   \frac{\partial C}{\partial A^{(L)}} = \frac{2}{B N_L}
#   \bigl(A^{(L)} - Y\bigr)$$
#
# *Gradient descent* then moves every weight a little against its gradient, and
# does so for one small batch after another:
# $w \leftarrow w - \eta \, \partial C / \partial w$, with the learning rate
# $\eta$.
#
# Read the class below. One method is missing: the gradients.


# %% tags=["given"] name="network"
class Network:
    """Sigmoid layers, trained on the squared error by gradient descent."""

    def __init__(self, sizes=(784, 30, 10)):
        self.sizes = tuple(sizes)
        # Dividing by sqrt(n_in) keeps the weighted sums near 1 in size.
        self.weights = [
            rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
            for n_in, n_out in pairwise(sizes)
        ]
        self.biases = [rng.normal(size=n_out) for n_out in sizes[1:]]
        self.num_layers = len(self.weights)

    def feedforward(self, x):
        """Return the outputs, (B, N_last), for the images x, (B, N_in)."""
        a = x
        for w, b in zip(self.weights, self.biases, strict=True):
            a = sigmoid(a @ w.T + b)
        return a

    def loss(self, x, y):
        """Return the mean squared error of the outputs, one number."""
        return np.mean((self.feedforward(x) - y) ** 2)

    def cost_derivative(self, a, y):
        """Return the gradient of the loss over the outputs a, (B, N_last)."""
        return 2 * (a - y) / a.size  # a.size is B * N_last

    def backprop(self, x, y):
        """Return the gradients of the loss: (grads_w, grads_b)."""
        raise NotImplementedError("backprop is exercise 2")

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        """Move all weights and biases once, against their gradients."""
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        self.weights = [
            w - learning_rate * g
            for w, g in zip(self.weights, grads_w, strict=True)
        ]
        self.biases = [
            b - learning_rate * g
            for b, g in zip(self.biases, grads_b, strict=True)
        ]

    def evaluate(self, x, y):
        """Return the share of images whose largest output is the label."""
        outputs = self.feedforward(x)
        return np.mean(outputs.argmax(axis=1) == y.argmax(axis=1))

    def train(
        self,
        training_data,
        test_data=None,
        epochs=2,
        mini_batch_size=100,
        learning_rate=1.0,
    ):
        """Go over the data `epochs` times; return the test accuracy, or -1."""
        x, y = training_data
        accuracy = -1
        with progress_bar(epochs, "training", "epoch") as bar:
            bar.leave = test_data is not None  # else it has nothing to say
            for _ in range(epochs):
                order = rng.permutation(len(x))  # new batches in each epoch
                for start in range(0, len(x), mini_batch_size):
                    chosen = order[start : start + mini_batch_size]
                    self.learning_step(x[chosen], y[chosen], learning_rate)
                if test_data is not None:
                    accuracy = self.evaluate(*test_data)
                    bar.set_postfix_str(f"test accuracy {accuracy:.1%}")
                bar.update()
        return accuracy


# %% [markdown]
# ### Backpropagation is the chain rule, from the back
#
# To change a weight well we must know how the loss answers to it. The trick is
# to ask first how the loss answers to the *sums* $Z^{(l)}$. Call that answer
#
# $$\delta^{(l)} = \frac{\partial C}{\partial Z^{(l)}},
#   \qquad \text{shape } (B, N_l).$$
#
# Everything else follows from it, and it can be carried from layer to layer.
#
# **Start at the output.** The loss depends on $A^{(L)}$, and that on $Z^{(L)}$
# entry by entry, with $\sigma'(z) = \sigma(z)(1 - \sigma(z)) = a (1 - a)$:
#
# $$\delta^{(L)} = \frac{\partial C}{\partial A^{(L)}}
#   \odot A^{(L)} \odot (1 - A^{(L)})$$
#
# The sign $\odot$ means entry by entry: NumPy's `*`.
#
# **Read off the gradients.** Weight $W_{ij}$ reaches the loss only through
# $Z_{ni} = \sum_j A_{nj} W_{ij} + b_i$, and it does so for every image $n$ of
# the batch. So we sum over the images:
#
# $$\frac{\partial C}{\partial W^{(l)}} = \delta^{(l)\top} A^{(l-1)},
#   \qquad
#   \frac{\partial C}{\partial b^{(l)}} = \sum_n \delta^{(l)}_n$$
#
# Check the shapes: $(N_\text{out}, B)$ times $(B, N_\text{in})$ is
# $(N_\text{out}, N_\text{in})$, the shape of $W^{(l)}$. A gradient always has
# the shape of what it is the gradient of.
#
# **Go one layer down.** Each activation of the layer below feeds every unit
# above it, so its share of the blame is a sum over those units. That sum is a
# product with $W^{(l)}$. Then comes the slope of the layer below, at its own
# activations:
#
# $$\delta^{(l-1)} = \bigl(\delta^{(l)} W^{(l)}\bigr)
#   \odot A^{(l-1)} \odot (1 - A^{(l-1)})$$
#
# Repeat until the first layer. There is no mean to take on the way: the
# division by $B$ is already in $\partial C / \partial A^{(L)}$.
#
# > ### Exercise 2. `backprop`
# >
# > **Aim.** Return all gradients of the squared error for one batch:
# > `(grads_w, grads_b)`, two lists in the order of `self.weights` and
# > `self.biases`.
# >
# > **Formula.** The four equations above. `self.cost_derivative(a, y)` gives
# > $\partial C / \partial A^{(L)}$.
# >
# > **Also.** Only compute: weights, biases, `x` and `y` must be unchanged
# > afterwards. It must work for any number of layers.
# >
# > Difficulty 3 of 5. Importance 5 of 5. About 40 minutes. 25 points.
#
# The function stands outside the class, and the last line makes it the class's
# method. So you can run this cell again and again, and every network uses your
# newest version.
#
# <details>
# <summary>Hint: I do not know how to begin</summary>
#
# Write the forward pass first, as in `feedforward`, but keep the activations
# in a list that starts with `x`. For $L$ layers it has $L + 1$ entries, so
# layer `i` takes in `activations[i]` and puts out `activations[i + 1]`. Then
# write the backward pass as a loop over `reversed(range(self.num_layers))`.
#
# </details>
# <details>
# <summary>Hint: a matrix product complains about shapes</summary>
#
# Write the shape of each array beside its line, as a comment. `delta` has one
# row for each image and one column for each unit of its layer. In which of
# `delta @ w` and `delta @ w.T` do the inner sizes agree?
#
# </details>
# <details>
# <summary>Hint: the last layer is right and the others are not</summary>
#
# Ask of each line which layer its arrays belong to. When you go down from
# layer `i`, you multiply by the weights of layer `i` and by the slope at what
# *came into* layer `i`.
#
# </details>
# <details>
# <summary>Hint: all my gradients are wrong by the same factor</summary>
#
# The factor tells you what is counted twice, or not at all. A factor of $B$
# or $1/B$: `cost_derivative` has the mean over the batch in it already. A
# factor of $N_L$: it has the mean over the outputs, too.
#
# </details>


# %% tags=["exercise"] name="backprop"
def backprop(self, x, y):
    """Return the gradients of the squared error: (grads_w, grads_b).

    x has shape (B, N_in), y has shape (B, N_last). grads_w[i] has the
    shape of self.weights[i], grads_b[i] that of self.biases[i].
    """
    ### BEGIN SOLUTION
    # Forward: keep what comes into each layer, and the output at the end.
    activations = [x]
    for w, b in zip(self.weights, self.biases, strict=True):
        activations.append(sigmoid(activations[-1] @ w.T + b))

    # Backward: delta is the gradient over the weighted sums of a layer.
    grads_w = [None] * self.num_layers
    grads_b = [None] * self.num_layers
    a = activations[-1]
    delta = self.cost_derivative(a, y) * a * (1 - a)  # (B, N_last)
    for layer in reversed(range(self.num_layers)):
        grads_w[layer] = delta.T @ activations[layer]  # (N_out, N_in)
        grads_b[layer] = delta.sum(axis=0)  # (N_out,)
        if layer > 0:
            a = activations[layer]
            delta = delta @ self.weights[layer] * a * (1 - a)  # (B, N_in)
    return grads_w, grads_b
    ### END SOLUTION


Network.backprop = backprop

# %% [markdown]
# ### How to know that a gradient is right
#
# A wrong gradient seldom crashes. The network learns a little less, and you
# never know. So compare it with a *numerical* gradient, which needs nothing
# but the loss: move one weight up and down by a tiny step $h$ and see what the
# loss does.
#
# $$\frac{\partial C}{\partial w} \approx \frac{C(w + h) - C(w - h)}{2h}$$
#
# This takes two forward passes for each weight. That is far too slow to train
# with, and good enough for a small network in a test.


# %% tags=["given"] name="numerical_gradient"
def numerical_gradient(model, x, y, h=1e-5):
    """Return the gradients of model.loss by central differences."""

    def slope(array, index):
        kept = array[index]
        array[index] = kept + h
        above = model.loss(x, y)
        array[index] = kept - h
        below = model.loss(x, y)
        array[index] = kept
        return (above - below) / (2 * h)

    def slopes(array):
        entries = [slope(array, i) for i in np.ndindex(array.shape)]
        return np.reshape(entries, array.shape)

    return (
        [slopes(w) for w in model.weights],
        [slopes(b) for b in model.biases],
    )


def assert_gradients_agree(model, x, y):
    """Raise an AssertionError that names the first gradient that differs."""
    found = model.backprop(x, y)
    wanted = numerical_gradient(model, x, y)
    for name, ours, numbers in zip(("w", "b"), found, wanted, strict=True):
        assert len(ours) == len(numbers), f"grads_{name}: one for each layer"
        for i, (one, number) in enumerate(zip(ours, numbers, strict=True)):
            where = f"grads_{name}[{i}]"
            assert np.shape(one) == number.shape, (
                f"{where} has shape {np.shape(one)}, not {number.shape}"
            )
            assert np.allclose(one, number, rtol=1e-4, atol=1e-7), (
                f"{where} does not agree with the numerical gradient"
            )


# %% tags=["check"] name="backprop_check" points=25
small = Network((5, 4, 2, 3))  # no two layers of one size: shapes must fit
batch_x = np.linspace(-1, 1, 7 * 5).reshape(7, 5)
batch_y = np.eye(3)[[0, 2, 1, 1, 0, 2, 2]]

assert_gradients_agree(small, batch_x, batch_y)
print("backprop: the gradients agree with the numerical ones.")

# %% [markdown]
# ### The baseline learns
#
# Now train it. The helper below trains for a few epochs and notes the loss and
# the test accuracy after each, beginning before the first step. An *epoch* is
# one pass over all training images.


# %% tags=["given"] name="learning_curve"
def learning_curve(model, learning_rate, epochs=4):
    """Train; return the training loss and test accuracy of each epoch."""
    sample = x_train[:5000], y_train[:5000]  # enough to see the loss
    history = {"loss": [], "accuracy": []}

    def note():
        history["loss"].append(model.loss(*sample))
        history["accuracy"].append(model.evaluate(x_test, y_test))

    note()
    for _ in range(epochs):
        model.train((x_train, y_train), epochs=1, learning_rate=learning_rate)
        note()
    return history


# %% tags=["explore"]
baseline_curves = {
    rate: learning_curve(Network(), rate) for rate in (1.0, 10.0, 100.0)
}

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
for rate, history in baseline_curves.items():
    left.plot(history["loss"], "o-")
    right.plot(history["accuracy"], "o-", label=f"learning rate {rate:g}")
left.set(xlabel="epoch", ylabel="mean squared error", yscale="log")
right.set(xlabel="epoch", ylabel="test accuracy", ylim=(0, 1))
right.legend(loc="center right")
figure.suptitle("Baseline: squared error and sigmoid, three learning rates")
figure.tight_layout()
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). At the start the network guesses, so the
# accuracy is about 10 %. With learning rate 10 it passes 90 % in the first or
# second epoch. With 1 it learns too, but more slowly. A learning rate as large
# as 10 looks strange. It is needed because the loss is a mean over the ten
# outputs as well, and because of what the next section is about.
#
# With 100 the network is stuck, most often at a loss of exactly 0.1. The first
# steps were so long that all outputs went to 0. Then one output in ten is
# wrong by 1, and the mean squared error is 0.1. Why can the network not get
# out again, although the error is so plain? Keep the question in mind.
#
# **If you do not see it.** Does the accuracy stay near 10 % at every learning
# rate? Then the gradient has a wrong sign or belongs to the wrong layer. Does
# 100 work well and 10 hardly move? Then the gradient is too small: perhaps the
# mean is taken twice. The check cell above tells these apart.

# %% [markdown]
# ## 3. A better loss: cross-entropy
#
# Suppose that the image is a 7, and the network's output for 7 is almost 0. It
# is badly wrong, and should learn a lot from this image. Look at what the
# baseline does. The gradient over the sum $z$ of that output is proportional
# to
#
# $$(a - y) \, a \, (1 - a) .$$
#
# The first factor is about $-1$: the error is large. But $a (1 - a)$ is nearly
# 0: the sigmoid is flat out there. The product is nearly 0. *The network
# learns least where it is most wrong.* This is called saturation, and it is
# what held the network with learning rate 100.
#
# Cross-entropy asks another question. It reads the outputs as probabilities
# and takes the logarithm of the one given to the right digit:
#
# $$C = -\frac{1}{B} \sum_{n,k} Y_{nk} \log P_{nk},
#   \qquad P = \operatorname{softmax}(Z^{(L)})$$
#
# Because $Y$ is one-hot, only the term of the right digit remains. If the
# network gives it probability 1, the loss is 0. If it gives it 0.01, the loss
# is $-\log 0.01 \approx 4.6$. There is no limit to how wrong one can be.
#
# The next cell draws both gradients over the logit of the right digit.

# %% tags=["explore"]
z = np.linspace(-10, 10, 401)
a = sigmoid(z)

plt.figure(figsize=(7, 3.2))
squared = 2 * np.abs(a - 1) * sigmoid_prime(z)
plt.plot(z, squared, label="sigmoid, squared error")
plt.plot(z, np.abs(a - 1), label="softmax of two classes, cross-entropy")
plt.axvspan(-10, -4, color="gray", alpha=0.15, lw=0)
plt.text(-9.7, 0.45, "badly wrong:\nshould learn most", fontsize=9)
plt.xlabel("logit $z$ of the right class")
plt.ylabel("size of the gradient over $z$")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# ### The gradient, in steps
#
# Take one image, with logits $z$, probabilities $p$ and one-hot label $y$. We
# want $\partial C / \partial z_i$.
#
# **1. Write the logarithm out.** From the definition of softmax,
#
# $$\log p_k = z_k - \log \sum_j e^{z_j} .$$
#
# The fraction is gone, and with it the exponential in the numerator.
#
# **2. Put it into the loss.** The labels sum to one, $\sum_k y_k = 1$, so the
# second term loses its factor:
#
# $$C = -\sum_k y_k \log p_k = -\sum_k y_k z_k + \log \sum_j e^{z_j} .$$
#
# **3. Take the derivative.** The first term gives $-y_i$. The second gives
# $e^{z_i} / \sum_j e^{z_j}$, which is $p_i$ again:
#
# $$\frac{\partial C}{\partial z_i} = p_i - y_i .$$
#
# **4. Take the mean over the batch.** Each image counts $1/B$:
#
# $$\delta^{(L)} = \frac{P - Y}{B} .$$
#
# That is all. There is no $a (1 - a)$ to make it small, and it is bounded: a
# logit never gets a gradient above 1.
#
# The long way gives the same on paper. Multiply $\partial C / \partial p_k =
# -y_k / p_k$ by the derivatives of softmax, $p_k (\delta_{ki} - p_i)$, where
# $\delta_{ki}$ is 1 if $k = i$ and 0 otherwise. The $p_k$ cancels. In a
# program it does not cancel: when $p_k$ is so small that it is stored as 0,
# you compute $0 / 0$. So write $P - Y$ straight away.

# %% [markdown]
# From here on the lab uses the library's softmax, under the name `softmax`. It
# does what your `stable_softmax` does. Call `softmax` in the exercises below:
# then a slip in yours costs nothing there.

# %% tags=["given"] name="library_softmax"
from course_utils import stable_softmax as softmax

# %% [markdown]
# > ### Exercise 3. `Task1`
# >
# > **Aim.** A network with a softmax output and cross-entropy. Hidden layers
# > keep the sigmoid.
# >
# > **Formula.** $P = \operatorname{softmax}(Z^{(L)})$ in `feedforward`, and
# > $\delta^{(L)} = (P - Y) / B$ in `backprop`. Below the last layer the
# > equations of exercise 2 hold as they are.
# >
# > **Also.** The gradient belongs to the *mean* over the batch. Both methods
# > must stand on their own: do not call `Network.backprop`.
# >
# > Difficulty 3 of 5. Importance 5 of 5. About 30 minutes. 25 points.
#
# <details>
# <summary>Hint: which lines of exercise 2 change?</summary>
#
# In the forward pass, one: what the last layer does to its sums. In the
# backward pass, one: the first `delta`.
#
# </details>
# <details>
# <summary>Hint: how do I treat the last layer differently?</summary>
#
# Run the loop over all layers but the last, `self.weights[:-1]`, and write the
# last layer after the loop. Or run over all layers, keep the sums, and replace
# the last activation at the end.
#
# </details>
# <details>
# <summary>Hint: the gradients are too small or too large by a factor</summary>
#
# `cost_derivative` belongs to the squared error. It divides by the number of
# outputs as well, has a factor of 2, and expects a sigmoid to follow. None of
# this is in $(P - Y) / B$.
#
# </details>
# <details>
# <summary>Hint: the outputs sum to one, but learning is very slow</summary>
#
# Do you apply the sigmoid to the last layer and then softmax? Then the logits
# lie between 0 and 1, and no probability of ten classes can pass
# $e / (e + 9) \approx 0.23$.
#
# </details>


# %% tags=["exercise"] name="task1"
class Task1(Network):
    """Sigmoid layers, a softmax output, and cross-entropy."""

    def loss(self, x, y):
        """Return the mean cross-entropy; a chance of 0 counts as 1e-30."""
        p = np.maximum(self.feedforward(x), 1e-30)
        return -np.mean(np.sum(y * np.log(p), axis=1))

    def feedforward(self, x):
        """Return the probabilities, (B, N_last), for images x, (B, N_in)."""
        ### BEGIN SOLUTION
        a = x
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            a = sigmoid(a @ w.T + b)
        logits = a @ self.weights[-1].T + self.biases[-1]
        return softmax(logits, axis=1)
        ### END SOLUTION

    def backprop(self, x, y):
        """Return the gradients of the cross-entropy: (grads_w, grads_b)."""
        ### BEGIN SOLUTION
        activations = [x]
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            activations.append(sigmoid(activations[-1] @ w.T + b))
        logits = activations[-1] @ self.weights[-1].T + self.biases[-1]
        p = softmax(logits, axis=1)

        grads_w = [None] * self.num_layers
        grads_b = [None] * self.num_layers
        delta = (p - y) / len(x)  # (B, N_last), over the logits
        for layer in reversed(range(self.num_layers)):
            grads_w[layer] = delta.T @ activations[layer]
            grads_b[layer] = delta.sum(axis=0)
            if layer > 0:
                a = activations[layer]
                delta = delta @ self.weights[layer] * a * (1 - a)
        return grads_w, grads_b
        ### END SOLUTION


# %% tags=["check"] name="task1_check" points=25
small = Task1((5, 4, 2, 3))
batch_x = np.linspace(-1, 1, 7 * 5).reshape(7, 5)
batch_y = np.eye(3)[[0, 2, 1, 1, 0, 2, 2]]

outputs = small.feedforward(batch_x)
assert outputs.shape == (7, 3), "one row for each image, one column a class"
assert np.allclose(outputs.sum(axis=1), 1), "probabilities sum to one"
flat = Task1((6, 3))
flat.weights = [100 * np.eye(3, 6)]
assert flat.feedforward(np.eye(6))[0].max() > 0.99, (
    "a logit far above the others must get nearly all the probability"
)
assert_gradients_agree(small, batch_x, batch_y)
print("task1: the asserts in this cell hold.")

# %% [markdown]
# ### Two habits before you train
#
# **Look at the loss at the start.** A network that knows nothing gives each of
# ten digits the probability 1/10. Its cross-entropy is
# $-\log \frac{1}{10} = \log 10 \approx 2.30$. With all weights and biases of
# the last layer at 0 you get exactly that. Random ones lean to some digits
# without a reason, and that costs a little: expect 2.4 to 3.6. A start at 20,
# or at 0.2, means that the loss is not the mean, or that the output is not a
# softmax.
#
# **Overfit a small batch first.** Twenty images can be learned by heart.
# Within some hundred steps the loss must come near 0 and the accuracy reach
# 100 %. If it does not, there is a mistake in the code, and no learning rate
# will mend it. This takes a second and spares you an hour.

# %% tags=["explore"]
model = Task1()
print(f"log 10                              {np.log(10):.3f}")
print(f"loss at the start                   {model.loss(x_test, y_test):.3f}")
model.weights[-1] = np.zeros_like(model.weights[-1])
model.biases[-1] = np.zeros_like(model.biases[-1])
print(f"the same with the last layer at 0   {model.loss(x_test, y_test):.3f}")

few_x, few_y = x_train[:20], y_train[:20]
model = Task1()
losses = []
for _ in range(300):
    losses.append(model.loss(few_x, few_y))
    model.learning_step(few_x, few_y, learning_rate=1.0)
print(
    f"accuracy on 20 images learned by heart: "
    f"{model.evaluate(few_x, few_y):.0%}"
)

plt.figure(figsize=(7, 3))
plt.semilogy(losses)
plt.axhline(np.log(10), color="gray", ls="--", lw=0.8, label="log 10")
plt.xlabel("learning step")
plt.ylabel("cross-entropy on 20 images")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Does it learn faster?
#
# Both networks below begin with the same weights and see the same images in
# the same order, so that chance has no part in it. The learning rates suit
# each loss: 30 for the squared error, 1 for cross-entropy. The
# two losses have different units, so their values cannot be compared with each
# other. Accuracies can. On the left you see the first 300 steps, which is half
# an epoch. On the right, training goes on for four epochs.

# %% tags=["explore"]
plain, with_softmax = Network(), Task1()
with_softmax.weights = [w.copy() for w in plain.weights]
with_softmax.biases = [b.copy() for b in plain.biases]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
for name, model, rate in [
    ("Baseline, learning rate 30", plain, 30.0),
    ("SoftMax, learning rate 1", with_softmax, 1.0),
]:
    steps, accuracies = range(0, 301, 20), []
    for step in range(301):
        if step in steps:
            accuracies.append(model.evaluate(x_test[:2000], y_test[:2000]))
        rows = np.arange(100 * step, 100 * step + 100) % len(x_train)
        model.learning_step(x_train[rows], y_train[rows], rate)
    left.plot(steps, accuracies, ".-", label=name)
    right.plot(learning_curve(model, rate)["accuracy"], "o-", label=name)
left.set(xlabel="learning step", ylabel="test accuracy", ylim=(0, 1))
right.set(xlabel="epochs after that", ylim=(0.8, 1), xticks=range(5))
left.legend(loc="lower right", fontsize=8)
figure.tight_layout()
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). SoftMax passes 80 % within some 50 steps,
# and the baseline needs two or three times as many. The head start is made at
# the beginning, where most outputs are badly wrong. After some epochs the gap
# is about one percentage point, and it stays.
#
# **If you do not see it.** If SoftMax creeps, look at its outputs for one
# image: are they probabilities, and can one of them come near 1? If it is no
# better than the baseline, see whether a factor $a (1 - a)$ is left on the
# output layer.

# %% [markdown]
# ## 4. A better step: L2 and momentum
#
# So far we have changed what the network learns from. Now we change how it
# steps. Two small ideas, both in `learning_step`.
#
# **L2 regularisation** keeps weights small. Large weights make a network that
# turns on single pixels, and such a network does well on the images it has
# seen and worse on new ones. Add $\frac{\lambda}{2} \sum w^2$ to the loss. Its
# gradient is simply $\lambda w$:
#
# $$g \leftarrow g + \lambda w$$
#
# Biases are left out. A bias moves the threshold of a unit. It multiplies no
# pixel, so a large one does no such harm.
#
# **Momentum** lets steps in the same direction add up. Gradients of small
# batches are noisy, and in a narrow valley they point from wall to wall. So
# remember a *velocity*, and let each gradient change it a little:
#
# $$v \leftarrow \mu v + g, \qquad w \leftarrow w - \eta v$$
#
# At the start $v = 0$. Where the gradient changes sign from step to step, the
# velocity averages it out. Where it stays the same, the velocity grows up to
# $1 / (1 - \mu)$ times the gradient. Written like this, as PyTorch's `SGD`
# does, the learning rate is not part of the velocity.
#
# > ### Exercise 4. `Task2`
# >
# > **Aim.** A `learning_step` with L2 regularisation and momentum.
# >
# > **Formula.** For weights $g \leftarrow g + \lambda w$, for biases $g$ as it
# > is. Then for both $v \leftarrow \mu v + g$ and $w \leftarrow w - \eta v$.
# > Here $\lambda$ is `l2_factor` and $\mu$ is `momentum`.
# >
# > **Also.** Get the gradients from `self.backprop`. The velocity belongs to
# > one model and lasts from step to step. Keep `feedforward` and `backprop` as
# > they are inherited.
# >
# > Difficulty 2 of 5. Importance 4 of 5. About 20 minutes. 20 points.
#
# The checks hand known gradients to your `learning_step`, so your `backprop`
# has no part in these points.
#
# <details>
# <summary>Hint: where do I keep the velocity?</summary>
#
# In lists on `self`, one array for each weight array and each bias array, made
# once in `__init__`. What is made inside `learning_step` is gone after the
# step.
#
# </details>
# <details>
# <summary>Hint: the first step is right and the second is not</summary>
#
# Then the velocity is lost or not scaled by `momentum`. Or you store the new
# velocity before you have used the old one.
#
# </details>
# <details>
# <summary>Hint: two models seem to disturb each other</summary>
#
# A list written in the body of the class is one list for all its objects. A
# list made in `__init__` with `self.` is each object's own.
#
# </details>


# %% tags=["exercise"] name="task2"
class Task2(Network):
    """Gradient descent with L2 regularisation and momentum."""

    def __init__(self, sizes=(784, 30, 10), l2_factor=1e-5, momentum=0.2):
        super().__init__(sizes)
        self.l2_factor = l2_factor
        self.momentum = momentum
        ### BEGIN SOLUTION
        self.velocity_w = [np.zeros_like(w) for w in self.weights]
        self.velocity_b = [np.zeros_like(b) for b in self.biases]
        ### END SOLUTION

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        """Move all weights and biases once, with L2 and momentum."""
        ### BEGIN SOLUTION
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        for i in range(self.num_layers):
            grad_w = grads_w[i] + self.l2_factor * self.weights[i]
            grad_b = grads_b[i]
            self.velocity_w[i] = self.momentum * self.velocity_w[i] + grad_w
            self.velocity_b[i] = self.momentum * self.velocity_b[i] + grad_b
        self.weights = [
            w - learning_rate * v
            for w, v in zip(self.weights, self.velocity_w, strict=True)
        ]
        self.biases = [
            b - learning_rate * v
            for b, v in zip(self.biases, self.velocity_b, strict=True)
        ]
        ### END SOLUTION


# %% tags=["check"] name="task2_check" points=20
class KnownGradients(Task2):
    """A network whose gradients are all 1, so that steps are easy to tell."""

    def backprop(self, x, y):
        return (
            [np.ones_like(w) for w in self.weights],
            [np.ones_like(b) for b in self.biases],
        )


known = KnownGradients((3, 2), l2_factor=0.0, momentum=0.5)
start = known.biases[0].copy()
known.learning_step(None, None, learning_rate=0.1)
assert np.allclose(known.biases[0], start - 0.1), "the first velocity is 1"
known.learning_step(None, None, learning_rate=0.1)
assert np.allclose(known.biases[0], start - 0.1 - 0.15), (
    "the second velocity is 0.5 * 1 + 1 = 1.5"
)

known = KnownGradients((3, 2), l2_factor=0.5, momentum=0.0)
start_w, start_b = known.weights[0].copy(), known.biases[0].copy()
known.learning_step(None, None, learning_rate=0.1)
assert np.allclose(known.weights[0], start_w - 0.1 * (1 + 0.5 * start_w)), (
    "the gradient of the weights gains l2_factor times the weights"
)
assert np.allclose(known.biases[0], start_b - 0.1), "no L2 on biases"
print("task2: the asserts in this cell hold.")

# %% [markdown]
# ### A look into a narrow valley
#
# `learning_step` does not know where its gradients come from. So we can put
# your optimizer into a landscape that can be drawn: a valley that is steep
# across and nearly flat along its floor. The class below replaces `backprop`
# by the gradient of $\frac{1}{2}(x^2 + 25 y^2)$. With no momentum the path
# falls into the valley and then creeps. With 0.6 it is carried along the
# floor. With 0.95 it runs past the goal and swings around it: more is not
# always better.


# %% tags=["given"] name="valley"
class Valley:
    """Replaces backprop by the gradient of (x**2 + 25 * y**2) / 2."""

    def backprop(self, x, y):
        return [self.weights[0] * [1.0, 25.0]], [np.zeros(1)]


def draw_path(axis, model, learning_rate, steps=40):
    """Draw the way of a model with two weights down the valley."""
    model.weights = [np.array([[-4.0, 1.2]])]
    path = [model.weights[0][0].copy()]
    for _ in range(steps):
        model.learning_step(None, None, learning_rate)
        path.append(model.weights[0][0].copy())
    across, along = np.meshgrid(np.linspace(-5, 5, 80), np.linspace(-2, 2, 80))
    height = (across**2 + 25 * along**2) / 2
    axis.contour(across, along, np.sqrt(height), 14, cmap="Greys", alpha=0.6)
    axis.plot(*np.transpose(path), ".-", lw=1)
    axis.plot(0, 0, "k+", ms=12)
    axis.set(xlim=(-5, 5), ylim=(-2, 2), xticks=[], yticks=[])


# %% tags=["explore"]
class MomentumInValley(Valley, Task2):
    """Your steps, in the valley."""


figure, axes = plt.subplots(1, 3, figsize=(10, 2.6))
for axis, mu in zip(axes, (0.0, 0.6, 0.95), strict=True):
    draw_path(axis, MomentumInValley((2, 1), 0.0, mu), learning_rate=0.03)
    axis.set_title(f"momentum {mu:g}, 40 steps")
figure.tight_layout()
plt.show()

# %% [markdown]
# ### Both at once, by inheritance
#
# `Task1` changes `feedforward` and `backprop`. `Task2` changes
# `learning_step`. They do not touch the same methods, so a class that inherits
# from both has both changes, without a line of its own. `MomentumInValley`
# above is made in the same way.
#
# Python looks for each method along the *method resolution order* (MRO): first
# in `Task2`, then in `Task1`, then in `Network`. When `Task2.learning_step`
# calls `self.backprop`, the search begins anew with the whole object, and
# finds the one of `Task1`. This is why it must be `self.backprop`, and not
# `Network.backprop(self, ...)`.


# %% tags=["given"] name="task1_and_2"
class Task1And2(Task2, Task1):
    """Softmax and cross-entropy, L2 and momentum."""


print(" -> ".join(cls.__name__ for cls in Task1And2.__mro__))

# %% [markdown]
# ### What do the hidden units look for?
#
# Each hidden unit has 784 weights, one for each pixel, so they can be drawn as
# an image: red where ink drives the unit up, blue where it drives it down. The
# corners are never inked in MNIST, so their weights never get a gradient and
# stay as noisy as they were drawn. L2 pulls on all weights, and so it clears
# them away. The penalty here is a hundred times the default, to make the
# effect visible after three epochs. It has a price: compare the accuracies.

# %% tags=["explore"]
figure, axes = plt.subplots(2, 8, figsize=(10, 3.2))
for row, l2_factor in zip(axes, (0.0, 1e-3), strict=True):
    model = Task1And2(l2_factor=l2_factor, momentum=0.2)
    accuracy = model.train(
        (x_train, y_train), (x_test, y_test), epochs=3, learning_rate=1.0
    )
    for axis, weights in zip(row, model.weights[0], strict=False):
        picture = weights.reshape(28, 28)
        axis.imshow(picture, cmap="RdBu_r", vmin=-0.3, vmax=0.3)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(f"L2 {l2_factor:g}\n{accuracy:.1%}")
figure.suptitle("Weights of eight hidden units, without and with L2")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 5. The comparison
#
# Which of the changes helps, and by how much? One training is one throw of the
# dice: the first weights and the order of the images are random. So we train
# each model more than once and give the mean and the spread.
#
# `ModelResults` trains each model for 10 epochs with mini-batches of 100 and
# keeps every accuracy. We compare
#
# - **Baseline**, the network of section 2,
# - **SoftMax**, your `Task1`,
# - **L2&Momentum**, your `Task2`,
# - **SoftMax, L2&Momentum**, both,
# - and both again with a further hidden layer, `[784, 100, 30, 10]`.
#
# The cell makes two trainings of each model and takes about a minute. The
# models with squared error may try two learning rates, 10 and 30. The others
# get one, 1, so no one can say that the baseline was held back. All this is
# little. If you have the time, take `n_trainings=5` and more learning rates.
# The table sorts itself.

# %% tags=["explore"]
results = ModelResults(
    training_data=(x_train, y_train), test_data=(x_test, y_test)
)
for name, model, rates in [
    ("Baseline", Network, (10.0, 30.0)),
    ("SoftMax", Task1, (1.0,)),
    ("L2&Momentum", Task2, (10.0, 30.0)),
    ("SoftMax, L2&Momentum", Task1And2, (1.0,)),
]:
    results.evaluate_model(name, model, learning_rates=rates, n_trainings=2)
results.evaluate_model(
    "SoftMax, L2&Momentum",
    Task1And2,
    layers=(784, 100, 30, 10),
    learning_rates=(1.0,),
    n_trainings=2,
)
results.display_results()

# %% [markdown]
# **What you should see** (on MNIST). Every row is above 94 %. SoftMax is ahead
# of the baseline: by about half a point at the baseline's better learning
# rate, by more than a point at the other. L2 and momentum change little. At
# their defaults they are gentle, and momentum 0.2 mostly makes the steps 1.25
# times as long. The deeper network is ahead of all, by about a point.
#
# On the small digits that stand in for MNIST the order can differ, and the
# spread is much larger: there are too few images to tell the models apart.
#
# **If you do not see it.** A model near 10 % has not learned at all: see the
# sanity checks in section 3. A model with a spread of several points is not
# stable: its learning rate is too large. If two models give the very same
# numbers each time, one of them does not use your code.
#
# One caution. We chose the learning rates by looking at the test images, and
# we watch the test accuracy while training. So the numbers are a little too
# good to be true. A clean experiment chooses on a third set of images, for
# *validation*, and looks at the test set once. A later lab does so.

# %% [markdown]
# ### Which digits does it get wrong?
#
# An accuracy is one number. The mistakes tell more. The next cell trains the
# deeper network once more and shows the test images on which it was most sure
# and wrong. Would you have known?

# %% tags=["explore"]
model = Task1And2((784, 100, 30, 10))
model.train((x_train, y_train), (x_test, y_test), epochs=5, learning_rate=1.0)

outputs = model.feedforward(x_test)
guesses, truth = outputs.argmax(axis=1), y_test.argmax(axis=1)
sure = np.where(guesses == truth, 0, outputs.max(axis=1))
worst = np.argsort(-sure)[:12]

figure, axes = plt.subplots(2, 6, figsize=(9, 3.6))
for axis, i in zip(axes.flat, worst, strict=True):
    axis.imshow(x_test[i].reshape(28, 28), cmap="gray_r")
    axis.set_title(
        f"says {guesses[i]} ({sure[i]:.0%}),\nlabel {truth[i]}", fontsize=9
    )
    axis.axis("off")
figure.suptitle(f"The surest of {np.sum(guesses != truth)} mistakes")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 6. Two questions
#
# A person reads your answers. Short and exact is better than long. Write in
# the cells below.

# %% [markdown] tags=["answer"] name="why_cross_entropy" points=8
# **Question 1** (8 points). An image shows a 7, and the network is sure that
# it does not. Compare what the output for the 7 learns from this image in the
# baseline and in `Task1`. Use the formulas of both gradients over the logit,
# and say what each of their factors does. Then say in one sentence why this
# makes training faster.
#
# ### BEGIN SOLUTION
# In the baseline the gradient over the logit of the 7 is proportional to
# $(a - y)\, a\, (1 - a)$ with $y = 1$. The network is sure that it is no 7, so
# $a \approx 0$. The factor $a - y \approx -1$ is the error, and it is as large
# as it can be. But the factor $a (1 - a)$ is the slope of the sigmoid, and it
# is nearly 0, because the sigmoid is flat there. The product is nearly 0, so
# the output hardly learns from the worst mistake it can make.
#
# In `Task1` the gradient is $p - y \approx -1$. The slope of the softmax has
# cancelled against the $1/p$ from the derivative of the logarithm. Only the
# error is left, so the gradient is largest where the mistake is largest.
#
# Training is faster because badly wrong outputs are corrected at full speed
# from the start, and do not first have to crawl off the flat part.
#
# *Points: 3 for the baseline with both factors, 3 for softmax and why the
# slope is gone, 2 for the consequence.*
# ### END SOLUTION

# %% [markdown] tags=["answer"] name="read_the_table" points=7
# **Question 2** (7 points). Copy your results table here. Name one difference
# between two models that you would rely on, and one that you would not, each
# with a reason from the numbers. Then say what you would measure next, to
# decide about the second.
#
# ### BEGIN SOLUTION
# An example, with two trainings each on MNIST:
#
# | model | lr | accuracy |
# |---|---|---|
# | SoftMax, L2&Momentum[784,100,30,10] | 1 | 97.4% ± 0.2 p.p. |
# | SoftMax | 1 | 96.3% ± 0.2 p.p. |
# | SoftMax, L2&Momentum | 1 | 96.3% ± 0.0 p.p. |
# | Baseline | 30 | 95.7% ± 0.5 p.p. |
# | L2&Momentum | 30 | 95.4% ± 0.2 p.p. |
# | Baseline | 10 | 95.1% ± 0.0 p.p. |
# | L2&Momentum | 10 | 95.1% ± 0.1 p.p. |
#
# I rely on the deeper network being better than the shallow one: the means are
# 1.1 points apart, and neither spread is above 0.2. I do not rely on Baseline
# being better than L2&Momentum at rate 30: the 0.3 points between them are
# less than the spread of 0.5, and a spread of two trainings is a rough guess.
#
# Next I would make more trainings of these two, say ten each, and compare the
# difference of the means with its standard error. Each model should have its
# own best learning rate, chosen on validation images, since momentum also
# lengthens the steps.
#
# *Points: 2 for a difference larger than the spread, 2 for one that is not, 2
# for a measurement that could decide (more trainings, or fair learning rates),
# 1 for the table.*
# ### END SOLUTION

# %% [markdown]
# ## 7. Bonus: other ways to step
#
# The four exercises below are on top of the 100 points. They do not build on
# each other.
#
# ### AdamW
#
# One learning rate for all weights is a compromise: a weight at the rim of the
# image sees a gradient now and then, one in the middle sees it all the time.
# Adam gives each weight its own step size. It keeps two running means of what
# the weight has seen, of the gradient $g$ and of its square:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
#   v \leftarrow \beta_2 v + (1 - \beta_2) g^2$$
#
# Both start at 0, so at first they are too small. After $t$ steps the weights
# in the mean sum to $1 - \beta^t$ and not to 1. Dividing by that sum mends it
# exactly. This is the *bias correction*; the first step has $t = 1$:
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad
#   \hat v = \frac{v}{1 - \beta_2^t}, \qquad
#   w \leftarrow w - \eta \, \frac{\hat m}{\sqrt{\hat v} + \epsilon}$$
#
# The fraction is near 1 in size whether the gradients are large or small. So
# $\eta$ now says how far a weight moves in one step, and 0.001 is a usual
# value.
#
# What of L2? If $\lambda w$ is added to $g$, it goes through the fraction too
# and loses its size: weights with large gradients are hardly pulled at all.
# AdamW pulls outside of the fraction. This is *decoupled* weight decay:
#
# $$w \leftarrow w - \eta \lambda w - \eta \,
#   \frac{\hat m}{\sqrt{\hat v} + \epsilon}$$
#
# Sources: Kingma and Ba, *Adam* (2015), algorithm 1; Loshchilov and Hutter,
# *Decoupled weight decay regularization* (2019), algorithm 2.
#
# > ### Exercise 5 (bonus). `AdamW`
# >
# > **Aim.** A `learning_step` that follows AdamW.
# >
# > **Formula.** The formulas above. $\epsilon$ is added to the root, not
# > under it. Biases take the same steps as weights, but have no weight decay.
# >
# > **Also.** Get the gradients from `self.backprop`. All that is remembered
# > belongs to one model.
# >
# > Difficulty 3 of 5. Importance 4 of 5. About 25 minutes. 8 bonus points.
#
# <details>
# <summary>Hint: the first step divides by zero</summary>
#
# $1 - \beta^t$ is 0 for $t = 0$. Count the step before you use the count.
#
# </details>
# <details>
# <summary>Hint: how large should the first step be?</summary>
#
# After one step $\hat m = g$ and $\hat v = g^2$. So without weight decay every
# parameter moves by the learning rate, against the sign of its gradient. Print
# the step and see.
#
# </details>


# %% tags=["exercise"] name="adamw"
class AdamW(Network):
    """Adam with decoupled weight decay."""

    def __init__(
        self,
        sizes=(784, 30, 10),
        beta1=0.9,
        beta2=0.999,
        eps=1e-8,
        weight_decay=0.01,
    ):
        super().__init__(sizes)
        self.beta1, self.beta2 = beta1, beta2
        self.eps = eps
        self.weight_decay = weight_decay
        ### BEGIN SOLUTION
        parameters = self.weights + self.biases
        self.means = [np.zeros_like(p) for p in parameters]
        self.squares = [np.zeros_like(p) for p in parameters]
        self.steps = 0
        ### END SOLUTION

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        """Move all weights and biases once, as AdamW does."""
        ### BEGIN SOLUTION
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        self.steps += 1
        correction1 = 1 - self.beta1**self.steps
        correction2 = 1 - self.beta2**self.steps
        moves = []
        for i, g in enumerate([*grads_w, *grads_b]):
            m = self.beta1 * self.means[i] + (1 - self.beta1) * g
            v = self.beta2 * self.squares[i] + (1 - self.beta2) * g**2
            self.means[i], self.squares[i] = m, v
            root = np.sqrt(v / correction2)
            moves.append(m / correction1 / (root + self.eps))

        decay = 1 - learning_rate * self.weight_decay
        for i in range(self.num_layers):
            move_w, move_b = moves[i], moves[self.num_layers + i]
            self.weights[i] = decay * self.weights[i] - learning_rate * move_w
            self.biases[i] = self.biases[i] - learning_rate * move_b
        ### END SOLUTION


# %% tags=["check"] name="adamw_check" points=8 bonus=true
class KnownAdamW(AdamW):
    """AdamW with the gradient 0.5 everywhere."""

    def backprop(self, x, y):
        return (
            [np.full_like(w, 0.5) for w in self.weights],
            [np.full_like(b, 0.5) for b in self.biases],
        )


known = KnownAdamW((3, 2), weight_decay=0.0)
start = known.weights[0].copy()
known.learning_step(None, None, learning_rate=0.1)
assert np.allclose(known.weights[0], start - 0.1), (
    "the first step is the learning rate, whatever the size of the gradient"
)
known.learning_step(None, None, learning_rate=0.1)
assert np.allclose(known.weights[0], start - 0.2), (
    "with one and the same gradient all steps are of one size"
)
print("adamw: the asserts in this cell hold.")

# %% [markdown]
# ### Adagrad
#
# Adagrad is older and simpler. It sums the squares of all gradients so far and
# divides by the root of the sum:
#
# $$G \leftarrow G + g^2, \qquad
#   w \leftarrow w - \eta \, \frac{g}{\sqrt{G + \epsilon}}$$
#
# A weight that has seen much takes small steps, a weight that has seen little
# takes large ones. $G$ never shrinks, so the steps get smaller for ever: a
# learning rate schedule that nobody had to write. It is also what ends Adagrad
# in long trainings, and what the running mean in Adam mends.
#
# Source: Duchi, Hazan and Singer, *Adaptive subgradient methods* (2011).
#
# > ### Exercise 6 (bonus). `Adagrad`
# >
# > **Aim.** A `learning_step` that follows Adagrad, for weights and biases.
# >
# > **Formula.** As above, with $G = 0$ before the first step.
# >
# > **Also.** Get the gradients from `self.backprop`.
# >
# > Difficulty 2 of 5. Importance 2 of 5. About 15 minutes. 6 bonus points.
#
# <details>
# <summary>Hint: every step is as long as the first</summary>
#
# Then $G$ holds the last square only. Add to it, and keep it on `self`.
#
# </details>


# %% tags=["exercise"] name="adagrad"
class Adagrad(Network):
    """Steps that shrink with the squares of all gradients so far."""

    def __init__(self, sizes=(784, 30, 10), eps=1e-8):
        super().__init__(sizes)
        self.eps = eps
        ### BEGIN SOLUTION
        self.sums_w = [np.zeros_like(w) for w in self.weights]
        self.sums_b = [np.zeros_like(b) for b in self.biases]
        ### END SOLUTION

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        """Move all weights and biases once, as Adagrad does."""
        ### BEGIN SOLUTION
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        for i in range(self.num_layers):
            self.sums_w[i] = self.sums_w[i] + grads_w[i] ** 2
            self.sums_b[i] = self.sums_b[i] + grads_b[i] ** 2
            root_w = np.sqrt(self.sums_w[i] + self.eps)
            root_b = np.sqrt(self.sums_b[i] + self.eps)
            self.weights[i] = (
                self.weights[i] - learning_rate * grads_w[i] / root_w
            )
            self.biases[i] = (
                self.biases[i] - learning_rate * grads_b[i] / root_b
            )
        ### END SOLUTION


# %% tags=["check"] name="adagrad_check" points=6 bonus=true
class KnownAdagrad(Adagrad):
    """Adagrad with the gradient 2 everywhere."""

    def backprop(self, x, y):
        return (
            [np.full_like(w, 2.0) for w in self.weights],
            [np.full_like(b, 2.0) for b in self.biases],
        )


known = KnownAdagrad((3, 2))
start = known.weights[0].copy()
known.learning_step(None, None, learning_rate=0.1)
assert np.allclose(known.weights[0], start - 0.1), (
    "the first step is the learning rate, whatever the size of the gradient"
)
known.learning_step(None, None, learning_rate=0.1)
assert np.allclose(known.weights[0], start - 0.1 - 0.1 / np.sqrt(2)), (
    "the second of two equal gradients is divided by the root of two squares"
)
print("adagrad: the asserts in this cell hold.")

# %% [markdown]
# The valley again, with your optimizers. AdamW and Adagrad divide each
# direction by the size of its own gradients, so the steep walls no longer
# throw the path about. Then a short race on the digits. Each is joined with
# the softmax network in the way of `Task1And2`.


# %% tags=["explore"]
class AdamWInValley(Valley, AdamW):
    """AdamW, in the valley."""


class AdagradInValley(Valley, Adagrad):
    """Adagrad, in the valley."""


figure, axes = plt.subplots(1, 3, figsize=(10, 2.6))
draw_path(axes[0], MomentumInValley((2, 1), 0.0, 0.6), learning_rate=0.03)
draw_path(axes[1], AdamWInValley((2, 1)), learning_rate=0.3)
draw_path(axes[2], AdagradInValley((2, 1)), learning_rate=1.0)
for axis, name in zip(axes, ("Momentum", "AdamW", "Adagrad"), strict=True):
    axis.set_title(name)
figure.tight_layout()
plt.show()


# %% tags=["explore"]
class SoftMaxAdamW(AdamW, Task1):
    """AdamW steps on the gradients of cross-entropy."""


class SoftMaxAdagrad(Adagrad, Task1):
    """Adagrad steps on the gradients of cross-entropy."""


race = {
    "L2 and momentum, 1": learning_curve(Task1And2(), 1.0, epochs=3),
    "AdamW, 0.01": learning_curve(SoftMaxAdamW(), 0.01, epochs=3),
    "Adagrad, 0.1": learning_curve(SoftMaxAdagrad(), 0.1, epochs=3),
}
plt.figure(figsize=(7, 3))
for name, history in race.items():
    plt.plot(history["loss"], "o-", label=name)
plt.yscale("log")
plt.xlabel("epoch")
plt.xticks(range(4))
plt.ylabel("cross-entropy")
plt.legend(title="optimizer, learning rate")
plt.tight_layout()
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). All three end close together. The rates
# were chosen well for each, and then a network as small as this one leaves
# little to win. It is often said that an adaptive optimizer forgives a rate
# that is chosen badly. Test it: take a third of each rate, then three times
# each, and see which curve minds least.

# %% [markdown]
# ## 8. Bonus: against overfitting
#
# ### Dropout
#
# In each training step, switch off each hidden unit with a probability $p$,
# anew for each image. No unit can then rely on a certain other one being
# there, so each must be of use by itself. When the network is used, all units
# work.
#
# A unit that is there only $1 - p$ of the time must count for more while it
# is. So the *mask* is not made of 0 and 1, but of
#
# $$M_{ni} = \begin{cases} 0 & \text{with probability } p \\
#   1 / (1 - p) & \text{otherwise} \end{cases}$$
#
# Its mean is 1, so the sums in the next layer keep their mean, and
# `feedforward` needs no correction. With $S = \sigma(Z)$, the hidden layers of
# `Task1` become
#
# $$A^{(l)} = S^{(l)} \odot M^{(l)}, \qquad
#   \delta^{(l)} = \bigl(\delta^{(l+1)} W^{(l+1)}\bigr)
#   \odot M^{(l)} \odot S^{(l)} \odot (1 - S^{(l)}) .$$
#
# The mask is a constant factor in the forward pass, so the same factor stands
# in the backward pass. Mind what is what: $A^{(l)}$, the masked one, goes into
# the next layer and into the gradient of its weights. The slope is that of
# $S^{(l)}$.
#
# Source: Srivastava and others, *Dropout* (2014).
#
# > ### Exercise 7 (bonus). `DropoutNetwork`
# >
# > **Aim.** `draw_mask` draws a mask, and `backprop` trains with masks on all
# > hidden layers. Input and output are not masked.
# >
# > **Formula.** As above.
# >
# > **Also.** `backprop` calls `self.draw_mask(shape)` once for each hidden
# > layer, from the first to the last. `feedforward` stays as in `Task1`.
# > Draw from `self.rng`.
# >
# > Difficulty 3 of 5. Importance 3 of 5. About 25 minutes. 9 bonus points.
#
# <details>
# <summary>Hint: what should I compare rng.random() with?</summary>
#
# `self.rng.random(shape)` is below 0.8 with a probability of 0.8. Which of
# your two cases should that be, if `drop_rate` is 0.2?
#
# </details>
# <details>
# <summary>Hint: I have masked the activations that I need unmasked</summary>
#
# Keep three lists in the forward pass: what the sigmoid gave, the masks, and
# the product of both, which goes on.
#
# </details>


# %% tags=["exercise"] name="dropout"
class DropoutNetwork(Task1):
    """The softmax network, with dropout on its hidden layers."""

    def __init__(self, sizes=(784, 30, 10), drop_rate=0.2, seed=None):
        super().__init__(sizes)
        self.drop_rate = drop_rate
        self.rng = np.random.default_rng(seed)

    def draw_mask(self, shape):
        """Return a mask: 0 for dropped units, 1 / (1 - p) for the others."""
        ### BEGIN SOLUTION
        kept = self.rng.random(shape) >= self.drop_rate
        return kept / (1 - self.drop_rate)
        ### END SOLUTION

    def backprop(self, x, y):
        """Return the gradients of the cross-entropy with units dropped."""
        ### BEGIN SOLUTION
        activations = [x]  # what goes into each layer
        slopes, masks = [], []
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            s = sigmoid(activations[-1] @ w.T + b)
            mask = self.draw_mask(s.shape)
            activations.append(s * mask)
            slopes.append(s * (1 - s))
            masks.append(mask)
        logits = activations[-1] @ self.weights[-1].T + self.biases[-1]
        p = softmax(logits, axis=1)

        grads_w = [None] * self.num_layers
        grads_b = [None] * self.num_layers
        delta = (p - y) / len(x)
        for layer in reversed(range(self.num_layers)):
            grads_w[layer] = delta.T @ activations[layer]
            grads_b[layer] = delta.sum(axis=0)
            if layer > 0:
                delta = delta @ self.weights[layer]
                delta = delta * masks[layer - 1] * slopes[layer - 1]
        return grads_w, grads_b
        ### END SOLUTION


# %% tags=["check"] name="dropout_check" points=9 bonus=true
small = DropoutNetwork((6, 5, 3), drop_rate=0.25, seed=3)
mask = small.draw_mask((200, 50))
assert mask.shape == (200, 50), "the mask has the shape that is asked for"
assert np.allclose(mask[mask != 0], 1 / 0.75), (
    "a unit that is kept counts 1 / (1 - drop_rate)"
)
assert abs(mask.mean() - 1) < 0.05, "the mean of a mask is about 1"

never = DropoutNetwork((6, 5, 4, 3), drop_rate=0.0)
batch_x = np.linspace(-1, 1, 7 * 6).reshape(7, 6)
batch_y = np.eye(3)[[0, 2, 1, 1, 0, 2, 2]]
logits = sigmoid(
    sigmoid(batch_x @ never.weights[0].T + never.biases[0])
    @ never.weights[1].T
    + never.biases[1]
)
logits = logits @ never.weights[2].T + never.biases[2]
assert np.allclose(
    never.backprop(batch_x, batch_y)[1][2],
    (softmax(logits) - batch_y).mean(axis=0),
), "with drop_rate 0 the gradients are those without dropout"
print("dropout: the asserts in this cell hold.")

# %% [markdown]
# Does it help? Dropout pays where a network is large for its data. So we take
# 2,000 images only and 200 hidden units, and watch the loss on the images it
# learns from and on others. On MNIST the loss on seen images is higher with
# dropout and the loss on new ones is lower, and one or two per cent more of
# the new images are right.

# %% tags=["explore"]
few = x_train[:2000], y_train[:2000]
others = x_test[:5000], y_test[:5000]
contenders = {
    "without dropout": Task1((784, 200, 10)),
    "with dropout 0.5": DropoutNetwork((784, 200, 10), drop_rate=0.5),
}
plt.figure(figsize=(7, 3.2))
for color, (name, model) in zip(("C0", "C1"), contenders.items(), strict=True):
    seen, new = [], []
    for _ in range(40):
        model.train(few, epochs=1, mini_batch_size=50, learning_rate=0.5)
        seen.append(model.loss(*few))
        new.append(model.loss(*others))
    plt.plot(new, color, label=f"{name}, new images")
    plt.plot(seen, color + ":", label=f"{name}, seen images")
    print(f"{name}: {model.evaluate(*others):.1%} of new images right")
plt.yscale("log")
plt.xlabel("epoch")
plt.ylabel("cross-entropy")
plt.legend(fontsize=8, loc="lower left")
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Augmentation
#
# A 7 that is moved by a pixel, or turned by a few degrees, is a 7. The network
# does not know this unless it sees it. So show it a slightly changed copy of
# each image each time. It is new data for free.
#
# The changes must be small, or a 6 becomes a 9. And what is moved out at one
# side must not come in at the other: paper comes in.
#
# > ### Exercise 8 (bonus). `augment`
# >
# > **Aim.** Return a moved and turned copy of each image.
# >
# > **In detail.** For each image by itself draw an angle from `-max_angle` to
# > `max_angle` degrees, and two shifts, down and to the right, from
# > `-max_shift` to `max_shift` pixels. Turn about the centre of the image. New
# > pixels are 0. Row $n$ of the result belongs to row $n$ of the input, so
# > that the labels still fit. Values stay between 0 and 1.
# >
# > **Also.** All chance comes from the generator `rng` that is handed in. The
# > images that come in must be unchanged afterwards.
# >
# > Difficulty 3 of 5. Importance 3 of 5. About 30 minutes. 7 bonus points.
#
# <details>
# <summary>Hint: is there a function for this?</summary>
#
# `ndimage.rotate` (with `reshape=False`) and `ndimage.shift` do one each, and
# `ndimage.affine_transform` does both at once. Look for `order` and `mode` in
# their documentation: `order=1` interpolates linearly and stays between 0 and
# 1, and `mode` says what comes in from outside.
#
# </details>
# <details>
# <summary>Hint: my digits come in again from the other side</summary>
#
# `np.roll` moves in a circle. Use `ndimage.shift`, or copy a slice into an
# image of zeros.
#
# </details>


# %% tags=["exercise"] name="augment"
def augment(images, rng, max_shift=2, max_angle=10.0):
    """Return moved and turned copies of images, shape (B, 784)."""
    ### BEGIN SOLUTION
    changed = np.empty_like(images)
    centre = np.array([13.5, 13.5])
    for row, image in enumerate(images):
        angle = np.deg2rad(rng.uniform(-max_angle, max_angle))
        shift = rng.integers(-max_shift, max_shift + 1, size=2)
        turn = np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )
        # affine_transform asks where a pixel of the result comes from:
        # from turn @ (pixel - centre - shift) + centre.
        changed[row] = ndimage.affine_transform(
            image.reshape(28, 28),
            turn,
            offset=centre - turn @ (centre + shift),
            order=1,
            mode="constant",
        ).ravel()
    return changed
    ### END SOLUTION


# %% tags=["check"] name="augment_check" points=7 bonus=true
picture = np.zeros((28, 28))
picture[10:18, 12:16] = 1.0
pictures = np.repeat(picture.reshape(1, 784), 20, axis=0)
copies = augment(pictures, np.random.default_rng(5))

assert copies.shape == pictures.shape, "the shape must stay (B, 784)"
assert np.all(pictures == picture.ravel()), "the input must be unchanged"
assert copies.min() >= 0, "values stay between 0 and 1"
assert copies.max() <= 1 + 1e-9, "values stay between 0 and 1"
assert not np.allclose(copies[0], copies[1]), "each image its own change"
still = augment(pictures, np.random.default_rng(5), max_shift=0, max_angle=0)
assert np.allclose(still, pictures), "no shift, no angle: no change"
print("augment: the asserts in this cell hold.")

# %% tags=["explore"]
chosen = [0, 1, 2, 3, 4, 5]
versions = [x_train[chosen]]
versions += [augment(x_train[chosen], rng) for _ in range(5)]

figure, axes = plt.subplots(6, 6, figsize=(6, 6.2))
for row, images in zip(axes, versions, strict=True):
    for axis, image in zip(row, images, strict=True):
        axis.imshow(image.reshape(28, 28), cmap="gray_r")
        axis.set(xticks=[], yticks=[])
axes[0, 0].set_ylabel("as it is")
for axis in axes[1:, 0]:
    axis.set_ylabel("changed")
figure.tight_layout()
plt.show()

# %% [markdown]
# To train with augmentation, change each batch before the step. With 2,000
# images of MNIST it gains one or two percentage points. It also costs time,
# since `augment` handles one image after the other. On the small digits that
# stand in for MNIST it does harm: all of them fill their frame and stand
# upright, so a network gains nothing from knowing moved and turned ones.


# %% tags=["explore"]
class AugmentedTask1(Task1):
    """The softmax network, on new versions of the images in each step."""

    def learning_step(self, x_mini_batch, y_mini_batch, learning_rate):
        changed = augment(x_mini_batch, rng)
        super().learning_step(changed, y_mini_batch, learning_rate)


for name, model in [
    ("as they are", Task1((784, 100, 10))),
    ("augmented", AugmentedTask1((784, 100, 10))),
]:
    model.train(few, epochs=25, mini_batch_size=50, learning_rate=0.5)
    print(f"2,000 images {name}: {model.evaluate(*others):.1%} right")

# %% [markdown]
# ## What to take with you
#
# - A formula that is right can still overflow. Choose the form in which the
#   largest exponent is 0.
# - Choose the loss together with the output. Softmax and cross-entropy fit so
#   well that their joint gradient is $P - Y$.
# - Trust a gradient after you have compared it with differences of the loss.
# - Before a long training, look at the loss at the start, and overfit a small
#   batch.
# - A comparison of models is a comparison of means with their spread.
#
# Before you hand in: restart the kernel, run all cells, and save.
