"""A pre-training job with the published settings of a data set, and what a user says otherwise."""

import pytest

from archflow.data.catalogue import BENCHMARKS
from archflow.errors import ArchflowError
from archflow.pretext.named import task_settings
from archflow.recipes.pretraining import published_job


def test_what_is_given_counts_before_what_was_published(tmp_path):
    path = tmp_path / "e.v1"
    job = published_job(BENCHMARKS["nasbench101"], "gin", "fgp+gmae", path, proxies=["params"], epochs=3, seed=4)
    assert (job.config, job.view, job.settings.epochs, job.settings.seed) == ({"width": 256}, "whole", 3, 4)
    assert job.state == tmp_path / "e.v1.state"
    settings = task_settings(job.task, job.tasks)
    assert settings["gmae"] == {"mask_ratio": 0.75}
    assert settings["fgp"]["proxies"] == ["params"]
    assert settings["fgp"]["surrogate"] == {"dim": 4, "sigma": 1.0}
    given = {"gmae": {"mask_ratio": 0.3}, "fgp": {"proxies": ["depth"], "margin": 0.2}}
    job = published_job(
        BENCHMARKS["nasbench101"], "gin", "fgp+gmae", path, tasks=given, proxies=["params"], width=8, view="contracted"
    )
    assert (job.config, job.view) == ({"width": 8}, "contracted")
    settings = task_settings(job.task, job.tasks)
    assert settings["gmae"] == {"mask_ratio": 0.3}
    assert (settings["fgp"]["proxies"], settings["fgp"]["margin"]) == (["depth"], 0.2)


def test_settings_of_a_task_that_is_not_trained_are_refused(tmp_path):
    with pytest.raises(ArchflowError, match="a setting of 'gmae', but the task is fgp"):
        published_job(None, "gin", "fgp", tmp_path / "e", tasks={"gmae": {"mask_ratio": 0.3}})
