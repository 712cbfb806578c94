import shutil

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.results.compiled_report import compiled_tables
from archflow_reproduce.results.page import results_page
from archflow_reproduce.speed import compiled
from tests.reproduce.results.records import MACHINE, write

RESULT = {
    "machine": MACHINE,
    "config": {"batch_size": 256, "batches": 16, "passes": 5},
    "encoders": {
        "gin": {"eager_us": 18.0, "compiled_us": 15.0, "compile_s": 2.5, "difference": 1.2e-7},
        "dagnn": {"eager_us": 30.0, "failure": "AssertionError: a guard failed"},
    },
}


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # of torch's own modules
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, such as g++")
def test_an_encoder_gives_the_same_embeddings_when_it_is_compiled(monkeypatch):
    for name, value in {"BATCHES": 2, "BATCH_SIZE": 8, "PASSES": 1}.items():
        monkeypatch.setattr(compiled, name, value)
    steps = []
    found = compiled.run_compiled(["mlp"], steps.append)
    assert steps == ["mlp"]
    (times,) = found["encoders"].values()
    assert times["difference"] < 1e-5
    assert min(times["eager_us"], times["compiled_us"], times["compile_s"]) > 0
    assert found["config"]["batch_size"] == 8


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, such as g++")
def test_an_encoder_that_cannot_be_compiled_is_named(monkeypatch):
    def refuses(encode, dynamic):
        def compiled(batch):
            raise RuntimeError("no\nway")

        return compiled

    monkeypatch.setattr("torch.compile", refuses)
    monkeypatch.setattr(compiled, "BATCHES", 1)
    found = compiled.run_compiled(["mlp"])["encoders"]["mlp"]
    assert found.keys() == {"eager_us", "failure"}
    assert found["failure"] == "RuntimeError: no"


def test_without_a_compiler_one_line_says_so(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ArchflowError, match="compiler; install"):
        compiled.run_compiled(["mlp"])


def test_the_table_and_the_page(tmp_path):
    lead, table = compiled_tables(RESULT)
    assert "in batches of 256 NAS-Bench-201 cells" in lead
    assert "| `gin`   |" in table
    assert "1.20" in table
    assert "| `dagnn` |   30 |        – |" in table
    write(tmp_path / "results" / "compiled.json", "compiled", RESULT)
    assert "## Compiled encoders" in results_page(tmp_path / "results", tmp_path / "page.md")
