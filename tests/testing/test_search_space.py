"""The contract test of search spaces catches what breaks the contract, and says what it is."""

import numpy as np
import pytest

from archflow.spaces import NASBench201, NATSSize
from archflow.testing import check_search_space


class RepeatsItself(NASBench201):
    def neighbours(self, architecture):
        around = super().neighbours(architecture)
        return around.select([0, *range(len(around))])


class Wanders(NASBench201):
    def mutate(self, architecture, generator):
        return super().mutate(super().mutate(super().mutate(architecture, generator), generator), generator)


class Unsteady(NASBench201):
    def sample(self, count, generator):
        return super().sample(count, np.random.default_rng())


class ForgetsAttributes(NATSSize):
    def sample(self, count, generator):
        return super().sample(count, generator).with_attributes(None, ())


class ChangesWhatItGave(NATSSize):
    def conform(self, architectures):
        channels = super().conform(architectures).attribute("channels")
        return architectures.with_attributes(channels[:, None] + 8, ["channels"])


class Miscounts(NASBench201):
    def costs(self, architectures, **options):
        costs = dict(super().costs(architectures, **options))
        return {**costs, "params": costs["params"] + 1}


class DisownsItsSample(NASBench201):
    def contains(self, architecture):
        return architecture.ops.count("none") == 0 and super().contains(architecture)


class Misses(NASBench201):
    def enumerate(self):
        return super().enumerate().select(np.arange(1, self.size))


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (RepeatsItself, "has a neighbour twice"),
        (Wanders, "a mutant of .* is not its neighbour"),
        (Unsteady, "the same generator gives another sample"),
        (ForgetsAttributes, "a sample has other node attributes than the space"),
        (ChangesWhatItGave, "conform changes an architecture that the space gave"),
        (DisownsItsSample, "the space does not contain its own sample: .*none"),
        (Miscounts, "costs say .* parameters"),
        (Misses, "enumerate gives 15624 different architectures, size is 15625"),
    ],
)
def test_a_broken_search_space_is_caught(space, message):
    with pytest.raises(AssertionError, match=message):
        check_search_space(space())


def test_a_sound_search_space_passes():
    check_search_space(NASBench201())
