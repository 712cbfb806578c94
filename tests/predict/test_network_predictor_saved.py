"""Predictors of networks on disk: saved, loaded, damaged, resumed."""

import json
import pickle
from contextlib import nullcontext

import numpy as np
import pytest

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.predict import NetworkPredictor, load_predictor
from tests.predict.learnable import FINE, QUICK, predictor


@pytest.fixture
def saved(architectures, tmp_path):
    fitted = predictor(architectures, 2)
    fitted.fit(architectures, np.stack([FINE, -FINE], 1), metrics=["accuracy", "latency"])
    fitted.save(tmp_path / "model")
    return fitted, tmp_path / "model"


def test_a_loaded_predictor_is_the_saved_one(architectures, saved):
    fitted, folder = saved
    loaded = NetworkPredictor.load(folder)
    np.testing.assert_array_equal(loaded.predict(architectures), fitted.predict(architectures))
    np.testing.assert_array_equal(loaded.embed(architectures), fitted.embed(architectures))
    assert (loaded.metrics, loaded.settings, loaded.seed) == (["accuracy", "latency"], QUICK, 21)
    assert loaded.vocabulary == fitted.vocabulary
    loaded.save(folder.with_name("again"))
    assert (folder.with_name("again") / "predictor.json").read_bytes() == (folder / "predictor.json").read_bytes()


def weights_of(folder) -> str:
    (path,) = folder.glob("weights-*.safetensors")
    return path.name


def test_saving_over_an_older_predictor_leaves_one_of_the_two_whole(architectures, tmp_path, monkeypatch):
    old, new = predictor(architectures), predictor(architectures, seed=5)
    for model in (old, new):
        model.fit(architectures, np.arange(float(len(architectures))))
    old.save(tmp_path / "model")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("archflow.predict.folder.write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            new.save(tmp_path / "model")
    np.testing.assert_array_equal(
        NetworkPredictor.load(tmp_path / "model").predict(architectures), old.predict(architectures)
    )
    new.save(tmp_path / "model")
    np.testing.assert_array_equal(
        NetworkPredictor.load(tmp_path / "model").predict(architectures), new.predict(architectures)
    )
    assert weights_of(tmp_path / "model")


def test_damaged_files_are_refused_by_name(saved):
    _, folder = saved
    for name in (weights_of(folder), "predictor.json"):
        whole = (folder / name).read_bytes()
        changed = bytearray(whole)
        changed[len(whole) // 2] ^= 1
        for content in (whole[: len(whole) // 2], b"", bytes(changed)):
            (folder / name).write_bytes(content)
            with pytest.raises(ArchflowError, match=name) as caught:
                NetworkPredictor.load(folder)
            assert "\n" not in str(caught.value)
        (folder / name).unlink()
        with pytest.raises(ArchflowError, match=f"{name}: no such file"):
            NetworkPredictor.load(folder)
        (folder / name).write_bytes(whole)
    NetworkPredictor.load(folder)


def test_a_fitted_predictor_can_be_pickled(architectures, saved):
    fitted, _ = saved
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(architectures), fitted.predict(architectures))


def test_a_description_of_another_model_is_refused(saved):
    _, folder = saved
    path = folder / "predictor.json"
    about = json.loads(path.read_text())
    about["metrics"] = about["metrics"][::-1]
    path.write_text(json.dumps(about))
    with pytest.raises(ArchflowError, match=r"predictor\.json: does not belong to weights-\w+\.safetensors beside it"):
        NetworkPredictor.load(folder)


def test_only_a_fitted_predictor_is_saved(architectures, tmp_path):
    with pytest.raises(ArchflowError, match="nothing to save yet"):
        predictor(architectures).save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_an_older_folder_is_refused(saved):
    _, folder = saved
    path = folder / "predictor.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "format": "archflow predictor 2"}))
    with pytest.raises(ArchflowError, match=r"predictor\.json: has the format 'archflow predictor 2', .*; fit again"):
        load_predictor(folder)


def test_a_state_of_another_dropout_is_refused(architectures, tmp_path):
    for dropout, refused in ((0.0, False), (0.5, True)):
        embedder = create("gin", architectures, seed=0, width=8, dropout=dropout)
        learner = NetworkPredictor(embedder, settings=QUICK)
        with pytest.raises(ArchflowError, match="other settings or data") if refused else nullcontext():
            learner.fit(architectures, FINE, checkpoint=tmp_path / "state")
