"""The name that was perhaps meant by a wrong one."""

from collections.abc import Collection
from difflib import get_close_matches

_LONGEST = 60
"""What is longer is like no name there is, and comparing it would take long."""


def nearest(wrong: str, names: Collection[str]) -> str | None:
    """The one that is most like it, if any is."""
    return next(iter(get_close_matches(wrong[:_LONGEST], names, n=1)), None)
