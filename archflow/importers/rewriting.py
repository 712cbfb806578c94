"""Steps while they are rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archflow.importers.steps import Step


class Rewriting:
    """A step may stand for another one; those that nothing takes any more stay until the end.

    Args:
        steps: In an order in which every step takes only what stands before it.
        outputs: The steps, by number, whose results the model gives.
    """

    def __init__(self, steps: Sequence[Step], outputs: Iterable[int]) -> None:
        self.steps = list(steps)
        self.outputs = list(outputs)
        self.stands_for = list(range(len(self.steps)))

    def resolved(self, number: int) -> int:
        """The step that one stands for."""
        while self.stands_for[number] != number:
            number = self.stands_for[number]
        return number

    def inputs(self, number: int) -> list[int]:
        """The steps whose results one takes."""
        return [self.resolved(each) for each in self.steps[number].inputs]

    def uses(self) -> list[int]:
        """How often the result of each step is taken, by other steps that an output needs and by outputs."""
        count = [0] * len(self.steps)
        for number in self.needed():
            for each in self.inputs(number):
                count[each] += 1
        for each in self.outputs:
            count[self.resolved(each)] += 1
        return count

    def needed(self) -> list[int]:
        """The steps that an output needs, in order, and all inputs."""
        seen = [step.op == "input" for step in self.steps]
        pending = [self.resolved(each) for each in self.outputs]
        while pending:
            number = pending.pop()
            if not seen[number]:
                seen[number] = True
                pending.extend(self.inputs(number))
        return [number for number, is_needed in enumerate(seen) if is_needed]

    def finished(self) -> list[Step]:
        """The steps that are needed, renumbered, and the outputs."""
        numbers = self.needed()
        place = {number: i for i, number in enumerate(numbers)}
        left = [replace(self.steps[each], inputs=tuple(place[i] for i in self.inputs(each))) for each in numbers]
        for output in dict.fromkeys(map(self.resolved, self.outputs)):
            of = self.steps[output]
            left.append(Step("output", (place[output],), of.shape, of.itemsize))
        return left
