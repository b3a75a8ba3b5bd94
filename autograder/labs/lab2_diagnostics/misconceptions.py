"""Wrong answers to lab 2 that students give, each one fault away from the solution."""

from autograder.proving.faults import misconception

# ------------------------------------------------------------------ simple_mlp

misconception(
    "mlp_weights_transposed",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="The weights have the shape (n_in, n_out). In this lab each unit has its row: "
    "(n_out, n_in).",
    change=[
        ("size=(n_out, n_in)", "size=(n_in, n_out)"),
        ("a = np.maximum(a @ w.T + b, 0)", "a = np.maximum(a @ w + b, 0)"),
        ("a @ self.weights[-1].T", "a @ self.weights[-1]"),
        ("delta.T @ self.activations[layer]", "self.activations[layer].T @ delta"),
        ("delta @ self.weights[layer]  #", "delta @ self.weights[layer].T  #"),
    ],
)
misconception(
    "mlp_initialised_as_lab_1",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="The standard deviation is the root of 1 / n_in. ReLU throws half of the signal away, "
    "and the 2 in He's formula makes up for it.",
    change=("np.sqrt(2 / n_in)", "np.sqrt(1 / n_in)"),
)
misconception(
    "mlp_variance_for_standard_deviation",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="2 / n_in is the variance. The argument `scale` is the standard deviation, which is its "
    "root.",
    change=("np.sqrt(2 / n_in)", "2 / n_in"),
)
misconception(
    "mlp_he_by_the_outputs",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="He's formula counts what comes into a layer, and not what goes out of it.",
    change=("np.sqrt(2 / n_in)", "np.sqrt(2 / n_out)"),
)
misconception(
    "mlp_glorot_for_he",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="This is Glorot's initialisation, which takes the mean of n_in and n_out. It belongs to "
    "activations that throw nothing away.",
    change=("np.sqrt(2 / n_in)", "np.sqrt(2 / (n_in + n_out))"),
)
misconception(
    "mlp_small_fixed_weights",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="All layers have the same standard deviation, however many numbers come in. Signals then "
    "shrink or grow from layer to layer.",
    change=("np.sqrt(2 / n_in)", "0.01"),
)
misconception(
    "mlp_uniform_from_zero_to_one",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="The weights are all positive. They are drawn around 0.",
    change=(
        "rng.normal(scale=np.sqrt(2 / n_in), size=(n_out, n_in))",
        "rng.random((n_out, n_in)) * np.sqrt(2 / n_in)",
    ),
)
misconception(
    "mlp_seed_inside",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="Every new network begins with the same weights, because the generator is made anew. Use "
    "the notebook's rng.",
    change=("w = rng.normal(", "w = np.random.default_rng(0).normal("),
)
misconception(
    "mlp_random_biases",
    exercise="simple_mlp",
    caught_by="starts_as_he_says",
    says="The biases are random. Here they start at 0.",
    change=("np.zeros(n_out, dtype=np.float32)", "rng.normal(size=n_out).astype(np.float32)"),
)
misconception(
    "mlp_float64_weights",
    exercise="simple_mlp",
    caught_by="all_is_float32",
    says="The weights are float64, as rng draws them. They must be turned into float32.",
    change=("self.weights.append(w.astype(np.float32))", "self.weights.append(w)"),
)
misconception(
    "mlp_float64_images",
    exercise="simple_mlp",
    caught_by="all_is_float32",
    says="Images that come in as float64 make everything float64 on their way. Turn them into "
    "float32 first.",
    change=("np.asarray(X, dtype=np.float32)", "np.asarray(X)"),
)
misconception(
    "mlp_float64_learning_rate",
    exercise="simple_mlp",
    caught_by="all_is_float32",
    says="A learning rate that is a NumPy float64, as np.logspace gives them, turns the weights "
    "into float64 in the first step.",
    change=("        lr = np.float32(lr)\n", ""),
)
misconception(
    "mlp_float64_targets",
    exercise="simple_mlp",
    caught_by="all_is_float32",
    says="float64 comes in with the targets: np.eye and np.zeros make one-hot rows in float64, "
    "and so the gradients and the weights become float64.",
    change=(
        "delta[np.arange(len(targets)), targets] -= 1",
        "delta = delta - np.eye(delta.shape[1])[targets]",
    ),
)
misconception(
    "mlp_keeps_the_sigmoid",
    exercise="simple_mlp",
    caught_by="outputs_are_softmax_of_relu_layers",
    says="The hidden layers still end in a sigmoid.",
    change=[
        ("np.maximum(a @ w.T + b, 0)", "sigmoid(a @ w.T + b)"),
        (
            "(self.activations[layer] > 0)",
            "self.activations[layer] * (1 - self.activations[layer])",
        ),
    ],
)
misconception(
    "mlp_relu_on_the_logits",
    exercise="simple_mlp",
    caught_by="outputs_are_softmax_of_relu_layers",
    says="The last layer ends in ReLU before softmax, so all unlikely classes are equal. The "
    "logits go to softmax as they are.",
    change=("stable_softmax(logits, axis=1)", "stable_softmax(np.maximum(logits, 0), axis=1)"),
)
misconception(
    "mlp_softmax_over_the_batch",
    exercise="simple_mlp",
    caught_by="outputs_are_softmax_of_relu_layers",
    says="The probabilities sum to one over the images of the batch. They must sum to one over "
    "the classes of each image.",
    change=("stable_softmax(logits, axis=1)", "stable_softmax(logits, axis=0)"),
)
misconception(
    "mlp_without_softmax",
    exercise="simple_mlp",
    caught_by="outputs_are_softmax_of_relu_layers",
    says="forward returns the logits. It must return probabilities.",
    change=("stable_softmax(logits, axis=1)", "logits"),
)
misconception(
    "mlp_without_biases",
    exercise="simple_mlp",
    caught_by="outputs_are_softmax_of_relu_layers",
    says="The biases are not added in the hidden layers.",
    change=("np.maximum(a @ w.T + b, 0)", "np.maximum(a @ w.T, 0)"),
)
misconception(
    "mlp_unstable_softmax",
    exercise="simple_mlp",
    caught_by="large_sums_stay_finite",
    says="The exponentials overflow for large sums, in float32 at 89 already. Use the stable "
    "softmax.",
    change=(
        "stable_softmax(logits, axis=1)",
        "np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)",
    ),
)
misconception(
    "mlp_uphill",
    exercise="simple_mlp",
    caught_by="output_layer_moves_downhill",
    says="The step goes along the gradient, so the loss grows. Subtract.",
    change=[
        ("self.weights[layer] - lr * grad_w", "self.weights[layer] + lr * grad_w"),
        ("self.biases[layer] - lr * grad_b", "self.biases[layer] + lr * grad_b"),
    ],
)
misconception(
    "mlp_slope_of_softmax_left",
    exercise="simple_mlp",
    caught_by="output_layer_moves_downhill",
    says="A factor p (1 - p) is left on the first delta. With softmax and cross-entropy it has "
    "cancelled.",
    change=(
        "        delta /= len(targets)\n",
        "        delta *= self.probabilities * (1 - self.probabilities) / len(targets)\n",
    ),
)
misconception(
    "mlp_one_taken_from_whole_columns",
    exercise="simple_mlp",
    caught_by="output_layer_moves_downhill",
    says="`delta[:, targets] -= 1` takes 1 from whole columns, for all images. Each image loses 1 "
    "in its own row only: that needs two index arrays.",
    change=("delta[np.arange(len(targets)), targets] -= 1", "delta[:, targets] -= 1"),
)
misconception(
    "mlp_bias_gets_the_mean",
    exercise="simple_mlp",
    caught_by="output_layer_moves_downhill",
    says="The gradient of the biases is a mean over the batch, on top of the mean that is in "
    "delta. Sum here.",
    change=("delta.sum(axis=0)", "delta.mean(axis=0)"),
)
misconception(
    "mlp_without_relu_slope",
    exercise="simple_mlp",
    caught_by="hidden_layers_move_downhill",
    says="The slope of ReLU is missing: units that are 0 hand the gradient down all the same.",
    change=("delta = delta * (self.activations[layer] > 0)", "pass"),
)
misconception(
    "mlp_slope_is_the_activation",
    exercise="simple_mlp",
    caught_by="hidden_layers_move_downhill",
    says="delta is multiplied by the activation. The slope of ReLU is 1 where the activation is "
    "above 0, however large it is.",
    change=("delta * (self.activations[layer] > 0)", "delta * self.activations[layer]"),
)
misconception(
    "mlp_slope_of_delta",
    exercise="simple_mlp",
    caught_by="hidden_layers_move_downhill",
    says="ReLU is applied to delta: what is negative there is lost. The slope depends on the "
    "activation, and not on delta.",
    change=("delta * (self.activations[layer] > 0)", "np.maximum(delta, 0)"),
)
misconception(
    "mlp_weights_after_their_step",
    exercise="simple_mlp",
    caught_by="hidden_layers_move_downhill",
    says="Going down from a layer, delta is multiplied by weights that have been moved already. "
    "All gradients belong to the weights of the forward pass.",
    change=[
        (
            "            if layer > 0:\n"
            "                delta = delta @ self.weights[layer]  # (B, n_in)\n"
            "                delta = delta * (self.activations[layer] > 0)\n",
            "",
        ),
        (
            "            self.biases[layer] = self.biases[layer] - lr * grad_b",
            "            self.biases[layer] = self.biases[layer] - lr * grad_b\n"
            "            if layer > 0:\n"
            "                delta = delta @ self.weights[layer]\n"
            "                delta = delta * (self.activations[layer] > 0)",
        ),
    ],
)
misconception(
    "mlp_first_layer_stays",
    exercise="simple_mlp",
    caught_by="hidden_layers_move_downhill",
    says="The loop ends before the first layer, whose weights never move.",
    change=("reversed(range(len(self.weights)))", "range(len(self.weights) - 1, 0, -1)"),
)
misconception(
    "mlp_weights_turned_round",
    exercise="simple_mlp",
    caught_by="each_layer_uses_its_own_arrays",
    says="Going down from a layer, the weights are transposed. The forward pass uses the "
    "transpose; the backward pass uses the weights as they are.",
    change=("delta @ self.weights[layer]  #", "delta @ self.weights[layer].T  #"),
)
misconception(
    "mlp_slope_of_another_layer",
    exercise="simple_mlp",
    caught_by="each_layer_uses_its_own_arrays",
    says="The slope is taken at another layer than the one that delta arrives at. It is that of "
    "what came into the layer.",
    change=("(self.activations[layer] > 0)", "(self.activations[layer - 1] > 0)"),
)
misconception(
    "mlp_sum_over_the_batch",
    exercise="simple_mlp",
    caught_by="a_batch_gives_the_mean",
    says="The step follows the sum over the batch. The loss is the mean: divide by the number of "
    "images.",
    change=("        delta /= len(targets)\n", ""),
)
misconception(
    "mlp_mean_over_classes_too",
    exercise="simple_mlp",
    caught_by="output_layer_moves_downhill",
    says="delta is divided by the number of classes as well. That belongs to the squared error of "
    "lab 1.",
    change=("delta /= len(targets)", "delta /= delta.size"),
)
misconception(
    "mlp_ignores_the_learning_rate",
    exercise="simple_mlp",
    caught_by="a_batch_gives_the_mean",
    says="The argument lr has no effect on the step.",
    change=("lr = np.float32(lr)", "lr = np.float32(1.0)"),
)
misconception(
    "mlp_predicts_probabilities",
    exercise="simple_mlp",
    caught_by="predictions_are_class_numbers",
    says="predict returns the largest probability of each image. It must return the class that "
    "has it: argmax, not max.",
    change=("self.forward(X).argmax(axis=1)", "self.forward(X).max(axis=1)"),
)
misconception(
    "mlp_centres_the_images",
    exercise="simple_mlp",
    caught_by="arrays_are_left_alone",
    says="forward changes the images that it is given, in place.",
    change=(
        "        self.activations = [a]  #",
        "        a -= a.mean()\n        self.activations = [a]  #",
    ),
)

misconception(
    "mlp_delta_written_into_the_probabilities",
    exercise="simple_mlp",
    caught_by="arrays_are_left_alone",
    says="delta is the array that forward has returned, and no copy of it. `-=` changes it for "
    "whoever called forward, too.",
    change=("delta = self.probabilities.copy()", "delta = self.probabilities"),
)

# --------------------------------------------------------------- train_with_lr

misconception(
    "training_noted_after_epochs_only",
    exercise="train_with_lr",
    caught_by="history_begins_before_the_first_step",
    says="The lists begin after the first epoch. They must begin before the first step, so that "
    "one sees where the training started.",
    change=("    note()\n    for _ in", "    for _ in"),
)
misconception(
    "training_noted_before_epochs_only",
    exercise="train_with_lr",
    caught_by="history_begins_before_the_first_step",
    says="The state after the last epoch is never noted.",
    change=[
        (
            "    note()\n    for _ in range(epochs):\n",
            "    for _ in range(epochs):\n        note()\n",
        ),
        (
            "            model.backward(targets[chosen], lr)\n        note()",
            "            model.backward(targets[chosen], lr)",
        ),
    ],
)
misconception(
    "training_noted_after_each_step",
    exercise="train_with_lr",
    caught_by="history_begins_before_the_first_step",
    says="An entry is made after each mini-batch. There is one for each epoch.",
    change=(
        "            model.backward(targets[chosen], lr)\n        note()",
        "            model.backward(targets[chosen], lr)\n            note()",
    ),
)
misconception(
    "training_drops_the_last_batch",
    exercise="train_with_lr",
    caught_by="each_image_once_in_each_epoch",
    says="The images that do not fill a batch of 64 are never learned.",
    change=("range(0, len(images), 64)", "range(0, len(images) - 63, 64)"),
)
misconception(
    "training_draws_with_replacement",
    exercise="train_with_lr",
    caught_by="each_image_once_in_each_epoch",
    says="The images of a batch are drawn at random each time, so that in an epoch some come "
    "twice and others not at all. Go through one permutation.",
    change=("rng.permutation(len(images))", "rng.integers(len(images), size=len(images))"),
)
misconception(
    "training_begins_each_batch_at_zero",
    exercise="train_with_lr",
    caught_by="each_image_once_in_each_epoch",
    says="Each batch begins with the first image of the order. The slices must follow each other.",
    change=("order[start : start + 64]", "order[: min(64, len(order) - start)]"),
)
misconception(
    "training_targets_in_their_own_order",
    exercise="train_with_lr",
    caught_by="images_keep_their_targets",
    says="The images are shuffled and the targets are not, so each image is learned with "
    "another's target.",
    change=(
        "model.backward(targets[chosen], lr)",
        "model.backward(targets[start : start + 64], lr)",
    ),
)
misconception(
    "training_shuffles_targets_again",
    exercise="train_with_lr",
    caught_by="images_keep_their_targets",
    says="Images and targets are shuffled by two orders. One order serves both.",
    change=[
        (
            "        for start in",
            "        other = rng.permutation(len(images))\n        for start in",
        ),
        ("targets[chosen]", "targets[other[start : start + 64]]"),
    ],
)
misconception(
    "training_without_shuffling",
    exercise="train_with_lr",
    caught_by="order_is_new_in_each_epoch",
    says="The images always come in the same order, that of the file.",
    change=("rng.permutation(len(images))", "np.arange(len(images))"),
)
misconception(
    "training_shuffles_once",
    exercise="train_with_lr",
    caught_by="order_is_new_in_each_epoch",
    says="The order is drawn once, before the first epoch. Draw a new one in each.",
    change=[
        ("        order = rng.permutation(len(images))\n", ""),
        (
            "    note()\n    for _ in",
            "    order = rng.permutation(len(images))\n    note()\n    for _ in",
        ),
    ],
)
misconception(
    "training_in_one_batch",
    exercise="train_with_lr",
    caught_by="steps_are_of_64_images_and_of_lr",
    says="All images go into one step. Mini-batches have 64.",
    change=[
        ("range(0, len(images), 64)", "range(0, len(images), len(images))"),
        ("order[start : start + 64]", "order"),
    ],
)
misconception(
    "training_with_a_fixed_rate",
    exercise="train_with_lr",
    caught_by="steps_are_of_64_images_and_of_lr",
    says="The steps are made with a learning rate of their own, and not with lr.",
    change=("model.backward(targets[chosen], lr)", "model.backward(targets[chosen], 0.1)"),
)
misconception(
    "training_divides_the_rate",
    exercise="train_with_lr",
    caught_by="steps_are_of_64_images_and_of_lr",
    says="The learning rate is divided by the batch size. The mean over the batch is in the "
    "gradient already.",
    change=("model.backward(targets[chosen], lr)", "model.backward(targets[chosen], lr / 64)"),
)
misconception(
    "training_notes_the_last_batch",
    exercise="train_with_lr",
    caught_by="loss_and_accuracy_are_those_of_all_images",
    says="The loss and the accuracy are those of the first few images. They must be those of all.",
    change=[
        ("model.forward(images)", "model.forward(images[:64])"),
        ("argmax(axis=1) == targets", "argmax(axis=1) == targets[:64]"),
        ("mean_loss(probabilities, targets)", "mean_loss(probabilities, targets[:64])"),
    ],
)
misconception(
    "training_notes_a_running_mean",
    exercise="train_with_lr",
    caught_by="loss_and_accuracy_are_those_of_all_images",
    says="The loss of an epoch is a mean over its batches, while the weights still move. So it "
    "tells of a network that no longer exists. Measure after the epoch.",
    change=[
        ("        order = rng", "        running = []\n        order = rng"),
        (
            "            model.forward(images[chosen])\n",
            "            p = model.forward(images[chosen])\n"
            "            running.append(mean_loss(p, targets[chosen]))\n",
        ),
        (
            "lr)\n        note()",
            "lr)\n        note()\n        history['loss'][-1] = float(np.mean(running))",
        ),
    ],
)
misconception(
    "training_counts_right_answers",
    exercise="train_with_lr",
    caught_by="loss_and_accuracy_are_those_of_all_images",
    says="The accuracy is a number of images. It must be a share, from 0 to 1.",
    change=("float(np.mean(right))", "float(np.sum(right))"),
)
misconception(
    "training_accuracy_in_per_cent",
    exercise="train_with_lr",
    caught_by="loss_and_accuracy_are_those_of_all_images",
    says="The accuracy is in per cent. It must be a share, from 0 to 1.",
    change=("float(np.mean(right))", "100 * float(np.mean(right))"),
)
misconception(
    "training_loss_of_the_predicted_class",
    exercise="train_with_lr",
    caught_by="loss_and_accuracy_are_those_of_all_images",
    says="The loss is that of the class the network chose. It must be that of the right class.",
    change=(
        "mean_loss(probabilities, targets)",
        "mean_loss(probabilities, probabilities.argmax(1))",
    ),
)
misconception(
    "training_stops_at_nan",
    exercise="train_with_lr",
    caught_by="goes_on_after_nan",
    says="The training stops at NaN, and the lists are too short. They need an entry for every "
    "epoch.",
    change=(
        "lr)\n        note()",
        "lr)\n        note()\n        if np.isnan(history['loss'][-1]):\n            break",
    ),
)
misconception(
    "training_leaves_nan_out",
    exercise="train_with_lr",
    caught_by="goes_on_after_nan",
    says="A loss that is NaN is left out of the list. It is what the reader must see.",
    change=(
        '        history["loss"].append(mean_loss(probabilities, targets))\n',
        "        loss = mean_loss(probabilities, targets)\n"
        "        if not np.isnan(loss):\n"
        '            history["loss"].append(loss)\n',
    ),
)
misconception(
    "training_hides_nan",
    exercise="train_with_lr",
    caught_by="goes_on_after_nan",
    says="NaN is turned into a number. The curve then looks as if nothing had happened.",
    change=(
        '["loss"].append(mean_loss(probabilities, targets))',
        '["loss"].append(float(np.nan_to_num(mean_loss(probabilities, targets))))',
    ),
)

# -------------------------------------------------------------------- diagnose

misconception(
    "diagnose_nan_by_comparison",
    exercise="diagnose",
    caught_by="explosions_are_named",
    says="NaN slips through: it is not above any number, not below any and not equal to any, not "
    "even to np.nan. Ask with np.isfinite.",
    change=(
        "    if not np.all(np.isfinite(loss)) or not np.all(np.isfinite(val_loss)):\n"
        '        return "explodes"\n',
        "",
    ),
)
misconception(
    "diagnose_explosion_means_nan",
    exercise="diagnose",
    caught_by="explosions_are_named",
    says="Only NaN counts as an explosion. A loss that ends far above its start has exploded too.",
    change=('    if loss[-1] > loss[0]:\n        return "explodes"\n', ""),
)
misconception(
    "diagnose_asks_the_last_loss_only",
    exercise="diagnose",
    caught_by="explosions_are_named",
    says="Only the last loss is asked whether it is finite. One entry that is not is enough, in "
    "any place.",
    change=(
        "not np.all(np.isfinite(loss)) or not np.all(np.isfinite(val_loss))",
        "not np.isfinite(loss[-1]) or not np.isfinite(val_loss[-1])",
    ),
)
misconception(
    "diagnose_infinity_is_no_nan",
    exercise="diagnose",
    caught_by="explosions_are_named",
    says="Only NaN is looked for. A loss that is infinite is no finite number either: ask with "
    "np.isfinite.",
    change=(
        "not np.all(np.isfinite(loss)) or not np.all(np.isfinite(val_loss))",
        "np.isnan(loss).any() or np.isnan(val_loss).any()",
    ),
)
misconception(
    "diagnose_validation_loss_may_be_anything",
    exercise="diagnose",
    caught_by="explosions_are_named",
    says="The validation loss is not asked whether it is finite. A network can be sure and wrong "
    "on an image that it has not learned.",
    change=(" or not np.all(np.isfinite(val_loss))", ""),
)
misconception(
    "diagnose_explosion_in_the_first_epoch",
    exercise="diagnose",
    caught_by="explosions_are_named",
    says="The loss after the first epoch is compared with the start. A training can run well for "
    "a while and run away later: look at the end.",
    change=("if loss[-1] > loss[0]:", "if loss[1] > loss[0]:"),
)
misconception(
    "diagnose_standstill_only_if_level",
    exercise="diagnose",
    caught_by="standstill_is_named",
    says="Only a loss that does not move at all is said to barely move. It may fall a little: to "
    "nine tenths of its start, say.",
    change=("0.8 * loss[0]", "0.995 * loss[0]"),
)
misconception(
    "diagnose_level_is_an_explosion",
    exercise="diagnose",
    caught_by="standstill_is_named",
    says="A loss that ends where it began is said to explode. To explode it must end above its "
    "start.",
    change=("if loss[-1] > loss[0]:", "if loss[-1] >= loss[0]:"),
)
misconception(
    "diagnose_without_standstill",
    exercise="diagnose",
    caught_by="standstill_is_named",
    says="A training that barely moves is said to underfit. It has learned next to nothing: "
    "compare the last loss with the first, before you look at the accuracy.",
    change=('    if loss[-1] > 0.8 * loss[0]:\n        return "barely moves"\n', ""),
)
misconception(
    "diagnose_standstill_by_the_last_epochs",
    exercise="diagnose",
    caught_by=("underfitting_is_named", "health_is_named"),
    says="The last two epochs are compared. Every training is slow at its end. Compare the end "
    "with the start.",
    change=("loss[-1] > 0.8 * loss[0]", "loss[-1] > 0.9 * loss[-2]"),
)
misconception(
    "diagnose_any_rise_oscillates",
    exercise="diagnose",
    caught_by="health_is_named",
    says="Every smallest rise is counted, so that a healthy training is said to oscillate. Count "
    "rises that one can see.",
    change=[("loss[1:] > 1.1 * loss[:-1]", "loss[1:] > loss[:-1]"), (">= 0.2", "> 0")],
)
misconception(
    "diagnose_oscillation_must_be_every_epoch",
    exercise="diagnose",
    caught_by="oscillation_is_named",
    says="The loss is asked to rise in nearly every epoch. A saw goes up and down: it cannot.",
    change=("np.mean(rises) >= 0.2", "np.mean(rises) >= 0.9"),
)
misconception(
    "diagnose_oscillation_after_overfitting",
    exercise="diagnose",
    caught_by="oscillation_is_named",
    says="A training that saws up and down is said to overfit, because its validation loss has "
    "once been lower. Ask for oscillation first.",
    change=[
        ('    if np.mean(rises) >= 0.2:\n        return "oscillates"\n', ""),
        (
            '        return "overfits"\n',
            '        return "overfits"\n    if np.mean(rises) >= 0.2:\n'
            '        return "oscillates"\n',
        ),
    ],
)
misconception(
    "diagnose_compares_neighbours_the_wrong_way",
    exercise="diagnose",
    caught_by=("oscillation_is_named", "health_is_named"),
    says="loss[:-1] and loss[1:] are exchanged, so that every fall counts as a rise.",
    change=("loss[1:] > 1.1 * loss[:-1]", "loss[:-1] > 1.01 * loss[1:]"),
)
misconception(
    "diagnose_overfitting_by_the_training_loss",
    exercise="diagnose",
    caught_by="overfitting_is_named",
    says="Overfitting is looked for in the training loss, which goes on falling. It shows in the "
    "validation loss.",
    change=("val_loss[-1] > 1.2 * val_loss.min()", "loss[-1] > 1.2 * loss.min()"),
)
misconception(
    "diagnose_overfitting_above_the_start",
    exercise="diagnose",
    caught_by="overfitting_is_named",
    says="The last validation loss is compared with the first. Overfitting is a rise from the "
    "lowest value, which lies in between.",
    change=("1.2 * val_loss.min()", "val_loss[0]"),
)
misconception(
    "diagnose_any_gap_overfits",
    exercise="diagnose",
    caught_by="health_is_named",
    says="Every gap between training and validation is called overfitting. A small gap is normal: "
    "ask whether the validation loss turns up.",
    change=("val_loss[-1] > 1.2 * val_loss.min()", "val_loss[-1] > loss[-1]"),
)
misconception(
    "diagnose_any_comeback_overfits",
    exercise="diagnose",
    caught_by="health_is_named",
    says="The smallest rise of the validation loss above its lowest value is called overfitting. "
    "It goes up and down a little in every training.",
    change=("1.2 * val_loss.min()", "val_loss.min()"),
)
misconception(
    "diagnose_underfitting_at_chance_only",
    exercise="diagnose",
    caught_by="underfitting_is_named",
    says="Only a training that guesses is said to underfit. Half of the images right is more than "
    "a guess, and not good.",
    change=('history["acc"][-1] < 0.85', 'history["acc"][-1] < 0.2'),
)
misconception(
    "diagnose_underfitting_by_the_first_epoch",
    exercise="diagnose",
    caught_by="health_is_named",
    says="The accuracy after the first epoch is looked at. It is the last that counts.",
    change=('history["acc"][-1] < 0.85', 'history["acc"][1] < 0.85'),
)
misconception(
    "diagnose_accuracy_in_per_cent",
    exercise="diagnose",
    caught_by="health_is_named",
    says="The accuracy is compared with 85. It is a share, from 0 to 1.",
    change=('history["acc"][-1] < 0.85', 'history["acc"][-1] < 85'),
)
misconception(
    "diagnose_sorts_the_lists",
    exercise="diagnose",
    caught_by="histories_are_left_alone",
    says="The lists that come in are sorted in place. Whoever draws them afterwards draws "
    "something else.",
    change=("val_loss.min()", "(history['val_loss'].sort() or history['val_loss'][0])"),
)
misconception(
    "diagnose_other_words",
    exercise="diagnose",
    caught_by="explosions_are_named",
    says="The names are other words than those in the list. The checks compare strings.",
    change=[
        (
            'isfinite(val_loss)):\n        return "explodes"',
            'isfinite(val_loss)):\n        return "exploding"',
        ),
        (
            'loss[-1] > loss[0]:\n        return "explodes"',
            'loss[-1] > loss[0]:\n        return "exploding"',
        ),
    ],
)

# ----------------------------------------------------------- overfit_one_batch

misconception(
    "batch_without_the_last_loss",
    exercise="overfit_one_batch",
    caught_by="losses_from_before_the_first_step_to_after_the_last",
    says="The loss after the last step is missing from the list.",
    change=[
        (
            "    losses.append(mean_loss(probabilities, y))\n",
            "    last = mean_loss(probabilities, y)\n",
        ),
        ("losses[-1] < 0.1", "last < 0.1"),
    ],
)
misconception(
    "batch_without_the_first_loss",
    exercise="overfit_one_batch",
    caught_by="losses_from_before_the_first_step_to_after_the_last",
    says="The list begins after the first step, so one does not see where it started.",
    change=("return losses, bool", "losses = losses[1:]\n    return losses, bool"),
)
misconception(
    "batch_loss_of_all_images",
    exercise="overfit_one_batch",
    caught_by="losses_from_before_the_first_step_to_after_the_last",
    says="The steps are made on 32 images, and the loss is measured on all that came in.",
    change=[
        ("    x, y = x[:32], y[:32]\n", "    whole_x, whole_y = x, y\n    x, y = x[:32], y[:32]\n"),
        (
            "        losses.append(mean_loss(model.forward(x), y))\n",
            "        losses.append(mean_loss(model.forward(whole_x), whole_y))\n"
            "        model.forward(x)\n",
        ),
        (
            "losses.append(mean_loss(probabilities, y))",
            "losses.append(mean_loss(model.forward(whole_x), whole_y))",
        ),
    ],
)
misconception(
    "batch_of_all_images",
    exercise="overfit_one_batch",
    caught_by="every_step_is_on_the_same_images",
    says="All images that come in are learned. The test is on the first 32.",
    change=("    x, y = x[:32], y[:32]\n", ""),
)
misconception(
    "batch_new_in_each_step",
    exercise="overfit_one_batch",
    caught_by="every_step_is_on_the_same_images",
    says="Each step takes other images. The test is whether 32 of them can be learned by heart, "
    "so it must be the same ones each time.",
    change=[
        ("    x, y = x[:32], y[:32]\n", "    whole_x, whole_y = x, y\n    x, y = x[:32], y[:32]\n"),
        (
            "    for _ in range(steps):\n",
            "    for _ in range(steps):\n"
            "        chosen = rng.permutation(len(whole_x))[:32]\n"
            "        x, y = whole_x[chosen], whole_y[chosen]\n",
        ),
    ],
)
misconception(
    "batch_cuts_the_images_only",
    exercise="overfit_one_batch",
    caught_by="every_step_is_on_the_same_images",
    says="The targets are in another order than the images.",
    change=("x[:32], y[:32]", "x[:32], y[::-1][-32:]"),
)
misconception(
    "batch_with_a_fixed_rate",
    exercise="overfit_one_batch",
    caught_by="every_step_is_on_the_same_images",
    says="The steps are made with a learning rate of their own, and not with lr.",
    change=("model.backward(y, lr)", "model.backward(y, 0.1)"),
)
misconception(
    "batch_never_passes",
    exercise="overfit_one_batch",
    caught_by="learned_by_heart_passes",
    says="The loss is asked to be exactly 0, which it never is.",
    change=("losses[-1] < 0.1", "losses[-1] <= 0"),
)
misconception(
    "batch_judged_on_the_mean_loss",
    exercise="overfit_one_batch",
    caught_by="learned_by_heart_passes",
    says="The mean over all steps is judged. The beginning may be as bad as it likes: it is the "
    "end that counts.",
    change=("losses[-1] < 0.1", "np.mean(losses) < 0.1"),
)
misconception(
    "batch_judged_on_the_lowest_loss",
    exercise="overfit_one_batch",
    caught_by="what_is_not_learned_fails",
    says="The lowest loss on the way is judged, and not the last one.",
    change=[("losses[-1] < 0.1", "min(losses) < 0.1"), (" and all_right", "")],
)
misconception(
    "batch_judged_on_the_loss_only",
    exercise="overfit_one_batch",
    caught_by="what_is_not_learned_fails",
    says="The images themselves are not looked at. With a low mean loss one of them can still be "
    "wrong.",
    change=(" and all_right", ""),
)
misconception(
    "batch_judged_on_the_images_only",
    exercise="overfit_one_batch",
    caught_by="what_is_not_learned_fails",
    says="The loss is not looked at. All images can be right with a loss that is still high.",
    change=("losses[-1] < 0.1 and all_right", "all_right"),
)
misconception(
    "batch_passes_if_the_loss_falls",
    exercise="overfit_one_batch",
    caught_by="what_is_not_learned_fails",
    says="A loss that has fallen is enough here. It must be below 0.1.",
    change=("losses[-1] < 0.1 and all_right", "losses[-1] < losses[0]"),
)
misconception(
    "batch_nan_passes",
    exercise="overfit_one_batch",
    caught_by="nan_fails",
    says="NaN passes, because it is not above the limit. Ask for a loss below the limit.",
    change=("losses[-1] < 0.1 and all_right", "not losses[-1] >= 0.1"),
)
misconception(
    "batch_stops_at_nan",
    exercise="overfit_one_batch",
    caught_by="nan_fails",
    says="The loop ends at NaN and the list is too short.",
    change=(
        "        model.backward(y, lr)\n",
        "        if np.isnan(losses[-1]):\n            break\n        model.backward(y, lr)\n",
    ),
)

# -------------------------------------------------------------- gradient_norms

misconception(
    "norms_last_layer_first",
    exercise="gradient_norms",
    caught_by=("norms_with_relu_are_right", "vanishing_gradients_are_seen"),
    says="The list begins with the last layer. It must begin with the first.",
    change=("norms.insert(0, float(", "norms.append(float("),
)
misconception(
    "norms_without_the_root",
    exercise="gradient_norms",
    caught_by="norms_with_relu_are_right",
    says="The sum of squares is returned. The length is its root.",
    change=(
        "float(np.linalg.norm(delta.T @ activations[layer]))",
        "float(np.sum((delta.T @ activations[layer]) ** 2))",
    ),
)
misconception(
    "norms_as_sum_of_sizes",
    exercise="gradient_norms",
    caught_by="norms_with_relu_are_right",
    says="The sizes of the entries are summed. The length is the root of the sum of their squares.",
    change=(
        "np.linalg.norm(delta.T @ activations[layer])",
        "np.abs(delta.T @ activations[layer]).sum()",
    ),
)
misconception(
    "norms_by_the_largest_singular_value",
    exercise="gradient_norms",
    caught_by="norms_with_relu_are_right",
    says="np.linalg.norm with the argument 2 gives the largest singular value of a matrix. Without "
    "it, it gives the root of the sum of squares.",
    change=(
        "np.linalg.norm(delta.T @ activations[layer])",
        "np.linalg.norm(delta.T @ activations[layer], 2)",
    ),
)
misconception(
    "norms_of_delta",
    exercise="gradient_norms",
    caught_by="norms_with_relu_are_right",
    says="The lengths of delta are returned. The gradient of the weights is delta times what came "
    "into the layer.",
    change=("np.linalg.norm(delta.T @ activations[layer])", "np.linalg.norm(delta)"),
)
misconception(
    "norms_without_relu_slope",
    exercise="gradient_norms",
    caught_by="norms_with_relu_are_right",
    says="The slope of ReLU is missing: units that are 0 hand the gradient down all the same.",
    change=('a > 0 if activation == "relu"', '1 if activation == "relu"'),
)
misconception(
    "norms_of_a_bent_output",
    exercise="gradient_norms",
    caught_by="norms_with_relu_are_right",
    says="The last layer is bent as well before softmax. The logits go to softmax as they are.",
    change=(
        "    delta = stable_softmax(logits, axis=1)\n",
        "    logits = np.maximum(logits, 0)\n    delta = stable_softmax(logits, axis=1)\n",
    ),
)
misconception(
    "norms_relu_whatever_is_asked",
    exercise="gradient_norms",
    caught_by="norms_with_sigmoid_are_right",
    says="The argument `activation` has no effect: it is always ReLU.",
    change=("    activations = [x]\n", '    activation = "relu"\n    activations = [x]\n'),
)
misconception(
    "norms_sigmoid_slope_of_an_activation",
    exercise="gradient_norms",
    caught_by="norms_with_sigmoid_are_right",
    says="The sigmoid is applied a second time to take its slope. From the activation a, the "
    "slope is a (1 - a).",
    change=("else a * (1 - a)", "else sigmoid(a) * (1 - sigmoid(a))"),
)
misconception(
    "norms_sigmoid_on_the_output",
    exercise="gradient_norms",
    caught_by="norms_with_sigmoid_are_right",
    says="A slope of the sigmoid is left on the output, where softmax is.",
    change=(
        "    delta /= len(x)\n",
        "    delta /= len(x)\n"
        '    if activation == "sigmoid":\n'
        "        delta *= stable_softmax(logits, axis=1) * (1 - stable_softmax(logits, axis=1))\n",
    ),
)
misconception(
    "norms_without_sigmoid_slope",
    exercise="gradient_norms",
    caught_by=("norms_with_sigmoid_are_right", "vanishing_gradients_are_seen"),
    says="The slope of the sigmoid is missing, and with it the reason why gradients vanish. It is "
    "a (1 - a); the bracket [a > 0] is always 1 here.",
    change=("else a * (1 - a)", "else 1"),
)
misconception(
    "norms_slope_of_another_layer",
    exercise="gradient_norms",
    caught_by="one_layer_and_many",
    says="delta is multiplied by the slope of another layer. It must be that of the layer it "
    "arrives at, where the activations are those that came into the layer above.",
    change=(
        "a = activations[layer]\n            slope",
        "a = activations[layer - 1]\n            slope",
    ),
)
misconception(
    "norms_weights_turned_round",
    exercise="gradient_norms",
    caught_by="one_layer_and_many",
    says="Going down from a layer, the weights are transposed. The forward pass uses the "
    "transpose; the backward pass uses the weights as they are.",
    change=("delta @ weights[layer] * slope", "delta @ weights[layer].T * slope"),
)
misconception(
    "norms_of_the_sum",
    exercise="gradient_norms",
    caught_by="a_repeated_batch_has_the_same_norms",
    says="The gradient is the sum over the batch. The loss is the mean: divide by the number of "
    "images.",
    change=("    delta /= len(x)\n", ""),
)
misconception(
    "norms_of_the_first_image",
    exercise="gradient_norms",
    caught_by="a_repeated_batch_has_the_same_norms",
    says="Only the first image of the batch is looked at.",
    change=(
        "    activations = [x]\n",
        "    x, targets = x[:1], targets[:1]\n    activations = [x]\n",
    ),
)
misconception(
    "norms_with_a_step",
    exercise="gradient_norms",
    caught_by="measuring_changes_nothing",
    says="The weights are moved while they are measured. This function makes no step.",
    change=(
        "        if layer > 0:\n",
        "        weights[layer] -= 0.1 * (delta.T @ activations[layer])\n        if layer > 0:\n",
    ),
)
misconception(
    "norms_clipped_from_below",
    exercise="gradient_norms",
    caught_by="vanishing_gradients_are_seen",
    says="Small norms are lifted to a smallest value. Small is what this function is there to "
    "show.",
    change=(
        "float(np.linalg.norm(delta.T @ activations[layer]))",
        "max(float(np.linalg.norm(delta.T @ activations[layer])), 1e-3)",
    ),
)
misconception(
    "norms_rounded",
    exercise="gradient_norms",
    caught_by="vanishing_gradients_are_seen",
    says="The norms are rounded to a few decimals, so that those of the first layers become 0.",
    change=(
        "float(np.linalg.norm(delta.T @ activations[layer]))",
        "round(float(np.linalg.norm(delta.T @ activations[layer])), 4)",
    ),
)

# --------------------------------------------------------------- lr_range_test

misconception(
    "sweep_step_before_the_loss",
    exercise="lr_range_test",
    caught_by="each_rate_has_its_loss",
    says="The step is made before the loss is noted, so each loss stands beside the rate that "
    "came after it.",
    change=(
        "        loss = mean_loss(model.forward(images[batch]), targets[batch])\n",
        "        model.forward(images[batch])\n"
        "        model.backward(targets[batch], lr)\n"
        "        loss = mean_loss(model.forward(images[batch]), targets[batch])\n",
    ),
)
misconception(
    "sweep_with_one_rate",
    exercise="lr_range_test",
    caught_by="each_rate_has_its_loss",
    says="All steps are made with the first rate, so nothing is tested.",
    change=("model.backward(targets[batch], lr)", "model.backward(targets[batch], rates[0])"),
)
misconception(
    "sweep_begins_anew_each_time",
    exercise="lr_range_test",
    caught_by="each_rate_has_its_loss",
    says="Each rate gets a fresh copy of the model, whose loss is noted before it has made a "
    "step. All losses are then those of the start.",
    change=[
        ("    model = copy.deepcopy(model)\n", "    original = model\n"),
        (
            "    for lr in rates:\n",
            "    for lr in rates:\n        model = copy.deepcopy(original)\n",
        ),
    ],
)
misconception(
    "sweep_never_stops",
    exercise="lr_range_test",
    caught_by="stops_when_the_loss_runs_away",
    says="The test goes on after the loss has run away. What comes then says nothing.",
    change=("            break\n", "            pass\n"),
)
misconception(
    "sweep_goes_on_at_nan",
    exercise="lr_range_test",
    caught_by="stops_when_the_loss_runs_away",
    says="The test goes on at NaN: a comparison with NaN is False. Ask with np.isfinite too.",
    change=("not np.isfinite(loss) or loss > 4", "loss > 4"),
)
misconception(
    "sweep_stops_at_nan_only",
    exercise="lr_range_test",
    caught_by="stops_when_the_loss_runs_away",
    says="The test ends at NaN only. A loss of four times the smallest has run away too.",
    change=("not np.isfinite(loss) or loss > 4 * min(losses)", "not np.isfinite(loss)"),
)
misconception(
    "sweep_stops_beside_the_first_loss",
    exercise="lr_range_test",
    caught_by="stops_when_the_loss_runs_away",
    says="The loss is compared with the first. It must be compared with the smallest so far.",
    change=("4 * min(losses)", "4 * losses[0]"),
)
misconception(
    "sweep_stops_at_the_first_rise",
    exercise="lr_range_test",
    caught_by=("each_rate_has_its_loss", "stops_when_the_loss_runs_away"),
    says="The test ends at the first rise. From batch to batch the loss always rises now and then.",
    change=("loss > 4 * min(losses)", "loss > min(losses)"),
)
misconception(
    "sweep_leaves_the_last_loss_out",
    exercise="lr_range_test",
    caught_by="stops_when_the_loss_runs_away",
    says="The loss that ends the test is not in the list.",
    change=("            break\n", "            losses.pop()\n            break\n"),
)
misconception(
    "sweep_steps_once_more",
    exercise="lr_range_test",
    caught_by="stops_when_the_loss_runs_away",
    says="A step is made after the loss has run away.",
    change=(
        "            break\n",
        "            model.backward(targets[batch], lr)\n            break\n",
    ),
)
misconception(
    "sweep_picks_nan",
    exercise="lr_range_test",
    caught_by="best_is_well_below_the_turn",
    says="np.argmin takes NaN for the smallest loss, so the pick goes by the rate at which "
    "everything blew up.",
    change=("np.nanargmin(losses)", "np.argmin(losses)"),
)
misconception(
    "sweep_picks_the_lowest_loss",
    exercise="lr_range_test",
    caught_by="best_is_well_below_the_turn",
    says="The rate of the lowest loss is picked. It is too high already: what you see there was "
    "won by smaller rates.",
    change=("[int(np.nanargmin(losses))] / 10", "[int(np.nanargmin(losses))]"),
)
misconception(
    "sweep_picks_the_first_rate",
    exercise="lr_range_test",
    caught_by="best_is_well_below_the_turn",
    says="The smallest rate is picked. With it nothing moves.",
    change=("tried[int(np.nanargmin(losses))] / 10", "min(tried)"),
)
misconception(
    "sweep_on_one_batch",
    exercise="lr_range_test",
    caught_by="batches_follow_each_other",
    says="All steps are made on the first batch. Take the next images in each step.",
    change=("        start += batch_size\n", ""),
)
misconception(
    "sweep_with_its_own_batch_size",
    exercise="lr_range_test",
    caught_by="batches_follow_each_other",
    says="The argument `batch_size` has no effect.",
    change=("    losses = []\n", "    losses = []\n    batch_size = 64\n"),
)
misconception(
    "sweep_runs_past_the_end",
    exercise="lr_range_test",
    caught_by="batches_follow_each_other",
    says="After the last image the slices are empty or too short. Begin again at the first.",
    change=(
        "        if start + batch_size > len(images):\n            start = 0\n",
        "        if start >= len(images):\n            start = 0\n",
    ),
)
misconception(
    "sweep_leaves_the_last_batch_out",
    exercise="lr_range_test",
    caught_by="batches_follow_each_other",
    says="The last batch is left out where it ends with the last image. It is as large as the "
    "others.",
    change=("start + batch_size > len(images)", "start + batch_size >= len(images)"),
)
misconception(
    "sweep_targets_stay_behind",
    exercise="lr_range_test",
    caught_by="batches_follow_each_other",
    says="The targets are always those of the first batch.",
    change=("model.backward(targets[batch], lr)", "model.backward(targets[:batch_size], lr)"),
)
misconception(
    "sweep_spoils_the_model",
    exercise="lr_range_test",
    caught_by="the_model_is_left_as_it_was",
    says="The model that came in is trained, up to rates that ruin it. Work with a copy.",
    change=("    model = copy.deepcopy(model)\n", ""),
)
misconception(
    "sweep_with_a_shallow_copy",
    exercise="lr_range_test",
    caught_by="the_model_is_left_as_it_was",
    says="copy.copy makes a new model that shares its arrays with the old one. A step that "
    "changes them in place changes both.",
    change=("copy.deepcopy(model)", "copy.copy(model)"),
)
