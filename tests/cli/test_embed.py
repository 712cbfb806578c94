"""`embed`: arrays, devices, and what is no array."""

from pathlib import Path

import numpy as np

from tests.cli.commands import one_line


def test_embeddings_go_into_arrays_and_devices(run, table, here):
    embed = ("embed", "gated_gcn.fgp-nasbench201", "--data", table, "--out")
    assert "an array is written as .npy" in one_line(run(*embed, "e.csv", code=2))
    run(*embed, "e.npy")
    run(*embed, "e.npy")
    np.save("mine.npy", np.arange(3))
    assert "exists" in one_line(run(*embed, "mine.npy", code=2))
    run(*embed, "/dev/null")
    assert Path("/dev/null").is_char_device()
    assert "/dev/full: could not be written (No space left on device)" in run(*embed, "/dev/full", code=2)
