import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.spaces.ofa_mobilenetv3 import EXPANSIONS, KERNELS, RESOLUTIONS, OFAMobileNetV3
from archflow.testing import check_search_space
from tests.spaces.same_graphs import assert_parses_as_the_table, table_of

SPACE = OFAMobileNetV3()
FIELDS = {"ks": [3, 5, 7, 3] * 5, "e": [3, 4, 6, 6] * 5, "d": [2, 3, 4, 2, 3], "r": 160}
GOOD = json.dumps(FIELDS)

fields = st.fixed_dictionaries(
    {
        "ks": st.lists(st.sampled_from(KERNELS), min_size=20, max_size=20),
        "e": st.lists(st.sampled_from(EXPANSIONS), min_size=20, max_size=20),
        "d": st.lists(st.integers(2, 4), min_size=5, max_size=5),
        "r": st.sampled_from(RESOLUTIONS),
    }
)


def test_the_space_holds_the_contract() -> None:
    check_search_space(SPACE)
    assert SPACE.size == 25 * (9**2 + 9**3 + 9**4) ** 5


@given(fields)
def test_places_behind_a_stage_s_depth_have_no_effect(native: dict) -> None:
    architecture = SPACE.parse(json.dumps(native))
    expected = [
        (native["ks"][4 * stage + place], native["e"][4 * stage + place], stage)
        for stage in range(5)
        for place in range(native["d"][stage])
    ]
    assert architecture.ops == ("input", *["mbconv"] * len(expected), "output")
    columns = (architecture.attributes[name][1:-1] for name in ("kernel", "expansion", "stage"))
    assert list(zip(*columns, strict=True)) == expected
    assert architecture.attributes["resolution"][0] == native["r"]
    written = json.loads(SPACE.format(architecture))
    assert (written["d"], written["r"]) == (native["d"], native["r"])
    for i in range(20):
        used = i % 4 < native["d"][i // 4]
        assert (written["ks"][i], written["e"][i]) == ((native["ks"][i], native["e"][i]) if used else (0, 0))
    assert SPACE.parse(SPACE.format(architecture)) == architecture


def test_attributes() -> None:
    values = SPACE.parse(GOOD).attributes
    nan = np.nan
    assert values.keys() == set(SPACE.attribute_names) == {"resolution", "stage", "kernel", "expansion", "stride"}
    np.testing.assert_array_equal(values["resolution"][:2], [160, nan])
    np.testing.assert_array_equal(values["kernel"][:7], [nan, 3, 5, 3, 5, 7, 3])
    np.testing.assert_array_equal(values["expansion"][:7], [nan, 3, 4, 3, 4, 6, 3])
    np.testing.assert_array_equal(values["stage"], [nan, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4, nan])
    np.testing.assert_array_equal(values["stride"], [nan, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, nan])


def test_a_neighbour_has_a_layer_more_or_fewer() -> None:
    depths = {tuple(json.loads(SPACE.format(a))["d"]) for a in SPACE.neighbours(SPACE.parse(GOOD))}
    grown = {(3, 3, 4, 2, 3), (2, 4, 4, 2, 3), (2, 3, 4, 3, 3), (2, 3, 4, 2, 4)}
    shrunk = {(2, 2, 4, 2, 3), (2, 3, 3, 2, 3), (2, 3, 4, 2, 2)}
    assert depths == {(2, 3, 4, 2, 3)} | grown | shrunk


def changed(**values: object) -> str:
    return json.dumps({**FIELDS, **values})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(ks=[3, 9, *FIELDS["ks"][2:]]), r"ks\[1\] is 9, use one of 3, 5, 7"),
        (changed(ks=[3, 5, 9, *FIELDS["ks"][3:]]), r"ks\[2\] is 9, use one of 0, 3, 5, 7"),
        (changed(ks=[0, *FIELDS["ks"][1:]]), r"ks\[0\] is 0"),
        (changed(e=[True, *FIELDS["e"][1:]]), r"e\[0\] is true"),
        (changed(e=[3.0, *FIELDS["e"][1:]]), r"e\[0\] is 3.0"),
        (changed(e=[[], *FIELDS["e"][1:]]), r"e\[0\] is a list"),
        (changed(e=FIELDS["e"][1:]), "'e' is a list of 20"),
        (changed(d=[2, 2, 2, 2, 5]), r"d\[4\] is 5, use one of 2, 3, 4"),
        (changed(d=3), "'d' is a list of 5"),
        (changed(r=130), "r is 130, use one of 128, 132"),
        (changed(r="160"), "r is '160'"),
        (changed(x=1), "unknown field 'x'"),
        ('{"ks": []}', "field 'e' is missing"),
        (GOOD[:-1] + ', "r": 128}', "field 'r' stands there twice"),
        (GOOD[:30], "not JSON from character 31 on"),
        (GOOD.replace("160", "1 60"), "not JSON from character 1[0-9][0-9] on"),
        (GOOD.replace("160", "NaN"), "NaN is not a JSON number"),
        (GOOD.replace("160", "1" * 5000), "r is 1|digits"),
        ("[" * 100_000, "nested deeper than 100 levels"),
        ("[1]", "not a JSON object"),
        ("", "not JSON from character 1 on"),
    ],
)
def test_mistakes_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        SPACE.parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_graphs_of_the_real_table(data_folder: Path) -> None:
    assert_parses_as_the_table(SPACE, table_of(data_folder, "ofa_mbv3_latency", SPACE))
