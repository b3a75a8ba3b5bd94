"""Wrong answers to lab 4 that students give, each one fault away from the solution."""

from autograder.proving.faults import misconception

# ------------------------------------------------------------- image_embedding

misconception(
    "embedding_default_of_four",
    exercise="image_embedding",
    caught_by="patches_are_counted",
    says="kernel_size is 2 where nothing is said.",
    change=("kernel_size=2)", "kernel_size=4)"),
)
misconception(
    "embedding_counts_one_row",
    exercise="image_embedding",
    caught_by="patches_are_counted",
    says="num_patches is the number of patches in one row. The image has as many rows of patches.",
    code="""
class ImageEmbedding(Module):
    def __init__(self, img_dim, hidden_dim, kernel_size=2):
        self.kernel_size = kernel_size
        self.num_patches = img_dim // kernel_size
        self.projection = Linear(kernel_size**2, hidden_dim)

    def forward(self, x):
        k, m = self.kernel_size, self.num_patches
        patches = Tensor(x).reshape(-1, m, k, m, k).transpose(2, 3)
        return self.projection(patches.reshape(-1, m * m, k * k))
""",
)
misconception(
    "embedding_projects_one_side",
    exercise="image_embedding",
    caught_by="patches_are_counted",
    says="The projection takes kernel_size numbers. A patch has kernel_size times kernel_size.",
    change=("Linear(kernel_size**2, hidden_dim)", "Linear(kernel_size, hidden_dim)"),
)
misconception(
    "embedding_projects_the_whole_image",
    exercise="image_embedding",
    caught_by="patches_are_counted",
    says="The projection takes the pixels of the whole image. It takes those of one patch.",
    change=("Linear(kernel_size**2, hidden_dim)", "Linear(img_dim**2, hidden_dim)"),
)
misconception(
    "embedding_without_the_swap",
    exercise="image_embedding",
    caught_by=("patches_are_in_reading_order", "tokens_are_projected_patches"),
    says="The images are only reshaped, so tokens are strips of pixels that follow each other in "
    "memory. Between the two reshapes, axes 2 and 3 must be swapped.",
    change=("patches = cut.transpose(2, 3)", "patches = cut"),
)
misconception(
    "embedding_column_by_column",
    exercise="image_embedding",
    caught_by="patches_are_in_reading_order",
    says="The patches are numbered down the columns. They are numbered as one reads: along the "
    "rows of patches.",
    change=("cut.transpose(2, 3)", "cut.transpose(2, 3).transpose(1, 2)"),
)
misconception(
    "embedding_patches_on_their_side",
    exercise="image_embedding",
    caught_by="tokens_are_projected_patches",
    says="Inside each patch rows and columns are swapped. Its pixels are numbered row by row, too.",
    change=("cut.transpose(2, 3)", "cut.transpose(2, 3).transpose(3, 4)"),
)
misconception(
    "embedding_swaps_rows_with_columns",
    exercise="image_embedding",
    caught_by=("patches_are_in_reading_order", "tokens_are_projected_patches"),
    says="The wrong two axes are swapped, so a token holds a piece of each of several patches.",
    change=("cut.transpose(2, 3)", "cut.transpose(1, 4)"),
)
misconception(
    "embedding_one_image_at_a_time",
    exercise="image_embedding",
    caught_by=("patches_are_in_reading_order", "tokens_are_projected_patches"),
    says="Only the first image of the batch is embedded.",
    change=("self.projection(tokens)", "self.projection(tokens[:1])"),
)
misconception(
    "embedding_returns_an_array",
    exercise="image_embedding",
    caught_by=("tokens_are_projected_patches", "the_projection_learns"),
    says="The result is an array, so no gradient reaches the projection. Return the Tensor.",
    change=("return self.projection(tokens)", "return self.projection(tokens).data"),
)
misconception(
    "embedding_cut_off",
    exercise="image_embedding",
    caught_by="the_projection_learns",
    says="The result is a new Tensor around the array of the old one. It has forgotten how it was "
    "computed, and the projection never learns.",
    change=("return self.projection(tokens)", "return Tensor(self.projection(tokens).data)"),
)
misconception(
    "embedding_centres_the_patches",
    exercise="image_embedding",
    caught_by="tokens_are_projected_patches",
    says="The mean is subtracted from each patch. The projection is given the pixels as they are.",
    change=(
        "return self.projection(tokens)",
        "return self.projection(tokens - tokens.mean(dim=-1, keepdim=True))",
    ),
)

# ------------------------------------------------------------------- attention

misconception(
    "attention_without_scaling",
    exercise="attention",
    caught_by=("output_mixes_the_values", "each_query_shares_out_one"),
    says="The scores are not divided by the root of d. With many features the softmax then picks "
    "a single key.",
    change=(" / np.sqrt(q.shape[-1])", ""),
)
misconception(
    "attention_scaled_by_d",
    exercise="attention",
    caught_by=("output_mixes_the_values", "each_query_shares_out_one"),
    says="The scores are divided by d. Their standard deviation is the root of d, so divide by "
    "that.",
    change=("np.sqrt(q.shape[-1])", "q.shape[-1]"),
)
misconception(
    "attention_scaled_by_the_tokens",
    exercise="attention",
    caught_by="output_mixes_the_values",
    says="The scores are divided by the root of the number of tokens. A score is a sum over the "
    "features of a head: their number counts.",
    change=("np.sqrt(q.shape[-1])", "np.sqrt(q.shape[-2])"),
)
misconception(
    "attention_scaled_after_the_softmax",
    exercise="attention",
    caught_by="each_query_shares_out_one",
    says="The weights are divided by the root of d, so they do not sum to one. The scores must be, "
    "before the softmax.",
    change=[
        (" / np.sqrt(q.shape[-1])", ""),
        ("scores.softmax(dim=-1)", "scores.softmax(dim=-1) / np.sqrt(q.shape[-1])"),
    ],
)
misconception(
    "attention_multiplied_by_the_root",
    exercise="attention",
    caught_by="output_mixes_the_values",
    says="The scores are multiplied by the root of d, and grow where they should shrink.",
    change=("/ np.sqrt(q.shape[-1])", "* np.sqrt(q.shape[-1])"),
)
misconception(
    "attention_ignores_the_keys",
    exercise="attention",
    caught_by=("output_mixes_the_values", "gradients_reach_all_three"),
    says="The queries are compared with themselves; the keys have no effect.",
    change=("q @ k.transpose(-2, -1)", "q @ q.transpose(-2, -1)"),
)
misconception(
    "attention_compares_with_the_values",
    exercise="attention",
    caught_by="output_mixes_the_values",
    says="The queries are compared with the values. Keys are for finding, values for taking.",
    change=("q @ k.transpose(-2, -1)", "q @ v.transpose(-2, -1)"),
)
misconception(
    "attention_mixes_the_keys",
    exercise="attention",
    caught_by=("output_mixes_the_values", "gradients_reach_all_three"),
    says="The weights mix the keys; the values have no effect.",
    change=("weights @ v", "weights @ k"),
)
misconception(
    "attention_over_the_queries",
    exercise="attention",
    caught_by="each_query_shares_out_one",
    says="The weights sum to one over the queries. Each query shares out one unit among the keys: "
    "softmax runs along the last axis.",
    change=("scores.softmax(dim=-1)", "scores.softmax(dim=-2)"),
)
misconception(
    "attention_keys_ask",
    exercise="attention",
    caught_by="each_query_shares_out_one",
    says="Queries and keys have changed places: row i holds who looks at token i.",
    change=("q @ k.transpose(-2, -1)", "k @ q.transpose(-2, -1)"),
)
misconception(
    "attention_weights_transposed",
    exercise="attention",
    caught_by="output_mixes_the_values",
    says="The weights are transposed before they mix the values.",
    change=("return weights @ v,", "return weights.transpose(-2, -1) @ v,"),
)
misconception(
    "attention_without_softmax",
    exercise="attention",
    caught_by=("output_mixes_the_values", "each_query_shares_out_one"),
    says="The scores are used as weights. Without the softmax they may be negative, and do not "
    "sum to one.",
    change=("weights = scores.softmax(dim=-1)", "weights = scores"),
)
misconception(
    "attention_divided_by_the_sum",
    exercise="attention",
    caught_by="each_query_shares_out_one",
    says="The scores are divided by their sum. That makes no probabilities of negative ones.",
    change=("scores.softmax(dim=-1)", "scores / scores.sum(dim=-1, keepdim=True)"),
)
misconception(
    "attention_unstable",
    exercise="attention",
    caught_by="large_scores_stay_finite",
    says="Exponentials of large scores overflow. Use the Tensor's softmax, or subtract the "
    "largest score of each row first.",
    change=("scores.softmax(dim=-1)", "scores.exp() / scores.exp().sum(dim=-1, keepdim=True)"),
)
misconception(
    "attention_returns_the_scores",
    exercise="attention",
    caught_by="each_query_shares_out_one",
    says="The second thing that is returned are the scores before the softmax. Return the weights.",
    change=("return weights @ v, weights", "return weights @ v, scores"),
)
misconception(
    "attention_returns_in_the_wrong_order",
    exercise="attention",
    caught_by="output_mixes_the_values",
    says="Weights and output are returned in the wrong order.",
    change=("return weights @ v, weights", "return weights, weights @ v"),
)
misconception(
    "attention_returns_the_output_only",
    exercise="attention",
    caught_by="each_query_shares_out_one",
    says="Only the output is returned. Return the weights as well.",
    change=[
        ("return weights @ v, weights", "return weights @ v"),
        (
            "mixed, weights = scaled_dot_product_attention(q, k, v, mask)",
            "mixed = weights = scaled_dot_product_attention(q, k, v, mask)",
        ),
    ],
)
misconception(
    "mask_ignored",
    exercise="attention",
    caught_by="hidden_keys_have_no_weight",
    says="The mask has no effect.",
    change=("if mask is not None:", "if False:"),
)
misconception(
    "mask_the_wrong_way_round",
    exercise="attention",
    caught_by="hidden_keys_have_no_weight",
    says="The mask hides what is to be visible. True means visible; masked_fill fills where its "
    "mask is True.",
    change=("masked_fill(~mask, -np.inf)", "masked_fill(mask, -1e9)"),
)
misconception(
    "mask_fills_with_zero",
    exercise="attention",
    caught_by="hidden_keys_have_no_weight",
    says="Hidden scores become 0, and softmax gives a score of 0 a weight like any other. Only "
    "minus infinity gives none.",
    change=("masked_fill(~mask, -np.inf)", "masked_fill(~mask, 0.0)"),
)
misconception(
    "mask_after_the_softmax",
    exercise="attention",
    caught_by="hidden_keys_have_no_weight",
    says="The mask is applied after the softmax, so the visible weights no longer sum to one.",
    change=[
        ("scores = scores.masked_fill(~mask, -np.inf)", "pass"),
        (
            "weights = scores.softmax(dim=-1)",
            "weights = scores.softmax(dim=-1)\n"
            "    if mask is not None:\n"
            "        weights = weights.masked_fill(~mask, 0.0)",
        ),
    ],
)
misconception(
    "mask_too_weak",
    exercise="attention",
    caught_by="hidden_keys_have_no_weight",
    says="Hidden scores are only lowered a little, so something of the hidden keys comes through. "
    "They must become minus infinity.",
    change=("masked_fill(~mask, -np.inf)", "masked_fill(~mask, -10.0)"),
)
misconception(
    "attention_weights_cut_off",
    exercise="attention",
    caught_by=("gradients_reach_all_three", "the_module_learns"),
    says="The weights are made a new Tensor from an array on the way, so queries and keys get no "
    "gradient and never learn.",
    change=("return weights @ v, weights", "return Tensor(weights.data) @ v, weights"),
)
misconception(
    "attention_without_recording",
    exercise="attention",
    caught_by="gradients_reach_all_three",
    says="The scores are computed in a no_grad() block. It is for evaluation only: nothing in it "
    "is remembered for the way back.",
    change=(
        "    scores = q @ k.transpose(-2, -1) / np.sqrt(q.shape[-1])",
        "    with no_grad():\n        scores = q @ k.transpose(-2, -1) / np.sqrt(q.shape[-1])",
    ),
)
misconception(
    "heads_by_reshape_alone",
    exercise="attention",
    caught_by="heads_hold_their_own_features",
    says="The tokens are reshaped straight to (B, heads, T, d). A head then holds some tokens with "
    "all their features. Cut the features first, then swap two axes.",
    change=[
        ("x.reshape(batch, tokens, num_heads,", "x.reshape(batch, num_heads, tokens,"),
        ("return pieces.transpose(1, 2)", "return pieces"),
    ],
)
misconception(
    "heads_interleaved",
    exercise="attention",
    caught_by="heads_hold_their_own_features",
    says="Head 0 takes every second or third feature. It takes the first d features, the next head "
    "the next d.",
    change=[
        (
            "x.reshape(batch, tokens, num_heads, hidden_dim // num_heads)",
            "x.reshape(batch, tokens, hidden_dim // num_heads, num_heads)",
        ),
        ("return pieces.transpose(1, 2)", "return pieces.transpose(2, 3).transpose(1, 2)"),
    ],
)
misconception(
    "heads_not_swapped",
    exercise="attention",
    caught_by="heads_hold_their_own_features",
    says="The features are cut, but heads and tokens are not swapped: attention would then look "
    "from head to head.",
    change=("return pieces.transpose(1, 2)", "return pieces"),
)
misconception(
    "merge_by_reshape_alone",
    exercise="attention",
    caught_by="heads_hold_their_own_features",
    says="merge_heads only reshapes. It must first undo the swap of heads and tokens.",
    change=("x.transpose(1, 2).reshape(batch, tokens,", "x.reshape(batch, tokens,"),
)
misconception(
    "merge_swaps_features",
    exercise="attention",
    caught_by="heads_hold_their_own_features",
    says="merge_heads swaps the wrong axes: tokens and features, and not heads and tokens.",
    change=("x.transpose(1, 2).reshape(", "x.transpose(2, 3).reshape("),
)
misconception(
    "module_without_the_last_layer",
    exercise="attention",
    caught_by=("the_module_joins_its_heads", "the_module_learns"),
    says="The layer `output` is not used, so nothing mixes what the heads have found.",
    change=("return self.output(merge_heads(mixed))", "return merge_heads(mixed)"),
)
misconception(
    "module_one_layer_for_two",
    exercise="attention",
    caught_by=("the_module_joins_its_heads", "the_module_learns"),
    says="Keys are made by the layer of the queries. A token must be able to offer another thing "
    "than it looks for.",
    change=("self.key(x)", "self.query(x)"),
)
misconception(
    "module_values_are_the_tokens",
    exercise="attention",
    caught_by=("the_module_joins_its_heads", "the_module_learns"),
    says="The tokens themselves are mixed. The layer `value` is unused.",
    change=("self.value(x)", "x"),
)
misconception(
    "module_with_a_single_head",
    exercise="attention",
    caught_by="the_module_joins_its_heads",
    says="All features are one head, whatever num_heads says.",
    change=[
        ("self.query(x), self.num_heads", "self.query(x), 1"),
        ("self.key(x), self.num_heads", "self.key(x), 1"),
        ("self.value(x), self.num_heads", "self.value(x), 1"),
    ],
)
misconception(
    "module_drops_the_mask",
    exercise="attention",
    caught_by="the_module_joins_its_heads",
    says="The module takes a mask and does not hand it on.",
    change=("scaled_dot_product_attention(q, k, v, mask)", "scaled_dot_product_attention(q, k, v)"),
)
misconception(
    "module_forgets_its_weights",
    exercise="attention",
    caught_by="the_module_joins_its_heads",
    says="last_weights is not set.",
    change=("self.last_weights = weights.data", "pass"),
)
misconception(
    "module_keeps_the_mean_of_its_weights",
    exercise="attention",
    caught_by="the_module_joins_its_heads",
    says="last_weights is a mean over the heads. Keep those of every head: (B, num_heads, T, T).",
    change=("= weights.data", "= weights.data.mean(axis=1)"),
)

# ----------------------------------------------------------- transformer_block

ROAD = "x = x + self.attention(self.norm1(x))"
misconception(
    "block_without_the_first_road",
    exercise="transformer_block",
    caught_by=("the_block_follows_both_lines", "silent_parts_change_nothing"),
    says="The attention replaces the tokens. It must be added to them.",
    change=(ROAD, "x = self.attention(self.norm1(x))"),
)
misconception(
    "block_without_the_second_road",
    exercise="transformer_block",
    caught_by=("the_block_follows_both_lines", "silent_parts_change_nothing"),
    says="The MLP replaces the tokens. It must be added to them.",
    change=("return x + self.mlp(", "return self.mlp("),
)
misconception(
    "block_norm_on_the_road",
    exercise="transformer_block",
    caught_by=("the_block_follows_both_lines", "silent_parts_change_nothing"),
    says="The norms are on the road, after each sum. Here they stand before each part, beside the "
    "road.",
    change=[
        (ROAD, "x = self.norm1(x + self.attention(x))"),
        ("return x + self.mlp(self.norm2(x))", "return self.norm2(x + self.mlp(x))"),
    ],
)
misconception(
    "block_adds_the_normed_tokens",
    exercise="transformer_block",
    caught_by=("the_block_follows_both_lines", "silent_parts_change_nothing"),
    says="The normed tokens are what the attention is added to. Add it to the tokens as they were.",
    change=(ROAD, "x = self.norm1(x)\n        x = x + self.attention(x)"),
)
misconception(
    "block_without_norms",
    exercise="transformer_block",
    caught_by=("the_block_follows_both_lines", "the_block_learns"),
    says="The norms are made and not used.",
    change=[
        (ROAD, "x = x + self.attention(x)"),
        ("self.mlp(self.norm2(x))", "self.mlp(x)"),
    ],
)
misconception(
    "block_one_norm_for_both",
    exercise="transformer_block",
    caught_by=("the_block_follows_both_lines", "the_block_learns"),
    says="norm1 is used twice, and norm2 never.",
    change=("self.mlp(self.norm2(x))", "self.mlp(self.norm1(x))"),
)
misconception(
    "block_parts_side_by_side",
    exercise="transformer_block",
    caught_by="the_block_follows_both_lines",
    says="The MLP is given the tokens from the start. It must see what the attention has added.",
    change=[
        (ROAD, "start = x\n        " + ROAD),
        ("self.mlp(self.norm2(x))", "self.mlp(self.norm2(start))"),
    ],
)
misconception(
    "block_mlp_first",
    exercise="transformer_block",
    caught_by="the_block_follows_both_lines",
    says="The MLP comes before the attention. First talk, then think.",
    change=[
        (ROAD, "x = x + self.mlp(self.norm2(x))"),
        ("return x + self.mlp(self.norm2(x))", "return x + self.attention(self.norm1(x))"),
    ],
)
misconception(
    "block_road_counted_twice",
    exercise="transformer_block",
    caught_by=("the_block_follows_both_lines", "silent_parts_change_nothing"),
    says="The tokens are added twice: the sum goes on, and then both are added again.",
    change=("return x + self.mlp(self.norm2(x))", "return x + (x + self.mlp(self.norm2(x)))"),
)
misconception(
    "block_with_one_head",
    exercise="transformer_block",
    caught_by="the_block_has_its_parts",
    says="num_heads is not handed on to the attention.",
    change=(
        "MultiHeadSelfAttention(hidden_dim, num_heads)",
        "MultiHeadSelfAttention(hidden_dim, 1)",
    ),
)
misconception(
    "block_narrow_mlp",
    exercise="transformer_block",
    caught_by="the_block_has_its_parts",
    says="The MLP is as wide as the tokens. Its hidden layer has ffn_dim units.",
    change=(
        "Linear(hidden_dim, ffn_dim), ReLU(), Linear(ffn_dim, hidden_dim)",
        "Linear(hidden_dim, hidden_dim), ReLU(), Linear(hidden_dim, hidden_dim)",
    ),
)
misconception(
    "block_without_relu",
    exercise="transformer_block",
    caught_by="the_block_has_its_parts",
    says="There is no ReLU between the two linear layers, so together they are a single one.",
    change=("Linear(hidden_dim, ffn_dim), ReLU(), ", "Linear(hidden_dim, ffn_dim), "),
)
misconception(
    "block_relu_at_the_end",
    exercise="transformer_block",
    caught_by="the_block_follows_both_lines",
    says="There is a ReLU after the MLP as well, so it can only ever add.",
    change=("return x + self.mlp(self.norm2(x))", "return x + ReLU()(self.mlp(self.norm2(x)))"),
)
misconception(
    "block_cut_off",
    exercise="transformer_block",
    caught_by="the_block_learns",
    says="A new Tensor is made around the array of the first sum, so nothing before it learns.",
    change=(ROAD, "x = Tensor((x + self.attention(self.norm1(x))).data)"),
)

# ------------------------------------------------------------ clamp_and_reduce

REDUCE = "return x.clamp(-self.bound, self.bound).mean(dim=-1)"
misconception(
    "reduce_before_the_clamp",
    exercise="clamp_and_reduce",
    caught_by=("clamped_features_are_averaged", "clamped_features_learn_nothing"),
    says="The mean is clamped. Clamp the features first, so that none can move the mean too far.",
    change=(REDUCE, "return x.mean(dim=-1).clamp(-self.bound, self.bound)"),
)
misconception(
    "reduce_without_the_clamp",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="Nothing is clamped.",
    change=("x.clamp(-self.bound, self.bound)", "x"),
)
misconception(
    "reduce_clamps_at_zero",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="Negative features become 0. The lower limit is minus the bound.",
    change=("clamp(-self.bound, self.bound)", "clamp(0.0, self.bound)"),
)
misconception(
    "reduce_clamps_above_only",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="Only large features are clamped. Very negative ones must be, too.",
    change=("clamp(-self.bound, self.bound)", "clamp(hi=self.bound)"),
)
misconception(
    "reduce_over_the_tokens",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="The mean runs over the tokens. It runs over the features of each token: the last axis.",
    change=("mean(dim=-1)", "mean(dim=-2)"),
)
misconception(
    "reduce_sums",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="The features are summed. Take the mean.",
    change=("mean(dim=-1)", "sum(dim=-1)"),
)
misconception(
    "reduce_keeps_the_axis",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="The last axis is kept, with length one. It must go.",
    change=("mean(dim=-1)", "mean(dim=-1, keepdim=True)"),
)
misconception(
    "reduce_bound_of_one",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="The bound is 2 where nothing is said.",
    change=("bound=2.0", "bound=1.0"),
)
misconception(
    "reduce_fixed_bound",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_are_averaged",
    says="The bound that is handed in has no effect.",
    change=("self.bound = bound", "self.bound = 2.0"),
)
misconception(
    "reduce_in_numpy",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_learn_nothing",
    says="The array is clipped with NumPy, and a new Tensor made of it. No gradient comes through.",
    change=(
        "x.clamp(-self.bound, self.bound)",
        "Tensor(np.clip(x.data, -self.bound, self.bound))",
    ),
)
misconception(
    "reduce_gradient_everywhere",
    exercise="clamp_and_reduce",
    caught_by="clamped_features_learn_nothing",
    says="Clamped features still get a gradient, although moving them changes nothing.",
    change=(
        "x.clamp(-self.bound, self.bound)",
        "(x + (np.clip(x.data, -self.bound, self.bound) - x.data))",
    ),
)

# ----------------------------------------------------------------- lr_schedule

RATE = "return init_lr * 20 ** (-step / last_step)"
misconception(
    "lr_forgets_the_epoch",
    exercise="lr_schedule",
    caught_by=("from_the_first_rate_to_a_twentieth", "each_step_has_the_same_factor"),
    says="The rate starts anew in each epoch. t counts the steps of all epochs.",
    change=("step = epoch * iters_per_epoch + iter", "step = iter"),
)
misconception(
    "lr_per_epoch",
    exercise="lr_schedule",
    caught_by="each_step_has_the_same_factor",
    says="The rate changes from epoch to epoch only. It falls a little in every step.",
    change=("step = epoch * iters_per_epoch + iter", "step = epoch * iters_per_epoch"),
)
misconception(
    "lr_off_by_one",
    exercise="lr_schedule",
    caught_by="from_the_first_rate_to_a_twentieth",
    says="The last step does not quite reach a twentieth. Between N steps there are N - 1 gaps.",
    change=("num_epochs * iters_per_epoch - 1", "num_epochs * iters_per_epoch"),
)
misconception(
    "lr_counts_from_one",
    exercise="lr_schedule",
    caught_by="from_the_first_rate_to_a_twentieth",
    says="The first step is already decayed. Steps are counted from 0.",
    change=("iters_per_epoch + iter", "iters_per_epoch + iter + 1"),
)
misconception(
    "lr_linear",
    exercise="lr_schedule",
    caught_by="each_step_has_the_same_factor",
    says="The rate falls by the same amount in each step. It should fall by the same factor.",
    change=(RATE, "return init_lr + (init_lr / 20 - init_lr) * step / last_step"),
)
misconception(
    "lr_cosine",
    exercise="lr_schedule",
    caught_by="each_step_has_the_same_factor",
    says="This is a cosine. The exercise asks for an exponential: the same factor in each step.",
    change=(
        RATE,
        "low = init_lr / 20\n"
        "    return low + (init_lr - low) * (1 + np.cos(np.pi * step / last_step)) / 2",
    ),
)
misconception(
    "lr_grows",
    exercise="lr_schedule",
    caught_by="from_the_first_rate_to_a_twentieth",
    says="The rate grows. The exponent is negative.",
    change=("(-step / last_step)", "(step / last_step)"),
)
misconception(
    "lr_base_e",
    exercise="lr_schedule",
    caught_by="from_the_first_rate_to_a_twentieth",
    says="The rate ends at 1/e of the first one. It should end at a twentieth: the base is 20.",
    change=(RATE, "return init_lr * np.exp(-step / last_step)"),
)
misconception(
    "lr_ends_at_a_tenth",
    exercise="lr_schedule",
    caught_by="from_the_first_rate_to_a_twentieth",
    says="The last rate is a tenth of the first one. It should be a twentieth.",
    change=("init_lr * 20 **", "init_lr * 10 **"),
)
misconception(
    "lr_fixed_length",
    exercise="lr_schedule",
    caught_by="the_schedule_fits_any_run",
    says="The length of the run is fixed at 6,000 steps. It follows from the arguments.",
    change=("num_epochs * iters_per_epoch - 1", "5999"),
)
misconception(
    "lr_divides_by_zero",
    exercise="lr_schedule",
    caught_by="the_schedule_fits_any_run",
    says="A run of a single step gives no number: 0 / 0. Its step takes init_lr.",
    change=[
        ("if last_step == 0:\n        return init_lr\n    ", ""),
        ("(-step / last_step)", "(-np.float64(step) / last_step)"),
    ],
)

# ------------------------------------------------------------------------ clip

misconception(
    "clip_above_only",
    exercise="clip",
    caught_by="values_stay_in_bounds",
    says="Only large positive elements are clipped. Very negative ones must be, too.",
    change=("np.clip(gradient, -bound, bound)", "np.minimum(gradient, bound)"),
)
misconception(
    "clip_to_zero",
    exercise="clip",
    caught_by="values_stay_in_bounds",
    says="Elements beyond the bound become 0. They become the bound.",
    change=(
        "gradient[...] = np.clip(gradient, -bound, bound)",
        "gradient[np.abs(gradient) > bound] = 0",
    ),
)
misconception(
    "clip_of_a_copy",
    exercise="clip",
    caught_by="values_stay_in_bounds",
    says="The clipped values go into a new array that nobody uses. The gradient is as before.",
    change=("gradient[...] = np.clip(", "gradient = np.clip("),
)
misconception(
    "clip_leaves_an_array",
    exercise="clip",
    caught_by="values_stay_in_bounds",
    says="parameter.grad is an array after the call. It must stay a Tensor.",
    change=("gradient[...] = np.clip(", "parameter.grad = np.clip("),
)
misconception(
    "clip_ignores_its_bound",
    exercise="clip",
    caught_by="values_stay_in_bounds",
    says="The bound that is handed in has no effect.",
    change=("np.clip(gradient, -bound, bound)", "np.clip(gradient, -1.0, 1.0)"),
)
misconception(
    "clip_the_weights",
    exercise="clip",
    caught_by="values_stay_in_bounds",
    says="The parameters are clipped, and not their gradients.",
    change=("gradient = parameter.grad.data", "gradient = parameter.data"),
)
misconception(
    "clip_rescales_by_the_largest",
    exercise="clip",
    caught_by="values_stay_in_bounds",
    says="The whole gradient is scaled down. By value means that each element is clipped by "
    "itself.",
    change=(
        "gradient[...] = np.clip(gradient, -bound, bound)",
        "gradient *= min(1.0, bound / np.abs(gradient).max())",
    ),
)
misconception(
    "clip_norm_by_parameter",
    exercise="clip",
    caught_by="one_factor_for_all_gradients",
    says="Each parameter has a norm and a factor of its own, so the direction of the step changes. "
    "There is one norm of all gradients.",
    change=(
        "        for gradient in gradients:\n            gradient *= max_norm / norm",
        "        for gradient in gradients:\n            own = np.sqrt(np.sum(gradient**2))\n"
        "            gradient *= min(1.0, max_norm / own)",
    ),
)
misconception(
    "clip_norm_without_the_root",
    exercise="clip",
    caught_by=("one_factor_for_all_gradients", "the_norm_before_is_returned"),
    says="The norm is the root of the sum of squares. The root is missing.",
    change=(
        "np.sqrt(sum(np.sum(g**2) for g in gradients))",
        "sum(np.sum(g**2) for g in gradients)",
    ),
)
misconception(
    "clip_norm_sum_of_norms",
    exercise="clip",
    caught_by=("one_factor_for_all_gradients", "the_norm_before_is_returned"),
    says="The norms of the parameters are added up. Add their squares, and take the root.",
    change=(
        "np.sqrt(sum(np.sum(g**2) for g in gradients))",
        "sum(np.sqrt(np.sum(g**2)) for g in gradients)",
    ),
)
misconception(
    "clip_norm_of_absolute_values",
    exercise="clip",
    caught_by="the_norm_before_is_returned",
    says="The absolute values are summed. The norm is the root of the sum of squares.",
    change=(
        "np.sqrt(sum(np.sum(g**2) for g in gradients))",
        "sum(np.sum(np.abs(g)) for g in gradients)",
    ),
)
misconception(
    "clip_norm_always",
    exercise="clip",
    caught_by="short_gradients_are_left",
    says="Short gradients are made longer. The factor is at most 1.",
    change=("if norm > max_norm:", "if norm > 0:"),
)
misconception(
    "clip_norm_divides_by_the_norm",
    exercise="clip",
    caught_by="one_factor_for_all_gradients",
    says="Gradients are divided by their norm, so max_norm has no effect on their length.",
    change=("gradient *= max_norm / norm", "gradient *= 1 / norm"),
)
misconception(
    "clip_norm_returns_nothing",
    exercise="clip",
    caught_by="the_norm_before_is_returned",
    says="Nothing is returned. Return the norm from before the clipping.",
    change=("    return norm", "    return None"),
)
misconception(
    "clip_norm_returns_the_norm_after",
    exercise="clip",
    caught_by="the_norm_before_is_returned",
    says="The norm after the clipping is returned. The one from before tells more.",
    change=("    return norm", "    return min(norm, max_norm)"),
)
misconception(
    "clip_makes_gradients_of_zero",
    exercise="clip",
    caught_by="parameters_without_gradient_are_passed_over",
    says="Parameters without a gradient are given one of zeros. Pass them over.",
    change=(
        "        if parameter.grad is not None:",
        "        if parameter.grad is None:\n"
        "            parameter.grad = Tensor(np.zeros(parameter.shape))\n"
        "        if parameter.grad is not None:",
    ),
)

# -------------------------------------------------------------------- training

LOOK = """            if not np.isfinite(loss.item()):
                steps = len(history["loss"])
                print(f"stopped: loss {loss.item()} after {steps} steps")
                history["stopped"] = "not finite"
                return history
"""

misconception(
    "train_ignores_the_schedule",
    exercise="training",
    caught_by=("each_step_has_its_own_rate", "weights_follow_clipped_gradients"),
    says="The schedule is not asked; the rate stays what it was.",
    change=("            optimizer.lr = schedule(epoch, i)\n", ""),
)
misconception(
    "train_schedule_once_an_epoch",
    exercise="training",
    caught_by="each_step_has_its_own_rate",
    says="The schedule is asked once in each epoch. Ask it in each step.",
    change=(
        "            optimizer.lr = schedule(epoch, i)\n",
        "            if i == 0:\n                optimizer.lr = schedule(epoch, i)\n",
    ),
)
misconception(
    "train_schedule_of_the_whole_run",
    exercise="training",
    caught_by="each_step_has_its_own_rate",
    says="The schedule is given the number of steps so far. It wants the iteration in this epoch, "
    "which begins again at 0.",
    change=("schedule(epoch, i)", 'schedule(epoch, len(history["loss"]))'),
)
misconception(
    "train_rate_after_the_step",
    exercise="training",
    caught_by="weights_follow_clipped_gradients",
    says="The rate is set after the step, so each step takes the rate of the one before.",
    change=[
        ("            optimizer.lr = schedule(epoch, i)\n", ""),
        (
            "            optimizer.step()\n",
            "            optimizer.step()\n            optimizer.lr = schedule(epoch, i)\n",
        ),
    ],
)
misconception(
    "train_without_zero_grad",
    exercise="training",
    caught_by="weights_follow_clipped_gradients",
    says="Old gradients are not set to zero, so they add up from batch to batch.",
    change=("            optimizer.zero_grad()\n", ""),
)
misconception(
    "train_zero_grad_once",
    exercise="training",
    caught_by="weights_follow_clipped_gradients",
    says="Gradients are set to zero once in each epoch. They must be in each step.",
    change=(
        "            optimizer.zero_grad()\n",
        "            if i == 0:\n                optimizer.zero_grad()\n",
    ),
)
misconception(
    "train_zero_grad_after_backward",
    exercise="training",
    caught_by="weights_follow_clipped_gradients",
    says="The gradients are thrown away between the backward pass and the step, so nothing is "
    "learned.",
    change=(
        "            loss.backward()\n            clip(model.parameters())\n",
        "            loss.backward()\n            clip(model.parameters())\n"
        "            optimizer.zero_grad()\n",
    ),
)
misconception(
    "train_without_clipping",
    exercise="training",
    caught_by="weights_follow_clipped_gradients",
    says="The gradients are not clipped.",
    change=("            clip(model.parameters())\n", ""),
)
misconception(
    "train_clips_after_the_step",
    exercise="training",
    caught_by="weights_follow_clipped_gradients",
    says="The gradients are clipped after the step, when it is too late.",
    change=(
        "            clip(model.parameters())\n            optimizer.step()\n",
        "            optimizer.step()\n            clip(model.parameters())\n",
    ),
)
misconception(
    "train_checks_in_each_epoch",
    exercise="training",
    caught_by="accuracy_is_checked_now_and_then",
    says="The steps are counted anew in each epoch. check_every counts them over the whole run.",
    change=('if len(history["loss"]) % check_every == 0:', "if (i + 1) % check_every == 0:"),
)
misconception(
    "train_checks_before_the_first_step",
    exercise="training",
    caught_by="accuracy_is_checked_now_and_then",
    says="The first check comes after a single step. The steps are counted from 0 where the check "
    "is decided: after check_every steps the count must say so.",
    change=(
        'if len(history["loss"]) % check_every == 0:',
        'if (len(history["loss"]) - 1) % check_every == 0:',
    ),
)
misconception(
    "train_checks_before_the_step",
    exercise="training",
    caught_by="accuracy_is_checked_now_and_then",
    says="The check comes before the step that completes check_every. It comes after it.",
    change=[
        ("            optimizer.step()\n", ""),
        (
            "                    return history\n    return history",
            "                    return history\n            optimizer.step()\n    return history",
        ),
    ],
)
misconception(
    "train_nan_by_comparison",
    exercise="training",
    caught_by="stops_where_the_loss_is_no_number",
    says="The loss is compared with np.nan. Nothing equals NaN, not even NaN. Use np.isfinite.",
    change=("if not np.isfinite(loss.item()):", "if loss.item() == np.nan:"),
)
misconception(
    "train_nan_but_not_infinity",
    exercise="training",
    caught_by="stops_where_the_loss_is_no_number",
    says="An infinite loss goes unnoticed. Its gradients are as useless as those of NaN.",
    change=("if not np.isfinite(loss.item()):", "if np.isnan(loss.item()):"),
)
misconception(
    "train_nan_after_the_step",
    exercise="training",
    caught_by="stops_where_the_loss_is_no_number",
    says="The loss is looked at after the step. By then the weights are NaN.",
    change=[
        (LOOK, ""),
        ("            optimizer.step()\n", "            optimizer.step()\n" + LOOK),
    ],
)
misconception(
    "train_nan_leaves_one_loop",
    exercise="training",
    caught_by="stops_where_the_loss_is_no_number",
    says="At a NaN only the inner loop is left; the next epoch begins all the same. Return.",
    change=(
        'history["stopped"] = "not finite"\n                return history',
        'history["stopped"] = "not finite"\n                break',
    ),
)
misconception(
    "train_nan_in_silence",
    exercise="training",
    caught_by="stops_where_the_loss_is_no_number",
    says="The training stops without a word. Print a message that says why.",
    change=('print(f"stopped: loss {loss.item()} after {steps} steps")', "pass"),
)
misconception(
    "train_nan_is_written_down",
    exercise="training",
    caught_by="stops_where_the_loss_is_no_number",
    says="The loss that is no number is among the losses. Only steps that were taken count.",
    change=(
        '                history["stopped"] = "not finite"',
        '                history["loss"].append(loss.item())\n'
        '                history["stopped"] = "not finite"',
    ),
)
misconception(
    "train_patience_off_by_one",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="The loop waits one check too long. It stops when `patience` checks in a row were no "
    "improvement.",
    change=("if waited >= patience:", "if waited > patience:"),
)
misconception(
    "train_compares_with_the_last",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="Each accuracy is compared with the one before. Compare with the best so far.",
    change=(
        "                else:\n                    waited += 1\n",
        "                else:\n                    best = score\n"
        + "                    waited += 1\n",
    ),
)
misconception(
    "train_wait_never_reset",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="An improvement does not set the wait back to zero, so bad checks add up over the run.",
    change=("best, waited = score, 0", "best = score"),
)
misconception(
    "train_equal_is_better",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="An accuracy that equals the best counts as an improvement. It must be above it.",
    change=("if score > best:", "if score >= best:"),
)
misconception(
    "train_lower_is_better",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="A lower accuracy counts as an improvement, as if it were a loss.",
    change=[
        ("if score > best:", "if score < best:"),
        ("best, waited = -np.inf, 0", "best, waited = np.inf, 0"),
    ],
)
misconception(
    "train_best_starts_at_zero",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="The best accuracy starts at 0, so a first check of 0 counts as no improvement. The first "
    "check is always the best so far.",
    change=("best, waited = -np.inf, 0", "best, waited = 0, 0"),
)
misconception(
    "train_patience_leaves_one_loop",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="Without improvement only the inner loop is left; the next epoch begins all the same.",
    change=(
        'history["stopped"] = "no improvement"\n                    return history',
        'history["stopped"] = "no improvement"\n                    break',
    ),
)
misconception(
    "train_patience_of_ten",
    exercise="training",
    caught_by="stops_when_nothing_is_gained",
    says="The patience is 5 checks where nothing is said.",
    change=("patience=5", "patience=10"),
)
misconception(
    "train_one_epoch",
    exercise="training",
    caught_by="a_full_run_has_two_epochs",
    says="The loop goes over the data once. There are two epochs where nothing is said.",
    change=("num_epochs=2", "num_epochs=1"),
)
misconception(
    "train_returns_too_early",
    exercise="training",
    caught_by="a_full_run_has_two_epochs",
    says="The last return stands inside the loop over the epochs, so only one of them is run.",
    change=(
        "                    return history\n    return history",
        "                    return history\n        return history",
    ),
)
misconception(
    "train_never_says_why",
    exercise="training",
    caught_by="a_full_run_has_two_epochs",
    says="history has no word on why the training ended.",
    change=('"stopped": "all epochs"', '"stopped": ""'),
)
misconception(
    "train_says_nothing_of_the_step",
    exercise="training",
    caught_by="stops_where_the_loss_is_no_number",
    says="The message does not tell after how many steps the loss was no number.",
    change=(" after {steps} steps", ""),
)
