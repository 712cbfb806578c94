"""The encoders that ship with the package: what their cards say is so, and an altered file is refused."""

import hashlib
import json
import shutil
import tomllib
from dataclasses import asdict, fields
from itertools import pairwise
from pathlib import Path

import pytest
import torch

import archflow
from archflow.data.benchmarks import BENCHMARKS
from archflow.encoders import ENCODERS, Embedder, create, pretrained
from archflow.encoders.pretrained import FOLDER, Card, card, names
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.pretext.named import task_weights

ROOT = Path(archflow.__file__).parents[1]
EMBEDDINGS = {
    "gated_gcn.fgp-nasbench201": [0.102425, 0.306263, 0.0999722, 0.128663, 11.3952],
    "gated_gcn.flow-nasbench101": [0.576965, 0.838342, 0.495119, 0.146187, 50.5437],
    "gin.fgp-nasbench201": [0.111588, 0.0611725, 0.0325061, 0.0148424, 17.5607],
}


def handful(vector: torch.Tensor) -> list[float]:
    """The first four entries that ReLU did not cut off, and the sum of all."""
    return [*vector[vector > 0.01][:4].tolist(), float(vector.sum())]


def architecture(vocabulary: Vocabulary) -> ArchitectureSet:
    """Every operation once, one behind the other, and a shortcut from the first to the last."""
    last = len(vocabulary) - 1
    ops = ["input", *(op for op in vocabulary.ops if op not in ("input", "output")), "output"]
    edges = [*((i, i + 1) for i in range(last)), (0, last)]
    return ArchitectureSet.from_architectures([Architecture(tuple(ops), tuple(edges))], vocabulary)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A copy of the shipped files, to be altered."""
    copy = tmp_path / "weights"
    shutil.copytree(FOLDER, copy)
    monkeypatch.setattr(pretrained, "FOLDER", copy)
    return copy


def refused(name: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        create(name)
    assert "\n" not in str(caught.value)


def test_every_file_has_its_card():
    assert names() == sorted(EMBEDDINGS)
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{name}.{kind}" for name in names() for kind in ("json", "safetensors")
    }
    assert names("gin.*") == [name for name in names() if name.startswith("gin.")] != []
    assert names("nothing*") == []


@pytest.mark.parametrize("name", sorted(EMBEDDINGS))
def test_embeddings_are_the_stored_ones(name):
    embedder = create(name)
    model, vocabulary = embedder.encoder, embedder.vocabulary
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert not model.training
    with torch.inference_mode():
        vector = model.embed(Batch(architecture(vocabulary)))[0]
    assert handful(vector) == pytest.approx(EMBEDDINGS[name], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", sorted(EMBEDDINGS))
def test_a_card_says_what_the_file_is(name):
    about, path = card(name), FOLDER / f"{name}.safetensors"
    content = path.read_bytes()
    assert (about.bytes, about.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert len(content) < 900_000
    embedder = Embedder.load(path)
    model, vocabulary, history = embedder.encoder, embedder.vocabulary, embedder.history
    assert about.name == name == f"{about.encoder}.{about.task}-{about.data}"
    assert (about.encoder, about.width, model.n_ops) == (embedder.name, model.width, len(vocabulary))
    assert about.encoder in ENCODERS.names()
    assert about.data in BENCHMARKS
    assert task_weights(about.task)
    for key in ("data", "task", "proxies", "epochs", "seed"):
        assert getattr(about, key) == history[key]
    assert about.view == embedder.view
    assert set(about.figures) == {"labels", "runs", "tau", "tau_std", "p_at_1", "p_at_1_std", "fresh_tau"}
    assert about.losses == {part: values[-1] for part, values in history["losses"].items()}
    assert {len(values) for values in history["losses"].values()} == {about.epochs}
    assert (about.precision, 0 < about.rounding <= 1e-3) == ("float16", True)
    assert about.rows > 1000
    assert about.archflow.count(".") == 2


@pytest.mark.parametrize("name", sorted(EMBEDDINGS))
def test_the_command_of_a_card_makes_it(name):
    about = card(name)
    words = about.command.split()
    options = {key: value for key, value in pairwise(words) if key.startswith("--")}
    assert words[:2] == ["archflow", "pretrain"]
    assert "--card" in words
    assert options["--out"] == f"{FOLDER.relative_to(ROOT).as_posix()}/{name}.safetensors"
    for key in ("data", "encoder", "task", "epochs", "seed"):
        assert options[f"--{key}"] == str(getattr(about, key))
    assert options.get("--proxy", "") == ",".join(about.proxies)


def test_a_predictor_starts_from_it():
    space = archflow.NASBench201()
    cells = space.enumerate().select(range(0, 15625, 400))
    settings = archflow.FineTuneSettings(epochs=3)
    embedder = archflow.create("gated_gcn.fgp-nasbench201")
    predictor = archflow.NetworkPredictor(embedder, settings=settings)
    predictor.fit(cells, space.costs(cells)["flops"])
    assert predictor.predict(cells)[0].shape == (len(cells),)


def test_wheels_carry_the_files():
    globs = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["archflow"]
    carried = {path for pattern in globs for path in (ROOT / "archflow").glob(pattern)}
    assert set(FOLDER.iterdir()) <= carried


def test_the_page_shows_the_cards():
    from archflow.recipes.shipping import cards_table

    page = (ROOT / "docs" / "pretrained.md").read_text(encoding="utf-8")
    assert cards_table() in page, "the cards have changed; put what `archflow encoders --markdown` prints on the page"
    unbroken = page.replace(" \\\n    ", " ")
    assert all(card(name).command in unbroken for name in names())


def test_a_file_of_ones_own_is_an_encoder_too(tmp_path):
    path = tmp_path / "own.safetensors"
    shipped = create("gin.fgp-nasbench201")
    shipped.save(path)
    again = create(path)
    assert again.preparation == shipped.preparation
    pairs = zip(shipped.encoder.parameters(), again.encoder.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    refused(str(tmp_path / "absent.safetensors"), "no such file")


def test_an_unknown_name_gets_the_nearest():
    refused("gated_gcn.fgp-nasbench20", "no pre-trained .* 'gated_gcn.fgp-nasbench20'; did you mean 'gated_gcn.fgp-nas")
    refused("../weights/gin.fgp-nasbench201", "no pre-trained encoder is called '../weights/")
    refused("gin.", "did you mean 'gin.fgp-nasbench201'")
    refused("", "no encoder is called ''; there are: ")
    refused("resnet", "no encoder is called 'resnet'; ")


def test_an_altered_file_is_refused(folder):
    name = names()[0]
    path = folder / f"{name}.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    refused(name, f"{name}.safetensors: altered: its sha256 .* install archflow again")
    path.write_bytes((folder / f"{names()[1]}.safetensors").read_bytes())
    refused(name, "altered")
    path.unlink()
    refused(name, f"{name}.safetensors: cannot be read .* install archflow again")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about: {**about, "sha256": None}, "altered"),
        (lambda about: {key: value for key, value in about.items() if key != "epochs"}, "not the card .*epochs"),
        (lambda about: {**about, "colour": "red"}, "not the card .*colour"),
        (lambda about: [about], "not the card"),
    ],
)
def test_an_altered_card_is_refused(folder, change, message):
    name = names()[0]
    (folder / f"{name}.json").write_text(json.dumps(change(asdict(card(name)))))
    refused(name, message)


def test_a_card_that_is_no_json_is_refused(folder):
    name = names()[0]
    (folder / f"{name}.json").write_text("{")
    refused(name, "not valid JSON")


def test_a_card_has_no_field_that_says_nothing():
    for name in names():
        empty = {field.name for field in fields(Card) if getattr(card(name), field.name) in ("", None, {})}
        assert not empty
