"""Spaces of chains: one layer after the other, each chosen from its stage's operations.

A space of your own is a declaration:

    @SPACES.register("my_chain")
    class MyChain(ChainSpace):
        name = "my_chain"
        stages = (Stage(("conv3_16", "conv5_16"), depth=(1, 3)), Stage(("conv3_32", "conv5_32"), depth=(2, 4)))

As a graph a layer is a node: the input, the layers, `output`, each with an edge to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer, positions
from archflow.spaces.base import SearchSpace, refuse_enumeration
from archflow.spaces.native_json import shown

OUTPUT = "output"
ENUMERABLE = 1_000_000
"""Up to this size a space of chains can be enumerated."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stage:
    """Layers in a row that choose from the same operations.

    operations: their names. depth: the fewest and the most layers, equal if the depth is no choice.
    """

    operations: tuple[str, ...]
    depth: tuple[int, int]

    @property
    def size(self) -> int:
        """How many different runs of layers it has."""
        return sum(len(self.operations) ** depth for depth in range(self.depth[0], self.depth[1] + 1))

    def runs(self) -> Ints:
        """(size, most) all runs of layers as positions in `operations`, -1 where there is no layer."""
        fewest, most = self.depth
        blocks = []
        for depth in range(fewest, most + 1):
            grid = np.stack(np.unravel_index(np.arange(len(self.operations) ** depth), (len(self.operations),) * depth))
            blocks.append(np.pad(grid.T, ((0, 0), (0, most - depth)), constant_values=-1))
        return np.concatenate(blocks)


class ChainSpace(SearchSpace):
    """Chains that a subclass declares.

    Attributes:
        stages: the stages, input to output. If a stage's depth is a choice, no two stages may share an operation:
            the graph would not say where one ends.
        inputs: the operations that the first node chooses from, such as input resolutions.
        operation_attributes: operation -> attribute -> number, what `attributes` gives.
        spelling: operation -> what it is called in native strings, if not by its name.
        separator: what stands between the layers of a native string.
        identity: the operation that computes nothing, but for the first layer of a stage, which changes the shape.

    A native string is the layers' spellings, the input's first if there is a choice. A declaration that contradicts
    itself raises ArchflowError when the space is made.
    """

    stages: tuple[Stage, ...] = ()
    inputs: tuple[str, ...] = ("input",)
    operation_attributes: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    spelling: Mapping[str, str] = MappingProxyType({})
    separator: str = ","
    identity: str = ""

    def __init__(self) -> None:
        # The ends are stages of one layer, so that nothing below treats them apart.
        self._stages = (Stage(self.inputs, (1, 1)), *self.stages, Stage((OUTPUT,), (1, 1)))
        self._depth_varies = any(fewest < most for fewest, most in (stage.depth for stage in self._stages))
        self._check_declaration()
        layers = dict.fromkeys(op for stage in self.stages for op in stage.operations)
        self.vocabulary = Vocabulary((*self.inputs, OUTPUT, *layers))
        self.size = prod(stage.size for stage in self._stages)
        self._fewest, self._most = np.array([stage.depth for stage in self._stages]).T
        self._first = pointer(self._most)[:-1]
        self._stage_of = np.repeat(np.arange(len(self._stages)), self._most)
        self._word_of = [self.spelling.get(op, op) for op in self.vocabulary.ops]
        self._op_of_word = [{self.spelling.get(op, op): op for op in stage.operations} for stage in self._stages]
        self._choice_of = np.full((len(self._stages), len(self.vocabulary)), -1)
        self._op_of = np.zeros((len(self._stages), max(len(stage.operations) for stage in self._stages)), np.int64)
        for number, stage in enumerate(self._stages):
            ids = [self.vocabulary.index(op) for op in stage.operations]
            self._choice_of[number, ids] = np.arange(len(ids))
            self._op_of[number, : len(ids)] = ids

    def parse(self, text: str) -> Architecture:
        number = 0 if len(self.inputs) > 1 else 1
        ops: list[str] = []
        at, depth, total = 0, 0, np.stack([self._fewest, self._most])[:, number:-1].sum(axis=1).tolist()
        for word in text.split(self.separator) if self.separator else text:
            fewest, most = self._stages[number].depth
            known = self._op_of_word[number] if depth < most else {}
            if word not in known and depth >= fewest and number + 2 < len(self._stages):
                number, depth = number + 1, 0
                known = known | self._op_of_word[number]
            if not known:
                self._refuse(text, f"it should end before character {at + 1}, remove {shown(text[at:])}")
            if word not in known:
                self._refuse(text, f"{shown(word)} at character {at + 1} is none of {', '.join(known)}")
            ops.append(known[word])
            depth += 1
            at += len(word) + len(self.separator)
        if number + 2 < len(self._stages) or depth < self._stages[number].depth[0]:
            fewest, most = total
            count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            self._refuse(text, f"it ends at character {len(text)} after {len(ops)} choices of {count}")
        return chain(ops if len(self.inputs) > 1 else [*self.inputs, *ops])

    def format(self, architecture: Architecture) -> str:
        return self._spelled(self._choices_of(architecture))

    def enumerate(self) -> ArchitectureSet:
        """All chains, the last choice changing fastest and a stage's shallow runs first."""
        if self.size > ENUMERABLE:
            raise refuse_enumeration(self)
        runs = [stage.runs() for stage in self._stages]
        numbers = np.unravel_index(np.arange(self.size), [len(block) for block in runs])
        return self._from_choices(np.hstack([block[rows] for block, rows in zip(runs, numbers, strict=True)]))

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Uniform over choices: every input, every depth of a stage, every operation of a layer is equally likely.

        Where a depth is a choice, that is not uniform over architectures: a shallow one is likelier than a deep one.
        """
        columns = []
        for stage in self._stages:
            fewest, most = stage.depth
            depth = generator.integers(fewest, most + 1, (count, 1))
            choices = generator.integers(0, len(stage.operations), (count, most))
            columns.append(np.where(np.arange(most) < depth, choices, -1))
        return self._from_choices(np.hstack(columns))

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All chains with one choice changed: another operation or input, or one layer more or fewer at the end of a
        stage."""
        choices = self._choices_of(architecture)
        columns: list[int] = []
        values: list[int] = []
        for stage, first in zip(self._stages, self._first.tolist(), strict=True):
            fewest, most = stage.depth
            depth = int((choices[first : first + most] >= 0).sum())
            last = first + depth - 1
            for column in range(first, min(last + 1, first + most - 1) + 1):  # the layer behind the last may be added
                changed = [op for op in range(len(stage.operations)) if op != choices[column]]
                changed += [-1] if column == last and depth > fewest else []
                columns += [column] * len(changed)
                values += changed
        around = np.tile(choices, (len(columns), 1))
        around[np.arange(len(columns)), columns] = values
        return self._from_choices(around)

    def canonical(self, architecture: Architecture) -> str:
        """The native string, with the `identity` layers of a stage behind its others, but for its first layer."""
        choices = self._choices_of(architecture)
        for stage, first in zip(self._stages, self._first, strict=True):
            if self.identity in stage.operations:
                rest = choices[first + 1 : first + stage.depth[1]]
                idle = rest == stage.operations.index(self.identity)
                rest[:] = rest[np.argsort(np.where(rest < 0, 2, idle), kind="stable")]
        return self._spelled(choices)

    def attributes(self, architectures: ArchitectureSet) -> dict[str, NDArray[np.float64]]:
        """What the operations' names say, as numbers: attribute -> (V,), NaN at a node that has none of the kind.

        Besides the declared ones there is `depth`, the number of layers of the node's stage. Raises ArchflowError,
        naming the row, for an architecture of another space.
        """
        coded, row, stage, _ = self._places(architectures)
        names = dict.fromkeys(name for values in self.operation_attributes.values() for name in values)
        result = {}
        for name in names:
            of_op = [self.operation_attributes.get(op, {}).get(name, np.nan) for op in self.vocabulary.ops]
            result[name] = np.array(of_op, np.float64)[coded.op]
        counts = np.bincount(row * len(self._stages) + stage, minlength=len(coded) * len(self._stages))
        is_layer = (stage > 0) & (stage < len(self._stages) - 1)
        result["depth"] = np.where(is_layer, counts[row * len(self._stages) + stage], np.nan)
        return result

    def _spelled(self, choices: Ints) -> str:
        """The native string of one architecture's choices (P,)."""
        ids = self._op_of[self._stage_of, choices][choices >= 0].tolist()
        return self.separator.join(self._word_of[op] for op in ids[0 if len(self.inputs) > 1 else 1 : -1])

    def _from_choices(self, choices: Ints) -> ArchitectureSet:
        """Positions in the stages' operations (N, P), -1 where there is no layer -> N architectures."""
        there = choices >= 0
        op = self._op_of[self._stage_of, choices]
        node_ptr, edge_ptr = pointer(there.sum(axis=1)), pointer(there.sum(axis=1) - 1)
        source = positions(np.zeros(len(choices), np.int64), np.diff(edge_ptr), edge_ptr)
        return ArchitectureSet(self.vocabulary, op[there], node_ptr, source, source + 1, edge_ptr, validate=False)

    def _choices_of(self, architecture: Architecture) -> Ints:
        """One architecture -> (P,). Raises ArchflowError if it is of another space."""
        return self._choices(ArchitectureSet.from_architectures([architecture], self.vocabulary))[0]

    def _choices(self, architectures: ArchitectureSet) -> Ints:
        """N architectures -> (N, P), as `_from_choices` takes them. Raises ArchflowError, naming the row."""
        coded, row, stage, rank = self._places(architectures)
        choices = np.full((len(coded), len(self._stage_of)), -1)
        choices[row, self._first[stage] + rank] = self._choice_of[stage, coded.op]
        return choices

    def _places(self, architectures: ArchitectureSet) -> tuple[ArchitectureSet, Ints, Ints, Ints]:
        """The set in this vocabulary and, of every node (V,), its row, its stage and its place in the stage."""
        coded = architectures.recoded(self.vocabulary)
        row, place = coded.node_owner, coded.node_place
        # Each edge is there once, so those that lead to the next node are all that a chain has if they are enough.
        straight = coded.edge_counts == coded.node_counts - 1
        straight[coded.edge_owner[coded.edge_dst != coded.edge_src + 1]] = False
        self._refuse_rows(~straight, "its edges do not lead from each node to the next")
        count = len(self._stages)
        if self._depth_varies:
            stage = (self._choice_of >= 0).argmax(axis=0)[coded.op]
        else:
            stage = self._stage_of[np.minimum(place, len(self._stage_of) - 1)]
        back = np.zeros(len(coded), bool)
        back[row[1:][(np.diff(stage) < 0) & (np.diff(row) == 0)]] = True
        self._refuse_rows(back, "an operation of an earlier stage stands behind one of a later stage")
        depths = np.bincount(row * count + stage, minlength=len(coded) * count).reshape(-1, count)
        self._refuse_rows(
            ((depths < self._fewest) | (depths > self._most)).any(axis=1), "it has too few or many layers"
        )
        strange = np.zeros(len(coded), bool)
        strange[row[self._choice_of[stage, coded.op] < 0]] = True
        self._refuse_rows(strange, "an operation is none that its place can have")
        return coded, row, stage, place - (np.cumsum(depths, axis=1) - depths)[row, stage]

    def _refuse_rows(self, bad: NDArray[np.bool_], why: str) -> None:
        if bad.any():
            raise ArchflowError(f"architecture {int(np.argmax(bad))} is none of {self.name}: {why}")

    def _refuse(self, text: str, why: str) -> NoReturn:
        raise ArchflowError(f"{self.name} {shown(text)}: {why}")

    def _check_declaration(self) -> None:
        def refuse(why: str) -> NoReturn:
            raise ArchflowError(f"chain space {getattr(self, 'name', '')!r}: {why}")

        if not self.stages:
            refuse("it has no stages; declare at least one")
        for number, stage in enumerate(self._stages):
            fewest, most = stage.depth
            if not stage.operations or len(set(stage.operations)) < len(stage.operations):
                refuse(f"stage {number} needs operations, each once, not {stage.operations}")
            if not 1 <= fewest <= most:
                refuse(f"the depth of stage {number} is {stage.depth}; give (fewest, most) from (1, 1) on")
        chosen = self._stages[0 if len(self.inputs) > 1 else 1 : -1]
        words = [[self.spelling.get(op, op) for op in stage.operations] for stage in chosen]
        for of_stage in words if not self._depth_varies else [[word for some in words for word in some]]:
            twice = next((word for word in of_stage if of_stage.count(word) > 1), None)
            if twice is not None:
                refuse(
                    f"{twice!r} could be two operations, or one of two stages, where a depth is a choice; rename one"
                )
        for word in {word for of_stage in words for word in of_stage}:
            if self.separator in word if self.separator else len(word) != 1:
                refuse(f"{word!r} cannot be told apart with the separator {self.separator!r}; spell it otherwise")


def chain(ops: list[str]) -> Architecture:
    """The chain of these operations, the ends included but for `output`."""
    return Architecture((*ops, OUTPUT), tuple((node, node + 1) for node in range(len(ops))))
