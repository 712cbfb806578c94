from tests.cli.commands import one_line


def test_one_verb_ranks_tables_and_spaces_and_says_what_is_missing(run, here, predictor, table):
    assert "--accuracy and --latency: give both" in one_line(run("rank", table, code=2))
    assert "give --space with --sample" in one_line(run("rank", table, "--accuracy", "accuracy", code=2))
    found = run("rank", table, "--accuracy", "accuracy", "--latency", "cost")
    assert "on the front" in found
    assert "20 candidates of nasbench201" in run("rank", predictor, "--space", "nasbench201", "--sample", "2e1")
