"""Tables in the cache that are damaged, or whose records are, are refused or made again."""

from pathlib import Path

import numpy as np
import pytest

from archflow.data.benchmarks import find, load
from archflow.data.cache import store
from archflow.data.provision import get
from archflow.errors import ArchflowError
from archflow.graph.table import Table, read_table
from tests.data.toy import CELLS, NATIVE, TABLE


def test_a_cached_table_with_a_flipped_bit_is_refused(toy, cache):
    path = get(toy)
    whole = path.read_bytes()
    for at in range(0, len(whole), 97):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        for use in (lambda: load("toy"), lambda: load(path), lambda: load_as("toy", path), lambda: get(toy)):
            with pytest.raises(ArchflowError, match="changed since it was made; run `archflow data get toy --again`"):
                use()
    get(toy, again=True)
    assert path.read_bytes() == whole
    assert load("toy").native == NATIVE


def load_as(name: str, path: Path) -> Table:
    return read_table(find(path, known_as=name)[1])


@pytest.mark.parametrize("damage", [None, "", "{}", "[]", '{"sha256": "0", "rows": 1, "how": "", "made_of": {}}'])
def test_a_cached_table_without_its_record_is_refused(toy, cache, damage):
    get(toy)
    note = cache / "toy.json"
    note.unlink() if damage is None else note.write_text(damage)
    with pytest.raises(ArchflowError) as caught:
        load("toy")
    assert str(cache) in str(caught.value)
    get(toy, again=True)
    assert len(load("toy")) == 30


def test_a_kill_between_table_and_record_never_leaves_a_table_alone(toy, cache, monkeypatch):
    def killed(path, content):
        raise KeyboardInterrupt

    monkeypatch.setattr("archflow.data.cache.write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        store("toy", TABLE, {}, "imported")
    assert [path.name for path in cache.iterdir()] == []


def test_a_converted_table_that_is_damaged_is_made_again(toy, own, cache):
    import pyarrow as pa
    import pyarrow.parquet

    columns = {"native": NATIVE, "cifar10_test_acc": np.arange(30.0)}
    pyarrow.parquet.write_table(pa.table(columns), own / "toy.parquet")
    path = find("toy")[1]
    whole = path.read_bytes()
    for at in range(0, len(whole), 211):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert np.array_equal(load("toy").architectures.hashes, CELLS.hashes)
        assert path.read_bytes() == whole
    for damage in ("", "{}", '{"sha256": "0"}'):
        path.with_suffix(".json").write_text(damage)
        assert len(load("toy")) == 30
    path.with_suffix(".json").unlink()
    assert len(load("toy")) == 30
