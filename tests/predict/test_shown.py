"""What a prompt and a notebook say about a predictor."""

from archflow import GIN, NetworkPredictor, create
from archflow.predict import StackedPredictor
from tests.tables import scored_cells

TABLE = scored_cells(24)


def test_a_predictor_says_what_it_predicts_and_how_well():
    predictor = StackedPredictor(components=["ridge"], features=["counts"], objective="squared")
    assert repr(predictor) == "StackedPredictor(not fitted)"
    stacking = predictor.fit(TABLE, metrics=["score"])
    said = f"StackedPredictor(score; 24 labels; Kendall tau {stacking.tau:.3f} on held-out labels)"
    assert repr(predictor) == said
    shown = predictor._repr_html_()
    assert said in shown
    assert f"<td>ridge</td><td>1.00</td><td>{stacking.tau:.3f}</td>" in shown


def test_a_name_of_a_metric_is_no_markup():
    predictor = StackedPredictor(components=["ridge"], features=["counts"])
    predictor.fit(TABLE.with_metrics({"<b>": TABLE.metric("score")}), metrics=["<b>"])
    assert "<b>" not in predictor._repr_html_()


def test_networks_and_embedders():
    embedder = create("gin", TABLE, width=4)
    assert isinstance(embedder.encoder, GIN)
    assert repr(embedder) == "Embedder(GIN; 7 operations; not pre-trained)"
    assert repr(embedder.with_history(task="fgp")) == "Embedder(GIN; 7 operations; pre-trained: fgp)"
    assert repr(NetworkPredictor(embedder, members=2)) == "NetworkPredictor(not fitted)"
