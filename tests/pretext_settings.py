"""Other values than the defaults of the settings of pretext tasks."""

from typing import Any

from archflow.pretext import PRETEXT_TASKS
from archflow.pretext.settings import defaults

OTHERS: dict[str, Any] = {
    "surrogate": {"dim": 3}, "proxies": ["edges", "nodes"], "hidden": [9], "flow_hidden": [9], "proxy_hidden": [9],
    "hops": [1, 2], "cost": "edges",
}  # fmt: skip
"""Another value than the default of settings that are no numbers."""


def another(task: str, name: str) -> Any:
    """Another value than the default, in the setting's range."""
    default = defaults(PRETEXT_TASKS.get(task))[name]
    return OTHERS[name] if name in OTHERS else 2 * default if isinstance(default, int) else default / 2
