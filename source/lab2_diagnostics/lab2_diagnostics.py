# %% [markdown]
# # Lab 2. Reading training curves
#
# Training seldom fails with an error message. It fails with a curve: a loss
# that leaps up, or stays where it is, or falls while the network gets worse.
# In this lab you learn to read such curves as a doctor reads a chart. First
# you write a small network and train it too fast, well, and too slowly. Then
# you write a program that names what is wrong with a training it has never
# seen. Then you write three tests that find the cause.
#
# | | Exercise | What you write | Points |
# |---|---|---|---|
# | 1 | `SimpleMLP` | a network with ReLU, in float32 | 24 |
# | 2 | `train_with_lr` | a training that writes down what happens | 14 |
# | 3 | `diagnose` | from the curves to the name of the problem | 18 |
# | 4 | `overfit_one_batch` | is there a mistake in the code? | 10 |
# | 5 | `gradient_norms` | does the gradient reach the first layer? | 12 |
# | 6 | `lr_range_test` | which learning rate? | 8 |
# | | two questions | answers in words | 14 |
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
# cores the whole lab runs in about a minute.
#
# **Check.** A check cell stands below each exercise. Its asserts are examples.
# When you hand in, more checks run, on other shapes, other numbers and other
# trainings. In the feedback you read what each of them looked at, and what it
# saw.
#
# **Each exercise is graded on its own.** The checks of exercises 2 to 6 bring
# networks of their own, so a mistake in exercise 1 costs nothing there. Your
# plots do need your network.
#
# **Hints** are collapsed. Each is named by a difficulty. Open the one that
# sounds like yours, and try again before you open the next.
#
# **Data.** The lab uses MNIST. Without a network it goes on with the small
# digits that come with scikit-learn, and says so. Your numbers will then
# differ from those in the text. Your grade will not.

# %% tags=["given"] name="setup"
import copy
import os
from itertools import pairwise

# Matrices are small in this lab. One thread is fast enough for them, and it
# stays fast while the laptop does other things. NumPy reads this once, when
# it is first imported.
for threads in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{threads}_NUM_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
from course_utils import load_mnist, sigmoid, stable_softmax

# Numbers will overflow in this lab, on purpose. NumPy need not warn each time.
np.seterr(over="ignore", invalid="ignore")

# All chance in this notebook comes from here. Another seed, other numbers.
rng = np.random.default_rng(2)

# %% tags=["given"] name="data"
x_train, y_train, x_test, y_test = load_mnist()

# A target is the number of the digit itself, and not a one-hot row.
few_images = x_train[:5000].astype(np.float32)
few_targets = y_train[:5000].argmax(axis=1)
other_images = x_test[:2000].astype(np.float32)
other_targets = y_test[:2000].argmax(axis=1)

print("to learn from", few_images.shape, few_images.dtype)
print("targets      ", few_targets.shape, "such as", few_targets[:8])
print("to validate  ", other_images.shape)

# %% [markdown]
# We train on 5,000 images only. Every training then takes seconds, so you can
# afford to spoil many of them. The 2,000 others are for *validation*: the
# network never learns from them, so they tell what it does on new images.
#
# ## 1. A network in float32
#
# The network of lab 1 used sigmoids and float64. This one differs in four
# ways, each for a reason that returns later in the lab.
#
# **float32.** Half the memory, and about twice the speed. Seven digits are
# enough, since a gradient from a batch is a rough guess anyway. Every deep
# learning library does so. The price is a smaller range: the largest number is
# about $3 \cdot 10^{38}$, and a training that runs away gets there quickly.
#
# **ReLU.** $\operatorname{relu}(z) = \max(z, 0)$. Its slope is 1 where $z > 0$
# and 0 elsewhere. The sigmoid's slope is at most 1/4, and in a deep network
# such factors multiply. You will measure this in section 5.
#
# **He initialisation.** A sum of $n_\text{in}$ products has a variance that is
# $n_\text{in}$ times as large as that of one product. And ReLU throws away
# half of it. If each layer is to hand on signals as large as it got them, the
# weights must make up for both:
#
# $$w \sim \mathcal{N}\left(0, \frac{2}{n_\text{in}}\right), \qquad
#   \text{standard deviation } \sqrt{2 / n_\text{in}}, \qquad b = 0 .$$
#
# **Class numbers.** A target is the class itself, such as 7. The probability
# of the right class is then one entry of its row, and NumPy picks these
# entries with two index arrays: `p[np.arange(B), targets]`.
#
# The gradients you know from lab 1. For a batch of $B$ images, with $Y$ the
# one-hot form of the targets,
#
# $$\delta^{(L)} = \frac{P - Y}{B}, \qquad
#   \frac{\partial C}{\partial W^{(l)}} = \delta^{(l)\top} A^{(l-1)}, \qquad
#   \frac{\partial C}{\partial b^{(l)}} = \sum_n \delta^{(l)}_n, \qquad
#   \delta^{(l-1)} = \bigl(\delta^{(l)} W^{(l)}\bigr) \odot
#   \bigl[A^{(l-1)} > 0\bigr] .$$
#
# The bracket is the slope of ReLU: 1 where the activation is above 0, and 0
# elsewhere.
#
# Source: He and others, *Delving deep into rectifiers* (2015).
#
# > ### Exercise 1. `SimpleMLP`
# >
# > **Aim.** A network with ReLU in its hidden layers and a softmax output,
# > trained by gradient descent on the mean cross-entropy.
# >
# > **`SimpleMLP(layer_sizes)`** keeps two lists. `weights[l]` has the shape
# > `(n_out, n_in)` and is drawn from `rng` as He says. `biases[l]` has the
# > shape `(n_out,)` and is 0.
# >
# > **`forward(X)`** returns the probabilities, `(B, n_last)`, and keeps what
# > `backward` will need.
# >
# > **`backward(targets, lr)`** belongs to the batch that `forward` saw last.
# > It moves all weights and biases once, by `lr` times their gradient,
# > downhill. `targets` holds one class number for each image.
# >
# > **`predict(X)`** returns the class number of the largest probability of
# > each image, `(B,)`.
# >
# > **Also.** Weights, biases and probabilities are float32, from beginning to
# > end, whatever comes in. What comes in is left as it was, and so are the
# > probabilities that `forward` has returned.
# >
# > Difficulty 3 of 5. Importance 5 of 5. About 40 minutes. 24 points.
#
# <details>
# <summary>Hint: how do I draw float32 numbers?</summary>
#
# `rng.normal(...)` gives float64. `.astype(np.float32)` turns an array into
# float32.
#
# </details>
# <details>
# <summary>Hint: my weights have become float64</summary>
#
# float32 with float64 gives float64. Usually it comes in with the input, or
# with a one-hot matrix from `np.eye`, or with a learning rate that is a NumPy
# number. Print the `dtype` of `delta` and of the gradients, and see where it
# changes.
#
# </details>
# <details>
# <summary>Hint: the last layer is right and the others are not</summary>
#
# All gradients belong to the weights of the forward pass. Do you move the
# weights of a layer before you have gone down through them? And the slope is
# that of the layer you arrive at: `activations[layer]` for the layer below.
#
# </details>
# <details>
# <summary>Hint: why is there no ReLU on the last layer?</summary>
#
# A logit may be negative: it says that a class is unlikely. ReLU would make
# all unlikely classes equal. Softmax is what the last layer ends in.
#
# </details>


# %% tags=["exercise"] name="simple_mlp"
class SimpleMLP:
    """ReLU layers, a softmax output, cross-entropy; all in float32."""

    def __init__(self, layer_sizes):
        self.weights = []
        self.biases = []
        ### BEGIN SOLUTION
        for n_in, n_out in pairwise(layer_sizes):
            w = rng.normal(scale=np.sqrt(2 / n_in), size=(n_out, n_in))
            self.weights.append(w.astype(np.float32))
            self.biases.append(np.zeros(n_out, dtype=np.float32))
        ### END SOLUTION

    def forward(self, X):
        """Return the probabilities, (B, n_last), for images (B, n_in)."""
        ### BEGIN SOLUTION
        a = np.asarray(X, dtype=np.float32)
        self.activations = [a]  # what comes into each layer
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            a = np.maximum(a @ w.T + b, 0)
            self.activations.append(a)
        logits = a @ self.weights[-1].T + self.biases[-1]
        self.probabilities = stable_softmax(logits, axis=1)
        return self.probabilities
        ### END SOLUTION

    def backward(self, targets, lr):
        """Move all weights and biases once; targets are class numbers."""
        ### BEGIN SOLUTION
        lr = np.float32(lr)
        delta = self.probabilities.copy()  # (B, n_last)
        delta[np.arange(len(targets)), targets] -= 1
        delta /= len(targets)
        for layer in reversed(range(len(self.weights))):
            grad_w = delta.T @ self.activations[layer]  # (n_out, n_in)
            grad_b = delta.sum(axis=0)  # (n_out,)
            if layer > 0:
                delta = delta @ self.weights[layer]  # (B, n_in)
                delta = delta * (self.activations[layer] > 0)
            self.weights[layer] = self.weights[layer] - lr * grad_w
            self.biases[layer] = self.biases[layer] - lr * grad_b
        ### END SOLUTION

    def predict(self, X):
        """Return the most probable class of each image, (B,)."""
        ### BEGIN SOLUTION
        return self.forward(X).argmax(axis=1)
        ### END SOLUTION


# %% [markdown]
# The loss is the mean of $-\log p$, where $p$ is the probability of the right
# class. A probability that is stored as 0 counts as $10^{-30}$, so that one
# bad image does not make the mean infinite. If a probability is not a number
# (NaN), then neither is the loss: that is something to know, not to hide.


# %% tags=["given"] name="mean_loss"
def mean_loss(probabilities, targets):
    """Return the mean cross-entropy of rows of probabilities, one number."""
    chances = probabilities[np.arange(len(targets)), targets]
    return float(-np.mean(np.log(np.maximum(chances, 1e-30))))


# %% [markdown]
# ### A gradient test that costs one step
#
# A step against the gradient $g$ changes the weights by $-\eta g$. To first
# order the loss then falls by $\eta |g|^2$, no more and no less. From the
# weights before and after a step you get $g$, and two forward passes give you
# the fall. If fall and forecast differ by more than a few per cent at a small
# $\eta$, the step was not along the gradient. The cell below does this.

# %% tags=["check"] name="simple_mlp_check" points=24
small = SimpleMLP([6, 5, 4, 3])
assert [w.shape for w in small.weights] == [(5, 6), (4, 5), (3, 4)], (
    "weights[l] has the shape (n_out, n_in)"
)
assert [b.shape for b in small.biases] == [(5,), (4,), (3,)], (
    "biases[l] has the shape (n_out,)"
)
wide = SimpleMLP([784, 256, 10])
for w in wide.weights:
    assert 0.9 < w.std() / np.sqrt(2 / w.shape[1]) < 1.1, (
        "the standard deviation of the weights must be sqrt(2 / n_in)"
    )

known = SimpleMLP([2, 2, 2])
known.weights = [np.array([[1, 0], [0, 1]], np.float32)] * 2
chances = known.forward(np.array([[1.0, -5.0], [-1.0, -1.0]]))
assert np.allclose(chances[0], [np.e / (np.e + 1), 1 / (np.e + 1)]), (
    "the hidden layer is a ReLU, the output a softmax of its sums"
)
assert np.allclose(chances[1], 0.5), "ReLU makes 0 of what is negative"
assert chances.dtype == np.float32, "probabilities are float32"

few_x = np.linspace(-1, 1, 7 * 6).reshape(7, 6)
few_y = np.array([0, 2, 1, 1, 0, 2, 2])
small.biases = [np.ones_like(b) for b in small.biases]  # few sums near 0
before = mean_loss(small.forward(few_x), few_y)
start = [p.copy() for p in [*small.weights, *small.biases]]
small.backward(few_y, lr=0.001)
parameters = [*small.weights, *small.biases]
moved = [p - q for p, q in zip(start, parameters, strict=True)]
forecast = sum(np.sum(m**2) for m in moved) / 0.001
fall = before - mean_loss(small.forward(few_x), few_y)
assert all(p.dtype == np.float32 for p in parameters), "all stay float32"
assert 0.9 < fall / forecast < 1.1, (
    f"the loss fell by {fall / forecast:.2f} times the forecast, not by 1"
)
assert small.predict(few_x).shape == (7,), "one class number for each image"
print("simple_mlp: the asserts in this cell hold.")

# %% [markdown]
# ### What the initialisation is for
#
# Send images through ten ReLU layers that were never trained, and look at how
# large the activations are after each. With He's weights they keep their size.
# With half of that they lose it, layer by layer, and with twice as much they
# grow. Ten layers make a factor of $2^{10}$ of it. Note the scale of the axis.

# %% tags=["explore"]
figure, axis = plt.subplots(figsize=(7, 3.2))
for factor, style in ((2.0, "^-"), (1.0, "o-"), (0.5, "v-")):
    deep = SimpleMLP([784] + [256] * 10)
    a, spreads = few_images[:500], []
    for w in deep.weights:
        a = np.maximum(a @ (factor * w).T, 0)
        spreads.append(a.std())
    axis.semilogy(range(1, 11), spreads, style, label=f"{factor:g} times He")
axis.set(xlabel="layer", ylabel="standard deviation", xticks=range(1, 11))
axis.legend()
axis.set_title("Activations of ten untrained ReLU layers")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 2. Three learning rates
#
# A curve can only be read if it was written down. And it must be written down
# in a way that does not mislead:
#
# - *after each epoch, on all images*, and not as a mean over batches while the
#   weights still move;
# - *beginning before the first step*, so that you see where it started. A
#   network that guesses among ten digits has a loss of about
#   $\log 10 \approx 2.3$ and an accuracy of about 10 %;
# - *to the end*, also when the loss has become NaN. A crash or an empty list
#   tells nobody what happened.
#
# > ### Exercise 2. `train_with_lr`
# >
# > **Aim.** Train for `epochs` epochs with learning rate `lr` and return
# > `{"loss": [...], "acc": [...]}`.
# >
# > **In detail.** In each epoch draw a new order of the images from `rng`, and
# > go through it in mini-batches of 64. The last one may be smaller. For each
# > batch call `model.forward(images)` and `model.backward(targets, lr)`.
# > Before the first epoch and after each one, note the loss and the accuracy
# > of *all* images that it trains on. So both lists have `epochs + 1` entries,
# > whatever happens. The accuracy is a share, from 0 to 1.
# >
# > **Also.** Without further arguments a new `SimpleMLP` with the layers 784,
# > 256, 128 and 10 learns the 5,000 images. These lines are given. Use
# > `mean_loss`.
# >
# > Difficulty 2 of 5. Importance 4 of 5. About 20 minutes. 14 points.
#
# <details>
# <summary>Hint: images and targets get out of step</summary>
#
# One order for both: `order = rng.permutation(len(images))`, and then
# `images[chosen]` and `targets[chosen]` with the same `chosen`.
#
# </details>
# <details>
# <summary>Hint: my lists are one entry short</summary>
#
# There are `epochs + 1` moments to look: before the first epoch, and after
# each. A small function that notes both numbers saves you from writing it
# twice.
#
# </details>
# <details>
# <summary>Hint: what is there to do about NaN?</summary>
#
# Nothing, in the simplest program: NaN goes through sums and products without
# an error, and into the list. Mind comparisons, though. `loss > 100` is False
# for NaN, and so is `loss < 100`.
#
# </details>


# %% tags=["exercise"] name="train_with_lr"
def train_with_lr(lr, epochs=20, model=None, images=None, targets=None):
    """Train with mini-batches of 64; return the loss and acc of each epoch.

    Both lists begin before the first step, so they have epochs + 1 entries.
    """
    if model is None:
        model = SimpleMLP([784, 256, 128, 10])
    if images is None:
        images, targets = few_images, few_targets
    history = {"loss": [], "acc": []}
    ### BEGIN SOLUTION

    def note():
        probabilities = model.forward(images)
        right = probabilities.argmax(axis=1) == targets
        history["loss"].append(mean_loss(probabilities, targets))
        history["acc"].append(float(np.mean(right)))

    note()
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images), 64):
            chosen = order[start : start + 64]
            model.forward(images[chosen])
            model.backward(targets[chosen], lr)
        note()
    return history
    ### END SOLUTION


# %% [markdown]
# The check cell hands in a model that does not learn at all. It only writes
# down what is asked of it. Such a stand-in is a good way to test a loop: you
# see what the loop does, and not what the network makes of it.


# %% tags=["given"] name="note_taker"
class NoteTaker:
    """A model that learns nothing and notes what is asked of it."""

    def __init__(self, classes=3, spoiled_after=None):
        self.classes = classes
        self.spoiled_after = spoiled_after  # from that step on all is NaN
        self.batches, self.targets, self.rates = [], [], []

    def forward(self, X):
        self.batch = X
        p = np.full((len(X), self.classes), 1 / self.classes, np.float32)
        if self.spoiled_after is not None:
            p[:] = np.nan if len(self.rates) >= self.spoiled_after else p
        return p

    def backward(self, targets, lr):
        self.batches.append(self.batch[:, 0])
        self.targets.append(np.array(targets))
        self.rates.append(lr)

    def predict(self, X):
        return self.forward(X).argmax(axis=1)


# %% tags=["check"] name="train_with_lr_check" points=14
rows = np.arange(150.0).reshape(150, 1)  # image number n holds the number n
classes = np.arange(150) % 3
note = NoteTaker()
history = train_with_lr(0.5, 2, model=note, images=rows, targets=classes)

assert len(history["loss"]) == 3, "epochs + 1 entries: also before the start"
assert len(history["acc"]) == 3, "epochs + 1 entries: also before the start"
assert np.allclose(history["loss"], np.log(3)), "the loss of guessing among 3"
assert np.allclose(history["acc"], 1 / 3), "the accuracy of guessing among 3"
assert [len(b) for b in note.batches] == [64, 64, 22] * 2, "batches of 64"
assert sorted(np.concatenate(note.batches[:3])) == list(range(150)), (
    "each image once in each epoch"
)
assert all(
    np.array_equal(b % 3, t)
    for b, t in zip(note.batches, note.targets, strict=True)
), "each image keeps its own target"
assert set(note.rates) == {0.5}, "every step is made with lr"

note = NoteTaker(spoiled_after=4)
history = train_with_lr(0.5, 3, model=note, images=rows, targets=classes)
assert len(history["loss"]) == 4, "all epochs are noted, also after NaN"
assert np.isnan(history["loss"][-1]), "a loss that is NaN is noted as NaN"
print("train_with_lr: the asserts in this cell hold.")

# %% [markdown]
# Now the experiment: 10, 0.1 and 0.0001. The first is a hundred times as large
# as the second, and the third is a thousand times as small. What do you
# expect?

# %% tags=["explore"]
histories = {lr: train_with_lr(lr, epochs=20) for lr in (10, 0.1, 0.0001)}

figure, axes = plt.subplots(2, 3, figsize=(10, 4.6), sharex=True, sharey="row")
for column, (lr, history) in zip(axes.T, histories.items(), strict=True):
    column[0].plot(history["loss"], "C3.-")
    for epoch in np.flatnonzero(np.isnan(history["loss"])):
        column[0].plot(epoch, 0.2, "kx")  # a cross where the loss is NaN
    column[0].axhline(np.log(10), color="gray", ls="--", lw=0.8)
    column[0].set_title(f"learning rate {lr:g}")
    column[1].plot(history["acc"], "C0.-")
    column[1].axhline(0.1, color="gray", ls="--", lw=0.8)
    column[1].set(xlabel="epoch", ylim=(0, 1.02), xticks=range(0, 21, 5))
    last = history["loss"][-1], history["acc"][-1]
    print(f"{lr:<7g} loss {last[0]:6.3f}   accuracy {last[1]:6.1%}")
axes[0, 0].set(ylabel="loss", ylim=(0, None))
axes[1, 0].set_ylabel("accuracy")
figure.suptitle("Training images. Dashed: what a network gets that guesses")
figure.tight_layout()
plt.show()

# %% [markdown]
# **What you should see** (on MNIST).
#
# With **0.1** the loss falls to a few hundredths, and 99 % and more of the
# training images are right. It is not smooth at the beginning: this rate is
# not far from too high.
#
# With **0.0001** the loss falls, steadily and hardly at all. Nothing is wrong
# but the speed: what 0.1 does in one epoch takes a thousand epochs.
#
# With **10** you may have expected NaN, and about one training in eight does
# end in it. What you see most often is stranger: a loss between 2.5 and 5 that
# jumps about, and an accuracy of a guess. Epochs are too coarse to see what
# happened. Look at the single steps.

# %% tags=["explore"]
model = SimpleMLP([784, 256, 128, 10])
losses, dead = [], []
for step in range(40):
    rows = np.arange(64 * step, 64 * step + 64) % len(few_images)
    losses.append(
        mean_loss(model.forward(few_images[rows]), few_targets[rows])
    )
    a = few_images
    shares = []
    for w, b in zip(model.weights[:-1], model.biases[:-1], strict=True):
        a = np.maximum(a @ w.T + b, 0)
        shares.append(np.mean(a.max(axis=0) == 0))  # 0 for every image
    dead.append(shares)
    model.backward(few_targets[rows], lr=10)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), sharex=True)
left.plot(losses, "C3.-")
left.axhline(np.log(10), color="gray", ls="--", lw=0.8)
left.set(xlabel="step", ylabel="loss", ylim=(0, None))
for number, shares in enumerate(np.transpose(dead), 1):
    right.plot(shares, ".-", label=f"hidden layer {number}")
right.set(xlabel="step", ylabel="share of dead units", ylim=(-0.02, 1.02))
right.legend(loc="lower right")
figure.suptitle("The first 40 steps with learning rate 10")
figure.tight_layout()
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). One step is enough. The loss leaps from
# 2.4 to 50 and more, close to the largest value that `mean_loss` can give. The
# weights are now so large that the next steps throw everything about. After
# ten steps nearly every hidden unit is *dead*: it is 0 for every image. Its
# slope is 0 too, so no gradient comes through it, and the weights below it
# never move again. A unit does not come back from there. What still learns is
# hardly more than the biases of the last layer. They learn how frequent each
# digit is, and jump about while they do. That is the loss near 2.3.
#
# Such a network looks calm after a few epochs. It had exploded in the first
# second. You will be asked about it at the end.
#
# ## 3. From the curve to the name
#
# Six kinds of training, and how each shows. *Start* is the training loss
# before the first step, which is the first entry.
#
# 1. `"explodes"`: the loss runs away. *Some loss is not a finite number, or
#    the training loss ends above its start.*
# 2. `"barely moves"`: a line that is nearly level, at the loss of guessing.
#    *The training loss ends above 4/5 of its start.*
# 3. `"oscillates"`: up and down like a saw. *The training loss rises by more
#    than a tenth of itself, and does so in at least a fifth of the epochs.*
# 4. `"overfits"`: the two losses part. One falls, the other turns up. *The
#    validation loss ends more than a fifth above its lowest value.*
# 5. `"underfits"`: both losses come down together, and stop high. *The
#    training accuracy ends below 85 %.*
# 6. `"healthy"`: both losses come down together, and low. *None of the above.*
#
# The order matters. A loss that saws up and down will often end above its
# lowest value, so ask for `"oscillates"` before you ask for `"overfits"`. Take
# the first that fits.
#
# None of these numbers is a law of nature. Someone who wrote 3/4 for 4/5 would
# be as right. You may use other thresholds and other quantities: all runs that
# your function is graded on are clear cases.
#
# Below are twelve trainings, two of each kind. They are real: each is a
# network that learned MNIST, with the mistake that stands above its plot. Each
# has four lists, `loss` and `acc` for the training images, `val_loss` and
# `val_acc` for validation. The first entry is from before the first step. The
# next cell holds the numbers, the one after it draws them. Go straight to the
# pictures.

# %% tags=["given"] name="shown_runs"
SHOWN_RUNS = """
explodes: learning rate 10, three hidden layers
loss 2.46 nan nan nan nan nan nan nan nan nan nan
acc .082 .096 .096 .096 .096 .096 .096 .096 .096 .096 .096
val_loss 2.47 nan nan nan nan nan nan nan nan nan nan
val_acc .073 .101 .101 .101 .101 .101 .101 .101 .101 .101 .101
explodes: learning rate 100, no hidden layer
loss 2.42 157 115 84.8 297 83 54.4 7.56 12.2 7.11 119 9.68 35.1
acc .084 .546 .686 .701 .295 .755 .803 .933 .895 .938 .651 .919 .799
val_loss 2.4 173 133 97.6 318 92.8 62.2 19.6 30.4 22.3 138 25.3 48.8
val_acc .084 .524 .668 .667 .308 .741 .78 .888 .844 .876 .622 .869 .751
barely moves: learning rate 0.0001
loss 2.36 2.35 2.33 2.32 2.31 2.3 2.29 2.28 2.27 2.26 2.25 2.24 2.23
acc .12 .124 .129 .133 .138 .144 .149 .154 .158 .164 .171 .178 .184
val_loss 2.32 2.31 2.3 2.29 2.28 2.27 2.26 2.25 2.24 2.23 2.22 2.21 2.2
val_acc .138 .141 .146 .148 .152 .155 .162 .169 .174 .181 .19 .196 .203
barely moves: five sigmoid layers, learning rate 0.05
loss 2.44 2.3 2.31 2.3 2.31 2.31 2.32 2.3 2.3 2.3 2.31 2.31 2.31
acc .1 .162 .11 .107 .096 .099 .092 .107 .11 .1 .1 .1 .098
val_loss 2.43 2.31 2.31 2.31 2.31 2.31 2.31 2.32 2.31 2.31 2.31 2.31 2.31
val_acc .102 .145 .11 .093 .101 .096 .108 .093 .11 .102 .102 .102 .093
oscillates: learning rate 2, no hidden layer
loss 2.4 .428 .772 1.76 .312 2.34 .255 .206 .837 .178 .37 .444 .207
acc .068 .878 .796 .796 .91 .534 .93 .939 .835 .948 .882 .866 .935
val_loss 2.4 .508 .986 1.81 .472 2.6 .433 .402 1.23 .376 .632 .642 .423
val_acc .071 .865 .755 .791 .873 .513 .887 .894 .789 .9 .829 .824 .881
oscillates: learning rate 8, sigmoid
loss 2.48 3.03 .843 1.28 .962 1.2 .294 .251 .302 .258 .191 1.03 .165
acc .093 .347 .711 .601 .734 .723 .923 .927 .905 .925 .945 .818 .954
val_loss 2.47 2.94 .886 1.32 1.13 1.35 .442 .403 .465 .437 .409 1.33 .384
val_acc .108 .337 .706 .598 .694 .696 .877 .892 .872 .884 .889 .775 .896
overfits: 100 images
loss 2.31 1.91 1.32 .782 .416 .21 .115 .044 .025 .014 .0084 .0074 .0024 .0054
  .0014 .00085 .00076 .00077 .00078 .00074 .00062 .00051 .00042 .00036 .00031
  .00028 .00026
acc .13 .44 .7 .85 .93 .97 .98 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
val_loss 2.32 2.14 1.79 1.47 1.24 1.11 1.18 1.33 1.48 1.57 1.7 1.73 1.6 1.65
  1.65 1.67 1.71 1.75 1.79 1.81 1.82 1.82 1.82 1.82 1.82 1.83 1.83
val_acc .138 .295 .487 .544 .605 .653 .633 .634 .625 .633 .628 .642 .668 .667
  .677 .679 .678 .672 .671 .672 .674 .673 .675 .679 .681 .683 .684
overfits: 500 images, three labels in ten wrong
loss 2.37 1.93 1.49 1.32 1.15 1.01 .881 .766 .631 .549 .493 .417 .334 .243 .202
  .178 .134 .133 .114 .077 .055 .05 .041 .045 .035 .028 .022
acc .114 .494 .566 .66 .682 .712 .762 .774 .816 .858 .864 .892 .91 .94 .956
  .954 .978 .978 .986 .994 .996 .996 .996 .998 .996 1 1
val_loss 2.32 1.89 1.3 .948 .917 .961 .993 .929 .937 .991 1.04 1.1 1.13 1.1
  1.07 1.13 1.18 1.2 1.3 1.28 1.24 1.24 1.29 1.3 1.38 1.29 1.35
val_acc .138 .498 .619 .747 .727 .747 .731 .732 .729 .706 .671 .673 .669 .66
  .674 .658 .642 .651 .627 .65 .658 .67 .675 .643 .659 .655 .666
underfits: a hidden layer of 2
loss 2.32 1.96 1.83 1.75 1.7 1.66 1.62 1.6 1.58 1.55 1.53 1.52 1.5
acc .099 .301 .314 .328 .344 .353 .365 .384 .38 .408 .419 .427 .435
val_loss 2.33 1.98 1.87 1.79 1.74 1.7 1.68 1.65 1.64 1.61 1.59 1.58 1.57
val_acc .096 .283 .297 .308 .32 .328 .339 .353 .356 .376 .385 .404 .407
underfits: L2 far too strong
loss 2.42 1.65 1.47 1.43 1.42 1.42 1.42 1.42 1.41 1.41 1.41 1.41 1.41
acc .094 .706 .751 .757 .744 .734 .715 .693 .72 .697 .722 .697 .689
val_loss 2.42 1.67 1.5 1.46 1.45 1.45 1.44 1.45 1.44 1.44 1.44 1.44 1.44
val_acc .091 .7 .744 .743 .733 .712 .7 .681 .699 .676 .701 .679 .664
healthy: learning rate 0.03
loss 2.36 .561 .362 .305 .267 .243 .223 .211 .194 .19 .158 .161 .134
acc .12 .838 .904 .919 .927 .935 .939 .942 .946 .944 .956 .959 .966
val_loss 2.32 .601 .417 .359 .34 .31 .295 .294 .269 .272 .243 .252 .23
val_acc .138 .812 .876 .896 .901 .908 .913 .911 .918 .92 .929 .924 .932
healthy: momentum
loss 2.42 .49 .369 .322 .294 .274 .257 .243 .231 .221 .211 .203 .196
acc .073 .881 .905 .913 .924 .927 .932 .934 .938 .942 .941 .947 .948
val_loss 2.41 .518 .407 .368 .346 .325 .31 .297 .286 .279 .265 .259 .253
val_acc .061 .868 .893 .897 .902 .907 .912 .914 .921 .92 .927 .926 .931
"""


def read_runs(text):
    """Return the runs in a text, each as (kind, note, history)."""
    runs = []
    for line in text.strip().splitlines():
        if ": " in line:
            kind, note = line.split(": ")
            runs.append((kind, note, {}))
            continue
        words = line.split()
        if words[0] in ("loss", "acc", "val_loss", "val_acc"):
            numbers = runs[-1][2].setdefault(words.pop(0), [])
        numbers.extend(float(word) for word in words)
    return runs


shown_runs = read_runs(SHOWN_RUNS)
print(len(shown_runs), "runs; the first begins with loss", end=" ")
print(shown_runs[0][2]["loss"][:4])


# %% tags=["given"] name="draw_run"
def draw_run(axis, history, title):
    """Draw both losses of a run; mark the epochs where one is not finite."""
    for key, style, name in (
        ("loss", "C0.-", "training"),
        ("val_loss", "C1.--", "validation"),
    ):
        values = np.array(history[key])
        axis.plot(values, style, ms=3, label=name)
        for epoch in np.flatnonzero(~np.isfinite(values)):
            axis.plot(epoch, 0.1, "kx", ms=4)
    if np.nanmax(history["loss"]) > 10:
        axis.set_yscale("log")
    else:
        axis.set_ylim(0, 1.15 * np.nanmax(history["loss"]))
    axis.set_title(title, fontsize=8)
    axis.tick_params(labelsize=7)
    axis.xaxis.get_major_locator().set_params(integer=True)


# %% tags=["explore"]
figure, axes = plt.subplots(3, 4, figsize=(11, 7.4), layout="constrained")
for axis, (kind, note, history) in zip(axes.flat, shown_runs, strict=True):
    draw_run(axis, history, f"{kind}\n{note}")
axes[0, 0].legend(fontsize=7)
for axis in axes[-1]:
    axis.set_xlabel("epoch", fontsize=8)
for axis in axes[:, 0]:
    axis.set_ylabel("loss", fontsize=8)
figure.suptitle("Twelve trainings. A cross marks a loss that is not a number")
plt.show()

# %% [markdown]
# Mind the vertical axes before you read the lines. The validation loss that
# overfits does not look dramatic, since the axis must hold the start too. And
# a loss of $10^{9}$ would look calm without the logarithm.
#
# > ### Exercise 3. `diagnose`
# >
# > **Aim.** Return the name of what a training shows, one of the six strings
# > in the list above.
# >
# > **In detail.** `history` is a dictionary of four lists of floats, `loss`,
# > `acc`, `val_loss` and `val_acc`, all of one length. The length differs from
# > run to run, from about 5 entries to about 100. Entries of either loss may
# > be `nan` or `inf`, in any place.
# >
# > **Also.** Only look: the lists must be unchanged afterwards.
# >
# > Difficulty 3 of 5. Importance 5 of 5. About 30 minutes. 18 points.
#
# <details>
# <summary>Hint: an exploded run is called something else</summary>
#
# Every comparison with NaN is False: `nan > 5` and `nan < 5` and even
# `nan == nan`. So ask with `np.isfinite`, and ask first. NaN may stand in any
# place, and a run can end in `inf` that never was NaN.
#
# </details>
# <details>
# <summary>Hint: how do I count how often the loss rises?</summary>
#
# `loss[1:]` and `loss[:-1]` are each entry and the one before it. The mean of
# a comparison of the two is the share of epochs for which it holds.
#
# </details>
# <details>
# <summary>Hint: a healthy run is called oscillating</summary>
#
# A loss of 0.021 after 0.020 has risen, too. Ask for a rise that one can see:
# more than a tenth. And ask how often.
#
# </details>
# <details>
# <summary>Hint: a healthy run is called overfitting</summary>
#
# A network is always a little better on the images it has learned from. A gap
# is normal. What matters is that the validation loss *turns up*: compare its
# last value with its lowest.
#
# </details>
# <details>
# <summary>Hint: an underfitting run is called something else</summary>
#
# It has learned something and can learn no more. So its loss is well below the
# start, and its accuracy well above that of a guess, but not good. Look at the
# *last* training accuracy.
#
# </details>


# %% tags=["exercise"] name="diagnose"
def diagnose(history):
    """Return what a training shows: one of the six names in the list."""
    ### BEGIN SOLUTION
    loss = np.array(history["loss"])
    val_loss = np.array(history["val_loss"])
    if not np.all(np.isfinite(loss)) or not np.all(np.isfinite(val_loss)):
        return "explodes"
    if loss[-1] > loss[0]:
        return "explodes"
    if loss[-1] > 0.8 * loss[0]:
        return "barely moves"
    rises = loss[1:] > 1.1 * loss[:-1]
    if np.mean(rises) >= 0.2:
        return "oscillates"
    if val_loss[-1] > 1.2 * val_loss.min():
        return "overfits"
    if history["acc"][-1] < 0.85:
        return "underfits"
    return "healthy"
    ### END SOLUTION


# %% tags=["check"] name="diagnose_check" points=18
for kind, note, history in shown_runs:
    said = diagnose(history)
    assert said == kind, f"the run with {note} {kind}; you say {said!r}"
print("diagnose: all twelve runs are named as they should be.")

# %% [markdown]
# Twelve of twelve is a good sign, and no proof: your thresholds have seen
# these runs. It is the same with networks and their training images. When you
# hand in, your function meets trainings that it has not seen.
#
# Here are three that you make yourself. The next cell trains small networks,
# one that learns 100 images, one with two hidden units and one that is as it
# should be. What does your function say?


# %% tags=["given"] name="train_and_validate"
def train_and_validate(model, images, targets, lr, steps, looks=20):
    """Train for a number of steps, with batches of at most 32 images.

    Return the history as `diagnose` wants it, with `looks` entries after the
    first. `lr` is a number, or a function of the step.
    """
    history = {"loss": [], "acc": [], "val_loss": [], "val_acc": []}

    def note():
        for prefix, X, wanted in (
            ("", images[:2000], targets[:2000]),
            ("val_", other_images, other_targets),
        ):
            probabilities = model.forward(X)
            right = probabilities.argmax(axis=1) == wanted
            history[prefix + "loss"].append(mean_loss(probabilities, wanted))
            history[prefix + "acc"].append(float(np.mean(right)))

    note()
    for step in range(steps):
        chosen = rng.integers(len(images), size=32)
        model.forward(images[chosen])
        model.backward(targets[chosen], lr(step) if callable(lr) else lr)
        if (step + 1) % (steps // looks) == 0:
            note()
    return history


# %% tags=["explore"]
attempts = {
    "100 images": train_and_validate(
        SimpleMLP([784, 64, 10]),
        few_images[:100],
        few_targets[:100],
        0.2,
        4000,
    ),
    "two hidden units": train_and_validate(
        SimpleMLP([784, 2, 10]), few_images, few_targets, 0.02, 4000
    ),
    "as it should be": train_and_validate(
        SimpleMLP([784, 64, 10]), few_images, few_targets, 0.03, 4000
    ),
}

figure, axes = plt.subplots(1, 3, figsize=(10, 2.9), layout="constrained")
for axis, (name, history) in zip(axes, attempts.items(), strict=True):
    draw_run(axis, history, f"{name}\nyou say: {diagnose(history)}")
    axis.set_xlabel("look, every 200 steps", fontsize=8)
    print(
        f"{name:17} training {history['acc'][-1]:.1%}, "
        f"validation {history['val_acc'][-1]:.1%}"
    )
axes[0].set_ylabel("loss", fontsize=8)
axes[0].legend(fontsize=7)
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). The first network soon knows its 100
# images by heart. It has about six in ten of the new ones right, and its
# validation loss turns up at once. The second gets stuck below 60 %. The third
# has nothing wrong with it. If you train them again, or with other numbers,
# you will meet borderline cases: a validation loss that has turned up by a
# tenth, say. Then two people may give two names, and both are right.
#
# ### From the name to a cure
#
# A name is not a cause. A loss that barely moves can be a learning rate that
# is too low, or a gradient that never arrives, or a mistake in the code. The
# next three sections are tests that tell such causes apart.
#
# ## 4. Is there a mistake in the code? Overfit one batch
#
# Take 32 images and train on these alone, again and again. Any network that is
# large enough can learn 32 images by heart. The loss must come down to nearly
# 0 and the accuracy up to 100 %. If it does not, then do not turn the learning
# rate, do not add layers, do not collect data: look for the mistake.
#
# The test takes a second. Make it before every long training.
#
# > ### Exercise 4. `overfit_one_batch`
# >
# > **Aim.** Train a model on its first 32 images and say whether it can learn
# > them by heart. Return `(losses, passed)`.
# >
# > **In detail.** If more than 32 images come in, take the first 32. Make
# > `steps` steps with `lr`, each on this one batch: `model.forward(x)`, then
# > `model.backward(y, lr)`. `losses` holds the loss before the first step and
# > after each step, so `steps + 1` numbers. `passed` is True if the last loss
# > is below 0.1 and every one of these images is right in the end, otherwise
# > False.
# >
# > **Also.** The model that comes in is the one that is trained. A loss that
# > is NaN is a failure, not an error.
# >
# > Difficulty 2 of 5. Importance 5 of 5. About 15 minutes. 10 points.
#
# <details>
# <summary>Hint: I have only steps losses</summary>
#
# The loss that you compute before each step misses the one after the last.
# Look once more after the loop.
#
# </details>
# <details>
# <summary>Hint: a model that gives NaN passes</summary>
#
# `not loss > 0.1` is True for NaN. Ask for what you want to see: a loss that
# is below 0.1.
#
# </details>


# %% tags=["exercise"] name="overfit_one_batch"
def overfit_one_batch(model, x, y, lr=0.1, steps=200):
    """Train on the first 32 images only; return (losses, passed)."""
    ### BEGIN SOLUTION
    x, y = x[:32], y[:32]
    losses = []
    for _ in range(steps):
        losses.append(mean_loss(model.forward(x), y))
        model.backward(y, lr)
    probabilities = model.forward(x)
    losses.append(mean_loss(probabilities, y))
    all_right = np.all(probabilities.argmax(axis=1) == y)
    return losses, bool(losses[-1] < 0.1 and all_right)
    ### END SOLUTION


# %% tags=["check"] name="overfit_one_batch_check" points=10
rows = np.arange(50.0).reshape(50, 1)
note = NoteTaker()
losses, passed = overfit_one_batch(
    note, rows, np.arange(50) % 3, 0.25, steps=5
)
assert len(losses) == 6, "before the first step, and after each of five"
assert np.allclose(losses, np.log(3)), "the loss of guessing among 3"
assert not passed, "a model that guesses does not pass"
assert len(note.batches) == 5, "five steps"
assert all(np.array_equal(b, np.arange(32)) for b in note.batches), (
    "each step is made on the first 32 images"
)
assert set(note.rates) == {0.25}, "every step is made with lr"

note = NoteTaker(spoiled_after=2)
losses, passed = overfit_one_batch(
    note, rows, np.arange(50) % 3, 0.25, steps=4
)
assert not passed, "NaN does not pass"
print("overfit_one_batch: the asserts in this cell hold.")

# %% [markdown]
# Now try it on your network, and on three that have a mistake in them. Each is
# a subclass of `SimpleMLP`, so if yours is right, the mistake is the one that
# stands in its name.


# %% tags=["explore"]
class AllWeightsZero(SimpleMLP):
    """It starts with weights of 0."""

    def __init__(self, layer_sizes):
        super().__init__(layer_sizes)
        self.weights = [np.zeros_like(w) for w in self.weights]


class Uphill(SimpleMLP):
    """It follows the gradient instead of going against it."""

    def backward(self, targets, lr):
        super().backward(targets, -lr)


class ReluOnLogits(SimpleMLP):
    """Its logits go through ReLU, and backward knows nothing of it."""

    def forward(self, X):
        logits = np.log(np.maximum(super().forward(X), 1e-30))
        logits = np.maximum(logits + 2.3, 0)  # log p, 0 for a guess
        self.probabilities = stable_softmax(logits, axis=1)
        return self.probabilities


figure, axes = plt.subplots(1, 4, figsize=(11, 2.7), sharey=True)
for axis, kind in zip(
    axes, (SimpleMLP, AllWeightsZero, Uphill, ReluOnLogits), strict=True
):
    losses, passed = overfit_one_batch(
        kind([784, 64, 10]), few_images, few_targets, lr=0.1, steps=200
    )
    axis.semilogy(losses)
    axis.axhline(0.1, color="gray", ls="--", lw=0.8)
    axis.set_title(f"{kind.__name__}\n{'passed' if passed else 'failed'}")
    axis.set(xlabel="step", ylim=(0.005, 100))
axes[0].set_ylabel("loss on 32 images")
figure.tight_layout()
plt.show()

# %% [markdown]
# **What you should see.** Your network passes within some dozen steps. With
# all weights 0 every hidden unit is 0, and so is every gradient but that of
# the last biases: the loss stops just above 2. Uphill, the loss grows to the
# largest value that `mean_loss` gives. The last one comes down at first and
# gets stuck.
#
# The test has a blind spot. Shuffle the targets of the 32 images, so that they
# are all wrong, and your network will learn these by heart too. What passes
# can learn. Whether it learns the right thing, only new images tell.
#
# ## 5. Does the gradient arrive? Gradient norms
#
# A gradient is handed down from layer to layer. On the way, each layer
# multiplies it by its weights and by the slope of its activation. If each such
# factor is around 1/4, then after eight layers $4^{-8}$ is left, about
# 0.000015. The last layers learn, and the first stay as they were drawn. This
# is a *vanishing gradient*. The loss barely moves, and a higher learning rate
# does not help: it would throw the last layers about before the first ones
# move at all.
#
# You cannot see this in a loss curve. You can see it if you measure the length
# of the gradient of each layer,
#
# $$\bigl\|\partial C / \partial W^{(l)}\bigr\|
#   = \sqrt{\textstyle\sum_{ij}
#   \bigl(\partial C / \partial W^{(l)}_{ij}\bigr)^2} .$$
#
# > ### Exercise 5. `gradient_norms`
# >
# > **Aim.** Return a list with the length of the gradient of the weights of
# > each layer, from the first layer to the last.
# >
# > **In detail.** `weights[l]`, `(n_out, n_in)`, and `biases[l]`, `(n_out,)`,
# > are those of a network whose hidden layers end in ReLU or in the sigmoid:
# > `activation` is `"relu"` or `"sigmoid"`. The output is a softmax, and the
# > loss the mean cross-entropy of the batch `x`, `(B, n_first)`, with class
# > numbers `targets`.
# >
# > **Formula.** As in exercise 1. For the sigmoid the slope is $a (1 - a)$ in
# > place of $[a > 0]$.
# >
# > **Also.** Nothing that comes in may be changed.
# >
# > Difficulty 3 of 5. Importance 4 of 5. About 25 minutes. 12 points.
#
# <details>
# <summary>Hint: how do I begin?</summary>
#
# With a copy of your `forward` and `backward`, without the step. Then put a
# question about `activation` in the two places where ReLU shows: where it is
# applied, and where its slope is taken.
#
# </details>
# <details>
# <summary>Hint: the numbers are right and in the wrong order</summary>
#
# The backward pass meets the last layer first. The list begins with the first
# layer.
#
# </details>


# %% tags=["exercise"] name="gradient_norms"
def gradient_norms(weights, biases, x, targets, activation="relu"):
    """Return the length of the gradient of each layer's weights, a list."""
    ### BEGIN SOLUTION
    activations = [x]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        z = activations[-1] @ w.T + b
        a = np.maximum(z, 0) if activation == "relu" else sigmoid(z)
        activations.append(a)
    logits = activations[-1] @ weights[-1].T + biases[-1]
    delta = stable_softmax(logits, axis=1)
    delta[np.arange(len(x)), targets] -= 1
    delta /= len(x)

    norms = []
    for layer in reversed(range(len(weights))):
        norms.insert(0, float(np.linalg.norm(delta.T @ activations[layer])))
        if layer > 0:
            a = activations[layer]
            slope = a > 0 if activation == "relu" else a * (1 - a)
            delta = delta @ weights[layer] * slope
    return norms
    ### END SOLUTION


# %% tags=["check"] name="gradient_norms_check" points=12
batch_x = np.array([[1.0, 2.0], [0.0, -2.0]])
batch_y = np.array([0, 1])
one = [np.zeros((2, 2))], [np.zeros(2)]
assert np.allclose(gradient_norms(*one, batch_x, batch_y), [np.sqrt(2.125)]), (
    "delta is (P - Y) / 2 here, with entries of 1/4: work it out by hand"
)

eyes = [np.eye(2), np.eye(2), np.eye(2)], [np.zeros(2)] * 3
first = gradient_norms(*eyes, batch_x[:1], batch_y[:1], "relu")
# The softmax of (1, 2), less the one-hot (1, 0):
delta = np.array([-np.e, np.e]) / (1 + np.e)
assert len(first) == 3, "one number for each layer"
assert np.allclose(first, np.linalg.norm(delta) * np.sqrt(5)), (
    "with weights of one and positive sums ReLU hands all of it down"
)
bent = gradient_norms(*eyes, batch_x[:1], batch_y[:1], "sigmoid")
assert bent[0] < bent[1] < bent[2], (
    "the sigmoid weakens it from layer to layer"
)
print("gradient_norms: the asserts in this cell hold.")

# %% [markdown]
# Now measure. Four networks with eight hidden layers of 64 units, none of them
# trained. Two with sigmoids, two with ReLU, and with ReLU once the weights
# that He suggests, and once weights of half that size.


# %% tags=["explore"]
def deep_network(spread, sizes=(784,) + (64,) * 8 + (10,)):
    """Return weights with standard deviation spread(n_in), and biases."""
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    weights = [rng.normal(scale=spread(s[1]), size=s) for s in shapes]
    return weights, [np.zeros(s[0]) for s in shapes]


def he(n_in):
    """Return the standard deviation that He suggests."""
    return np.sqrt(2 / n_in)


batch = few_images[:256].astype(float), few_targets[:256]
plt.figure(figsize=(7, 3.4))
for name, spread, activation, style in [
    ("ReLU, He", he, "relu", "C0o-"),
    ("ReLU, half of He", lambda n: he(n) / 2, "relu", "C0v--"),
    ("sigmoid, 1 / sqrt(n)", lambda n: 1 / np.sqrt(n), "sigmoid", "C3o-"),
    ("sigmoid, He", he, "sigmoid", "C3v--"),
]:
    norms = gradient_norms(*deep_network(spread), *batch, activation)
    plt.semilogy(range(1, 10), norms, style, label=name)
    print(f"{name:21} last layer / first layer: {norms[-1] / norms[0]:10.1f}")
plt.xlabel("layer, from the input to the output")
plt.ylabel("length of the gradient")
plt.xticks(range(1, 10))
plt.legend()
plt.title("Does the gradient reach the first layer?")
plt.tight_layout()
plt.show()

# %% [markdown]
# **What you should see.** With ReLU and He's weights the line is level: every
# layer gets its share. With sigmoids it falls by about the same factor from
# layer to layer, by three or four powers of ten in all. Other weights make it
# better or worse and do not mend it, since the slope is never above 1/4. ReLU
# with weights that are too small does not lose the gradient on the way. It is
# small everywhere, because what comes *forward* has nearly vanished: two
# causes, and two pictures.
#
# ## 6. Which learning rate? A range test
#
# Take one model and raise the learning rate after every step, from far too low
# to far too high. Note the loss at each. At first nothing happens. Then the
# loss begins to fall. Then it turns up and runs away. In a hundred steps you
# have seen all the learning rates there are.
#
# A good one lies *well below* the turn. Where the loss is lowest, the rate is
# too high already: what you see there was won by the smaller rates before it.
# Two rules are common. Take the rate at the lowest loss and divide it by 10.
# Or take the rate at which the loss falls most steeply.
#
# Source: Smith, *Cyclical learning rates for training neural networks* (2017).
#
# > ### Exercise 6. `lr_range_test`
# >
# > **Aim.** Try the learning rates in `rates`, which grow, and pick a good
# > one. Return `{"lr": [...], "loss": [...], "best": ...}`.
# >
# > **In detail.** For each rate in turn take the next `batch_size` images,
# > and begin again at the first when there are too few left. Note the rate and
# > the loss of the batch, and then make one step with this rate. Stop when the
# > loss that you have noted is not finite, or is more than four times the
# > smallest before it: no step is made any more. Both lists end with that rate
# > and that loss.
# >
# > **`best`** is a rate below the one at which the loss was lowest, and not
# > less than a hundredth of it. Both rules above do.
# >
# > **Also.** The test spoils a model, so work with `copy.deepcopy(model)`. The
# > one that comes in must be as it was.
# >
# > Difficulty 3 of 5. Importance 4 of 5. About 20 minutes. 8 points.
#
# <details>
# <summary>Hint: best is a rate at which everything has blown up</summary>
#
# The last loss may be NaN, and `np.argmin` takes NaN for the smallest of all.
# `np.nanargmin` passes over it. Or leave the last entry out.
#
# </details>
# <details>
# <summary>Hint: the test does not stop at NaN</summary>
#
# `nan > 4 * smallest` is False. Ask with `np.isfinite` too.
#
# </details>


# %% tags=["exercise"] name="lr_range_test"
def lr_range_test(model, images, targets, rates, batch_size=64):
    """Raise the learning rate from step to step; pick a good one."""
    ### BEGIN SOLUTION
    model = copy.deepcopy(model)
    losses = []
    start = 0
    for lr in rates:
        if start + batch_size > len(images):
            start = 0
        batch = slice(start, start + batch_size)
        start += batch_size
        loss = mean_loss(model.forward(images[batch]), targets[batch])
        losses.append(loss)
        if not np.isfinite(loss) or loss > 4 * min(losses):
            break
        model.backward(targets[batch], lr)
    tried = [float(lr) for lr in rates[: len(losses)]]
    best = tried[int(np.nanargmin(losses))] / 10
    return {"lr": tried, "loss": losses, "best": best}
    ### END SOLUTION


# %% tags=["check"] name="lr_range_test_check" points=8
rows = np.arange(100.0).reshape(100, 1)
note = NoteTaker()
sweep = lr_range_test(
    note, rows, np.arange(100) % 3, [0.001, 0.01, 0.1, 1.0], batch_size=40
)
assert list(sweep["lr"]) == [0.001, 0.01, 0.1, 1.0], "all rates were tried"
assert np.allclose(sweep["loss"], np.log(3)), "one loss for each rate"
assert note.batches == [], "the model that comes in is not used: copy it"

note = NoteTaker(spoiled_after=2)
sweep = lr_range_test(
    note, rows, np.arange(100) % 3, [0.001, 0.01, 0.1, 1.0], batch_size=40
)
assert list(sweep["lr"]) == [0.001, 0.01, 0.1], (
    "the test ends at the first NaN"
)
assert np.isnan(sweep["loss"][-1]), "the loss that ends it is in the list"
assert 1e-5 <= sweep["best"] <= 0.01, "best is no rate that gave NaN"
print("lr_range_test: the asserts in this cell hold.")

# %% [markdown]
# Try it on the network of section 2, and then train with what it picks, beside
# a third of it and three times as much. The axis of the left plot is
# logarithmic: learning rates are compared by factors.

# %% tags=["explore"]
rates = np.logspace(-5, 2, 140)
sweep = lr_range_test(
    SimpleMLP([784, 256, 128, 10]), few_images, few_targets, rates
)
best = sweep["best"]
print(f"picked: {best:.3g}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
left.plot(sweep["lr"], sweep["loss"], lw=1)
left.axvline(best, color="C2", ls="--", label=f"picked: {best:.2g}")
left.set(xscale="log", xlabel="learning rate", ylabel="loss", ylim=(0, 6))
left.legend(loc="upper left")
left.set_title("Range test, one step for each rate")
for lr, style in ((best / 3, "C0v-"), (best, "C2o-"), (3 * best, "C3^-")):
    history = train_with_lr(lr, epochs=5)
    right.plot(history["loss"], style, label=f"{lr:.2g}")
right.set(xlabel="epoch", ylabel="loss", ylim=(0, None), xticks=range(6))
right.legend(title="learning rate")
right.set_title("Training")
figure.tight_layout()
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). The loss stays level up to about 0.01,
# falls, turns up between 0.1 and 0.3, and leaps out of the plot before 1. The
# pick is about 0.02. It learns smoothly. Three times as much gets there
# sooner and begins to shake, and a third is slow. So the test finds the right
# *size* of a learning rate, on the safe side, and does so in a second.
#
# ## 7. Cures
#
# The last experiment. On the left a learning rate that is too high: once as it
# is, once halved every 400 steps, once a fifth from the start. On the right a
# network that overfits 200 images: as it is, with L2, and with ten times as
# many images. The dot marks where early stopping would have stopped: at the
# lowest validation loss.


# %% tags=["explore"]
class WithL2(SimpleMLP):
    """Shrinks its weights in each step, as L2 with a factor of 0.01 does."""

    def backward(self, targets, lr):
        super().backward(targets, lr)
        self.weights = [np.float32(1 - 0.01 * lr) * w for w in self.weights]


def halved(step):
    """Return a learning rate that is halved every 400 steps."""
    return 1.0 * 0.5 ** (step // 400)


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
for name, lr in (("1.0", 1.0), ("1.0, halved", halved), ("0.2", 0.2)):
    history = train_and_validate(
        SimpleMLP([784, 64, 10]), few_images, few_targets, lr, 3000, looks=30
    )
    left.plot(range(0, 3001, 100), history["loss"], label=name)
left.set(xlabel="step", ylabel="training loss", ylim=(0, 2))
left.legend(title="learning rate")

for name, kind, count in (
    ("200 images", SimpleMLP, 200),
    ("with L2", WithL2, 200),
    ("2,000 images", SimpleMLP, 2000),
):
    history = train_and_validate(
        kind([784, 64, 10]),
        few_images[:count],
        few_targets[:count],
        0.1,
        6000,
        looks=60,
    )
    losses = history["val_loss"]
    (line,) = right.plot(range(0, 6001, 100), losses, label=name)
    lowest = int(np.argmin(losses))
    right.plot(100 * lowest, losses[lowest], "o", color=line.get_color())
    print(
        f"{name:13} validation: lowest {losses[lowest]:.2f}, "
        f"last {losses[-1]:.2f}, accuracy {history['val_acc'][-1]:.1%}"
    )
right.set(xlabel="step", ylabel="validation loss", ylim=(0, 1.4))
right.legend()
figure.tight_layout()
plt.show()

# %% [markdown]
# **What you should see** (on MNIST). A learning rate that falls ends the saw.
# One that was low enough from the start never begins it, and comes out lowest.
# The validation loss of 200 images turns up after the first look and goes on
# rising. L2 holds it where it was lowest. More images help most, by far: with
# 2,000 it is half as high, though it turns up in the end as well. Early
# stopping costs nothing. It keeps the lowest value, and cannot lower it. (On
# the small digits that stand in for MNIST a rate of 1.0 kills the network, and
# its curves lie above the plot.)
#
# ### Quick reference
#
# | Symptom | Cause | Fix |
# |---|---|---|
# | one batch cannot be learned | a mistake in the code | find it first |
# | loss leaps up, NaN, dead units | rate far too high | divide by 10 to 100 |
# | loss barely moves | rate far too low | multiply by 10 to 100 |
# | the same, first gradients tiny | they vanish | ReLU, He, less deep |
# | loss saws up and down | rate too high | divide by 2 to 10, or lower it |
# | the same, at a low rate | batches too small | larger batches |
# | validation loss turns up | too few images | more data, L2, dropout, stop |
# | both losses stop high | network too small | more units, less L2 |
#
# Read it from the top. A mistake in the code can look like any line of it, so
# overfit one batch first.

# %% [markdown]
# ## 8. Two questions
#
# A person reads your answers. Short and exact is better than long. Write in
# the cells below.

# %% [markdown] tags=["answer"] name="calm_after_the_explosion" points=7
# **Question 1** (7 points). With learning rate 10 most trainings end near the
# loss of guessing, and none of their losses is NaN. A friend sees only the
# last ten epochs of such a curve, says "it barely moves, the learning rate is
# too low", and multiplies it by ten. Say what happened to the network in its
# first steps, with what you saw in your plots. Say why no learning rate can
# help *this* network any more. Then name one thing your friend could have
# looked at to tell the two cases apart, and the right cure.
#
# ### BEGIN SOLUTION
# In the first step the loss leapt from 2.4 to about 50: the step was so long
# that the weights became hundreds of times too large. In the next steps the
# sums of the hidden units were thrown far below 0. In the plot the share of
# dead units goes to nearly 1 in both layers within ten steps: such a unit is 0
# for every image.
#
# ReLU has the slope 0 there, so the gradient of all weights that lead to a
# dead unit is exactly 0. A learning rate multiplies a gradient, and any number
# times 0 is 0. Only the biases of the last layer can learn, and all they can
# learn is how frequent the digits are. Hence a loss near 2.3 and 10 % right.
#
# To tell them apart: the first steps (a leap, against a level line), or the
# share of dead units, or the gradient norms of the early layers (exactly 0,
# against small), or that the loss jumps, where one with too low a rate falls
# smoothly. Cure: draw new weights and begin anew with a learning rate that is
# 10 to 100 times smaller.
#
# *Points: 2 for the leap and the dead units with something seen in the plots,
# 2 for the slope of 0 that no learning rate changes, 2 for a look that tells
# the cases apart, 1 for new weights and a lower rate.*
# ### END SOLUTION

# %% [markdown] tags=["answer"] name="three_causes_one_curve" points=7
# **Question 2** (7 points). You are given a network with ten hidden layers
# and its loss curve: after 20 epochs the loss is still 2.29. Name three causes
# that this lab has shown you, and for each a test of this lab, what it would
# show if this were the cause, and the cure. In which order do you make the
# tests, and why?
#
# ### BEGIN SOLUTION
# 1. *A mistake in the code.* `overfit_one_batch`: it fails, also at learning
#    rates that are known to be good. Cure: find it, for instance by comparing
#    the fall of the loss with its forecast.
# 2. *A gradient that vanishes.* `gradient_norms`: those of the first layers
#    are smaller than those of the last by powers of ten, on a straight line in
#    the logarithmic plot. Cure: ReLU and He initialisation, or fewer layers.
# 3. *A learning rate that is far too low.* `lr_range_test`: the loss is still
#    level at the rate in use and begins to fall at rates that are 10 to 100
#    times higher. Cure: multiply it by that.
#
# Dead units after an explosion are a fourth cause: the curve begins with a
# leap and the norms are exactly 0.
#
# The order: first the batch, since a mistake can look like anything, and no
# other result can be trusted before. A failure there can also come from a
# vanishing gradient, so the norms come next: they take one batch and no
# training. The range test last, since with a wrong or vanishing gradient there
# is no good learning rate to be found.
#
# *Points: 2 for each cause with its test, its finding and its cure, 1 for an
# order with a reason.*
# ### END SOLUTION

# %% [markdown]
# ## What to take with you
#
# - Write the loss down, from before the first step, for training and for
#   validation. A curve that was not noted cannot be read.
# - Look at the axis before you look at the line.
# - NaN is an answer. Every comparison with it is False.
# - A name is not a cause. Overfit one batch, measure the gradients, sweep the
#   learning rate: three tests of a second each.
# - A learning rate is a power of ten first, and a number later.
#
# Before you hand in: restart the kernel, run all cells, and save.
