"""Arguments as text: read, and never executed."""

import ast
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.importers.literals import UnreadableError, arguments_of, value_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5).filter(lambda t: "%" not in t and "$" not in t),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=5,
)


@given(st.lists(VALUES, max_size=4))
def test_what_is_written_is_read(values):
    assert arguments_of(",".join(map(repr, values)), {}) == (values, {})


def test_operands_types_and_slices():
    names = {"_0": "a", "__1": "b"}
    given, named = arguments_of(
        "%0,[slice(None,-1,None),Ellipsis,$1],-inf,float('0.5'),dtype=torch.float16,device=device(type='cuda',index=0)",
        names,
    )
    assert given == ["a", [slice(None, -1, None), ..., "b"], -math.inf, 0.5]
    assert named == {"dtype": torch.float16, "device": None}
    assert value_of(ast.parse("x[1:, ::2]", mode="eval").body.slice, {}) == (slice(1, None), slice(None, None, 2))


@pytest.mark.parametrize(
    "text",
    [
        *("__import__('os').system('false')", "open('x')", "%0.__class__", "lambda: 0", "[x for x in y]", "1+1", "%9"),
        *("torch.load", "slice.__call__", "exec('')", "-'a'", "%0,[1,", 'f"{1}"', "(" * 500, "*%0", "x" * 200_000),
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(UnreadableError):
        arguments_of(text, {"_0": "a"})
