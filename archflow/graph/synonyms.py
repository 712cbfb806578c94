"""Operations that have different names in different search spaces."""

from collections.abc import Container

_PAIRS = (
    # Convolution, batch normalisation and ReLU; in NAS-Bench-201 in the order ReLU, convolution, normalisation.
    ("nor_conv_1x1", "conv1x1-bn-relu"),
    ("nor_conv_3x3", "conv3x3-bn-relu"),
    # Maximum over 3 x 3; in DARTS cells a batch normalisation follows where the authors' training has it.
    ("max_pool_3x3", "maxpool3x3"),
)

SYNONYMS = {name: other for a, b in _PAIRS for name, other in ((a, b), (b, a))}
"""{name: the other name of the same computation}, in both directions.

It holds only operations that compute the same. The inputs `c_k-1` and `c_k-2` of DARTS cells are not an `input`, a
separable convolution is not another convolution, and operations on graphs or language have no counterpart on images.
"""


def known_as(op: str, names: Container[str], own: Container[str]) -> str | None:
    """The name in `names` of an operation from a set with operations `own`.

    This is its own name, else its synonym, unless `own` contains that too; None if `names` has neither.
    """
    if op in names:
        return op
    other = SYNONYMS.get(op)
    return other if other is not None and other in names and other not in own else None
