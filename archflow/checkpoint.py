"""Training states and weights on disk: safetensors, written whole or not at all, never pickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor, nn

from archflow.described import Described, parse
from archflow.errors import ArchflowError
from archflow.files import parse_json, reason, write_atomically
from archflow.progress import LOGGER

MARK = "archflow"
"""The entry of a file's metadata that says what it is."""


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
    from safetensors.torch import save

    with write_atomically(path) as temporary:
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        content = {"about": about, "digest": _digest(contiguous, about)}
        # One entry: the library writes several in no fixed order, and the same model should be the same bytes.
        metadata = {MARK: json.dumps(content, sort_keys=True)}
        # Not by the library's `save_file`: a kill would leave its own temporary file, and a full disk is no OSError.
        temporary.write_bytes(save(contiguous, metadata=metadata))


def is_saved(path: str | Path) -> bool:
    """Whether a file says that `save_tensors` wrote it; its content is not checked."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as file:
            return MARK in (file.metadata() or {})
    except (SafetensorError, OSError):
        return False


def remove_saved(paths: Iterable[Path]) -> None:
    """Remove those of the files that `save_tensors` wrote."""
    for path in filter(is_saved, paths):
        path.unlink(missing_ok=True)


def load_tensors(path: str | Path, device: torch.device | str = "cpu") -> tuple[dict[str, Tensor], Any]:
    """Read what `save_tensors` wrote. Raises ArchflowError if the file is missing, truncated or not ours."""
    from safetensors import SafetensorError, safe_open

    try:
        Path(path).open("rb").close()  # the library calls every file that it cannot open a missing one
    except FileNotFoundError:
        raise ArchflowError(f"{path}: no such file") from None
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({reason(error)})") from None
    try:
        with safe_open(str(path), framework="pt", device=str(device)) as file:
            content = parse_json((file.metadata() or {})[MARK])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            if content["digest"] != _digest(tensors, content["about"]):
                raise ValueError("its content does not fit its digest")
            return tensors, content["about"]
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ArchflowError(
            f"{path}: truncated, damaged or not written by archflow ({line}); create it again"
        ) from None


def _digest(tensors: Mapping[str, Tensor], about: Any) -> str:
    return fingerprint(about, *(part for name in sorted(tensors) for part in (name, tensors[name])))


MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps of a parameter."""


class StateDescription(Described):
    """What `TrainingState.save` says of a state."""

    key: str
    epoch: Annotated[int, Ge(0)]
    log: Any


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

    def restore(
        self, log: Any = Any, extra: Mapping[str, Tensor] | None = None
    ) -> tuple[int, Any, dict[str, Tensor]] | None:
        """Load the state if there is one: (epochs done, log, extra tensors).

        Args:
            log: Shape of the log (`archflow.described`).
            extra: Tensors with the names and shapes of the further ones; None if any will do.

        Raises:
            ArchflowError: If the file is damaged or belongs to other settings or data.
        """
        if not self.path.exists():
            return None
        tensors, about = load_tensors(self.path)
        if not isinstance(about, dict) or about.get("key") != self.key:
            raise ArchflowError(
                f"{self.path}: an unfinished run with other settings or data; finish that run, or remove the file"
            )
        what, mend = f"{self.path}: a damaged state", "remove the file and train again"
        # The losses of a run that diverged are not finite.
        state = parse(StateDescription, about, what, mend, finite=False)
        history = parse(log, state.log, f"{what}: log", mend, finite=False)
        expected = self._expected(tensors) | {f"extra.{name}": value for name, value in (extra or {}).items()}
        for name, like in expected.items():
            if name not in tensors or (tensors[name].shape, tensors[name].dtype) != (like.shape, like.dtype):
                raise ArchflowError(f"{what}: its tensor {name} is missing, or of another shape or type; {mend}")
        with torch.no_grad():
            for name, parameter in self._parameters():
                parameter.copy_(tensors[f"value.{name}"])
                if f"optimiser.step.{name}" in tensors:
                    moments = {key: tensors[f"optimiser.{key}.{name}"].to(parameter.device) for key in MOMENTS}
                    self.optimiser.state[parameter] = moments
            for name, buffer in self._buffers():
                buffer.copy_(tensors[f"buffer.{name}"])
        found = {name.removeprefix("extra."): value for name, value in tensors.items() if name.startswith("extra.")}
        LOGGER.debug("%s: resumes after epoch %s", self.path, state.epoch)
        return state.epoch, history, found

    def _expected(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tensors such as the file must have, by name; those of the optimiser for parameters that have had a step."""
        expected = {f"buffer.{name}": buffer for name, buffer in self._buffers()}
        for name, parameter in self._parameters():
            expected[f"value.{name}"] = parameter
            if any(f"optimiser.{key}.{name}" in tensors for key in MOMENTS):
                expected |= {f"optimiser.{key}.{name}": parameter for key in MOMENTS}
                expected[f"optimiser.step.{name}"] = torch.zeros(())
        return expected

    def _parameters(self):
        for module_name, module in self.modules.items():
            for name, parameter in module.named_parameters():
                yield f"{module_name}.{name}", parameter

    def _buffers(self):
        for module_name, module in self.modules.items():
            for name, buffer in module.named_buffers():
                yield f"{module_name}.{name}", buffer
