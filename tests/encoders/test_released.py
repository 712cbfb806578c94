"""Encoders against the numbers of their authors' code.

A fixture `released/<encoder>.json` holds

    source    owner/name@commit of the repository whose code gave the numbers
    note      what of that code was run, and where it had to be led around a difference from the paper
    cases     list of
        space           name of the search space
        config          arguments of our encoder besides `n_ops`
        architectures   native strings (objects, where the space's strings are JSON)
        values          of every architecture, eight entries of the embedding that the released code gave with the
                        weights of `released_weights.fill`: those at 0, s, 2s, ... with s the eighth part of its width
        note            optional: what is particular to the case

No weight and no line of other people's code is kept.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from archflow.encoders import ENCODERS
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.spaces import SPACES
from tests.encoders.released_weights import fill

RELATIVE = 1e-4
"""Of the largest entry of an architecture's embedding."""


def cases() -> list[Any]:
    found = []
    for path in sorted(Path(__file__).with_name("released").glob("*.json")):
        for number, case in enumerate(json.loads(path.read_text())["cases"]):
            found.append(pytest.param(path.stem, case, id=f"{path.stem}-{case['space']}-{number}"))
    return found


def embedded(name: str, case: dict[str, Any]) -> Tensor:
    """(B, 8) what `values` holds, from our encoder."""
    space = SPACES.get(case["space"])()
    texts = [text if isinstance(text, str) else json.dumps(text) for text in case["architectures"]]
    architectures = ArchitectureSet.from_architectures([space.parse(text) for text in texts], space.vocabulary)
    encoder = ENCODERS.get(name)(n_ops=len(space.vocabulary), **case["config"]).eval()
    fill(encoder)
    with torch.no_grad():
        embedding = encoder.embed(Batch(architectures))
    return embedding[:, :: encoder.dim // 8][:, :8]


@pytest.mark.parametrize(("name", "case"), cases())
def test_the_numbers_are_those_of_the_released_code(name: str, case: dict[str, Any]):
    expected = torch.tensor(case["values"])
    allowed = RELATIVE * expected.abs().amax(1, keepdim=True)
    apart = (expected[:, None] - expected).abs().amax(2) > 10 * allowed
    assert (apart | torch.eye(len(expected), dtype=torch.bool)).all(), "two architectures have the same numbers"
    off = (embedded(name, case) - expected).abs()
    assert (off <= allowed).all(), f"off by up to {float((off / allowed).max()) * RELATIVE:.2g} of the largest entry"
