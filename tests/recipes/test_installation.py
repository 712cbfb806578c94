from importlib import metadata

import pytest

from archflow.recipes import installation
from archflow.recipes.installation import check_installation, usable_cores


@pytest.fixture
def checked(monkeypatch, tmp_path):
    """The checks by name, on a machine whose cache is in an empty folder."""
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHFLOW_DATA", raising=False)
    return lambda: {check.name: check for check in check_installation()}


def test_a_sound_installation_has_no_problem(checked, monkeypatch):
    for name in installation.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    found = checked()
    assert not any(check.broken for check in found.values())
    assert found["torch"].found == metadata.version("torch")
    assert found["data sets"].found.endswith("(archflow data list)")
    assert "cpu" in found["devices"].found


def test_packages_that_are_old_or_missing_come_with_the_command(checked, monkeypatch):
    lines = ["numpy>=99.1", "no-such-package>=1.2", 'nothing[more]>=3 ; extra == "ray"', 'pytest ; extra == "dev"']
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    found = checked()
    assert found["numpy"].broken
    assert found["numpy"].advice == "pip install 'numpy>=99.1'"
    assert found["no-such-package"].found == "not installed"
    assert found["ray"].found == "nothing not installed; for it: pip install 'archflow[ray]'"
    assert not found["ray"].broken
    assert "dev" not in found


def test_without_a_distribution_it_says_so(checked, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    assert checked()["package"].advice == "install it: pip install archflow"


@pytest.mark.parametrize(
    ("value", "advice"), [("1", ""), ("2,1", ""), ("0", "unset it"), ("all", "unset it"), ("64", "set it to 2")]
)
def test_settings_of_threads(checked, monkeypatch, value, advice):
    monkeypatch.setattr(installation, "usable_cores", lambda: 2)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    found = checked()["OMP_NUM_THREADS"]
    assert (advice in found.advice) if advice else found.advice == ""


def test_a_limit_of_processor_time_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(installation, "_CONTROL_GROUP", tmp_path / "cpu.max")
    every = usable_cores()
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert usable_cores() == 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert usable_cores() == every


def test_folders_that_cannot_be_used(checked, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "file"))
    monkeypatch.setenv("ARCHFLOW_DATA", str(tmp_path / "nowhere"))
    found = checked()
    assert found["cache"].broken
    assert "ARCHFLOW_CACHE" in found["cache"].advice
    assert found["data folder"].broken
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path))
    monkeypatch.setattr(installation, "LEAST_FREE", 1 << 62)
    assert "nearly full" in checked()["cache"].advice
