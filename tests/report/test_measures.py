import numpy as np
import pytest

from archflow.report.measures import measure, method_name, rounded


@pytest.mark.parametrize(
    ("key", "name", "higher", "share"),
    [
        ("tau", "Kendall tau", True, True),
        ("kendall_tau", "Kendall tau", True, True),
        ("p_at_5", "P@5 %", True, True),
        ("regret", "regret", False, False),
        ("regret_at_10", "regret@10", False, False),
    ],
)
def test_measures_are_known_by_their_keys(key: str, name: str, higher: bool, share: bool) -> None:
    known = measure(key)
    assert known is not None
    assert (known.name, known.higher_is_better, known.is_share) == (name, higher, share)


@pytest.mark.parametrize("key", ["seconds", "p_at_x", "xp_at_1", "p_at_1_std"])
def test_other_keys_are_not_measures(key: str) -> None:
    assert measure(key) is None


@pytest.mark.parametrize(
    ("value", "std", "text"),
    [
        (0.81234, None, "0.812"),
        (np.float32(0.5), np.float64(0.25), "0.500 (0.250)"),
        (93.456789, None, "93.46"),
        (15625, None, "15,625"),
        (np.int64(15625), None, "15,625"),
        (123456.7, None, "123,457"),
        (0.5, float("nan"), "0.500"),
        (None, None, "–"),
        (float("inf"), None, "–"),
        (True, None, "True"),
        ("<gcn>", None, "<gcn>"),
    ],
)
def test_rounded(value: object, std: object, text: str) -> None:
    assert rounded(value, std) == text


def test_method_names() -> None:
    assert method_name("supervised") == "supervised only"
    assert method_name("my method") == "my method"
