"""The application in a browser, from loading to a file."""

import json
import threading
from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow.explore.app import HOST, listening, make_app, serve
from archflow.graph.table import read_table
from tests.explore.browser import PROGRAM, Browser

pytest.importorskip("dash_cytoscape", reason="needs the extra `explore`")

POINT = """(() => {
  const graph = document.querySelector('#map .js-plotly-plot'), own = graph._fullLayout;
  const at = graph.getBoundingClientRect(), trace = graph._fullData[0];
  const x = at.x + own.xaxis._offset + own.xaxis.c2p(trace.x[NUMBER]);
  return [x, at.y + own.yaxis._offset + own.yaxis.c2p(trace.y[NUMBER])];
})()"""

CORNERS = """(() => {
  const at = document.querySelector('#map .nsewdrag').getBoundingClientRect();
  const corners = [[0.02, 0.02], [0.55, 0.02], [0.55, 0.98], [0.02, 0.98]];
  return corners.map(([x, y]) => [at.x + x * at.width, at.y + y * at.height]);
})()"""


@pytest.fixture
def address(seen):
    server = listening(make_app(seen), 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{HOST}:{server.port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")
def test_the_page_in_a_browser(address, tmp_path):
    with Browser(tmp_path / "profile") as page:
        page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path), eventsEnabled=False)
        page.open(address)
        page.wait("document.querySelector('#rows table') && document.querySelector('#map .main-svg')")
        page.wait("document.querySelector('#filter')?.offsetHeight > 20")  # controls are in place, and the map stays
        page.wait("document.querySelector('#up')?.offsetHeight > 20")
        x, y = page.evaluate(POINT.replace("NUMBER", "7"))
        page.mouse("mouseMoved", x - 3, y)
        page.mouse("mouseMoved", x, y)
        page.wait("document.querySelector('#map .hoverlayer')?.textContent.includes('row 7')")
        page.click(x, y)
        page.wait("document.querySelector('#called').textContent.startsWith('row 7: ')")
        page.wait("document.querySelector('#judgements table')")

        before = page.evaluate("document.querySelector('#judgements').textContent")
        page.choose("node", "1 ")  # with the keyboard alone
        page.wait("document.querySelector('#operation').textContent.includes('_')")
        own = page.evaluate("document.querySelector('#operation').textContent")
        page.choose("operation", "nor_conv_1x1" if "nor_conv_3x3" in own else "nor_conv_3x3")
        page.press("#change")
        page.wait("document.querySelector('#called').textContent.startsWith('row 7, edited: ')")
        page.wait(f"document.querySelector('#judgements').textContent !== {json.dumps(before)}")
        page.press("#connect")
        page.wait("document.querySelector('[role=alert]').textContent === 'choose a node'")

        page.evaluate("document.querySelector('#stay input').click()")
        page.choose("new", "nor_conv_1x1")
        page.choose("sources", "0 ")
        page.choose("targets", "7 ")
        page.press("#add")
        page.wait("document.querySelector('#done').textContent.startsWith('node 1 (nor_conv_1x1) added')")
        page.wait("document.querySelector('#drawing-words').ariaLabel.startsWith('Graph of 9 nodes: 0 input; 1 nor')")
        page.wait("document.querySelector('#node').textContent.includes('1 nor_conv_1x1')")
        page.press("#export-shown")
        page.wait_for_file(tmp_path / "cells-shown.parquet")
        page.press("#remove")
        page.wait("document.querySelector('#drawing-words').ariaLabel.startsWith('Graph of 8 nodes')")
        page.press("#reset")
        page.wait("document.querySelector('#called').textContent.startsWith('row 7: ')")

        page.evaluate("window.scrollTo(0, 0)")
        corners = page.evaluate(CORNERS)
        page.drag(corners)
        page.wait("/^[1-9][0-9]? of 60/.test(document.querySelector('#summary').textContent)")
        page.wait("!document.querySelector('#summary').textContent.startsWith('60')")
        page.press("#nearest")
        page.wait("document.querySelector('#summary').textContent.startsWith('21 of 60 architectures are selected')")
        page.press("#export")
        page.wait_for_file(tmp_path / "cells-selection.parquet")
        assert not page.complaints()
        assert all(each.startswith((address, "data:", "blob:")) for each in page.addresses())
    assert len(read_table(tmp_path / "cells-selection.parquet")) == 21
    assert len(read_table(tmp_path / "cells-shown.parquet").architectures[0].ops) == 9


def test_other_hosts_are_refused(seen):
    client = make_app(seen).server.test_client()
    assert client.get("/", base_url="http://127.0.0.1:8050").status_code == 200
    assert client.get("/", base_url="http://elsewhere.example").status_code == 400


def test_a_port_that_is_taken_is_one_line(seen, address):
    port = int(address.rstrip("/").rpartition(":")[2])
    with pytest.raises(ArchflowError, match=f"port {port}: cannot be used"):
        serve(seen, port, lambda line: None)


def test_the_style_sheet_is_there(seen):
    app = make_app(seen)
    assert (Path(app.config.assets_folder) / "explore.css").is_file()
