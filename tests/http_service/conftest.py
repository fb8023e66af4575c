"""The coffee shop behind its HTTP service, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from http_service.serving import Served, served
from offers.till import shop_on


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """The shop at noon on 10 March 2026, served; its clock moves as it is told."""
    with shop_on(request.param, tmp_path) as shop, served(shop) as made:
        yield made
