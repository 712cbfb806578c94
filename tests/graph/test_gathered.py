import torch

from archflow.graph.gathered import gathered


class Counted:
    def __init__(self) -> None:
        self.times = 0

    @gathered
    def part(self) -> torch.Tensor:
        """What is gathered."""
        self.times += 1
        return torch.arange(3)


def test_a_part_is_gathered_once_for_each_owner():
    one, other = Counted(), Counted()
    assert one.part is one.part
    assert (one.times, other.times) == (1, 0)
    assert other.part is not one.part
    assert Counted.part.__doc__ == "What is gathered."
