"""Hypothesis strategies for architectures."""

from hypothesis import strategies as st

from archflow.graph import Architecture, ArchitectureSet, Vocabulary

OPS = ("input", "output", "conv", "pool")
VOCABULARY = Vocabulary(OPS)


@st.composite
def architectures(draw: st.DrawFn, max_nodes: int = 7) -> Architecture:
    """Any labelled DAG: single and isolated nodes, dead ends, several sources and sinks, nodes numbered at random."""
    size = draw(st.integers(1, max_nodes))
    number = draw(st.permutations(range(size)))
    pairs = [(a, b) for b in range(size) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    ops = draw(st.lists(st.sampled_from(OPS), min_size=size, max_size=size))
    return Architecture(tuple(ops), tuple((number[a], number[b]) for a, b in chosen))


@st.composite
def relabellings(draw: st.DrawFn) -> tuple[Architecture, Architecture, list[int]]:
    """An architecture, the same with its nodes renumbered, and the old number of every new node."""
    architecture = draw(architectures())
    order = draw(st.permutations(range(len(architecture.ops))))
    return architecture, architecture.relabelled(order), list(order)


def sets(min_size: int = 1, max_size: int = 6) -> st.SearchStrategy[ArchitectureSet]:
    """Sets of architectures over one vocabulary."""
    lists = st.lists(architectures(), min_size=min_size, max_size=max_size)
    return lists.map(lambda items: ArchitectureSet.from_architectures(items, VOCABULARY))
