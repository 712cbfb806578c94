"""Page headers: their counts are those of the file, whatever the footer claims."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archflow.errors import ArchflowError
from archflow.graph.parquet_pages import chunks


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_values_and_sizes_are_those_of_the_file(tmp_path, version, dictionary):
    path = tmp_path / "x.parquet"
    lists = pa.array([list(range(i % 7)) for i in range(5000)])
    columns = {"a": np.arange(5000.0), "ops": lists, "text": [str(i % 9) if i % 3 else None for i in range(5000)]}
    pq.write_table(
        pa.table(columns), path, row_group_size=2000, data_page_version=version, use_dictionary=dictionary,
        data_page_size=1000, write_batch_size=100,
    )  # fmt: skip
    about = pq.read_metadata(path)
    for group, found in enumerate(chunks(path)):
        told = [about.row_group(group).column(i) for i in range(about.num_columns)]
        assert [chunk.values for chunk in found] == [column.num_values for column in told]
        for chunk, column in zip(found, told, strict=True):
            assert 0 < chunk.content <= column.total_uncompressed_size
    lengths = [sum(i % 7 or 1 for i in range(start, min(start + 2000, 5000))) for start in (0, 2000, 4000)]
    assert [group[1].values for group in chunks(path)] == lengths  # an empty list counts as one missing value


def test_a_list_of_many_zeros_is_seen_in_a_small_file(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": pa.ListArray.from_arrays([0, 10**7], pa.array(np.zeros(10**7)))}), path)
    assert path.stat().st_size < 10**5
    assert chunks(path)[0][0].values == 10**7
    assert chunks(path)[0][0].needed(8) > 8 * 10**7


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 20 + b"PAR1", b"\xff" * 100])
def test_what_is_no_parquet_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(ArchflowError, match=r"^x\.parquet: a damaged Parquet file \(.*\); write it again$"):
        chunks(path)
