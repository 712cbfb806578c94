import pytest

from archflow.printable import is_name, printable, shown


def test_what_a_terminal_would_obey_is_escaped_and_nothing_else():
    assert printable("Größe 3×3, 卷积") == "Größe 3×3, 卷积"
    assert printable("a\x1b[31mb\nc\u202ed\udc80") == r"a\x1b[31mb\nc\u202ed\udc80"


@pytest.mark.parametrize(
    ("value", "named"), [("conv", True), ("卷积", True), ("", False), ("a\ud800", False), (3, False), (None, False)]
)
def test_a_name_is_text_that_can_be_written(value, named):
    assert is_name(value) == named


def test_messages_show_the_beginning_of_what_is_long():
    assert shown("short") == "'short'"
    assert shown([1, 2]) == "[1, 2]"
    assert shown("x" * 61) == repr("x" * 57 + "...")
    assert shown("x" * 60) == repr("x" * 60)
    assert shown(list(range(99))).endswith("...")
    assert len(shown(list(range(99)))) == 60
