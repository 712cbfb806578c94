"""Every kind of context keeps its contract; what each says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.predict.contexts import CONTEXTS
from archflow.predict.contexts.base import ContextKind
from archflow.predict.contexts.names import OneHot
from archflow.predict.contexts.numbers import NumbersInText
from archflow.predict.contexts.words import SharedWords, words_of
from tests.latencies import DEVICES

SENTENCES = st.lists(st.text(min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=6, unique=True)


@pytest.mark.parametrize("name", CONTEXTS.names())
@given(learnt=SENTENCES, shown=SENTENCES)
def test_columns_follow_from_what_was_learnt(name, learnt, shown):
    kind: ContextKind = CONTEXTS.get(name).of(learnt)
    values = kind(shown)
    assert values.shape == (len(shown), len(kind.names))
    assert len(set(kind.names)) == len(kind.names)
    rows = [kind([sentence])[0] for sentence in shown]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(values, rows, strict=True))
    again = CONTEXTS.get(name).from_json(kind.to_json())
    assert again == kind


def test_numbers_are_logarithms_of_what_the_words_say():
    kind = NumbersInText.of(DEVICES)
    (row,) = kind(["4 x Cortex-A76 2.4 GHz, 2 threads, int8, CPU"])
    found = dict(zip(kind.names, row.tolist(), strict=True))
    assert found["log:clock_ghz"] == pytest.approx(np.log(2.4))
    assert found["log:threads"] == pytest.approx(np.log(2))
    assert (found["gpu"], found["int8"], found["fp16"]) == (0, 1, 0)
    assert np.isnan(found["log:bandwidth_gb_s"])


def test_a_word_counts_if_some_devices_have_it():
    kind = SharedWords.of(DEVICES)
    assert "cortex-a53" in kind.words
    assert "cortex-a72" not in kind.words, "only one device has it"
    assert "cpu" not in kind.words, "all devices have it"
    (row,) = kind(["another one with Cortex-A53"])
    assert row[kind.words.index("cortex-a53")] == 1
    assert words_of("Cortex\N{NON-BREAKING HYPHEN}A720") == {"cortex-a720"}


def test_a_device_that_was_not_learnt_has_no_column():
    kind = OneHot.of(DEVICES)
    assert not kind(["another"]).any()
    assert np.array_equal(kind(DEVICES), np.eye(len(DEVICES)))
    assert OneHot.of([str(each) for each in range(300)]).names == ()


@pytest.mark.parametrize("name", ["names", "words"])
def test_a_damaged_description_is_refused(name):
    for about in ({}, {"known": 3, "words": 3}, {"known": [1], "words": [""]}):
        with pytest.raises(ArchflowError, match="damaged"):
            CONTEXTS.get(name).from_json(about)
