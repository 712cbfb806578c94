import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.devices.generated import FAMILIES, drawn, parsed
from archflow.devices.generated.draw import LEAST, MOST
from archflow.devices.generated.family import one_of
from archflow.devices.generated.layers import SqueezeExcite, norm
from archflow.devices.generated.mobile import Mobile
from archflow.devices.generated.recurrent import Recurrent
from archflow.devices.generated.residual import Residual
from archflow.devices.generated.transformer import Transformer
from archflow.errors import ArchflowError
from archflow.importers.torch_export import from_module


@pytest.fixture(scope="module")
def networks():
    return drawn(5, seed=1)


def test_networks_of_all_families_are_drawn_in_turn(networks):
    assert [type(each) for each in networks] == [Mobile, Residual, Transformer, Recurrent, Mobile]
    assert len({each.native for each in networks}) == 5
    assert all(LEAST <= each.multiply_adds <= MOST for each in networks)


def test_fewer_networks_are_the_first_of_more(networks):
    assert drawn(2, seed=1) == networks[:2]
    assert drawn(2, seed=2) != networks[:2]


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_description_names_one_network(family, seed):
    spec = FAMILIES[family].drawn(np.random.default_rng(seed))
    assert parsed(spec.native) == spec


@pytest.mark.parametrize("family", FAMILIES)
def test_the_smallest_networks_run(family):
    spec = min(
        (FAMILIES[family].drawn(np.random.default_rng(seed)) for seed in range(5)), key=lambda each: each.multiply_adds
    )
    network, inputs = spec.build(seed=3)
    with torch.inference_mode():
        out = network(*inputs)
        again, others = spec.build(seed=3)
        torch.testing.assert_close(again(*others), out)
    assert out.isfinite().all()
    assert out.abs().max() > 1e-20, "subnormal numbers would decide the latency"


def test_multiply_adds_are_those_of_the_imported_graph(networks):
    network, inputs = networks[1].build()
    assert networks[1].multiply_adds == from_module(network, inputs).columns["macs"]


def test_transformers_read_words_with_shared_keys():
    spec = Transformer(
        **{"reads": "words", "resolution": 0, "patch": 0, "length": 6, "words": 11, "width": 16, "depth": 1},
        **{"heads": 4, "key_heads": 1, "inner": 24, "gated": True, "act": "silu", "norm": "rms", "fused": False},
    )
    network, (words,) = spec.build()
    changed = words.clone()
    changed[0, -1] = (changed[0, -1] + 1) % 11
    with torch.inference_mode():
        before, after = network(words), network(changed)
        fused, _ = spec.model_copy(update={"fused": True}).build()
        torch.testing.assert_close(fused(words), before)
    assert before.shape == (1, 6, 11)
    torch.testing.assert_close(before[:, :-1], after[:, :-1])  # no word attends to a later one


@pytest.mark.parametrize(
    ("native", "message"),
    [
        ("{", "is no JSON; give a description"),
        ("[]", "no family is called None"),
        ('{"family": "conv"}', "no family is called 'conv'; there are mobile"),
        ('{"family": "recurrent", "cell": "rnn"}', "give a description as the column native has it"),
    ],
)
def test_other_descriptions_are_refused_in_one_line(native, message):
    with pytest.raises(ArchflowError, match=message) as raised:
        parsed(native)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("field", "value"), [("length", 10**9), ("length", -1), ("both", "yes"), ("depth", 2.5)])
def test_sizes_out_of_bounds_are_refused(field, value):
    content = json.loads(Recurrent.drawn(np.random.default_rng(0)).native)
    with pytest.raises(ArchflowError, match=field):
        parsed(json.dumps({**content, field: value}))


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("transformer", {"width": 64, "heads": 7, "key_heads": 7}),
        ("transformer", {"reads": "patches", "patch": 0}),
        ("transformer", {"reads": "words", "length": 0}),
        ("residual", {"widths": [8], "depths": [1, 1]}),
        ("residual", {"block": "basic", "groups": 2}),
        ("residual", {"block": "bottleneck", "widths": [12], "depths": [1], "groups": 8}),
    ],
)
def test_sizes_that_do_not_go_together_are_refused(family, change):
    content = json.loads(FAMILIES[family].drawn(np.random.default_rng(0)).native)
    with pytest.raises(ArchflowError, match="network: "):
        parsed(json.dumps({**content, **change}))


def test_parts():
    assert SqueezeExcite(8, 2)(torch.ones(1, 8, 3, 3)).shape == (1, 8, 3, 3)
    assert norm("group", 24).num_groups == 3
    assert one_of(np.random.default_rng(0), "ab", (0.0, 1.0)) == "b"
