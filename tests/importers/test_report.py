"""What came of importing, in a line."""

from archflow.importers.report import Report
from tests.importers.test_model import small


def test_a_line_names_what_is_opaque():
    report = Report()
    list(report.counting([small(), small(op="strange"), small(op="strange"), small(op="odd")]))
    assert report.sentence() == "4 models, 16 nodes; 3 opaque: strange (2), odd (1)"
    assert report.content() == {"models": 4, "nodes": 16, "opaque": {"strange": 2, "odd": 1}, "notes": []}


def test_a_line_where_nothing_is():
    report = Report()
    list(report.counting([small()]))
    assert report.sentence() == "1 model, 4 nodes; every operation is known"


def test_many_are_not_all_listed():
    report = Report()
    list(report.counting(small(op=f"op_{number}") for number in range(20)))
    assert report.sentence().endswith("and 8 more")
