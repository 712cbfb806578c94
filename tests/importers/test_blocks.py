"""Blocks and their names."""

from archflow.importers.blocks import Block, kind_of, module_name, with_names


def test_the_kind_of_a_block_counts_what_costs():
    assert kind_of(["relu"]) == "relu"
    assert kind_of(["conv2d", "relu"]) == "block:conv2d"
    assert kind_of(["linear", "attention", "relu", "linear"]) == "block:attention+2*linear"
    assert kind_of(["relu", "add", "relu"]) == "block:add+2*relu"
    assert kind_of(iter(["a", "b"])) == kind_of(["b", "a"])


def test_the_name_of_modules():
    assert module_name([]) == module_name(["", ""]) == ""
    assert module_name(["layer1.0.conv1", "layer1.0.bn1", ""]) == "layer1.0"
    assert module_name(["norms.0", "mlp.0.1", "mlp.0.2"]) == "norms.0, mlp.0"
    assert module_name(["layer1", "layer10"]) == "layer1, layer10"
    assert module_name(["a", "b", "c", "d"]) == "a, b, c …"


def test_a_block_with_one_product_is_named_after_it():
    ops, modules = ("linear", "reshape", "linear"), ("attention.queries", "attention", "attention.out")
    first, second = Block((0, 1), kind_of(ops[:2])), Block((2,), "linear")
    (named,) = with_names([Block((0, 1, 2), kind_of(ops), (first, second))], ops, modules)
    assert named.name == "attention"
    assert [part.name for part in named.parts] == ["attention.queries", "attention.out"]
