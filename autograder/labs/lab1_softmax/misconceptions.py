"""Wrong answers to lab 1 that students give, each one fault away from the solution."""

from autograder.proving.faults import misconception

# -------------------------------------------------------------- stable_softmax

misconception(
    "softmax_without_shift",
    exercise="stable_softmax",
    caught_by="large_logits_stay_finite",
    says="Large logits overflow. Subtract the largest logit before you take exponentials.",
    change=("shifted = x - x.max(axis=axis, keepdims=True)", "shifted = x"),
)
misconception(
    "softmax_with_one_shift_for_all",
    exercise="stable_softmax",
    caught_by="each_row_has_its_own_shift",
    says="The largest logit of the whole array is subtracted from every row. A row far below it "
    "underflows to zero everywhere. Each row needs its own largest logit.",
    change=("x.max(axis=axis, keepdims=True)", "x.max()"),
)
misconception(
    "softmax_shifted_by_the_mean",
    exercise="stable_softmax",
    caught_by="large_logits_stay_finite",
    says="The mean is subtracted. A logit can still be far above the mean and overflow. Only the "
    "maximum makes every exponent at most zero.",
    change=("x.max(", "x.mean("),
)
misconception(
    "softmax_of_clipped_logits",
    exercise="stable_softmax",
    caught_by="large_logits_stay_finite",
    says="Clipping keeps the exponentials finite, but it makes all large logits equal. A shift "
    "keeps their differences.",
    change=("shifted = x - x.max(axis=axis, keepdims=True)", "shifted = np.clip(x, -500, 500)"),
)
misconception(
    "softmax_divided_by_the_maximum",
    exercise="stable_softmax",
    caught_by=("follows_the_definition", "large_logits_stay_finite"),
    says="Dividing the logits by their maximum changes their differences, and so the result. "
    "Subtracting it does not.",
    change=("x - x.max(axis=axis, keepdims=True)", "x / np.abs(x).max(axis=axis, keepdims=True)"),
)
misconception(
    "softmax_not_batched",
    exercise="stable_softmax",
    caught_by="follows_the_definition",
    says="The sum runs over the whole array, so all rows together sum to one. Each row must.",
    change=("exponentials.sum(axis=axis, keepdims=True)", "exponentials.sum()"),
)
misconception(
    "softmax_over_the_first_axis",
    exercise="stable_softmax",
    caught_by="follows_the_definition",
    says="Without an axis given, probabilities must sum to one along the last axis: over the "
    "classes of one image, not over the images.",
    change=("axis=-1", "axis=0"),
)
misconception(
    "softmax_ignores_its_axis",
    exercise="stable_softmax",
    caught_by="works_along_any_axis",
    says="The argument `axis` has no effect on the sum.",
    change=("exponentials.sum(axis=axis", "exponentials.sum(axis=-1"),
)
misconception(
    "softmax_changes_its_input",
    exercise="stable_softmax",
    caught_by="logits_are_left_alone",
    says="The shift is written into the caller's array. Make a new one: `x - m`, not `x -= m`.",
    change=(
        "shifted = x - x.max(axis=axis, keepdims=True)",
        "shifted = x\n    shifted -= x.max(axis=axis, keepdims=True)",
    ),
)

# -------------------------------------------------------------------- backprop

misconception(
    "backprop_weights_transposed",
    exercise="backprop",
    caught_by="gradients_have_the_right_shapes",
    says="The gradients of the weights are transposed. They must have one row for each unit of "
    "the layer, as the weights have.",
    change=("delta.T @ activations[layer]", "activations[layer].T @ delta"),
)
misconception(
    "backprop_bias_not_summed",
    exercise="backprop",
    caught_by="gradients_have_the_right_shapes",
    says="The gradient of a bias has one row for each image. The bias is shared by all images of "
    "the batch, so their contributions are summed.",
    change=("delta.sum(axis=0)", "delta"),
)
misconception(
    "backprop_layers_in_reverse",
    exercise="backprop",
    caught_by="gradients_have_the_right_shapes",
    says="The lists begin with the last layer. They must be in the order of self.weights.",
    change=("return grads_w, grads_b", "return grads_w[::-1], grads_b[::-1]"),
)
misconception(
    "backprop_without_the_output_slope",
    exercise="backprop",
    caught_by="output_layer_is_right",
    says="The slope of the sigmoid is missing at the output. The derivative of the cost is over "
    "the activations; delta is over the sums before the sigmoid.",
    change=("self.cost_derivative(a, y) * a * (1 - a)", "self.cost_derivative(a, y)"),
)
misconception(
    "backprop_without_the_factor_two",
    exercise="backprop",
    caught_by="output_layer_is_right",
    says="All gradients are half of what they should be. The derivative of a square has a factor "
    "of 2.",
    change=("self.cost_derivative(a, y)", "(a - y) / a.size"),
)
misconception(
    "backprop_without_hidden_slopes",
    exercise="backprop",
    caught_by="all_layers_are_right",
    says="The slope of the sigmoid is missing in the hidden layers.",
    change=("delta @ self.weights[layer] * a * (1 - a)", "delta @ self.weights[layer]"),
)
misconception(
    "backprop_slope_of_an_activation",
    exercise="backprop",
    caught_by="all_layers_are_right",
    says="sigmoid_prime is given an activation. It wants the sum before the sigmoid. From the "
    "activation a, the slope is a * (1 - a).",
    change=(
        "delta @ self.weights[layer] * a * (1 - a)",
        "delta @ self.weights[layer] * sigmoid_prime(a)",
    ),
)
misconception(
    "backprop_slope_of_another_layer",
    exercise="backprop",
    caught_by="each_layer_uses_its_own_arrays",
    says="Going down from a layer, the slope is taken at what the layer puts out. It must be "
    "taken at what came into it: that is the activation of the layer below.",
    change=("a = activations[layer]\n", "a = activations[layer + 1]\n"),
)
misconception(
    "backprop_weights_of_another_layer",
    exercise="backprop",
    caught_by="each_layer_uses_its_own_arrays",
    says="Going down from a layer, delta is multiplied by the weights of the layer below. Blame "
    "flows back through the weights it came through: those of the layer itself.",
    change=("delta @ self.weights[layer] *", "delta @ self.weights[layer - 1] *"),
)
misconception(
    "backprop_turns_the_weights_round",
    exercise="backprop",
    caught_by="each_layer_uses_its_own_arrays",
    says="Going down from a layer, the weights are transposed. The forward pass uses the "
    "transpose; the backward pass uses the weights as they are.",
    change=("delta @ self.weights[layer] *", "delta @ self.weights[layer].T *"),
)
misconception(
    "backprop_without_the_mean",
    exercise="backprop",
    caught_by="a_batch_gives_the_mean",
    says="The gradient is the sum over the batch. The loss is the mean, so divide by the batch "
    "size; self.cost_derivative does.",
    change=("self.cost_derivative(a, y)", "2 * (a - y) / y.shape[1]"),
)
misconception(
    "backprop_with_the_mean_twice",
    exercise="backprop",
    caught_by="a_batch_gives_the_mean",
    says="The gradients of the weights are divided by the batch size twice. It is in "
    "self.cost_derivative already.",
    change=("delta.T @ activations[layer]", "delta.T @ activations[layer] / len(x)"),
)
misconception(
    "backprop_mean_of_the_bias",
    exercise="backprop",
    caught_by="a_batch_gives_the_mean",
    says="The gradients of the biases are a mean over the batch, on top of the mean that is in "
    "self.cost_derivative. Sum here.",
    change=("delta.sum(axis=0)", "delta.mean(axis=0)"),
)
misconception(
    "backprop_moves_the_weights",
    exercise="backprop",
    caught_by="backprop_only_computes",
    says="backprop changes the weights. It should only return gradients; learning_step moves the "
    "weights.",
    change=(
        "    return grads_w, grads_b",
        "    for w, g in zip(self.weights, grads_w, strict=True):\n"
        "        w -= g\n"
        "    return grads_w, grads_b",
    ),
)
misconception(
    "backprop_centres_the_images",
    exercise="backprop",
    caught_by="backprop_only_computes",
    says="backprop changes the images it is given, in place.",
    change=("activations = [x]", "x -= x.mean()\n    activations = [x]"),
)

# ----------------------------------------------------------------------- task1

misconception(
    "task1_keeps_the_sigmoid",
    exercise="task1",
    caught_by="outputs_are_softmax",
    says="The last layer still ends in a sigmoid, so the outputs are not probabilities that sum "
    "to one.",
    change=("return softmax(logits, axis=1)", "return sigmoid(logits)"),
)
misconception(
    "task1_softmax_on_top_of_sigmoid",
    exercise="task1",
    caught_by="outputs_are_softmax",
    says="Softmax is applied to sigmoids. It wants the sums of the last layer as they are: "
    "between 0 and 1 they can say very little.",
    change=("return softmax(logits, axis=1)", "return softmax(sigmoid(logits), axis=1)"),
)
misconception(
    "task1_softmax_over_the_batch",
    exercise="task1",
    caught_by="outputs_are_softmax",
    says="The outputs sum to one over the images of the batch. They must sum to one over the "
    "classes of each image.",
    change=("return softmax(logits, axis=1)", "return softmax(logits, axis=0)"),
)
misconception(
    "task1_softmax_in_hidden_layers",
    exercise="task1",
    caught_by="outputs_are_softmax",
    says="The hidden layers are softmax too. They stay sigmoids; only the output is a choice "
    "among classes.",
    change=("            a = sigmoid(a @ w.T + b)", "            a = softmax(a @ w.T + b, axis=1)"),
)
misconception(
    "task1_unstable_outputs",
    exercise="task1",
    caught_by="large_sums_stay_finite",
    says="The exponentials of the last layer overflow for large sums. Use the stable softmax.",
    change=(
        "return softmax(logits, axis=1)",
        "return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)",
    ),
)
misconception(
    "task1_sigmoid_slope_left",
    exercise="task1",
    caught_by="output_gradient_is_right",
    says="A factor p (1 - p) is left on the first delta. With softmax and cross-entropy it has "
    "cancelled; this was the point of the exercise.",
    change=("(p - y) / len(x)", "(p - y) / len(x) * p * (1 - p)"),
)
misconception(
    "task1_gradient_of_the_squared_error",
    exercise="task1",
    caught_by="output_gradient_is_right",
    says="self.cost_derivative belongs to the squared error. Its factor 2 / N_L has no place in "
    "the gradient of cross-entropy.",
    change=("(p - y) / len(x)", "self.cost_derivative(p, y)"),
)
misconception(
    "task1_jacobian_twice",
    exercise="task1",
    caught_by="output_gradient_is_right",
    says="P - Y is the gradient over the logits: the derivatives of softmax are in it. They are "
    "applied a second time here.",
    change=(
        "delta = (p - y) / len(x)",
        "delta = (p - y) / len(x)\n"
        "        delta = p * (delta - (delta * p).sum(axis=1, keepdims=True))",
    ),
)
misconception(
    "task1_jacobian_forgotten",
    exercise="task1",
    caught_by="output_gradient_is_right",
    says="The first delta is the derivative over the probabilities, -Y / P. It must be over the "
    "logits, so the derivatives of softmax are missing.",
    change=("(p - y) / len(x)", "-y / p / len(x)"),
)
misconception(
    "task1_sign_of_the_gradient",
    exercise="task1",
    caught_by="output_gradient_is_right",
    says="The gradient has the opposite sign: it points uphill. It is P - Y, not Y - P.",
    change=("(p - y) / len(x)", "(y - p) / len(x)"),
)
misconception(
    "task1_without_hidden_slopes",
    exercise="task1",
    caught_by="hidden_gradients_are_right",
    says="The slope of the sigmoid has gone from the hidden layers as well. It is only at the "
    "output that it cancels.",
    change=("delta @ self.weights[layer] * a * (1 - a)", "delta @ self.weights[layer]"),
)
misconception(
    "task1_weights_after_their_step",
    exercise="task1",
    caught_by="hidden_gradients_are_right",
    says="Going down from a layer, delta is multiplied by weights that have been moved already. "
    "All gradients belong to the weights of the forward pass.",
    change=(
        "delta = delta @ self.weights[layer] *",
        "moved = self.weights[layer] - grads_w[layer]\n                delta = delta @ moved *",
    ),
)
misconception(
    "task1_sum_over_the_batch",
    exercise="task1",
    caught_by="loss_is_the_mean_over_the_batch",
    says="The gradient is the sum over the batch. The loss is the mean: divide by the number of "
    "images.",
    change=("(p - y) / len(x)", "p - y"),
)
misconception(
    "task1_mean_twice",
    exercise="task1",
    caught_by="loss_is_the_mean_over_the_batch",
    says="The division by the batch size happens in delta and again in the gradients.",
    change=(
        "grads_w[layer] = delta.T @ activations[layer]",
        "grads_w[layer] = delta.T @ activations[layer] / len(x)",
    ),
)
misconception(
    "task1_through_the_probabilities",
    exercise="task1",
    caught_by="certain_outputs_have_gradients",
    says="The gradient is computed through -Y / P. Where a probability is stored as 0 this is "
    "0 / 0, and a single such image ruins all weights. Write P - Y straight over the logits.",
    change=(
        "delta = (p - y) / len(x)",
        "upstream = -y / p / len(x)\n"
        "        delta = p * (upstream - (upstream * p).sum(axis=1, keepdims=True))",
    ),
)

# ----------------------------------------------------------------------- task2

misconception(
    "task2_uphill",
    exercise="task2",
    caught_by="a_plain_step_is_gradient_descent",
    says="The weights move along the gradient, so the loss grows. Subtract.",
    change=("w - learning_rate * v", "w + learning_rate * v"),
)
misconception(
    "task2_labels_for_images",
    exercise="task2",
    caught_by="a_plain_step_is_gradient_descent",
    says="backprop gets the labels first and then the images. The images come first.",
    change=(
        "self.backprop(x_mini_batch, y_mini_batch)",
        "self.backprop(y_mini_batch, x_mini_batch)",
    ),
)
misconception(
    "task2_old_velocity",
    exercise="task2",
    caught_by="a_plain_step_is_gradient_descent",
    says="The step uses the velocity from before this gradient. First update the velocity, then "
    "move.",
    change=[
        (
            "        for i in range(self.num_layers):",
            "        old_w, old_b = list(self.velocity_w), list(self.velocity_b)\n"
            "        for i in range(self.num_layers):",
        ),
        ("zip(self.weights, self.velocity_w, strict=True)", "zip(self.weights, old_w)"),
        ("zip(self.biases, self.velocity_b, strict=True)", "zip(self.biases, old_b)"),
    ],
)
misconception(
    "task2_velocity_reset",
    exercise="task2",
    caught_by="velocity_lasts_from_step_to_step",
    says="The velocity is set to zero in every step, so there is no momentum. Make it once, in "
    "__init__.",
    change=(
        "        for i in range(self.num_layers):",
        "        self.velocity_w = [np.zeros_like(w) for w in self.weights]\n"
        "        self.velocity_b = [np.zeros_like(b) for b in self.biases]\n"
        "        for i in range(self.num_layers):",
    ),
)
misconception(
    "task2_running_mean",
    exercise="task2",
    caught_by="velocity_lasts_from_step_to_step",
    says="The velocity is a running mean: the gradient is scaled by 1 - momentum. In the formula "
    "it counts in full.",
    change=[
        ("self.velocity_w[i] + grad_w", "self.velocity_w[i] + (1 - self.momentum) * grad_w"),
        ("self.velocity_b[i] + grad_b", "self.velocity_b[i] + (1 - self.momentum) * grad_b"),
    ],
)
misconception(
    "task2_learning_rate_in_the_velocity",
    exercise="task2",
    caught_by="velocity_lasts_from_step_to_step",
    says="The learning rate is part of the velocity. When it changes, old gradients keep the old "
    "rate. In this lab v holds gradients only.",
    change=[
        ("self.velocity_w[i] + grad_w", "self.velocity_w[i] + learning_rate * grad_w"),
        ("self.velocity_b[i] + grad_b", "self.velocity_b[i] + learning_rate * grad_b"),
        ("w - learning_rate * v", "w - v"),
        ("b - learning_rate * v", "b - v"),
    ],
)
misconception(
    "task2_no_momentum_on_biases",
    exercise="task2",
    caught_by="velocity_lasts_from_step_to_step",
    says="The biases have no momentum. Only L2 treats them otherwise than weights.",
    change=("self.momentum * self.velocity_b[i] + grad_b", "grad_b"),
)
misconception(
    "task2_momentum_sign",
    exercise="task2",
    caught_by="velocity_lasts_from_step_to_step",
    says="The old velocity is subtracted from the gradient. It must be added, or it brakes.",
    change=(
        "self.momentum * self.velocity_w[i] + grad_w",
        "grad_w - self.momentum * self.velocity_w[i]",
    ),
)
misconception(
    "task2_l2_not_in_the_gradient",
    exercise="task2",
    caught_by="l2_pulls_on_the_weights",
    says="L2 does not reach the gradient. A penalty in the loss moves weights only through its "
    "gradient.",
    change=("grads_w[i] + self.l2_factor * self.weights[i]", "grads_w[i]"),
)
misconception(
    "task2_l2_with_a_factor_two",
    exercise="task2",
    caught_by="l2_pulls_on_the_weights",
    says="The pull of L2 is twice what the text says. The penalty has a factor 1/2, which takes "
    "the 2 away.",
    change=("self.l2_factor * self.weights[i]", "2 * self.l2_factor * self.weights[i]"),
)
misconception(
    "task2_l2_with_a_factor_half",
    exercise="task2",
    caught_by="l2_pulls_on_the_weights",
    says="The pull of L2 is half of what the text says. The factor 1/2 belongs to the penalty and "
    "not to its gradient.",
    change=("self.l2_factor * self.weights[i]", "self.l2_factor / 2 * self.weights[i]"),
)
misconception(
    "task2_l1_for_l2",
    exercise="task2",
    caught_by="l2_pulls_on_the_weights",
    says="Every weight is pulled equally, by its sign. This is L1. L2 pulls in proportion to the "
    "weight.",
    change=("self.l2_factor * self.weights[i]", "self.l2_factor * np.sign(self.weights[i])"),
)
misconception(
    "task2_l2_on_biases",
    exercise="task2",
    caught_by="l2_leaves_biases_alone",
    says="L2 pulls on the biases too. The penalty is a sum over weights.",
    change=("grad_b = grads_b[i]", "grad_b = grads_b[i] + self.l2_factor * self.biases[i]"),
)
misconception(
    "task2_l2_beside_the_velocity",
    exercise="task2",
    caught_by="l2_goes_through_the_velocity",
    says="L2 shrinks the weights beside the velocity. Here it is added to the gradient, so the "
    "velocity remembers it.",
    change=[
        ("grads_w[i] + self.l2_factor * self.weights[i]", "grads_w[i]"),
        ("w - learning_rate * v", "w - learning_rate * (v + self.l2_factor * w)"),
    ],
)
misconception(
    "task2_shared_velocity",
    exercise="task2",
    caught_by="models_do_not_share_a_velocity",
    says="The velocity belongs to the class, so all models write into the same lists. Keep it on "
    "self.",
    change=[
        ("self.velocity_w = [np.zeros_like", "Task2.velocity_w = [np.zeros_like"),
        ("self.velocity_b = [np.zeros_like", "Task2.velocity_b = [np.zeros_like"),
    ],
)
misconception(
    "task2_calls_network_backprop",
    exercise="task2",
    caught_by="mixes_with_another_class",
    says="Network.backprop is called by name. In Task1And2 it would then be the gradient of the "
    "squared error. self.backprop finds the one that belongs to the whole class.",
    change=(
        "self.backprop(x_mini_batch, y_mini_batch)",
        "Network.backprop(self, x_mini_batch, y_mini_batch)",
    ),
)
misconception(
    "task2_own_feedforward",
    exercise="task2",
    caught_by="mixes_with_another_class",
    says="Task2 defines feedforward again. In Task1And2 it hides the softmax of Task1.",
    change=(
        "    def learning_step(",
        "    def feedforward(self, x):\n"
        "        return Network.feedforward(self, x)\n\n"
        "    def learning_step(",
    ),
)

# ----------------------------------------------------------------------- adamw

misconception(
    "adamw_without_correction",
    exercise="adamw",
    caught_by="first_step_of_adamw",
    says="There is no bias correction, so the first steps have the wrong size.",
    change=[
        ("1 - self.beta1**self.steps", "1"),
        ("1 - self.beta2**self.steps", "1"),
    ],
)
misconception(
    "adamw_labels_for_images",
    exercise="adamw",
    caught_by="first_step_of_adamw",
    says="backprop gets the labels first and then the images. The images come first.",
    change=(
        "self.backprop(x_mini_batch, y_mini_batch)",
        "self.backprop(y_mini_batch, x_mini_batch)",
    ),
)
misconception(
    "adamw_corrects_one_mean_only",
    exercise="adamw",
    caught_by="first_step_of_adamw",
    says="The mean of the squares is not corrected. Both means start at zero.",
    change=("1 - self.beta2**self.steps", "1"),
)
misconception(
    "adamw_counts_from_zero",
    exercise="adamw",
    caught_by="first_step_of_adamw",
    says="The bias correction starts at t = 0, and divides by zero. The first step has t = 1.",
    change=[
        ("        self.steps += 1\n", ""),
        ("        moves = []", "        self.steps += 1\n        moves = []"),
    ],
)
misconception(
    "adamw_without_the_root",
    exercise="adamw",
    caught_by="first_step_of_adamw",
    says="The mean is divided by the mean square, and not by its root.",
    change=("np.sqrt(v / correction2)", "v / correction2"),
)
misconception(
    "adamw_betas_swapped",
    exercise="adamw",
    caught_by="later_steps_of_adamw",
    says="beta1 and beta2 are swapped: beta1 belongs to the gradients, beta2 to their squares.",
    change=("self.beta1, self.beta2 = beta1, beta2", "self.beta2, self.beta1 = beta1, beta2"),
)
misconception(
    "adamw_count_stays_at_one",
    exercise="adamw",
    caught_by="later_steps_of_adamw",
    says="The step count stays at 1, so the bias correction is too strong in later steps.",
    change=("self.steps += 1", "self.steps = 1"),
)
misconception(
    "adamw_forgets_its_means",
    exercise="adamw",
    caught_by="later_steps_of_adamw",
    says="The running means are not kept from step to step.",
    change=("            self.means[i], self.squares[i] = m, v\n", ""),
)
misconception(
    "adamw_decay_in_the_gradient",
    exercise="adamw",
    caught_by="weight_decay_is_decoupled",
    says="The weight decay is added to the gradient and so goes into the means. This is Adam with "
    "L2. In AdamW it is decoupled: it acts on the weights alone.",
    change=[
        (
            "enumerate([*grads_w, *grads_b]):",
            "enumerate([*grads_w, *grads_b]):\n"
            "            if i < self.num_layers:\n"
            "                g = g + self.weight_decay * self.weights[i]",
        ),
        ("decay = 1 - learning_rate * self.weight_decay", "decay = 1"),
    ],
)
misconception(
    "adamw_decay_without_learning_rate",
    exercise="adamw",
    caught_by="weight_decay_is_decoupled",
    says="The weight decay is not scaled by the learning rate, and so is far too strong.",
    change=("1 - learning_rate * self.weight_decay", "1 - self.weight_decay"),
)
misconception(
    "adamw_decays_biases",
    exercise="adamw",
    caught_by="adamw_leaves_biases_undecayed",
    says="The biases decay too. Only weights do.",
    change=("= self.biases[i] - learning_rate", "= decay * self.biases[i] - learning_rate"),
)
misconception(
    "adamw_epsilon_in_the_root",
    exercise="adamw",
    caught_by="epsilon_is_outside_the_root",
    says="eps is added under the root, where 1e-8 acts like 1e-4 and stops small gradients. It is "
    "added to the root.",
    change=[
        ("np.sqrt(v / correction2)", "np.sqrt(v / correction2 + self.eps)"),
        ("(root + self.eps)", "root"),
    ],
)

# --------------------------------------------------------------------- adagrad

misconception(
    "adagrad_divides_by_the_past",
    exercise="adagrad",
    caught_by="first_step_of_adagrad",
    says="The step is divided by the sum from before this gradient. In the first step that is "
    "zero. Add first.",
    change=(
        "np.sqrt(self.sums_w[i] + self.eps)",
        "np.sqrt(self.sums_w[i] - grads_w[i] ** 2 + self.eps)",
    ),
)
misconception(
    "adagrad_labels_for_images",
    exercise="adagrad",
    caught_by="first_step_of_adagrad",
    says="backprop gets the labels first and then the images. The images come first.",
    change=(
        "self.backprop(x_mini_batch, y_mini_batch)",
        "self.backprop(y_mini_batch, x_mini_batch)",
    ),
)
misconception(
    "adagrad_without_the_root",
    exercise="adagrad",
    caught_by="first_step_of_adagrad",
    says="The step is divided by the sum of squares, and not by its root.",
    change=("np.sqrt(self.sums_w[i] + self.eps)", "self.sums_w[i] + self.eps"),
)
misconception(
    "adagrad_plain_biases",
    exercise="adagrad",
    caught_by="first_step_of_adagrad",
    says="The biases take plain steps. Their gradients are summed and divided like those of the "
    "weights.",
    change=("learning_rate * grads_b[i] / root_b", "learning_rate * grads_b[i]"),
)
misconception(
    "adagrad_forgets_its_sum",
    exercise="adagrad",
    caught_by="all_squares_are_summed",
    says="The sum starts anew in each step, so all steps have one size. It must grow.",
    change=("self.sums_w[i] + grads_w[i] ** 2", "grads_w[i] ** 2"),
)
misconception(
    "adagrad_running_mean",
    exercise="adagrad",
    caught_by="all_squares_are_summed",
    says="The squares are averaged and not summed: this is RMSprop. Adagrad never forgets.",
    change=(
        "self.sums_w[i] + grads_w[i] ** 2",
        "0.9 * self.sums_w[i] + 0.1 * grads_w[i] ** 2",
    ),
)
misconception(
    "adagrad_sums_without_squares",
    exercise="adagrad",
    caught_by="all_squares_are_summed",
    says="The gradients are summed before they are squared, so opposite ones cancel. Square each "
    "one first.",
    change=[
        ("self.sums_w[i] + grads_w[i] ** 2", "self.sums_w[i] + grads_w[i]"),
        ("np.sqrt(self.sums_w[i] + self.eps)", "np.sqrt(self.sums_w[i] ** 2 + self.eps)"),
    ],
)
misconception(
    "adagrad_without_epsilon",
    exercise="adagrad",
    caught_by="no_gradient_no_step",
    says="Without eps a weight that has never had a gradient is moved by 0 / 0, which is not a "
    "number.",
    change=("np.sqrt(self.sums_w[i] + self.eps)", "np.sqrt(self.sums_w[i])"),
)

# --------------------------------------------------------------------- dropout

misconception(
    "dropout_not_scaled",
    exercise="dropout",
    caught_by="kept_units_are_scaled_up",
    says="Kept units are not scaled up. In use, when none is dropped, all sums would be larger "
    "than in training.",
    change=("return kept / (1 - self.drop_rate)", "return kept * 1.0"),
)
misconception(
    "dropout_scaled_by_the_drop_rate",
    exercise="dropout",
    caught_by="kept_units_are_scaled_up",
    says="Kept units are divided by the chance to be dropped. Divide by the chance to be kept.",
    change=("kept / (1 - self.drop_rate)", "kept / self.drop_rate"),
)
misconception(
    "dropout_keeps_what_it_should_drop",
    exercise="dropout",
    caught_by="drop_rate_is_what_is_dropped",
    says="drop_rate is taken as the chance to be kept.",
    change=(">= self.drop_rate", "< self.drop_rate"),
)
misconception(
    "dropout_one_mask_for_the_batch",
    exercise="dropout",
    caught_by="drop_rate_is_what_is_dropped",
    says="All images of a batch have the same units dropped. Draw for each image.",
    change=(
        "self.rng.random(shape) >= self.drop_rate",
        "np.zeros(shape) + self.rng.random(shape[-1]) >= self.drop_rate",
    ),
)
misconception(
    "dropout_same_mask_each_time",
    exercise="dropout",
    caught_by="drop_rate_is_what_is_dropped",
    says="Every call draws the same mask, because the generator is made anew. Use self.rng, which "
    "goes on.",
    change=("self.rng.random(shape)", "np.random.default_rng(0).random(shape)"),
)
misconception(
    "dropout_active_in_use",
    exercise="dropout",
    caught_by="nothing_is_dropped_in_use",
    says="feedforward drops units too, so its answers depend on chance. Dropout is for training.",
    change=(
        "    def backprop(",
        "    def feedforward(self, x):\n"
        "        a = x\n"
        "        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):\n"
        "            a = sigmoid(a @ w.T + b)\n"
        "            a = a * self.draw_mask(a.shape)\n"
        "        return softmax(a @ self.weights[-1].T + self.biases[-1], axis=1)\n\n"
        "    def backprop(",
    ),
)
misconception(
    "dropout_scaled_again_in_use",
    exercise="dropout",
    caught_by="nothing_is_dropped_in_use",
    says="feedforward scales activations by 1 - drop_rate. The masks make up for it already.",
    change=(
        "    def backprop(",
        "    def feedforward(self, x):\n"
        "        a = x\n"
        "        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):\n"
        "            a = sigmoid(a @ w.T + b) * (1 - self.drop_rate)\n"
        "        return softmax(a @ self.weights[-1].T + self.biases[-1], axis=1)\n\n"
        "    def backprop(",
    ),
)
misconception(
    "dropout_another_mask_backward",
    exercise="dropout",
    caught_by=("dropped_units_learn_nothing", "gradients_are_those_of_the_masked_network"),
    says="The backward pass draws new masks. A unit that was dropped going forward must be "
    "dropped going back: keep the masks.",
    change=("delta * masks[layer - 1]", "delta * self.draw_mask(delta.shape)"),
)
misconception(
    "dropout_no_mask_backward",
    exercise="dropout",
    caught_by=("dropped_units_learn_nothing", "gradients_are_those_of_the_masked_network"),
    says="The mask is missing in the backward pass, so dropped units learn.",
    change=("delta * masks[layer - 1] * slopes", "delta * slopes"),
)
misconception(
    "dropout_slope_of_masked_units",
    exercise="dropout",
    caught_by="gradients_are_those_of_the_masked_network",
    says="The slope a (1 - a) is taken at the masked and scaled activation. The sigmoid's slope "
    "is that of its own output, before the mask.",
    change=(
        "delta * masks[layer - 1] * slopes[layer - 1]",
        "delta * masks[layer - 1] * activations[layer] * (1 - activations[layer])",
    ),
)
misconception(
    "dropout_on_the_input",
    exercise="dropout",
    caught_by="gradients_are_those_of_the_masked_network",
    says="Pixels of the input are dropped too. Here only hidden layers are masked.",
    change=("activations = [x]", "activations = [x * self.draw_mask(x.shape)]"),
)
misconception(
    "dropout_next_layer_unmasked",
    exercise="dropout",
    caught_by="gradients_are_those_of_the_masked_network",
    says="The next layer gets the unmasked activations, so nothing is dropped going forward.",
    change=("activations.append(s * mask)", "activations.append(s)"),
)

# --------------------------------------------------------------------- augment

misconception(
    "augment_overshoots",
    exercise="augment",
    caught_by="shape_range_and_order_stay",
    says="Values come out below 0 or above 1: cubic interpolation overshoots at edges.",
    change=("order=1", "order=3"),
)
misconception(
    "augment_loses_the_order",
    exercise="augment",
    caught_by="shape_range_and_order_stay",
    says="Rows come out in another order, so that images no longer fit their labels.",
    change=("changed[row] =", "changed[len(images) - 1 - row] ="),
)
misconception(
    "augment_returns_squares",
    exercise="augment",
    caught_by="shape_range_and_order_stay",
    says="The result has the shape (B, 28, 28). The network wants rows of 784.",
    change=("return changed", "return changed.reshape(-1, 28, 28)"),
)
misconception(
    "augment_ignores_max_shift",
    exercise="augment",
    caught_by="limits_of_zero_change_nothing",
    says="The argument max_shift has no effect.",
    change=("rng.integers(-max_shift, max_shift + 1, size=2)", "rng.integers(-2, 3, size=2)"),
)
misconception(
    "augment_ignores_max_angle",
    exercise="augment",
    caught_by="limits_of_zero_change_nothing",
    says="The argument max_angle has no effect.",
    change=("rng.uniform(-max_angle, max_angle)", "rng.uniform(-10.0, 10.0)"),
)
misconception(
    "augment_one_shift_for_the_batch",
    exercise="augment",
    caught_by="each_image_has_its_own_shift",
    says="All images of the batch are moved alike. Draw the shift inside the loop.",
    change=[
        ("        shift = rng.integers(-max_shift, max_shift + 1, size=2)\n", ""),
        (
            "    centre = np.array([13.5, 13.5])",
            "    centre = np.array([13.5, 13.5])\n"
            "    shift = rng.integers(-max_shift, max_shift + 1, size=2)",
        ),
    ],
)
misconception(
    "augment_moves_one_way",
    exercise="augment",
    caught_by="each_image_has_its_own_shift",
    says="Images move down and to the right only. Let the shift be negative too.",
    change=("rng.integers(-max_shift, max_shift + 1", "rng.integers(0, max_shift + 1"),
)
misconception(
    "augment_moves_on_a_diagonal",
    exercise="augment",
    caught_by="each_image_has_its_own_shift",
    says="One number is used for both directions. Draw two.",
    change=(
        "rng.integers(-max_shift, max_shift + 1, size=2)",
        "rng.integers(-max_shift, max_shift + 1)",
    ),
)
misconception(
    "augment_wraps_around",
    exercise="augment",
    caught_by="paper_comes_in_from_outside",
    says="What is moved out at one side comes in at the other. Paper should come in.",
    change=('mode="constant"', 'mode="grid-wrap"'),
)
misconception(
    "augment_smears_the_edge",
    exercise="augment",
    caught_by="paper_comes_in_from_outside",
    says="Pixels at the edge are smeared into the new space. New pixels are 0.",
    change=('mode="constant"', 'mode="nearest"'),
)
misconception(
    "augment_turns_about_the_corner",
    exercise="augment",
    caught_by="images_turn_about_their_centre",
    says="Images turn about their upper left corner, so the digits swing out of the middle.",
    change=("np.array([13.5, 13.5])", "np.array([0.0, 0.0])"),
)
misconception(
    "augment_degrees_as_radians",
    exercise="augment",
    caught_by="images_turn_about_their_centre",
    says="Degrees are handed to cos and sin, which want radians. Digits turn upside down.",
    change=(
        "np.deg2rad(rng.uniform(-max_angle, max_angle))",
        "rng.uniform(-max_angle, max_angle)",
    ),
)
misconception(
    "augment_does_not_turn",
    exercise="augment",
    caught_by="images_turn_about_their_centre",
    says="Images are moved, but not turned.",
    change=("np.deg2rad(rng.uniform(-max_angle, max_angle))", "0.0"),
)
misconception(
    "augment_turn_without_the_minus",
    exercise="augment",
    caught_by="images_turn_about_their_centre",
    says="The matrix is no turn: it squeezes the digits. In a turn the two sines have opposite "
    "signs.",
    change=("-np.sin(angle)", "np.sin(angle)"),
)
misconception(
    "augment_turn_for_small_angles_only",
    exercise="augment",
    caught_by="images_turn_about_their_centre",
    says="The sine is replaced by the angle, which is right for small angles only.",
    change=("-np.sin(angle)", "-angle"),
)
misconception(
    "augment_own_chance",
    exercise="augment",
    caught_by="chance_comes_from_rng",
    says="The generator that is handed in is not used, so an experiment cannot be repeated.",
    change=("np.empty_like(images)", "np.empty_like(images)\n    rng = np.random.default_rng()"),
)
misconception(
    "augment_always_the_same",
    exercise="augment",
    caught_by="chance_comes_from_rng",
    says="Every call makes the same changes, because the seed is fixed. Use the generator that is "
    "handed in.",
    change=("np.empty_like(images)", "np.empty_like(images)\n    rng = np.random.default_rng(0)"),
)
misconception(
    "augment_changes_its_input",
    exercise="augment",
    caught_by="images_are_left_alone",
    says="The result is written into the images that came in, so they wander off from epoch to "
    "epoch. Write into a new array.",
    change=("np.empty_like(images)", "images"),
)
