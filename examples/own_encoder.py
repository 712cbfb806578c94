"""Write an encoder, check its contract, pre-train it without labels, and compare it with its untrained self."""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn

from archflow import Embedder, FineTuneSettings, NetworkPredictor, PretrainSettings, create, load, pretrain
from archflow.data.proxies import proxy_columns
from archflow.encoders import ENCODERS, Encoder
from archflow.graph.batch import Batch
from archflow.graph.table import Table
from archflow.predict.metrics import kendall_tau
from archflow.testing import check_encoder, random_architectures


@ENCODERS.register("two_steps")
class TwoSteps(Encoder):
    """Two rounds of message passing along the edges, starting from embeddings of the operations."""

    def __init__(self, n_ops: int, width: int = 64) -> None:
        super().__init__()
        self.operation = nn.Embedding(n_ops, width)
        self.steps = nn.ModuleList(nn.Linear(width, width) for _ in range(2))

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = self.operation(batch.op)  # (V, d)
        for step in self.steps:
            messages = step(x)[batch.edges.source]  # (E, d)
            x = torch.relu(x.index_add(0, batch.edges.target, messages))
        return x


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--pretrain-epochs", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--rows", type=int, default=2000, help="architectures to pre-train on, without labels")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    small = random_architectures(20, seed=0)
    check_encoder(TwoSteps(n_ops=len(small.vocabulary), width=8), small)
    print("two_steps keeps the contract of encoders")

    table = load("digits201")
    report("untrained", table, create("two_steps", table, width=options.width), options)
    trained = create("two_steps", table, width=options.width)
    unlabelled = table[: options.rows]
    proxies = {name: unlabelled.metric(name) for name in proxy_columns(unlabelled)}
    settings = PretrainSettings(epochs=options.pretrain_epochs)
    report("pre-trained by FGP", table, pretrain(trained, "fgp", unlabelled.architectures, proxies, settings), options)


def report(name: str, table: Table, embedder: Embedder, options: argparse.Namespace) -> None:
    """Fine-tune on the first rows, and print Kendall's tau on all others."""
    labelled, others = table[: options.labels], table[options.labels :]
    predictor = NetworkPredictor(embedder, settings=FineTuneSettings(epochs=options.epochs))
    predictor.fit(labelled, metrics=["test_accuracy"])
    tau = kendall_tau(predictor.predict(others).mean, others.metric("test_accuracy"))
    print(f"{name}: Kendall tau {tau:.3f} from {options.labels} labels", flush=True)


if __name__ == "__main__":
    main()
