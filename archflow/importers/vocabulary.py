"""One vocabulary of operations for all importers: plain names, and the node attributes that stand beside them."""

from __future__ import annotations

CONVOLUTIONS = (
    *("conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "deform_conv2d"),
)
MATRICES = ("linear", "matmul", "attention", "multi_head_attention", "lstm", "gru", "rnn", "embedding", "einsum")
NORMS = ("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "local_response_norm")
ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "tanh"),
    *("hard_sigmoid", "hard_swish", "softplus", "softsign", "log_sigmoid", "softmax", "log_softmax", "glu", "clamp"),
)
POOLS = (
    *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "global_avg_pool"),
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
    *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "roi_align"),
)
ARITHMETIC = (
    *("add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "minimum", "where", "masked_fill"),
    *("neg", "abs", "exp", "log", "sqrt", "rsqrt", "reciprocal", "square", "erf", "sin", "cos", "sign", "logit"),
    *("floor", "ceil", "round", "cast", "eq", "ne", "lt", "le", "gt", "ge"),
    *("logical_and", "logical_or", "logical_xor", "logical_not", "isnan"),
)
REDUCTIONS = (
    *("sum", "mean", "max", "min", "prod", "var", "std", "norm", "argmax", "argmin", "any", "all", "logsumexp"),
    *("cumsum", "cumprod", "topk", "sort", "argsort", "nonzero", "numel"),
)
MOVES = (
    *("reshape", "transpose", "expand", "concat", "stack", "split", "slice", "pad", "repeat", "tile"),
    *("gather", "scatter", "index", "index_put", "roll", "flip", "triu", "tril", "one_hot", "fill", "random", "range"),
    *("upsample", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "unfold", "fold", "grid_sample", "meshgrid"),
)
DETECTIONS = ("prior_box", "detection_output", "yolo_output", "non_max_suppression", "rotary_embedding")
ENDS = ("input", "output", "constant")
"""`constant` is an end where all of a result is known before any input is."""

OPERATIONS = frozenset(
    (
        *(*ENDS, *CONVOLUTIONS, *MATRICES, *NORMS, *ACTIVATIONS, *POOLS),
        *(*ARITHMETIC, *REDUCTIONS, *MOVES, *DETECTIONS),
    )
)
"""All that importers know. Any other operation is opaque: it keeps its own name."""

MEANINGS = {
    "kernel_height": "kernel along the last axis but one",
    "kernel_width": "kernel along the last axis",
    "stride": "stride along the last axis",
    "dilation": "dilation along the last axis",
    "groups": "groups of a convolution: 1 for a dense one, all channels for a depthwise one",
    "heads": "heads of an attention",
    "int8": "1 where numbers of 8 bits are multiplied",
    "channels_in": "channels or features that a convolution, matrix or normalisation reads",
    "channels_out": "channels or features that it gives",
    **{f"shape_{axis}": f"size of axis {axis} of the (first) result, the batch included" for axis in range(6)},
    "params": "learned numbers that the node reads; one that two nodes share counts for both",
    "macs": "multiply-adds of convolutions and matrices, 0 for all other operations",
    "bytes": "bytes of operands, weights and result: what the node moves at the least",
}
"""The node attributes of an imported model, and what they mean; NaN where one does not apply or is not known."""

COLUMNS = {
    "params": "learned numbers, each counted once",
    "macs": "multiply-adds of the whole batch",
    "bytes": "bytes moved by all nodes",
    "nodes": "operations, inputs and outputs",
    "opaque": "nodes whose operation the vocabulary lacks",
    "batch": "size of the first axis of the first input; empty where it is open and costs are those of one example",
    "resolution": "last axis of the first input with four axes or more: the width of an image",
}
"""The columns of a table of imported models, beside its graphs and `name`; empty where not known."""
