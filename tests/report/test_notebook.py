"""The pieces of HTML that notebooks show."""

import re
from xml.dom.minidom import parseString

import numpy as np

from archflow.report.notebook import curve, table


def test_a_table_escapes_what_a_user_named():
    found = table("<b>", ["a & b"], [["<script>", 3]])
    assert "<script" not in found
    rows = parseString(found).getElementsByTagName("td")
    assert [row.firstChild.data for row in rows] == ["<script>", "3"]


def test_a_curve_has_a_dot_for_each_evaluation_and_steps():
    found = curve([1.0, np.nan, 3.0, 2.0], [1.0, 1.0, 3.0, 3.0], "acc<1>")
    assert len(parseString(found).getElementsByTagName("circle")) == 3
    steps = [float(y) for y in re.findall(r"V([\d.]+)", found)]
    assert steps[0] > steps[1] == steps[2]  # better is higher
    assert "acc&lt;1&gt;: 1 to 3 in 3 evaluations" in found
    assert "nan" not in found
    assert curve([np.nan, 1.0], [np.nan, 1.0], "few") == ""
