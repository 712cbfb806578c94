import pytest

from archflow.errors import ArchflowError
from archflow.spaces.native_json import read_object, shown_value


def test_an_object_with_its_fields_is_read():
    assert read_object('{"a": [1], "b": null}', ("a", "b")) == {"a": [1], "b": None}
    assert read_object("{}") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "not JSON from character 8 on .*, found the end"),
        ('{"a": x}', r"not JSON from character 7 on .*, found 'x\}'"),
        ("[1]", "it is not a JSON object"),
        ('{"a": 1}', "field 'b' is missing; the fields are a, b"),
        ('{"a": 1, "b": 2, "c": 3}', "unknown field 'c'; the fields are a, b"),
        ('{"a": NaN, "b": 2}', "NaN is not a JSON number"),
        ('{"a": 1, "a": 2, "b": 3}', "a"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        read_object(text, ("a", "b"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "shown"), [({}, "an object"), ([], "a list"), ("x", "'x'"), (None, "null"), (1, "1")]
)
def test_values_are_shown_as_json_has_them(value, shown):
    assert shown_value(value) == shown
