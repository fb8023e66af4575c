"""The client of the package: its answers waited for or awaited, and asked for again in need."""

import asyncio
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from http_service.mishaps import Mishap, mishaps_before
from http_service.serving import SALE, Served
from loyalty_ledger.client.clients import AsyncClient, Client
from loyalty_ledger.client.exchange import Patience
from loyalty_ledger.client.operations import Method, Operations
from loyalty_ledger.client.refusals import Refused, Unanswered
from loyalty_ledger.client.sites import External
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.app import BY_THEMSELVES, OPERATIONS
from loyalty_ledger.keys import Terms
from offers.till import NOW

SERVICE = Path(__file__).parents[2] / "docs" / "service.md"
AT_ONCE = Patience(first_wait_s=0)


def test_every_operation_of_the_service_is_a_method_of_its_name() -> None:
    methods = {name for name, one in vars(Operations).items() if isinstance(one, Method)}
    assert methods == {one.name for one in (*BY_THEMSELVES, *OPERATIONS)}


def test_a_till_locks_and_sends_what_it_was_told(service: Served) -> None:
    offer = service.shop.give("euro")
    with service.client() as till:
        discount = till.lock(offer, SALE)
        assert discount["amount"] == Decimal("1.00")
        receipt = till.send_transaction({**SALE, "discounts": [discount]})
        assert receipt["transaction_id"] == "T1"
        assert till.position == service.events()
    assert service.shop.state(offer) == "REDEEMED"
    assert service.shop.flags() == []


def test_the_same_is_awaited(service: Served) -> None:
    offer = service.shop.give("euro")

    async def sell(till: AsyncClient) -> str:
        async with till:
            discount = await till.lock(offer, SALE)
            receipt = await till.send_transaction({**SALE, "discounts": [discount]})
            with pytest.raises(Refused, match="transaction_closed"):
                await till.lock(offer, SALE)
            return receipt["transaction_id"]

    assert asyncio.run(sell(service.async_client())) == "T1"
    assert service.shop.state(offer) == "REDEEMED"


def test_a_refusal_says_its_code_what_it_is_about_and_its_status(service: Served) -> None:
    with service.client() as app:
        with pytest.raises(Refused) as refused:
            app.purchase_offer(service.shop.id_of("BOB"), "mugs-400")
        assert (refused.value.code, refused.value.status) == ("insufficient_points", 200)
        assert refused.value.message
        assert refused.value.details
        with pytest.raises(Refused) as refused:
            app.read_user(External("nobody"))
        assert (refused.value.code, refused.value.status) == ("user_not_found", 404)
        with pytest.raises(Refused) as refused:
            app.job("none")
        assert (refused.value.code, refused.value.status) == ("not_found", 404)
    with Client(service.url, "key", "wrong") as stranger, pytest.raises(Refused) as refused:
        stranger.status()
    assert (refused.value.code, refused.value.status) == ("invalid_auth_token", 401)


@pytest.mark.parametrize("mishaps", [("lost",), ("busy",), ("lost", "busy", "lost")])
def test_what_was_not_answered_is_asked_again_and_done_once(
    service: Served, mishaps: tuple[Mishap, ...]
) -> None:
    ann = service.shop.id_of()
    line = {"point_source_id": "purchases", "point_account_id": "points", "amount": 5}
    with (
        mishaps_before(service.url, *mishaps) as way,
        service.client(way.url, patience=AT_ONCE) as app,
    ):
        told = app.deposit(ann, [line])
        assert way.passed == len(mishaps) + 1
    assert told["summary"] == {"amount_deposited": 5, "remaining_balance": 1005}
    assert service.shop.points() == 1005


def test_patience_ends_and_the_id_to_ask_by_is_told(service: Served) -> None:
    offer = service.shop.give("euro")
    twice = Patience(attempts=2, first_wait_s=0)
    with (
        mishaps_before(service.url, "lost", "lost") as way,
        service.client(way.url, patience=twice) as till,
    ):
        with pytest.raises(Unanswered) as unanswered:
            till.lock(offer, SALE)
        after = service.events()
        discount = till.lock(offer, SALE, request_id=unanswered.value.request_id)
    assert discount["reference_id"] == offer
    assert service.events() == after


def test_a_service_that_stays_busy_is_a_refusal_in_the_end(service: Served) -> None:
    twice = Patience(attempts=2, first_wait_s=0)
    with (
        mishaps_before(service.url, "busy", "busy", "busy") as way,
        service.client(way.url, patience=twice) as app,
    ):
        with pytest.raises(Refused) as refused:
            app.status()
        assert (refused.value.code, way.passed) == ("http_503", 2)


def test_what_would_be_done_twice_is_not_asked_again(service: Served) -> None:
    with (
        mishaps_before(service.url, "lost") as way,
        service.client(way.url, patience=AT_ONCE) as operator,
    ):
        with pytest.raises(Unanswered) as unanswered:
            operator.verify()
        assert (way.passed, unanswered.value.request_id) == (1, None)


def test_reads_ask_about_a_moment_and_for_what_was_written(service: Served) -> None:
    ann = service.shop.id_of()
    service.later(hours=1)
    with service.client() as app:
        app.spend_multiple(ann, [{"amount": 100}])
        service.shop.ledger.projector.catch_up()
        assert app.all_balances(ann, at_least=app.position)["summary"]["total_points"] == 900
        assert app.all_balances(ann, as_of=NOW)["summary"]["total_points"] == 1000
        assert app.all_balances(ann, known_at=NOW)["summary"]["total_points"] == 1000
        before = app.fetch_point_audit_logs(ann, as_of=NOW, modification_types=["spend"])
        assert before["total_records"] == 0
        assert app.fetch_point_audit_logs(ann, modification_types=["spend"])["total_records"] == 1


def test_operators_publish_make_keys_and_export(service: Served) -> None:
    with service.client() as operator:
        document = operator.show_program()
        assert operator.publish_program(document)["published"] is False
        assert operator.publish_program(document | {"name": "Tea shop"})["version"] == 2
        made = operator.create_key("another", "member")
        with Client(service.url, made["key"], made["secret"]) as member:
            assert member.all_balances(service.shop.id_of())["user_id"]
        assert operator.revoke_key(made["key"])["state"] == "revoked"
        rows = operator.export("balances")
        of_ann = [row for row in rows if _is_points_of(row, service.shop.id_of())]
        assert [row["available"] for row in of_ann] == [1000]
        assert "loyalty_" in operator.metrics()


def _is_points_of(row: dict[str, Any], customer_id: str) -> bool:
    return (row["customer_id"], row["account"]) == (customer_id, "points")


def test_the_example_of_the_documentation_runs(
    service: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    offer = service.shop.give("euro")
    service.shop.ledger.projector.catch_up()
    (*_, example) = re.findall(r"^```python\n(.*?)^```", SERVICE.read_text(), re.M | re.S)
    made = service.shop.ledger.keys.create(Terms("till", Scope.POS))
    real = {"http://127.0.0.1:8000": service.url, "KEY": made.key.key_id, "SECRET": made.secret}
    for shown, meant in real.items():
        assert f'"{shown}"' in example
        example = example.replace(f'"{shown}"', f'"{meant}"')
    exec(compile(example, str(SERVICE), "exec"), {})
    assert "received" in capsys.readouterr().out
    assert service.shop.state(offer) == "REDEEMED"
