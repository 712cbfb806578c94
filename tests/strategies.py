"""Hypothesis strategies for architectures."""

from hypothesis import strategies as st

from archflow.graph import Architecture, ArchitectureSet, Vocabulary

NAMES = ("kernel", "channels", "stride")
NUMBERS = st.one_of(st.just(float("nan")), st.floats(allow_nan=False, allow_infinity=False, width=32))
OPS = ("input", "output", "conv", "pool")
VOCABULARY = Vocabulary(OPS)


@st.composite
def architectures(draw: st.DrawFn, max_nodes: int = 7, attributes: bool = False) -> Architecture:
    """Any labelled DAG: single and isolated nodes, dead ends, several sources and sinks, nodes numbered at random.

    attributes: whether nodes may have some of the attributes `NAMES`.
    """
    size = draw(st.integers(1, max_nodes))
    number = draw(st.permutations(range(size)))
    pairs = [(a, b) for b in range(size) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    ops = draw(st.lists(st.sampled_from(OPS), min_size=size, max_size=size))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True)) if attributes else []
    values = {name: draw(st.lists(NUMBERS, min_size=size, max_size=size)) for name in names}
    return Architecture(tuple(ops), tuple((number[a], number[b]) for a, b in chosen), values)


@st.composite
def relabellings(draw: st.DrawFn, attributes: bool = False) -> tuple[Architecture, Architecture, list[int]]:
    """An architecture, the same with its nodes renumbered, and the old number of every new node."""
    architecture = draw(architectures(attributes=attributes))
    order = draw(st.permutations(range(len(architecture.ops))))
    return architecture, architecture.relabelled(order), list(order)


def sets(min_size: int = 1, max_size: int = 6, attributes: bool = False) -> st.SearchStrategy[ArchitectureSet]:
    """Sets of architectures over one vocabulary."""
    lists = st.lists(architectures(attributes=attributes), min_size=min_size, max_size=max_size)
    return lists.map(lambda items: ArchitectureSet.from_architectures(items, VOCABULARY))
