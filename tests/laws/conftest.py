"""How hard the laws are tried: 300 examples each, or LOYALTY_LAWS=laws for 10,000.

`make test` tries the same 300 every time: whether a change holds is no matter of luck. `make laws`
draws new ones, and prints what makes a failure again.
"""

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "ci",
    max_examples=300,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=SLOW,
)
settings.register_profile(
    "laws", settings.get_profile("ci"), max_examples=10_000, derandomize=False
)
settings.load_profile(os.environ.get("LOYALTY_LAWS", "ci"))
