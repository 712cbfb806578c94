"""The vocabulary: plain names, each once."""

import re

from archflow.importers import vocabulary
from archflow.importers.vocabulary import COLUMNS, MEANINGS, OPERATIONS

GROUPS = (
    "CONVOLUTIONS",
    "MATRICES",
    "NORMS",
    "ACTIVATIONS",
    "POOLS",
    "ARITHMETIC",
    "REDUCTIONS",
    "MOVES",
    "DETECTIONS",
)


def test_names_are_plain_and_each_is_of_one_group():
    names = [name for group in (*GROUPS, "ENDS") for name in getattr(vocabulary, group)]
    assert len(names) == len(set(names)) == len(OPERATIONS)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_what_the_issue_asks_for_is_there():
    asked = ("conv2d", "linear", "attention", "layer_norm", "batch_norm", "relu", "add", "concat", "max_pool2d")
    assert set(asked) <= OPERATIONS
    assert {"stride", "groups", "channels_in", "channels_out", "shape_0", "params", "macs", "bytes"} <= set(MEANINGS)
    assert {"params", "macs", "nodes", "batch", "resolution"} <= set(COLUMNS)
