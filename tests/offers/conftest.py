"""A coffee shop on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offers.till import Shop, shop_on


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """The shop at noon on 10 March 2026; its clock moves as it is told."""
    with shop_on(request.param, tmp_path) as made:
        yield made
