"""Training states and weights on disk: safetensors, written whole or not at all, never pickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archflow.errors import ArchflowError
from archflow.files import write_atomically


def fingerprint(*parts: Any) -> str:
    """16 hexadecimal digits of settings and data: arrays, tensors, and whatever JSON can hold."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        if isinstance(part, Tensor):
            part = part.detach().cpu().numpy()
        if isinstance(part, np.ndarray):
            digest.update(f"\n{part.dtype}{part.shape}\n".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        else:
            digest.update(json.dumps(part, sort_keys=True).encode())
    return digest.hexdigest()


def save_tensors(path: str | Path, tensors: Mapping[str, Tensor], about: Any) -> None:
    """Write named tensors and a JSON description of them into one file."""
    from safetensors.torch import save_file

    with write_atomically(path) as temporary:
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        content = {"about": about, "digest": _digest(contiguous, about)}
        # One entry: the library writes several in no fixed order, and the same model should be the same bytes.
        save_file(contiguous, temporary, metadata={"archflow": json.dumps(content, sort_keys=True)})


def load_tensors(path: str | Path, device: torch.device | str = "cpu") -> tuple[dict[str, Tensor], Any]:
    """Read what `save_tensors` wrote. Raises ArchflowError if the file is missing, truncated or not ours."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt", device=str(device)) as file:
            content = json.loads((file.metadata() or {})["archflow"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            if content["digest"] != _digest(tensors, content["about"]):
                raise ValueError("its content does not fit its digest")
            return tensors, content["about"]
    except FileNotFoundError:
        raise ArchflowError(f"{path}: no such file") from None
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ArchflowError(f"{path}: truncated, damaged or not written by archflow ({line}); make it anew") from None


def _digest(tensors: Mapping[str, Tensor], about: Any) -> str:
    return fingerprint(about, *(part for name in sorted(tensors) for part in (name, tensors[name])))


@dataclass
class TrainingState:
    """A training loop's whole state in one file: modules, optimiser, further tensors, and a JSON log.

    key: fingerprint of settings and data. A state of other settings or data is refused, not continued.
    """

    path: Path
    key: str
    modules: Mapping[str, nn.Module]
    optimiser: torch.optim.Optimizer

    def save(self, epoch: int, log: Any, extra: Mapping[str, Tensor] | None = None) -> None:
        """Write the state after `epoch` epochs."""
        tensors = {f"extra.{name}": tensor for name, tensor in (extra or {}).items()}
        for name, parameter in self._parameters():
            tensors[f"value.{name}"] = parameter
            for key, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"optimiser.{key}.{name}"] = value
        tensors |= {f"buffer.{name}": buffer for name, buffer in self._buffers()}
        save_tensors(self.path, tensors, {"key": self.key, "epoch": epoch, "log": log})

    def restore(self) -> tuple[int, Any, dict[str, Tensor]] | None:
        """Load the state if there is one: (epochs done, log, extra tensors).

        Raises ArchflowError if the file is damaged or belongs to other settings or data.
        """
        if not self.path.exists():
            return None
        tensors, about = load_tensors(self.path)
        if not isinstance(about, dict) or about.get("key") != self.key:
            raise ArchflowError(
                f"{self.path}: an unfinished run with other settings or data; finish that run, or remove the file"
            )
        with torch.no_grad():
            for name, parameter in self._parameters():
                parameter.copy_(tensors[f"value.{name}"])
                state = {key: tensors.get(f"optimiser.{key}.{name}") for key in ("step", "exp_avg", "exp_avg_sq")}
                if state["step"] is not None:
                    self.optimiser.state[parameter] = state
            for name, buffer in self._buffers():
                buffer.copy_(tensors[f"buffer.{name}"])
        extra = {name.removeprefix("extra."): value for name, value in tensors.items() if name.startswith("extra.")}
        return about["epoch"], about["log"], extra

    def _parameters(self):
        for module_name, module in self.modules.items():
            for name, parameter in module.named_parameters():
                yield f"{module_name}.{name}", parameter

    def _buffers(self):
        for module_name, module in self.modules.items():
            for name, buffer in module.named_buffers():
                yield f"{module_name}.{name}", buffer
