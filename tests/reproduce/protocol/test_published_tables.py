"""The figures of the papers, typed a second time as the papers print them."""

import pytest

from archflow_reproduce.protocol import published
from archflow_reproduce.protocol.published import published_epochs

# FGP, tables 1, 7 (ablation), 9 to 11, 13 and 14, in percent, "-" where there is none:
# encoder, method, then tau, P@1 %, P@5 % on NAS-Bench-101, and the same on NAS-Bench-201.
ONE_PERCENT = """
gated_gcn    supervised   65.0 18.2 46.2  73.4 29.7 51.7
gated_gcn    graphcl      66.9 21.3 46.5  73.7 31.6 52.3
gated_gcn    arch2vec     65.8 21.8 44.9  74.1 28.3 52.5
gated_gcn    gmae         68.1 21.8 49.9  74.8 35.1 57.8
gated_gcn    proxy        68.3 26.2 52.1  79.9 44.3 61.5
gated_gcn    fgp          74.8 37.5 61.7  82.2 48.9 62.3
gated_gcn    flow         71.5 35.6 -     74.5 36.5 -
gated_gcn    fgp_backward 73.5 36.3 -     81.4 44.6 -
gated_gcn    fgp_forward  72.4 31.0 -     81.4 43.3 -
gated_gcn    learned      72.2 29.2 54.4  74.7 40.3 60.1
gated_gcn    fgp_2_rounds 71.7 36.7 58.8  80.6 46.0 62.0
gated_gcn    fgp_3_rounds 70.7 34.0 58.2  81.6 47.3 62.5
gated_gcn    fgp_mean     71.6 -    -     81.7 -    -
gated_gcn    fgp_max      71.1 -    -     81.5 -    -
gated_gcn    fgp_1_to_2   74.8 -    -     82.3 -    -
gated_gcn    fgp_2_to_1   74.3 -    -     81.7 -    -
gin          supervised   62.8 26.9 48.1  65.7 25.0 47.6
gin          graphcl      64.9 32.3 50.2  66.9 18.9 45.0
gin          arch2vec     63.7 30.0 49.4  68.0 18.6 45.6
gin          gmae         66.4 31.0 52.9  70.6 27.8 49.7
gin          proxy        65.2 22.7 49.9  75.3 29.0 50.4
gin          fgp          67.8 33.2 55.8  79.2 35.6 54.1
flowerformer supervised   74.0 35.3 56.4  77.3 35.6 56.2
flowerformer graphcl      69.4 35.3 57.5  77.0 34.1 55.7
flowerformer arch2vec     76.0 38.4 59.8  77.8 33.3 57.5
flowerformer gmae         74.3 33.6 56.2  78.7 36.4 58.7
flowerformer proxy        74.6 37.8 58.1  82.3 45.0 60.8
flowerformer fgp          76.3 40.6 58.9  83.6 48.3 65.0
transformer  supervised   62.7 -    -     63.2 -    -
transformer  proxy        64.1 -    -     69.2 -    -
transformer  fgp          69.7 -    -     74.3 -    -
"""

# FGP, table 3: percent of the labels, method, then as above; the gated GCN.
MORE_LABELS = """
5  supervised 75.8 42.9 64.5  84.6 54.3 69.4
5  graphcl    76.0 42.8 63.4  85.4 57.0 69.8
5  arch2vec   76.9 42.0 65.1  85.3 56.7 70.2
5  gmae       76.2 41.7 62.5  87.0 59.0 73.6
5  proxy      78.0 42.7 67.3  87.7 56.4 72.2
5  fgp        79.4 45.8 66.8  88.0 59.7 73.6
10 supervised 77.3 43.2 65.8  88.3 57.9 74.0
10 graphcl    77.3 42.7 66.3  88.9 58.6 73.3
10 arch2vec   78.3 43.2 66.5  88.8 57.0 73.9
10 gmae       78.1 45.5 67.6  89.9 61.3 75.4
10 proxy      79.0 44.0 67.2  89.7 58.2 74.5
10 fgp        79.9 45.8 67.8  89.9 58.4 76.0
"""

# PINAT, table 1, and what other papers repeat of NAR-Former V2 and NN-Former: tau on all of NAS-Bench-201.
ALL = """
arch2vec      78 .542  156 .573  469 .601  781 .606  1563 .605
pinat         78 .549  156 .631  469 .706  781 .761  1563 .784
nar_former_v2 156 .752  1563 .888
nn_former     156 .804  1563 .890
"""

MEASURES = ("tau", "p_at_1", "p_at_5")


def figures(cells: list[str]) -> dict[str, float]:
    return {key: round(float(cell) / 100, 3) for key, cell in zip(MEASURES, cells, strict=True) if cell != "-"}


def printed(table: str) -> dict[str, dict]:
    """{data: {first column: {method: {measure: share}}}}"""
    read: dict[str, dict] = {"nasbench101": {}, "nasbench201": {}}
    for first, method, *cells in map(str.split, table.strip().splitlines()):
        for data, part in (("nasbench101", cells[:3]), ("nasbench201", cells[3:])):
            read[data].setdefault(first, {})[method] = figures(part)
    return read


def test_one_percent_of_the_labels():
    assert printed(ONE_PERCENT) == published._FGP


def test_more_labels():
    expected = {
        data: {int(share) / 100: methods for share, methods in each.items()}
        for data, each in printed(MORE_LABELS).items()
    }
    assert expected == published._GATED_GCN_BY_SHARE


def test_all_architectures():
    rows = [line.split() for line in ALL.strip().splitlines()]
    expected = {name: dict(zip(map(int, cells[::2]), map(float, cells[1::2]), strict=True)) for name, *cells in rows}
    assert {"nasbench201": expected} == published._ALL


@pytest.mark.parametrize(
    ("data", "encoder", "epochs"),
    [
        ("nasbench101", "gated_gcn", (200, 200)),
        ("nasbench201", "gated_gcn", (200, 500)),
        ("nasbench301", "gin", (200, 300)),
        ("nasbench201", "flowerformer", (200, 300)),
    ],
)
def test_epochs(data: str, encoder: str, epochs: tuple[int, int]):
    assert published_epochs({"data": data, "encoder": encoder}) == epochs
