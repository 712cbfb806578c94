"""Options that a verb takes in another way."""

import pytest

from archflow.cli.elsewhere import DATA_IS
from tests.cli.commands import one_line


@pytest.mark.parametrize("verb", DATA_IS)
def test_data_is_answered_with_what_takes_the_table(run, verb):
    line = one_line(run(verb, "--data", "digits201", code=2))
    assert f"{verb} has no option --data: the table is given by {DATA_IS[verb]}" in line
    assert "--data" not in run(verb, "--help")
