"""What every drawing and every page has to be, whatever the data: well-formed, finite, self-contained."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

_ADDRESSES = re.compile(r"(?:src|href|action|url)\s*[=(]|@import|//[a-z]", re.IGNORECASE)
_NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.fixture
def parsed() -> Callable[[str], ElementTree.Element]:
    """Parse markup as XML after checking that it loads nothing, runs nothing and has no NaN among its numbers."""

    def parse(markup: str) -> ElementTree.Element:
        root = ElementTree.fromstring(markup.removeprefix("<!DOCTYPE html>\n"))
        for node in root.iter():
            name = node.tag.removeprefix(f"{{{_NAMESPACE}}}")
            assert name not in {"script", "link", "iframe", "object", "embed", "image", "img", "foreignObject", "b"}
            for attribute, value in node.attrib.items():
                assert not attribute.startswith("on")
                if attribute in {"d", "x", "y", "cx", "cy", "width", "height", "viewBox", "transform"}:
                    assert "nan" not in value.lower()
                    assert "inf" not in value.lower()
        assert not _ADDRESSES.search(re.sub(">[^<]*<", "><", markup.replace(_NAMESPACE, "")))
        return root

    return parse
