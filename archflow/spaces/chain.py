"""Spaces of chains: a sequence of layers, each chosen from its stage's operations.

A space of your own is a declaration:

    @SPACES.register("my_chain")
    class MyChain(ChainSpace):
        name = "my_chain"
        stages = (Stage(("conv3_16", "conv5_16"), depth=(1, 3)), Stage(("conv3_32", "conv5_32"), depth=(2, 4)))

In the graph every layer is a node: the input, the layers, `output`, each with an edge to the next. A node's operation
and attributes represent the choice.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from archflow.spaces.sampling import drawn_places
from archflow.spaces.stage import Ints, NodeForms, Stage

OUTPUT = "output"
ENUMERABLE = 1_000_000
"""Largest size of a space of chains that can be enumerated."""


class ChainSpace(SearchSpace):
    """Base class of spaces of chains, which subclasses declare.

    A native string is the layers' spellings, starting with the input's if there is a choice of inputs. A declaration
    that contradicts itself raises ArchflowError when the space is constructed.

    Attributes:
        stages: The stages, input to output. If the depth of a stage is a choice, no two stages may share an operation,
            since the graph would not show where a stage ends.
        inputs: The operations that the first node chooses from, such as input resolutions.
        plain_names: Operation -> the name of the node's operation, if it differs. Operations with the same plain name
            are distinguished by their attributes.
        operation_attributes: Operation -> attribute -> number.
        spelling: Operation -> its spelling in native strings, if it differs from its name.
        separator: Separator between the layers of a native string.
        identity: The operation that computes nothing, except in the first layer of a stage, which changes the shape.
    """

    stages: tuple[Stage, ...] = ()
    inputs: tuple[str, ...] = ("input",)
    plain_names: Mapping[str, str] = MappingProxyType({})
    operation_attributes: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    spelling: Mapping[str, str] = MappingProxyType({})
    separator: str = ","
    identity: str = ""

    def __init__(self) -> None:
        # Input and output are stages of one layer, so that nothing below treats them specially.
        self._stages = (Stage(self.inputs, (1, 1)), *self.stages, Stage((OUTPUT,), (1, 1)))
        self._depth_varies = any(fewest < most for fewest, most in (stage.depth for stage in self._stages))
        self._check_declaration()
        layers = [op for stage in self.stages for op in stage.operations]
        self._forms = forms = NodeForms((*self.inputs, OUTPUT, *layers), self.plain_names, self.operation_attributes)
        self._check_forms()
        self.vocabulary = Vocabulary(tuple(dict.fromkeys(forms.plain[op] for op in (*self.inputs, OUTPUT, *layers))))
        of_stages = (name for stage in self._stages for name in (*stage.attributes, *stage.first))
        self.attribute_names = tuple(dict.fromkeys((*forms.names, *of_stages)))
        self.size = prod(stage.size for stage in self._stages)
        self._fewest, self._most = np.array([stage.depth for stage in self._stages]).T
        self._first = pointer(self._most)[:-1]
        self._stage_of = np.repeat(np.arange(len(self._stages)), self._most)
        self._words = [[self.spelling.get(op, op) for op in stage.operations] for stage in self._stages]
        self._choice_of = np.full((len(self._stages), len(forms.values)), -1)
        widest = max(len(stage.operations) for stage in self._stages)
        self._op_of = np.zeros((len(self._stages), widest), np.int32)
        self._values_of = np.full((len(self._stage_of), widest, len(self.attribute_names)), np.nan, np.float32)
        for number, stage in enumerate(self._stages):
            self._choice_of[number, [forms.number(op) for op in stage.operations]] = np.arange(len(stage.operations))
            self._op_of[number, : len(stage.operations)] = [
                self.vocabulary.index(forms.plain[op]) for op in stage.operations
            ]
            here = self._values_of[self._first[number] : self._first[number] + self._most[number]]
            here[:, : len(stage.operations), : len(forms.names)] = [forms.values[op] for op in stage.operations]
            for name, value in stage.attributes.items():
                here[..., self.attribute_names.index(name)] = value
            for name, value in stage.first.items():
                here[0, :, self.attribute_names.index(name)] = value

    def parse(self, text: str) -> Architecture:
        number = 0 if len(self.inputs) > 1 else 1
        choices = np.full(len(self._stage_of), -1)
        choices[-1] = 0
        choices[:number] = 0
        at, depth, total = 0, 0, np.stack([self._fewest, self._most])[:, number:-1].sum(axis=1).tolist()
        for word in text.split(self.separator) if self.separator else text:
            fewest, most = self._stages[number].depth
            known = self._words[number] if depth < most else []
            if word not in known and depth >= fewest and number + 2 < len(self._stages):
                number, depth = number + 1, 0
                known = [*known, *self._words[number]]
            if not known:
                self._refuse(text, f"it should end before character {at + 1}, remove {shown(text[at:])}")
            if word not in known:
                self._refuse(
                    text, f"{shown(word)} at character {at + 1} is not one of {', '.join(dict.fromkeys(known))}"
                )
            choices[self._first[number] + depth] = self._words[number].index(word)
            depth += 1
            at += len(word) + len(self.separator)
        if number + 2 < len(self._stages) or depth < self._stages[number].depth[0]:
            fewest, most = total
            count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            made = int((choices >= 0).sum()) - (1 if len(self.inputs) > 1 else 2)
            self._refuse(text, f"it ends at character {len(text)} after {made} choices of {count}")
        return self._from_choices(choices[None])[0]

    def format(self, architecture: Architecture) -> str:
        return self._spelled(self._choices_of(architecture))

    def enumerate(self) -> ArchitectureSet:
        """All chains, the last choice changing fastest, shallow stages first."""
        if self.size > ENUMERABLE:
            raise refuse_enumeration(self)
        runs = [stage.runs() for stage in self._stages]
        numbers = np.unravel_index(np.arange(self.size), [len(block) for block in runs])
        return self._from_choices(np.hstack([block[rows] for block, rows in zip(runs, numbers, strict=True)]))

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Uniform over choices: every input, every depth of a stage and every operation of a layer is equally likely.

        If a depth is a choice, this is not uniform over architectures: a shallow one is more likely than a deep one.
        """
        columns = []
        for stage in self._stages:
            fewest, most = stage.depth
            depth = generator.integers(fewest, most + 1, (count, 1))
            choices = generator.integers(0, len(stage.operations), (count, most))
            columns.append(np.where(np.arange(most) < depth, choices, -1))
        return self._from_choices(np.hstack(columns))

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All chains with one choice changed.

        A change replaces an operation or the input, or adds or removes a layer at the end of a stage.
        """
        choices = self._choices_of(architecture)[None]
        changes = np.flatnonzero(self._changeable(choices)[0])
        return self._from_choices(self._changed(np.repeat(choices, len(changes), 0), changes))

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        if self.size < 2:
            return super().mutants(architectures, generator)
        choices = self._choices(architectures)
        return self._from_choices(self._changed(choices, drawn_places(self._changeable(choices), generator)))

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        choices = self._choices(architectures)
        for stage, first in zip(self._stages, self._first, strict=True):
            if self.identity in stage.operations:
                rest = choices[:, first + 1 : first + stage.depth[1]]
                idle = rest == stage.operations.index(self.identity)
                order = np.argsort(np.where(rest < 0, 2, idle), axis=1, kind="stable")
                rest[:] = np.take_along_axis(rest, order, axis=1)
        return [self._spelled(each) for each in choices]

    def canonical(self, architecture: Architecture) -> str:
        """The native string, with the `identity` layers of each stage moved to its end, except for its first layer."""
        return self.keys(ArchitectureSet.from_architectures([architecture]))[0]

    def _changeable(self, choices: Ints) -> NDArray[np.bool_]:
        """(N, P) -> (N, P (W + 1)) which changes lead to a neighbour.

        For every column there are the W operations of the widest stage, then "no layer". A layer may be appended to a
        stage, and its last one removed.
        """
        there = np.add.reduceat(choices >= 0, self._first, axis=1)[:, self._stage_of]
        place = np.arange(choices.shape[1]) - self._first[self._stage_of]
        widths = np.array([len(stage.operations) for stage in self._stages])[self._stage_of]
        operation = np.arange(self._op_of.shape[1])
        other = (operation != choices[..., None]) & (operation < widths[:, None]) & (place <= there)[..., None]
        gone = (place == there - 1) & (there > self._fewest[self._stage_of])
        return np.concatenate([other, gone[..., None]], axis=2).reshape(-1, choices.shape[1] * (len(operation) + 1))

    def _changed(self, choices: Ints, changes: Ints) -> Ints:
        """(N, P) after one change (N,) of each row, in place."""
        widest = self._op_of.shape[1]
        column, value = np.divmod(changes, widest + 1)
        choices[np.arange(len(choices)), column] = np.where(value == widest, -1, value)
        return choices

    def conform(self, architectures: ArchitectureSet) -> ArchitectureSet:
        return self._from_choices(self._choices(architectures))

    def _spelled(self, choices: Ints) -> str:
        """The native string of one architecture's choices (P,)."""
        begin = 0 if len(self.inputs) > 1 else 1
        layers = zip(self._stage_of[begin:-1].tolist(), choices[begin:-1].tolist(), strict=True)
        return self.separator.join(self._words[stage][choice] for stage, choice in layers if choice >= 0)

    def _from_choices(self, choices: Ints) -> ArchitectureSet:
        """Indices into the stages' operations (N, P), -1 where there is no layer -> N architectures."""
        there = choices >= 0
        node_ptr, edge_ptr = pointer(there.sum(axis=1)), pointer(there.sum(axis=1) - 1)
        source = positions(np.zeros(len(choices), np.int64), np.diff(edge_ptr), edge_ptr)
        column, choice = np.broadcast_to(np.arange(choices.shape[1]), choices.shape)[there], choices[there]
        return ArchitectureSet(
            self.vocabulary,
            self._op_of[self._stage_of[column], choice],
            node_ptr,
            source,
            source + 1,
            edge_ptr,
            attributes=self._values_of[column, choice] if self.attribute_names else None,
            attribute_names=self.attribute_names,
            validate=False,
        )

    def _choices_of(self, architecture: Architecture) -> Ints:
        """One architecture -> (P,) indices. Raises ArchflowError if it is of another space."""
        return self._choices(ArchitectureSet.from_architectures([architecture]))[0]

    def _choices(self, architectures: ArchitectureSet) -> Ints:
        """N architectures -> (N, P) indices, as `_from_choices` takes them. Raises ArchflowError, naming the row."""
        operation = self._forms.read(architectures)
        row, place = architectures.node_owner, architectures.node_place
        # Edges are unique, so a graph with enough edges between consecutive nodes has no other edges.
        straight = architectures.edge_counts == architectures.node_counts - 1
        straight[architectures.edge_owner[architectures.edge_dst != architectures.edge_src + 1]] = False
        self._refuse_rows(~straight, "its edges do not lead from each node to the next")
        rows, count = len(architectures), len(self._stages)
        if self._depth_varies:
            stage = (self._choice_of >= 0).argmax(axis=0)[operation]
        else:
            stage = self._stage_of[np.minimum(place, len(self._stage_of) - 1)]
        back = np.zeros(rows, bool)
        back[row[1:][(np.diff(stage) < 0) & (np.diff(row) == 0)]] = True
        self._refuse_rows(back, "an operation of an earlier stage comes after one of a later stage")
        depths = np.bincount(row * count + stage, minlength=rows * count).reshape(-1, count)
        self._refuse_rows(
            ((depths < self._fewest) | (depths > self._most)).any(axis=1), "it has too few or too many layers"
        )
        choice = self._choice_of[stage, operation]
        strange = np.zeros(rows, bool)
        strange[row[choice < 0]] = True
        self._refuse_rows(strange, "an operation is not allowed at its position")
        choices = np.full((rows, len(self._stage_of)), -1)
        choices[row, self._first[stage] + place - (np.cumsum(depths, axis=1) - depths)[row, stage]] = choice
        return choices

    def _refuse_rows(self, bad: NDArray[np.bool_], why: str) -> None:
        if bad.any():
            raise ArchflowError(f"architecture {int(np.argmax(bad))} is not of {self.name}: {why}")

    def _refuse(self, text: str, why: str) -> NoReturn:
        raise ArchflowError(f"{self.name} {shown(text)}: {why}")

    def _check_declaration(self) -> None:
        def refuse(why: str) -> NoReturn:
            raise ArchflowError(f"chain space {getattr(self, 'name', '')!r}: {why}")

        if not self.stages:
            refuse("it has no stages; declare at least one")
        if any(OUTPUT in stage.operations for stage in self.stages):
            refuse(f"{OUTPUT!r} occurs twice: it is the last node, and cannot be a layer's operation")
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
                refuse(f"{twice!r} is ambiguous: two operations, or two stages of variable depth, have it; rename one")
        for word in {word for of_stage in words for word in of_stage}:
            if self.separator in word if self.separator else len(word) != 1:
                refuse(f"{word!r} cannot be recognised with the separator {self.separator!r}; spell it otherwise")

    def _check_forms(self) -> None:
        for one, other in self._forms.twins:
            if self._depth_varies or any({one, other} <= set(stage.operations) for stage in self._stages):
                raise ArchflowError(
                    f"chain space {self.name!r}: {one!r} and {other!r} would be the same node, "
                    f"{self._forms.plain[one]!r}; give them attributes that differ"
                )
