"""`archflow show`: a model as a page."""

from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "importers" / "fixtures"


def test_a_model_becomes_a_page(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = run("show", FIXTURES / "residual.onnx", "--out", "page.html")
    assert printed == "page.html: residual, 18 operations in 6 blocks\n"
    text = Path("page.html").read_text("utf-8")
    assert "18 operations in 6 blocks" in text
    assert text.count("<details") > 2
    run("show", FIXTURES / "unet.onnx", "--out", "page.html")  # its own is replaced


def test_a_row_of_a_table(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("import", FIXTURES / "residual.onnx", FIXTURES / "unet.onnx", "--out", "models.parquet")
    assert "unet" in run("show", "models.parquet", "--row", "1", "--out", "page.html")
    error = run("show", "models.parquet", "--row", "2", "--out", "page.html", code=2)
    assert "models.parquet: has no row 2; its rows are 0 to 1" in error


def test_what_goes_wrong_is_one_line_and_writes_nothing(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("precious.html").write_text("mine\n")
    for source, out, message in (
        ("no such model", "page.html", "is nothing that can be imported"),
        (FIXTURES / "unet.onnx", "page.pdf", ".html"),
        (FIXTURES / "unet.onnx", "precious.html", "exists"),
    ):
        error = run("show", source, "--out", out, code=2)
        assert message in error
        assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious.html"]


def test_a_native_string_of_a_space(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    native = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|"
    assert native in run("show", native, "--space", "nasbench201", "--out", "cell.html")
    assert "nor_conv_3x3" in Path("cell.html").read_text("utf-8")
    error = run("show", "|broken|", "--space", "nasbench201", "--out", "other.html", code=2)
    assert error.count("\n") == 1
