"""Splits follow the paper; by class, size and device nothing leaks; on disk they stay what they were."""

import json
from dataclasses import replace

import numpy as np
import pytest

from archflow.data.device_splits import DeviceSplit, devices_drawn, devices_named, hardware
from archflow.data.saved_splits import load_split, save_split
from archflow.data.splits import (
    isomorphism_classes,
    label_count,
    labelled_rows,
    pool,
    shared_classes,
    split,
    split_by_size,
)
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.sealed import unseal, write_sealed
from archflow.spaces import NASBench201


@pytest.fixture(scope="module")
def cells() -> Table:
    space = NASBench201()
    architectures = space.sample(400, np.random.default_rng(0))
    return Table(architectures, {}, [space.format(a) for a in architectures])


def test_random_split_takes_labels_validation_and_test_in_order():
    order = np.random.default_rng(1).permutation(100)
    parts = split(order, train=50, labels=7, validation=10)
    assert np.array_equal(parts.labelled, order[:7])
    assert np.array_equal(parts.validation, order[50:60])
    assert np.array_equal(parts.test, order[60:])


def test_class_split_keeps_every_class_on_one_side(cells):
    classes = isomorphism_classes(cells)
    order = np.random.default_rng(2).permutation(len(cells))
    loose = split(order, 200, 200, 40)
    assert shared_classes(classes, loose.labelled, loose.test) > 0, "the sample must hold isomorphic cells"
    strict = split(order, 200, 400, 40, classes)
    judged = np.concatenate([strict.validation, strict.test])
    assert shared_classes(classes, strict.labelled, judged) == 0
    assert sorted(np.concatenate([strict.labelled, judged])) == list(range(400))


def test_classes_of_cells_are_the_space_s_and_of_other_tables_the_graph_s(cells):
    by_space = isomorphism_classes(cells)
    by_graph = isomorphism_classes(Table(cells.architectures))
    assert len(np.unique(by_space)) < len(np.unique(by_graph))
    space = NASBench201()
    for a, b in np.random.default_rng(3).integers(0, len(cells), (200, 2)):
        same = space.canonical(cells.architectures[int(a)]) == space.canonical(cells.architectures[int(b)])
        assert same == (by_space[a] == by_space[b])


def test_classes_need_the_native_string_of_all_cells_or_of_none(cells):
    native = [*cells.native[:3], None, *cells.native[4:]]
    with pytest.raises(ArchflowError, match="row 3: native is empty, but tells the classes of nasbench201"):
        isomorphism_classes(Table(cells.architectures, {}, native))
    nothing = Table(cells.architectures, {}, [""] * len(cells))
    assert (isomorphism_classes(nothing) == isomorphism_classes(Table(cells.architectures))).all()


@pytest.mark.parametrize(("count", "train"), [(0, 0), (0, 5), (5, 9), (5, 0), (5, -1)])
@pytest.mark.parametrize("whole_classes", [True, False])
def test_a_split_without_enough_rows_is_refused(count, train, whole_classes):
    rows = np.arange(count)
    with pytest.raises(ArchflowError, match=r"split: .* at least two are needed"):
        split(rows, train, 2, 2, rows if whole_classes else None)


def test_pool_keeps_the_order_of_a_whole_table_and_draws_from_a_larger_one():
    assert np.array_equal(pool(10, 5, 5), np.arange(10))
    shuffled = pool(10, 5, 5, shuffled=True)
    assert sorted(shuffled) == list(range(10)) != shuffled.tolist()
    drawn = pool(1000, 30, 20)
    assert len(np.unique(drawn)) == 50
    assert np.array_equal(drawn, pool(1000, 30, 20))
    with pytest.raises(ArchflowError, match="more than the 10"):
        pool(10, 8, 8)


def test_too_small_parts_are_refused():
    with pytest.raises(ArchflowError, match="labelled"):
        split(np.arange(100), 50, 1, 40)
    with pytest.raises(ArchflowError, match="test"):
        split(np.arange(100), 60, 10, 40)


def test_labelled_rows_draws_among_the_measured():
    values = np.full(50, np.nan)
    values[10:30] = 1.0
    assert np.array_equal(labelled_rows(values, None, 0), np.arange(10, 30))
    drawn = labelled_rows(values, 0.5, 0)
    assert len(drawn) == 10
    assert np.isin(drawn, np.arange(10, 30)).all()
    assert len(labelled_rows(values, 7, 0)) == 7
    for labels in (1, 21):
        with pytest.raises(ArchflowError, match="of 20 measured"):
            labelled_rows(values, labels, 0)


@pytest.mark.parametrize("labels", [1.5, 2.5, 10.1])
def test_a_count_of_labels_is_whole(labels):
    with pytest.raises(ArchflowError, match=f"labels must be a whole number of at least 1, not {labels}"):
        label_count(labels, 100)


def test_split_by_size_learns_from_the_smaller():
    generator = np.random.default_rng(4)
    sizes = generator.integers(0, 20, 500).astype(float)
    sizes[::7] = np.nan
    parts, largest = split_by_size(sizes, 200, 150, 40, seed=3)
    judged = np.concatenate([parts.validation, parts.test])
    assert sizes[parts.labelled].max() <= largest < sizes[judged].min()
    assert len(parts.labelled) == 150
    assert len(parts.validation) == 40
    below = int((sizes <= largest).sum())
    assert below >= 200
    assert (sizes < largest).sum() < 200, "no more sizes than needed"
    assert len(judged) == np.isfinite(sizes).sum() - below
    assert not np.isin(np.flatnonzero(np.isnan(sizes)), [*parts.labelled, *judged]).any()
    # Within a part the order is random, and the seed's.
    assert abs(np.corrcoef(np.arange(150), sizes[parts.labelled])[0, 1]) < 0.3
    assert np.array_equal(parts.test, split_by_size(sizes, 200, 150, 40, seed=3)[0].test)
    assert not np.array_equal(parts.test, split_by_size(sizes, 200, 150, 40, seed=4)[0].test)


def test_split_by_size_refuses_what_leaves_nothing_to_judge_by():
    for train in (0, 100, 101):
        with pytest.raises(ArchflowError, match="leave some for the test"):
            split_by_size(np.arange(100.0), train, 10, 10)
    with pytest.raises(ArchflowError, match="validation part"):
        split_by_size(np.ones(100), 50, 10, 10)  # one size: all of it is in the train part


DEVICES = [
    "help_1080ti_1_ms",
    "help_1080ti_256_ms",
    "help_gold_6226_ms",
    "help_gold_6240_ms",
    "help_fpga_ms",
    "titan_32_ms",
]


def test_hardware_is_a_device_without_its_batch_size():
    assert [hardware(d) for d in DEVICES] == [
        "help_1080ti", "help_1080ti", "help_gold_6226", "help_gold_6240", "help_fpga", "titan"
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("count", range(1, 5))
def test_drawn_devices_share_no_hardware(seed, count):
    parts = devices_drawn(DEVICES, count, seed)
    assert sorted([*parts.train, *parts.test]) == sorted(DEVICES)
    assert count <= len(parts.test) <= count + 1
    assert parts.shared_hardware == []
    assert parts == devices_drawn(DEVICES, count, seed)


def test_draws_of_devices_differ():
    assert len({devices_drawn(DEVICES, 2, seed) for seed in range(20)}) > 3
    for count in (0, 6):
        with pytest.raises(ArchflowError, match="both sides need at least one"):
            devices_drawn(DEVICES, count)


def test_named_devices_are_columns(cells):
    table = Table(cells.architectures, {name: np.ones(len(cells)) for name in DEVICES})
    parts = devices_named(table, DEVICES[:1], DEVICES[1:3])
    assert parts == DeviceSplit(("help_1080ti_1_ms",), ("help_1080ti_256_ms", "help_gold_6226_ms"))
    assert parts.shared_hardware == ["help_1080ti"]
    for train, test, reason in (
        (["pixel"], DEVICES[:1], "no column 'pixel'"),
        (DEVICES[:2], DEVICES[1:3], "'help_1080ti_256_ms' is named twice"),
        ([], DEVICES, "at least one device to learn from"),
    ):
        with pytest.raises(ArchflowError, match=reason):
            devices_named(table, train, test)


def test_a_saved_split_comes_back_and_fits_only_its_table(cells, tmp_path):
    path = tmp_path / "split.json"
    parts, _ = split_by_size(cells.architectures.op_counts[:, 2].astype(float), 200, 100, 40)
    save_split(path, parts, "size", cells)
    read = load_split(path, cells)
    for name, rows in vars(parts).items():
        assert np.array_equal(getattr(read, name), rows)
    assert json.loads(path.read_text())["by"] == "size"
    assert path.stat().st_size < 3000
    for other in (cells.select(np.arange(399)), cells.select(np.arange(400)[::-1]), cells.select(np.zeros(400, int))):
        with pytest.raises(ArchflowError, match="made for another table"):
            load_split(path, other)


def test_a_saved_split_of_devices_fits_tables_that_have_them(cells, tmp_path):
    path = tmp_path / "split.json"
    table = Table(cells.architectures, {name: np.ones(len(cells)) for name in DEVICES})
    parts = devices_drawn(DEVICES, 2)
    save_split(path, parts, "hardware", table)
    assert load_split(path, table) == parts
    assert load_split(path, table.select(np.arange(3))) == parts, "devices do not depend on rows"
    lacking = Table(table.architectures, {name: table.metrics[name] for name in DEVICES if name != parts.test[0]})
    with pytest.raises(ArchflowError, match=f"does not fit: the table has no column '{parts.test[0]}'"):
        load_split(path, lacking)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "colours"}, "kind 'colours'"),
        ({"parts": {"labelled": [0, 1], "validation": [2, 3], "test": [4, 400]}}, "not in 0 to 399"),
        ({"parts": {"labelled": [0, 1], "validation": [2, 3], "test": [4, -1]}}, "not in 0 to 399"),
        ({"parts": {"labelled": [0, 1], "validation": [2, 3], "test": [4.5]}}, "not in 0 to 399"),
        ({"parts": {"labelled": [0, 1], "validation": [2, 3], "test": [1, 4]}}, "occurs in it twice"),
        ({"by": "all", "parts": {"labelled": [0, 1], "validation": [1], "test": [0, 1, 2]}}, "occurs in it twice"),
        ({"by": "all", "parts": {"labelled": [0], "validation": [1], "test": [0, 1, 2, 2]}}, "occurs in it twice"),
        ({"parts": {"labelled": [0, 1]}}, "not a saved split"),
        ({"parts": None}, "not a saved split"),
        ({"kind": "devices"}, "not a saved split"),
        ({"kind": "devices", "parts": {"train": [1], "test": ["a"]}}, "not a saved split"),
    ],
)
def test_files_that_are_no_splits_are_refused(cells, tmp_path, change, reason):
    path = tmp_path / "split.json"
    save_split(path, split(np.arange(400), 200, 50, 40), "order", cells)
    write_sealed(path, unseal(json.loads(path.read_text())) | change)
    with pytest.raises(ArchflowError, match=reason):
        load_split(path, cells)
    path.write_text("[1, 2]")
    with pytest.raises(ArchflowError, match="carries no digest"):
        load_split(path, cells)


def test_other_rows_than_were_saved_are_refused(cells, tmp_path):
    path = tmp_path / "split.json"
    save_split(path, split(np.arange(400), 200, 50, 40), "order", cells)
    saved = path.read_text()
    for change in (("[0, 1, 2", "[1, 0, 2"), ("[0, 1, 2", "[300, 1, 2"), ("[0, 1, 2", "[0, 2"), ("order", "all")):
        path.write_text(saved.replace(*change, 1))
        with pytest.raises(ArchflowError, match=r"split\.json: its content does not fit its digest"):
            load_split(path, cells)
    older = unseal(json.loads(saved))
    path.write_text(json.dumps(older))
    with pytest.raises(ArchflowError, match="carries no digest"):
        load_split(path, cells)


def test_the_digest_of_a_split_sees_one_changed_graph(tmp_path):
    def table(op: str) -> Table:
        architectures = [Architecture(("input", name, "output"), ((0, 1), (1, 2))) for name in ["a"] * 9 + [op]]
        return Table(ArchitectureSet.from_architectures(architectures))

    save_split(tmp_path / "s.json", split(np.arange(10), 5, 5, 2), "order", table("a"))
    load_split(tmp_path / "s.json", table("a"))
    with pytest.raises(ArchflowError, match="another table"):
        load_split(tmp_path / "s.json", table("b"))


def test_the_train_part_is_neither_validated_nor_judged():
    order = np.random.default_rng(0).permutation(60)
    parts = split(order, train=30, labels=5, validation=4)
    assert sorted(parts.train_part(60)) == sorted(order[:30])
    judged_by_all = replace(parts, test=np.arange(60))
    assert sorted(judged_by_all.train_part(60)) == sorted(set(range(60)) - set(parts.validation.tolist()))
    assert set(parts.labelled) <= set(parts.train_part(60)) & set(judged_by_all.train_part(60))
