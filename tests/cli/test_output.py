import json

import pytest
import typer

from archflow.cli.output import label_count, names, numbers, print_json, print_table, probability
from archflow.errors import ArchflowError


def test_names_stand_between_commas():
    assert names(" a, b,,c ") == ["a", "b", "c"]
    assert names(None) == names(" , ") == []


def test_numbers_are_positive_and_of_their_kind():
    assert numbers("--labels", "10, 20", int) == [10, 20]
    for text, kind in (("1.5", int), ("0", int), ("-1", float), ("inf", float), ("nan", float), ("x", float)):
        with pytest.raises(ArchflowError, match=f"--labels '{text}': give positive numbers with commas between them"):
            numbers("--labels", text, kind)


def test_labels_are_a_count_or_a_fraction():
    assert (label_count("50"), label_count("0.1"), label_count("10 %"), label_count(None)) == (50, 0.1, 0.1, None)
    for text in ("1.5", "0", "200%", "many", "inf"):
        with pytest.raises(ArchflowError, match=r"give a count such as 50, or a fraction such as 0\.1 or 10%"):
            label_count(text)


def test_a_probability_may_be_a_percentage():
    assert probability("80%") == probability(0.8) == probability("0.8") == 0.8
    with pytest.raises(typer.BadParameter, match="'often' is not a number; write"):
        probability("often")


def test_tables_are_aligned_and_harmless_to_a_terminal(capsys):
    print_table(["name", "tau"], [["a\x1b[31m", 0.5], ["longer name", 12]])
    assert capsys.readouterr().out.splitlines() == [
        "name         tau",
        "-----------  ---",
        r"a\x1b[31m    0.5",
        "longer name   12",
    ]


def test_json_has_no_nan(capsys):
    print_json({"tau": 0.5})
    assert json.loads(capsys.readouterr().out) == {"tau": 0.5}
    with pytest.raises(ValueError, match="JSON"):
        print_json({"tau": float("nan")})
