"""The shape of errors."""

import json

from archflow.service.refused import Refused


def test_an_error_is_one_line_of_json():
    error = Refused(422, "two\nlines, \ud800", "a.0")
    assert json.loads(error.content) == {"error": {"status": 422, "where": "a.0", "message": "two lines, \ud800"}}
