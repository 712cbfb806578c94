"""`archflow bench` end to end."""

import json


def test_bench_fgp_on_real_data(data_folder, tmp_path, monkeypatch, run):
    monkeypatch.setenv("ARCHFLOW_DATA", str(data_folder))
    out = tmp_path / "result.json"
    done = run(
        "bench", "fgp", "--data", "nasbench201", "--metric", "cifar10_test_acc", "--runs", 1,
        "--train", 2000, "--test", 2000, "--labels", 78, "--pretrain-epochs", 1, "--epochs", 20, "--width", 16,
        "--folder", tmp_path / "run",
        "--out", out, "--json",
    )  # fmt: skip
    record = json.loads(done)
    assert record == json.loads(out.read_text())
    result = record["result"]
    assert result["labels"] == 78
    assert (
        result["splits"]["test"] == [1960] * 3
    )  # of two isomorphic ones on both sides, that of the test part is left out
    assert all(measures["tau"][0] > 0.3 for measures in result["methods"].values())
    assert out.with_suffix(".html").exists()
    assert out.with_suffix(".md").exists()
    assert result["splits"]["files"][0] == "result.splits/identity.json"
    assert all((tmp_path / name).exists() for name in result["splits"]["files"])


def test_bench_encoders_compares_and_draws(tmp_path, run):
    out = tmp_path / "encoders.json"
    options = ("--encoders", "mlp,gin", "--labels", "20,0.01", "--runs", "2", "--epochs", "3,2", "--split", "class")
    command = ("bench", "encoders", "--data", "digits201", *options, "--folder", str(tmp_path / "runs"))
    text = run(*command, "--out", str(out))
    assert [line.split()[1] for line in text.splitlines()[2:]] in (["`mlp`", "`gin`"], ["`gin`", "`mlp`"])
    result = json.loads(out.read_text())["result"]
    assert [cell["labels"] for cell in result["cells"]] == [20, 20, 10, 10]
    assert out.with_suffix(".svg").read_text().startswith("<svg")
    assert out.with_suffix(".html").read_text().endswith("</html>\n")
    assert "--labels '20,x': give positive numbers" in run(*command, "--labels", "20,x", code=2)
    assert "3 numbers of epochs for 2 of labels" in run(*command, "--epochs", "1,2,3", code=2)
    assert "no encoder" in run("bench", "encoders", "--data", "digits201", "--encoders", "gim", code=2)
