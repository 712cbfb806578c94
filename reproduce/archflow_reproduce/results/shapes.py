"""Shapes of the parts that results of every kind have in common (`archflow.described`)."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Interval, MinLen

from archflow.described import Described

Count = Annotated[int, Interval(ge=0, le=10**15)]
Number = Annotated[float, Interval(ge=-1e300, le=1e300)]
Maybe = Number | None
"""A figure that may not have been measured."""
Runs = list[Maybe]
"""One figure per run."""


class Machine(Described):
    processor: str
    threads: Count
    torch: str
    device: str = ""


class Splits(Described):
    by: str
    test: Annotated[list[Count], MinLen(1)]
    validation: Count = 0


class Epochs(Described):
    epochs: Count


class Task(Described):
    """A pretext task and its settings; those of a sum are listed under the names of its parts."""

    task: str
    proxies: list[str] = []  # noqa: RUF012 - pydantic copies it


class ProtocolConfig(Described):
    """The settings of a result of `run_protocol`."""

    data: str
    encoder: str
    view: str = "whole"
    encoder_config: dict[str, Any] = {}  # noqa: RUF012
    split_by: str
    model_seeds: list[int]
    tasks: dict[str, Task]
    fine_tune: Epochs
    pretrain: Epochs
    pretrain_on: list[str] = []  # noqa: RUF012


class Learnt(Described):
    """The measures of a method, one figure per run."""

    tau: Runs
    p_at_1: Runs = []  # noqa: RUF012
    p_at_5: Runs = []  # noqa: RUF012


Published = dict[str, dict[str, Maybe]]


class Times(Described):
    min: Number
    median: Number
