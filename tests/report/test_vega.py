import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.report.figures import curves
from archflow.report.maps import class_map
from archflow.report.page import save_figure
from archflow.report.vega import require_altair, specification
from tests.report.pages import read_page

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\x01"


@pytest.fixture(scope="module")
def chart() -> Any:
    pytest.importorskip("altair", reason="the extra report is not installed")
    return curves({HOSTILE: ([1, 2, 3], [0.1, 0.2, 0.3]), "b": ([1, 2, 3], [0.3, 0.2, 0.1])}, x_title="k", y_title="p")


def png_size(content: bytes) -> tuple[int, int]:
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def test_a_figure_becomes_every_kind_of_file(chart: Any, tmp_path: Path) -> None:
    for ending in ("png", "svg", "pdf", "html", "json"):
        save_figure(chart, tmp_path / f"f.{ending}")
    width, height = png_size((tmp_path / "f.png").read_bytes())
    assert 800 < width < 1400
    assert 500 < height < 900
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")
    assert 5_000 < (tmp_path / "f.pdf").stat().st_size < 300_000
    root = ElementTree.parse(tmp_path / "f.svg").getroot()
    assert not list(root.iter(f"{SVG}script"))
    assert {HOSTILE.replace("\x01", "\ufffd"), "k", "p"} <= {node.text for node in root.iter(f"{SVG}text")}
    assert list(read_page((tmp_path / "f.html").read_text(encoding="utf-8")).figures) == ["figure"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.html", "f.json", "f.pdf", "f.png", "f.svg"]


def test_a_map_of_very_many_points_is_a_small_picture(tmp_path: Path) -> None:
    pytest.importorskip("altair", reason="the extra report is not installed")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 400_000))
    save_figure(class_map(x, y, (x > 0).astype(int), ["a", "b"], x_title="x", y_title="y"), tmp_path / "m.png")
    assert (tmp_path / "m.png").stat().st_size < 1_000_000
    assert max(png_size((tmp_path / "m.png").read_bytes())) < 2_000


def test_the_same_figure_is_the_same_file(chart: Any, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        save_figure(chart, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_other_endings_are_refused(chart: Any, tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match=r"f\.gif: .*end it \.html, \.svg, \.png, \.pdf"):
        save_figure(chart, tmp_path / "f.gif")
    assert not list(tmp_path.iterdir())


def test_texts_of_a_specification_can_be_written_as_xml(chart: Any) -> None:
    assert "\x01" not in str(specification(chart))


@pytest.mark.parametrize("missing", ["altair", "vl_convert"])
def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ArchflowError, match=r"^figures need .* pip install 'archflow\[report\]'$"):
        require_altair()


def test_nothing_but_a_report_needs_the_extra() -> None:
    script = (
        "import sys; sys.modules.update(dict.fromkeys(('altair', 'vl_convert', 'pandas')))\n"
        "import archflow, archflow.cli.app, archflow.recipes.demo, archflow.report.ranking, archflow.predict\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_figures_need_no_pandas(tmp_path: Path) -> None:
    pytest.importorskip("altair", reason="the extra report is not installed")
    script = (
        "import sys; sys.modules['pandas'] = None\n"
        "from archflow.report.figures import curves\n"
        "from archflow.report.page import save_figure\n"
        "save_figure(curves({'a': ([1, 2], [1, 2])}, x_title='x', y_title='y'), sys.argv[1])\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "f.svg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
