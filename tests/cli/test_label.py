import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archflow.cli.app import main
from archflow.data.journal import open_journal
from archflow.graph.table import read_table
from archflow.spaces import NASBench201
from archflow.spaces.base import network_space

SMALL = "--count 3 --seeds 2 --channels 2 --cells 1 --stages 2 --batch-size 8 --processes 1"

TINY = "--count 2 --seeds 1 --epochs 1 --channels 8 --cells 1 --stages 1 --batch-size 8 --processes 1"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 3
    pixels = generator.normal(0, 0.3, (60, 8, 8)) + np.linspace(0, 1, 8) * labels[:, None, None]
    np.savez(tmp_path / "mine.npz", images=pixels, labels=labels)
    return tmp_path / "mine.npz"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["archflow", "label", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_labels_a_users_images(
    tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.parquet"
    arguments = ["--data", images, "--out", out, *SMALL.split(), "--json"]
    assert run(monkeypatch, *arguments) == 0
    card = json.loads(capsys.readouterr().out)
    assert card == json.loads(out.with_suffix(".json").read_text())
    assert (card["rows"], card["failures"], card["images"]["shape"]) == (3, 0, [1, 8, 8])
    assert card["images"]["train"] == 36
    assert "source" not in card  # the licence of the digits is not that of the user's images

    table, space = read_table(out), NASBench201()
    assert table.native is not None
    assert [space.format(architecture) for architecture in table.architectures] == table.native
    assert len({space.canonical(architecture) for architecture in table.architectures}) == 3
    for metric in ("train_accuracy", "validation_accuracy", "test_accuracy", "validation_loss", "seconds"):
        both = np.stack([table.metric(f"{metric}_seed{seed}") for seed in range(2)])
        np.testing.assert_allclose(table.metric(metric), both.mean(axis=0), rtol=1e-5)
    costs = space.costs(table.architectures, channels=2, cells_per_stage=1, stages=2, classes=3, image_shape=(1, 8, 8))
    np.testing.assert_allclose(table.metric("params"), costs["params"])
    np.testing.assert_allclose(table.metric("flops") * 1e6, costs["flops"], rtol=1e-6)

    written = out.read_bytes()
    out.unlink()
    assert run(monkeypatch, *arguments) == 0
    assert out.read_bytes() == written


@pytest.mark.parametrize("name", ["nasbench101", "darts"])
def test_labels_the_other_spaces_of_networks(
    name: str, tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.parquet"
    assert run(monkeypatch, "--space", name, "--data", images, "--out", out, *TINY.split()) == 0
    table, space = read_table(out), network_space(name)
    assert table.native is not None
    assert [space.format(a) for a in table.architectures.recoded(space.vocabulary)] == table.native
    assert np.isfinite(table.metric("test_accuracy_seed0")).all()
    costs = space.costs(table.architectures, channels=8, cells_per_stage=1, stages=1, classes=3, image_shape=(1, 8, 8))
    np.testing.assert_allclose(table.metric("params"), costs["params"])


def test_a_space_without_networks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--space", "fbnet", "--out", tmp_path / "table.parquet") == 2
    assert "fbnet: its architectures cannot be built as networks; use" in capsys.readouterr().err


def test_labels_a_folder_of_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (tmp_path / "mine" / kind).mkdir(parents=True)
        for number in range(10):
            picture = Image.fromarray(generator.integers(0, 256, (8, 8, 3), np.uint8))
            picture.save(tmp_path / "mine" / kind / f"{number}.png")
    arguments = ["--data", tmp_path / "mine", "--out", tmp_path / "table.csv", *SMALL.split(), "--json"]
    assert run(monkeypatch, *arguments) == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["rows"], card["images"]["shape"], card["images"]["classes"]) == (3, [3, 8, 8], 2)
    (tmp_path / "mine" / "dog" / "0.png").unlink()  # other images are another job
    assert run(monkeypatch, *arguments) == 2
    assert "data_sha256 is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--data", "missing.npz"], "missing.npz: no such file"),
        (["--space", "nasbench202"], "did you mean 'nasbench201'"),
        (["--out", "table.xlsx"], "table.xlsx: a table is written as .parquet, .csv, .jsonl"),
        (["--count", "7000"], "6466 isomorphism classes, fewer than 7000"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path,
    changes: list[str],
    message: str,
    images: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "--data", images, "--out", "table.parquet", *SMALL.split(), *changes) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "table.parquet").exists()


def test_another_job_in_the_same_place_is_refused(
    tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "table.parquet.journal.jsonl"
    with open_journal(journal, {"count": 5}):
        pass
    before = journal.read_bytes()
    assert run(monkeypatch, "--data", images, "--out", tmp_path / "table.parquet", *SMALL.split()) == 2
    assert "count is 5 there, 3 here" in capsys.readouterr().err
    assert journal.read_bytes() == before
