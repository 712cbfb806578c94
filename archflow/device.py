"""Where to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archflow.errors import ArchflowError

if TYPE_CHECKING:
    import torch


def usable(device: torch.device | str) -> torch.device:
    """The device of a name such as `cpu` or `cuda:1`.

    Raises:
        ArchflowError: If there is no device of that name here.
    """
    import torch

    try:
        found = torch.device(device)
        torch.zeros(1, device=found).item()  # a device may be known and not be there
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        if reason.startswith("Expected one of"):  # followed by twenty kinds that hardly any machine has
            reason = "torch knows no such device; a GPU is 'cuda', 'cuda:1' or 'mps'"
        raise ArchflowError(f"device {str(device)!r} cannot be used here ({reason}); use 'cpu'") from None
    return found
