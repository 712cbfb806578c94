"""The pairwise margin ranking loss of FGP, for zero-cost proxies and for labels."""

import torch
from torch import Tensor


def pairwise_hinge(score: Tensor, value: Tensor, margin: float) -> Tensor:
    """Mean over pairs with value_i > value_j of max(0, margin - (score_i - score_j)).

    All pairs of the batch are used; FGP's released code draws a random subset, which estimates the same mean.

    Args:
        score, value: (..., B). NaN values are missing: their pairs are excluded.
        margin: Required lead of the better score.

    Returns:
        (...) losses; 0 where there is no pair.
    """
    is_pair = value[..., :, None] > value[..., None, :]  # False where either is NaN
    shortfall = torch.relu(margin - (score[..., :, None] - score[..., None, :])) * is_pair
    return shortfall.sum((-2, -1)) / is_pair.sum((-2, -1)).clamp(min=1)
