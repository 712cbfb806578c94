import numpy as np
import torch

from archflow.graph.leveled import Leveled


def test_nodes_of_a_level_are_one_slice_of_every_member():
    # Member 0: 0 -> 1 -> 2. Member 1: 3 -> 5 and 4 -> 5.
    level, member = np.array([0, 1, 2, 0, 0, 1]), np.array([0, 0, 0, 1, 1, 1])
    source, target = np.array([0, 1, 3, 4]), np.array([1, 2, 5, 5])
    found = Leveled.of(level, member, 2, source, target, np.arange(4), torch.device("cpu"))
    assert found.bounds == [0, 2, 3, 4]
    assert found.mask is not None
    assert found.mask.tolist() == [[True, False, True, True], [True, True, True, False]]
    assert found.node[found.place].tolist() == list(range(6))
    values = torch.arange(6.0)[:, None]
    laid_out = found.gather(values)
    assert laid_out[..., 0][found.mask].tolist() == [0, 1, 2, 3, 4, 5]
    assert torch.equal(found.scatter(laid_out), values)
    first, second, _ = found.predecessors
    assert first is None
    assert second is not None
    assert sorted(second.place[-1].tolist()) == sorted(found.place[[3, 4]].tolist())
    *_, last = found.successors
    assert last is None


def test_gradients_go_back_to_the_nodes():
    level, member = np.array([1, 0, 0]), np.array([0, 0, 1])
    found = Leveled.of(level, member, 2, np.array([1]), np.array([0]), np.arange(1), torch.device("cpu"))
    values = torch.randn(3, 2, requires_grad=True)
    found.scatter(found.gather(values) * 2).sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, torch.full((3, 2), 2.0))
