"""Small tables of graphs as others traced them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

NCNN: dict[str, Any] = {
    "model": "small",
    "ops": ["Input", "Convolution", "Split", "Pooling", "BinaryOp", "InnerProduct"],
    "edge_src": [0, 1, 2, 2, 3, 4],
    "edge_dst": [1, 2, 3, 4, 4, 5],
    "attrs": ["0=8 1=8 2=3", "0=4 1=3 3=1 4=1 5=1 6=108 9=1", "", "0=0 1=3 2=1 3=1 5=1", "0=0", "0=10 1=1 2=2560"],
    "out_shapes": ["4,3,8,8,3", "4,3,8,8,4", "8,3,8,8,4,3,8,8,4", "", "", ""],
}
PADDLE: dict[str, Any] = {
    "sample": "Paddle/small",
    "ops": [
        *("input", "pd_op.depthwise_conv2d", "pd_op.batch_norm_", "pd_op.pool2d", "pd_op.flatten", "pd_op.matmul"),
        *("pd_op.add", "builtin.combine", "pd_op.concat", "pd_op.frobnicate", "output"),
    ],
    "edge_src": [0, 1, 2, 3, 4, 5, 6, 5, 7, 8, 9],
    "edge_dst": [1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10],
    "attrs": [
        *("data_0", "[2, 2],[1, 1],'EXPLICIT',6,[1, 1],'NCHW'", "True,float('0.9'),float('1e-05'),'NCHW',True,False"),
        *("[1, 1],[0, 0],False,True,'NCHW','avg',False,True,'EXPLICIT'", "1,3", "False,False", "", "", "1", "", ""),
    ],
    "n_weights": [0, 1, 4, 0, 0, 1, 1, 0, 0, 0, 0],
    "in_shapes": [
        *("", "(-1x6x8x8x,6x1x3x3x)", "(-1x6x4x4x,6x,6x,6x,6x)", "(-1x6x4x4x,2xi64)", "(-1x6x1x1x)", "(-1x6x,6x5x)"),
        *("(-1x5x,5x)", "(-1x5x,-1x5x)", "(None,x)", "(-1x10x)", ""),
    ],
    "out_shapes": [
        *("", "(-1x6x4x4x)", "(-1x6x4x4x,6x)", "(-1x6x1x1x)", "(-1x6x)", "(-1x5x)", "(-1x5x)", "(None)", "(-1x10x)"),
        *("(-1x10x)", ""),
    ],
}
NEUSIGHT: dict[str, Any] = {
    "run": "small-1-4",
    "ops": [
        *("placeholder:ids", "call_module:model.wte", "call_method:size", "call_module:model.h.0.ln_1"),
        *("get_attr:model.h.0.c_attn.bias", "get_attr:model.h.0.c_attn.weight", "call_function:addmm"),
        *("call_module:model.drop", "call_module:model.act", "call_module:lm_head", "output:output"),
    ],
    "edge_src": [0, 0, 1, 4, 3, 5, 6, 7, 8, 9],
    "edge_dst": [1, 2, 3, 6, 6, 6, 7, 8, 9, 10],
    "in_shapes": [
        *("[]", "[[2, 4]]", "[[2, 4]]", "[[2, 4, 8]]", "[]", "[]", "[[12], [2, 4, 8], [8, 12]]", "[[2, 4, 12]]"),
        *("[[2, 4, 12]]", "[[2, 4, 12]]", "[[2, 4, 50]]"),
    ],
    "out_shape": [
        *("(2, 4)", "(2, 4, 8)", "(1,)", "(2, 4, 8)", "(12,)", "(8, 12)", "(2, 4, 12)", "(2, 4, 12)", "(2, 4, 12)"),
        *("(2, 4, 50)", "(2, 4, 50)"),
    ],
    "dtype": ["torch.int64", "torch.float32", "", *["torch.float32"] * 8],
}
GRAPHNET: dict[str, Any] = {
    "sample": "torch/small",
    "ops": [
        *("input", "torch.conv2d", "torch.nn.functional.batch_norm", "torch.nn.functional.relu", "method.size"),
        *("method.view", "torch._C._nn.linear", "torch.functional.split", "operator.getitem", "operator.getitem"),
        *("operator.add", "torch.frobnicate", "output"),
    ],
    "edge_src": [0, 1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11],
    "edge_dst": [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10, 11, 12],
    "edge_pos": [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0],
    "attrs": [
        *("shape=[2, 3, 8, 8] dtype=float32", "%0,$0,None,[2,2],[1,1],[1,1],1", "%0,$0,$1,$2,$3,False,0.1,1e-05"),
        *("%0,inplace=True", "%0,0", "%0,%1,-1", "%0,$0,$1", "%0,5,-1", "%0,0", "%0,1", "%0,%1", "%0", ""),
    ],
    "weight_shapes": [
        *("", "[4, 3, 3, 3]", "[4];[4];[4];[4]", "", "", "", "[10, 64];[10]", "", "", "", "", "", ""),
    ],
    "n_params": 108 + 8 + 650,
}


def write(path: Path, *rows: dict[str, Any]) -> str:
    """A Parquet file of rows; its path."""
    pa.parquet.write_table(pa.Table.from_pylist(list(rows)), path)
    return str(path)
