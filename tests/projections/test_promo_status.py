"""What operators are told of promo codes: counts, claims, wrong tries and why they were."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from loyalty_ledger import clock
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.lines import Line
from loyalty_projections.promo_status import of_customer, promotions
from sample_ledger import digests, ledger_on
from specification import awards, program

TEN = {"outcomes": [{"award": awards(10)}]}
ANN, APP = Reference("external", "", "ANN-1"), Actor(client_id="app")
CLUB = program(
    promotions=[
        {"id": "theirs", "name": "T", "kind": "third_party", **TEN},
        {"id": "one", "name": "O", "kind": "multi_use", "code": "ONE", "total": 1, **TEN},
        {"id": "later", "name": "L", "kind": "multi_use", "code": "LATER", **TEN}
        | {"starts": "2999-01-01"},
    ],
    promo_lockout={"tries": 3, "lasts": "PT15M"},
    promo_limiter={"month": 9},
)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """Ann claims one of two listed codes and the one of a total of one, and errs three times."""
    with ledger_on(database_url, clock.now) as made:
        made.administration.publish(CLUB)
        made.administration.enrol([CustomerRecord((ANN,), None, None, ())])
        made.promo_lists.take_over("theirs", [Line(1, b"T-1"), Line(2, b"T-2")], APP)
        ann = made.answers.find(ANN)
        for code in ("T-1", "ONE", "T-1", "NOTHING", "LATER"):
            try:
                made.promotions.claim(ann, code, APP)
            except Rejected as refusal:
                assert refusal.code.value == "promotion_not_available"
        made.projector.catch_up()
        yield made


def test_promotions_tell_their_codes_claims_and_whether_they_are_over(ledger: Ledger) -> None:
    now = clock.now()
    told = ledger.projector.ask(lambda reader: promotions(reader, CLUB, now))
    assert [(one.promotion, one.status, one.claims) for one in told] == [
        ("theirs", "active", 1),
        ("one", "completed", 1),
        ("later", "pending", 0),
    ]
    assert [(one.loaded, one.used, one.left) for one in told[:2]] == [(2, 1, 1), (0, 0, None)]


def test_a_customer_s_wrong_tries_are_told_apart_and_so_is_his_lock_out(ledger: Ledger) -> None:
    now, ann = clock.now(), ledger.answers.find(ANN)
    told = ledger.projector.ask(lambda reader: of_customer(reader, ann, CLUB, now))
    assert [one.why for one in told.tries] == ["used", "unknown", "not_yet"]
    assert [one.promotion for one in told.claims] == ["theirs", "one"]
    assert (told.in_a_row, told.in_all) == (3, 3)
    assert told.locked_until is not None
    assert [(one.period, one.claimed, one.most) for one in told.limiter] == [
        ("week", 2, None),
        ("month", 2, 9),
        ("year", 2, None),
    ]
    later = now + timedelta(hours=1)
    after = ledger.projector.ask(lambda reader: of_customer(reader, ann, CLUB, later))
    assert (after.locked_until, after.in_a_row, after.in_all) == (None, 0, 3)


def test_the_view_built_anew_is_the_same(ledger: Ledger) -> None:
    live = digests(ledger)["promo_status"]
    ledger.projector.rebuild("promo_status")
    assert digests(ledger)["promo_status"] == live
