"""Reading a report's page: its markup, and the figures that its script draws."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

_SCRIPT = re.compile(r"<script([^>]*)>(.*?)</script>", re.DOTALL)
_LOADING_TAGS = {"script", "link", "iframe", "object", "embed", "image", "img", "form", "use", "base"}
_LOADING_ATTRIBUTES = {"src", "href", "srcset", "action", "data", "poster"}
_LOADING_STYLE = re.compile(r"@import|url\(|https?:|//", re.IGNORECASE)


@dataclass(frozen=True)
class ReadPage:
    """A page, its scripts apart: `root` is what remains, `figures` are whole specifications by name."""

    root: ElementTree.Element
    figures: dict[str, dict[str, Any]]
    datasets: dict[str, list[dict[str, Any]]]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of one figure."""
        return [row for key in self.figures[name]["data_sets"] for row in self.datasets[key]]

    def texts(self, tag: str) -> list[str]:
        return [node.text or "" for node in self.root.iter(tag)]


def read_page(text: str) -> ReadPage:
    """Read a page after checking that it is well formed, loads nothing, and lets nothing run but its own script."""
    scripts = _SCRIPT.findall(text)
    markup = _SCRIPT.sub("", text)
    root = ElementTree.fromstring(markup.removeprefix("<!DOCTYPE html>\n"))
    for node in root.iter():
        assert node.tag.rpartition("}")[2] not in _LOADING_TAGS
        names = {name.rpartition("}")[2] for name in node.attrib}
        assert not names & _LOADING_ATTRIBUTES
        assert not any(name.startswith("on") for name in names)
        style = (node.text or "") if node.tag == "style" else node.get("style", "")
        assert not _LOADING_STYLE.search(style), style
    policy = next(node.get("content") or "" for node in root.iter("meta") if node.get("http-equiv"))
    assert policy.startswith("default-src 'none'; script-src ")
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    if not scripts:
        assert "script-src 'none'" in policy
        return ReadPage(root, {}, {})
    (kind, data), (own, script) = scripts
    assert kind == ' type="application/json" id="figure-data"'
    assert own == ""
    assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert "<" not in data
    content = json.loads(data)
    names = [node.get("id") for node in root.iter("div") if node.get("id")]
    assert names == list(content["figures"])
    return ReadPage(root, content["figures"], content["datasets"])
