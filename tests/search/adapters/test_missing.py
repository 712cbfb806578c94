"""An adapter whose framework is not installed."""

import importlib
import sys

import pytest

from archflow.errors import ArchflowError


@pytest.mark.parametrize(
    ("adapter", "framework", "extra"),
    [("neps", "neps", "neps"), ("botorch_model", "botorch", "botorch"), ("syne_tune", "syne_tune", "syne-tune")],
)
def test_a_missing_framework_is_one_line(adapter, framework, extra, monkeypatch):
    name = f"archflow.search.adapters.{adapter}"
    for module in [each for each in sys.modules if each.split(".")[0] == framework]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, framework, None)
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(ArchflowError, match=rf"pip install 'archflow\[{extra}\]'") as caught:
        importlib.import_module(name)
    assert "\n" not in str(caught.value)
