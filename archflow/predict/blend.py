"""Fine-tuned networks and Gaussian processes from several pre-trained encoders, as one predictor."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from archflow.checkpoint import fingerprint, save_tensors
from archflow.encoders import Encoder
from archflow.encoders.embedding import embed
from archflow.encoders.saved import describe, load_weights, rebuild
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.effective import view
from archflow.predict.conformal import Conformal
from archflow.predict.fine_tune import FineTuned, FineTuneSettings
from archflow.predict.gaussian_process import EmbeddingGP
from archflow.predict.monotone import monotone, quantile_knots
from archflow.predict.predictor import DESCRIPTION, Predictor, checked_labels, read_described
from archflow.predict.stacking import share_of_first

Values = NDArray[np.float64]

FORMAT = "archflow blend 3"

REFERENCE = 2000
"""Reference architectures that are looked at, evenly from all: enough for a mean and a standard deviation."""


class BlendedPredictor:
    """Ranks architectures by two readings of the same pre-trained encoders, which err differently: networks fine-tuned
    from them (`Predictor`), and a Gaussian process on their frozen embeddings side by side (`EmbeddingGP`).

    The networks' scores are standardised on reference architectures, which need no label; the process' mean is in
    units of its prior, so that one that knows little says little. The prediction is the mean of both, weighed by how
    well each foretells the validation labels (`share_of_first`), and put on the labels' scale by a rising map.

    encoders: of one kind and size, pre-trained differently (tasks, seeds, views).
    members: networks to fine-tune, each from the next encoder; two for every encoder if None.
    validation_share: the part of the labels that chooses epochs, weighs and calibrates, unless `fit` is given
    validation data.
    views: the form in which encoders were, and are, shown architectures (`archflow.graph.effective.VIEWS`), or each's.

    The interface is that of `Predictor`, for one metric.
    """

    def __init__(
        self,
        encoders: Sequence[Encoder],
        vocabulary: Vocabulary,
        members: int | None = None,
        settings: FineTuneSettings | None = None,
        validation_share: float = 0.25,
        seed: int = 21,
        device: torch.device | str = "cpu",
        views: str | Sequence[str] = "effective",
    ) -> None:
        self.encoders, self.vocabulary = list(encoders), vocabulary
        count = 2 * len(self.encoders) if members is None else members
        self.networks = Predictor(self.encoders, vocabulary, count, settings, validation_share, seed, device, views)
        self.metrics: list[str] | None = None
        self._process: EmbeddingGP | None = None

    def fit(
        self,
        architectures: ArchitectureSet,
        y: ArrayLike,
        validation: tuple[ArchitectureSet, ArrayLike] | None = None,
        reference: ArchitectureSet | None = None,
        metrics: list[str] | None = None,
        checkpoint: Path | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> FineTuned:
        """Learn from labels (N,); higher is better. Returns how the networks' fine-tuning went.

        validation: further labelled architectures, which choose the networks' epochs, weigh both readings and
        calibrate the intervals; without it a part of the labels does so first, and the Gaussian process then learns
        from all. reference: any architectures that show what is usual, by default those given here.

        Raises ArchflowError as `Predictor.fit` does, and for labels of several metrics.
        """
        labels = checked_labels(y, None, len(architectures), "labels")
        if labels.shape[1] != 1:
            raise ArchflowError(f"blended predictor: labels of {labels.shape[1]} metrics; fit one predictor for each")
        labels = labels[:, 0]
        train, held = np.arange(len(labels)), None
        if validation is None:
            count = max(2, round(self.networks.validation_share * len(labels)))
            shuffled = np.random.default_rng(self.networks.seed).permutation(len(labels))
            if len(labels) - count < 4:
                raise ArchflowError(f"blended predictor: {len(labels)} labels are too few to spare {count}; give more")
            held, train = shuffled[:count], shuffled[count:]
            validation = architectures.select(held), labels[held]
        learnt = architectures.select(train)
        tuned = self.networks.fit(
            learnt,
            labels[train],
            validation=validation,
            metrics=metrics,
            checkpoint=checkpoint,
            on_epoch=on_epoch,
        )
        self.metrics = self.networks.metrics
        usual = reference if reference is not None else architectures
        usual = usual.select(np.linspace(0, len(usual) - 1, min(len(usual), REFERENCE)).astype(np.int64))
        frozen = self.embed(usual)
        self._learn(learnt, labels[train], usual, frozen)
        networks, process = self.readings(validation[0])
        unseen = np.asarray(validation[1], np.float64)
        self._share = share_of_first(networks.mean(0), process, unseen)
        self._map(learnt, labels[train])
        self._conformal = Conformal.of(unseen, *self._predict(validation[0]))
        if held is not None:
            self._learn(architectures, labels, usual, frozen)
            self._map(architectures, labels)
        return tuned

    def predict(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        """(mean, std), (N,) each, on the labels' scale. std: as wide as the calibration labels asked for.

        Raises ArchflowError before `fit`, and for an operation that the vocabulary lacks.
        """
        mean, spread = self._predict(architectures)
        return mean, spread * self._conformal.one_sigma

    def interval(self, architectures: ArchitectureSet, coverage: float) -> tuple[Values, Values]:
        """(low, high), (N,) each: of architectures drawn like the calibration's, at least the share `coverage` of
        labels lies within. Raises ArchflowError for a share that the calibration labels cannot promise."""
        (mean, std), reach = self.predict(architectures), self.reach(coverage)
        return mean - reach * std, mean + reach * std

    def reach(self, coverage: float) -> float:
        """How many standard deviations an interval reaches to either side. Raises as `interval` does."""
        return self._conformal.factor(coverage) / self._conformal.one_sigma

    def readings(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        """(members, N) of the networks and (N,) of the Gaussian process: what the prediction blends."""
        networks, process, _ = self._read(architectures)
        return networks, process

    def blended(self, networks: Values, process: Values) -> Values:
        """(N,) what the prediction ranks by, from `readings`."""
        return self._share * networks.mean(0) + (1 - self._share) * process

    def embed(self, architectures: ArchitectureSet) -> NDArray[np.float32]:
        """(N, encoders x d) frozen embeddings side by side."""
        known = architectures.recoded(self.vocabulary)
        shown = {name: view(name)(known) for name in self.networks.views}
        each = zip(self.encoders, self.networks.views, strict=True)
        return np.concatenate([embed(encoder, shown[name], self.networks.device) for encoder, name in each], 1)

    def _learn(self, learnt: ArchitectureSet, labels: Values, usual: ArchitectureSet, frozen: NDArray) -> None:
        """Fit the Gaussian process, and the networks' scales. frozen: embeddings of the `usual`."""
        self._process = EmbeddingGP().fit(self.embed(learnt), labels, frozen)
        scores = self.networks.scores(usual)[..., 0]
        self._centre, self._scale = scores.mean(1), scores.std(1) + 1e-9

    def _map(self, learnt: ArchitectureSet, labels: Values) -> None:
        """Fit the map from blended scores to labels."""
        self._from, self._to = quantile_knots(self._blend(learnt)[0]), quantile_knots(labels)

    def _read(self, architectures: ArchitectureSet) -> tuple[Values, Values, Values]:
        """The networks' standardised scores (members, N), the process' mean and std (N,)."""
        if self._process is None:
            raise ArchflowError("predictor: nothing to predict with yet; call fit or load first")
        networks = (self.networks.scores(architectures)[..., 0] - self._centre[:, None]) / self._scale[:, None]
        return networks, *self._process.predict(self.embed(architectures))

    def _blend(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        """(N,) blended scores, and how unsure they are: the process' doubt, and the readings' disagreement."""
        networks, process, doubt = self._read(architectures)
        apart = (networks.mean(0) - process) / 2
        return self.blended(networks, process), np.sqrt(doubt**2 + apart**2 + networks.var(0))

    def _predict(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        blended, doubt = self._blend(architectures)
        low, mean, high = (monotone(blended + shift * doubt, self._from, self._to) for shift in (-1, 0, 1))
        return mean, (high - low) / 2

    def save(self, folder: str | Path) -> None:
        """Write predictor.json and what it names into a folder. Raises ArchflowError before `fit`.

        The description changes over in one step: killed at any moment, the folder holds the old predictor or the new.
        """
        if self._process is None:
            raise ArchflowError("predictor: nothing to save yet; call fit first")
        folder = Path(folder)
        tensors = {f"{k}.{name}": v for k, e in enumerate(self.encoders) for name, v in e.state_dict().items()}
        arrays = {
            **{f"process.{name}": array for name, array in self._process.state().items()},
            **{name: getattr(self, f"_{name}") for name in _SCALES},
            "share": np.array([self._share]),
            "ratios": self._conformal.ratios,
        }
        tensors |= {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
        about = {**describe(self.encoders[0], self.vocabulary), "encoders": len(self.encoders), "metrics": self.metrics}
        name = fingerprint(about, *tensors.values())
        about["networks"] = f"networks-{name}"
        self.networks.save(folder / about["networks"])
        weights = f"blend-{name}.safetensors"
        save_tensors(folder / weights, tensors, about)
        write_json(folder / DESCRIPTION, {"format": FORMAT, "weights": weights, **about})
        for old in set(folder.glob("blend-*.safetensors")) - {folder / weights}:
            old.unlink()
        for old in set(folder.glob("networks-*")) - {folder / about["networks"]}:
            shutil.rmtree(old)

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | str = "cpu") -> BlendedPredictor:
        """Read what `save` wrote. Raises ArchflowError, naming the file, if one is missing, cut off or altered."""
        folder = Path(folder)
        tensors, written = read_described(folder, FORMAT)
        encoders = []
        for k in range(written["encoders"]):
            encoder, vocabulary = rebuild(written)
            load_weights(encoder, {n.removeprefix(f"{k}."): t for n, t in tensors.items() if n.startswith(f"{k}.")})
            encoders.append(encoder.eval())
        networks = Predictor.load(folder / written["networks"], device)
        predictor = cls(encoders, vocabulary, device=device, views=networks.views)
        predictor.networks = networks
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        state = {name.removeprefix("process."): a for name, a in arrays.items() if name.startswith("process.")}
        predictor._process = EmbeddingGP.from_state(state)
        for name in _SCALES:
            setattr(predictor, f"_{name}", arrays[name])
        predictor._share = float(arrays["share"][0])
        predictor._conformal, predictor.metrics = Conformal(arrays["ratios"]), written["metrics"]
        return predictor


_SCALES = ("centre", "scale", "from", "to")


def load_predictor(folder: str | Path, device: torch.device | str = "cpu") -> Predictor | BlendedPredictor:
    """Whichever predictor a folder holds. Raises ArchflowError as their `load` does."""
    about: Any = read_json(Path(folder) / DESCRIPTION)
    kind = BlendedPredictor if isinstance(about, dict) and about.get("format") == FORMAT else Predictor
    return kind.load(folder, device)
