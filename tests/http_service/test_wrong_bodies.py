"""A body that is wrong in one place is refused for that place, whichever call it is."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from http_service.description import usual
from http_service.serving import Served, served
from http_service.spoiling import spoiled
from loyalty_ledger.http.app import BY_THEMSELVES, OPERATIONS
from loyalty_ledger.http.openapi import examples
from loyalty_ledger.http.operation import Operation
from offers.till import shop_on

ASKING = [one for one in (*BY_THEMSELVES, *OPERATIONS) if one.asks is not None]
UNREAD = (400, 413)
FEWEST, MOST = 3, 100


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One shop for all that is wrong: nothing of it is done."""
    folder: Path = tmp_path_factory.mktemp("wrong")
    with shop_on(request.param, folder) as made, served(made) as service:
        service.caller()
        yield service


@pytest.mark.parametrize("operation", ASKING, ids=lambda operation: str(operation.name))
def test_what_is_wrong_in_one_place_is_refused_as_wrong(shop: Served, operation: Operation) -> None:
    path, right = operation.paths[0], examples()[operation.name]["asks"]
    url = path.replace("{api_key}", shop.key_id).replace("{", "").replace("}", "")
    assert not usual().is_wrong(operation.method, path, right)
    wrong = [one for one in spoiled(right) if usual().is_wrong(operation.method, path, one)]
    assert len(wrong) >= FEWEST
    before, otherwise = shop.events(), []
    for body in random.Random(operation.name).sample(wrong, min(MOST, len(wrong))):
        content = msgspec.json.encode(body)
        answer = shop.caller().request(operation.method, url, content=content)
        told = answer.json()
        code = told.get("code") or told.get("errors", {}).get("code")
        if answer.status_code not in UNREAD and code != "validation":
            otherwise.append((content[:300], answer.text[:300]))
    assert otherwise == []
    assert shop.events() == before
