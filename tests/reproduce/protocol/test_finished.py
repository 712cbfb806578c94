"""Finished parts of a study: only what was written for it comes back."""

import json

import pytest

from archflow.sealed import seal
from archflow_reproduce.protocol.finished import read_finished, write_finished

MEASURES = {"fgp": {"tau": [0.5, -1.0], "best_epoch": [3, 7]}}


def test_what_was_written_comes_back(tmp_path):
    path = tmp_path / "fgp-2.json"
    assert read_finished(path, "key", 2) is None
    assert write_finished(path, "key", MEASURES) == MEASURES
    assert read_finished(path, "key", 2) == MEASURES


def test_another_study_part_or_number_of_runs_is_none(tmp_path, capsys):
    path = tmp_path / "fgp-2.json"
    write_finished(path, "key", MEASURES)
    assert read_finished(path, "other", 2) is None
    assert read_finished(path, "key", 3) is None
    assert read_finished(path.rename(tmp_path / "flow-2.json"), "key", 2) is None
    said = capsys.readouterr().err.splitlines()
    assert [line.count("measured again, as the file cannot be trusted") for line in said] == [1, 1, 1]


@pytest.mark.parametrize(
    "measures",
    [
        {},
        [],
        None,
        {"fgp": {}},
        {"fgp": []},
        {"fgp": {"tau": [2.0, 0.0]}},
        {"fgp": {"tau": [0.5]}},
        {"fgp": {"tau": 0.5}},
        {"fgp": {"tau": ["0.5", 0.1]}},
        {"fgp": {"tau": [True, 0.1]}},
        {"fgp": {"tau": [0.5, None]}},
        {"fgp": {"best_epoch": [1, 2]}},
        {"fgp": {"tau": [0.5, 0.1], "p_at_1": [0.5]}},
        {"fgp": {"tau": [0.5, 0.1], "p_at_1": [0.5, 10**400]}},
        {"fgp": {"tau": [0.5, 0.1]}, "flow": {}},
    ],
)
def test_what_are_no_measures_is_none_even_under_a_right_digest(measures, tmp_path):
    path = tmp_path / "fgp-2.json"
    path.write_text(json.dumps(seal({"of": ["key", "fgp-2"], "measures": measures})))
    assert read_finished(path, "key", 2) is None
