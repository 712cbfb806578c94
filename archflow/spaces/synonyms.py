"""Operations that search spaces call by different names."""

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
