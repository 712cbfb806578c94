"""Tables in LaTeX."""

from archflow.report.html import Cell
from archflow.report.latex import latex, latex_table


def test_what_latex_would_obey_is_escaped():
    assert latex(r"50 % of a_b & c#1 {x} ^ ~ \n") == (
        r"50 \% of a\_b \& c\#1 \{x\} \textasciicircum{} \textasciitilde{} \textbackslash{}n"
    )


def test_the_best_is_bold_and_numbers_are_aligned_right():
    text = latex_table("taus", ["method", "tau"], [[Cell("a"), Cell("0.5 (0.01)")], [Cell("b"), Cell("0.9", True)]])
    lines = text.splitlines()
    assert r"\begin{tabular}{lr}" in lines
    assert r"b & \textbf{0.9} \\" in lines
    assert lines.index(r"\toprule") < lines.index(r"method & tau \\") < lines.index(r"\midrule")
