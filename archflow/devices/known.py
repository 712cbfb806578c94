"""Devices by name; a sentence is a device of its own, and a TOML file describes one."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path

from archflow.described import parse
from archflow.devices.data_sheets import devices_in
from archflow.devices.device import Device
from archflow.devices.published import PREFIXES, PUBLISHED, SYNONYMS
from archflow.devices.words import numbers_in
from archflow.errors import ArchflowError
from archflow.files import regular_file
from archflow.printable import shown

MOST_BYTES = 65_536
"""The most bytes of a file that describes a device."""

_FORM = 'give lines such as name = "my board", words = "4 x Cortex-A76 2.4 GHz", bandwidth_gb_s = 17'


def known_devices(folder: Path | None = None) -> Mapping[str, Device]:
    """All devices with a name: those of published tables, and those that tables in the folder describe.

    Args:
        folder: The user's data folder, as `archflow.data.places.data_folder` gives it.

    Raises:
        ArchflowError: As `devices_in` does.
    """
    return PUBLISHED if folder is None else {**PUBLISHED, **devices_in(folder)}


def find_device(text: str, folder: Path | None = None) -> Device:
    """The device that a text means.

    Args:
        text: A known name, also as columns have it (`help_1080ti`); the path of a `.toml` file; a sentence that says a
            number of the device or has a comma.
        folder: As `known_devices` takes it.

    Raises:
        ArchflowError: If it is not one of these; the line has the nearest names.
    """
    known = known_devices(folder)
    bare = next((text.removeprefix(prefix) for prefix in PREFIXES if text.startswith(prefix)), text)
    for name in (text, bare):
        if (device := known.get(SYNONYMS.get(name, name))) is not None:
            return device
    if text.endswith(".toml"):
        return read_device(text)
    if "," in text or numbers_in(text):
        return Device(text)
    lowered = {name.lower(): name for name in known}
    near = [lowered[name] for name in difflib.get_close_matches(text.lower(), lowered, n=3, cutoff=0.4)]
    hint = f"the nearest of {len(known)} names: {'; '.join(near)}; or " if near else ""
    raise ArchflowError(
        f"no device is called {shown(text)}; {hint}say in a sentence what it is, such as "
        "'Raspberry Pi 5, 4 x Cortex-A76 2.4 GHz, 4 threads'"
    )


def read_device(path: str | Path) -> Device:
    """The device that a TOML file describes: a name, and what else `Device` has.

    Raises:
        ArchflowError: If it cannot be read, or does not describe a device.
    """
    path = Path(path)
    try:
        with regular_file(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ArchflowError(f"{path}: has more than {MOST_BYTES:,} bytes, too many for a device; {_FORM}")
        described = tomllib.loads(content.decode())
    except ArchflowError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise ArchflowError(f"{path}: cannot be read as TOML ({_reason(error)}); {_FORM}") from None
    nested = next((name for name, value in described.items() if not isinstance(value, str | int | float)), None)
    if nested is not None:
        raise ArchflowError(f"{path}: {shown(nested)} is neither text nor a number; {_FORM}")
    return parse(Device, described, str(path), _FORM)


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
