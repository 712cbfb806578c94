"""Search NAS-Bench-201 for an objective of your own, and compare the method with random search."""

from __future__ import annotations

import argparse
from pathlib import Path

from archflow import Architecture, NASBench201
from archflow.graph import ArchitectureSet
from archflow.search.request import Request


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="regularized_evolution", help="the name of a search method")
    parser.add_argument("--budget", type=int, default=100, help="architectures to evaluate")
    parser.add_argument("--mflops", type=float, default=60.0, help="upper limit on millions of multiply-adds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("found"), help="folder of the journals; the same call resumes")
    return parser.parse_args()


def evaluate(architecture: Architecture, seed: int) -> dict[str, float]:
    """Stand in for a training: reward convolutions. `seed` is for evaluators that draw random numbers."""
    costs = NASBench201().costs(ArchitectureSet.from_architectures([architecture]))
    convolutions = sum(op.startswith("nor_conv") for op in architecture.ops)
    depth = len(architecture.pruned("input", "output").ops) if convolutions else 0
    return {"quality": convolutions + 0.1 * depth, "mflops": float(costs["flops"][0]) / 1e6}


def main() -> None:
    options = arguments()
    print(f"maximise quality with at most {options.mflops:g} Mflops\n\nmethod                   best  Mflops  cell")
    for method in (options.method, "random"):
        request = Request(
            evaluate,
            objectives=["quality"],
            constraints=[f"mflops<={options.mflops}"],
            space="nasbench201",
            method=method,
            budget=options.budget,
            seed=options.seed,
            workers=0,  # in this process; any other number starts as many, which import `evaluate` from its module
        )
        best = request.study(options.out / method).run().best
        print(f"{method:<22} {best['value']:6.2f}  {best['metrics']['mflops']:6.1f}  {best['architecture']}")


if __name__ == "__main__":
    main()
