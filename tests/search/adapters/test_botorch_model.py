import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.predict import NetworkPredictor, StackedPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.testing.graphs import random_architectures
from tests.search.adapters.cells import run_example

botorch = pytest.importorskip("botorch", reason="the extra botorch is not installed")

from botorch.acquisition import (  # noqa: E402
    qLogExpectedImprovement,
    qLogNoisyExpectedImprovement,
    qSimpleRegret,
    qUpperConfidenceBound,
)
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement  # noqa: E402
from botorch.acquisition.objective import LinearMCObjective, ScalarizedPosteriorTransform  # noqa: E402
from botorch.exceptions.errors import UnsupportedError  # noqa: E402
from botorch.models import ModelList  # noqa: E402
from botorch.optim import optimize_acqf, optimize_acqf_discrete  # noqa: E402
from botorch.posteriors.ensemble import EnsemblePosterior  # noqa: E402
from botorch.sampling.get_sampler import get_sampler  # noqa: E402

from archflow.search.adapters.botorch_model import ArchitectureEnsemble  # noqa: E402

S, N, M = 5, 12, 2


def values(metrics=M, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(S, N, metrics))


def columns(count=40, seed=0) -> list[np.ndarray]:
    return [
        np.random.default_rng(seed).normal(size=(count, 3)),
        np.random.default_rng(seed + 1).normal(size=(count, 2)),
    ]


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_posterior_has_the_members_values_in_botorchs_order(batch, q, seed):
    model = ArchitectureEnsemble(values())
    rows = torch.from_numpy(np.random.default_rng(seed).integers(0, N, (*batch, q, 1)))
    posterior = model.posterior(rows.double())
    assert isinstance(posterior, EnsemblePosterior)
    assert posterior.values.shape == (*batch, S, q, M)
    given = torch.from_numpy(values())
    for place in np.ndindex(*batch, q):
        own = posterior.values[(*place[:-1], slice(None), place[-1])]
        torch.testing.assert_close(own, given[:, rows[place][0]])
    torch.testing.assert_close(posterior.mean, given.mean(0)[rows[..., 0]])
    torch.testing.assert_close(posterior.variance, given.var(0)[rows[..., 0]])


def test_outputs_are_chosen():
    model = ArchitectureEnsemble(values())
    assert model.num_outputs == M
    last = model.subset_output([1])
    assert (type(last), last.num_outputs) == (ArchitectureEnsemble, 1)
    expected = model.posterior(model.choices, output_indices=[1]).values
    torch.testing.assert_close(last.posterior(model.choices).values, expected)
    transform = ScalarizedPosteriorTransform(torch.tensor([1.0, -1.0], dtype=torch.float64))
    with pytest.raises((NotImplementedError, AttributeError)):  # BoTorch has it for Gaussian posteriors alone
        model.posterior(model.choices, posterior_transform=transform)


def test_every_member_is_drawn_once_and_for_every_input_the_same():
    model = ArchitectureEnsemble(values())
    sampler = model.sampler
    for rows in (model.choices, model.choices[:, None], model.choices.expand(3, N, 1)):
        posterior = model.posterior(rows)
        torch.testing.assert_close(sampler(posterior), posterior.values.movedim(-3, 0))


def test_botorchs_own_sampler_draws_from_it():
    model = ArchitectureEnsemble(values())
    draws = get_sampler(model.posterior(model.choices[:3]), torch.Size([7]), seed=0)(model.posterior(model.choices[:3]))
    assert draws.shape == (7, 3, M)


@pytest.mark.parametrize(
    "acquisition",
    [
        lambda model: qLogExpectedImprovement(model, model.best(np.arange(4)), model.sampler),
        lambda model: qUpperConfidenceBound(model, 0.2, model.sampler),
        lambda model: qSimpleRegret(model, model.sampler),
        lambda model: qLogNoisyExpectedImprovement(
            model, model.choices[:4], model.sampler, prune_baseline=False, cache_root=False
        ),
    ],
)
def test_acquisitions_choose_a_batch_among_the_rows(acquisition):
    model = ArchitectureEnsemble(values(1))
    chosen, gains = optimize_acqf_discrete(acquisition(model), 3, model.choices, X_avoid=model.choices[:4])
    rows = chosen[:, 0].long()
    assert len(set(rows.tolist())) == 3
    assert rows.min() >= 4
    assert gains.isfinite().all()


def test_the_expected_improvement_is_the_mean_over_the_members():
    model = ArchitectureEnsemble(values(1))
    best = model.best(np.arange(4))
    chosen, gain = optimize_acqf_discrete(
        qLogExpectedImprovement(model, best, model.sampler, tau_max=1e-6, tau_relu=1e-9, fat=False), 1, model.choices
    )
    exact = np.maximum(values(1)[..., 0] - float(best), 0).mean(0)
    assert int(chosen) == exact.argmax()
    assert float(gain) == pytest.approx(np.log(exact.max()), abs=1e-3)


def test_hypervolume_of_several_metrics():
    model = ArchitectureEnsemble(values())
    acquisition = qLogNoisyExpectedHypervolumeImprovement(
        model, [-2.0, -2.0], model.choices[:4], model.sampler, prune_baseline=False, cache_root=False
    )
    chosen, _ = optimize_acqf_discrete(acquisition, 2, model.choices[4:])
    assert len(set(chosen[:, 0].tolist())) == 2


def test_a_part_of_a_model_list():
    one, other = ArchitectureEnsemble(values(1, 0)), ArchitectureEnsemble(values(1, 1))
    both = ModelList(one, other)
    assert both.num_outputs == 2
    acquisition = qSimpleRegret(both, objective=LinearMCObjective(torch.ones(2, dtype=torch.float64)))
    assert acquisition(one.choices[:, None]).shape == (N,)


def test_what_asks_for_a_gradient_is_refused():
    model = ArchitectureEnsemble(values(1))
    acquisition = qSimpleRegret(model, model.sampler)
    with pytest.raises(ArchflowError, match="optimize_acqf_discrete"):
        optimize_acqf(acquisition, torch.tensor([[0.0], [N - 1.0]]), q=1, num_restarts=1, raw_samples=2)
    with pytest.raises(ArchflowError, match="optimize_acqf_discrete"):
        acquisition(model.choices[:, None].requires_grad_())


def test_what_needs_further_learning_is_refused():
    model = ArchitectureEnsemble(values(1))
    for learn in (model.condition_on_observations, model.fantasize):
        with pytest.raises(NotImplementedError, match="fit again"):
            learn(model.choices[:2], torch.zeros(2, 1))
    with pytest.raises(UnsupportedError):
        model.posterior(model.choices, observation_noise=torch.ones(1))


@pytest.mark.parametrize(
    "rows",
    [[[N]], [[-1]], [[0.5]], [[0, 1]], [[float("nan")]], [[float("inf")]]],
)
def test_inputs_that_are_no_rows_are_one_line(rows):
    with pytest.raises(ArchflowError, match=r"no rows; give \(\.\.\., q, 1\)") as caught:
        ArchitectureEnsemble(values()).posterior(torch.tensor(rows, dtype=torch.float64))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 3)), np.full((2, 3, 1), np.nan), np.zeros((0, 3, 1)), np.zeros((2, 0, 1))]
)
def test_values_that_are_no_ensemble_are_refused(wrong):
    with pytest.raises(ArchflowError, match="members, architectures, metrics"):
        ArchitectureEnsemble(wrong)


def test_networks_become_members():
    architectures = random_architectures(24, seed=2)
    quick = FineTuneSettings(epochs=2)
    predictor = NetworkPredictor(create("gin", architectures, width=4, seed=0), members=3, settings=quick)
    predictor.fit(architectures, np.arange(24.0))
    model = ArchitectureEnsemble.of_networks(predictor, architectures)
    assert model.values.shape == (3, 24, 1)
    torch.testing.assert_close(model.values.mean(1), torch.zeros(3, 1, dtype=torch.float64), atol=1e-6, rtol=0)
    scores = predictor.scores(architectures)[1, :, 0]
    assert (np.argsort(scores) == np.argsort(model.values[1, :, 0].numpy())).all()


@pytest.mark.parametrize("lower_is_better", [False, True])
def test_a_stack_becomes_draws_that_rise(lower_is_better):
    from archflow.predict.objectives.ranking import Hinge

    architectures = random_architectures(40, seed=2)
    labels = architectures.node_counts.astype(float)
    predictor = StackedPredictor(
        components=["ridge"], features=["counts"], objective=Hinge(lower_is_better=lower_is_better)
    )
    predictor.fit(architectures, labels)
    model = ArchitectureEnsemble.of_stack(predictor, architectures, members=256, seed=1)
    assert model.values.shape == (256, 40, 1)
    slope = np.corrcoef(model.posterior(model.choices).mean[:, 0].numpy(), labels)[0, 1]
    assert slope < -0.8 if lower_is_better else slope > 0.8
    again = ArchitectureEnsemble.of_stack(predictor, architectures, members=256, seed=1)
    assert torch.equal(model.values, again.values)


def test_a_process_becomes_joint_draws_that_keep_to_what_was_measured():
    x, measured = columns(), np.arange(0, 40, 2)
    labels = np.stack([x[0][:, 0], -x[0][:, 1]], 1)
    model = ArchitectureEnsemble.of_process(x, measured, labels[measured], members=200)
    assert model.values.shape == (200, 40, 2)
    mean, std = model.values.mean(0).numpy(), model.values.std(0).numpy()
    for metric in range(2):
        assert np.corrcoef(mean[measured, metric], labels[measured, metric])[0, 1] > 0.95
    rest = np.setdiff1d(np.arange(40), measured)
    assert std[rest].mean() > std[measured].mean()
    acquisition = qLogExpectedImprovement(model.subset_output([0]), model.best(measured)[0], model.sampler)
    chosen, _ = optimize_acqf_discrete(acquisition, 2, model.choices[rest])
    assert set(chosen[:, 0].long().tolist()) <= set(rest.tolist())


def test_a_process_needs_measurements():
    with pytest.raises(ArchflowError, match="1 measured"):
        ArchitectureEnsemble.of_process(columns(), np.array([3]), [1.0])


def test_it_is_one_of_torchs_modules():
    model = ArchitectureEnsemble(values())
    other = ArchitectureEnsemble(values(seed=4))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.values, model.values)


def test_the_example_of_the_page_runs(tmp_path):
    run_example("BoTorch", tmp_path)
