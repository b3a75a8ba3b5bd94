"""Wrong answers to lab 5 that students give, each one fault away from the solution."""

from autograder.proving.faults import misconception

# -------------------------------------------------------------------- read_idx

misconception(
    "idx_little_endian",
    exercise="read_idx",
    caught_by=("four_bytes_are_big_endian", "labels_are_read", "images_are_read"),
    says="The bytes are read little-endian. In an IDX file the first byte counts most.",
    change=('int.from_bytes(b, "big")', 'int.from_bytes(b, "little")'),
)
misconception(
    "idx_signed",
    exercise="read_idx",
    caught_by="four_bytes_are_big_endian",
    says="A number whose first byte is large becomes negative. The numbers of a header have no "
    "sign.",
    change=('int.from_bytes(b, "big")', 'int.from_bytes(b, "big", signed=True)'),
)
misconception(
    "idx_bytes_to_base_255",
    exercise="read_idx",
    caught_by=("four_bytes_are_big_endian", "labels_are_read"),
    says="A byte has 256 values, from 0 to 255. So each place counts 256 times the next, not 255.",
    change=(
        'return int.from_bytes(b, "big")',
        "return sum(n * 255**i for i, n in enumerate(reversed(b)))",
    ),
)
misconception(
    "idx_header_not_skipped",
    exercise="read_idx",
    caught_by=("labels_are_read", "images_are_read"),
    says="The header is among the data. Labels begin at byte 8, pixels at byte 16.",
    change=("np.frombuffer(data[start:], dtype=np.uint8)", "np.frombuffer(data[:size], np.uint8)"),
)
misconception(
    "idx_one_header_for_both",
    exercise="read_idx",
    caught_by="images_are_read",
    says="An image file has a longer header than a label file: rows and columns come after the "
    "count.",
    change=[
        ("return read_idx(path, magic=2051, fields=3)", "return read_images(path)"),
        (
            "def read_idx(path, magic, fields):",
            "def read_images(path):\n"
            "    data = Path(path).read_bytes()\n"
            "    if data[:2] == b'\\x1f\\x8b':\n"
            "        data = gzip.decompress(data)\n"
            "    if get_int(data[:4]) != 2051:\n"
            "        raise ValueError(f'{path}: magic number {get_int(data[:4])}')\n"
            "    n, rows, columns = (get_int(data[i : i + 4]) for i in (4, 8, 12))\n"
            "    if len(data) != 16 + n * rows * columns:\n"
            "        raise ValueError(f'{path}: {len(data)} bytes')\n"
            "    pixels = np.frombuffer(data, np.uint8)[8 : 8 + n * rows * columns]\n"
            "    return pixels.reshape(n, rows, columns)\n\n\n"
            "def read_idx(path, magic, fields):",
        ),
    ],
)
misconception(
    "idx_rows_and_columns_swapped",
    exercise="read_idx",
    caught_by="images_are_read",
    says="Rows and columns are swapped. With square images nobody would notice; the header names "
    "the rows first.",
    change=("return pixels.reshape(shape)", "return pixels.reshape(shape[:1] + shape[:0:-1])"),
)
misconception(
    "idx_images_flattened",
    exercise="read_idx",
    caught_by="images_are_read",
    says="The images are rows of pixels. They should have the shape (n, rows, columns).",
    change=(
        "return read_idx(path, magic=2051, fields=3)",
        "images = read_idx(path, magic=2051, fields=3)\n    return images.reshape(len(images), -1)",
    ),
)
misconception(
    "idx_signed_pixels",
    exercise="read_idx",
    caught_by="images_are_read",
    says="The bytes are read as signed, so bright pixels become negative. Pixels go from 0 to 255.",
    change=("np.frombuffer(data[start:], dtype=np.uint8)", "np.frombuffer(data[start:], np.int8)"),
)
misconception(
    "idx_gzip_not_read",
    exercise="read_idx",
    caught_by="gzipped_files_are_read",
    says="Only plain files are read. The files of MNIST are mostly gzipped.",
    change=("        data = gzip.decompress(data)", "        pass"),
)
misconception(
    "idx_magic_not_checked",
    exercise="read_idx",
    caught_by="another_magic_number_is_refused",
    says="The magic number is read over. Then an image file passes for a label file, and nonsense "
    "goes into the training.",
    change=("if found != magic:", "if False:"),
)
misconception(
    "idx_magic_by_assert",
    exercise="read_idx",
    caught_by="another_magic_number_is_refused",
    says="A wrong file raises an AssertionError. An assert is for the programmer, and is left out "
    "when Python runs with -O. Raise a ValueError.",
    change=(
        '    if found != magic:\n        raise ValueError(f"{path}: magic number {found}, '
        'expected {magic}")',
        '    assert found == magic, f"{path}: magic number {found}, expected {magic}"',
    ),
)
misconception(
    "idx_error_says_nothing",
    exercise="read_idx",
    caught_by="another_magic_number_is_refused",
    says="The error does not say which file is wrong and what was found in it.",
    change=('f"{path}: magic number {found}, expected {magic}"', '"wrong magic number"'),
)
misconception(
    "idx_truncation_not_seen",
    exercise="read_idx",
    caught_by="a_wrong_length_is_refused",
    says="A file that is cut short is read as far as it goes, without a word.",
    change=[
        ("if len(data) != start + size:", "if False:"),
        (
            "return pixels.reshape(shape)",
            "one = max(math.prod(shape[1:]), 1)\n"
            "    whole = len(pixels) // one * one\n"
            "    return pixels[:whole].reshape(-1, *shape[1:])",
        ),
    ],
)
misconception(
    "idx_bytes_left_over",
    exercise="read_idx",
    caught_by="a_wrong_length_is_refused",
    says="Bytes after the last value are left over without a word. Then the header or the file is "
    "wrong.",
    change=[
        ("if len(data) != start + size:", "if len(data) < start + size:"),
        (
            "pixels = np.frombuffer(data[start:]",
            "pixels = np.frombuffer(data[start : start + size]",
        ),
    ],
)

# ----------------------------------------------------------------------- split

misconception(
    "split_a_fifth_of_all_twice",
    exercise="split",
    caught_by="a_fifth_and_again_a_fifth",
    says="The validation set has as many rows as the test set. It is a fifth of what is left.",
    change=(
        "test_size=val_size, random_state",
        "test_size=val_size / (1 - test_size), random_state",
    ),
)
misconception(
    "split_validation_from_all_rows",
    exercise="split",
    caught_by="each_row_is_in_one_part",
    says="The second division is made of all rows again, so test images are trained on.",
    change=("        x_rest, y_rest, test_size=val_size", "        x, y, test_size=val_size"),
)
misconception(
    "split_sizes_written_into_the_code",
    exercise="split",
    caught_by="both_sizes_are_arguments",
    says="The sizes of the parts do not follow the arguments.",
    change=[
        ("test_size=test_size, random_state", "test_size=0.2, random_state"),
        ("test_size=val_size, random_state", "test_size=0.2, random_state"),
    ],
)
misconception(
    "split_validation_and_test_swapped",
    exercise="split",
    caught_by="a_fifth_and_again_a_fifth",
    says="Validation and test set are in each other's place.",
    change=(
        "return x_train, y_train, x_val, y_val, x_test, y_test",
        "return x_train, y_train, x_test, y_test, x_val, y_val",
    ),
)
misconception(
    "split_images_then_labels",
    exercise="split",
    caught_by=("images_keep_their_labels", "a_fifth_and_again_a_fifth"),
    says="First come all images and then all labels. The order in the card is another.",
    change=(
        "return x_train, y_train, x_val, y_val, x_test, y_test",
        "return x_train, x_val, x_test, y_train, y_val, y_test",
    ),
)
misconception(
    "split_not_shuffled",
    exercise="split",
    caught_by="the_seed_decides",
    says="The parts are cut off in the order of the file. If it is sorted, the test set has other "
    "digits than the training set.",
    code="""
def split_data(x, y, test_size=0.2, val_size=0.2, seed=42):
    test = round(len(x) * test_size)
    val = round((len(x) - test) * val_size)
    train = len(x) - test - val
    cuts = [slice(0, train), slice(train, train + val), slice(train + val, None)]
    return tuple(part[cut] for cut in cuts for part in (x, y))
""",
)
misconception(
    "split_without_the_seed",
    exercise="split",
    caught_by="the_seed_decides",
    says="Each call gives another split, so two experiments are tested on different images.",
    change=[
        ("test_size=test_size, random_state=seed", "test_size=test_size"),
        ("test_size=val_size, random_state=seed", "test_size=val_size"),
    ],
)
misconception(
    "split_always_with_42",
    exercise="split",
    caught_by="the_seed_decides",
    says="The argument seed has no effect.",
    change=[
        ("test_size=test_size, random_state=seed", "test_size=test_size, random_state=42"),
        ("test_size=val_size, random_state=seed", "test_size=val_size, random_state=42"),
    ],
)
misconception(
    "split_labels_shuffled_by_themselves",
    exercise="split",
    caught_by="images_keep_their_labels",
    says="Images and labels are shuffled apart from each other, so no image has its own label.",
    code="""
def split_data(x, y, test_size=0.2, val_size=0.2, seed=42):
    rng = np.random.default_rng(seed)
    x, y = x[rng.permutation(len(x))], y[rng.permutation(len(y))]
    test = round(len(x) * test_size)
    val = round((len(x) - test) * val_size)
    train = len(x) - test - val
    cuts = [slice(0, train), slice(train, train + val), slice(train + val, None)]
    return tuple(part[cut] for cut in cuts for part in (x, y))
""",
)

# ---------------------------------------------------------- softmax_regression

misconception(
    "regression_with_softmax",
    exercise="softmax_regression",
    caught_by="logits_are_weighted_sums",
    says="The model returns probabilities. The loss applies softmax itself, and twice is too much.",
    change=("return self.linear(self.dropout(x))", "return self.linear(self.dropout(x)).softmax()"),
)
misconception(
    "regression_with_relu",
    exercise="softmax_regression",
    caught_by="logits_are_weighted_sums",
    says="Negative logits are cut off. A logit may be any real number.",
    change=("return self.linear(self.dropout(x))", "return self.linear(self.dropout(x)).relu()"),
)
misconception(
    "regression_with_random_start",
    exercise="softmax_regression",
    caught_by="all_weights_start_at_zero",
    says="The weights start at the layer's own random values and not at zero.",
    change=("        nn.init.zeros_(self.linear.weight)\n", ""),
)
misconception(
    "regression_with_random_bias",
    exercise="softmax_regression",
    caught_by="all_weights_start_at_zero",
    says="The biases start at the layer's own random values and not at zero.",
    change=("        nn.init.zeros_(self.linear.bias)\n", ""),
)
misconception(
    "regression_without_gradient",
    exercise="softmax_regression",
    caught_by="gradients_reach_both_parameters",
    says="The product is made of the bare arrays, so nothing is recorded and nothing is learned.",
    change=(
        "return self.linear(self.dropout(x))",
        "x = self.dropout(x)\n"
        "        return Tensor(x.data @ self.linear.weight.data.T + self.linear.bias.data, True)",
    ),
)
misconception(
    "regression_dropout_on_logits",
    exercise="softmax_regression",
    caught_by="pixels_are_dropped_in_training",
    says="Dropout acts on the logits: now and then the right class has no score. It should act on "
    "the pixels.",
    change=[
        ("nn.Dropout(dropout_rate)", "nn.Dropout(dropout_rate / 4)"),
        ("self.linear(self.dropout(x))", "self.dropout(self.linear(x))"),
    ],
)
misconception(
    "regression_without_dropout",
    exercise="softmax_regression",
    caught_by="pixels_are_dropped_in_training",
    says="The argument dropout_rate has no effect.",
    change=("self.linear(self.dropout(x))", "self.linear(x)"),
)
misconception(
    "regression_keeps_what_it_should_drop",
    exercise="softmax_regression",
    caught_by="pixels_are_dropped_in_training",
    says="dropout_rate is the share that is dropped, not the share that is kept.",
    change=("nn.Dropout(dropout_rate)", "nn.Dropout(0 if not dropout_rate else 1 - dropout_rate)"),
)
misconception(
    "regression_drops_always",
    exercise="softmax_regression",
    caught_by="no_pixel_is_dropped_in_use",
    says="Pixels are dropped in evaluation mode too. Nothing is dropped when the model is used.",
    change=(
        "return self.linear(self.dropout(x))",
        "self.dropout.train()\n        return self.linear(self.dropout(x))",
    ),
)

# -------------------------------------------------------------------- deep_net

misconception(
    "net_relu_before_the_normalisation",
    exercise="deep_net",
    caught_by=("blocks_in_evaluation", "blocks_in_training"),
    says="ReLU stands before the normalisation. The order is Linear, BatchNorm, ReLU, Dropout.",
    change=(
        "nn.BatchNorm1d(n_out),\n                nn.ReLU(),",
        "nn.ReLU(),\n                nn.BatchNorm1d(n_out),",
    ),
)
misconception(
    "net_without_relu",
    exercise="deep_net",
    caught_by=("blocks_in_evaluation", "blocks_in_training"),
    says="There is no ReLU. Linear layers one after the other are one linear layer.",
    change=("                nn.ReLU(),\n", ""),
)
misconception(
    "net_without_normalisation",
    exercise="deep_net",
    caught_by=("layers_join_neighbouring_sizes", "blocks_in_evaluation"),
    says="There is no batch normalisation in the blocks.",
    change=("                nn.BatchNorm1d(n_out),\n", ""),
)
misconception(
    "net_relu_on_the_logits",
    exercise="deep_net",
    caught_by=("blocks_in_evaluation", "no_hidden_layer_is_fine"),
    says="The last layer has a ReLU. Its outputs are logits, which may be negative.",
    change=("nn.Sequential(*layers)", "nn.Sequential(*layers, nn.ReLU())"),
)
misconception(
    "net_dropout_in_front",
    exercise="deep_net",
    caught_by="units_are_dropped_behind_the_relu",
    says="Dropout stands at the front of the block, and disturbs the statistics of the "
    "normalisation. It belongs behind the ReLU.",
    change=[
        ("                nn.Dropout(dropout_rate),\n", ""),
        (
            "                nn.Linear(n_in, n_out),\n",
            "                nn.Linear(n_in, n_out),\n                nn.Dropout(dropout_rate),\n",
        ),
    ],
)
misconception(
    "net_dropout_on_the_logits",
    exercise="deep_net",
    caught_by=("no_hidden_layer_is_fine", "units_are_dropped_behind_the_relu"),
    says="There is a dropout behind the last layer. It takes away the score of a class at random.",
    change=("nn.Sequential(*layers)", "nn.Sequential(*layers, nn.Dropout(dropout_rate))"),
)
misconception(
    "net_dropout_with_another_rate",
    exercise="deep_net",
    caught_by="units_are_dropped_behind_the_relu",
    says="The argument dropout_rate has no effect: the layer uses its own default.",
    change=("nn.Dropout(dropout_rate)", "nn.Dropout()"),
)
misconception(
    "net_default_weights",
    exercise="deep_net",
    caught_by="weights_are_hes",
    says="The weights have the layer's own start, which is too small for ReLU. He's has the "
    "standard deviation sqrt(2 / n_in).",
    change=("                nn.init.he_normal_(layer.weight)\n", ""),
)
misconception(
    "net_xavier_weights",
    exercise="deep_net",
    caught_by="weights_are_hes",
    says="The weights are Xavier's, which suit tanh. He's count the inputs only.",
    change=("nn.init.he_normal_", "nn.init.xavier_normal_"),
)
misconception(
    "net_variance_for_deviation",
    exercise="deep_net",
    caught_by="weights_are_hes",
    says="The variance is handed over where NumPy wants the standard deviation: the root is "
    "missing.",
    change=(
        "nn.init.he_normal_(layer.weight)",
        "shape = layer.weight.shape\n"
        "                layer.weight.data[...] = np.random.normal(0, 2 / shape[1], shape)",
    ),
)
misconception(
    "net_fan_out",
    exercise="deep_net",
    caught_by="weights_are_hes",
    says="The number of outputs is taken for the number of inputs. A weight has the shape "
    "(n_out, n_in).",
    change=(
        "nn.init.he_normal_(layer.weight)",
        "n = layer.weight.shape[0]\n"
        "                layer.weight.data[...] = np.random.normal(\n"
        "                    0, np.sqrt(2 / n), layer.weight.shape\n"
        "                )",
    ),
)
misconception(
    "net_random_biases",
    exercise="deep_net",
    caught_by="weights_are_hes",
    says="The biases keep the layer's own start. They start at zero here.",
    change=("                nn.init.zeros_(layer.bias)\n", ""),
)
misconception(
    "net_empty_list_is_the_default",
    exercise="deep_net",
    caught_by="no_hidden_layer_is_fine",
    says="An empty list is taken for a missing one. `not []` is true, so compare with None.",
    change=("if hidden_sizes is None:", "if not hidden_sizes:"),
)
misconception(
    "net_list_changed",
    exercise="deep_net",
    caught_by="no_hidden_layer_is_fine",
    says="The list that the caller hands in is changed: += writes into it. Make a new one.",
    change=[
        ("layers, n_in = [], input_size", "layers, n_in = [], input_size\n"
         "        hidden_sizes += [num_classes]"),
        ("for n_out in hidden_sizes:", "for n_out in hidden_sizes[:-1]:"),
    ],
)  # fmt: skip

# ------------------------------------------------------------------- schedules

misconception(
    "rates_none_decays",
    exercise="schedules",
    caught_by="without_a_schedule_the_rate_stays",
    says='"none" lowers the rate from epoch to epoch. It keeps the base rate.',
    change=("[lr] * epochs", "[lr * (1 - t / epochs) for t in range(epochs)]"),
)
misconception(
    "rates_cosine_reaches_the_end",
    exercise="schedules",
    caught_by=("the_cosine_goes_down", "the_cosine_takes_what_is_left"),
    says="The cosine reaches its end in the last epoch. It would do so one epoch later.",
    change=("math.pi * t / left", "math.pi * t / max(left - 1, 1)"),
)
misconception(
    "rates_count_from_one",
    exercise="schedules",
    caught_by=("the_cosine_goes_down", "the_cosine_takes_what_is_left"),
    says="The first epoch does not have the base rate. Epochs are counted from 0.",
    change=("for t in range(left)", "for t in range(1, left + 1)"),
)
misconception(
    "rates_whole_cosine",
    exercise="schedules",
    caught_by=("the_cosine_goes_down", "the_cosine_takes_what_is_left"),
    says="The rate goes down and up again. Half a cosine is wanted: from 0 to pi.",
    change=("math.pi * t / left", "2 * math.pi * t / left"),
)
misconception(
    "rates_without_the_half",
    exercise="schedules",
    caught_by=("the_cosine_goes_down", "the_cosine_takes_what_is_left"),
    says="The factor one half is missing, so the first rate is twice the base rate.",
    change=("(1 + math.cos(math.pi * t / left)) / 2", "1 + math.cos(math.pi * t / left)"),
)
misconception(
    "rates_down_to_zero",
    exercise="schedules",
    caught_by=("the_cosine_goes_down", "warm_up_and_lowest_rate_have_defaults"),
    says="The cosine goes down to 0. It should end at min_lr.",
    change=("min_lr + (lr - min_lr) * height", "lr * height"),
)
misconception(
    "rates_min_lr_added",
    exercise="schedules",
    caught_by="the_cosine_goes_down",
    says="min_lr is added on top, so the first rate is above the base rate. The cosine spans the "
    "way from lr to min_lr.",
    change=("min_lr + (lr - min_lr) * height", "min_lr + lr * height"),
)
misconception(
    "rates_warm_up_from_zero",
    exercise="schedules",
    caught_by="the_warm_up_rises_in_equal_steps",
    says="The first rate is 0, so the first epoch is wasted. In epoch 0 the rate is lr / w.",
    change=("lr * (t + 1) / warmup_epochs", "lr * t / warmup_epochs"),
)
misconception(
    "rates_warm_up_off_by_one",
    exercise="schedules",
    caught_by="the_warm_up_rises_in_equal_steps",
    says="The warm-up ends below the base rate. Its last epoch has the base rate.",
    change=("lr * (t + 1) / warmup_epochs", "lr * (t + 1) / (warmup_epochs + 1)"),
)
misconception(
    "rates_cosine_over_all_epochs",
    exercise="schedules",
    caught_by="the_cosine_takes_what_is_left",
    says="After the warm-up the cosine is stretched over all epochs, and does not come to its "
    "end. It takes T - w epochs.",
    change=("math.pi * t / left", "math.pi * t / epochs"),
)
misconception(
    "rates_cosine_not_restarted",
    exercise="schedules",
    caught_by="the_cosine_takes_what_is_left",
    says="After the warm-up the cosine goes on as if it had begun in epoch 0: the rate jumps "
    "down. Count t - w.",
    change=("math.pi * t / left", "math.pi * (t + warmup_epochs) / epochs"),
)
misconception(
    "rates_cosine_with_warm_up",
    exercise="schedules",
    caught_by="the_cosine_goes_down",
    says='"cosine" has a warm-up too. It begins at the base rate.',
    change=("        warmup_epochs = 0", "        pass"),
)
misconception(
    "rates_unknown_is_none",
    exercise="schedules",
    caught_by="an_unknown_name_is_refused",
    says="An unknown name trains without a word with some other schedule. Raise a ValueError.",
    change=(
        "        raise ValueError(\n            f\"schedule {name!r} is none of 'none', 'cosine', "
        "'warmup_cosine'\"\n        )",
        "        return [lr] * epochs",
    ),
)

# --------------------------------------------------------------- early_stopper

misconception(
    "stopper_one_too_late",
    exercise="early_stopper",
    caught_by="patience_counts_bad_epochs",
    says="It stops one epoch too late: where the counter is above patience, and not where it has "
    "reached it.",
    change=("return self.counter >= self.patience", "return self.counter > self.patience"),
)
misconception(
    "stopper_counter_never_reset",
    exercise="early_stopper",
    caught_by=("a_good_epoch_starts_anew", "counter_and_lowest_loss_are_kept"),
    says="A good epoch does not set the counter back, so bad epochs add up over the training.",
    change=("            self.counter = 0\n        elif", "        elif"),
)
misconception(
    "stopper_compares_with_the_epoch_before",
    exercise="early_stopper",
    caught_by=("a_good_epoch_starts_anew", "counter_and_lowest_loss_are_kept"),
    says="Each loss is compared with the one before. A loss that climbs and then falls a little "
    "looks good; compare with the lowest of all.",
    change=(
        "            self.counter += 1\n",
        "            self.counter += 1\n            self.min_validation_loss = validation_loss\n",
    ),
)
misconception(
    "stopper_lowest_never_set",
    exercise="early_stopper",
    caught_by="patience_counts_bad_epochs",
    says="The lowest loss is never kept, so every loss is below infinity and good.",
    change=("            self.min_validation_loss = validation_loss\n", ""),
)
misconception(
    "stopper_delta_ignored",
    exercise="early_stopper",
    caught_by="between_the_limits_nothing_counts",
    says="min_delta has no effect: each loss that is not a new lowest one counts as bad.",
    change=("self.min_validation_loss + self.min_delta", "self.min_validation_loss"),
)
misconception(
    "stopper_delta_with_the_wrong_sign",
    exercise="early_stopper",
    caught_by="between_the_limits_nothing_counts",
    says="min_delta has the wrong sign. A loss may lie min_delta above the lowest one.",
    change=(
        "self.min_validation_loss + self.min_delta",
        "self.min_validation_loss - self.min_delta",
    ),
)
misconception(
    "stopper_delta_demanded_of_the_good",
    exercise="early_stopper",
    caught_by="between_the_limits_nothing_counts",
    says="A loss must fall by min_delta to be good. Here any new lowest loss is good; min_delta "
    "is for the bad ones.",
    change=(
        "if validation_loss < self.min_validation_loss:",
        "if validation_loss < self.min_validation_loss - self.min_delta:",
    ),
)
misconception(
    "stopper_neither_counts_as_good",
    exercise="early_stopper",
    caught_by="between_the_limits_nothing_counts",
    says="A loss between the limits sets the counter back. It is neither good nor bad.",
    change=(
        "            self.counter += 1\n",
        "            self.counter += 1\n        else:\n            self.counter = 0\n",
    ),
)
misconception(
    "stopper_nan_is_nothing",
    exercise="early_stopper",
    caught_by="nan_is_bad",
    says="A loss of nan counts for nothing, since every comparison with it is false. The training "
    "would go on for ever.",
    change=(
        "elif not validation_loss <= self.min_validation_loss + self.min_delta:",
        "elif validation_loss > self.min_validation_loss + self.min_delta:",
    ),
)
misconception(
    "stopper_with_an_accuracy",
    exercise="early_stopper",
    caught_by=("patience_counts_bad_epochs", "counter_and_lowest_loss_are_kept"),
    says="Large values are taken for good. A loss is good when it is small.",
    change=[
        ("self.min_validation_loss = np.inf", "self.min_validation_loss = -np.inf"),
        ("if validation_loss < self.min", "if validation_loss > self.min"),
        ("elif not validation_loss <= self.min_validation_loss + self.min_delta",
         "elif not validation_loss >= self.min_validation_loss - self.min_delta"),
    ],
)  # fmt: skip

# ------------------------------------------------------------------- evaluator

misconception(
    "evaluate_mean_of_batches",
    exercise="evaluator",
    caught_by="accuracy_counts_images",
    says="The accuracies of the batches are averaged. The images of a small last batch count for "
    "more then.",
    change=[
        ("    times = []", "    times, shares = [], []"),
        (
            "            np.add.at(",
            "            shares.append(np.mean(logits.argmax(dim=1) == y))\n            np.add.at(",
        ),
        ("np.trace(matrix) / matrix.sum()", "np.mean(shares)"),
    ],
)
misconception(
    "evaluate_in_per_cent",
    exercise="evaluator",
    caught_by="accuracy_counts_images",
    says="The accuracy is in per cent. It is asked for from 0 to 1.",
    change=("np.trace(matrix) / matrix.sum()", "100 * np.trace(matrix) / matrix.sum()"),
)
misconception(
    "evaluate_last_batch_only",
    exercise="evaluator",
    caught_by=("accuracy_counts_images", "rows_are_the_truth"),
    says="The counts begin anew in each batch, so only the last one is left.",
    change=(
        "            np.add.at(",
        "            matrix[...] = 0\n            np.add.at(",
    ),
)
misconception(
    "evaluate_matrix_transposed",
    exercise="evaluator",
    caught_by="rows_are_the_truth",
    says="The confusion matrix is transposed: rows must be the true classes.",
    change=("(y, logits.argmax(dim=1))", "(logits.argmax(dim=1), y)"),
)
misconception(
    "evaluate_pairs_counted_once",
    exercise="evaluator",
    caught_by="rows_are_the_truth",
    says="matrix[y, answers] += 1 counts a pair once in a batch, however often it is there.",
    change=("np.add.at(matrix, (y, logits.argmax(dim=1)), 1)",
            "matrix[y, logits.argmax(dim=1)] += 1"),
)  # fmt: skip
misconception(
    "evaluate_matrix_of_shares",
    exercise="evaluator",
    caught_by="rows_are_the_truth",
    says="The confusion matrix holds shares. It should hold how many images there were.",
    change=('"confusion_matrix": matrix,', '"confusion_matrix": matrix / matrix.sum(),'),
)
misconception(
    "evaluate_in_training_mode",
    exercise="evaluator",
    caught_by="the_mode_is_set_and_put_back",
    says="The model stays in training mode, so dropout drops while it is evaluated.",
    change=("    model.eval()\n", ""),
)
misconception(
    "evaluate_leaves_evaluation_mode",
    exercise="evaluator",
    caught_by="the_mode_is_set_and_put_back",
    says="The model stays in evaluation mode afterwards, and trains on without dropout.",
    change=("    model.train(was_training)\n", ""),
)
misconception(
    "evaluate_always_ends_in_training_mode",
    exercise="evaluator",
    caught_by="the_mode_is_set_and_put_back",
    says="The model is put into training mode, also where it was not in it before.",
    change=("model.train(was_training)", "model.train()"),
)
misconception(
    "evaluate_records_gradients",
    exercise="evaluator",
    caught_by="no_gradients_are_recorded",
    says="All operations are recorded for a backward pass that never comes. That takes time and "
    "memory.",
    change=("    with no_grad():\n", "    if True:\n"),
)
misconception(
    "evaluate_in_seconds",
    exercise="evaluator",
    caught_by=("the_clock_runs_for_the_model_alone", "the_spread_of_the_times"),
    says="The time is in seconds. perf_counter gives seconds; milliseconds are asked for.",
    change=("times.append(1000 * (end - start))", "times.append(end - start)"),
)
misconception(
    "evaluate_clock_runs_on",
    exercise="evaluator",
    caught_by="the_clock_runs_for_the_model_alone",
    says="The clock runs while the next batch is loaded. It should run for the model alone.",
    change=[
        ("    with no_grad():\n", "    with no_grad():\n        start = time.perf_counter()\n"),
        ("            start = time.perf_counter()\n            logits", "            logits"),
        ("            np.add.at(", "            start = end\n            np.add.at("),
    ],
)
misconception(
    "evaluate_time_for_an_image",
    exercise="evaluator",
    caught_by="the_clock_runs_for_the_model_alone",
    says="The time is that for one image. It is asked for a batch.",
    change=("times.append(1000 * (end - start))", "times.append(1000 * (end - start) / len(y))"),
)
misconception(
    "evaluate_spread_with_ddof_0",
    exercise="evaluator",
    caught_by="the_spread_of_the_times",
    says="The standard deviation divides by the number of batches. It should divide by one less.",
    change=("np.std(times, ddof=1)", "np.std(times)"),
)
misconception(
    "evaluate_spread_of_one_is_nan",
    exercise="evaluator",
    caught_by="the_spread_of_the_times",
    says="With a single batch the standard deviation is nan: 0 divided by 0. It should be 0.",
    change=("np.std(times, ddof=1) if len(times) > 1 else 0.0", "np.std(times, ddof=1)"),
)

# --------------------------------------------------------------------- tracker

misconception(
    "tracker_keeps_the_callers_dictionary",
    exercise="tracker",
    caught_by=("copies_are_kept", "epochs_come_back_as_a_table"),
    says="The caller's dictionary is kept, and not a copy. When it is used again, all epochs "
    "become the last one.",
    change=("[epoch] = dict(metrics)", "[epoch] = metrics"),
)
misconception(
    "tracker_keeps_the_callers_summary",
    exercise="tracker",
    caught_by="copies_are_kept",
    says="The caller's summary is kept, and not a copy.",
    change=("self.summaries[name] = dict(summary)", "self.summaries[name] = summary"),
)
misconception(
    "tracker_epochs_as_they_came",
    exercise="tracker",
    caught_by="epochs_come_back_as_a_table",
    says="The rows are in the order in which they were logged. They should be in the order of the "
    "epochs.",
    change=("rows = sorted(self.epochs[name].items())", "rows = self.epochs[name].items()"),
)
misconception(
    "tracker_epoch_is_no_column",
    exercise="tracker",
    caught_by="epochs_come_back_as_a_table",
    says="The number of the epoch is not a column of the table.",
    change=('{"epoch": epoch, **metrics} for', "metrics for"),
)
misconception(
    "tracker_epoch_comes_last",
    exercise="tracker",
    caught_by="epochs_come_back_as_a_table",
    says="The column epoch is the last one and should be the first.",
    change=('{"epoch": epoch, **metrics} for', '{**metrics, "epoch": epoch} for'),
)
misconception(
    "tracker_all_experiments_in_one",
    exercise="tracker",
    caught_by="epochs_come_back_as_a_table",
    says="The epochs of one experiment overwrite those of another. Keep them by name.",
    change=[
        (
            "self.epochs.setdefault(name, {})[epoch] = dict(metrics)",
            "self.epochs[name] = self.epochs.get(name) or next(\n"
            "            iter(self.epochs.values()), {}\n"
            "        )\n"
            "        self.epochs[name][epoch] = dict(metrics)",
        )
    ],
)
misconception(
    "tracker_epoch_logged_twice",
    exercise="tracker",
    caught_by="the_last_word_on_an_epoch_counts",
    says="An epoch that is logged again stands there as it was first. The last one counts.",
    change=("[epoch] = dict(metrics)", ".setdefault(epoch, dict(metrics))"),
)
misconception(
    "tracker_unknown_name_is_empty",
    exercise="tracker",
    caught_by="an_unknown_experiment_is_refused",
    says="A slip in a name gives an empty table and no error.",
    change=[
        ("if name not in self.epochs:", "if False:"),
        ("sorted(self.epochs[name].items())", "sorted(self.epochs.get(name, {}).items())"),
    ],
)
misconception(
    "tracker_unknown_name_is_a_key_error",
    exercise="tracker",
    caught_by="an_unknown_experiment_is_refused",
    says="An unknown name gives a bare KeyError, which does not say what names there are.",
    change=("if name not in self.epochs:", "if False:"),
)
misconception(
    "tracker_matrices_in_the_table",
    exercise="tracker",
    caught_by="summaries_hold_single_values",
    says="Arrays and lists stand in the table of summaries. Only single values belong there.",
    change=("                if not isinstance(value, several)\n", ""),
)
misconception(
    "tracker_first_summary_counts",
    exercise="tracker",
    caught_by="summaries_hold_single_values",
    says="A summary that is logged again does not replace the earlier one.",
    change=(
        "self.summaries[name] = dict(summary)",
        "self.summaries.setdefault(name, dict(summary))",
    ),
)
misconception(
    "tracker_files_with_an_index",
    exercise="tracker",
    caught_by="files_hold_both_tables",
    says="pandas writes its row numbers as a first column without a name.",
    change=("to_csv(epochs, index=False)", "to_csv(epochs)"),
)
misconception(
    "tracker_files_without_names",
    exercise="tracker",
    caught_by="files_hold_both_tables",
    says="In epochs.csv nobody can tell which row belongs to which experiment.",
    change=('            table.insert(0, "experiment", name)\n', ""),
)
misconception(
    "tracker_ignores_the_folder",
    exercise="tracker",
    caught_by="files_hold_both_tables",
    says="The files go to the tracker's own folder, also where another one is asked for.",
    change=("self.folder if folder is None else Path(folder)", "self.folder"),
)
misconception(
    "tracker_curves_of_validation_only",
    exercise="tracker",
    caught_by="curves_show_all_experiments",
    says="The argument metric has no effect, or its default is another one.",
    change=("plots.plot_training_curves(tables, metric)",
            'plots.plot_training_curves(tables, "val_loss")'),
)  # fmt: skip
misconception(
    "tracker_shows_and_returns_nothing",
    exercise="tracker",
    caught_by=("curves_show_all_experiments", "matrix_and_comparison_are_drawn"),
    says="The plots are drawn, but the Axes are not returned, so that nobody can add to them.",
    change=[
        ("return plots.plot_training_curves(", "plots.plot_training_curves("),
        ("return plots.plot_experiment_comparison(", "plots.plot_experiment_comparison("),
    ],
)
misconception(
    "tracker_matrix_transposed",
    exercise="tracker",
    caught_by="matrix_and_comparison_are_drawn",
    says="The confusion matrix is drawn transposed.",
    change=('["confusion_matrix"]', '["confusion_matrix"].T'),
)
misconception(
    "tracker_comparison_of_one_metric",
    exercise="tracker",
    caught_by="matrix_and_comparison_are_drawn",
    says="The comparison shows the test accuracy, whatever metric is asked for.",
    change=("plots.plot_experiment_comparison(self.summaries, metric)",
            "plots.plot_experiment_comparison(self.summaries)"),
)  # fmt: skip

# --------------------------------------------------------------------- manager

misconception(
    "manager_gradients_add_up",
    exercise="manager",
    caught_by=("sgd_steps_as_configured", "adam_steps_as_configured"),
    says="The gradients of all batches add up. Set them to zero before each backward pass.",
    change=("            optimizer.zero_grad()\n", ""),
)
misconception(
    "manager_one_step_for_an_epoch",
    exercise="manager",
    caught_by="sgd_steps_as_configured",
    says="There is one step for a whole epoch. Each batch has its own.",
    change=(
        "            optimizer.step()\n            images",
        "            if images + len(y) == loader.n_samples:\n"
        "                optimizer.step()\n            images",
    ),
)
misconception(
    "manager_without_momentum",
    exercise="manager",
    caught_by="sgd_steps_as_configured",
    says="The momentum of the configuration has no effect.",
    change=("            momentum=config.momentum,\n", ""),
)
misconception(
    "manager_without_weight_decay",
    exercise="manager",
    caught_by="sgd_steps_as_configured",
    says="The weight decay of the configuration has no effect on SGD.",
    change=(
        "momentum=config.momentum,\n            weight_decay=config.weight_decay,",
        "momentum=config.momentum,",
    ),
)
misconception(
    "manager_always_sgd",
    exercise="manager",
    caught_by="adam_steps_as_configured",
    says="The optimizer of the configuration has no effect: it is always SGD.",
    change=('if config.optimizer == "adam":', 'if config.optimizer == "Adam":'),
)
misconception(
    "manager_schedule_not_used",
    exercise="manager",
    caught_by=("sgd_steps_as_configured",),
    says="The rates of the schedule never reach the optimizer.",
    change=("            optimizer.lr = rate\n", ""),
)
misconception(
    "manager_schedule_by_batch",
    exercise="manager",
    caught_by="sgd_steps_as_configured",
    says="The rate changes from batch to batch, so the schedule is over in the first epoch. It "
    "has one rate for each epoch.",
    change=[
        (
            "                model, train_loader, loss_fn, optimizer\n",
            "                model, train_loader, loss_fn, optimizer, iter(rates)\n",
        ),
        ("loader, loss_fn, optimizer):", "loader, loss_fn, optimizer, rates):"),
        (
            "            logits = model(Tensor(x))\n            loss = loss_fn",
            "            optimizer.lr = next(rates, optimizer.lr)\n"
            "            logits = model(Tensor(x))\n            loss = loss_fn",
        ),
    ],
)
misconception(
    "manager_loss_over_batches",
    exercise="manager",
    caught_by="history_counts_images",
    says="The training loss is a mean over batches, so a small last batch counts too much.",
    change=[
        ("total_loss += loss.item() * len(y)", "total_loss += loss.item()"),
        ("return total_loss / images,", "return total_loss / len(loader),"),
    ],
)
misconception(
    "manager_loss_of_the_last_batch",
    exercise="manager",
    caught_by="history_counts_images",
    says="The training loss is that of the last batch alone.",
    change=("return total_loss / images,", "return loss.item(),"),
)
misconception(
    "manager_epochs_from_zero",
    exercise="manager",
    caught_by=("history_counts_images", "the_tracker_is_told"),
    says="The first epoch has the number 0. They are counted from 1.",
    change=("enumerate(rates, start=1)", "enumerate(rates)"),
)
misconception(
    "manager_validates_on_the_training_set",
    exercise="manager",
    caught_by="history_counts_images",
    says="The validation runs on the training set, and so says nothing about new images.",
    change=("training.evaluate(model, val_loader, loss_fn)",
            "training.evaluate(model, train_loader, loss_fn)"),
)  # fmt: skip
misconception(
    "manager_never_in_training_mode",
    exercise="manager",
    caught_by="each_epoch_trains_in_training_mode",
    says="The model is not put into training mode, so dropout and batch normalisation do not "
    "train.",
    change=("        model.train()\n", ""),
)
misconception(
    "manager_stays_in_evaluation_mode",
    exercise="manager",
    caught_by="each_epoch_trains_in_training_mode",
    says="After the first validation the model stays in evaluation mode. Call model.train() in "
    "each epoch.",
    change=[
        ("        model.train()\n", ""),
        (
            "        history, best, weights = [], None, None\n",
            "        history, best, weights = [], None, None\n        model.train()\n",
        ),
        ("            row = {\n", "            model.eval()\n            row = {\n"),
    ],
)
misconception(
    "manager_stops_by_the_test_set",
    exercise="manager",
    caught_by=("the_test_set_is_used_once",),
    says="The test set decides when to stop and which weights are best. It has become a second "
    "validation set, and no honest number is left.",
    change=("training.evaluate(model, val_loader, loss_fn)",
            "training.evaluate(model, test_loader or val_loader, loss_fn)"),
)  # fmt: skip
misconception(
    "manager_tests_in_each_epoch",
    exercise="manager",
    caught_by="the_test_set_is_used_once",
    says="The test set is gone through in each epoch. It is used once, at the end.",
    change=(
        "            history.append(row)\n",
        "            history.append(row)\n"
        "            if test_loader is not None:\n"
        "                training.evaluate(model, test_loader, loss_fn)\n",
    ),
)
misconception(
    "manager_tests_the_last_weights",
    exercise="manager",
    caught_by="the_test_set_is_used_once",
    says="The test is made before the best weights are back, so another model is tested than the "
    "one that is handed out.",
    change=[
        (
            "        if config.restore_best:\n            model.load_state_dict(weights)\n"
            "        summary = {",
            "        summary = {",
        ),
        (
            "        if self.tracker is not None:\n            self.tracker.log_summary",
            "        if config.restore_best:\n            model.load_state_dict(weights)\n"
            "        if self.tracker is not None:\n            self.tracker.log_summary",
        ),
    ],
)
misconception(
    "manager_stops_by_the_training_loss",
    exercise="manager",
    caught_by="early_stopping_watches_the_validation_loss",
    says="Early stopping watches the training loss, which falls for ever.",
    change=('stopper.early_stop(row["val_loss"])', 'stopper.early_stop(row["train_loss"])'),
)
misconception(
    "manager_stops_by_the_accuracy",
    exercise="manager",
    caught_by="early_stopping_watches_the_validation_loss",
    says="Early stopping watches the accuracy, and takes small ones for good.",
    change=('stopper.early_stop(row["val_loss"])', 'stopper.early_stop(row["val_accuracy"])'),
)
misconception(
    "manager_patience_without_delta",
    exercise="manager",
    caught_by="early_stopping_watches_the_validation_loss",
    says="loss_delta of the configuration has no effect.",
    change=("EarlyStopper(config.patience, config.loss_delta)", "EarlyStopper(config.patience)"),
)
misconception(
    "manager_stops_always",
    exercise="manager",
    caught_by="early_stopping_watches_the_validation_loss",
    says="The training stops early, also where early_stopping is off.",
    change=("if config.early_stopping and stopper", "if stopper"),
)
misconception(
    "manager_never_says_why",
    exercise="manager",
    caught_by="early_stopping_watches_the_validation_loss",
    says="The summary says that all epochs were trained, also where it stopped early.",
    change=('                stopped = "early stopping"\n', ""),
)
misconception(
    "manager_weights_aliased",
    exercise="manager",
    caught_by="the_best_weights_come_back",
    says="The best weights are not copied. The optimizer changes the arrays in place, so they are "
    "the last ones.",
    change=(
        "best, weights = row, model.state_dict()",
        "best, weights = row, {k: p.data for k, p in model.named_parameters()}",
    ),
)
misconception(
    "manager_best_by_loss",
    exercise="manager",
    caught_by="the_best_weights_come_back",
    says="The best epoch is that of the lowest loss. Here the highest validation accuracy decides.",
    change=(
        'row["val_accuracy"] > best["val_accuracy"]',
        'row["val_loss"] < best["val_loss"]',
    ),
)
misconception(
    "manager_last_of_equals",
    exercise="manager",
    caught_by="the_best_weights_come_back",
    says="Of epochs with the same accuracy the last is taken. The first one counts.",
    change=('row["val_accuracy"] > best', 'row["val_accuracy"] >= best'),
)
misconception(
    "manager_keeps_the_last_weights",
    exercise="manager",
    caught_by=("the_best_weights_come_back", "the_test_set_is_used_once"),
    says="The model ends with its last weights. With restore_best it gets its best ones back.",
    change=("            model.load_state_dict(weights)\n", "            pass\n"),
)
misconception(
    "manager_restores_always",
    exercise="manager",
    caught_by="the_best_weights_come_back",
    says="The best weights come back, also where restore_best is off.",
    change=("if config.restore_best:", "if weights is not None:"),
)
misconception(
    "manager_tells_no_epochs",
    exercise="manager",
    caught_by="the_tracker_is_told",
    says="The tracker is told the end, but none of the epochs.",
    change=("                self.tracker.log_epoch(config.experiment_name, epoch, metrics)\n", ""),
)
misconception(
    "manager_project_for_experiment",
    exercise="manager",
    caught_by="the_tracker_is_told",
    says="The experiments are filed under the project's name, so each overwrites the one before.",
    change=[
        ("log_epoch(config.experiment_name", "log_epoch(config.project_name"),
        ("log_summary(config.experiment_name", "log_summary(config.project_name"),
    ],
)
misconception(
    "experiments_without_a_seed",
    exercise="manager",
    caught_by="experiments_run_by_their_configuration",
    says="The seed of the configuration is not set, so nobody can repeat the experiment.",
    change=("        set_seed(config.seed)\n", ""),
)
misconception(
    "experiments_seeded_too_late",
    exercise="manager",
    caught_by="experiments_run_by_their_configuration",
    says="The seed is set after the model was made, so its starting weights depend on what ran "
    "before.",
    change=(
        "        set_seed(config.seed)\n        model = training.make_model(config)\n",
        "        model = training.make_model(config)\n        set_seed(config.seed)\n",
    ),
)
misconception(
    "experiments_not_shuffled",
    exercise="manager",
    caught_by="experiments_run_by_their_configuration",
    says="The training batches are the same in each epoch. Shuffle them.",
    change=(", shuffle=True", ""),
)
misconception(
    "experiments_of_one_batch_size",
    exercise="manager",
    caught_by="experiments_run_by_their_configuration",
    says="The batch size of the configuration has no effect.",
    change=("DataLoader(x_train, y_train, config.batch_size,", "DataLoader(x_train, y_train, 32,"),
)
misconception(
    "experiments_share_one_model",
    exercise="manager",
    caught_by="experiments_run_by_their_configuration",
    says="All experiments train one and the same model further. Each needs a new one.",
    change=[
        ("    for config in experiments:\n", "    models = {}\n    for config in experiments:\n"),
        (
            "model = training.make_model(config)",
            "model = models.setdefault(\n"
            "            tuple(config.hidden_sizes), training.make_model(config)\n        )",
        ),
    ],
)
misconception(
    "experiments_tested_on_validation",
    exercise="manager",
    caught_by="experiments_run_by_their_configuration",
    says="The test accuracy comes from the validation set, which has chosen the weights.",
    change=("DataLoader(x_test, y_test, config", "DataLoader(x_val, y_val, config"),
)
