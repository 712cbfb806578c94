"""Which predictor options ask for, and what does not go together."""

import pytest

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.predict import NetworkPredictor, StackedPredictor
from archflow.predict.components.experts import Experts
from archflow.predict.components.networks import Networks
from archflow.recipes.choice import NETWORKS, Choice
from archflow.recipes.fitting import Task
from archflow.recipes.stacks import RECIPES, recipe_of, recipe_within
from tests.tables import scored_cells

TABLE = scored_cells(20)


@pytest.mark.parametrize(
    ("budget", "recipe"),
    [
        ("15s", "plain"),
        ("20s", "plain"),
        ("21s", "quick"),
        ("2m", "quick"),
        ("0.5m", "quick"),
        ("10m", "best"),
        ("1h", "best"),
    ],
)
def test_a_budget_chooses_the_recipe(budget, recipe):
    assert recipe_within(budget) == recipe
    assert Choice(budget=budget).checked(1).named(1) == recipe


@pytest.mark.parametrize("budget", ["", "s", "x", "5", "0s", "-3s", "nans", "infs", "1e400m", "2 minutes", "1d", "m2"])
def test_what_is_no_duration_is_refused(budget):
    with pytest.raises(ArchflowError, match="give a positive duration such as 90s, 2m or 1h"):
        recipe_within(budget)


def test_nothing_said_is_the_quick_recipe_and_networks_for_several_metrics():
    assert Choice().named(1) == "quick"
    assert Choice().named(2) == NETWORKS


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice(recipe="plain", budget="2m"), "--budget chooses the recipe: leave it or --recipe out"),
        (Choice(recipe="bst"), "no recipe is called 'bst'; did you mean 'best'"),
        (Choice(view="whole"), "--view: not of the recipe 'quick'"),
        (Choice(positions=True, recipe="best"), "--positions: not of the recipe 'best'"),
        (Choice(members=2, budget="15s"), "--members: not of the recipe 'plain'"),
        (Choice(columns=["a"], recipe="networks"), "--features: not of the recipe 'networks'"),
        (Choice(sources=["a"], recipe="networks"), "--sources: not of the recipe 'networks'"),
        (Choice(proxies=["a"], recipe="plain"), "--proxy: not of the recipe 'plain'"),
        (Choice(epochs=3, recipe="plain"), "--epochs: not of the recipe 'plain'"),
    ],
)
def test_what_does_not_go_together_names_the_option(choice, message):
    with pytest.raises(ArchflowError, match=message):
        choice.checked(1)


def predictor(folder, choice: Choice):
    return choice.checked(1).predictor(Task.of(TABLE, ["score"]), None, folder, pytest.fail)


def test_an_encoder_that_is_ready_is_not_pre_trained(tmp_path):
    path = tmp_path / "e.safetensors"
    create("gin", TABLE, width=8).save(path)
    for name in RECIPES:
        made = predictor(tmp_path, Choice(recipe=name, encoder=str(path), epochs=4))
        assert isinstance(made, StackedPredictor)
        assert [each.name for each in made.embedders] == ["gin"]
        (networks,) = [each for each in made.components if isinstance(each, Networks)]
        assert networks.embedders == []
        assert networks.settings.epochs == 4
    assert isinstance(predictor(tmp_path, Choice(recipe=NETWORKS, encoder=str(path))), NetworkPredictor)
    assert [each.name for each in tmp_path.iterdir()] == ["e.safetensors"]


def test_a_kind_of_encoder_takes_the_place_of_the_recipes():
    for name in ("quick", "best"):
        usual, other = recipe_of(name).pretraining, recipe_of(name, encoder="mlp").pretraining
        assert usual is not None
        assert other is not None
        assert {each.encoder for each in other.starts if each.task} == {"mlp"}
        assert [each for each in other.starts if not each.task] == [each for each in usual.starts if not each.task]
        assert [each.task for each in other.starts] == [each.task for each in usual.starts]
    with pytest.raises(ArchflowError, match="--encoder mlp: the recipe 'plain' has no encoder"):
        recipe_of("plain", encoder="mlp")


def test_sources_are_those_of_the_experts(tmp_path):
    table = TABLE.with_metrics({"early": TABLE.metric("score") + 1})
    choice = Choice(recipe="plain", sources=["early"])
    made = choice.predictor(Task.of(table, ["score"]), None, tmp_path, pytest.fail)
    assert isinstance(made, StackedPredictor)
    assert [each.columns for each in made.components if isinstance(each, Experts)] == [("early",)]
