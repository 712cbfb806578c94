"""Graphs as Python: parsed, and never executed."""

from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.importers.fx_text import FxTextImporter, from_fx_text
from archflow.testing import check_importer

TEXT = """
import torch
raise SystemExit("executed")

class GraphModule(torch.nn.Module):
    def forward(self, L_x_ : torch.Tensor, p_weight_ : torch.nn.parameter.Parameter, bn_buffers_running_mean_, n_var,
                bn_parameters_weight_, bn_parameters_bias_, w: "f32[10, 64]"):
        l_x_ = L_x_
        a = torch.conv2d(l_x_, p_weight_, None, (2, 2), (1, 1), (1, 1), 1);  l_x_ = None
        b = torch.nn.functional.batch_norm(a, bn_buffers_running_mean_, n_var, bn_parameters_weight_,
            bn_parameters_bias_, False, 0.1, 1e-05);  a = None
        c = torch.nn.functional.relu(b, inplace = True)
        d = c[(slice(None, None, None), slice(0, 4, None))]
        size = d.size(0)
        e = d.view(size, -1)
        f = torch.functional.split(e, 32, 1)
        g = f[0]
        h = -f[1] + g * 2
        i = torch.frobnicate(h, 3)
        return (h, i)
"""
META = """
class Program_weight_tensor_meta_L_x_:
    name = "L_x_"
    shape = [2, 3, 8, 8]
"""


def write(folder, text=TEXT, meta=META):
    (folder / "model.py").write_text(text)
    extra = {"p_weight_": [6, 3, 3, 3], "bn_buffers_running_mean_": [6], "n_var": [6]}
    extra |= {"bn_parameters_weight_": [6], "bn_parameters_bias_": [6]}
    lines = [
        f"class C{i}:\n    name = {name!r}\n    shape = {shape}\n" for i, (name, shape) in enumerate(extra.items())
    ]
    (folder / "weight_meta.py").write_text(meta + "".join(lines))
    return str(folder / "model.py")


def test_a_graph_of_graphnet(tmp_path):
    found = from_fx_text(write(tmp_path))
    assert found.name == tmp_path.name
    ops = ("conv2d", "batch_norm", "relu", "slice", "reshape", "split", "neg", "mul", "add", "frobnicate")
    # Two arrays have no name that tells what they are: they are inputs.
    assert found.architecture.ops == ("input", "input", "input", *ops, "output", "output")
    assert found.opaque == {"frobnicate": 1}
    assert found.columns["params"] == 6 * 27 + 12
    assert found.columns["macs"] == 2 * 6 * 16 * 27


def test_shapes_in_annotations(tmp_path):
    path = tmp_path / "graph.py"
    path.write_text(
        'def forward(self, x: "f32[4, 8]", weight: "f32[5, 8]"):\n    return (torch._C._nn.linear(x, weight),)\n'
    )
    found = from_fx_text(path)
    assert found.name == "graph"
    assert found.architecture.ops == ("input", "linear", "output")
    assert found.columns["macs"] == 4 * 5 * 8


def test_contract(tmp_path):
    damaged = {
        "two": "def forward(self): pass\ndef forward(self): pass\n",
        "none": "x = 1\n",
        "no_python": "def forward(",
        "nothing": "def forward(self, x):\n    y = x + x\n",
        "loop": "def forward(self, x):\n    while True:\n        pass\n",
        "empty": "",
        "zero": "\0",
        "number": "def forward(self, x):\n    return 3\n",
        "no_shape": 'def forward(self, x: "f32[100 64]"):\n    while x: pass\n',
        "huge": 'def forward(self, x: "f32[99999999999, 99999999999]"):\n    return (x,)\n',
    }
    paths = [str(tmp_path / "no_such.py")]
    for name, text in damaged.items():
        paths.append(str(tmp_path / f"{name}.py"))
        (tmp_path / f"{name}.py").write_text(text)
    check_importer(FxTextImporter, write(tmp_path), paths)


@given(st.text(alphabet="xyz=()[]+,.:1 \n", max_size=60))
def test_any_statements_are_read_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "graph.py"
    body = "".join(f"    {line}\n" for line in text.split("\n"))
    path.write_text(f"def forward(self, x, y):\n{body}    return (x,)\n")
    try:
        found = from_fx_text(path)
    except ArchflowError as error:
        message = str(error)
    else:
        message = found.name
    assert "\n" not in message
