"""Closing a sale: what it carries is redeemed in the commit that receives it, case by case."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.store.log import Appended, Commit, Log
from offers.till import NOW, Shop, carrying, flag, item

END_OF_MUGS = datetime.fromisoformat("2026-06-01T00:00:00+02:00")
MUGS = [item("MUG-SET", "20.00")]


def not_honoured(shop: Shop, reason: str, offer: str, sale: str = "T1") -> None:
    """Flagged with this reason in the settlement and in the customer's timeline."""
    assert shop.flags(sale) == [flag(reason, offer)]
    (told,) = (one for one in shop.timeline() if one.kind == "DiscountNotHonoured")
    assert (told.subject, told.why) == (offer, reason)
    assert (told.facts, told.cause) == ({"amount": 100}, cause_of(shop, sale))


def cause_of(shop: Shop, sale: str) -> str:
    (version,) = (
        one.version
        for one in shop.ledger.log.stream(f"sale/main/{sale}")
        if isinstance(one.event, TransactionReceived)
    )
    return f"sale/main/{sale}@{version}"


# --- one commit ---------------------------------------------------------------------------------


def commits(log: Log) -> tuple[list[list[str]], Any]:
    """The names of the events of every commit from now on, and what to do that with."""
    seen: list[list[str]] = []
    append = log.append

    def spy(commit: Commit) -> Appended:
        seen.append([type(one.event).__name__ for one in commit.events])
        return append(commit)

    return seen, patch.object(log, "append", spy)


def test_a_closed_sale_redeems_its_offers_in_the_commit_that_receives_it(shop: Shop) -> None:
    first, second = shop.give("euro"), shop.give("muffin")
    bound = [shop.lock(first), shop.lock(second)]
    seen, watching = commits(shop.ledger.log)
    with watching:
        assert shop.close("T1", *bound) == "accepted"
    assert seen == [["TransactionReceived", "OfferRedeemed", "OfferRedeemed"]]
    assert {shop.state(first), shop.state(second)} == {"REDEEMED"}
    redeemed = shop.last(second)
    assert (redeemed.cause, redeemed.why) == (cause_of(shop, "T1"), "sale_closed")
    assert redeemed.discount.amount == 257  # 3.00 less its share of the euro
    assert shop.flags() == []


@pytest.mark.parametrize("failure", [OSError("the disk is full"), KeyboardInterrupt()])
def test_a_sale_that_could_not_be_stored_has_redeemed_nothing(
    shop: Shop, failure: BaseException
) -> None:
    offer = shop.give()
    bound = shop.lock(offer)
    body = shop.body("T1", bound)
    head = shop.ledger.log.head()
    with patch.object(shop.ledger.log, "append", side_effect=failure), pytest.raises(type(failure)):
        shop.receive(body)
    assert shop.ledger.log.head() == head
    other = shop.another()
    assert other.state(offer) == "LOCKED"
    assert [one.outcome for one in other.receive(body)] == ["accepted"]
    assert [one.outcome for one in shop.receive(body)] == ["repeated"]
    assert shop.state(offer) == "REDEEMED"


def test_a_sale_that_meets_a_conflict_is_judged_again(shop: Shop) -> None:
    """Between reading and writing another till has locked the offer that was free."""
    offer, other = shop.give(), shop.another()
    append, once = shop.ledger.log.append, [True]

    def late(commit: Commit) -> Appended:
        if once:
            once.clear()
            other.lock(offer, "T2")
        return append(commit)

    with patch.object(shop.ledger.log, "append", late):
        assert shop.close("T1", offer) == "accepted"
    assert shop.offers()[offer].locked_by == "main/T2"
    not_honoured(shop, "offer_locked", offer)


def test_a_lock_that_meets_a_conflict_is_decided_again(shop: Shop) -> None:
    offer, other = shop.give(), shop.another()
    append, once = shop.ledger.log.append, [True]

    def late(commit: Commit) -> Appended:
        if once:
            once.clear()
            other.give("euro")  # somebody else's commit, and nothing to this one
            other.close("T2", offer)
        return append(commit)

    with (
        patch.object(shop.ledger.log, "append", late),
        pytest.raises(Exception, match="redeemed in sale main/T2"),
    ):
        shop.lock(offer, "T1")
    assert shop.facts(offer) == ["OfferIssued", "OfferRedeemed"]


# --- every case ---------------------------------------------------------------------------------


def test_alive_it_is_redeemed(shop: Shop) -> None:
    offer = shop.give()
    bound = shop.lock(offer)
    shop.later(minutes=29)
    shop.close("T1", bound)
    assert shop.facts(offer) == ["OfferIssued", "OfferLocked", "OfferRedeemed"]
    assert shop.flags() == []


def test_lapsed_and_free_it_is_redeemed_and_the_lapse_is_recorded_first(shop: Shop) -> None:
    offer = shop.give()
    bound = shop.lock(offer)
    shop.later(minutes=31)
    seen, watching = commits(shop.ledger.log)
    with watching:
        shop.close("T1", bound)
    assert seen == [["TransactionReceived", "OfferLockLapsed", "OfferRedeemed"]]
    assert shop.flags() == []


def test_lapsed_and_taken_it_is_not_honoured_and_the_other_sale_keeps_it(shop: Shop) -> None:
    offer = shop.give()
    bound = shop.lock(offer)
    shop.later(minutes=31)
    shop.lock(offer, "T2")
    shop.close("T1", bound)
    assert shop.offers()[offer].locked_by == "main/T2"
    not_honoured(shop, "offer_locked", offer)
    shop.close("T2", offer)
    assert shop.last(offer).transaction == "main/T2"
    assert shop.flags("T2") == []


def test_never_locked_and_free_it_is_redeemed(shop: Shop) -> None:
    offer = shop.give()
    shop.close("T1", offer)
    assert shop.state(offer) == "REDEEMED"
    assert shop.flags() == []


def test_an_unknown_offer_is_flagged_and_the_sale_is_taken(shop: Shop) -> None:
    for number, unknown in enumerate(("nothing", f"{shop.id_of()}.{'a' * 16}")):
        assert shop.close(f"T{number}", unknown) == "accepted"
        assert shop.flags(f"T{number}") == [flag("offer_not_found", unknown)]
    assert shop.points() == 1_000 + 2 * 60


def test_somebody_elses_offer_is_flagged_and_stays_his(shop: Shop) -> None:
    offer = shop.give(to="BOB")
    shop.close("T1", offer, customer="ANN")
    assert shop.state(offer, of="BOB") == "ISSUED"
    not_honoured(shop, "offer_not_yours", offer)
    assert [one.kind for one in shop.timeline("BOB")] == ["CustomerEnrolled", "OfferIssued"]


def test_an_offer_is_honoured_when_its_owner_pays_with_others_or_nobody_is_named(
    shop: Shop,
) -> None:
    two, none = shop.give(to="BOB"), shop.give(to="BOB")
    both = [{"amount": 4, "user_id": "ANN"}, {"amount": 3, "user_id": "BOB"}]
    shop.close("T1", two, payments=both)
    shop.close("T2", none, customer=None)
    assert {one.state for one in shop.offers("BOB").values()} == {"REDEEMED"}


def test_who_locked_an_offer_need_not_pay(shop: Shop) -> None:
    """A wife pays at the till where her husband showed his offer: it was checked then."""
    offer = shop.give(to="BOB")
    bound = shop.lock(offer)
    shop.later(minutes=31)
    shop.close("T1", bound, customer="ANN")
    assert shop.state(offer, of="BOB") == "REDEEMED"
    assert shop.flags() == []


def test_a_used_offer_is_flagged(shop: Shop) -> None:
    offer = shop.give()
    shop.redeem(offer, "T0")
    shop.close("T1", offer)
    not_honoured(shop, "offer_already_redeemed", offer)
    assert shop.last(offer).transaction == "main/T0"


def test_a_revoked_offer_is_flagged(shop: Shop) -> None:
    offer = shop.give()
    shop.revoke(offer)
    shop.close("T1", offer)
    not_honoured(shop, "offer_revoked", offer)


def test_an_offer_that_had_not_begun_when_the_sale_was_is_flagged(shop: Shop) -> None:
    offer = shop.give("april")
    shop.move_to(NOW + timedelta(days=30))
    shop.close("T1", offer, at=NOW)
    not_honoured(shop, "offer_not_started", offer)
    shop.close("T2", offer)
    assert shop.state(offer) == "REDEEMED"


@pytest.mark.parametrize("recorded", [False, True], ids=["not recorded", "recorded"])
def test_the_sale_time_has_to_lie_in_the_period_not_when_it_reached_us(
    shop: Shop, recorded: bool
) -> None:
    in_time, too_late = shop.give("mug-set"), shop.give("mug-set")
    last = END_OF_MUGS - timedelta(microseconds=1)
    shop.move_to(END_OF_MUGS + timedelta(hours=9))
    if recorded:
        shop.work()
        assert shop.facts(in_time)[-1] == "OfferExpired"
    shop.close("T1", in_time, at=last, items=MUGS)
    shop.close("T2", too_late, at=END_OF_MUGS, items=MUGS)
    assert shop.facts(in_time)[-1] == "OfferRedeemed"
    assert (shop.state(in_time), shop.state(too_late)) == ("REDEEMED", "EXPIRED")
    assert shop.flags("T1") == []
    not_honoured(shop, "offer_expired", too_late, "T2")


def test_a_live_lock_outlasts_the_period_whatever_the_sale_time(shop: Shop) -> None:
    offer = shop.give("mug-set")
    shop.move_to(END_OF_MUGS - timedelta(minutes=5))
    bound = shop.lock(offer, items=MUGS)
    shop.move_to(END_OF_MUGS + timedelta(minutes=5))
    shop.close("T1", bound, items=MUGS)
    assert shop.state(offer) == "REDEEMED"
    assert shop.flags() == []


def test_a_lapsed_lock_is_not_honoured_for_a_sale_after_the_period(shop: Shop) -> None:
    offer = shop.give("mug-set")
    shop.move_to(END_OF_MUGS - timedelta(minutes=5))
    bound = shop.lock(offer, items=MUGS)
    shop.move_to(END_OF_MUGS + timedelta(minutes=40))
    shop.close("T1", bound, items=MUGS)
    assert shop.state(offer) == "EXPIRED"
    assert shop.flags() == [flag("offer_expired", offer)]


def test_another_amount_is_taken_and_flagged(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    shop.close("T1", carrying(offer, "0.99"))
    assert shop.last(offer).discount.amount == 99
    assert shop.flags() == [f"discount_changed:100:99:{offer}"]
    (told,) = (one for one in shop.timeline() if one.kind == "DiscountChanged")
    assert (told.subject, told.facts) == (offer, {"locked": 100, "taken": 99})


@pytest.mark.parametrize("before", ["lapsed", "redeemed"])
def test_another_amount_is_flagged_too_when_the_lock_was_no_more(shop: Shop, before: str) -> None:
    offer = shop.give()
    (shop.lock if before == "lapsed" else shop.redeem)(offer)
    shop.later(minutes=31)
    shop.work()
    shop.close("T1", carrying(offer, "5.00"))
    assert shop.flags() == [f"discount_changed:100:500:{offer}"]
    assert shop.state(offer) == "REDEEMED"


def test_one_offer_in_two_entries_is_one_discount(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    shop.close("T1", carrying(offer, "0.40"), carrying(offer, "0.60"))
    assert shop.flags() == []
    assert shop.last(offer).discount.amount == 100


def test_a_till_s_own_discount_is_no_offer(shop: Shop) -> None:
    offer = shop.give()
    own = [{"reference_id": offer, "amount": 1}, carrying(offer, "1") | {"reference_id_type": "X"}]
    shop.close("T1", *own)
    assert (shop.state(offer), shop.flags()) == ("ISSUED", [])


def test_redeemed_at_once_it_stays_redeemed_carried_or_not(shop: Shop) -> None:
    carried, left = shop.give(), shop.give()
    bound = shop.redeem(carried)
    shop.redeem(left)
    shop.close("T1", bound)
    assert (shop.state(carried), shop.state(left)) == ("REDEEMED", "REDEEMED")
    assert shop.flags() == []
    assert shop.facts(carried) == ["OfferIssued", "OfferRedeemed"]


# --- what it does not carry ---------------------------------------------------------------------


def closes(shop: Shop) -> None:
    shop.close("T1")


def voids(shop: Shop) -> None:
    shop.close("T1", is_voided=True)


def voids_open(shop: Shop) -> None:
    shop.close("T1", is_voided=True, is_closed=False)


@pytest.mark.parametrize(
    ("over", "why"), [(closes, "not_carried"), (voids, "sale_voided"), (voids_open, "sale_voided")]
)
def test_locks_a_sale_does_not_carry_are_released_in_the_same_commit(
    shop: Shop, over: Callable[[Shop], None], why: str
) -> None:
    alive, lapsed = shop.give(), shop.give()
    shop.lock(lapsed)
    shop.later(minutes=20)
    shop.lock(alive)
    shop.later(minutes=31)
    seen, watching = commits(shop.ledger.log)
    with watching:
        over(shop)
    assert [sorted(names) for names in seen] == [
        sorted(
            ["TransactionReceived", "OfferUnlocked", "OfferLockLapsed", *["OfferTakenOffCheck"] * 2]
        )
    ]
    assert (shop.last(alive).why, shop.last(lapsed).why) == (why, "lapsed")
    assert {shop.state(alive), shop.state(lapsed)} == {"ISSUED"}
    assert not shop.events("OfferRedeemed")


def test_a_lock_that_another_sale_took_over_is_not_released(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    shop.later(minutes=31)
    shop.lock(offer, "T2")
    shop.close("T1")
    assert shop.offers()[offer].locked_by == "main/T2"


def test_an_open_version_redeems_and_releases_nothing(shop: Shop) -> None:
    carried, left = shop.give(), shop.give()
    bound = shop.lock(carried)
    shop.lock(left)
    shop.close("T1", bound, is_closed=False)
    assert {shop.state(carried), shop.state(left)} == {"LOCKED"}


def test_a_voided_sale_redeems_nothing_it_carries(shop: Shop) -> None:
    offer = shop.give()
    bound = shop.lock(offer)
    shop.close("T1", bound, is_voided=True)
    assert shop.facts(offer) == ["OfferIssued", "OfferLocked", "OfferUnlocked"]
