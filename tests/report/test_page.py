from pathlib import Path

import pytest

from archflow.report import html
from archflow.report.figures import Strip, strips
from archflow.report.page import PICTURES, Figures, page, write_page
from tests.report.pages import read_page

pytest.importorskip("altair", reason="the extra report is not installed")
HOSTILE = "</script><img src=x onerror=alert(1)>&\"'\x00\ud800"
READ = HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")


def test_a_page_without_figures_has_no_script() -> None:
    read = read_page(page("t", html.paragraph("p"), figures=Figures()))
    assert read.texts("h1") == read.texts("title") == ["t"]
    assert read.figures == {}


def test_whatever_is_named_stays_text() -> None:
    figures = Figures()
    shown = figures.show("one", strips([Strip(HOSTILE, [0.1, 0.2])], x_title=HOSTILE), HOSTILE)
    text = page(HOSTILE, shown, figures=figures)
    read = read_page(text)
    assert text.count("</script>") == 2
    assert "<img" not in text.split("<body>")[1].split('<script type="application/json"')[0]
    assert read.texts("h1") == read.texts("figcaption") == [READ]
    assert {row["name"] for row in read.rows("one")} == {READ}


def test_figures_share_equal_data_and_the_script_is_there_once() -> None:
    figures = Figures()
    chart = strips([Strip("a", [0.1, 0.2])], x_title="tau")
    text = page("t", figures.show("one", chart), figures.show("two", chart), figures=figures)
    read = read_page(text)
    assert list(read.figures) == ["one", "two"]
    assert read.figures["one"]["data_sets"] == read.figures["two"]["data_sets"]
    assert len(read.datasets) == 2  # runs and means
    assert text.count("vegaEmbed(document") == 1
    assert 500_000 < len(text) < 1_500_000


def test_a_name_stands_for_one_figure() -> None:
    figures = Figures()
    chart = strips([Strip("a", [0.1])], x_title="tau")
    figures.show("one", chart)
    with pytest.raises(AssertionError, match="one"):
        figures.show("one", chart)


def test_figures_are_written_as_files_too(tmp_path: Path) -> None:
    figures = Figures()
    shown = figures.show("runs", strips([Strip("a", [0.1, 0.2])], x_title="tau"))
    write_page(tmp_path / "r.html", "t", shown, figures=figures, figures_folder=tmp_path / "figures")
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == sorted(f"runs.{ending}" for ending in PICTURES)
    assert read_page((tmp_path / "r.html").read_text(encoding="utf-8")).texts("h1") == ["t"]
