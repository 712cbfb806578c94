"""What tests of all rooms share: real data where there is any, random architectures, one thread."""

from pathlib import Path

import pytest
import torch
from hypothesis import settings

from archflow.graph import ArchitectureSet
from archflow.testing import random_architectures

torch.set_num_threads(1)  # small matrices: a second thread costs more than it brings
settings.register_profile("archflow", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("archflow")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real benchmark tables; tests that need it are skipped where it is not."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real benchmark data: there is no folder ../shared/data beside the repository")
    return folder


@pytest.fixture(scope="session")
def architectures() -> ArchitectureSet:
    """60 random labelled DAGs over five operations, the numbering of their nodes random too."""
    return random_architectures(60, seed=7)
