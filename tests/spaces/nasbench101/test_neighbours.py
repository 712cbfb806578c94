import numpy as np
from hypothesis import given, settings

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.spaces.nasbench101.graphs import codes_of
from tests.spaces.nasbench101_cells import GOOD, OPERATIONS, POOL, SPACE, UP_TO_5, cells


def test_samples_are_drawn_as_the_search_code_does() -> None:
    generator = np.random.default_rng(1)
    sizes, pools = [], []
    while len(sizes) < 1500:
        source, target = np.nonzero(np.triu(generator.random((7, 7)) < 0.5, 1))
        ops = ("input", *(OPERATIONS[i] for i in generator.integers(0, 3, 5)), "output")
        try:
            cell = Architecture(ops, tuple(zip(source.tolist(), target.tolist(), strict=True))).pruned()
        except ArchflowError:
            continue
        if len(cell.edges) <= 9:
            sizes.append((len(cell.ops), len(cell.edges)))
            pools.append(cell.ops.count(POOL))
    ours = SPACE.sample(40_000, np.random.default_rng(2))
    for reference, found in (
        ([nodes for nodes, _ in sizes], ours.node_counts),
        ([edges for _, edges in sizes], ours.edge_counts),
        (pools, ours.op_counts[:, SPACE.vocabulary.index(POOL)]),
    ):
        expected = np.bincount(found, minlength=10) / len(found)
        share = np.bincount(reference, minlength=10) / len(reference)
        deviation = np.sqrt(expected * (1 - expected) / len(reference))
        assert (np.abs(share - expected) < 4.5 * deviation + 1 / len(reference)).all()


def test_samples_follow_the_generator() -> None:
    first, again, fewer = (SPACE.sample(count, np.random.default_rng(4)) for count in (300, 300, 90))
    assert list(first) == list(again)
    assert list(fewer) == list(first.select(range(90)))
    assert len(SPACE.sample(0, np.random.default_rng(0))) == 0


def is_cell(ops: tuple[str, ...], edges: set[tuple[int, int]]) -> bool:
    inner = set(range(1, len(ops) - 1))
    starts, ends = {a for a, _ in edges}, {b for _, b in edges}
    return 2 <= len(ops) <= 7 and len(edges) <= 9 and starts == {0} | inner and ends == inner | {len(ops) - 1}


def changed(cell: Architecture) -> set[str]:
    """Graph hashes of the cells one change away, straight from the definition."""
    ops, edges, last = cell.ops, set(cell.edges), len(cell.ops) - 1
    found: list[tuple[tuple[str, ...], set[tuple[int, int]]]] = []
    pairs = [(a, b) for a in range(last) for b in range(1, last + 1) if a != b]
    for node in range(1, last):
        found += [((*ops[:node], op, *ops[node + 1 :]), edges) for op in OPERATIONS if op != ops[node]]
        into, out_of = [e for e in edges if e[1] == node], [e for e in edges if e[0] == node]
        if len(into) == len(out_of) == 1:
            left = {(a - (a > node), b - (b > node)) for a, b in edges if node not in (a, b)}
            found.append(((*ops[:node], *ops[node + 1 :]), left))
    found += [(ops, edges ^ {pair}) for pair in pairs]
    # The new node is number `last`, and the output moves behind it.
    shifted = {(a, b + (b == last)) for a, b in edges}
    for a, b in pairs:
        found += [((*ops[:-1], op, "output"), shifted | {(a, last), (last, b + (b == last))}) for op in OPERATIONS]
    hashes = set()
    for names, graph in found:
        try:
            if is_cell(names, graph):
                hashes.add(Architecture(names, tuple(graph)).hash)
        except ArchflowError:
            continue  # a cycle
    return hashes


@settings(max_examples=25)
@given(cells)
def test_neighbours_are_all_one_change_away(cell: Architecture) -> None:
    around = SPACE.neighbours(cell)
    assert {neighbour.hash for neighbour in around} == changed(cell)
    assert len(around) == len(changed(cell))


def test_neighbours_of_a_full_cell() -> None:
    assert {neighbour.hash for neighbour in SPACE.neighbours(GOOD)} == changed(GOOD)


def test_neighbours_lead_everywhere_and_back() -> None:
    codes = codes_of(UP_TO_5)
    row = {code: number for number, code in enumerate(codes.tolist())}
    links = np.zeros((len(codes), len(codes)), bool)
    for number, cell in enumerate(UP_TO_5):
        around = [row[code] for code in codes_of(SPACE.neighbours(cell)).tolist() if code in row]
        links[number, around] = True
    assert np.array_equal(links, links.T)
    reached = np.zeros(len(codes), bool)
    frontier = ~reached & (np.arange(len(codes)) == 0)
    while frontier.any():
        reached |= frontier
        frontier = links[frontier].any(axis=0) & ~reached
    assert reached.all()


def test_mutation_reaches_every_neighbour_equally() -> None:
    cell, generator = UP_TO_5[1], np.random.default_rng(0)
    mutants = [SPACE.format(SPACE.mutate(cell, generator)) for _ in range(600)]
    around = [SPACE.format(neighbour) for neighbour in SPACE.neighbours(cell)]
    assert set(mutants) == set(around)
    share = np.array([mutants.count(text) for text in around]) / 600
    expected = 1 / len(around)
    assert (np.abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / 600)).all()
