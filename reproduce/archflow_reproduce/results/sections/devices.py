"""Results of `archflow bench devices`."""

from __future__ import annotations

from typing import Any, Literal

from archflow.described import Described
from archflow_reproduce.results.devices_report import devices_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs, settings_text
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class DeviceScores(Described):
    spearman: Number
    mape: Number
    mape_1: Number
    mape_3: Number
    mape_10: Number


class DevicesConfig(Described):
    seeds: Count
    settings: dict[str, Any]


class DevicesResult(Described):
    machine: Machine
    config: DevicesConfig
    scores: dict[Literal["device", "family"], dict[str, dict[str, DeviceScores]]]
    families: dict[str, str]
    runs: Count
    networks: Count


def devices_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result = record.content
    return paragraphs(
        f"{result['networks']} networks in {result['runs']} runs on {len(result['families'])} devices; medians over "
        "devices. *After 1*, *3*, *10*: MAPE of the other networks after a factor was fitted to as many measured ones. "
        f"Settings of LeDG-Former: {settings_text(record.config['settings'])}. {processor(result)}.",
        devices_report(result),
        made_by(record, name, place),
    )


DEVICES = Kind(
    "devices",
    "Latency on unmeasured devices",
    DevicesResult,
    devices_section,
    "[LeDG-Former](ledg-former.md) and baselines on ncnn's benchmark: networks measured on other devices, "
    "and a new device known only by its description.",
    expected=False,
)
"""How the page shows them."""
