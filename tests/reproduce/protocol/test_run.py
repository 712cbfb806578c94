"""The protocol of the FGP paper on small data: complete, repeatable, resumable, honest about leakage."""

import os
import pickle
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from archflow.data.proxies import proxy
from archflow.data.saved_splits import load_split
from archflow.encoders import GatedGCN
from archflow.encoders.embedder import Embedder
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.files import read_json
from archflow.graph import Vocabulary
from archflow.graph.effective import effective
from archflow.graph.table import Table, read_table
from archflow.predict.fine_tune import FineTuneSettings
from archflow.pretext import PretrainSettings
from archflow.seeding import seeded
from archflow_reproduce.protocol import run as protocol_run
from archflow_reproduce.protocol import runs as runs_of
from archflow_reproduce.protocol.protocol import METHODS, Protocol
from archflow_reproduce.protocol.run import run_protocol
from archflow_reproduce.results.protocol_report import protocol_report, protocol_table
from tests.report.pages import read_page
from tests.tables import scored_cells

PROTOCOL = Protocol(
    "score",
    encoder_config={"width": 8},
    labels=30,
    runs=4,
    proxies=["params"],
    pretrain=PretrainSettings(epochs=2),
    fine_tune=FineTuneSettings(epochs=3),
)


@pytest.fixture(scope="module")
def table() -> Table:
    """300 cells whose score is their number of 3x3 convolutions and some noise; some are not measured."""
    found = scored_cells(300)
    found.metrics["score"][::50] = np.nan
    return found


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("protocol")
    return folder, run_protocol(PROTOCOL, "cells", table, folder, processes=2)


def test_result_holds_every_run_of_every_method(finished):
    _, result = finished
    assert list(result["methods"]) == list(METHODS)
    for measures in result["methods"].values():
        for name in ("tau", "p_at_1", "p_at_5"):
            assert len(measures[name]) == 4
            assert np.isfinite(measures[name]).all()
    assert result["labels"] == 30
    assert result["splits"]["test"] == [294 - 147 - 40] * 3
    assert result["splits"]["model_seeds"] == [21, 2021]
    assert all(0 < shared < 107 for shared in result["splits"]["test_isomorphic_to_labelled"])


def test_runs_differ_and_pretraining_changes_the_outcome(finished):
    methods = finished[1]["methods"]
    assert len({tuple(measures["tau"]) for measures in methods.values()}) == len(METHODS)
    assert all(len(set(measures["tau"])) > 1 for measures in methods.values())


def test_interrupted_protocol_goes_on_to_the_same_result(finished, table, tmp_path):
    folder, result = finished
    partial = tmp_path / "partial"
    shutil.copytree(folder, partial)
    for name in ("fgp-4.json", "flow-4.json", "flow-2021.encoder"):
        (partial / name).unlink()
    again = run_protocol(PROTOCOL, "cells", table, partial, processes=1)
    assert again["methods"] == result["methods"]
    assert again["seconds"] > result["seconds"]


def test_a_finished_method_that_is_damaged_or_of_another_study_is_measured_again(finished, table, tmp_path, capsys):
    folder, _ = finished
    partial = tmp_path / "partial"
    shutil.copytree(folder, partial)
    protocol = replace(PROTOCOL, methods=["supervised"])
    sound = run_protocol(protocol, "cells", table, partial)["methods"]
    kept = partial / "supervised-4.json"
    assert "measured again" not in capsys.readouterr().err
    stored = kept.read_text()
    changed = stored.replace("0.", "0.9", 1)
    for content in ("{}", '{"tau": [2.0]}', "", changed, (partial / "fgp-4.json").read_text()):
        kept.write_text(content)
        assert run_protocol(protocol, "cells", table, partial)["methods"] == sound
        assert f"{kept}: measured again, as the file cannot be trusted" in capsys.readouterr().err
        assert kept.read_text() == stored


@pytest.mark.parametrize("damage", ["{}", "[]", '{"key": 3', '{"key": "0", "seconds": 0.0}'])
def test_a_folder_whose_protocol_is_damaged_is_refused(finished, table, tmp_path, damage):
    (tmp_path / "protocol.json").write_text(damage)
    with pytest.raises(ArchflowError, match=r"protocol\.json"):
        run_protocol(PROTOCOL, "cells", table, tmp_path)
    assert (tmp_path / "protocol.json").read_text() == damage


def test_fewer_runs_share_the_encoders_and_are_a_part_of_the_result(finished, table, tmp_path):
    folder, result = finished
    shared = tmp_path / "shared"
    shutil.copytree(folder, shared)
    before = {path: path.stat().st_mtime_ns for path in shared.glob("*.encoder")}
    fewer = run_protocol(replace(PROTOCOL, runs=3, methods=["supervised", "fgp"]), "cells", table, shared)
    assert {path: path.stat().st_mtime_ns for path in shared.glob("*.encoder")} == before
    assert list(fewer["methods"]) == ["supervised", "fgp"]
    assert [len(measures["tau"]) for measures in fewer["methods"].values()] == [3, 3]
    assert len(result["methods"]["fgp"]["tau"]) == 4


def test_folder_of_another_protocol_is_refused(finished, table):
    folder, _ = finished
    with pytest.raises(ArchflowError, match="other settings or data"):
        run_protocol(replace(PROTOCOL, labels=40), "cells", table, folder)


def test_class_split_leaves_no_isomorphic_pair(table, tmp_path):
    protocol = replace(PROTOCOL, split_by="class", methods=["supervised"], runs=3)
    result = run_protocol(protocol, "cells", table, tmp_path / "run")
    assert result["splits"]["test_isomorphic_to_labelled"] == [0, 0, 0]


def test_size_split_learns_from_the_smaller_and_judges_by_the_larger(table, tmp_path):
    for rule, name in (("size", "params"), ("size:count:nor_conv_3x3", "count:nor_conv_3x3")):
        sizes = proxy(table, name)
        protocol = replace(PROTOCOL, split_by=rule, methods=["supervised"], runs=3)
        folder = tmp_path / rule.replace(":", "-")
        result = run_protocol(protocol, "cells", table, folder, splits_folder=folder / "rows")
        assert result["splits"]["by"] == rule
        assert result["splits"]["permutations"] == [0, 2021, 202121]
        saved = [load_split(folder / name, table) for name in result["splits"]["files"]]
        assert [len(parts.test) for parts in saved] == result["splits"]["test"]
        for parts in saved:
            assert sizes[parts.labelled].max() < sizes[np.concatenate([parts.validation, parts.test])].min()
        assert len({tuple(parts.labelled) for parts in saved}) == 3
    with pytest.raises(ArchflowError, match="no proxy 'weight'"):
        run_protocol(replace(PROTOCOL, split_by="size:weight"), "cells", table, tmp_path / "weight")


def test_what_is_judged_outside_the_sizes_is_not_pretrained_on(table, tmp_path, monkeypatch):
    class Seen(Exception):
        pass

    def spy(protocol, unlabelled, *_):
        raise Seen(unlabelled.architectures)

    monkeypatch.setattr(protocol_run, "pretrained_encoders", spy)
    for rule in ("size:count:nor_conv_3x3", "random"):
        with pytest.raises(Seen) as seen:
            run_protocol(replace(PROTOCOL, split_by=rule, pretrain_on_all=True), "cells", table, tmp_path / rule[:4])
        convolutions = seen.value.args[0].op_counts[:, table.architectures.vocabulary.index("nor_conv_3x3")]
        parts = load_split(tmp_path / rule[:4] / "splits" / "2021.json", table)
        tested = proxy(table, "count:nor_conv_3x3")[parts.test]
        assert (convolutions.max() < tested.min()) == (rule != "random")


def test_an_encoder_from_a_file_is_a_method(table, tmp_path):
    """What is saved untrained does as well as what starts untrained from the same seed, and under the same view."""
    vocabulary = table.architectures.vocabulary
    protocol = replace(PROTOCOL, runs=1, view="effective", methods=["supervised"])
    with seeded(21):
        encoder = GatedGCN(len(vocabulary), width=8)
    paths = [str(tmp_path / f"{name}.safetensors") for name in ("effective", "whole")]
    Embedder(encoder, Preparation(vocabulary, "effective")).save(paths[0])
    Embedder(encoder, Preparation(vocabulary)).save(paths[1])
    result = run_protocol(replace(protocol, methods=["supervised", *paths]), "cells", table, tmp_path / "run")
    assert result["methods"][paths[0]] == result["methods"]["supervised"] != result["methods"][paths[1]]
    Embedder(encoder, Preparation(Vocabulary(tuple(f"{op}?" for op in vocabulary.ops)))).save(paths[0])
    with pytest.raises(ArchflowError, match="operation"):
        run_protocol(replace(protocol, methods=paths[:1]), "cells", table, tmp_path / "other")


def test_more_labels_can_choose_the_epoch(table, tmp_path):
    protocol = replace(PROTOCOL, validation=90, methods=["supervised"], runs=1, split_by="all")
    result = run_protocol(protocol, "cells", table, tmp_path)
    assert result["splits"]["validation"] == 90
    parts = load_split(tmp_path / result["splits"]["files"][0], table)
    assert len(np.setdiff1d(parts.validation, parts.labelled)) == 90
    with pytest.raises(ArchflowError, match="0 architectures in the test part"):
        run_protocol(replace(protocol, validation=200, split_by="random"), "cells", table, tmp_path / "many")


def test_a_view_shows_encoders_other_graphs_and_changes_nothing_else(table, tmp_path):
    protocol = replace(PROTOCOL, view="effective", methods=["supervised", "flow"], runs=1)
    result = run_protocol(protocol, "cells", table, tmp_path / "viewed")
    bare = replace(table, architectures=effective(table.architectures))
    same = run_protocol(replace(protocol, view="whole"), "cells", bare, tmp_path / "bare")
    assert result["methods"] == same["methods"]
    whole = run_protocol(replace(protocol, view="whole"), "cells", table, tmp_path / "whole")
    assert result["methods"]["supervised"] != whole["methods"]["supervised"]
    with pytest.raises(ArchflowError, match="view 'half' is not one of whole, effective, contracted"):
        replace(PROTOCOL, view="half")


def test_saved_splits_are_the_rows_that_were_learnt_from(finished, table, tmp_path, monkeypatch):
    """Rows of the whole table, of which some are not measured and here some not drawn into the pool."""
    folder, result = finished
    assert result["splits"]["files"] == ["splits/identity.json", "splits/2021.json", "splits/202121.json"]
    assert all((folder / name).exists() for name in result["splits"]["files"])
    learnt = []
    real = runs_of.fine_tune

    def spy(models, architectures, runs, *args, **kwargs):
        learnt.extend(runs.labels[rows, 0] for rows in runs.train)
        return real(models, architectures, runs, *args, **kwargs)

    monkeypatch.setattr(runs_of, "fine_tune", spy)
    protocol = replace(PROTOCOL, methods=["supervised"], runs=3, train=100, test=90)
    result = run_protocol(protocol, "cells", table, tmp_path)
    for values, name in zip(learnt, result["splits"]["files"], strict=True):
        assert np.array_equal(table.metric("score")[load_split(tmp_path / name, table).labelled], values)


def test_labels_of_test_architectures_do_not_reach_the_training(table, tmp_path, monkeypatch):
    """Shuffled test labels change the measures and nothing else."""
    seen = []
    real = runs_of.fine_tune

    def spy(models, architectures, runs, *args, **kwargs):
        used = np.unique(np.concatenate([runs.train.ravel(), runs.validation.ravel()]))
        blind = np.full_like(runs.labels, np.nan)
        blind[used] = runs.labels[used]
        tuned = real(models, architectures, replace(runs, labels=blind), *args, **kwargs)
        seen.append(tuned.validation_score)
        return tuned

    protocol = replace(PROTOCOL, methods=["supervised"], runs=1)
    plain = run_protocol(protocol, "cells", table, tmp_path / "plain")
    monkeypatch.setattr(runs_of, "fine_tune", spy)
    blinded = run_protocol(protocol, "cells", table, tmp_path / "blind")
    assert seen
    assert blinded["methods"] == plain["methods"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ["fgp", "magic"]}, "no pretext task is called 'magic'"),
        ({"runs": 10}, "1 to 9"),
        ({"labels": 0}, "labels must be a number above 0"),
        ({"split_by": "device"}, "split 'device' is not one of random, class, size"),
    ],
)
def test_impossible_protocols_are_refused(changes, message):
    with pytest.raises(ArchflowError, match=message):
        replace(PROTOCOL, **changes)


def test_unusable_tables_are_refused(table, tmp_path):
    infinite = Table(table.architectures, {"score": np.where(np.arange(300) == 7, np.inf, 1.0)})
    with pytest.raises(ArchflowError, match="row 7: score is infinite"):
        run_protocol(PROTOCOL, "cells", infinite, tmp_path / "a")
    with pytest.raises(ArchflowError, match="too few to rank"):
        run_protocol(PROTOCOL, "cells", table.select(np.arange(8)), tmp_path / "b")
    with pytest.raises(ArchflowError, match="no column 'score'"):
        run_protocol(PROTOCOL, "cells", Table(table.architectures), tmp_path / "c")
    with pytest.raises(ArchflowError, match="no proxy 'jacov'"):
        run_protocol(replace(PROTOCOL, proxies=["jacov"]), "cells", table, tmp_path / "d")


def test_result_becomes_a_table_and_a_report(finished, tmp_path):
    result = {**finished[1], "published": {"fgp": {"tau": 0.822}}}
    text = protocol_table(result)
    assert "0.822" in text or "82.2" in text
    protocol_report(tmp_path / "report.html", result)
    assert "runs-tau" in read_page((tmp_path / "report.html").read_text(encoding="utf-8")).figures


def test_time_spent_before_an_interruption_counts(table, tmp_path, monkeypatch):
    monkeypatch.setattr(protocol_run, "KEEP_SECONDS", 0.0)
    protocol = replace(PROTOCOL, runs=2, methods=["supervised"])
    tuned = runs_of.fine_tune

    def interrupted(*arguments: object, **named: object) -> None:
        tuned(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(runs_of, "fine_tune", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_protocol(protocol, "cells", table, tmp_path)
    before = read_json(tmp_path / "protocol.json")["seconds"]
    assert before > 0
    monkeypatch.setattr(runs_of, "fine_tune", tuned)
    assert run_protocol(protocol, "cells", table, tmp_path)["seconds"] > before


def test_killed_protocol_leaves_no_worker_behind_and_goes_on_to_the_same_result(finished, table, tmp_path):
    """SIGKILL in the middle of pre-training: no worker survives, and the same call ends as an undisturbed one."""
    protocol = replace(PROTOCOL, runs=3, methods=["flow"], pretrain=PretrainSettings(epochs=60))
    table.write(tmp_path / "cells.parquet")
    script = (
        "import pickle, sys; from pathlib import Path; from archflow_reproduce.protocol.run import run_protocol\n"
        "from archflow.graph.table import read_table\n"
        "if __name__ == '__main__':\n"
        "    protocol = pickle.load(open(sys.argv[1], 'rb'))\n"
        "    run_protocol(protocol, 'cells', read_table(sys.argv[2]), Path(sys.argv[3]), 1)\n"
    )
    (tmp_path / "run.py").write_text(script)
    (tmp_path / "protocol").write_bytes(pickle.dumps(protocol))
    folder = tmp_path / "broken"
    command = [sys.executable, tmp_path / "run.py", tmp_path / "protocol", tmp_path / "cells.parquet", folder]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # as the tests: other threads round sums in another order
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True, env=one_thread)
    state = folder / "flow-21.encoder.state"
    wait_until(state.exists)
    process.kill()
    process.wait()
    wait_until(lambda: not alive(process.pid))
    assert state.exists()
    table = read_table(tmp_path / "cells.parquet")
    again = run_protocol(protocol, "cells", table, folder, processes=1)
    assert again["methods"] == run_protocol(protocol, "cells", table, tmp_path / "whole", processes=1)["methods"]


def alive(session: int) -> bool:
    """Whether a process of that session is left."""
    found = subprocess.run(["pgrep", "-s", str(session)], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())


def wait_until(condition, seconds: float = 60) -> None:
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain")
