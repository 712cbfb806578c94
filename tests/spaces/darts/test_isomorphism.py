from itertools import permutations

import numpy as np
from hypothesis import given

from archflow.graph import Architecture
from archflow.spaces.darts.graph import REACH, STEPS
from archflow.spaces.darts.isomorphism import least_forms
from tests.spaces.darts_genotypes import SPACE, genotypes


def test_canonical_form_sees_no_order_of_operations_and_no_names_of_nodes() -> None:
    normal = [["sep_conv_3x3", 0], ["skip_connect", 1], ["dil_conv_5x5", 0], ["max_pool_3x3", 1]]
    normal += [["sep_conv_5x5", 2], ["avg_pool_3x3", 3], ["skip_connect", 2], ["skip_connect", 4]]
    swapped = [normal[1], normal[0], *normal[2:]]
    renamed = [*normal[2:4], *normal[:2], ["sep_conv_5x5", 3], ["avg_pool_3x3", 2], ["skip_connect", 3], normal[7]]
    other = [*normal[:4], ["sep_conv_5x5", 3], *normal[5:]]

    def canonical(first: list, second: list) -> str:
        return SPACE.canonical(SPACE.parse(str({"normal": first, "reduce": second})))

    assert canonical(normal, other) == canonical(swapped, other) == canonical(renamed, other)
    assert canonical(normal, other) != canonical(other, normal)
    assert canonical(normal, normal) != canonical(normal, other)


@given(genotypes())
def test_canonical_form_is_a_genotype_of_the_class(genotype: Architecture) -> None:
    representative = SPACE.parse(SPACE.canonical(genotype))
    assert representative.hash == genotype.hash
    assert SPACE.canonical(representative) == SPACE.canonical(genotype)


def test_classes_are_cells_that_no_renaming_makes_one() -> None:
    generator = np.random.default_rng(0)
    cells = np.empty((6000, STEPS, 2), np.int64)
    cells[..., 0] = generator.integers(0, REACH, (6000, STEPS))
    cells[..., 1] = generator.integers(3, 5, (6000, STEPS))
    cells[:2000, :, 1] = 3  # one operation only: many isomorphic cells
    ours = [str(cell) for cell in least_forms(cells).tolist()]
    forms = [_least_description(cell) for cell in cells.tolist()]
    assert len(set(forms)) < 0.9 * len(forms)
    assert len(set(zip(ours, forms, strict=True))) == len(set(ours)) == len(set(forms))


def _least_description(cell: list[list[int]]) -> tuple:
    """The least of the cell's descriptions under all names of its nodes, names against the order of the nodes too."""

    def described(names: tuple[int, ...]) -> tuple:
        name = (0, 1, *names)
        nodes = {names[step // 2]: sorted((op, name[p]) for p, op in cell[step : step + 2]) for step in range(0, 8, 2)}
        return tuple(tuple(nodes[node]) for node in sorted(nodes))

    return min(described(names) for names in permutations(range(2, 6)))


def test_classes_are_finer_than_graph_hashes() -> None:
    first = [["max_pool_3x3", 0], ["skip_connect", 1], ["max_pool_3x3", 0], ["skip_connect", 1]]
    pair, crossed = (
        [["none", a], ["none", b], ["none", c], ["none", d]] for a, b, c, d in ((2, 2, 3, 3), (2, 3, 2, 3))
    )
    one, other = (SPACE.parse(str({"normal": first + last, "reduce": first + last})) for last in (pair, crossed))
    assert one.hash == other.hash
    assert SPACE.canonical(one) != SPACE.canonical(other)
