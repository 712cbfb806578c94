import pytest

from archflow.errors import ArchflowError
from archflow.search.adapters.configurations import native_in
from archflow.search.adapters.follower import Follower

NATIVE = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"


def test_the_native_string_is_found():
    assert native_in({"architecture": NATIVE, "epochs": 3}, Follower("nasbench201", "random"), "trial 3") == NATIVE


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"width": 3, "epochs": 2}, "trial 3 has no 'architecture' but width, epochs"),
        ({}, "trial 3 has no 'architecture' but nothing"),
        ({"architecture": "a b c"}, "trial 3 is not of the space nasbench201"),
        ({"architecture": 7}, "trial 3 is not of the space nasbench201"),
        ({"architecture": None}, "trial 3 is not of the space nasbench201"),
        ({"architecture": ["a"]}, "trial 3 is not of the space nasbench201"),
    ],
)
def test_what_is_no_architecture_of_the_space_is_one_line(configuration, said):
    with pytest.raises(ArchflowError, match=said) as caught:
        native_in(configuration, Follower("nasbench201", "random"), "trial 3")
    assert "\n" not in str(caught.value)
