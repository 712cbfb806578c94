"""Contract tests for your own components; archflow's components pass them too.

They use plain asserts, so any test runner works:

    from archflow.testing import check_encoder, random_architectures

    def test_my_encoder():
        architectures = random_architectures(40, seed=0)
        check_encoder(MyEncoder(len(architectures.vocabulary)), architectures)
"""

from archflow.testing.comparison import TOLERANCE
from archflow.testing.component import check_component
from archflow.testing.encoder import check_encoder, settled
from archflow.testing.evaluator import check_evaluator
from archflow.testing.features import check_features
from archflow.testing.graphs import random_architectures, relabelled
from archflow.testing.importer import check_importer
from archflow.testing.predictor import check_predictor
from archflow.testing.pretext_task import check_pretext_task
from archflow.testing.search_space import check_search_space

__all__ = [
    "TOLERANCE",
    "check_component",
    "check_encoder",
    "check_evaluator",
    "check_features",
    "check_importer",
    "check_predictor",
    "check_pretext_task",
    "check_search_space",
    "random_architectures",
    "relabelled",
    "settled",
]
