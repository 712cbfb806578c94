import numpy as np
import pytest
from hypothesis import given

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.effective import VIEWS, contracted, effective, view
from archflow.spaces import NASBench201
from tests.strategies import sets


def plainly(architecture: Architecture, zero: str) -> Architecture:
    """Path by path."""
    nodes = range(len(architecture.ops))
    begins = [i for i in nodes if all(target != i for _, target in architecture.edges)]
    ends = [i for i in nodes if all(source != i for source, _ in architecture.edges)]
    dead = {i for i in nodes if architecture.ops[i] == zero and i not in begins + ends}

    def paths(i: int) -> list[list[int]]:
        if i in dead:
            return []
        behind = [target for source, target in architecture.edges if source == i]
        return [[i]] * (i in ends) + [[i, *path] for j in behind for path in paths(j)]

    alive = sorted({*begins, *ends, *(i for b in begins for path in paths(b) for i in path)})
    return Architecture(
        tuple(architecture.ops[i] for i in alive),
        tuple((alive.index(a), alive.index(b)) for a, b in architecture.edges if a in alive and b in alive),
    )


@given(sets())
def test_what_is_on_no_live_path_goes(some):
    zero = some.vocabulary.ops[-1]
    assert list(effective(some, [zero])) == [plainly(a, zero) for a in some]


@given(sets())
def test_doing_it_twice_changes_nothing(some):
    once = effective(some, [some.vocabulary.ops[-1]])
    assert list(effective(once, [some.vocabulary.ops[-1]])) == list(once)


def test_cells_that_differ_in_dead_parts_only_become_equal():
    space = NASBench201()
    cells = ArchitectureSet.from_architectures(
        [
            space.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"),
            space.parse("|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"),
            space.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
        ],
        space.vocabulary,
    )
    first, second, nothing = effective(cells)
    assert first == second == Architecture(("input", "skip_connect", "output"), ((0, 1), (1, 2)))
    assert nothing == Architecture(("input", "output"), ())


def test_no_architecture_loses_its_beginning_or_end(architectures):
    assert (effective(architectures, architectures.vocabulary.ops).node_counts > 0).all()
    assert effective(architectures).node_counts.sum() == len(effective(architectures).op)
    empty = architectures.select(np.zeros(0, np.int64))
    assert len(effective(empty)) == 0


def contracted_plainly(architecture: Architecture, identity: str) -> Architecture:
    """Edge by edge: who hears whom when identities only hand on."""
    nodes = range(len(architecture.ops))
    inner = {source for source, _ in architecture.edges} & {target for _, target in architecture.edges}
    idle = {i for i in nodes if architecture.ops[i] == identity and i in inner}
    kept = [i for i in nodes if i not in idle]

    def heard(i: int) -> set[int]:
        behind = [target for source, target in architecture.edges if source == i]
        return {k for j in behind for k in (heard(j) if j in idle else {j})}

    return Architecture(
        tuple(architecture.ops[i] for i in kept),
        tuple((kept.index(i), kept.index(j)) for i in kept for j in sorted(heard(i))),
    )


@given(sets())
def test_identities_become_edges(some):
    identity = some.vocabulary.ops[-1]
    assert [set(a.edges) for a in contracted(some, [identity])] == [
        set(contracted_plainly(a, identity).edges) for a in some
    ]
    assert [a.ops for a in contracted(some, [identity])] == [contracted_plainly(a, identity).ops for a in some]


def test_cells_that_differ_in_identities_only_become_equal():
    space = NASBench201()
    cells = ArchitectureSet.from_architectures(
        [
            space.parse("|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|"),
            space.parse("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"),
        ],
        space.vocabulary,
    )
    first, second = view("contracted")(cells)
    assert first == second == Architecture(("input", "nor_conv_3x3", "output"), ((0, 1), (1, 2)))
    assert list(view("whole")(cells)) == list(cells)
    with pytest.raises(ArchflowError, match="view 'half' is not one of whole, effective, contracted"):
        view("half")


def test_every_view_keeps_what_operations_remain_and_takes_an_empty_set(architectures):
    for show in VIEWS.values():
        shown = show(architectures)
        assert len(shown) == len(architectures)
        assert (shown.op_counts <= architectures.op_counts).all()
        assert len(show(architectures.select(np.zeros(0, np.int64)))) == 0
