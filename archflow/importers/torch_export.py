"""Networks in torch on the meta device: no weight is made, and no memory is taken.

A network is run and its operators are recorded; what cannot be recorded is traced by `torch.export`.

Source: https://docs.pytorch.org/docs/stable/export.html
"""

from __future__ import annotations

import copy
import io
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import config as fx_config
from torch.utils import _pytree as pytree

from archflow.errors import ArchflowError
from archflow.importers import opaque_modules
from archflow.importers.model import ImportedModel, imported
from archflow.importers.opaque_modules import OpaqueModules
from archflow.importers.open_batch import with_open_batch
from archflow.importers.torch_program import Program, steps_of
from archflow.importers.torch_record import recorded
from archflow.named_objects import first_line


def from_module(
    module: nn.Module,
    inputs: Sequence[Any],
    keywords: Mapping[str, Any] | None = None,
    *,
    name: str = "",
    per_example: bool = False,
) -> ImportedModel:
    """The graph of a network as it computes in evaluation.

    The module itself is neither changed nor run: a copy without weights is traced on the meta device. A sub-module that
    cannot be traced becomes one opaque node.

    Args:
        module: The network.
        inputs: What it is called with; of tensors only shapes and types matter.
        keywords: Arguments by name.
        name: What the model is called; its class if empty.
        per_example: Trace it for a batch of any size: shapes and costs are those of one example, and its batch is
            unknown. The batch is the first axis of the first tensor, and of the others that are as long there. A
            network that fixes it is traced with the batch that it is called with, and a note says so.

    Raises:
        ArchflowError: If it cannot be exported; the line says where, and why.
    """
    name = name or type(module).__name__
    if not isinstance(module, nn.Module):
        raise ArchflowError(f"{name}: is no torch.nn.Module but a {type(module).__name__}")
    arguments, by_keyword = _on_meta(tuple(inputs)), _on_meta(dict(keywords or {}))
    notes: list[str] = []
    if per_example:
        network = without_weights(module).eval()
        try:
            program = _exported_open(network, arguments, by_keyword)
            return _model(name, network, program, OpaqueModules(network), batch_is_open=True)
        except Exception as error:  # whatever the user's module raises, or the exporter of its axes
            notes = [f"its batch cannot be left open, costs are of the whole batch ({first_line(error)})"]
    network = without_weights(module).eval()
    program = None
    with suppress(Exception), redirect_stdout(sys.stderr):  # whatever it raises; standard output is the command's own
        program = recorded(network, arguments, by_keyword)
    if program is not None:
        return _model(name, network, program, OpaqueModules(network), notes)
    network = without_weights(module).eval()  # again, as the forward that failed may have changed it
    with OpaqueModules(network) as opaque:
        try:
            program = _exported(network, arguments, by_keyword, opaque)
        except Exception as error:  # whatever the user's module raises
            place = opaque_modules.where(error, network)
            raise ArchflowError(f"{name}: {place} cannot be exported ({first_line(error)})") from None
        try:
            return _model(name, network, program, opaque, notes)
        except ArchflowError as error:
            raise ArchflowError(f"{name}: {error}") from None


def without_weights(module: nn.Module) -> nn.Module:
    """A copy of a network on the meta device; none of its numbers is copied, and what is shared stays shared."""
    known: dict[int, Any] = {}
    for each in module.parameters():
        known[id(each)] = nn.Parameter(each.detach().to("meta"), requires_grad=each.requires_grad)
    for each in module.buffers():
        known[id(each)] = each.detach().to("meta")
    return copy.deepcopy(module, known)


def _on_meta(values: Any) -> Any:
    return pytree.tree_map_only(Tensor, lambda value: value.detach().to("meta"), values)


def _exported(network: nn.Module, arguments: tuple, keywords: dict[str, Any], opaque: OpaqueModules) -> Program:
    """The program of a network, sub-modules that cannot be exported as operators. Raises what remains beyond that."""
    with _quietly():
        while True:
            with suppress(Exception):
                exported = torch.export.export(network, arguments, keywords, strict=False)
                return Program.exported(exported, network)
            try:
                with torch.device("meta"):  # for what a forward creates; it takes longer, so only where it is needed
                    exported = torch.export.export(network, arguments, keywords, strict=False)
                    return Program.exported(exported, network)
            except Exception as error:
                if not opaque.resolve(error):
                    raise


def _exported_open(network: nn.Module, arguments: tuple, keywords: dict[str, Any]) -> Program:
    """The program of a network for a batch of any size. Raises if it has none."""
    given = with_open_batch(arguments, keywords)
    shapes = given.shapes.dynamic_shapes(network, given.arguments, given.keywords)
    with _quietly(), torch.device("meta"):
        exported = torch.export.export(network, given.arguments, given.keywords, dynamic_shapes=shapes, strict=False)
    return Program.exported(exported, network)


@contextmanager
def _quietly() -> Iterator[None]:
    """Export without what torch prints, and without the source lines of every node, which take a fifth of the time."""
    unseen = io.StringIO()  # torch prints what it has traced where it fails
    traces = getattr(fx_config, "do_not_emit_stack_traces", None)
    with warnings.catch_warnings(), torch.no_grad(), redirect_stdout(unseen), redirect_stderr(unseen):
        warnings.filterwarnings("ignore", module=r"torch\.")  # of its own internals, which the user cannot change
        try:
            if traces is not None:
                fx_config.do_not_emit_stack_traces = True
            yield
        finally:
            if traces is not None:
                fx_config.do_not_emit_stack_traces = traces


def _model(
    name: str,
    network: nn.Module,
    program: Program,
    opaque: OpaqueModules,
    notes: Sequence[str] = (),
    *,
    batch_is_open: bool = False,
) -> ImportedModel:
    steps, outputs = steps_of(program, network, opaque)
    return imported(
        name,
        steps,
        outputs,
        params=sum(each.numel() for each in network.parameters()),
        notes=[*notes, *opaque.notes],
        batch_is_open=batch_is_open,
    )
