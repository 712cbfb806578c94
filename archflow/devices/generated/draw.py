"""Drawing networks of all families from a seed, and reading the descriptions of drawn ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from archflow.bounds import whole
from archflow.described import parse
from archflow.devices.generated.family import Family
from archflow.devices.generated.mobile import Mobile
from archflow.devices.generated.recurrent import Recurrent
from archflow.devices.generated.residual import Residual
from archflow.devices.generated.transformer import Transformer
from archflow.errors import ArchflowError
from archflow.files import parse_json
from archflow.printable import shown

FAMILIES: Mapping[str, type[Family]] = {
    "mobile": Mobile,
    "residual": Residual,
    "transformer": Transformer,
    "recurrent": Recurrent,
}
"""The families by name; networks are drawn from them in turn."""

LEAST, MOST = 4e6, 1.2e9
"""Multiply-adds that a drawn network needs, at least and at most: about 1 to 150 ms on a core of a processor."""

_MEND = "give a description as the column native has it"


def drawn(count: int, seed: int = 0) -> list[Family]:
    """Networks drawn from all families in turn, no two the same; fewer are the first of more.

    Args:
        count: How many.
        seed: The seed of the draws.
    """
    whole("networks to draw", count, 1, 100_000)
    generators = {name: np.random.default_rng([seed, number]) for number, name in enumerate(FAMILIES)}
    found: dict[str, Family] = {}
    names = list(FAMILIES)
    while len(found) < count:
        family = names[len(found) % len(names)]
        spec = FAMILIES[family].drawn(generators[family])
        if LEAST <= spec.multiply_adds <= MOST:
            found.setdefault(spec.native, spec)
    return list(found.values())


def parsed(native: str) -> Family:
    """The network that a description names.

    Args:
        native: One line of JSON, as `Family.native` gives it.

    Raises:
        ArchflowError: If it does not describe a network of the families, or its sizes do not go together.
    """
    try:
        content = parse_json(native)
    except ValueError:
        raise ArchflowError(f"network: {shown(native)} is no JSON; {_MEND}") from None
    family = content.get("family") if isinstance(content, dict) else None
    if not isinstance(family, str) or family not in FAMILIES:
        raise ArchflowError(f"network: no family is called {shown(family)}; there are {', '.join(FAMILIES)}")
    return parse(FAMILIES[family], content, "network", _MEND)
