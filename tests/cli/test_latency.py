import json

from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from tests.cli.commands import one_line
from tests.latencies import DEVICES, long_latencies


def test_from_a_model_to_its_latency_in_two_commands(run, here):
    """Fit, then ask for a device that was learnt, and for another one with and without a measurement."""
    long = long_latencies(20)
    long.write("long.parquet")
    made = StackedPredictor(components=["ridge"], features=["columns"], context="device", objective="log")
    made.fit(long, metrics=["latency_ms"])
    made.save("predictor")
    table = Table(long.architectures, {name: long.metric(name) for name in ("params", "flops")}, long.native)
    table.select([0, 5]).write("models.parquet")
    options = ("models.parquet", "--predictor", "predictor", "--device")
    found = json.loads(run("latency", *options, DEVICES[0], "--json"))
    assert found["learnt"]
    assert len(found["models"]) == 2
    assert found["models"][0]["low_ms"] < found["models"][0]["latency_ms"] < found["models"][0]["high_ms"]
    shown = run("latency", *options, DEVICES[0])
    assert "90 % interval" in shown
    (here / "few.csv").write_text(f"model,latency_ms\n{table.native[0]},3.5\n")
    shown = run("latency", *options, "tablet, 4 x Cortex-A76 2.0 GHz", "--measured", "few.csv")
    assert "calibrated by 1 measurement" in shown
    assert "says nothing" in one_line(run("latency", *options, "something, of mine", code=2))
    assert "nothing that can be imported" in one_line(run("latency", "none.xyz", *options[1:], DEVICES[0], code=2))
