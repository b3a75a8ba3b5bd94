# %% [markdown]
# # Lab 3. Training a better network
#
# A plain network of three hidden layers, trained for some epochs, reads about
# 97 digits in a hundred. To get further you need not invent a new kind of
# network. You need to train the one you have with more care. In this lab you
# write the five tools that such care is made of, put them together, and
# measure what each of them is worth.
#
# | | Exercise | What you write | Points |
# |---|---|---|---|
# | 1 | `improved_mlp` | a network with batch normalisation and dropout | 18 |
# | 2 | `augmenter` | new training images out of old ones | 20 |
# | 3 | `cosine` | a learning rate that falls, and starts anew | 14 |
# | 4 | `early_stopping` | the end of training, at the right time | 18 |
# | 5 | `pipeline` | the training loop that joins them | 18 |
# | | two questions | answers in words | 12 |
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
# cores the whole lab runs in about two minutes. Most of that is training, in
# section 6.
#
# **Check.** A check cell stands below each exercise. Its asserts are examples.
# When you hand in, more checks run, on other shapes and other numbers. In the
# feedback you read what each of them looked at, and what it saw.
#
# **Each exercise is graded on its own.** The checks of the training loop, for
# instance, bring a network, a schedule and a stopping rule of their own. So a
# mistake in one exercise does not take points from the next.
#
# **Hints** are collapsed. Each is named by a difficulty. Open the one that
# sounds like yours, and try again before you open the next.
#
# **Data.** The lab uses MNIST. Without a network connection it goes on with
# the small digits that come with scikit-learn, and says so. Your numbers will
# then differ from those in the text. Your grade will not.

# %% tags=["given"] name="setup"
import math
import os
import time

# One thread is fast enough for these matrices, and it stays fast while the
# laptop does other things. NumPy reads this once, when it is first imported.
for threads in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{threads}_NUM_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
from course_utils import (
    SGD,
    Adam,
    BatchNorm1d,
    CrossEntropyLoss,
    DataLoader,
    Dropout,
    Linear,
    Module,
    ReLU,
    Sequential,
    Tensor,
    get_generator,
    load_mnist,
    no_grad,
    set_seed,
)
from scipy import ndimage

# All chance in this notebook comes from here. Another seed, other numbers.
set_seed(3)

# %% tags=["given"] name="data"
x_all, y_all, x_test, y_test = load_mnist()
x_all, x_test = x_all.astype(np.float32), x_test.astype(np.float32)
y_all, y_test = y_all.argmax(axis=1), y_test.argmax(axis=1)

# One image in six is kept for validation, and is never trained on.
held_out = len(x_all) // 6
x_valid, y_valid = x_all[:held_out], y_all[:held_out]
x_train, y_train = x_all[held_out:], y_all[held_out:]

print("to train on   ", x_train.shape, x_train.dtype)
print("to validate on", x_valid.shape)
print("to test on    ", x_test.shape)

# %% [markdown]
# There are three sets, and each has one use. The network learns from the
# **training** images. You look at the **validation** images as often as you
# like, to choose a setting or the moment to stop. You look at the **test**
# images once, at the very end. Only then is the last number honest. The
# question at the end of the lab comes back to this.
#
# ### Where the numbers and the layers come from
#
# From here on the gradients are the library's business. A `Tensor` holds an
# array and remembers how it was computed, so that `loss.backward()` puts a
# gradient into each parameter. An optimizer then moves the parameters. One
# training step is three lines. Look at it once in full:

# %% tags=["explore"]
layer = Linear(784, 10)
optimizer = SGD(layer.parameters(), lr=0.5)
loss_fn = CrossEntropyLoss()
for step in range(5):
    logits = layer(Tensor(x_train[:200]))  # (200, 10)
    loss = loss_fn(logits, y_train[:200])  # one number; targets are classes
    optimizer.zero_grad()  # forget the gradients of the step before
    loss.backward()  # into layer.weight.grad and layer.bias.grad
    optimizer.step()  # move the weights against them
    print(f"step {step}  loss {loss.item():.3f}")

# %% [markdown]
# `CrossEntropyLoss` takes *logits*, the scores before the softmax, and does
# the softmax itself. It returns the mean over the batch.
#
# All chance in the library comes from one generator: starting weights,
# dropout, the order of the batches. `get_generator()` returns it, and
# `set_seed(3)` starts it anew. Use it for your own random numbers too, and ask
# for it each time: `get_generator().uniform(0, 1)`. Then one seed repeats a
# whole training.

# %% [markdown]
# ## 1. A network that is easy to train
#
# ### Batch normalisation
#
# Every layer learns from what the layer below hands up. But the layer below
# learns too. So the numbers that come in grow, shrink and move from step to
# step, and a good share of the learning goes into following them.
#
# Batch normalisation takes this away. It looks at one feature, say unit 17, in
# all images of the batch. It subtracts the mean and divides by the standard
# deviation. Then it multiplies by a learned scale $\gamma$ and adds a learned
# shift $\beta$, so the network can still choose a mean and a size, on purpose:
#
# $$y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta, \qquad
#   \mu, \sigma^2 \text{ over the batch}$$
#
# At the end a single image must get an answer too, and that answer should not
# depend on its neighbours in a batch. So in training the layer also keeps
# *running* means of $\mu$ and $\sigma^2$, and in evaluation it uses those.
#
# Source: Ioffe and Szegedy, *Batch normalization* (2015).
#
# ### Dropout
#
# In training, dropout sets each activation to 0 with probability $p$ and
# multiplies the others by $1 / (1 - p)$. No unit can then rely on a certain
# other one. In evaluation nothing is dropped.
#
# Source: Srivastava and others, *Dropout* (2014).
#
# ### One switch for both
#
# Both layers behave in one way in training and in another in evaluation.
# `model.train()` and `model.eval()` turn the switch, and they reach every
# layer that the model can find. So it matters where you keep your layers.
# `Module` finds parameters and layers in attributes of `self`, and in lists,
# tuples and dicts that are attributes. It cannot find what is only a local
# variable, and it cannot know of a mask that you draw yourself.
#
# > ### Exercise 1. `ImprovedMLP`
# >
# > **Aim.** A network with three hidden blocks, of 512, 256 and 128 units, and
# > one more linear layer that gives the logits.
# >
# > **Formula.** Each block is, in this order, `Linear` $\to$ `BatchNorm1d`
# > $\to$ `ReLU` $\to$ `Dropout(dropout_rate)`. After the last block comes
# > `Linear(128, num_classes)`, and nothing after it.
# >
# > **Also.** Use the library's layers and keep its defaults for them. With
# > `Module` as the base class, `parameters()`, `train()` and `eval()` are
# > there already. They must find all your layers.
# >
# > Difficulty 2 of 5. Importance 5 of 5. About 20 minutes. 18 points.
#
# <details>
# <summary>Hint: I do not know how to begin</summary>
#
# `Sequential(Linear(3, 4), ReLU())` is a module that calls one layer after the
# other. Put all layers into one `Sequential`, keep it as an attribute, and
# call it in `forward`.
#
# </details>
# <details>
# <summary>Hint: the shapes of two layers do not fit</summary>
#
# The first layer takes in `input_dim` numbers, and each next one what the
# layer before puts out. `BatchNorm1d(n)` stands behind a layer that puts out
# `n` numbers.
#
# </details>
# <details>
# <summary>Hint: after eval() the outputs still differ between calls</summary>
#
# Then some dropout does not hear of the switch. Is it an attribute, or in a
# list that is one? If you draw a mask yourself in `forward`, nobody turns it
# off.
#
# </details>
# <details>
# <summary>Hint: should the network end in a softmax?</summary>
#
# No. The loss does the softmax. A second one in the network squeezes the
# scores between 0 and 1, and learning becomes very slow.
#
# </details>


# %% tags=["exercise"] name="improved_mlp"
class ImprovedMLP(Module):
    """Three blocks of Linear, BatchNorm1d, ReLU and Dropout, and a Linear."""

    def __init__(self, input_dim=784, num_classes=10, dropout_rate=0.3):
        ### BEGIN SOLUTION
        layers, n_in = [], input_dim
        for n_out in (512, 256, 128):
            layers += [
                Linear(n_in, n_out),
                BatchNorm1d(n_out),
                ReLU(),
                Dropout(dropout_rate),
            ]
            n_in = n_out
        self.layers = Sequential(*layers, Linear(n_in, num_classes))
        ### END SOLUTION

    def forward(self, x):
        """Return the logits, (B, num_classes), of images x, (B, input_dim)."""
        ### BEGIN SOLUTION
        return self.layers(x)
        ### END SOLUTION


# %% tags=["check"] name="improved_mlp_check" points=18
model = ImprovedMLP(input_dim=20, num_classes=4)
images = np.linspace(-1, 1, 6 * 20, dtype=np.float32).reshape(6, 20)
widths = [p.shape[0] for p in model.parameters() if p.ndim == 2]
assert sorted(widths) == [4, 128, 256, 512], (
    f"model.parameters() has weights for {widths} outputs"
)
assert model(images).shape == (6, 4), "one row of logits for each image"
model.eval()
assert np.allclose(model(images).data, model(images).data), (
    "after eval() nothing is left to chance"
)
assert np.allclose(model(images[:1]).data, model(images).data[:1]), (
    "after eval() an image's logits do not depend on the rest of the batch"
)
model.train()
assert not np.allclose(model(images).data, model(images).data), (
    "after train() dropout makes each call different"
)
print("improved_mlp: the asserts in this cell hold.")

# %% [markdown]
# ### The switch, seen
#
# The next cell sends the same images through your untrained network twice, and
# draws the second logits over the first. In training each call has other
# masks, so the points scatter. In evaluation they must lie on the line, all of
# them. A single point beside it means that a part of your network does not
# hear the switch.
#
# It also prints the loss. The network knows nothing yet, so the loss should be
# near $\log 10 \approx 2.30$.

# %% tags=["explore"]
model = ImprovedMLP()
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharex=True, sharey=True)
for axis, switch in zip(axes, ("train", "eval"), strict=True):
    getattr(model, switch)()
    with no_grad():
        first, second = (model(x_train[:200]).data for _ in range(2))
    axis.plot([-2, 2], [-2, 2], color="gray", lw=0.8)
    axis.plot(first.ravel(), second.ravel(), ".", ms=2, alpha=0.5)
    axis.set(title=f"after model.{switch}()", xlabel="logits, first call")
axes[0].set_ylabel("logits, second call")
figure.tight_layout()
plt.show()

start = CrossEntropyLoss()(Tensor(first), y_train[:200]).item()
print(f"loss at the start {start:.3f}, log 10 = {math.log(10):.3f}")
print(f"{sum(p.size for p in model.parameters()):,} parameters")

# %% [markdown]
# ### What batch normalisation does to the signal
#
# Here are two untrained networks of six hidden layers, built from the
# library's layers. They have the same weights. The plot shows what comes into
# the ReLU of layers 1, 3 and 6. Without batch normalisation the numbers shrink
# from layer to layer, until all units say nearly the same of every image. With
# it each layer gets numbers of about size 1, however deep it lies.

# %% tags=["explore"]
figure, axes = plt.subplots(2, 3, figsize=(9, 3.6), sharex=True)
stack = [Linear(784, 256)] + [Linear(256, 256) for _ in range(5)]
bins = np.linspace(-3, 3, 121)
for row, normalise in zip(axes, (False, True), strict=True):
    signal = Tensor(x_train[:500])
    for number, layer in enumerate(stack, start=1):
        with no_grad():
            signal = layer(signal)
            if normalise:
                signal = BatchNorm1d(256)(signal)
        if number in (1, 3, 6):
            axis = row[(1, 3, 6).index(number)]
            axis.hist(signal.data.ravel(), bins, density=True)
            axis.set_title(f"layer {number}: std {signal.data.std():.2f}")
            axis.set_yticks([])
        signal = signal.relu()
axes[0, 0].set_ylabel("plain")
axes[1, 0].set_ylabel("batch norm")
for axis in axes[1]:
    axis.set_xlabel("what comes into the ReLU")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 2. New images out of old ones
#
# A 7 that is moved by a pixel is still a 7. To the network it is a very
# different list of 784 numbers, and nobody told it that the two mean the same.
# *Augmentation* tells it so, without a word: each time an image is used for
# training, it is changed a little, in a way that does not change its label.
# The network never sees the same image twice, so it cannot learn images by
# heart.
#
# Three changes are enough here.
#
# **Shift.** The image moves by whole pixels, `down` and `right`, each drawn
# from $-s, \dots, s$ with $s$ = `max_shift`, both ends included. What is moved
# over the edge is lost. What comes in at the other side is paper, so 0.
#
# **Scale.** The digit becomes larger or smaller by one factor $f$ for both
# directions, drawn evenly from `scale_range`. The picture stays 28 by 28 and
# its centre, at $(13.5, 13.5)$, stays in place. So the new picture shows at
# row $r$ what the old one had at
#
# $$r_\text{old} = 13.5 + \frac{r - 13.5}{f}$$
#
# and likewise for columns. That is a place between four pixels, and its value
# is interpolated linearly. Outside of the old picture there is paper. The
# function `ndimage.affine_transform(picture, matrix, offset, order=1)` does
# this. It wants to know where each new pixel comes from:
# $r_\text{old} = \text{matrix} \cdot r + \text{offset}$.
#
# **Noise.** Each pixel gets a number of its own from a normal distribution
# with mean 0 and standard deviation `noise_std`. Then the values are clipped
# back to the range from 0 to 1.
#
# > ### Exercise 2. `MNISTAugmenter`
# >
# > **Aim.** The three changes, `augment` which throws the dice for one image,
# > and `augment_batch` which does so for every image of a batch.
# >
# > **Formula.** As above. `augment` goes through shift, scale and noise in
# > this order, and does each of them with the given probability: three throws
# > of the dice for each image. Noise comes last, since scaling would smooth
# > it.
# >
# > **Also.** An image has shape `(784,)` or `(28, 28)`. Each method returns a
# > new array of the same shape, in float32, and leaves its input as it was. A
# > batch is `(B, 784)` or `(B, 28, 28)`. Random numbers come from
# > `get_generator()`.
# >
# > Difficulty 3 of 5. Importance 4 of 5. About 40 minutes. 20 points.
#
# <details>
# <summary>Hint: the shift wraps around</summary>
#
# `np.roll` brings in at one side what went out at the other. Instead, put the
# picture into a larger array of zeros, at the place where it should be, and
# cut out the middle 28 by 28. Or set the rows and columns that wrapped to 0.
#
# </details>
# <details>
# <summary>Hint: a shift by max_shift never comes up</summary>
#
# `integers(a, b)` draws from `a` to `b - 1`.
#
# </details>
# <details>
# <summary>Hint: the digit grows where it should shrink</summary>
#
# `matrix` leads from the *new* pixel to the old one. To make a digit twice as
# large, two steps in the new picture are one in the old: the matrix is
# $1 / f$. A list `[1 / f, 1 / f]` stands for both directions.
#
# </details>
# <details>
# <summary>Hint: the digit moves when it is scaled</summary>
#
# Without an offset the corner stays in place, and not the centre. Put
# $r = 13.5$ into the formula of the exercise, and see which offset makes
# $r_\text{old} = 13.5$.
#
# </details>
# <details>
# <summary>Hint: all images of a batch change in the same way</summary>
#
# Then the dice are thrown once for the batch. Call `self.augment` for each
# image, and put the results together with `np.stack`.
#
# </details>


# %% tags=["exercise"] name="augmenter"
class MNISTAugmenter:
    """Random shifts, changes of size, and noise, for images from 0 to 1."""

    def __init__(self, max_shift=2, noise_std=0.1, scale_range=(0.9, 1.1)):
        self.max_shift = max_shift
        self.noise_std = noise_std
        self.scale_range = scale_range

    def random_shift(self, image):
        """Return the image moved by whole pixels; zeros come in."""
        ### BEGIN SOLUTION
        limit = self.max_shift
        down, right = get_generator().integers(-limit, limit + 1, size=2)
        size = 28 + 2 * limit
        frame = np.zeros((size, size), dtype=np.float32)
        top, left = limit + down, limit + right
        frame[top : top + 28, left : left + 28] = image.reshape(28, 28)
        middle = frame[limit : limit + 28, limit : limit + 28]
        return middle.reshape(image.shape)
        ### END SOLUTION

    def random_scale(self, image):
        """Return the image with its digit made larger or smaller."""
        ### BEGIN SOLUTION
        factor = get_generator().uniform(*self.scale_range)
        scaled = ndimage.affine_transform(
            image.reshape(28, 28).astype(np.float32),
            [1 / factor, 1 / factor],
            offset=13.5 - 13.5 / factor,
            order=1,
        )
        return scaled.reshape(image.shape)
        ### END SOLUTION

    def add_noise(self, image):
        """Return the image with noise on every pixel, clipped to 0..1."""
        ### BEGIN SOLUTION
        noise = get_generator().normal(0, self.noise_std, size=image.shape)
        return np.clip(image + noise, 0, 1).astype(np.float32)
        ### END SOLUTION

    def augment(self, image, probability=0.5):
        """Return the image after shift, scale, noise, each by chance."""
        ### BEGIN SOLUTION
        changed = np.array(image, dtype=np.float32)
        for change in (self.random_shift, self.random_scale, self.add_noise):
            if get_generator().random() < probability:
                changed = change(changed)
        return changed
        ### END SOLUTION

    def augment_batch(self, images, probability=0.5):
        """Return a batch, each of its images changed by its own chance."""
        ### BEGIN SOLUTION
        return np.stack([self.augment(one, probability) for one in images])
        ### END SOLUTION


# %% tags=["check"] name="augmenter_check" points=20
square = np.zeros((28, 28), dtype=np.float32)
square[10:18, 10:18] = 1.0
augmenter = MNISTAugmenter(max_shift=3)
for method in ("random_shift", "random_scale", "add_noise", "augment"):
    for image in (square, square.ravel()):
        changed = getattr(augmenter, method)(image)
        assert changed.shape == image.shape, f"{method}: the shape must stay"
        assert changed.dtype == np.float32, f"{method}: float32, please"

moved = augmenter.random_shift(square)
assert moved.sum() == 64, "a shift away from the edges keeps all the ink"
edge = np.zeros((28, 28), dtype=np.float32)
edge[:, 27] = 1.0
for _ in range(20):
    assert augmenter.random_shift(edge)[:, :20].max() == 0, (
        "ink at the right edge must not come in at the left"
    )
larger = MNISTAugmenter(scale_range=(1.5, 1.5)).random_scale(square)
assert 130 < larger.sum() < 158, "1.5 times as wide and high: 144 pixels"
assert np.isclose(larger[:14].sum(), larger[14:].sum()), (
    "the centre must stay in place"
)
noisy = augmenter.add_noise(square)
assert noisy.min() >= 0, "clip to the range 0..1"
assert noisy.max() <= 1, "clip to the range 0..1"
assert np.array_equal(augmenter.augment(square, probability=0), square)
batch = augmenter.augment_batch(np.stack([square] * 4), probability=1)
assert batch.shape == (4, 28, 28), "augment_batch: one image for each"
assert not np.allclose(batch[0], batch[1]), "each image has its own chance"
print("augmenter: the asserts in this cell hold.")

# %% [markdown]
# **Look at them.** The first column is the image as it is. Every other one
# should be easy for you to read, and no two should be alike. Augmentation that
# you cannot read yourself teaches the network nothing. Try `max_shift=8` and
# `noise_std=0.5`, and see where it ends.

# %% tags=["explore"]
augmenter = MNISTAugmenter()
figure, axes = plt.subplots(4, 9, figsize=(9, 4.2))
for row, image in zip(axes, x_train[:4], strict=True):
    row[0].imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
    row[0].set_title("original", fontsize=9)
    for axis in row[1:]:
        changed = augmenter.augment(image, probability=0.8)
        axis.imshow(changed.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
figure.tight_layout()
plt.show()

began = time.perf_counter()
augmenter.augment_batch(x_train[:1000])
each = (time.perf_counter() - began) / len(x_train[:1000])
print(f"{1e6 * each:.0f} microseconds for an image")

# %% [markdown]
# ## 3. A learning rate with a plan
#
# At the start of training, long steps save time. Near the end they hurt: the
# weights keep jumping across the place they should settle in. So let the rate
# fall as training goes on. Half a cosine does it gently: nearly flat at the
# top, quick in the middle, nearly flat at the bottom.
#
# A *warm restart* then sets the rate back to the top at once, and the next
# fall begins. The jump throws the weights out of the place where they have
# settled, and often into a better one. At the end of each fall there is a
# network that can be used.
#
# Let $T_i$ be the length of the present fall, and $T_\text{cur}$ the steps
# since the last restart. With the top $\eta_\text{max}$, which is the rate the
# optimizer has when the schedule is made:
#
# $$\eta = \eta_\text{min} + \frac{\eta_\text{max} - \eta_\text{min}}{2}
#   \left(1 + \cos \frac{\pi \, T_\text{cur}}{T_i}\right)$$
#
# The first fall has $T_0$ steps. Each next one is $T_\text{mult}$ times as
# long. When $T_\text{cur}$ reaches $T_i$, the fall is over, and that very step
# is the first of the next: $T_\text{cur} = 0$, so the rate is at the top. With
# $T_0 = 10$ and $T_\text{mult} = 2$ the falls have 10, 20, 40, ... steps, and
# the rate is back at the top after 10, 30 and 70 steps.
#
# Source: Loshchilov and Hutter, *SGDR: stochastic gradient descent with warm
# restarts* (2017), equation 5.
#
# > ### Exercise 3. `CosineAnnealingWarmRestarts`
# >
# > **Aim.** A schedule that moves the learning rate of an optimizer.
# >
# > **Formula.** As above. `step()` counts one step and writes the new rate to
# > `self.optimizer.lr`. `get_lr()` returns the rate as it is now.
# >
# > **Also.** Before the first `step()` the rate is the optimizer's own.
# > `get_lr()` only looks: calling it often changes nothing. `T_mult` is a
# > whole number, at least 1.
# >
# > Difficulty 2 of 5. Importance 4 of 5. About 20 minutes. 14 points.
#
# <details>
# <summary>Hint: what do I have to remember between steps?</summary>
#
# Three numbers: the top rate, the steps since the last restart, and the length
# of the present fall. The last one starts at `T_0`.
#
# </details>
# <details>
# <summary>Hint: the restart comes one step late</summary>
#
# After `T_0` calls of `step()` the rate must be at the top. It is never
# exactly at `eta_min`: the step that would reach it is the restart.
#
# </details>
# <details>
# <summary>Hint: after the first restart the rates are much too small</summary>
#
# Do you compute from `self.optimizer.lr`? That is what you wrote there the
# last time. Keep the rate from the beginning.
#
# </details>


# %% tags=["exercise"] name="cosine"
class CosineAnnealingWarmRestarts:
    """Learning rates along half a cosine, again and again."""

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0):
        self.optimizer = optimizer
        self.T_0 = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        ### BEGIN SOLUTION
        self.eta_max = optimizer.lr
        self.since_restart = 0
        self.length = T_0
        ### END SOLUTION

    def step(self):
        """Count one step, and give the optimizer its next rate."""
        ### BEGIN SOLUTION
        self.since_restart += 1
        if self.since_restart == self.length:
            self.since_restart = 0
            self.length *= self.T_mult
        self.optimizer.lr = self.get_lr()
        ### END SOLUTION

    def get_lr(self):
        """Return the learning rate as it is now."""
        ### BEGIN SOLUTION
        angle = math.pi * self.since_restart / self.length
        height = self.eta_max - self.eta_min
        return self.eta_min + height * (1 + math.cos(angle)) / 2
        ### END SOLUTION


# %% tags=["check"] name="cosine_check" points=14
optimizer = SGD([Tensor(np.zeros(2), requires_grad=True)], lr=0.4)
schedule = CosineAnnealingWarmRestarts(optimizer, T_0=4, T_mult=2)
assert np.isclose(schedule.get_lr(), 0.4), "at first the optimizer's own rate"
schedule.step()
schedule.step()
assert np.isclose(optimizer.lr, 0.2), "half-way down after half of T_0"
assert np.isclose(schedule.get_lr(), 0.2), "get_lr tells the rate of now"
schedule.step()
schedule.step()
assert np.isclose(optimizer.lr, 0.4), "back at the top after T_0 steps"
for _ in range(4):
    schedule.step()
assert np.isclose(optimizer.lr, 0.2), "the second fall takes 8 steps"
print("cosine: the asserts in this cell hold.")

# %% [markdown]
# The next cell draws three plans. The dots are the restarts of the second: at
# 10, 30 and 70.

# %% tags=["explore"]
figure, axes = plt.subplots(3, 1, figsize=(8, 4.6), sharex=True)
plans = [(20, 1, 0.0), (10, 2, 0.0), (5, 3, 0.02)]
for axis, (T_0, T_mult, eta_min) in zip(axes, plans, strict=True):
    optimizer = SGD([Tensor(np.zeros(1), requires_grad=True)], lr=0.1)
    schedule = CosineAnnealingWarmRestarts(optimizer, T_0, T_mult, eta_min)
    rates = []
    for _ in range(100):
        rates.append(optimizer.lr)
        schedule.step()
    axis.plot(rates, ".-", ms=3, lw=0.8)
    axis.set(ylabel="rate", ylim=(0, 0.115))
    axis.set_title(
        f"T_0={T_0}, T_mult={T_mult}, eta_min={eta_min}", fontsize=9
    )
axes[1].plot([10, 30, 70], [0.1] * 3, "o", color="tab:orange")
axes[2].set_xlabel("calls of step()")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 4. When to stop
#
# Train long enough, and the training loss goes on falling while the validation
# loss turns and rises. From then on the network learns its images by heart.
# The best network was the one at the turn. *Early stopping* finds it: watch
# the validation loss, remember the weights of the best epoch so far, and give
# up when there was no improvement for a while.
#
# "For a while" is needed since the curve is rough. A single bad epoch means
# nothing. The number of bad epochs in a row that you allow is the *patience*.
#
# After each epoch a score comes in. Let $b$ be the best one so far.
#
# | `mode` | the score improves if | |
# |---|---|---|
# | `'min'` | score $< b -$ `min_delta` | for a loss |
# | `'max'` | score $> b +$ `min_delta` | for an accuracy |
#
# - The first score improves, whatever it is. Only NaN never does.
# - If it improves, it is the new best, the epoch is noted, the weights are
#   kept, and the counter goes to 0.
# - If not, the counter goes up by one. Once it has reached `patience`,
#   training should stop. If `restore_best`, the model then gets its best
#   weights back.
#
# > ### Exercise 4. `EarlyStopping`
# >
# > **Aim.** An object that is called after each epoch, as
# > `stopping(score, model, epoch)`, and returns whether to stop now.
# >
# > **Attributes.** `counter`, `best_score`, `best_epoch` (both `None` before
# > the first call) and `early_stop` (`False` at first; the same as what the
# > call returns). `reset()` puts all of them back, and forgets the weights.
# >
# > **Also.** "Weights" means all that the model has learned. The running means
# > of batch normalisation belong to it, and they are not among the parameters.
# > `model.state_dict()` has everything, as copies, and
# > `model.load_state_dict(state)` writes it back. If `restore_best` is
# > `False`, the model is not touched.
# >
# > Difficulty 3 of 5. Importance 5 of 5. About 30 minutes. 18 points.
#
# <details>
# <summary>Hint: the best weights turn out to be the last ones</summary>
#
# `p.data` is the array that the optimizer goes on changing, and a second name
# for it is no copy. `state_dict()` makes copies. Or you keep the weights in
# every epoch, and not only when the score improves.
#
# </details>
# <details>
# <summary>Hint: is a score equal to the best an improvement?</summary>
#
# No. Read the table: the sign is $<$, also with `min_delta` 0. Otherwise a
# network that is stuck would never be stopped.
#
# </details>
# <details>
# <summary>Hint: with mode='max' it stops at once</summary>
#
# Where do you begin? A best score of 0, or of infinity, is right for one mode
# only. `None` is right for both, if you ask for it.
#
# </details>
# <details>
# <summary>Hint: with patience 3, after which call should it stop?</summary>
#
# After the third call in a row that does not improve. Scores 5, 6, 6, 6: the
# fourth call returns `True`, and the counter is 3.
#
# </details>


# %% tags=["exercise"] name="early_stopping"
class EarlyStopping:
    """Tells when training should stop, and keeps the best weights."""

    def __init__(
        self, patience=10, min_delta=0.0, restore_best=True, mode="min"
    ):
        self.patience = patience
        self.min_delta = min_delta
        self.restore_best = restore_best
        self.mode = mode
        self.reset()

    def reset(self):
        """Forget everything seen so far."""
        ### BEGIN SOLUTION
        self.counter = 0
        self.best_score = None
        self.best_epoch = None
        self.early_stop = False
        self.best_weights = None
        ### END SOLUTION

    def __call__(self, score, model, epoch):
        """Take the score of an epoch; return whether to stop now."""
        ### BEGIN SOLUTION
        if self.improves(score):
            self.counter = 0
            self.best_score = score
            self.best_epoch = epoch
            if self.restore_best:
                self.best_weights = model.state_dict()
        else:
            self.counter += 1
            if self.counter >= self.patience:
                self.early_stop = True
                if self.restore_best and self.best_weights is not None:
                    model.load_state_dict(self.best_weights)
        return self.early_stop

    def improves(self, score):
        """Return whether a score is better than the best, by enough."""
        if self.best_score is None:
            return not math.isnan(score)
        if self.mode == "min":
            return score < self.best_score - self.min_delta
        return score > self.best_score + self.min_delta
        ### END SOLUTION


# %% tags=["check"] name="early_stopping_check" points=18
model = Linear(2, 1)
stopping = EarlyStopping(patience=2)
assert stopping.best_score is None
answers = []
for epoch, score in enumerate([0.9, 0.5, 0.6, 0.4, 0.7, 0.4]):
    model.weight.data[:] = epoch  # as if this epoch had learned it
    answers.append(stopping(score, model, epoch))
assert answers == [False] * 5 + [True], f"patience 2, and it said {answers}"
assert stopping.best_score == 0.4
assert stopping.best_epoch == 3
assert np.all(model.weight.data == 3), "the weights of epoch 3 are the best"
stopping.reset()
assert stopping.best_score is None, "reset() forgets"
assert not stopping.early_stop, "reset() forgets"

accuracy = EarlyStopping(patience=2, mode="max")
for epoch, score in enumerate([0.7, 0.8, 0.9]):
    assert not accuracy(score, model, epoch), "accuracies may grow for ever"
assert accuracy.best_epoch == 2
print("early_stopping: the asserts in this cell hold.")

# %% [markdown]
# ### How much patience?
#
# These are the validation losses of a real training: a plain network without
# dropout, on 2,000 images. The cell asks your `EarlyStopping` for several
# values of `patience` and draws where each stops and which epoch it keeps.

# %% tags=["given"] name="recorded_losses"
# fmt: off
recorded = [
    0.542, 0.407, 0.378, 0.362, 0.438, 0.436, 0.358, 0.390, 0.404, 0.430,
    0.419, 0.462, 0.534, 0.491, 0.463, 0.477, 0.495, 0.479, 0.477, 0.487,
    0.479, 0.481, 0.482, 0.484, 0.486, 0.489, 0.491, 0.493, 0.495, 0.497,
]
# fmt: on

# %% tags=["explore"]
plt.figure(figsize=(8, 3.4))
plt.plot(recorded, "o-", color="gray", ms=3, lw=0.8)
for number, patience in enumerate((1, 2, 5, 15)):
    stopping = EarlyStopping(patience=patience, restore_best=False)
    for epoch, loss in enumerate(recorded):
        if stopping(loss, None, epoch):
            break
    height = 0.34 - 0.02 * number
    plt.plot([stopping.best_epoch, epoch], [height] * 2, f"C{number}")
    plt.plot(stopping.best_epoch, height, f"C{number}o")
    plt.plot(epoch, height, f"C{number}|", ms=12)
    plt.text(epoch + 0.4, height, f"patience {patience}", va="center")
plt.xlabel("epoch (dot: the one that is kept, bar: where training stops)")
plt.ylabel("validation loss")
plt.ylim(0.26, 0.57)
plt.tight_layout()
plt.show()

# %% [markdown]
# With a patience of 1 or 2 training ends at the first bump, and the best epoch
# is never seen. Too much patience costs time, and nothing else, since the best
# weights come back in any case. So when in doubt, be patient.
#
# One thing to mind: the weights come back when the patience runs out. If the
# epochs run out first, the model keeps its last weights.

# %% [markdown]
# ## 5. The loop that joins them
#
# Now you write the loop. It is short, and it is where most mistakes in
# practice are made, for none of them raises an error. The network only comes
# out a little worse, or the numbers a little better than they are.
#
# **`train_epoch(loader)`** goes over the training batches once. It puts the
# model into training mode. For each batch of images and targets it changes the
# images, if there is an augmenter, with `augmenter.augment_batch(images)`.
# Then come the logits, the loss, and one step of the optimizer. It returns the
# mean loss and the accuracy of the epoch, as they were seen on the way.
#
# **`evaluate(loader)`** returns the mean loss and the accuracy on other
# images. It puts the model into evaluation mode, does not augment, computes
# inside `with no_grad():` and changes nothing in the model.
#
# **Means are over images.** The last batch of an epoch is often smaller. A
# mean over the batches would give its images more weight than the others. So
# add up `loss.item() * len(targets)` and the right answers, and divide by the
# number of images at the end:
#
# $$\text{loss} = \frac{1}{N} \sum_\text{batches} B \cdot \text{loss}_B, \qquad
#   \text{accuracy} = \frac{\text{images that were right}}{N}$$
#
# **`fit(train_loader, val_loader, epochs, verbose=True)`** does for each
# epoch, counted from 0:
#
# 1. note the learning rate, `optimizer.lr`, with which this epoch is trained;
# 2. `train_epoch` on the training batches, `evaluate` on the validation ones;
# 3. if there is a scheduler, one `scheduler.step()`;
# 4. if there is an early stopping, ask `early_stopping(val_loss, model,
#    epoch)`, and leave the loop if it says so.
#
# With `verbose` it prints a line for each epoch, and otherwise nothing. It
# returns the history: a dict with the lists `train_loss`, `val_loss`,
# `train_acc`, `val_acc` and `lr`, each with one number for each epoch that was
# trained, the last one included.
#
# > ### Exercise 5. `TrainingPipeline`
# >
# > **Aim.** The three methods, as described above.
# >
# > **Also.** `fit` calls `self.train_epoch` and `self.evaluate`. Loaders are
# > anything that a `for` loop can go over; each item is a pair of arrays,
# > images and class numbers. Scheduler, augmenter and early stopping may each
# > be `None`.
# >
# > Difficulty 3 of 5. Importance 5 of 5. About 40 minutes. 18 points.
#
# <details>
# <summary>Hint: how do I get the accuracy from the logits?</summary>
#
# `logits.argmax(dim=1)` is an array with the class of the largest logit in
# each row. Compare it with the targets and count.
#
# </details>
# <details>
# <summary>Hint: the loss grows from step to step</summary>
#
# Gradients add up over calls of `backward()`. Forget the old ones with
# `optimizer.zero_grad()` before it.
#
# </details>
# <details>
# <summary>Hint: validation gets worse from the second epoch on</summary>
#
# After `evaluate` the model is in evaluation mode, and it stays there until
# someone turns the switch back. Turn it in `train_epoch`, every time.
#
# </details>
# <details>
# <summary>Hint: the learning rate falls much too fast</summary>
#
# The schedule counts epochs here. If `step()` stands in the loop over batches,
# a whole fall is over within the first epoch.
#
# </details>


# %% tags=["exercise"] name="pipeline"
class TrainingPipeline:
    """A model, and all that is needed to train it."""

    def __init__(
        self,
        model,
        loss_fn,
        optimizer,
        scheduler=None,
        augmenter=None,
        early_stopping=None,
    ):
        self.model = model
        self.loss_fn = loss_fn
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.augmenter = augmenter
        self.early_stopping = early_stopping

    def train_epoch(self, loader):
        """Train on each batch once; return the mean loss and accuracy."""
        ### BEGIN SOLUTION
        self.model.train()
        total, right, seen = 0.0, 0, 0
        for images, targets in loader:
            if self.augmenter is not None:
                images = self.augmenter.augment_batch(images)
            logits = self.model(Tensor(images))
            loss = self.loss_fn(logits, targets)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(targets)
            right += np.sum(logits.argmax(dim=1) == targets)
            seen += len(targets)
        return total / seen, right / seen
        ### END SOLUTION

    def evaluate(self, loader):
        """Return the mean loss and accuracy; change nothing."""
        ### BEGIN SOLUTION
        self.model.eval()
        total, right, seen = 0.0, 0, 0
        with no_grad():
            for images, targets in loader:
                logits = self.model(Tensor(images))
                loss = self.loss_fn(logits, targets)
                total += loss.item() * len(targets)
                right += np.sum(logits.argmax(dim=1) == targets)
                seen += len(targets)
        return total / seen, right / seen
        ### END SOLUTION

    def fit(self, train_loader, val_loader, epochs, verbose=True):
        """Train for some epochs; return the history, a dict of lists."""
        ### BEGIN SOLUTION
        keys = ("train_loss", "val_loss", "train_acc", "val_acc", "lr")
        history = {key: [] for key in keys}
        for epoch in range(epochs):
            lr = self.optimizer.lr
            train_loss, train_acc = self.train_epoch(train_loader)
            val_loss, val_acc = self.evaluate(val_loader)
            row = (train_loss, val_loss, train_acc, val_acc, lr)
            for key, value in zip(keys, row, strict=True):
                history[key].append(value)
            if verbose:
                print(
                    f"epoch {epoch:2d}  "
                    f"train loss {train_loss:.4f}  acc {train_acc:6.2%}  "
                    f"validation loss {val_loss:.4f}  acc {val_acc:6.2%}  "
                    f"lr {lr:.2g}"
                )
            if self.scheduler is not None:
                self.scheduler.step()
            if self.early_stopping is not None:
                stop = self.early_stopping(val_loss, self.model, epoch)
                if stop:
                    break
        return history
        ### END SOLUTION


# %% tags=["check"] name="pipeline_check" points=18
model = Sequential(Linear(3, 2), Dropout(0.5))
optimizer = SGD(model.parameters(), lr=0.1)
pipeline = TrainingPipeline(model, CrossEntropyLoss(), optimizer)
rows = np.linspace(-1, 1, 15, dtype=np.float32).reshape(5, 3)
classes = np.array([0, 1, 1, 0, 1])
loader = DataLoader(rows, classes, batch_size=2)  # batches of 2, 2 and 1

before = model.modules[0].weight.data.copy()
loss, accuracy = pipeline.evaluate(loader)
whole, _ = pipeline.evaluate([(rows, classes)])
assert np.isclose(loss, whole), "a mean over images, not over batches"
assert accuracy in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), "images right of five"
assert np.array_equal(model.modules[0].weight.data, before)
assert not model.training, "evaluate() switches to evaluation mode"

pipeline.train_epoch(loader)
assert model.training, "train_epoch() switches to training mode"
assert not np.array_equal(model.modules[0].weight.data, before)

history = pipeline.fit(loader, loader, epochs=3, verbose=False)
for key in ("train_loss", "val_loss", "train_acc", "val_acc", "lr"):
    assert len(history[key]) == 3, f"history['{key}']: one for each epoch"
assert history["lr"] == [0.1] * 3, "no scheduler: the rate stays"
print("pipeline: the asserts in this cell hold.")

# %% [markdown]
# ## 6. What is each of them worth?
#
# Now measure. To see a difference within seconds we train on few images, 3,000
# at first, where a network can learn by heart. Each comparison changes one
# thing and keeps the rest. The helper below trains one model and returns its
# history.


# %% tags=["given"] name="helpers"
def plain_mlp():
    """Return the same layers without batch normalisation and dropout."""
    return Sequential(
        Linear(784, 512),
        ReLU(),
        Linear(512, 256),
        ReLU(),
        Linear(256, 128),
        ReLU(),
        Linear(128, 10),
    )


few_valid = DataLoader(x_valid[:5000], y_valid[:5000], batch_size=500)


def train_few(model, epochs, T_0=None, T_mult=1, lr=1e-3, count=3000, **parts):
    """Train a model on a few images; return its pipeline and history."""
    optimizer = Adam(model.parameters(), lr=lr)
    if T_0 is not None:
        parts["scheduler"] = CosineAnnealingWarmRestarts(
            optimizer, T_0, T_mult, eta_min=1e-5
        )
    pipeline = TrainingPipeline(model, CrossEntropyLoss(), optimizer, **parts)
    loader = DataLoader(
        x_train[:count],
        y_train[:count],
        batch_size=100,
        shuffle=True,
        drop_last=True,
    )
    return pipeline, pipeline.fit(loader, few_valid, epochs, verbose=False)


def draw_histories(histories, title):
    """Draw losses on the left, dashed for training; accuracies right."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
    for number, (name, history) in enumerate(histories.items()):
        color = f"C{number}"
        left.plot(history["train_loss"], "--", color=color, lw=1)
        left.plot(history["val_loss"], color=color, label=name)
        right.plot(100 * np.array(history["val_acc"]), color=color)
    left.set(xlabel="epoch", ylabel="loss (dashed: training)", yscale="log")
    right.set(xlabel="epoch", ylabel="validation accuracy, %")
    top = max(max(history["val_acc"]) for history in histories.values())
    right.set_ylim(100 * top - 6, 100 * top + 0.7)
    left.legend(fontsize=8)
    figure.suptitle(title)
    figure.tight_layout()
    plt.show()
    for name, history in histories.items():
        print(
            f"{name:32s} best validation loss {min(history['val_loss']):.3f}, "
            f"last {history['val_loss'][-1]:.3f}, "
            f"last accuracy {history['val_acc'][-1]:.2%}"
        )


# %% [markdown]
# ### The network and its images
#
# First without and with batch normalisation and dropout, then with
# augmentation as well.

# %% tags=["explore"]
set_seed(6)
few = {}
_, few["plain MLP"] = train_few(plain_mlp(), epochs=15)
_, few["ImprovedMLP"] = train_few(ImprovedMLP(), epochs=15)
_, few["ImprovedMLP, augmented"] = train_few(
    ImprovedMLP(), epochs=15, augmenter=MNISTAugmenter()
)
count = min(3000, len(x_train))
draw_histories(few, f"The network and its images, {count:,} of them")

# %% [markdown]
# **What you should see** (on MNIST). The plain network has learned the 3,000
# images by heart: its dashed line falls below 0.01 while its validation loss
# turns round and rises. Batch normalisation and dropout bring about one point
# of accuracy, and augmentation two more. The last network has the *highest*
# training loss and the lowest validation loss. That is no mistake. The second
# question asks you why.
#
# On the small digits that stand in for MNIST there are too few images to
# validate on, and the order of the models can differ.
#
# **If you do not see it.** If the training loss of the augmented network falls
# as fast as that of the other, the augmenter is not used, or changes all
# images alike. If its validation loss is bad, look at the images that come out
# of it.

# %% [markdown]
# ### With and without a schedule

# %% tags=["explore"]
set_seed(7)
plans = {
    "rate 0.003 throughout": {},
    "falls of 5 and 10 epochs": {"T_0": 5, "T_mult": 2},
}
schedules = {}
for name, plan in plans.items():
    _, schedules[name] = train_few(
        ImprovedMLP(),
        epochs=15,
        lr=3e-3,
        augmenter=MNISTAugmenter(),
        **plan,
    )
draw_histories(schedules, "A constant rate, and one with a warm restart")

# %% [markdown]
# **What you should see** (on MNIST). During each fall the validation loss
# comes down, and the restart at epoch 5 throws it up again. At the end of the
# second fall the schedule is ahead by about a point, while at the constant
# rate of
# 0.003 the loss still jumps about. Look at the end of a fall, and not into the
# middle, when you compare.

# %% [markdown]
# ### With and without early stopping
#
# Back to the plain network, which learns by heart. It may train for 40 epochs.
# Once nobody stops it, and once your `EarlyStopping` does, with patience 5.

# %% tags=["explore"]
set_seed(8)
stopping = EarlyStopping(patience=5)
never, alone = train_few(plain_mlp(), epochs=40, count=2000)
set_seed(8)
stopped, short = train_few(
    plain_mlp(), epochs=40, count=2000, early_stopping=stopping
)
figure, axis = plt.subplots(figsize=(7, 3.2))
axis.plot(alone["train_loss"], "--", color="C0", lw=1, label="training loss")
axis.plot(alone["val_loss"], color="C0", label="validation loss")
if stopping.best_epoch is not None:
    axis.axvline(stopping.best_epoch, color="C2", label="best epoch, kept")
    axis.axvline(len(short["lr"]) - 1, color="C3", ls=":", label="stopped")
axis.set(xlabel="epoch", ylabel="loss", yscale="log")
axis.legend(fontsize=8)
figure.tight_layout()
plt.show()
for name, pipeline in [("never stopped", never), ("stopped", stopped)]:
    loss, accuracy = pipeline.evaluate(few_valid)
    print(f"{name:14s} validation loss {loss:.3f}, accuracy {accuracy:.2%}")

# %% [markdown]
# **What you should see** (on MNIST). Stopped after some ten epochs, the
# network has the lower validation loss, 0.35 and not 0.48. But look at the
# accuracies. In the run behind this text the network that was never stopped
# had the higher one, 91.7 % and not 89.7 %. The two disagree because the loss
# also counts *how sure* the network is. A network that learns by heart gets
# surer and surer, of its mistakes too, and a few such mistakes cost much. If
# you need honest probabilities, stop on the loss. If you need right answers
# only, stop on the accuracy, with `mode='max'`. This is why the mode is there.

# %% [markdown]
# ### All together
#
# Now take all training images, and everything you have written: the network,
# augmentation, the schedule, and early stopping. It runs for some epochs only,
# so that the lab stays short. Early stopping has little to do in such a short
# training. It is a safety belt.
#
# The test images are used here for the first time, and once.

# %% tags=["explore"]
set_seed(9)
model = ImprovedMLP(dropout_rate=0.2)
optimizer = Adam(model.parameters(), lr=2e-3)
epochs = 6
pipeline = TrainingPipeline(
    model,
    CrossEntropyLoss(),
    optimizer,
    scheduler=CosineAnnealingWarmRestarts(optimizer, epochs, eta_min=1e-5),
    augmenter=MNISTAugmenter(),
    early_stopping=EarlyStopping(patience=3),
)
train_loader = DataLoader(
    x_train, y_train, batch_size=100, shuffle=True, drop_last=True
)
valid_loader = DataLoader(x_valid, y_valid, batch_size=500)
test_loader = DataLoader(x_test, y_test, batch_size=500)

history = pipeline.fit(train_loader, valid_loader, epochs)
_, test_accuracy = pipeline.evaluate(test_loader)
print(f"test accuracy {test_accuracy:.2%}")

# %% [markdown]
# **What you should see** (on MNIST). More than 98.5 % on the test images,
# after six epochs. The validation accuracy is above the training accuracy in
# every row: the training images are augmented, and dropout is at work on them.
# When you have five minutes, try 20 epochs with the default dropout rate of
# 0.3, and watch the validation images, not the test images, to see whether it
# was worth it.
#
# Here are the mistakes that remain, the surest first. Would you have known?

# %% tags=["explore"]
model.eval()
with no_grad():
    chances = model(x_test).softmax(dim=1).data
guesses = chances.argmax(axis=1)
wrong = np.flatnonzero(guesses != y_test)
surest = wrong[np.argsort(-chances[wrong, guesses[wrong]])][:12]

figure, axes = plt.subplots(2, 6, figsize=(9, 4))
for axis in axes.flat:
    axis.axis("off")
for axis, i in zip(axes.flat, surest, strict=False):
    axis.imshow(x_test[i].reshape(28, 28), cmap="gray_r")
    axis.set_title(
        f"says {guesses[i]} ({chances[i, guesses[i]]:.0%}),\n"
        f"label {y_test[i]}",
        fontsize=9,
    )
figure.suptitle(f"The surest of {len(wrong)} mistakes on the test images")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## 7. Two questions
#
# A person reads your answers. Short and exact is better than long. Write in
# the cells below.

# %% [markdown] tags=["answer"] name="stopping_and_the_test_set" points=7
# **Question 1** (7 points). A friend has no validation set. She gives the test
# images to `EarlyStopping`, keeps the weights of the best epoch, and reports
# the accuracy of these weights on the test images. No gradient was ever
# computed from a test image. What is wrong with the number she reports, and in
# which direction? Would it be worse with 5 epochs or with 500, and with 100
# test images or with 10,000? What should she do instead?
#
# ### BEGIN SOLUTION
# The number is too good, on average. The test images took part in choosing the
# weights: of many epochs she took the one that does best on these very images.
# Part of that is skill, and part is luck with these images. The luck does not
# come along to new images. That no gradient was computed does not help: a
# choice is a way to learn from data too.
#
# It is worse with 500 epochs, since the best of many tries is luckier than the
# best of few. It is worse with 100 images, since there the accuracy of one and
# the same network varies by several points from sample to sample, and so there
# is more luck to pick from. With 10,000 images it varies by about a tenth of a
# point, and the harm is small. But one cannot know it without other images.
#
# She should set some training images aside for validation, stop on those, and
# use the test images once, with the weights that were chosen. Then their
# accuracy is an honest estimate.
#
# *Points: 2 for too good and why (the choice was made on these images), 1 for
# each of the two comparisons with a reason, 2 for a validation set out of the
# training images, 1 for using the test set once, after all choices.*
# ### END SOLUTION

# %% [markdown] tags=["answer"] name="what_helped" points=5
# **Question 2** (5 points). Which of the four, batch normalisation with
# dropout, augmentation, the schedule or early stopping, helped most in section
# 6? Give the numbers. Then look at the augmented training: its training loss
# is above its validation loss. How can that be?
#
# ### BEGIN SOLUTION
# An example, on MNIST with 3,000 images: the plain network ended at 93.1 %
# and a validation loss of 0.32, batch normalisation and dropout brought it to
# 94.3 % and 0.20, and augmentation to 96.3 % and 0.13. The schedule brought
# 95.6 % to 96.7 %. Early stopping lowered the last loss from 0.48 to 0.35, but
# cost accuracy. So augmentation helped most: two points, and a third of the
# loss.
#
# The two losses are not measured on the same task. The training loss is
# measured on images that are shifted, scaled and noisy, while dropout switches
# off units, and it is a mean over the epoch, with the weights on the way. The
# validation loss is measured on clean images, with the whole network, at the
# end of the epoch. The first task is harder.
#
# *Points: 2 for a comparison with numbers in which one thing changed, 3 for
# the second part: harder images, dropout in training only, and earlier
# weights; two of the three are enough for all points.*
# ### END SOLUTION
