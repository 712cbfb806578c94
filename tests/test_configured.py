from typing import Any, ClassVar

import numpy as np
import pytest

from archflow.configured import Configured, parsed
from archflow.errors import ArchflowError


class Part(Configured):
    def __init__(self, size: int, names: Any = ("a", "b"), *, scale: float = 1.0, **more: Any) -> None:
        self.size = size


class Derived(Part):
    def __init__(self, size: int = 4) -> None:
        super().__init__(size + 1, scale=3.0)


class Inherits(Part):
    pass


class Bounded(Part):
    bounds: ClassVar = {"size": (1, 8), "scale": (0, 1)}


def test_every_argument_is_captured_defaults_included():
    assert Part(3).config == {"size": 3, "names": ["a", "b"], "scale": 1.0}
    assert Part(3, scale=2.0, other=1).config == {"size": 3, "names": ["a", "b"], "scale": 2.0, "other": 1}


def test_values_are_as_json_keeps_them():
    size: Any = np.int64(3)
    config = Part(size, np.array([1, 2]), scale=np.float64(0.5), more={"x": (np.int32(1),)}).config
    assert config == {"size": 3, "names": [1, 2], "scale": 0.5, "more": {"x": [1]}}
    assert [type(config[name]) for name in ("size", "scale")] == [int, float]


def test_the_most_derived_constructor_counts():
    assert Derived(7).config == {"size": 7}
    assert Derived(7).size == 8
    assert Inherits(2).config == Part(2).config
    assert Derived(**Derived(9).config).config == {"size": 9}


def test_the_captured_arguments_are_a_copy():
    names = ["a"]
    part = Part(1, names)
    names.append("b")
    assert part.config["names"] == ["a"]


def test_the_constructor_gets_pythons_own_numbers():
    part = Part(np.int64(3), scale=np.float32(0.5))
    assert (type(part.size), part.size) == (int, 3)
    assert type(Part(8.0).size) is int


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "Bounded: size must be a whole number of at least 1 and at most 8, not 0"),
        ({"size": 9}, "not 9"),
        ({"size": 2.5}, r"not 2\.5"),
        ({"size": "2"}, "not '2'"),
        ({"size": 1, "scale": np.nan}, "Bounded: scale must be a number of at least 0 and at most 1, not nan"),
        ({"size": 1, "scale": 1.5}, r"not 1\.5"),
    ],
)
def test_arguments_out_of_their_bounds_are_refused_before_anything_is_built(arguments, message):
    with pytest.raises(ArchflowError, match=message):
        Bounded(**arguments)


def test_the_part_of_a_setting_may_be_a_class_by_its_module():
    texts = ["graphcl.temperature=0.1", "my.parts:Depth.unit=2", "my.parts:Depth.name=a.b"]
    assert parsed(texts) == {"graphcl": {"temperature": 0.1}, "my.parts:Depth": {"unit": 2, "name": "a.b"}}
