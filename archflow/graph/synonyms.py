"""Operations that search spaces call by different names."""

from collections.abc import Container

_PAIRS = (
    # Convolution, batch normalisation and ReLU: of NAS-Bench-201 in the order ReLU, convolution, normalisation.
    ("nor_conv_1x1", "conv1x1-bn-relu"),
    ("nor_conv_3x3", "conv3x3-bn-relu"),
    # Maximum over 3 x 3; in DARTS cells a batch normalisation follows where the authors' training has it.
    ("max_pool_3x3", "maxpool3x3"),
)

SYNONYMS = {name: other for a, b in _PAIRS for name, other in ((a, b), (b, a))}
"""{name: the other name of the same computation}, in both directions.

Only what computes the same stands here. The inputs `c_k-1` and `c_k-2` of DARTS cells are no `input`, a separable
convolution is no other one, and operations on graphs or on language have no counterpart on images.
"""


def known_as(op: str, names: Container[str], own: Container[str]) -> str | None:
    """The name among `names` of an operation of a set whose operations are `own`: its name, else its synonym, which
    must not be another operation of that set; None if it is not there."""
    if op in names:
        return op
    other = SYNONYMS.get(op)
    return other if other is not None and other in names and other not in own else None
