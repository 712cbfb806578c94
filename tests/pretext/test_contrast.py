from archflow.pretext.contrast import graph_classes
from archflow.testing import random_architectures


def test_isomorphic_architectures_are_of_one_class():
    some = random_architectures(12, seed=0)
    classes = graph_classes(some.select([*range(12), 3, 7])).tolist()
    assert classes[12:] == [classes[3], classes[7]]
    assert len(set(classes)) == len(set(some.hashes.tolist()))
