"""The shop that the commands about offers are tried on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.asking import SALE, written
from offers.till import BREAKFAST, NOW, Shop, frozen_shop


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """It is noon, and stays noon, until a test says otherwise."""
    with frozen_shop(request.param, tmp_path, NOW) as made:
        yield made


@pytest.fixture
def basket(tmp_path: Path) -> Path:
    """A sale of a coffee and a muffin at the main store, as a file."""
    return written(tmp_path, SALE | {"store_id": "main", "items": BREAKFAST})
