"""How `archflow fit` reads its options and prints its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from archflow.cli.output import names, note, print_json, print_table
from archflow.errors import ArchflowError
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.predict import FineTuned
    from archflow.predict.stack import Stacking
    from archflow.recipes.fitting import FitPredictor, Task


def turned(metrics: Sequence[str], lower_is_better: bool) -> list[str]:
    """Apply --lower-is-better to the metric; raises ArchflowError if there are several."""
    if not lower_is_better:
        return list(metrics)
    if len(metrics) > 1:
        raise ArchflowError("--lower-is-better: of which metric? Give --metric -COLUMN for each that it holds for")
    return [f"-{metrics[0].removeprefix('-')}"]


def names_or_none(text: str | None) -> list[str] | None:
    """The columns that --features names: an empty list for "none", None if the option is not given."""
    if text is None:
        return None
    found = names(text)
    if not found:
        raise ArchflowError("--features: no column is named; give names separated by commas, or none")
    return [] if found == ["none"] else found


def print_fitted(out: Path, task: Task, predictor: FitPredictor, fitted: FineTuned | Stacking, as_json: bool) -> None:
    """Print what was fitted, and how well it predicts held-out labels."""
    from archflow.predict import FineTuned
    from archflow.recipes.alone import alone

    networks = isinstance(fitted, FineTuned)
    about = _of_networks(predictor, fitted) if networks else _of_stack(fitted)
    first = {"predictor": str(out), "labels": len(task.rows), "metric": task.metrics[0], "metrics": list(task.metrics)}
    hardly = "" if isinstance(fitted, FineTuned) else alone(task, fitted)
    if as_json:
        said = "; ".join(filter(None, (task.note, hardly)))
        print_json({**first, **about, **({"note": said} if said else {})})
        return
    text = printable(f"{out}: fitted on {len(task.rows)} labels of {', '.join(task.metrics)}; ")
    if networks:
        typer.echo(text + _networks_in_words(predictor, about))
        return
    typer.echo(f"{text}Kendall tau on held-out labels: {about['tau']:.3f}")
    rows = [[name, f"{each['weight']:.2f}", f"{each['tau']:.3f}"] for name, each in about["components"].items()]
    typer.echo()
    print_table(("component", "weight", "Kendall tau"), rows)
    columns = f"; columns {', '.join(about['columns'])}" if about["columns"] else ""
    typer.echo()
    typer.echo(printable(f"features: {', '.join(f'{n} {count}' for n, count in about['features'].items())}{columns}"))
    chance = "nothing here ranks better than chance: measure more architectures, or check what the metric depends on"
    note(hardly if about["informative"] else chance)


def _of_stack(fitted: Stacking) -> dict[str, Any]:
    return {
        "tau": fitted.tau,
        "informative": bool(fitted.informative),
        "components": {share.name: {"weight": share.weight, "tau": share.tau} for share in fitted.shares},
        "features": dict(fitted.features),
        "columns": list(fitted.columns),
    }


def _of_networks(predictor: FitPredictor, fitted: FineTuned) -> dict[str, Any]:
    best = fitted.validation_score.max(0).tolist()
    return {"held_out": fitted.held_out, f"validation_{_measure(predictor)}": best if fitted.held_out else None}


def _networks_in_words(predictor: FitPredictor, about: dict[str, Any]) -> str:
    measure = _measure(predictor)
    best = about[f"validation_{measure}"]
    if best is None:
        return "too few to hold any out, so how well it predicts is unknown; measure a few more"
    words = "Kendall tau" if measure == "tau" else measure.replace("_", " ")
    shown = ", ".join(f"{each:.3f}" for each in best)
    return f"validation {words} of the {len(best)} models, on {about['held_out']} labels each: {shown}"


def _measure(predictor: FitPredictor) -> str:
    """The measure that selects the epoch, if it is the same for all objectives."""
    measures = {objective.measure for objective in predictor.objectives}
    return measures.pop() if len(measures) == 1 else "score"
