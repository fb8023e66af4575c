"""When a key was last used is told, noted beside the requests, and costs none of them."""

from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import text
from structlog.testing import capture_logs

from cli.command_line import loyalty
from http_service.serving import Served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.keys import NewKey, Terms
from offers.till import NOW

MINUTE = timedelta(minutes=1)


def new(
    service: Served, name: str, scope: Scope = Scope.OPERATOR, *, signed: bool = False
) -> NewKey:
    return service.shop.ledger.keys.create(Terms(name, scope, signed=signed))


def called(service: Served, key: NewKey, secret: str = "") -> int:
    auth = (key.key.key_id, secret or key.secret)
    return httpx.get(f"{service.url}/admin/v1/status", auth=auth, timeout=30).status_code


def last_use(service: Served, key: NewKey) -> datetime | None:
    keys = service.caller().get("/admin/v1/keys").json()["keys"]
    (found,) = (one["last_used_at"] for one in keys if one["key"] == key.key.key_id)
    return None if found is None else datetime.fromisoformat(found)


def noted(service: Served, key: NewKey, at: datetime) -> datetime:
    """The last use of a key, once one is told that is no earlier than that."""
    for _ in range(1_000):
        used = last_use(service, key)
        if used is not None and used >= at:
            return used
    raise AssertionError("the use was not noted")


def test_a_key_tells_when_it_was_used_last_and_nothing_before(service: Served) -> None:
    key = new(service, "app")
    assert last_use(service, key) is None
    assert called(service, key) == 200
    assert NOW <= noted(service, key, NOW) < NOW + MINUTE
    later = service.later(hours=3)
    assert called(service, key) == 200
    assert later <= noted(service, key, later) < later + MINUTE


def test_a_key_that_is_used_wrongly_was_not_used(service: Served) -> None:
    guessed, narrow = new(service, "guessed"), new(service, "narrow", Scope.POS)
    unsigned, good = new(service, "unsigned", signed=True), new(service, "good")
    assert called(service, guessed, "not the secret") == 401
    assert called(service, narrow) == 403
    assert called(service, unsigned) == 401
    assert called(service, good) == 200
    noted(service, good, NOW)  # in the order in which they called
    assert [last_use(service, key) for key in (guessed, narrow, unsigned)] == [None] * 3


def test_a_key_is_noted_at_most_once_a_minute(service: Served) -> None:
    busy, other = new(service, "busy"), new(service, "other")
    assert called(service, busy) == 200
    first = noted(service, busy, NOW)
    half = service.later(seconds=30)
    assert [called(service, busy), called(service, other)] == [200, 200]
    noted(service, other, half)
    assert last_use(service, busy) == first
    later = service.later(seconds=90)
    assert called(service, busy) == 200
    noted(service, busy, later)


def test_what_cannot_be_noted_refuses_nobody(service: Served) -> None:
    key = new(service, "app")
    with capture_logs() as logs:
        with service.shop.ledger.log.engine.begin() as connection:
            connection.execute(text("ALTER TABLE key_use RENAME TO away"))
        assert called(service, key) == 200
        answers = (called(service, key) for _ in range(1_000))
        until_told = ("key_use_not_noted" in [one["event"] for one in logs] for _ in answers)
        assert any(until_told)
        with service.shop.ledger.log.engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO key_use"))
    later = service.later(minutes=2)
    assert called(service, key) == 200
    noted(service, key, later)


def test_the_command_line_tells_it_to_programs_and_to_people(service: Served) -> None:
    used, never = new(service, "used"), new(service, "never")
    assert called(service, used) == 200
    at = noted(service, used, NOW)
    listed = loyalty(service.shop.url, "keys", "list", "--json").json
    told = {one["key"]: one["last_used_at"] for one in listed}
    assert datetime.fromisoformat(told[used.key.key_id]).astimezone(UTC) == at
    assert told[never.key.key_id] is None
    shown = loyalty(service.shop.url, "keys", "list").out
    (row,) = (line for line in shown.splitlines() if used.key.key_id in line)
    assert "last used" in shown and f"{at:%Y-%m-%d}" in row
    assert max(map(len, shown.splitlines())) <= 80
