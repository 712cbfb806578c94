"""The connection of the page."""

import pytest

from archflow.explore.app import make_app

pytest.importorskip("dash_cytoscape", reason="needs the extra `explore`")


def test_all_parts_of_the_page_are_connected(seen):
    app = make_app(seen)
    app._setup_server()
    ids = {part.split(".")[0] for key in app.callback_map for part in key.strip(".").split("...")}
    assert {"map", "current", "choice", "rule", "rows", "download", "other", "alert"} <= ids
