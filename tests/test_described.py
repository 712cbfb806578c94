"""Whatever a described file says, it loads or is refused in one line."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import torch
from annotated_types import Ge
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from archflow.checkpoint import TrainingState, load_tensors, save_tensors
from archflow.data import BENCHMARKS
from archflow.data.cache import record, show_licence
from archflow.data.places import cached_table
from archflow.described import Described, parse
from archflow.encoders import Embedder, create
from archflow.encoders.pretrained import FOLDER, card
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.predict import NetworkPredictor, StackedPredictor, load_predictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.spaces import NASBench201
from tests.mutations import check_loads_or_refuses, mutated

TRIES = 60


class Point(Described):
    x: float
    count: Annotated[int, Ge(0)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": 1, "count": -1}, "f: count: should be greater than or equal to 0; mend"),
        ({"x": "1", "count": 1}, "f: x: should be a valid number; mend"),
        ({"x": 1}, "f: count: Field required; mend"),
        ({"x": 1, "count": 1, "y\nz": 2}, "f: y\\nz: Extra inputs are not permitted; mend"),
        ({"x": 1, "count": True}, "f: count: should be a valid integer; mend"),
        ({"x": float("nan"), "count": 1}, "f: x: is not a finite number; mend"),
        ([], "f: should be an object; mend"),
    ],
)
def test_an_error_names_the_field_in_one_line(content, message):
    with pytest.raises(ArchflowError) as caught:
        parse(Point, content, "f", "mend")
    assert str(caught.value) == message


def test_an_error_has_one_line_whatever_is_in_it():
    assert str(ArchflowError("a file 'x\ny':\r\n no such file")) == "a file 'x y':  no such file"


@pytest.fixture(scope="module")
def cells():
    return NASBench201().sample(24, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["gates", "path_mlp", "gin"])
def test_mutated_descriptions_of_encoders(tmp_path, cells, name):
    path = tmp_path / "e.safetensors"
    create(name, cells, width=8).with_history(losses={"flow": [0.5, 0.25]}, epochs=2).save(path)
    tensors, about = load_tensors(path)
    for changed in mutated(about, TRIES, seed=1):
        save_tensors(path, tensors, changed)
        check_loads_or_refuses(lambda: Embedder.load(path), str(path))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"depth": 300_000}, "depth must be a whole number of at least 1 and at most 1,000"),
        ({"width": 10**9}, "width must be a whole number"),
        ({"depth": 1000}, "do not fit the settings"),
        ({"width": 3_000}, "do not fit the settings"),
        ({"depths": 3}, "description of the encoder is damaged: it cannot be built"),
    ],
)
def test_a_description_that_asks_for_more_than_the_file_holds_is_refused_before_it_is_built(
    tmp_path, cells, config, message
):
    path = tmp_path / "e.safetensors"
    create("gin", cells, width=8).save(path)
    tensors, about = load_tensors(path)
    save_tensors(path, tensors, {**about, "config": {**about["config"], **config}})
    made = []
    register = register_module_parameter_registration_hook(lambda module, name, parameter: made.append(parameter))
    with register, pytest.raises(ArchflowError, match=message):
        Embedder.load(path)
    assert all(parameter.is_meta for parameter in made)
    assert len(made) <= 10 * len(tensors) + 1


def test_weights_that_are_no_numbers_are_refused(tmp_path, cells):
    path = tmp_path / "e.safetensors"
    embedder = create("gin", cells, width=8)
    with torch.no_grad():
        next(embedder.encoder.parameters())[..., 0] = torch.nan
    embedder.save(path)
    with pytest.raises(ArchflowError, match="are not finite numbers"):
        Embedder.load(path)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, cells):
    """A predictor of networks and a stacked one, with little training."""
    folder = tmp_path_factory.mktemp("predictors")
    labels = np.arange(24.0) + 1
    settings = FineTuneSettings(epochs=1)
    networks = NetworkPredictor(
        create("mlp", cells, width=4), members=2, settings=settings, objective=["hinge", "relative"]
    )
    networks.fit(cells, np.stack([labels, labels], 1))
    networks.save(folder / "networks")
    stack = StackedPredictor(components=["line", "ridge"], features=["counts"])
    stack.fit(cells, labels)
    stack.save(folder / "stack")
    return folder


def rewrite(folder: Path, tensors, about) -> None:
    """Weights and description that belong together."""
    path = folder / "predictor.json"
    head = {key: read_json(path)[key] for key in ("format", "weights")}
    save_tensors(folder / head["weights"], tensors, about)
    write_json(path, {**head, **about})


@pytest.mark.parametrize("kind", ["networks", "stack"])
def test_mutated_predictors(folders, cells, kind):
    folder = folders / kind
    original, weights = (folder / "predictor.json").read_bytes(), next(folder.glob("weights-*"))
    tensors, about = load_tensors(weights)
    content = weights.read_bytes()
    for changed in mutated(about, TRIES if kind == "networks" else 20, seed=2):
        if isinstance(changed, dict):
            rewrite(folder, tensors, changed)
            check_loads_or_refuses(lambda: load_predictor(folder).predict(cells))
            (folder / "predictor.json").write_bytes(original)
    weights.write_bytes(content)
    for changed in mutated(json.loads(original), 30, seed=3):
        write_json(folder / "predictor.json", changed)
        check_loads_or_refuses(lambda: load_predictor(folder), str(folder))
    (folder / "predictor.json").write_bytes(original)
    load_predictor(folder)


def test_mutated_arrays_of_a_stack(folders, cells):
    folder = folders / "stack"
    weights = next(folder.glob("weights-*"))
    content = weights.read_bytes()
    tensors, about = load_tensors(weights)
    rng = np.random.default_rng(0)
    for name, tensor in tensors.items():
        noise = torch.from_numpy(rng.normal(size=tensor.shape))
        for changed in (tensor[:-1], tensor * torch.nan, -tensor - 1, tensor * 1e30, tensor + noise):
            rewrite(folder, {**tensors, name: changed}, about)
            check_loads_or_refuses(lambda: load_predictor(folder), str(folder))
        rewrite(folder, {key: value for key, value in tensors.items() if key != name}, about)
        with pytest.raises(ArchflowError, match=name.rpartition(".")[2]):
            load_predictor(folder)
    weights.write_bytes(content)
    load_predictor(folder)


def test_mutated_states(tmp_path):
    path, log = tmp_path / "state", dict[str, list[float]]

    def state() -> TrainingState:
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        optimiser = torch.optim.AdamW(model.parameters())
        model(torch.ones(2, 3)).sum().backward()
        optimiser.step()
        return TrainingState(path, "key", {"model": model}, optimiser)

    extra = {"best": torch.ones(2)}
    state().save(3, {"loss": [0.5, float("nan")]}, extra)
    tensors, about = load_tensors(path)
    restored = state().restore(log, extra)
    assert restored is not None
    assert restored[0] == 3
    for changed in mutated(about, 60, seed=4):
        save_tensors(path, tensors, changed)
        check_loads_or_refuses(lambda: state().restore(log, extra), str(path))
    for name, tensor in tensors.items():
        for changed in ({}, {name: tensor[..., None]}, {name: tensor.to(torch.int32)}):
            save_tensors(path, {key: value for key, value in tensors.items() if key != name} | changed, about)
            if name.startswith("optimiser.step") and not changed:
                continue
            with pytest.raises(ArchflowError, match=rf"a damaged state: its tensor {name}"):
                state().restore(log, extra)


def test_mutated_cards(tmp_path, monkeypatch):
    name = "gin.fgp-nasbench201"
    about = read_json(FOLDER / f"{name}.json")
    monkeypatch.setattr("archflow.encoders.pretrained.FOLDER", tmp_path)
    for changed in mutated(about, TRIES, seed=5):
        write_json(tmp_path / f"{name}.json", changed)
        check_loads_or_refuses(lambda: card(name), str(tmp_path))


def test_mutated_records_of_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path))
    path = cached_table("nasbench201").with_suffix(".json")
    about = {"sha256": "0" * 64, "rows": 3, "how": "imported", "made_of": {"file.bin": "1" * 64}}
    write_json(path, about)
    assert record("nasbench201").rows == 3
    for changed in mutated(about, TRIES, seed=6):
        write_json(path, changed)
        check_loads_or_refuses(lambda: record("nasbench201"), str(path))


@pytest.mark.parametrize("text", ["[" * 100_000, "{}x", "[1]", "3", '{"a": {"b": 1}}', "9" * 5000])
def test_licences_are_shown_whatever_the_cache_says(tmp_path, monkeypatch, capsys, text):
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path))
    (tmp_path / "licences.json").write_text(text)
    for _ in range(2):
        show_licence(BENCHMARKS["nasbench201"])
    assert capsys.readouterr().err.count("licence") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 100 levels"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "nested deeper than 100 levels"),
        ("[" * 150 + "]" * 150, "nested deeper than 100 levels"),
        ("9" * 5000, "digits"),
        ('{"a": 1, "b": 2, "a": 3}', "field 'a' stands there twice"),
    ],
)
def test_json_that_nothing_of_ours_writes_is_refused(tmp_path, text, message):
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(ArchflowError, match=message) as caught:
        read_json(path)
    assert "\n" not in str(caught.value)
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, path, metadata={"archflow": f'{{"about": {text}, "digest": ""}}'})
    with pytest.raises(ArchflowError, match=message) as caught:
        load_tensors(path)
    assert "\n" not in str(caught.value)
