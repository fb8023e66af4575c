"""Whatever is asked: no fault of the service, and no answer that its description does not tell.

300 requests on each database, the same every time; with LOYALTY_FUZZ=5000 so many, and new ones.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from http_service.description import usual
from http_service.grounding import Ground
from http_service.serving import Served, served
from offers.till import promoting, shop_on

CASES = int(os.environ.get("LOYALTY_FUZZ", "300"))
SEED = int(os.environ.get("LOYALTY_SEED", "0"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LAST = ("setup", "admin")
load_all_checks()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One shop for all that is asked."""
    folder: Path = tmp_path_factory.mktemp("asked")
    with shop_on(request.param, folder) as shop, served(shop) as made:
        shop.publish(promoting())
        shop.ledger.projector.catch_up()
        yield made


def operations() -> list[APIOperation]:
    """Every operation at each of its paths; what changes the shop for all comes last."""
    schema = schemathesis.openapi.from_dict(usual().document)
    found = [one.ok() for one in schema.get_all_operations()]
    return sorted(found, key=lambda one: one.path.startswith("/admin"))


def test_nothing_that_is_asked_is_a_fault_or_answered_otherwise_than_described(
    asked: Served,
) -> None:
    every = operations()
    ground = Ground(asked)
    tried = 0
    with requests.Session() as session:
        session.auth = asked.credentials
        each = -(-CASES // len(every))
        for operation in every:
            tried += ask(operation, each, ground, session, asked)
            asked.shop.ledger.projector.catch_up()
    assert tried >= CASES


def ask(
    operation: APIOperation, times: int, ground: Ground, session: requests.Session, asked: Served
) -> int:
    """Ask it so often, every other time wrongly; how often it was asked."""
    tried = 0
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @seed(SEED)
    @settings(
        max_examples=times,
        deadline=None,
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(right, wrong), data=st.data())
    def once(case: Case, data: st.DataObject) -> None:
        nonlocal tried
        tried += 1
        note(f"seed {SEED}")
        case.body = ground.of(case.body, data.draw)
        case.path_parameters = ground.of(dict(case.path_parameters), data.draw)
        if "api_key" in case.path_parameters:
            case.path_parameters["api_key"] = asked.key_id
        case.query = ground.of(dict(case.query), data.draw)
        case.call_and_validate(base_url=asked.url, session=session, checks=CHECKS)

    once()
    return tried
