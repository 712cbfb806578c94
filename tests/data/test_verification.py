"""Verification of everything that is kept of a benchmark."""

from archflow.data.provision import get
from archflow.data.verification import verify
from tests.data.toy import CONTENT, TABLE


def test_verification_finds_what_has_changed(toy, own, cache):
    assert verify(toy) == []
    get(toy)
    (own / "raw" / "toy").mkdir(parents=True)
    (own / "raw" / "toy" / "file.bin").write_bytes(CONTENT)
    TABLE.write(own / "toy.parquet")
    sound = verify(toy)
    assert [finding.fault for finding in sound] == [""] * 4
    for finding in sound:
        whole = finding.path.read_bytes()
        finding.path.write_bytes(whole[:-9])
        assert [f.path for f in verify(toy) if f.fault] == [finding.path]
        finding.path.write_bytes(whole)
    (cache / "toy.json").write_text("{}")
    assert [f.path for f in verify(toy) if "not a record" in f.fault] == [cache / "toy.parquet"]
