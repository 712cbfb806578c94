"""Search a cell of NAS-Bench-201 with many convolutions, by evolution, together with a learning rate."""

from __future__ import annotations

from pathlib import Path

import optuna
import optunahub

# From the registry: optunahub.load_module("samplers/archflow")
registry = Path(__file__).resolve().parents[2]
package = optunahub.load_local_module("samplers/archflow", registry_root=str(registry))


def objective(trial: optuna.Trial) -> float:
    cell = package.suggest_architecture(trial, "nasbench201")
    rate = trial.suggest_float("learning_rate", 1e-3, 1e-1, log=True)
    return sum("conv" in op for op in cell.ops) - abs(rate - 0.01)


sampler = package.ArchflowSampler("nasbench201", method="regularized_evolution", seed=1)
study = optuna.create_study(direction="maximize", sampler=sampler)
study.optimize(objective, n_trials=30)
print(study.best_trial.user_attrs["architecture"], study.best_value)
