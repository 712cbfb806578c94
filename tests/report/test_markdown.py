"""Tables in Markdown."""

from archflow.report.markdown import markdown_table


def test_numbers_stand_to_the_right_and_text_to_the_left():
    heads = ("encoder", "method", "runs", "Kendall tau", "published")
    rows = [("gin", "FGP (flow + proxy)", "3", "0.747 (0.010)", "0.8"), ("mlp", "flow", "10", "-0.1 (0.020)", "–")]
    assert markdown_table(heads, rows).splitlines() == [
        "| encoder | method             | runs |   Kendall tau | published |",
        "| :------ | :----------------- | ---: | ------------: | --------: |",
        "| gin     | FGP (flow + proxy) |    3 | 0.747 (0.010) |       0.8 |",
        "| mlp     | flow               |   10 |  -0.1 (0.020) |         – |",
    ]
