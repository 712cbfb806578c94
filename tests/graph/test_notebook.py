"""What a notebook shows: well-formed HTML that runs nothing, whatever the names are."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.notebook import COLUMNS, DRAWN, LARGEST, ROWS, named
from archflow.graph.table import Table
from tests.tables import scored_cells

TABLE = scored_cells(9)


class Tags(HTMLParser):
    """Counts opening tags, and keeps text and attributes."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.left: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.names |= {name for name, _ in attrs}
        if tag != "img":
            self.left.append(tag)

    def handle_endtag(self, tag):
        assert self.left.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_an_architecture_is_drawn():
    tags = Tags(TABLE.architectures[0]._repr_html_())
    assert tags.opened == ["figure", "img"]
    assert not tags.left


def test_a_large_architecture_is_counted_and_not_drawn():
    chain = Architecture(("conv",) * (LARGEST + 1), tuple((i, i + 1) for i in range(LARGEST)))
    assert Tags(chain._repr_html_()).text == f"{LARGEST + 1} nodes"


def test_a_set_shows_its_first_architectures_and_how_many_there_are():
    tags = Tags(TABLE.architectures._repr_html_())
    assert tags.opened.count("img") == DRAWN
    assert "9 architectures" in tags.text


def test_a_table_shows_its_first_rows_and_columns():
    wide = TABLE.with_metrics({f"m{i}": range(9) for i in range(20)})
    tags = Tags(wide._repr_html_())
    assert tags.opened.count("tr") == ROWS + 1
    assert tags.opened.count("th") == COLUMNS + 2
    assert repr(wide) == "Table(9 architectures; score, m0, m1, m2, m3, m4, m5, m6 and 13 more)"
    assert repr(Table(TABLE.architectures)) == "Table(9 architectures; no columns)"


@given(st.text(min_size=1, max_size=20).filter(str.isprintable))
def test_names_are_text_and_never_markup(name):
    hostile = f"<script>{name}</script>"
    cells = ArchitectureSet.from_architectures([Architecture((hostile, name), ((0, 1),))])
    for content in (cells[0]._repr_html_(), cells._repr_html_(), Table(cells, {hostile: [1.0]})._repr_html_()):
        tags = Tags(content)
        assert set(tags.opened) <= {"figure", "img", "span", "figcaption", "table", "caption", *_ROWS}
        assert tags.names <= {"alt", "src", "style"}
        assert not tags.left


_ROWS = ("thead", "tbody", "tr", "th", "td")


@pytest.mark.parametrize(("count", "text"), [(0, ""), (2, "a0, a1"), (4, "a0, a1, a2 and 1 more")])
def test_names_are_shortened(count, text):
    assert named([f"a{i}" for i in range(count)], 3) == text


def test_one_is_no_plural():
    one = TABLE[:1]
    assert repr(one).startswith("Table(1 architecture; ")
    assert repr(one.architectures) == "ArchitectureSet(1 architecture, 8 nodes, 10 edges)"
    assert repr(one.metrics).startswith("TableColumns(")
