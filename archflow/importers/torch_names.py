"""What torch calls the operations of the vocabulary.

Names are those of ATen operators, functions, methods of tensors and operators of Python, with or without an underscore
behind.
"""

from __future__ import annotations

from archflow.importers.normal import IDENTITY
from archflow.importers.vocabulary import OPERATIONS

_OTHER_NAMES = {
    IDENTITY: "identity dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout native_dropout contiguous "
    "clone detach alias lift_fresh lift_fresh_copy lift requires_grad positive share_data view_as_real copy "
    "stop_gradient set_grad_enabled resolve_conj resolve_neg _local_scalar_dense item _to_copy to type_as float half "
    "double bfloat16 type cast convert_element_type long int bool cpu cuda",
    "linear": "addmm",
    "matmul": "mm bmm matmult baddbmm dot mv outer",
    "attention": "scaled_dot_product_attention _scaled_dot_product_flash_attention "
    "_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention flex_attention",
    "multi_head_attention": "multi_head_attention_forward _native_multi_head_attention",
    "rnn": "rnn_tanh rnn_relu",
    "batch_norm": "_native_batch_norm_legit_no_training native_batch_norm cudnn_batch_norm _native_batch_norm_legit "
    "_batch_norm_impl_index _batch_norm_no_update",
    "layer_norm": "native_layer_norm",
    "group_norm": "native_group_norm",
    "conv2d": "thnn_conv2d _conv_depthwise2d",
    "softmax": "_softmax",
    "log_softmax": "_log_softmax",
    "hard_sigmoid": "hardsigmoid",
    "hard_swish": "hardswish",
    "clamp": "clip hardtanh clamp_min clamp_max",
    "sigmoid": "expit",
    "silu": "swish",
    "prelu": "_prelu_kernel",
    "leaky_relu": "rrelu",
    "log_sigmoid": "logsigmoid",
    "div": "divide true_divide truediv",
    "mul": "multiply mult",
    "sub": "subtract rsub",
    "add": "__add__",
    "pow": "power float_power",
    "floor_divide": "floordiv",
    "remainder": "mod fmod",
    "maximum": "fmax",
    "minimum": "fmin",
    "neg": "negative usub",
    "logit": "special_logit",
    "eq": "__eq__ equal",
    "ne": "noteq not_equal __ne__",
    "lt": "less __lt__",
    "le": "lte less_equal __le__",
    "gt": "greater __gt__",
    "ge": "gte greater_equal __ge__",
    "logical_and": "__and__ bitand bitwise_and and_",
    "logical_or": "__or__ bitor bitwise_or or_",
    "logical_xor": "bitxor bitwise_xor xor",
    "logical_not": "invert bitwise_not",
    "norm": "linalg_norm linalg_vector_norm normalize vector_norm frobenius_norm",
    "var": "var_mean",
    "max": "amax",
    "min": "amin",
    "reshape": "view _unsafe_view flatten unflatten squeeze unsqueeze view_as reshape_as ravel",
    "transpose": "permute t swapaxes movedim moveaxis T mT adjoint numpy_T transpose_copy",
    "expand": "expand_as broadcast_to broadcast_tensors",
    "concat": "cat concatenate hstack vstack",
    "split": "chunk unbind tensor_split split_with_sizes unsafe_chunk unsafe_split unsafe_split_with_sizes",
    "slice": "select narrow getitem strided_slice",
    "pad": "constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d",
    "repeat": "repeat_interleave",
    "gather": "index_select take take_along_dim",
    "scatter": "scatter_add index_add slice_scatter select_scatter scatter_reduce index_copy masked_scatter",
    "index_put": "setitem",
    "index": "masked_select",
    "fill": "full full_like zeros zeros_like ones ones_like empty empty_like new_zeros new_ones new_full new_empty "
    "zero scalar_tensor eye tensor as_tensor",
    "random": "rand randn rand_like randn_like randint randperm normal uniform bernoulli",
    "range": "arange linspace",
    "upsample": "interpolate upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_bilinear2d "
    "upsample_bicubic2d upsample_linear1d upsample_trilinear3d",
    "unfold": "im2col",
    "fold": "col2im",
    "grid_sample": "grid_sampler grid_sampler_2d",
    "max_pool2d": "max_pool2d_with_indices",
}

TORCH_NAMES = {name: name for name in OPERATIONS} | {
    other: name for name, others in _OTHER_NAMES.items() for other in others.split()
}
"""Vocabulary name by torch's own. Values are those of the vocabulary, or `identity`."""


def plain(name: str) -> str:
    """A torch name without its module and the underscore of what works in place.

    `torch.nn.functional.relu_` is `relu`.
    """
    last = name.rpartition(".")[2] or name
    if name.startswith("operator.i") and last[1:] in TORCH_NAMES:  # operator.iadd
        return last[1:]
    return last[:-1] if last.endswith("_") and not last.endswith("__") and len(last) > 1 else last


def known_as(name: str) -> str:
    """The vocabulary's name of a torch operation; the plain name if it has none."""
    last = plain(name)
    return TORCH_NAMES.get(last, last)
