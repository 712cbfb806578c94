"""Rank the candidates of a table of which only some are measured."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from archflow import read_table
from archflow.predict.metrics import kendall_tau
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.stacks import PLAIN


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="CSV, Parquet or JSON-lines file, with empty cells where not measured")
    parser.add_argument("--metric", default="accuracy", help="the column to predict")
    parser.add_argument("--baseline", default="params", help="a column to compare with: ranking by it alone")
    parser.add_argument("--components", default=",".join(PLAIN), help="what the predictor blends")
    parser.add_argument("--out", type=Path, help="file for the ranked table")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    table = read_table(options.table)
    measured = np.isfinite(table.metric(options.metric))

    predictor = StackedPredictor(components=options.components.split(","))
    stacking = predictor.fit(table.select(measured), metrics=[options.metric], reference=table)
    labels = table.select(measured)
    alone = kendall_tau(labels.metric(options.baseline), labels.metric(options.metric))
    print(f"{stacking.labels} labels of {options.metric}; Kendall tau on labels that the models did not learn from:")
    print(f"  predictor                 {stacking.tau:.3f}")
    print(f"  {options.baseline + ' alone':<24}  {alone:.3f}")

    ranked = predictor.rank(table, coverage=0.8)
    prediction, rank = ranked.metric(f"predicted_{options.metric}"), ranked.metric(f"rank_{options.metric}")
    low, high = ranked.metric(f"low_{options.metric}"), ranked.metric(f"high_{options.metric}")
    print("\nrank  row  predicted  80 % interval     measured")
    for row in np.argsort(rank)[:10]:
        note = "yes" if measured[row] else "no"
        print(f"{rank[row]:4.0f} {row:4d}  {prediction[row]:9.2f}  {low[row]:6.2f} to {high[row]:6.2f}  {note}")
    if options.out:
        ranked.write(options.out)
        print(f"\n{options.out}: all {len(ranked):,} candidates")


if __name__ == "__main__":
    main()
