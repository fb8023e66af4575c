"""Whatever is asked: no fault of the service, and no answer that its description does not tell.

300 requests on each database, the same every time. With LOYALTY_FUZZ=5000 so many and new ones;
LOYALTY_SEED, which a failure prints, asks the same again.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from http_service.description import usual
from http_service.grounding import Ground
from http_service.serving import Served, served
from http_service.spoiling import spoiled
from offers.till import promoting, shop_on

CASES = int(os.environ.get("LOYALTY_FUZZ", "300"))
NEW = str(random.randrange(2**32)) if "LOYALTY_FUZZ" in os.environ else "0"
SEED = int(os.environ.get("LOYALTY_SEED") or NEW)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REFUSED = ("error", "ERROR")
MANY = 40
Operation = APIOperation[Any, Any, Any, Any]
Asked = Case[Operation]
load_all_checks()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One shop for all that is asked."""
    folder: Path = tmp_path_factory.mktemp("asked")
    with shop_on(request.param, folder) as made, served(made) as service:
        made.publish(promoting())
        made.ledger.projector.catch_up()
        yield service


def operations() -> list[Operation]:
    """Every operation at each of its paths; what may change the whole shop comes last."""
    document = {name: one for name, one in usual().document.items() if name != "security"}
    found = schemathesis.openapi.from_dict(document).get_all_operations()
    every = [one.ok() for one in found if isinstance(one, Ok)]
    assert len(every) == sum(len(one) for one in usual().document["paths"].values())
    return sorted(every, key=lambda one: one.path.startswith("/admin"))


def test_whatever_is_asked_is_answered_as_described_and_a_wrong_body_is_refused(
    shop: Served,
) -> None:
    print(f"LOYALTY_SEED={SEED}")
    every = operations()
    times = -(-CASES * 6 // (5 * len(every)))  # some can be asked in a few ways only
    with requests.Session() as session:
        session.auth = shop.credentials
        asking = Asking(shop, Ground(shop), session)
        for operation in every:
            asking.ask(operation, times)
            shop.shop.ledger.projector.catch_up()
    assert asking.asked >= CASES
    assert asking.wronged == {one.path for one in every if one.body}
    assert len(asking.granted) >= MANY, "what is asked is hardly ever granted: it tries little"


class Asking:
    """Asks what was made up, and looks at the answers."""

    def __init__(self, service: Served, ground: Ground, session: requests.Session):
        self._service = service
        self._ground = ground
        self._session = session
        self.asked = 0
        self.granted: set[str] = set()
        self.wronged: set[str] = set()

    def ask(self, operation: Operation, times: int) -> None:
        """Ask the operation so often, now and then wrongly: if it has a body, with a wrong one."""
        right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        if operation.body:
            part = max(1, times // 5)
            self._made_up(operation, right, times - 2 * part)
            self._made_up(operation, wrong.filter(_has_wrong_body), part)
            self._made_up(operation, right, part, spoil=True)
        else:  # and where there is nothing to be wrong, it is right
            self._made_up(operation, st.one_of(right, right, wrong), times)

    def _made_up(
        self, operation: Operation, how: st.SearchStrategy[Asked], times: int, spoil: bool = False
    ) -> None:
        @seed(SEED ^ crc32(operation.label.encode()))
        @settings(
            max_examples=times,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=how, data=st.data())
        def each(case: Asked, data: st.DataObject) -> None:
            self._one(case, data, spoil)

        each()

    def _one(self, case: Asked, data: st.DataObject, spoil: bool) -> None:
        self.asked += 1
        if not _is_wrong(case):
            case.body = self._ground.of(case.body, data.draw)
            case.path_parameters = self._ground.of(dict(case.path_parameters), data.draw)
            case.query = self._ground.of(dict(case.query), data.draw)
        if spoil:  # what is wrong then is the only reason to refuse it
            wrong = [one for one in spoiled(case.body) if _has_wrong_body(case, one)]
            case.body = data.draw(st.sampled_from(wrong or [None]))
        if "api_key" in case.path_parameters:
            case.path_parameters["api_key"] = self._service.key_id
        told = case.call(base_url=self._service.url, session=self._session)
        case.validate_response(told, checks=CHECKS)
        if _has_wrong_body(case):
            self.wronged.add(case.operation.path)
        if told.status_code == 200 and not _refused(told):
            assert not _has_wrong_body(case), f"granted: {case.body!r}"
            self.granted.add(case.operation.path)


def _is_wrong(case: Asked) -> bool:
    """Whether it was made to be wrong; what was made so may still be right by chance."""
    parts = case.meta.components if case.meta is not None else {}
    return any(part.mode.is_negative for part in parts.values())


def _has_wrong_body(case: Asked, instead: Any = NOT_SET) -> bool:
    """Whether its body, or another instead, is none that the description has it take."""
    body: Any = case.body if instead is NOT_SET else instead
    if isinstance(body, bytes):
        try:
            body = json.loads(body)
        except ValueError:
            return True
    body = None if body is NOT_SET else body
    return usual().is_wrong(case.method, case.operation.path, body)


def _refused(told: schemathesis.Response) -> bool:
    is_json = told.headers["content-type"][0].startswith("application/json")
    return is_json and told.json().get("status") in REFUSED
