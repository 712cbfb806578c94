"""The bodies of requests and responses: what the OpenAPI description of the service is made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from typing_extensions import TypedDict

NATIVE = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
GRAPH = {"ops": ["input", "nor_conv_3x3", "output"], "edges": [[0, 1], [1, 2]]}

Name = Annotated[str, Field(min_length=1, max_length=200)]
Node = Annotated[int, Field(ge=0, lt=2**31)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Graph(TypedDict):
    """A directed acyclic graph of named operations."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # pyright: ignore[reportGeneralTypeIssues]

    ops: Annotated[list[Name], Field(min_length=1, description="The operation of each node.")]
    edges: Annotated[list[tuple[Node, Node]], Field(description="Pairs of nodes, from 0: source, target.")]
    attributes: NotRequired[
        Annotated[
            dict[Name, list[Finite | None]],
            Field(description="Numbers by name, one for each node; null where one does not apply."),
        ]
    ]


def _form(given: Any) -> str:
    return "native" if isinstance(given, str) else "graph"


Architecture = Annotated[
    Annotated[str, Field(max_length=100_000), Tag("native")] | Annotated[Graph, Tag("graph")], Discriminator(_form)
]


class Body(BaseModel):
    """A request that names architectures and a predictor."""

    model_config = ConfigDict(extra="forbid")

    architectures: Annotated[
        list[Architecture], Field(min_length=1, description="Graphs, or native strings of `space`.", examples=[[GRAPH]])
    ]
    model: Annotated[Name | None, Field(description="The predictor; may be left out if there is only one.")] = None
    space: Annotated[Name | None, Field(description="The search space of native strings.")] = None
    columns: Annotated[
        dict[Name, list[Finite | str | None]],
        Field(
            max_length=1000,
            description="Further columns that the predictor reads (`GET /models` lists them): a number or text for "
            "each architecture.",
        ),
    ] = {}


Coverage = Annotated[
    float | None,
    Field(gt=0, lt=1, description="Also give intervals that contain the metric with this probability.", examples=[0.8]),
]
Metric = Annotated[Name | None, Field(description="One of the predictor's metrics; default: the first.")]


class PredictBody(Body):
    """What to predict."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"architectures": [GRAPH], "interval": 0.8},
                {"architectures": [NATIVE], "space": "nasbench201"},
            ]
        }
    )

    interval: Coverage = None


class RankBody(Body):
    """What to rank."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"architectures": [GRAPH, GRAPH], "top": 1}]})

    metric: Metric = None
    top: Annotated[int, Field(ge=1, le=100_000, description="How many of the best to return.")] = 10
    interval: Coverage = None


class EmbedBody(Body):
    """What to embed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"architectures": [GRAPH]}]})


class ExplainBody(Body):
    """The prediction to explain."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"architectures": [NATIVE], "space": "nasbench201"}]})

    architectures: Annotated[
        list[Architecture], Field(min_length=1, max_length=1, description="One graph or native string.")
    ]
    metric: Metric = None
    most: Annotated[int, Field(ge=1, le=3000, description="The maximum number of changes to evaluate.")] = 300


class SearchBody(BaseModel):
    """What to search for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"evaluate": "digits201", "method": "random", "budget": 20}]},
    )

    evaluate: Annotated[
        Name, Field(description="A served predictor, whose predictions count as measurements, or a data set's name.")
    ]
    metric: Annotated[
        Name | None, Field(description="What to maximise, -METRIC if lower is better; default: the evaluator's own.")
    ] = None
    space: Annotated[Name | None, Field(description="The search space; default: the data set's, or nasbench201.")] = (
        None
    )
    method: Annotated[Name, Field(description="The search method.")] = "archflow"
    budget: Annotated[int, Field(ge=1, le=10**9, description="The number of evaluations.")] = 100
    seed: Annotated[int, Field(ge=0, lt=2**32, description="Random seed.")] = 0


class Predicted(BaseModel):
    """Predictions of one metric, in the order of the architectures; null for numbers that are not known."""

    mean: list[float | None]
    std: list[float | None]
    low: list[float | None] | None = None
    high: list[float | None] | None = None


class Predictions(BaseModel):
    """Predictions of all metrics of a predictor."""

    model: str
    metrics: dict[str, Predicted]


class Ranked(BaseModel):
    """One of the best architectures."""

    rank: int
    row: Annotated[int, Field(description="Its place in the request, from 0.")]
    predicted: float | None
    std: float | None
    low: float | None = None
    high: float | None = None
    probability_top: Annotated[
        float | None, Field(description="The probability of being among the best `top`, if the predictor gives it.")
    ] = None


class Ranking(BaseModel):
    """The best architectures of a request, the best first."""

    model: str
    metric: str
    architectures: int
    top: list[Ranked]


class Embeddings(BaseModel):
    """A vector for each architecture, in their order."""

    model: str
    embeddings: list[list[float | None]]


class Model(BaseModel):
    """A served predictor."""

    name: str
    kind: str
    metrics: list[str]
    lower_is_better: list[bool]
    operations: list[str] | None
    columns: list[str]
    loaded: str


class ModelList(BaseModel):
    """The served predictors."""

    models: list[Model]


class Health(BaseModel):
    """That the service is there."""

    status: Literal["ok"] = "ok"
    version: str


class Evaluated(BaseModel):
    """One evaluation of a search."""

    architecture: str
    metrics: dict[str, float | None]


class SearchState(BaseModel):
    """A search."""

    id: str
    state: Literal["running", "stopping", "done", "stopped", "failed"]
    budget: int
    evaluations: int
    best: Evaluated | None = None
    history: Annotated[list[Evaluated], Field(description="The evaluations from number `after`, in their order.")] = []
    message: str = ""


class Problem(BaseModel):
    """What is wrong, and how to correct it."""

    status: int
    where: str
    message: str


class Failure(BaseModel):
    """The body of every error."""

    error: Problem
