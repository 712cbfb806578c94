"""Readers of published benchmark files, one module per format: paths by file name -> `Table`.

Every reader raises ArchflowError, naming the file, if its content is not what the authors published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from archflow.data.readers import nasbench101, nasbench201, nasbench201_latency, nasbench_graph
from archflow.graph.table import Table

Reader = Callable[[Mapping[str, Path]], Table]

READERS: dict[str, Reader] = {
    "nasbench101": nasbench101.read,
    "nasbench201": nasbench201.read,
    "nasbench201_latency": nasbench201_latency.read,
    "nasbench_graph": nasbench_graph.read,
    "nasbench_graph_proteins": nasbench_graph.read,
}
"""Benchmark name -> the reader of its published files."""
