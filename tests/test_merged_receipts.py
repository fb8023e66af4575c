"""After a merge the code on a receipt gives the sale to who goes on, once, and exactly."""

from collections.abc import Iterator
from typing import Any

import pytest

from loyalty_ledger import verification
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.domain.events.receipts import SaleClaimed
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from receiving import ANN, another, at, body, opened, points, send, work
from test_receipts import APP, BOB, CODE, NOBODY, SOLD, claim, refused, sold

HALF: list[dict[str, Any]] = [
    {"amount": 5, "user_id": "BOB", "payment_id": "p1"},
    {"amount": 5, "payment_id": "p2", "receipt_code": CODE},
]


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        made.administration.enrol([CustomerRecord((one,), None, None, ()) for one in (ANN, BOB)])
        yield made
        work(made)
        assert verification.verify(made, lambda _done, _goal: None).problems == []
        assert made.projector.verify("profile").same
        assert made.projector.verify("tier_progress").same


def merge(ledger: Ledger) -> str:
    """Bob goes on as Ann; the internal id that was his."""
    bob = ledger.answers.find(BOB)
    ledger.merging.merge(bob, ledger.answers.find(ANN))
    return bob


def earned(ledger: Ledger) -> int:
    work(ledger)
    return points(ledger)


def comes_back(ledger: Ledger, payments: list[dict[str, Any]]) -> None:
    told = {"items": [], "payments": payments, "open_time": SOLD, "modified_time": at(1)}
    assert send(ledger, body("T1", "back", **told)) == ["accepted"]


@pytest.mark.parametrize("who", [ANN, BOB])
def test_a_sale_that_named_nobody_is_claimed_under_either_name(ledger: Ledger, who: Any) -> None:
    sold(ledger)
    bob = merge(ledger)
    claimed = claim(another(ledger), who)
    assert (claimed.transaction, claimed.before, earned(ledger)) == ("319/T1", False, 10)
    assert claim(ledger, who).before
    with pytest.raises(Rejected) as refusal:
        ledger.receipts.claim(bob, CODE, APP)
    assert refusal.value.code is Reason.UNKNOWN_CUSTOMER
    comes_back(ledger, NOBODY)
    assert earned(ledger) == 0


def test_what_the_other_had_claimed_is_claimed_already_and_comes_back_to_who_goes_on(
    ledger: Ledger,
) -> None:
    sold(ledger)
    claim(ledger, BOB)
    merge(ledger)
    head = ledger.log.head().position
    assert claim(ledger).before and ledger.log.head().position == head
    assert earned(ledger) == 10
    comes_back(ledger, NOBODY)
    assert earned(ledger) == 0


def test_the_rest_of_a_sale_of_the_others_is_claimed_and_all_of_it_is_one_purchase(
    ledger: Ledger,
) -> None:
    sold(ledger, payments=HALF, receipt_code=None)
    merge(ledger)
    assert earned(ledger) == 5
    claim(ledger)
    assert earned(ledger) == 10
    comes_back(ledger, HALF)
    assert earned(ledger) == 0


def test_two_who_had_claimed_and_paid_parts_of_one_sale_have_it_together(ledger: Ledger) -> None:
    sold(ledger, payments=HALF, receipt_code=None)
    claim(ledger)
    merge(ledger)
    assert earned(ledger) == 10
    assert len(ledger.log.read(0, 1_000, names=[SaleClaimed.__name__])) == 1
    assert claim(ledger).before
    comes_back(ledger, HALF)
    assert earned(ledger) == 0


def test_what_somebody_else_claimed_is_refused_to_who_goes_on(ledger: Ledger) -> None:
    sold(ledger)
    merge(ledger)
    vic = Reference("external", "", "VIC")
    ledger.administration.enrol([CustomerRecord((vic,), None, None, ())])
    claim(ledger, vic)
    assert refused(ledger, BOB) is Reason.RECEIPT_CLAIMED
