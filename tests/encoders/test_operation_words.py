"""Operations in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders.operation_words import operation_words
from archflow.importers.vocabulary import OPERATIONS


@pytest.mark.parametrize(
    ("op", "words"),
    [
        ("conv2d", "parameterised layer, convolution 2d"),
        ("nor_conv_3x3", "parameterised layer, convolution, kernel 3"),
        ("conv1x1-bn-relu", "parameterised layer, convolution bn relu, kernel 1"),
        ("avg_pool_3x3", "pooling, average pool, kernel 3"),
        ("dil_conv_5x5", "parameterised layer, dilated convolution, kernel 5"),
        ("skip_connect", "identity, skip connect"),
        ("none", "no operation, none"),
        ("k5_e6_g2", "parameterised layer, inverted residual block, kernel 5, expansion 6, groups 2"),
        ("conv2d+relu", "parameterised layer, convolution 2d then activation, relu"),
        ("conv_1x3", "parameterised layer, convolution, kernel 1 by 3"),
        ("[unknown]", "unknown"),
    ],
)
def test_words(op, words):
    assert operation_words(op) == words


def test_operations_of_the_importers_differ():
    assert len({operation_words(op) for op in OPERATIONS}) == len(OPERATIONS)


@given(st.text(min_size=1, max_size=20))
def test_every_name_has_words(op):
    assert operation_words(op).strip()
