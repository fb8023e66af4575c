"""Two customers who are one person are merged: who goes on has all, and the past stays told."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from loyalty_ledger import verification
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.customer_events import CustomerEvent
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.schema import personal
from receiving import ANN, NOW, another, at, body, opened, points, publish, send, work

BOB = Reference("external", "", "BOB")
EMAIL = Reference("email", "", "bob@b.example")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        yield made


def enrol(ledger: Ledger, *references: Reference, **told: Any) -> str:
    record = CustomerRecord(references, None, None, tuple(told.items()))
    assert ledger.administration.enrol([record]) == [True]
    return ledger.answers.find(references[0])


def paid(user: str, amount: int = 10) -> list[dict[str, Any]]:
    return [{"amount": amount, "user_id": user}]


def both(ledger: Ledger) -> tuple[str, str]:
    """Bob and Ann, each with a sale."""
    bob, ann = enrol(ledger, BOB, EMAIL, first_name="Bob"), enrol(ledger, ANN)
    send(ledger, body("B1", payments=paid("BOB")), body("A1", payments=paid("ANN")))
    work(ledger)
    return bob, ann


def profile(ledger: Ledger, customer_id: str, **moment: Any) -> Any:
    return ledger.answers.profile(customer_id, Moment(NOW, **moment))


def balances(ledger: Ledger, customer_id: str) -> dict[str, tuple[int, int, int]]:
    accounts = profile(ledger, customer_id).accounts
    return {one.account: (one.available, one.debt, one.lifetime) for one in accounts}


def problems(ledger: Ledger) -> list[str]:
    ledger.projector.catch_up()
    return verification.verify(ledger, lambda _done, _goal: None).problems


def test_who_goes_on_has_all_and_the_other_leads_to_him(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    his, hers = balances(ledger, bob), balances(ledger, ann)
    merged = ledger.merging.merge(bob, ann)
    work(ledger)
    assert merged.identifiers == 2 and merged.sales == 1
    for reference in (BOB, EMAIL, ANN, Reference("id", "", bob), Reference("id", "", ann)):
        assert ledger.answers.find(reference) == ann
    together = balances(ledger, ann)
    assert together == {
        name: tuple(a + b for a, b in zip(his[name], hers[name], strict=True)) for name in hers
    }
    assert not any(any(sums) for sums in balances(ledger, bob).values())
    assert problems(ledger) == []


def test_the_past_of_both_stays_told(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    before, then = profile(ledger, bob), ledger.clock()
    ledger.merging.merge(bob, ann)
    work(ledger)
    past = profile(ledger, bob, as_of=then)
    assert past.accounts == before.accounts and past.tiers == before.tiers
    kinds = [row.kind for row in ledger.answers.history(bob, Moment(NOW))]
    assert kinds[0] == "awarded" and kinds[-1] == "moved_out"
    assert sum(row.points for row in ledger.answers.history(bob, Moment(NOW))) == 0
    assert [x.kind for x in ledger.answers.timeline(bob, Moment(NOW))][-1] == "CustomerMerged"
    by_id = Reference("id", "", bob)
    assert ledger.answers.was(by_id) == bob
    assert ledger.answers.was(by_id, Moment(NOW)) == ann
    assert ledger.answers.was(by_id, Moment(NOW, as_of=then)) == bob


def test_as_of_any_moment_tells_what_the_rows_told(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    ledger.merging.merge(bob, ann)
    work(ledger)
    for one in (bob, ann):
        live, then = Moment(NOW), Moment(NOW, as_of=ledger.clock())
        told = profile(ledger, one, as_of=then.as_of)
        assert told.accounts == profile(ledger, one).accounts
        for ask in (ledger.answers.tiers, ledger.answers.history, ledger.answers.timeline):
            assert ask(one, then) == ask(one, live)


@pytest.mark.parametrize("gone", [{"items": []}, {"is_voided": True}])
def test_a_return_of_the_others_sale_takes_back_from_who_goes_on(
    ledger: Ledger, gone: dict[str, Any]
) -> None:
    bob, ann = both(ledger)
    alone = balances(ledger, ann)
    ledger.merging.merge(bob, ann)
    back = body("B1", "back", payments=paid("BOB"), modified_time=at(2), **gone)
    assert send(ledger, back) == ["accepted"]
    work(ledger)
    assert balances(ledger, ann) == alone
    assert not any(any(sums) for sums in balances(ledger, bob).values())
    assert problems(ledger) == []


def test_what_arrives_later_under_the_others_names_is_of_who_goes_on(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    ledger.merging.merge(bob, ann)
    before = points(ledger)
    send(ledger, body("B2", payments=paid("BOB"), open_time=at(1), modified_time=at(1)))
    by_id = [{"amount": 10, "user_id": bob, "user_id_type": "internal"}]
    send(ledger, body("B3", payments=by_id, open_time=at(1), modified_time=at(1)))
    work(ledger)
    assert points(ledger) > before
    assert problems(ledger) == []


def test_a_merge_of_one_who_absorbed_another_leads_all_to_the_last(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    third = enrol(ledger, Reference("phone", "", "+12025550123"))
    ledger.merging.merge(bob, ann)
    ledger.merging.merge(ann, third)
    work(ledger)
    for reference in (BOB, ANN, Reference("id", "", bob), Reference("id", "", ann)):
        assert ledger.answers.find(reference) == third
    for number, who in (("B1", "BOB"), ("A1", "ANN")):
        back = body(number, f"{number} back", payments=paid(who), items=[], modified_time=at(2))
        assert send(ledger, back) == ["accepted"]
    work(ledger)
    assert not any(any(sums) for sums in balances(ledger, third).values())
    assert problems(ledger) == []


def test_the_rows_are_those_of_a_rebuild(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    ledger.merging.merge(bob, ann)
    work(ledger)
    for name in ("profile", "agenda", "timeline", "tier_progress", "books", "directory"):
        assert ledger.projector.verify(name, progress=lambda _a, _b: None).same


def test_personal_data_moves_and_goes_with_who_goes_on(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    ledger.merging.merge(bob, ann)
    with ledger.log.engine.connect() as connection:
        owners = {row.customer_id for row in connection.execute(select(personal))}
    assert owners == {ann}
    ledger.erasing.erase(ann)
    with ledger.log.engine.connect() as connection:
        assert connection.execute(select(personal)).all() == []
    for reference in (BOB, EMAIL, ANN):
        with pytest.raises(Rejected):
            ledger.answers.find(reference)
    work(ledger)
    send(ledger, body("B2", payments=paid("BOB"), open_time=at(1), modified_time=at(1)))
    work(ledger)
    assert ledger.answers.find(BOB) not in (bob, ann)
    assert problems(ledger) == []


def refused(ledger: Ledger, one: str, other: str) -> Reason:
    head = ledger.log.head().position
    with pytest.raises(Rejected) as refusal:
        ledger.merging.merge(one, other)
    assert ledger.log.head().position == head
    return refusal.value.code


def test_who_is_nobody_or_gone_or_the_same_is_refused(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    assert refused(ledger, ann, ann) is Reason.VALIDATION
    assert refused(ledger, "nobody", ann) is Reason.UNKNOWN_CUSTOMER
    assert refused(ledger, ann, "nobody") is Reason.UNKNOWN_CUSTOMER
    ledger.merging.merge(bob, ann)
    third = enrol(ledger, Reference("phone", "", "+12025550123"))
    assert refused(ledger, bob, third) is Reason.UNKNOWN_CUSTOMER
    assert refused(ledger, third, bob) is Reason.UNKNOWN_CUSTOMER
    ledger.erasing.erase(third)
    assert refused(ledger, third, ann) is Reason.UNKNOWN_CUSTOMER


@pytest.mark.parametrize("gone", [{"items": []}, {"is_voided": True}])
def test_a_bill_that_both_split_is_one_customers_and_comes_back_whole(
    ledger: Ledger, gone: dict[str, Any]
) -> None:
    bob, ann = both(ledger)
    third = enrol(ledger, Reference("phone", "", "+12025550123"))
    ledger.merging.merge(bob, third)
    work(ledger)
    alone = [balances(ledger, one) for one in (third, ann)]
    split = [{"amount": 5, "user_id": "ANN"}, {"amount": 5, "user_id": "BOB"}]
    send(ledger, body("S1", payments=split))
    work(ledger)
    assert [balances(ledger, one) for one in (third, ann)] != alone
    merged = ledger.merging.merge(ann, third)
    work(ledger)
    assert merged.sales == 2 and problems(ledger) == []
    back = body("S1", "back", payments=split, modified_time=at(2), **gone)
    assert send(ledger, back) == ["accepted"]
    work(ledger)
    assert balances(ledger, third) == {
        name: tuple(a + b for a, b in zip(sums, alone[1][name], strict=True))
        for name, sums in alone[0].items()
    }
    assert not any(any(sums) for one in (bob, ann) for sums in balances(ledger, one).values())
    assert problems(ledger) == []
    for name in ("profile", "tier_progress", "reward_store"):
        assert ledger.projector.verify(name, progress=lambda _a, _b: None).same


def test_what_has_arrived_is_settled_before(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    send(ledger, body("B2", payments=paid("BOB"), open_time=at(0), modified_time=at(0)))
    other = another(ledger)
    other.merging.merge(bob, ann)
    work(ledger)
    assert balances(ledger, ann)["tier-credits"][2] == 30
    assert problems(ledger) == []


def test_an_event_that_the_other_had_is_not_counted_again(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    happened = CustomerEvent(BOB, "app-sign-in", "E1", NOW)
    assert ledger.administration.happened([happened]) == [True]
    work(ledger)
    ledger.merging.merge(bob, ann)
    assert ledger.administration.happened([happened]) == [False]
    assert ledger.administration.happened([happened._replace(customer=ANN)]) == [False]


def test_an_offer_moves_as_it_stands(ledger: Ledger) -> None:
    bob, ann = both(ledger)
    publish(ledger, offers=[{"id": "mug", "title": "A mug", "discount": {"kind": "manual"}}])
    issued = ledger.offers.give(bob, "mug", Actor(), "a gift")
    before = {row.offer_id: row for row in _offers(ledger, bob)}
    ledger.merging.merge(bob, ann)
    work(ledger)
    after = {row.offer_id: row for row in _offers(ledger, ann)}
    assert issued[0].offer_id in before and before.items() <= after.items()
    assert not _offers(ledger, bob)
    then = profile(ledger, ann, as_of=ledger.clock())
    assert list(then.offers) == list(_offers(ledger, ann))
    assert problems(ledger) == []


def _offers(ledger: Ledger, customer_id: str) -> Any:
    ledger.projector.catch_up()
    return profile(ledger, customer_id).offers
