"""Wrong answers to lab 3 that students give, each one fault away from the solution."""

from autograder.proving.faults import misconception

# ---------------------------------------------------------------- improved_mlp

misconception(
    "mlp_sizes_are_fixed",
    exercise="improved_mlp",
    caught_by="parameters_are_all_found",
    says="The number of pixels is written into the network. It must be the argument input_dim.",
    change=("layers, n_in = [], input_dim", "layers, n_in = [], 784"),
)
misconception(
    "mlp_ten_classes_always",
    exercise="improved_mlp",
    caught_by="parameters_are_all_found",
    says="The network always has ten outputs. Their number is the argument num_classes.",
    change=("Linear(n_in, num_classes)", "Linear(n_in, 10)"),
)
misconception(
    "mlp_layers_in_reverse",
    exercise="improved_mlp",
    caught_by="parameters_are_all_found",
    says="The blocks become wider towards the output. The text asks for 512, then 256, then 128.",
    change=("(512, 256, 128)", "(128, 256, 512)"),
)
misconception(
    "mlp_layers_hidden_from_the_module",
    exercise="improved_mlp",
    caught_by="parameters_are_all_found",
    says="The layers are only reached through a function, where Module cannot find them. So "
    "parameters() is empty and nothing would be trained. Keep them in attributes.",
    change=[
        (
            "self.layers = Sequential(*layers, Linear(n_in, num_classes))",
            "network = Sequential(*layers, Linear(n_in, num_classes))\n"
            "        self.layers = lambda x: network(x)",
        ),
    ],
)
misconception(
    "mlp_without_batch_norm",
    exercise="improved_mlp",
    caught_by="parameters_are_all_found",
    says="There is no batch normalisation in the blocks.",
    change=("                BatchNorm1d(n_out),\n", ""),
)
misconception(
    "mlp_batch_norm_on_the_logits",
    exercise="improved_mlp",
    caught_by="parameters_are_all_found",
    says="The logits are normalised too. Then no image can have larger scores than the batch "
    "allows. Nothing follows the last linear layer.",
    change=(
        "Linear(n_in, num_classes))",
        "Linear(n_in, num_classes), BatchNorm1d(num_classes))",
    ),
)
misconception(
    "mlp_batch_norm_after_relu",
    exercise="improved_mlp",
    caught_by=("logits_in_evaluation", "batch_statistics_in_training"),
    says="Batch normalisation stands after the ReLU. It belongs before it, so that the ReLU gets "
    "numbers on both sides of 0.",
    change=(
        "                BatchNorm1d(n_out),\n                ReLU(),\n",
        "                ReLU(),\n                BatchNorm1d(n_out),\n",
    ),
)
misconception(
    "mlp_without_relu",
    exercise="improved_mlp",
    caught_by="logits_in_evaluation",
    says="The blocks have no ReLU. Without it linear layers in a row are one linear layer.",
    change=("                ReLU(),\n", ""),
)
misconception(
    "mlp_ends_in_softmax",
    exercise="improved_mlp",
    caught_by="logits_in_evaluation",
    says="The network ends in a softmax. CrossEntropyLoss does the softmax itself and wants "
    "logits; with two of them learning is very slow.",
    change=("return self.layers(x)", "return self.layers(x).softmax(dim=1)"),
)
misconception(
    "mlp_ends_in_relu",
    exercise="improved_mlp",
    caught_by="logits_in_evaluation",
    says="A ReLU follows the last layer, so no logit can be below 0. Logits may be any numbers.",
    change=("return self.layers(x)", "return self.layers(x).relu()"),
)
misconception(
    "mlp_without_dropout",
    exercise="improved_mlp",
    caught_by=("dropout_ends_each_block", "the_switch_reaches_everything"),
    says="There is no dropout in the blocks.",
    change=("                Dropout(dropout_rate),\n", ""),
)
misconception(
    "mlp_rate_is_fixed",
    exercise="improved_mlp",
    caught_by="dropout_ends_each_block",
    says="The dropout rate is written into the network. It must be the argument dropout_rate.",
    change=("Dropout(dropout_rate)", "Dropout(0.3)"),
)
misconception(
    "mlp_rate_is_what_is_kept",
    exercise="improved_mlp",
    caught_by="dropout_ends_each_block",
    says="dropout_rate is used as the share that is kept. It is the share that is dropped.",
    change=("Dropout(dropout_rate)", "Dropout(1 - dropout_rate)"),
)
misconception(
    "mlp_default_of_the_library",
    exercise="improved_mlp",
    caught_by="dropout_ends_each_block",
    says="Dropout() is made without a rate, so it takes its own default and not dropout_rate.",
    change=("Dropout(dropout_rate)", "Dropout()"),
)
misconception(
    "mlp_drops_logits",
    exercise="improved_mlp",
    caught_by="dropout_ends_each_block",
    says="Dropout also follows the last layer. It sets logits to 0 at random, the right one too.",
    change=("Linear(n_in, num_classes))", "Linear(n_in, num_classes), Dropout(dropout_rate))"),
)
misconception(
    "mlp_drops_pixels",
    exercise="improved_mlp",
    caught_by="dropout_ends_each_block",
    says="Dropout also stands before the first layer, on the pixels. It belongs to the blocks.",
    change=("layers, n_in = [], input_dim", "layers, n_in = [Dropout(dropout_rate)], input_dim"),
)
misconception(
    "mlp_one_dropout_at_the_end",
    exercise="improved_mlp",
    caught_by="dropout_ends_each_block",
    says="Only the last block has dropout. Each of the three ends in it.",
    change=[
        ("                Dropout(dropout_rate),\n", ""),
        ("Sequential(*layers, ", "Sequential(*layers, Dropout(dropout_rate), "),
    ],
)
misconception(
    "mlp_own_mask_never_off",
    exercise="improved_mlp",
    caught_by=("logits_in_evaluation", "the_switch_reaches_everything"),
    says="forward draws a mask of its own, and so drops in evaluation too. The layer Dropout "
    "hears of eval(); a mask in forward does not.",
    change=(
        "        return self.layers(x)",
        "        for layer in self.layers.modules:\n"
        "            x = layer(x)\n"
        "            if isinstance(layer, ReLU):\n"
        "                x = x * (get_generator().random(x.shape) < 0.9)\n"
        "        return x",
    ),
)
misconception(
    "mlp_eval_of_its_own",
    exercise="improved_mlp",
    caught_by=("logits_in_evaluation", "the_switch_reaches_everything"),
    says="eval is written anew and sets a flag on the network alone. The layers never hear of "
    "it, so batch normalisation and dropout go on as in training. Module's own eval reaches all.",
    change=(
        "        return self.layers(x)",
        "        return self.layers(x)\n\n"
        "    def eval(self):\n"
        "        self.training = False\n"
        "        return self",
    ),
)
misconception(
    "mlp_always_in_evaluation",
    exercise="improved_mlp",
    caught_by=("batch_statistics_in_training", "the_switch_reaches_everything"),
    says="forward puts the layers into evaluation mode, so train() has no effect: nothing is "
    "dropped and no running mean moves. Whoever calls the model turns the switch.",
    change=(
        "        return self.layers(x)",
        "        self.layers.eval()\n        return self.layers(x)",
    ),
)
misconception(
    "mlp_cuts_the_graph",
    exercise="improved_mlp",
    caught_by="every_parameter_learns",
    says="Between two layers the Tensor is replaced by its array. No gradient gets past that "
    "place, so the layers below never learn.",
    change=(
        "        return self.layers(x)",
        "        for layer in self.layers.modules:\n"
        "            x = Tensor(layer(x).data) if isinstance(layer, ReLU) else layer(x)\n"
        "        return x",
    ),
)

# ------------------------------------------------------------------- augmenter

misconception(
    "shift_wraps_around",
    exercise="augmenter",
    caught_by="paper_comes_in_from_outside",
    says="What leaves the picture at one side comes in at the other. np.roll does this; new "
    "pixels must be paper, so 0.",
    change=[
        (
            "        size = 28 + 2 * limit\n"
            "        frame = np.zeros((size, size), dtype=np.float32)\n"
            "        top, left = limit + down, limit + right\n"
            "        frame[top : top + 28, left : left + 28] = image.reshape(28, 28)\n"
            "        middle = frame[limit : limit + 28, limit : limit + 28]\n",
            "        middle = np.roll(image.reshape(28, 28), (down, right), axis=(0, 1))\n"
            "        middle = middle.astype(np.float32)\n",
        ),
    ],
)
misconception(
    "shift_repeats_the_edge",
    exercise="augmenter",
    caught_by="paper_comes_in_from_outside",
    says="The row or column at the edge is repeated outwards, so ink at the edge makes a bar. "
    "What comes in is paper.",
    change=[
        (
            "        size = 28 + 2 * limit\n"
            "        frame = np.zeros((size, size), dtype=np.float32)\n"
            "        top, left = limit + down, limit + right\n"
            "        frame[top : top + 28, left : left + 28] = image.reshape(28, 28)\n"
            "        middle = frame[limit : limit + 28, limit : limit + 28]\n",
            "        frame = np.pad(image.reshape(28, 28).astype(np.float32), limit, mode='edge')\n"
            "        top, left = limit - down, limit - right\n"
            "        middle = frame[top : top + 28, left : left + 28]\n",
        ),
    ],
)
misconception(
    "shift_without_its_upper_end",
    exercise="augmenter",
    caught_by="shifts_are_within_their_limit",
    says="A shift by max_shift never comes up in one direction: integers(a, b) ends at b - 1. So "
    "the digits drift to one side.",
    change=(
        "integers(-limit, limit + 1, size=2)",
        "integers(-limit, max(limit, 1 - limit), size=2)",
    ),
)
misconception(
    "shift_to_one_side_only",
    exercise="augmenter",
    caught_by="shifts_are_within_their_limit",
    says="Shifts are drawn from 0 up, so the digit only moves down and to the right.",
    change=("integers(-limit, limit + 1, size=2)", "integers(0, limit + 1, size=2)"),
)
misconception(
    "shift_along_the_diagonal",
    exercise="augmenter",
    caught_by="shifts_are_within_their_limit",
    says="One number is drawn for both directions, so digits move along the diagonal only. Draw "
    "down and right one by one.",
    change=(
        "        down, right = get_generator().integers(-limit, limit + 1, size=2)",
        "        down = right = get_generator().integers(-limit, limit + 1)",
    ),
)
misconception(
    "shift_ignores_its_limit",
    exercise="augmenter",
    caught_by="shifts_are_within_their_limit",
    says="The limit of the shift is written into the method. It must be max_shift.",
    change=("limit = self.max_shift", "limit = 2"),
)
misconception(
    "scale_the_other_way_round",
    exercise="augmenter",
    caught_by="scaling_keeps_the_centre",
    says="A factor above 1 makes the digit smaller. affine_transform wants to know where each new "
    "pixel comes from, so its matrix is 1 / factor.",
    change=[
        ("[1 / factor, 1 / factor]", "[factor, factor]"),
        ("13.5 - 13.5 / factor", "13.5 - 13.5 * factor"),
    ],
)
misconception(
    "scale_about_the_corner",
    exercise="augmenter",
    caught_by="scaling_keeps_the_centre",
    says="The upper left corner stays in place and the centre moves. The offset must undo this.",
    change=("            offset=13.5 - 13.5 / factor,\n", ""),
)
misconception(
    "scale_about_fourteen",
    exercise="augmenter",
    caught_by="scaling_is_linear_interpolation",
    says="The picture is scaled about row and column 14. Pixels are counted from 0 to 27, so the "
    "centre is at 13.5.",
    change=("13.5 - 13.5 / factor", "14 - 14 / factor"),
)
misconception(
    "scale_by_the_nearest_pixel",
    exercise="augmenter",
    caught_by="scaling_is_linear_interpolation",
    says="Each new pixel takes the nearest old one, which makes strokes jagged. order=1 "
    "interpolates between the four pixels around.",
    change=("order=1", "order=0"),
)
misconception(
    "scale_with_cubic_splines",
    exercise="augmenter",
    caught_by="scaling_is_linear_interpolation",
    says="The interpolation is cubic, which overshoots: values above 1 and below 0 come out. "
    "order=1 is linear.",
    change=("            order=1,\n", ""),
)
misconception(
    "scale_changes_the_brightness",
    exercise="augmenter",
    caught_by="scaling_is_linear_interpolation",
    says="The values of the pixels are multiplied by the factor. Scaling changes the size of the "
    "digit, and not its darkness.",
    change=("return scaled.reshape(image.shape)", "return factor * scaled.reshape(image.shape)"),
)
misconception(
    "scale_ignores_its_range",
    exercise="augmenter",
    caught_by=("scaling_keeps_the_centre", "scale_is_drawn_from_its_range"),
    says="The range of the factor is written into the method. It must be scale_range.",
    change=("uniform(*self.scale_range)", "uniform(0.9, 1.1)"),
)
misconception(
    "scale_picks_an_end",
    exercise="augmenter",
    caught_by="scale_is_drawn_from_its_range",
    says="The factor is always drawn near the lower end. It comes evenly from the whole range.",
    change=(
        "factor = get_generator().uniform(*self.scale_range)",
        "low, high = self.scale_range\n"
        "        factor = low + (high - low) * get_generator().random() ** 3",
    ),
)
misconception(
    "scale_stretches",
    exercise="augmenter",
    caught_by="scale_is_drawn_from_its_range",
    says="Two factors are drawn, one for each direction, so the digit is stretched. One factor "
    "serves both.",
    change=[
        ("uniform(*self.scale_range)", "uniform(*self.scale_range, size=2)"),
        ("[1 / factor, 1 / factor]", "1 / factor"),
    ],
)
misconception(
    "noise_is_uniform",
    exercise="augmenter",
    caught_by="noise_is_normal",
    says="The noise is uniform. It is drawn from a normal distribution with mean 0 and standard "
    "deviation noise_std.",
    change=(
        "normal(0, self.noise_std, size=image.shape)",
        "uniform(-1.732 * self.noise_std, 1.732 * self.noise_std, size=image.shape)",
    ),
)
misconception(
    "noise_only_darkens",
    exercise="augmenter",
    caught_by="noise_is_normal",
    says="The noise is never below 0, so every image becomes darker. Its mean must be 0.",
    change=(
        "get_generator().normal(0, self.noise_std, size=image.shape)",
        "np.abs(get_generator().normal(0, self.noise_std, size=image.shape))",
    ),
)
misconception(
    "noise_by_variance",
    exercise="augmenter",
    caught_by="noise_is_normal",
    says="noise_std is used as a variance: its root is taken, or its square. It is the standard "
    "deviation, which is what normal() wants.",
    change=("self.noise_std, size", "self.noise_std**0.5, size"),
)
misconception(
    "noise_one_number_for_all",
    exercise="augmenter",
    caught_by="noise_is_normal",
    says="One number is drawn and added to every pixel. Each pixel gets noise of its own.",
    change=("self.noise_std, size=image.shape)", "self.noise_std)"),
)
misconception(
    "noise_is_not_clipped",
    exercise="augmenter",
    caught_by="noise_is_clipped",
    says="With the noise, values leave the range from 0 to 1. Clip them.",
    change=("np.clip(image + noise, 0, 1)", "(image + noise)"),
)
misconception(
    "noise_rescaled",
    exercise="augmenter",
    caught_by="noise_is_clipped",
    says="The image is rescaled to the range from 0 to 1. Then paper becomes grey and the noise "
    "shrinks. Clipping leaves all other values as they are.",
    change=(
        "np.clip(image + noise, 0, 1).astype(np.float32)",
        "((image + noise - (image + noise).min()) / max(np.ptp(image + noise), 1e-9)).astype(\n"
        "            np.float32\n"
        "        )",
    ),
)
misconception(
    "noise_in_place",
    exercise="augmenter",
    caught_by="images_are_left_alone",
    says="The noise is added to the caller's array. In the next epoch the same image gets noise "
    "on top of noise. Make a new array.",
    change=(
        "        return np.clip(image + noise, 0, 1).astype(np.float32)",
        "        image += noise.astype(image.dtype)\n"
        "        return np.clip(image, 0, 1).astype(np.float32)",
    ),
)
misconception(
    "noise_in_float64",
    exercise="augmenter",
    caught_by="shapes_stay_and_numbers_are_float32",
    says="The noise is float64, and so the sum is too. Ask for float32 at the end.",
    change=("np.clip(image + noise, 0, 1).astype(np.float32)", "np.clip(image + noise, 0, 1)"),
)
misconception(
    "scale_returns_a_square",
    exercise="augmenter",
    caught_by="shapes_stay_and_numbers_are_float32",
    says="A flat image comes back as 28 by 28. The shape that came in must come out.",
    change=("return scaled.reshape(image.shape)", "return scaled"),
)
misconception(
    "augment_ignores_its_probability",
    exercise="augmenter",
    caught_by="each_change_has_its_own_chance",
    says="The probability is written into the method. It must be the argument.",
    change=("random() < probability", "random() < 0.5"),
)
misconception(
    "augment_the_other_way_round",
    exercise="augmenter",
    caught_by="each_change_has_its_own_chance",
    says="A change is made where the random number is above the probability. So the larger the "
    "probability, the less is changed.",
    change=("random() < probability", "random() > probability"),
)
misconception(
    "augment_throws_once",
    exercise="augmenter",
    caught_by="each_change_has_its_own_chance",
    says="The dice are thrown once for an image, so it gets all three changes or none. Each "
    "change has a throw of its own.",
    change=(
        "        for change in (self.random_shift, self.random_scale, self.add_noise):\n"
        "            if get_generator().random() < probability:\n",
        "        chance = get_generator().random()\n"
        "        for change in (self.random_shift, self.random_scale, self.add_noise):\n"
        "            if chance < probability:\n",
    ),
)
misconception(
    "augment_keeps_the_last_change_only",
    exercise="augmenter",
    caught_by="changes_follow_each_other",
    says="Each change starts from the original image, so only the last one is seen. It must "
    "start from what the change before has made.",
    change=("changed = change(changed)", "changed = change(image)"),
)
misconception(
    "augment_noise_first",
    exercise="augmenter",
    caught_by="changes_follow_each_other",
    says="Noise comes first, and scaling then smooths it. The order is shift, scale, noise.",
    change=(
        "(self.random_shift, self.random_scale, self.add_noise)",
        "(self.add_noise, self.random_shift, self.random_scale)",
    ),
)
misconception(
    "batch_probability_is_lost",
    exercise="augmenter",
    caught_by="each_image_has_its_own_chance",
    says="augment_batch does not hand its probability on, so the default is used.",
    change=("self.augment(one, probability)", "self.augment(one)"),
)
misconception(
    "batch_moves_as_one",
    exercise="augmenter",
    caught_by="each_image_has_its_own_chance",
    says="All images of a batch get the same change: the dice are thrown once. Each image has "
    "its own throws.",
    change=(
        "        return np.stack([self.augment(one, probability) for one in images])",
        "        state = get_generator().bit_generator.state\n"
        "        changed = []\n"
        "        for one in images:\n"
        "            get_generator().bit_generator.state = state\n"
        "            changed.append(self.augment(one, probability))\n"
        "        return np.stack(changed)",
    ),
)
misconception(
    "shift_chance_of_its_own",
    exercise="augmenter",
    caught_by="one_seed_gives_one_result",
    says="Random numbers come from a generator that set_seed does not reach, so no training can "
    "be repeated. Use get_generator(), and ask for it each time.",
    change=(
        "get_generator().integers(-limit, limit + 1, size=2)",
        "np.random.default_rng().integers(-limit, limit + 1, size=2)",
    ),
)

# ---------------------------------------------------------------------- cosine

misconception(
    "cosine_lasts_one_step_longer",
    exercise="cosine",
    caught_by=("restarts_at_the_top", "falls_grow_by_t_mult"),
    says="The restart comes one step late. The step that completes a fall is step 0 of the next.",
    change=("if self.since_restart == self.length:", "if self.since_restart > self.length:"),
)
misconception(
    "cosine_skips_the_top",
    exercise="cosine",
    caught_by=("restarts_at_the_top", "falls_grow_by_t_mult"),
    says="After a restart the rate is already one step down. T_cur is 0 at the restart.",
    change=(
        "            self.since_restart = 0\n            self.length *= self.T_mult",
        "            self.since_restart = 1\n            self.length *= self.T_mult",
    ),
)
misconception(
    "cosine_never_restarts",
    exercise="cosine",
    caught_by="restarts_at_the_top",
    says="The rate goes up again along the cosine. A warm restart is a jump to the top.",
    change=[
        ("        if self.since_restart == self.length:\n", ""),
        ("            self.since_restart = 0\n            self.length *= self.T_mult\n", ""),
    ],
)
misconception(
    "cosine_ignores_t_mult",
    exercise="cosine",
    caught_by="falls_grow_by_t_mult",
    says="All falls have the same length: T_mult has no effect.",
    change=("            self.length *= self.T_mult\n", ""),
)
misconception(
    "cosine_adds_t_mult",
    exercise="cosine",
    caught_by=("restarts_at_the_top", "falls_grow_by_t_mult"),
    says="T_mult is added to the length of a fall. It multiplies it.",
    change=("self.length *= self.T_mult", "self.length += self.T_mult"),
)
misconception(
    "cosine_grows_from_the_first",
    exercise="cosine",
    caught_by="falls_grow_by_t_mult",
    says="Every later fall has T_0 times T_mult steps. Each is T_mult times as long as the one "
    "before it, so the third has T_0 times T_mult squared.",
    change=("self.length *= self.T_mult", "self.length = self.T_0 * self.T_mult"),
)
misconception(
    "cosine_whole_wave",
    exercise="cosine",
    caught_by="falls_along_half_a_cosine",
    says="The angle goes round to 2 pi, so the rate is at its lowest half-way and comes up "
    "again. A fall is half a cosine: the angle ends at pi.",
    change=("math.pi * self.since_restart", "2 * math.pi * self.since_restart"),
)
misconception(
    "cosine_in_degrees",
    exercise="cosine",
    caught_by="falls_along_half_a_cosine",
    says="The angle is in degrees. math.cos wants radians, and half a turn is pi.",
    change=("math.pi * self.since_restart", "180 * self.since_restart"),
)
misconception(
    "cosine_without_the_half",
    exercise="cosine",
    caught_by=("starts_at_the_rate_of_the_optimizer", "falls_along_half_a_cosine"),
    says="The rate is twice what it should be: 1 + cos goes up to 2, so it is halved.",
    change=("* (1 + math.cos(angle)) / 2", "* (1 + math.cos(angle))"),
)
misconception(
    "cosine_rises",
    exercise="cosine",
    caught_by=("starts_at_the_rate_of_the_optimizer", "falls_along_half_a_cosine"),
    says="The rate starts at the bottom and rises. The sign before the cosine is plus.",
    change=("(1 + math.cos(angle))", "(1 - math.cos(angle))"),
)
misconception(
    "cosine_falls_along_a_line",
    exercise="cosine",
    caught_by="falls_along_half_a_cosine",
    says="The rate falls along a straight line, and not along a cosine.",
    change=("(1 + math.cos(angle)) / 2", "(1 - angle / math.pi)"),
)
misconception(
    "cosine_adds_eta_min_on_top",
    exercise="cosine",
    caught_by=("starts_at_the_rate_of_the_optimizer", "never_falls_below_eta_min"),
    says="eta_min is added to the full height, so the rate starts above the optimizer's own. The "
    "height is eta_max - eta_min.",
    change=("height = self.eta_max - self.eta_min", "height = self.eta_max"),
)
misconception(
    "cosine_ignores_eta_min",
    exercise="cosine",
    caught_by="never_falls_below_eta_min",
    says="The rate falls to 0. It should fall to eta_min.",
    change=("return self.eta_min + height *", "return self.eta_max *"),
)
misconception(
    "cosine_from_the_present_rate",
    exercise="cosine",
    caught_by=("falls_along_half_a_cosine", "restarts_at_the_top"),
    says="The new rate is computed from the present one, so the falls multiply and nothing comes "
    "back to the top. Keep the rate that the optimizer had at the beginning.",
    change=("height = self.eta_max - self.eta_min", "height = self.optimizer.lr - self.eta_min"),
)
misconception(
    "cosine_counts_in_get_lr",
    exercise="cosine",
    caught_by="get_lr_only_looks",
    says="get_lr counts a step, so looking at the rate changes it. Count in step().",
    change=(
        "        height = self.eta_max - self.eta_min\n        return ",
        "        height = self.eta_max - self.eta_min\n"
        "        self.since_restart = (self.since_restart + 1e-3) % self.length\n"
        "        return ",
    ),
)
misconception(
    "cosine_optimizer_not_told",
    exercise="cosine",
    caught_by="falls_along_half_a_cosine",
    says="step() computes the rate and keeps it for itself. The optimizer must be given it: "
    "self.optimizer.lr = ...",
    change=("self.optimizer.lr = self.get_lr()", "self.lr = self.get_lr()"),
)
misconception(
    "cosine_one_step_behind",
    exercise="cosine",
    caught_by="falls_along_half_a_cosine",
    says="The optimizer is given the rate before the step is counted, so it is one step behind.",
    change=[
        (
            "        self.since_restart += 1\n",
            "        self.optimizer.lr = self.get_lr()\n        self.since_restart += 1\n",
        ),
        (
            "            self.length *= self.T_mult\n        self.optimizer.lr = self.get_lr()",
            "            self.length *= self.T_mult",
        ),
    ],
)

# -------------------------------------------------------------- early_stopping

misconception(
    "stopping_one_late",
    exercise="early_stopping",
    caught_by="stops_when_patience_runs_out",
    says="It stops one epoch too late. With patience 3 the third bad epoch in a row is the last.",
    change=("self.counter >= self.patience", "self.counter > self.patience"),
)
misconception(
    "stopping_compares_before_it_counts",
    exercise="early_stopping",
    caught_by="stops_when_patience_runs_out",
    says="The counter is compared before this epoch is counted, so it stops one epoch too late.",
    change=[
        ("            self.counter += 1\n", ""),
        (
            "                    model.load_state_dict(self.best_weights)\n",
            "                    model.load_state_dict(self.best_weights)\n"
            "            self.counter += 1\n",
        ),
    ],
)
misconception(
    "stopping_one_early",
    exercise="early_stopping",
    caught_by="stops_when_patience_runs_out",
    says="It stops one epoch too early. With patience 3 two bad epochs in a row are allowed.",
    change=("self.counter >= self.patience", "self.counter >= self.patience - 1"),
)
misconception(
    "stopping_at_the_first_bad_epoch",
    exercise="early_stopping",
    caught_by="stops_when_patience_runs_out",
    says="It stops at the first epoch that is worse. The patience is not used.",
    change=("if self.counter >= self.patience:", "if self.counter >= 1:"),
)
misconception(
    "stopping_counts_all_bad_epochs",
    exercise="early_stopping",
    caught_by="an_improvement_starts_the_count_anew",
    says="The counter is never set back, so it counts all bad epochs. Only bad epochs in a row "
    "count: an improvement sets it to 0.",
    change=(
        "        if self.improves(score):\n            self.counter = 0\n",
        "        if self.improves(score):\n",
    ),
)
misconception(
    "stopping_against_the_last_score",
    exercise="early_stopping",
    caught_by=("stops_when_patience_runs_out", "an_improvement_starts_the_count_anew"),
    says="Each score is compared with the one before it. It must be compared with the best so "
    "far, or a loss that goes up and down never stops.",
    change=(
        "            self.counter += 1\n",
        "            self.counter += 1\n            self.best_score = score\n",
    ),
)
misconception(
    "stopping_ties_improve",
    exercise="early_stopping",
    caught_by="a_tie_is_no_improvement",
    says="A score equal to the best counts as an improvement. Then a network that is stuck is "
    "never stopped.",
    change=[
        ("score < self.best_score - self.min_delta", "score <= self.best_score - self.min_delta"),
        ("score > self.best_score + self.min_delta", "score >= self.best_score + self.min_delta"),
    ],
)
misconception(
    "stopping_sign_of_min_delta",
    exercise="early_stopping",
    caught_by="min_delta_must_be_beaten",
    says="min_delta has the wrong sign: scores that are a little worse count as improvements. To "
    "improve is to be better by more than min_delta.",
    change=[
        ("self.best_score - self.min_delta", "self.best_score + self.min_delta"),
        (
            "return score > self.best_score + self.min_delta",
            "return score > self.best_score - self.min_delta",
        ),
    ],
)
misconception(
    "stopping_min_delta_for_losses_only",
    exercise="early_stopping",
    caught_by="min_delta_must_be_beaten",
    says="With mode 'max' min_delta is not used.",
    change=("score > self.best_score + self.min_delta", "score > self.best_score"),
)
misconception(
    "stopping_ignores_min_delta",
    exercise="early_stopping",
    caught_by="min_delta_must_be_beaten",
    says="The rule does without min_delta.",
    change=[
        ("score < self.best_score - self.min_delta", "score < self.best_score"),
        ("score > self.best_score + self.min_delta", "score > self.best_score"),
    ],
)
misconception(
    "stopping_min_delta_is_a_share",
    exercise="early_stopping",
    caught_by="min_delta_must_be_beaten",
    says="min_delta is used as a share of the best score. It is in the unit of the score.",
    change=("self.best_score - self.min_delta", "self.best_score * (1 - self.min_delta)"),
)
misconception(
    "stopping_ignores_its_mode",
    exercise="early_stopping",
    caught_by="large_scores_are_good_in_mode_max",
    says="mode is not used: large accuracies are taken for bad scores.",
    change=("return score > self.best_score +", "return score < self.best_score -"),
)
misconception(
    "stopping_starts_at_zero",
    exercise="early_stopping",
    caught_by="large_scores_are_good_in_mode_max",
    says="With mode 'max' the best score begins at 0, so no negative score is ever good. The "
    "first score always improves.",
    change=(
        "        if self.best_score is None:\n            return not math.isnan(score)\n",
        "        if self.best_score is None and self.mode == 'max':\n"
        "            return score > 0\n"
        "        if self.best_score is None:\n            return not math.isnan(score)\n",
    ),
)
misconception(
    "stopping_keeps_the_last_weights",
    exercise="early_stopping",
    caught_by=("the_best_weights_come_back", "running_means_come_back_too"),
    says="The weights are kept in every epoch, so the last ones come back. Keep them only when "
    "the score improves.",
    change=(
        "            self.counter += 1\n",
        "            self.counter += 1\n            self.best_weights = model.state_dict()\n",
    ),
)
misconception(
    "stopping_never_restores",
    exercise="early_stopping",
    caught_by=("the_best_weights_come_back", "running_means_come_back_too"),
    says="The best weights are kept but never given back to the model.",
    change=(
        "                if self.restore_best and self.best_weights is not None:\n"
        "                    model.load_state_dict(self.best_weights)\n",
        "",
    ),
)
misconception(
    "stopping_second_name",
    exercise="early_stopping",
    caught_by="the_best_weights_come_back",
    says="The best weights are the model's own arrays under a second name, and the optimizer "
    "goes on changing them. Keep copies.",
    change=[
        (
            "self.best_weights = model.state_dict()",
            "self.best_weights = [p.data for p in model.parameters()]",
        ),
        (
            "model.load_state_dict(self.best_weights)",
            "for p, kept in zip(model.parameters(), self.best_weights):\n"
            "                        p.data[...] = kept",
        ),
    ],
)
misconception(
    "stopping_forgets_the_running_means",
    exercise="early_stopping",
    caught_by="running_means_come_back_too",
    says="Only the parameters come back. The running means of batch normalisation stay those of "
    "the last epoch, and they do not fit the old weights. state_dict() has both.",
    change=[
        (
            "self.best_weights = model.state_dict()",
            "self.best_weights = [p.data.copy() for p in model.parameters()]",
        ),
        (
            "model.load_state_dict(self.best_weights)",
            "for p, kept in zip(model.parameters(), self.best_weights):\n"
            "                        p.data[...] = kept",
        ),
    ],
)
misconception(
    "stopping_restores_each_bad_epoch",
    exercise="early_stopping",
    caught_by="the_best_weights_come_back",
    says="The best weights come back after every bad epoch, so training can never get past it. "
    "They come back when it stops.",
    change=(
        "            self.counter += 1\n",
        "            self.counter += 1\n"
        "            if self.best_weights is not None:\n"
        "                model.load_state_dict(self.best_weights)\n",
    ),
)
misconception(
    "stopping_restores_always",
    exercise="early_stopping",
    caught_by="without_restore_the_model_is_left_alone",
    says="The weights come back also with restore_best=False.",
    change=[
        ("            if self.restore_best:\n                self.best", "            self.best"),
        ("if self.restore_best and self.best_weights", "if self.best_weights"),
    ],
)
misconception(
    "stopping_reset_keeps_the_best",
    exercise="early_stopping",
    caught_by="reset_forgets_everything",
    says="reset() sets the counter back but keeps the best score, so the next training is "
    "measured against this one.",
    change=(
        "        self.best_score = None\n        self.best_epoch = None\n",
        "        self.best_score = getattr(self, 'best_score', None)\n"
        "        self.best_epoch = getattr(self, 'best_epoch', None)\n",
    ),
)
misconception(
    "stopping_reset_keeps_the_weights",
    exercise="early_stopping",
    caught_by="reset_forgets_everything",
    says="reset() keeps the best weights, so those of an earlier training can come back into "
    "another model.",
    change=(
        "        self.best_weights = None\n",
        "        self.best_weights = getattr(self, 'best_weights', None)\n",
    ),
)
misconception(
    "stopping_stays_stopped",
    exercise="early_stopping",
    caught_by="reset_forgets_everything",
    says="early_stop stays True after reset(), so the next training stops after its first epoch.",
    change=(
        "        self.early_stop = False\n",
        "        self.early_stop = getattr(self, 'early_stop', False)\n",
    ),
)
misconception(
    "stopping_nan_improves",
    exercise="early_stopping",
    caught_by="nan_never_improves",
    says="NaN counts as an improvement, or as the best first score, and then nothing ever beats "
    "it: every comparison with NaN is False.",
    change=("return not math.isnan(score)", "return True"),
)
misconception(
    "stopping_bad_if_larger",
    exercise="early_stopping",
    caught_by=("a_tie_is_no_improvement", "nan_never_improves"),
    says="A score is taken for good unless it is worse than the best. Ties and NaN are not "
    "worse, and they are not better either. Ask whether it is better.",
    change=[
        (
            "return score < self.best_score - self.min_delta",
            "return not score >= self.best_score - self.min_delta + 1e-12",
        ),
        (
            "return score > self.best_score + self.min_delta",
            "return not score <= self.best_score + self.min_delta - 1e-12",
        ),
    ],
)

# -------------------------------------------------------------------- pipeline

misconception(
    "training_adds_gradients_up",
    exercise="pipeline",
    caught_by="each_batch_is_a_step",
    says="Gradients are never cleared, so each step also follows all the batches before it.",
    change=("            self.optimizer.zero_grad()\n", ""),
)
misconception(
    "training_clears_too_late",
    exercise="pipeline",
    caught_by="each_batch_is_a_step",
    says="The gradients are cleared between backward and step, so no step moves anything.",
    change=(
        "            self.optimizer.zero_grad()\n            loss.backward()\n",
        "            loss.backward()\n            self.optimizer.zero_grad()\n",
    ),
)
misconception(
    "training_without_a_step",
    exercise="pipeline",
    caught_by="each_batch_is_a_step",
    says="There is no optimizer.step(), so nothing is learned.",
    change=("            self.optimizer.step()\n", ""),
)
misconception(
    "training_steps_once_an_epoch",
    exercise="pipeline",
    caught_by="each_batch_is_a_step",
    says="The optimizer takes one step for the whole epoch. It takes one for each batch.",
    change=[
        ("            self.optimizer.step()\n", ""),
        (
            "\n            seen += len(targets)\n        return total / seen, right / seen",
            "\n            seen += len(targets)\n        self.optimizer.step()\n"
            "        return total / seen, right / seen",
        ),
    ],
)
misconception(
    "training_mean_over_batches",
    exercise="pipeline",
    caught_by="training_means_are_over_images",
    says="The training loss is a mean over batches. A small last batch then counts as much as a "
    "full one. Weigh each batch by its number of images.",
    change=[
        (
            "total, right, seen = 0.0, 0, 0\n        for images, targets in loader:\n",
            "total, right, seen, count = 0.0, 0, 0, 0\n"
            "        for images, targets in loader:\n            count += 1\n",
        ),
        (
            "            self.optimizer.step()\n            total += loss.item() * len(targets)",
            "            self.optimizer.step()\n            total += loss.item()",
        ),
        (
            "\n            seen += len(targets)\n        return total / seen, right / seen",
            "\n            seen += len(targets)\n        return total / count, right / seen",
        ),
    ],
)
misconception(
    "training_loss_is_a_sum",
    exercise="pipeline",
    caught_by="training_means_are_over_images",
    says="The training loss is the sum over the images. Divide by their number.",
    change=(
        "\n            seen += len(targets)\n        return total / seen, right / seen",
        "\n            seen += len(targets)\n        return total, right / seen",
    ),
)
misconception(
    "training_reports_the_last_batch",
    exercise="pipeline",
    caught_by="training_means_are_over_images",
    says="The loss of the last batch is returned in place of the mean over the epoch.",
    change=(
        "\n            seen += len(targets)\n        return total / seen, right / seen",
        "\n            seen += len(targets)\n        return loss.item(), right / seen",
    ),
)
misconception(
    "training_adds_tensors",
    exercise="pipeline",
    caught_by="training_means_are_over_images",
    says="The sum of the losses is a Tensor. It keeps the graph of every batch in memory. Add "
    "loss.item(), which is a number.",
    change=(
        "            self.optimizer.step()\n            total += loss.item() * len(targets)",
        "            self.optimizer.step()\n            total += loss * len(targets)",
    ),
)
misconception(
    "evaluation_mean_over_batches",
    exercise="pipeline",
    caught_by="evaluation_means_are_over_images",
    says="The numbers of evaluate are means over batches of different sizes. Add up over images, "
    "and divide by their number.",
    change=[
        (
            "                total += loss.item() * len(targets)\n"
            "                right += np.sum(logits.argmax(dim=1) == targets)\n"
            "                seen += len(targets)\n",
            "                total += loss.item()\n"
            "                right += np.mean(logits.argmax(dim=1) == targets)\n"
            "                seen += 1\n",
        ),
    ],
)
misconception(
    "evaluation_trains",
    exercise="pipeline",
    caught_by="evaluation_changes_nothing",
    says="evaluate also takes steps, so the network learns the validation images. Then they tell "
    "nothing about new ones.",
    change=[
        ("        with no_grad():\n            for", "        if True:\n            for"),
        (
            "                total += loss.item() * len(targets)\n",
            "                self.optimizer.zero_grad()\n"
            "                loss.backward()\n"
            "                self.optimizer.step()\n"
            "                total += loss.item() * len(targets)\n",
        ),
    ],
)
misconception(
    "evaluation_records_a_graph",
    exercise="pipeline",
    caught_by="evaluation_changes_nothing",
    says="evaluate records a graph that nobody uses, which costs time and memory. Compute inside "
    "`with no_grad():`.",
    change=("        with no_grad():\n            for", "        if True:\n            for"),
)
misconception(
    "evaluation_in_training_mode",
    exercise="pipeline",
    caught_by=("the_mode_is_switched_each_time", "evaluation_changes_nothing"),
    says="evaluate leaves the model in training mode: dropout drops, and batch normalisation "
    "learns the means of the validation images.",
    change=("        self.model.eval()\n", ""),
)
misconception(
    "training_in_evaluation_mode",
    exercise="pipeline",
    caught_by="the_mode_is_switched_each_time",
    says="train_epoch does not switch to training mode. After the first evaluate the model stays "
    "in evaluation mode, without dropout, and no running mean moves.",
    change=("        self.model.train()\n", ""),
)
misconception(
    "training_without_augmentation",
    exercise="pipeline",
    caught_by="only_training_images_are_augmented",
    says="The augmented images are made but not used: the model gets the images as they were.",
    change=(
        "images = self.augmenter.augment_batch(images)",
        "self.augmenter.augment_batch(images)",
    ),
)
misconception(
    "evaluation_augments",
    exercise="pipeline",
    caught_by="only_training_images_are_augmented",
    says="evaluate augments its images too, so its numbers are about harder images, and change "
    "from call to call.",
    change=(
        "        with no_grad():\n            for images, targets in loader:\n",
        "        with no_grad():\n            for images, targets in loader:\n"
        "                if self.augmenter is not None:\n"
        "                    images = self.augmenter.augment_batch(images)\n",
    ),
)
misconception(
    "schedule_steps_per_batch",
    exercise="pipeline",
    caught_by="the_schedule_steps_once_an_epoch",
    says="The schedule steps for each batch. It counts epochs, so a whole fall is over within "
    "the first epoch.",
    change=[
        (
            "            if self.scheduler is not None:\n                self.scheduler.step()\n",
            "",
        ),
        (
            "            self.optimizer.step()\n",
            "            self.optimizer.step()\n"
            "            if self.scheduler is not None:\n"
            "                self.scheduler.step()\n",
        ),
    ],
)
misconception(
    "schedule_steps_first",
    exercise="pipeline",
    caught_by="the_schedule_steps_once_an_epoch",
    says="The schedule steps before the first epoch, so the rate that you chose is never used.",
    change=[
        (
            "            if self.scheduler is not None:\n                self.scheduler.step()\n",
            "",
        ),
        (
            "            lr = self.optimizer.lr\n",
            "            if self.scheduler is not None:\n"
            "                self.scheduler.step()\n"
            "            lr = self.optimizer.lr\n",
        ),
    ],
)
misconception(
    "schedule_never_steps",
    exercise="pipeline",
    caught_by="the_schedule_steps_once_an_epoch",
    says="The schedule never steps, so the rate stays as it is.",
    change=(
        "            if self.scheduler is not None:\n                self.scheduler.step()\n",
        "",
    ),
)
misconception(
    "history_has_the_next_rate",
    exercise="pipeline",
    caught_by="the_schedule_steps_once_an_epoch",
    says="The rate is noted after the schedule's step, so the history has the rate of the next "
    "epoch. Note it before the epoch.",
    change=[
        ("            lr = self.optimizer.lr\n", "            lr = 0.0\n"),
        (
            "                self.scheduler.step()\n",
            "                self.scheduler.step()\n"
            "            history['lr'][-1] = self.optimizer.lr\n",
        ),
    ],
)
misconception(
    "fit_validates_on_the_training_images",
    exercise="pipeline",
    caught_by="history_has_every_epoch",
    says="The validation numbers are measured on the training images, so they cannot show "
    "overfitting.",
    change=("self.evaluate(val_loader)", "self.evaluate(train_loader)"),
)
misconception(
    "fit_swaps_loss_and_accuracy",
    exercise="pipeline",
    caught_by="history_has_every_epoch",
    says="Loss and accuracy of validation are mixed up in the history.",
    change=("row = (train_loss, val_loss, train_acc,", "row = (train_loss, train_acc, val_loss,"),
)
misconception(
    "fit_is_never_silent",
    exercise="pipeline",
    caught_by="history_has_every_epoch",
    says="fit prints also with verbose=False.",
    change=("            if verbose:\n", "            if True:\n"),
)
misconception(
    "stopping_by_the_training_loss",
    exercise="pipeline",
    caught_by="early_stopping_is_asked_and_obeyed",
    says="Early stopping is given the training loss, which falls for ever. It needs the "
    "validation loss.",
    change=("self.early_stopping(val_loss,", "self.early_stopping(train_loss,"),
)
misconception(
    "stopping_is_not_obeyed",
    exercise="pipeline",
    caught_by="early_stopping_is_asked_and_obeyed",
    says="Early stopping is asked, and its answer is not used: training goes on.",
    change=("                if stop:\n                    break\n", ""),
)
misconception(
    "stopping_epoch_is_lost",
    exercise="pipeline",
    caught_by="early_stopping_is_asked_and_obeyed",
    says="Training stops before the epoch is written down, so the history lacks its last epoch.",
    change=(
        "                if stop:\n                    break\n",
        "                if stop:\n"
        "                    for values in history.values():\n"
        "                        values.pop()\n"
        "                    break\n",
    ),
)
misconception(
    "stopping_epochs_from_one",
    exercise="pipeline",
    caught_by="early_stopping_is_asked_and_obeyed",
    says="Epochs are counted from 1. The text counts them from 0, so best_epoch would be off.",
    change=("self.model, epoch)", "self.model, epoch + 1)"),
)
