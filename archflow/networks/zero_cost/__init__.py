"""Zero-cost proxies: predictors of a network's performance from its untrained weights and one batch of images.

One file per family. Definitions: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, and the papers
that the families name.
"""

from archflow.networks.zero_cost.compute import zero_cost
from archflow.networks.zero_cost.passes import PROXIES, Passes, Proxy

__all__ = ["PROXIES", "Passes", "Proxy", "zero_cost"]
