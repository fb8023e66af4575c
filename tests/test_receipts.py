"""A sale that named nobody is claimed by the code on its receipt: once, in time, and exactly."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from cli.bad_lines import item
from loyalty_ledger import verification
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.receipts import SaleClaimed
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.receipts import ClaimedSale
from loyalty_ledger.store.schema import events, personal
from receiving import ANN, NOW, another, at, body, opened, points, send, work

BOB = Reference("external", "", "BOB")
APP = Actor(client_id="app")
CODE = "R-2017-Xy7"
SOLD = at(-2)
NOBODY = [{"amount": 10}]
A_MOMENT = timedelta(microseconds=1)
REQUESTS = count()


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        made.administration.enrol([CustomerRecord((one,), None, None, ()) for one in (ANN, BOB)])
        yield made
        work(made)
        assert verification.verify(made, lambda _done, _goal: None).problems == []


def sold(ledger: Ledger, transaction: str = "T1", **changes: Any) -> None:
    """A sale of ten dollars that names nobody, settled; its receipt bears the code."""
    told = {"receipt_code": CODE, "payments": NOBODY, "open_time": SOLD, "modified_time": SOLD}
    assert send(ledger, body(transaction, f"r{next(REQUESTS)}", **(told | changes))) == ["accepted"]
    work(ledger)


def claim(ledger: Ledger, who: Reference = ANN, code: str = CODE) -> ClaimedSale:
    return ledger.receipts.claim(ledger.answers.find(who), code, APP)


def refused(ledger: Ledger, who: Reference = ANN, code: str = CODE) -> Reason:
    """Why a claim is refused; nothing is changed by it."""
    head = ledger.log.head().position
    with pytest.raises(Rejected) as refusal:
        claim(ledger, who, code)
    assert ledger.log.head().position == head
    return refusal.value.code


def both(ledger: Ledger) -> tuple[int, int]:
    work(ledger)
    return points(ledger, ANN), points(ledger, BOB)


def test_a_claimed_sale_earns_as_if_it_had_named_the_claimant(ledger: Ledger) -> None:
    sold(ledger)
    assert both(ledger) == (0, 0)
    claimed = claim(ledger)
    credited = {one.account: one.points for one in claimed.awarded}
    assert (claimed.transaction, claimed.before, credited["tier-credits"]) == ("319/T1", False, 10)
    assert {one.earned_at for one in claimed.awarded} == {NOW - timedelta(hours=2)}
    assert both(ledger) == (10, 0)


def test_the_code_may_be_called_guest_receipt_code_and_be_typed_in_any_case(ledger: Ledger) -> None:
    sold(ledger, receipt_code=None, guest_receipt_code=CODE)
    claim(ledger, code=f" {CODE.lower()} ")
    assert both(ledger) == (10, 0)


def test_a_code_is_claimed_once_and_again_by_the_same_customer_does_nothing(ledger: Ledger) -> None:
    sold(ledger)
    claim(ledger)
    head = ledger.log.head().position
    assert claim(another(ledger)).before
    assert ledger.log.head().position == head
    assert refused(ledger, BOB) is Reason.RECEIPT_CLAIMED
    assert both(ledger) == (10, 0)


def test_an_unknown_code_is_refused(ledger: Ledger) -> None:
    sold(ledger)
    assert refused(ledger, code="R-2017-Xy8") is Reason.RECEIPT_NOT_FOUND


def test_a_sale_can_be_claimed_for_thirty_days_by_the_clocks_of_the_program(ledger: Ledger) -> None:
    # The clocks of New York go back on 5 November 2017: those thirty days have an hour more.
    made = datetime(2017, 10, 20, 12, tzinfo=UTC)
    ends = made + timedelta(days=30, hours=1)
    ledger.clock.move_to(made)  # type: ignore[attr-defined]
    told = {"open_time": made.isoformat(), "modified_time": made.isoformat()}
    sold(ledger, "T1", **told)
    sold(ledger, "T2", receipt_code="second", **told)
    ledger.clock.now = ends - timedelta(milliseconds=1) - A_MOMENT  # type: ignore[attr-defined]
    claim(ledger)
    ledger.clock.now = ends - timedelta(milliseconds=1)  # type: ignore[attr-defined]
    assert refused(ledger, code="second") is Reason.RECEIPT_EXPIRED


def test_a_code_on_two_sales_stands_for_none(ledger: Ledger) -> None:
    sold(ledger, "T1")
    sold(ledger, "T2")
    assert refused(ledger) is Reason.RECEIPT_AMBIGUOUS
    assert both(ledger) == (0, 0)


def test_a_sale_that_is_claimed_before_it_is_settled_is_settled_first(ledger: Ledger) -> None:
    told: dict[str, Any] = {"receipt_code": CODE, "payments": NOBODY}
    told |= {"open_time": SOLD, "modified_time": SOLD}
    send(ledger, body("T1", **told))
    claim(ledger)
    assert both(ledger) == (10, 0)


def test_an_open_a_voided_and_a_returned_sale_cannot_be_claimed(ledger: Ledger) -> None:
    sold(ledger, is_closed=False)
    assert refused(ledger) is Reason.NOT_AVAILABLE
    sold(ledger, modified_time=at(-1))
    sold(ledger, modified_time=at(-0.5), items=[])
    assert refused(ledger) is Reason.NOT_AVAILABLE
    void: dict[str, Any] = {"receipt_code": "void", "items": [item("1", subtotal="0.00")]}
    sold(ledger, "T2", **void)
    sold(ledger, "T2", **void, modified_time=at(-1), is_voided=True)
    assert refused(ledger, ANN, "void") is Reason.NOT_AVAILABLE


def test_a_later_version_that_names_nobody_is_his_who_claimed_it(ledger: Ledger) -> None:
    sold(ledger)
    claim(ledger)
    half = [item("1", subtotal="6.00")]
    sold(ledger, modified_time=at(1), items=half, payments=[{"amount": 6}], receipt_code=None)
    assert both(ledger) == (6, 0)
    sold(ledger, modified_time=at(2), items=[], payments=[])
    assert both(ledger) == (0, 0)
    sold(ledger, modified_time=at(3), payments=[])
    assert both(ledger) == (10, 0)
    sold(ledger, modified_time=at(4), is_voided=True)
    assert both(ledger) == (0, 0)


def test_what_came_back_before_the_claim_is_not_earned(ledger: Ledger) -> None:
    sold(ledger)
    sold(ledger, modified_time=at(-1), items=[item("1", subtotal="6.00")], payments=[])
    claim(ledger)
    assert both(ledger) == (6, 0)


def test_a_version_without_payments_is_claimed_by_those_it_had(ledger: Ledger) -> None:
    sold(ledger, payments=[{"amount": 4, "user_id": "BOB"}, {"amount": 6}])
    sold(ledger, modified_time=at(-1), items=[item("1", subtotal="5.00")], payments=[])
    claim(ledger)
    assert both(ledger) == (3, 2)


def test_each_payment_is_claimed_by_its_own_code(ledger: Ledger) -> None:
    payments = [
        {"amount": 4, "payment_id": "a", "receipt_code": "first"},
        {"amount": 6, "payment_id": "b", "receipt_code": "second"},
    ]
    sold(ledger, receipt_code=None, payments=payments)
    claim(ledger, ANN, "first")
    assert both(ledger) == (4, 0)
    claim(ledger, BOB, "second")
    assert both(ledger) == (4, 6)
    without = [{"amount": 3, "payment_id": "b"}, {"amount": 2, "payment_id": "a"}]
    sold(ledger, receipt_code=None, payments=without, modified_time=at(1),
         items=[item("1", subtotal="5.00")])  # fmt: skip
    assert both(ledger) == (2, 3)
    told_by_code = [payments[1] | {"payment_id": None}, payments[0] | {"payment_id": None}]
    sold(ledger, receipt_code=None, payments=told_by_code, modified_time=at(2))
    assert both(ledger) == (4, 6)
    by_place = [{"amount": 8}, {"amount": 2}]
    sold(ledger, receipt_code=None, payments=by_place, modified_time=at(3))
    assert both(ledger) == (8, 2)


def test_what_names_somebody_stays_his_and_cannot_be_claimed(ledger: Ledger) -> None:
    sold(ledger, payments=[{"amount": 4, "user_id": "BOB"}, {"amount": 6}])
    claim(ledger)
    assert both(ledger) == (6, 4)
    sold(ledger, "T2", payments=[{"amount": 10, "user_id": "BOB"}], receipt_code="named")
    assert refused(ledger, ANN, "named") is Reason.RECEIPT_CLAIMED


def test_a_sale_without_payments_is_whose_it_is_as_a_whole(ledger: Ledger) -> None:
    sold(ledger, payments=[])
    claim(ledger)
    assert both(ledger) == (10, 0)
    sold(ledger, payments=[], items=[item("1", subtotal="4.00")], modified_time=at(1))
    assert both(ledger) == (4, 0)


def test_points_that_pay_are_not_claimed(ledger: Ledger) -> None:
    sold(ledger, "T0", payments=[{"amount": 10, "user_id": "ANN"}], receipt_code=None)
    payments = [{"amount": 4, "type": "points"}, {"amount": 6}]
    sold(ledger, payments=payments)
    claim(ledger)
    assert both(ledger) == (16, 0)
    sold(ledger, payments=[{"amount": 5, "type": "points"}, {"amount": 5}], modified_time=at(1))
    assert both(ledger) == (15, 0)
    assert ledger.log.count(0, ["PointsSpent"]) == 0


def test_a_version_that_came_too_late_does_not_keep_the_sale_from_being_claimed(
    ledger: Ledger,
) -> None:
    document = ledger.settlement.programs[1].to_document() | {"return_window": "P7D"}
    ledger.administration.publish(type(ledger.settlement.programs[1]).from_document(document))
    made: dict[str, Any] = {"open_time": at(-24 * 20), "modified_time": at(-24 * 20)}
    sold(ledger, **made)
    sold(ledger, **(made | {"modified_time": at(-1), "items": [item("1", subtotal="1.00")]}))
    claim(ledger)
    assert both(ledger) == (10, 0)
    late = {"payments": [], "items": [item("1", subtotal="2.00")], "modified_time": at(1)}
    sold(ledger, **(made | late))
    assert both(ledger) == (10, 0)
    settled = ledger.log.count(0, ["TransactionSettled"])
    assert (settled, ledger.log.count(0, ["SettlementHeld"])) == (4, 0)


def test_a_code_that_comes_with_an_older_version_is_known_too(ledger: Ledger) -> None:
    sold(ledger, receipt_code=None)
    sold(ledger, modified_time=at(-3))
    claim(ledger)
    assert both(ledger) == (10, 0)


def test_the_code_is_kept_nowhere(ledger: Ledger) -> None:
    payments = [{"amount": 10, "receipt_code": "of-a-payment"}]
    sold(ledger)
    sold(ledger, "T2", receipt_code=None, guest_receipt_code="of-a-guest", payments=payments)
    claim(ledger)
    with ledger.log.engine.connect() as connection:
        kept = [
            *connection.scalars(select(events.c.body)),
            *(value.encode() for value in connection.scalars(select(personal.c.value))),
        ]
    for code in (CODE, CODE.lower(), "of-a-payment", "of-a-guest"):
        assert not any(code.encode() in one for one in kept)


def test_a_claim_is_told_in_the_timeline_and_by_explain(ledger: Ledger) -> None:
    sold(ledger)
    claim(ledger)
    work(ledger)
    (claimed,) = [one.event for one in ledger.log.read(0, 100, names=["SaleClaimed"])]
    assert isinstance(claimed, SaleClaimed)
    explained = ledger.explaining.transaction("319", "T1")
    assert [len(one["judged_by"]) for one in explained["settlements"]] == [0, 1]
    followed = {one["event"] for one in explained["outcomes"]}
    assert {"SaleClaimed", "PointsAwarded", "PurchaseCounted"} <= followed
    causes = {one["cause"] for one in explained["outcomes"] if one["event"] == "PointsAwarded"}
    assert causes == {"sale/319/T1@3"}


def test_a_claim_waits_for_a_sale_that_could_not_be_worked_out(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(ledger)
    broken = another(ledger)
    monkeypatch.setattr(broken.settlement, "_settle", lambda *_args: 1 / 0)
    send(broken, body("T9"))
    broken.settlement.settle_all()
    assert refused(ledger) is Reason.NOT_AVAILABLE
    assert claim(ledger, BOB).awarded
    ledger.settlement.retry(["sale/319/T9@1"])
    assert refused(ledger) is Reason.RECEIPT_CLAIMED
    assert both(ledger) == (10, 10)
