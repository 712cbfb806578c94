"""What an importer writes down: the steps of a computation, in order, with what is known of each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from archflow.errors import ArchflowError
from archflow.importers.costs import described, named
from archflow.printable import shown

Shape = tuple[int, ...]

LARGEST = 1 << 48
"""Numbers of one array. No model has such a one; a file made to do harm may state it."""

MOST_STEPS = 1_000_000
"""Steps of one model; the largest in use have some ten thousand."""


BUNDLE = "bundle"
"""What importers call an operation that hands on all its inputs as a list; whatever takes it takes each of them."""


@dataclass(frozen=True)
class Step:
    """One operation, input, constant or learned array.

    Attributes:
        op: A name of the vocabulary, or the operation's own name if that lacks it.
        inputs: The numbers of the steps whose results it takes, in order.
        shape: The shape of its (first) result; None if not known.
        itemsize: Bytes of one number of the result.
        numbers: Node attributes by name.
        weights: The learned arrays that it reads: how many numbers each has, by a name that distinguishes them.
        constants: Shapes of the operands that no input of the model decides, learned ones included.
        module: Dotted path of the module that it is computed in; empty if the source does not say.
    """

    op: str
    inputs: tuple[int, ...] = ()
    shape: Shape | None = None
    itemsize: int = 4
    numbers: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)
    constants: tuple[Shape | None, ...] = ()
    module: str = ""


class Steps(list[Step]):
    """A growing list of steps in the order of execution, so that a step takes only what stands before it.

    Attributes:
        module: The module that operations put from now on are computed in.
    """

    module: str = ""

    def put(self, step: Step) -> int:
        """Append a step, and return its number. Raises ArchflowError for a shape or a count that no model has."""
        if len(self) >= MOST_STEPS:
            raise ArchflowError(f"it has more than {MOST_STEPS:,} nodes; import its parts one by one")
        if step.shape is not None:
            check_shape(step.shape)
        self.append(step)
        return len(self) - 1

    def input(self, shape: Sequence[int] | None, itemsize: int = 4) -> int:
        """Append an input of the model, and return its number."""
        return self.put(Step("input", (), None if shape is None else tuple(shape), itemsize))

    def constant(self, shape: Sequence[int] | None, itemsize: int = 4) -> int:
        """Append an array that is known before any input and not learned, and return its number."""
        return self.put(Step("constant", (), None if shape is None else tuple(shape), itemsize))

    def weight(self, name: str, shape: Sequence[int], itemsize: int = 4) -> int:
        """Append a learned array, and return its number. Arrays of one name are one array, which counts once."""
        check_shape(tuple(shape))
        return self.put(Step("constant", (), tuple(shape), itemsize, {}, {name: math.prod(shape)}))

    def apply(
        self,
        op: str,
        inputs: Iterable[int],
        shape: Sequence[int] | None,
        itemsize: int = 4,
        numbers: Mapping[str, float] | None = None,
    ) -> int:
        """Append an operation on the results of other steps, and return its number.

        Args:
            op: A name of the vocabulary, or the operation's own name if that lacks it.
            inputs: The numbers of the steps that it takes: computed operands first, then weight and bias.
            shape: The shape of the first result; None if not known.
            itemsize: Bytes of one number of the first result.
            numbers: Its settings in the model: kernel, stride ... Channels and multiply-adds follow from shapes.
        """
        inputs = self.unbundled(inputs)
        known = None if shape is None else tuple(shape)
        operands = [self[each].shape for each in inputs]
        name = named(op, operands, known)
        about = described(name, operands, known, numbers or {})
        return self.put(Step(name, inputs, known, itemsize, about, module=self.module))

    def ends(self) -> list[int]:
        """The steps that compute something which no other step takes."""
        taken = {each for step in self for each in step.inputs}
        return [number for number, step in enumerate(self) if step.inputs and number not in taken]

    def unbundled(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Steps, with what a bundle holds in the place of it."""
        found: list[int] = []
        for each in numbers:
            found.extend(self[each].inputs if self[each].op == BUNDLE else [each])
        return tuple(found)


def check_shape(shape: Shape) -> None:
    """Raises ArchflowError for a negative size, and for an array that no machine could hold."""
    if any(size < 0 for size in shape):
        raise ArchflowError(f"an array has the shape {shown(list(shape))}; sizes are not negative")
    if len(shape) > 64 or math.prod(shape) > LARGEST:
        raise ArchflowError(f"an array has the shape {shown(list(shape))}: no model has so large a one")
