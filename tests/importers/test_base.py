"""How an importer is found for a source."""

import pytest

from archflow.errors import ArchflowError
from archflow.importers import IMPORTERS, Importer, Source, import_models
from archflow.importers.model import imported
from archflow.importers.steps import Steps


@pytest.fixture
def mine(monkeypatch):
    """An importer in a file of its own, which another package might hold."""
    IMPORTERS.names()
    monkeypatch.setattr(IMPORTERS, "_parts", dict(IMPORTERS._parts))

    @IMPORTERS.register("zz_mine")
    class Mine(Importer):
        form = "*.mine"

        def accepts(self, source: Source) -> bool:
            return source.text.endswith(".mine")

        def models(self, source: Source):
            steps = Steps()
            yield imported(source.text, steps, [steps.apply("relu", [steps.input((1,))], (1,))])

    return Mine


def test_an_importer_of_ones_own(mine):
    models = list(import_models(["a.mine", "b.mine"]))
    assert [model.name for model in models] == ["a.mine", "b.mine"]


@pytest.mark.parametrize("text", ["", "model.pt", "no such thing", "\0", "a.mine"])
def test_what_no_importer_takes_is_refused_with_what_there_is(text):
    with pytest.raises(ArchflowError, match=r"is nothing that can be imported; give one of: .*\*\.onnx") as error:
        list(import_models([text]))
    assert "\n" not in str(error.value)
    assert "*.param" in str(error.value)


def test_a_folder_is_called_one(tmp_path):
    with pytest.raises(ArchflowError, match=r"is a folder; give the files in it, such as .*\*\.onnx$"):
        list(import_models([str(tmp_path)]))
