import numpy as np
import pytest
import torch

from archflow.errors import ArchflowError
from archflow.predict.base import Prediction
from archflow.recipes.ranking.candidates import Candidates
from archflow.recipes.ranking.scoring import Job, Scorer, one_thread
from archflow.spaces import NASBench201
from tests.recipes.ranking.streams import Convolutions, job


def test_a_chunk_is_scored_without_its_duplicates():
    scored = Scorer(job("nasbench201", 5000, 8))(0)
    assert scored.drawn == 4096
    cells = Candidates.sampled(NASBench201(), 5000, 0).chunk(0)
    assert len(scored.digests) == len({NASBench201().canonical(each) for each in cells})
    assert list(scored.best.architectures) == list(cells[scored.best.number])
    assert scored.best.score[0] == Convolutions().predict(cells).mean.max()
    assert (np.diff(scored.best.score) <= 0).all()


def test_what_is_not_a_number_comes_last():
    class Gaps(Convolutions):
        def predict(self, architectures, on_batch=None):
            mean = super().predict(architectures).mean
            return Prediction(np.where(np.arange(len(mean)) % 2, np.nan, mean), mean)

    scored = Scorer(Job(Gaps(), Candidates.sampled(NASBench201(), 40, 0), 40))(0)  # pyright: ignore
    assert np.isfinite(scored.best.mean[:10]).all()
    assert np.isnan(scored.best.mean[-1])


def test_an_error_of_the_predictor_names_the_space():
    class Picky(Convolutions):
        def predict(self, architectures, on_batch=None):
            raise ArchflowError("row 0: unknown operation")

    with pytest.raises(ArchflowError, match="nasbench201: row 0"):
        Scorer(Job(Picky(), Candidates.sampled(NASBench201(), 40, 0), 4))(0)  # pyright: ignore


def test_threads_are_as_before_behind_the_block():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
