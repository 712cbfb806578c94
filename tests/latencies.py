"""A long table of latencies that cells, devices and some noise decide, for the tests of contexts, bounds and verbs."""

import numpy as np

from archflow.graph.table import Table
from archflow.spaces import NASBench201

DEVICES = (
    "board A, 4 x Cortex-A53 1.2 GHz, 4 threads, CPU",
    "board B, 4 x Cortex-A53 1.5 GHz, 4 threads, CPU",
    "phone C, 4 x Cortex-A72 1.8 GHz, 4 threads, CPU",
    "phone D, 4 x Cortex-A76 2.4 GHz, 4 threads, CPU",
    "phone E, 4 x Cortex-A76 3.0 GHz, 4 threads, CPU",
)
CLOCKS = np.array([1.2, 1.5, 1.8, 2.4, 3.0])


def long_latencies(count: int = 40, noise: float = 0.05, seed: int = 0) -> Table:
    """`count` cells on all devices: params, flops, latency_ms (a constant and the flops, over the squared clock),
    accuracy (rising with the flops), device."""
    space = NASBench201()
    rng = np.random.default_rng(seed)
    cells = space.sample(count, rng)
    costs = space.costs(cells)
    work = 1 + costs["flops"] / costs["flops"].max() * 20
    row, device = np.repeat(np.arange(count), len(DEVICES)), np.tile(np.arange(len(DEVICES)), count)
    latency = work[row] / CLOCKS[device] ** 2 * np.exp(rng.normal(0, noise, len(row)))
    columns = {"params": costs["params"][row], "flops": costs["flops"][row], "latency_ms": latency}
    accuracy = 90 + 3 * np.log(work) + rng.normal(0, 0.3, count)
    table = Table(cells, {}, [space.format(cell) for cell in cells]).select(row)
    return table.with_metrics({**columns, "accuracy": accuracy[row]}).with_texts(
        {"device": [DEVICES[each] for each in device.tolist()]}
    )
