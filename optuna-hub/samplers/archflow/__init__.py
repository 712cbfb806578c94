from archflow.search.adapters.optuna import ArchflowSampler, suggest_architecture

__all__ = ["ArchflowSampler", "suggest_architecture"]
