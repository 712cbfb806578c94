"""Results of `archflow bench proxies`."""

from __future__ import annotations

from archflow_reproduce.results.sections.section import Kind, Result, command, made_by, out_option, paragraphs
from archflow_reproduce.results.speed_report import processor
from archflow_reproduce.results.zero_cost_report import zero_cost_tables


def zero_cost_section(name: str, result: Result, place: str) -> str:
    """All tables, and the command."""
    options = {
        "count": result["cells"],
        "images": result["images"],
        "speed-cells": result["speed"]["cells"],
        "out": out_option(name, place),
    }
    machine = f"{processor(result)}, torch {result['machine']['torch']}."
    return paragraphs(*zero_cost_tables(result), machine, made_by(command("proxies", options), name, place))


PROXIES = Kind(frozenset({"reference", "equal", "speed"}), "Zero-cost proxies", zero_cost_section)
