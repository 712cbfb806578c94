"""What an exported network gives as steps."""

import torch
from torch import nn

from archflow.importers.opaque_modules import OpaqueModules
from archflow.importers.torch_program import Program, steps_of


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.register_buffer("shift", torch.zeros(4))

    def forward(self, x):
        return self.layer(self.layer(x)) + self.shift


def test_placeholders_are_inputs_learned_arrays_or_constants():
    network = Shared()
    program = Program.exported(torch.export.export(network, (torch.zeros(1, 4),), strict=False), network)
    assert len(program.inputs) == 1
    assert sorted(map(id, program.parameters.values())) == sorted(map(id, network.parameters()))
    steps, outputs = steps_of(program, network, OpaqueModules(network))
    assert [step.op for step in steps].count("input") == 1
    assert [dict(step.weights) for step in steps if step.weights] == [{"layer.weight": 16}, {"layer.bias": 4}]
    assert [steps[each].op for each in outputs] == ["add"]
