from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.chain import ChainSpace, Stage
from archflow.testing import check_search_space


class Varying(ChainSpace):
    name = "varying"
    inputs = ("small", "large")
    stages = (Stage(("a", "b"), (1, 3)), Stage(("c",), (2, 2)), Stage(("d", "e", "f"), (1, 2)))
    operation_attributes = {  # noqa: RUF012
        "small": {"resolution": 8},
        "large": {"resolution": 16},
        "a": {"kernel": 3},
        "b": {"kernel": 5, "groups": 2},
        "d": {"kernel": 7},
    }


class Fixed(ChainSpace):
    """Its stages share operations, which fixed depths allow."""

    name = "fixed"
    stages = (Stage(("conv", "pool", "wide"), (2, 2)), Stage(("conv", "id"), (3, 3)))
    spelling = {"conv": "C", "pool": "P", "wide": "W", "id": "I"}  # noqa: RUF012
    separator = ""
    identity = "id"


VARYING, FIXED = Varying(), Fixed()
ALL = VARYING.enumerate()
TEXTS = {VARYING.format(a) for a in ALL}
chains = st.integers(0, VARYING.size - 1).map(ALL.__getitem__)


@pytest.mark.parametrize("space", [VARYING, FIXED], ids=lambda space: space.name)
def test_declared_spaces_hold_the_contract(space: ChainSpace) -> None:
    check_search_space(space)


def test_enumeration_is_every_chain_once() -> None:
    depths = {1: ["d", "e", "f"], 2: ["".join(pair) for pair in product("def", repeat=2)]}
    firsts = ["".join(run) for depth in (1, 2, 3) for run in product("ab", repeat=depth)]
    expected = {
        ",".join((resolution, *first, "c", "c", *last))
        for resolution in ("small", "large")
        for first in firsts
        for depth in (1, 2)
        for last in depths[depth]
    }
    texts = [VARYING.format(a) for a in ALL]
    assert len(texts) == VARYING.size == 2 * (2 + 4 + 8) * (3 + 9)
    assert set(texts) == expected


def test_a_chain_is_a_path_of_its_operations() -> None:
    architecture = VARYING.parse("large,b,c,c,f,d")
    assert architecture.ops == ("large", "b", "c", "c", "f", "d", "output")
    assert architecture.edges == tuple((i, i + 1) for i in range(6))
    assert FIXED.parse("CPIIC").ops == ("input", "conv", "pool", "id", "id", "conv", "output")


def stages(architecture: Architecture) -> list[str]:
    return ["".join(op for op in architecture.ops if op in part) for part in (("small", "large"), "ab", "c", "def")]


CHAINS = list(ALL)
STAGES = [stages(a) for a in CHAINS]


def one_choice_apart(one: list[str], other: list[str]) -> bool:
    changed = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    if len(changed) != 1:
        return False
    short, long = sorted(changed[0], key=len)
    if long in ("small", "large"):
        return True
    if len(short) == len(long):
        return sum(a != b for a, b in zip(short, long, strict=True)) == 1
    return len(long) - len(short) == 1 and long.startswith(short)


@given(chains)
def test_neighbours_are_the_chains_one_choice_away(architecture: Architecture) -> None:
    around = list(VARYING.neighbours(architecture))
    assert len(set(around)) == len(around)
    own = stages(architecture)
    assert set(around) == {CHAINS[i] for i, other in enumerate(STAGES) if one_choice_apart(own, other)}


def test_samples_are_uniform_over_choices() -> None:
    count = 4000
    sample = list(VARYING.sample(count, np.random.default_rng(5)))
    for found, share in (
        (sum(a.ops[0] == "small" for a in sample), 1 / 2),
        (sum(sum(op in "ab" for op in a.ops) == 3 for a in sample), 1 / 3),
        (sum(sum(op in "def" for op in a.ops) == 1 for a in sample), 1 / 2),
        (sum(a.ops[-2] == "e" for a in sample), 1 / 3),
    ):
        assert abs(found - count * share) < 5 * np.sqrt(count * share * (1 - share))
    assert len(VARYING.sample(0, np.random.default_rng(0))) == 0


def test_attributes_are_those_of_the_operations() -> None:
    some = ArchitectureSet.from_architectures([VARYING.parse("large,b,a,c,c,d"), VARYING.parse("small,a,c,c,e,e")])
    nan = np.nan
    expected = {
        "resolution": [16, nan, nan, nan, nan, nan, nan, 8, nan, nan, nan, nan, nan, nan],
        "kernel": [nan, 5, 3, nan, nan, 7, nan, nan, 3, nan, nan, nan, nan, nan],
        "groups": [nan, 2, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan],
    }
    assert some.attribute_names == tuple(sorted(expected))
    assert set(VARYING.attribute_names) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(some.attribute(name), values, err_msg=name)


class Named(Varying):
    """The same space, its operations told apart by numbers, and with attributes of stages."""

    name = "named"
    stages = (
        Stage(("a", "b"), (1, 3), {"channels": 8, "stride": 1}, first={"stride": 2}),
        Stage(("c",), (2, 2), {"channels": 16}),
        *Varying.stages[2:],
    )
    plain_names = dict.fromkeys("abd", "conv") | dict.fromkeys(("small", "large"), "input")


NAMED = Named()


def test_operations_of_one_plain_name_are_told_apart_by_their_attributes() -> None:
    check_search_space(NAMED)
    assert NAMED.vocabulary.ops == ("input", "output", "conv", "c", "e", "f")
    architecture = NAMED.parse("large,b,a,c,c,d")
    assert architecture.ops == ("input", "conv", "conv", "c", "c", "conv", "output")
    for name, values in {"kernel": [5, 3, None, None, 7], "channels": [8, 8, 16, 16], "stride": [2, 1]}.items():
        given = architecture.attributes[name][1:-1]
        np.testing.assert_array_equal(
            given, [np.nan if x is None else x for x in values] + [np.nan] * (5 - len(values))
        )
    assert [NAMED.format(a) for a in NAMED.enumerate()] == [VARYING.format(a) for a in ALL]


@given(chains)
def test_the_names_of_older_tables_are_read(architecture: Architecture) -> None:
    """Operations under their own names without attributes are those with a plain name and attributes."""
    text = VARYING.format(architecture)
    old = Architecture(architecture.ops, architecture.edges)
    assert NAMED.format(old) == NAMED.format(NAMED.parse(text)) == text
    some = ArchitectureSet.from_architectures([old])
    for space in (NAMED, VARYING):
        assert list(space.conform(some)) == [space.parse(text)]
    more = ArchitectureSet.from_architectures([NAMED.parse(text)])
    foreign = more.with_attributes(np.c_[more.attributes, np.arange(len(more.op))], (*more.attribute_names, "place"))
    assert list(NAMED.conform(foreign)) == [NAMED.parse(text)]


def test_attributes_that_no_operation_has_are_refused() -> None:
    good = NAMED.parse("large,b,a,c,c,d")
    kernel = [value + (node == 2) for node, value in enumerate(good.attributes["kernel"])]
    with pytest.raises(ArchflowError, match="row 0: unknown operation 'conv' with kernel 4"):
        NAMED.format(Architecture(good.ops, good.edges, {**good.attributes, "kernel": kernel}))


def test_identities_behind_a_stage_s_first_layer_move() -> None:
    forms = {text: FIXED.canonical(FIXED.parse(text)) for text in ("CCCIC", "CCCCI", "CCICC", "CPCCI", "CCIIC")}
    assert forms == {"CCCIC": "CCCCI", "CCCCI": "CCCCI", "CCICC": "CCICC", "CPCCI": "CPCCI", "CCIIC": "CCICI"}


@pytest.mark.parametrize(
    ("space", "text", "message"),
    [
        (VARYING, "large,b,c,x,d", "'x' at character 11 is not one of c"),
        (VARYING, "large,b,x,c,d", "'x' at character 9 is not one of a, b, c"),
        (VARYING, "large,b,c,d", "'d' at character 11 is not one of c"),
        (VARYING, "b,c,c,d", "'b' at character 1 is not one of small, large"),
        (VARYING, "large,b,c,c", "ends at character 11 after 4 choices of 5 to 8"),
        (VARYING, "large,b,c,c,d,d,d", "should end before character 17, remove 'd'"),
        (VARYING, "large,b,c,c,d,", "'' at character 15 is not one of d, e, f"),
        (VARYING, "", "'' at character 1 is not one of small, large"),
        (FIXED, "CPIP", "'P' at character 4 is not one of C, I"),
        (FIXED, "CPIIIC", "should end before character 6, remove 'C'"),
        (FIXED, "", "ends at character 0 after 0 choices of 5"),
    ],
)
def test_typos_are_located(space: ChainSpace, text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        space.parse(text)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="abcdef,smllarge\n\x00é", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    if text in TEXTS:
        assert VARYING.format(VARYING.parse(text)) == text
    else:
        with pytest.raises(ArchflowError, match=r"\A[^\n]* character \d+[^\n]*\Z"):
            VARYING.parse(text)


GOOD = VARYING.parse("large,b,c,c,d")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Architecture(GOOD.ops, ((0, 2), *GOOD.edges[1:])), "edges"),
        (Architecture(GOOD.ops, GOOD.edges[1:]), "edges"),
        (GOOD.relabelled([5, 4, 3, 2, 1, 0]), "edges"),
        (VARYING.parse("large,b,c,c,d,d").pruned("b", "output"), "too few or too many layers"),
        (Architecture(("large", "c", "b", "c", "d", "output"), GOOD.edges), "after one of a later"),
        (Architecture(("large", "b", "c", "c", "c", "output"), GOOD.edges), "too few or too many layers"),
        (Architecture(("other", *GOOD.ops[1:]), GOOD.edges), "unknown operation 'other'"),
    ],
)
def test_other_graphs_are_refused(wrong: Architecture, message: str) -> None:
    for use in (VARYING.format, VARYING.canonical, VARYING.neighbours):
        with pytest.raises(ArchflowError, match=message):
            use(wrong)


def test_operations_in_the_wrong_place_of_fixed_stages_are_refused() -> None:
    good = FIXED.parse("CPIIC")
    for ops in (("input", "conv", "id", *good.ops[3:]), ("conv", "conv", *good.ops[2:])):
        with pytest.raises(ArchflowError, match="not allowed at its position"):
            FIXED.format(Architecture(ops, good.edges))
    with pytest.raises(ArchflowError, match="architecture 1 is not of fixed"):
        FIXED.conform(ArchitectureSet.from_architectures([good, good.pruned("conv", "output")], FIXED.vocabulary))


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"stages": ()}, "no stages"),
        ({"stages": (Stage((), (1, 1)),)}, "needs operations"),
        ({"stages": (Stage(("a", "a"), (1, 1)),)}, "each once"),
        ({"stages": (Stage(("a",), (0, 1)),)}, r"from \(1, 1\) on"),
        ({"stages": (Stage(("a",), (3, 2)),)}, r"from \(1, 1\) on"),
        ({"stages": (Stage(("a", "b"), (1, 2)), Stage(("b",), (1, 1)))}, "'b' is ambiguous"),
        ({"stages": (Stage(("a", "b"), (1, 1)),), "spelling": {"a": "b"}}, "'b' is ambiguous"),
        (
            {"stages": (Stage(("a", "b"), (1, 1)),), "plain_names": {"a": "b"}},
            "'a' and 'b' would be the same node, 'b'",
        ),
        ({"stages": (Stage(("a,b",), (1, 1)),)}, "'a,b' cannot be recognised"),
        ({"stages": (Stage(("ab",), (1, 1)),), "separator": ""}, "'ab' cannot be recognised"),
        ({"stages": (Stage(("output",), (1, 1)),)}, "'output' occurs twice"),
    ],
)
def test_contradictory_declarations_are_refused(declared: dict, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        type("Wrong", (ChainSpace,), {"name": "wrong", **declared})()


def test_large_spaces_are_not_enumerated() -> None:
    large = type("Large", (ChainSpace,), {"name": "large", "stages": (Stage(("a", "b"), (30, 30)),)})()
    with pytest.raises(ArchflowError, match=r"large has 1\.1e\+09 architectures, too many to enumerate"):
        large.enumerate()
