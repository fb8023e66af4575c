"""The settlement policy: a sale or customer event arrives, and these outcomes follow in order."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain import policies
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    SettlementHeld,
    SettlementResumed,
)
from loyalty_ledger.domain.events.points import PointsAwarded, PointsExpired
from loyalty_ledger.domain.events.settlement import (
    PurchaseCounted,
    SettlementFailed,
    TransactionSettled,
)
from loyalty_ledger.domain.events.tiers import TierEntered, TierLeft
from loyalty_ledger.domain.needs import with_former
from specification import MONDAY_NOON, Shop, at, awards, every, line, only, paid, program, rule

ONE = line("x", "1.00")
TEN = line("x", "10.00")
LATER = MONDAY_NOON + timedelta(hours=1)


def names(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def plain() -> Shop:
    return Shop(program(rules=[rule()]))


def rich() -> Shop:
    """A shop in which one sale sets everything off."""
    credits = rule(id="credits", award=awards(1, "credits", per_amount="1.00"))
    entrance = {"points_earned": {"account": "credits", "amount": 10}}
    levels = [
        {"id": "base", "name": "B"},
        {"id": "gold", "name": "G", "entrance": entrance, "on_entry": [{"issue": "mug"}]},
    ]
    bonus: dict[str, Any] = {
        "id": "bonus",
        "outcomes": [{"award": awards(50)}, {"issue": "muffin"}],
    }
    bonus["limits"] = {"total": 5}
    offers = [
        {"id": one, "title": one, "discount": {"kind": "manual"}} for one in ("muffin", "mug")
    ]
    return Shop(
        program(
            rules=[rule(), credits],
            campaigns=[bonus],
            offers=offers,
            tier_systems=[{"id": "club", "name": "Club", "levels": levels}],
        )
    )


# --- a sale -------------------------------------------------------------------------------------


def test_what_follows_from_a_sale_is_listed_in_the_order_it_was_decided() -> None:
    assert names(rich().sells(TEN)) == [
        "PurchaseCounted",
        "PointsAwarded",
        "PointsAwarded",
        "PointsAwarded",
        "GrantCounted",
        "GrantCounted",
        "GrantCounted",
        "GrantCounted",
        "OfferIssued",
        "TierEntered",
        "GrantCounted",
        "GrantCounted",
        "OfferIssued",
        "TierEntryRewarded",
        "TransactionSettled",
    ]


def test_the_settlement_says_what_the_sale_was_judged_by_and_what_it_gave() -> None:
    shop = rich()
    shop.enrols("ann", tags=["vip"], opted_in=False)
    shop.sells(TEN, line("tea", "2.50"), number="77", payments=[paid("ann", "5.00", "CASH")])

    settled = shop.settlement
    (ann,) = settled.customers
    assert (ann.customer_id, ann.paid, ann.paid_in_all, ann.first) == ("ann", 500, 500, True)
    assert (ann.levels, ann.opted_in, ann.tags) == ({"club": "base"}, False, ["vip"])
    assert [(one.line_id, one.net) for one in settled.lines] == [("x", 1000), ("tea", 250)]
    assert (settled.total, settled.version, settled.cause) == (1250, 1, "sale/s1/77@1")
    assert [(one.rule, one.deserved, one.lots) for one in settled.grants] == [
        ("rule:base", {"points": 12}, [1]),
        ("rule:credits", {"credits": 12}, [2]),
        ("campaign:bonus", {"points": 50}, [3]),
        ("tier:club/gold", {}, []),
    ]
    assert [len(one.offers) for one in settled.grants] == [0, 0, 1, 1]


def test_the_settlement_is_dated_by_the_latest_of_what_it_did() -> None:
    shop = plain()
    shop.sells(TEN, when=MONDAY_NOON, at=LATER)
    assert (shop.settlement.at, shop.settlement.sale_time) == (LATER, MONDAY_NOON)
    assert only(PointsAwarded, shop.last).at == MONDAY_NOON


def test_the_same_input_gives_the_same_outcomes() -> None:
    one, other = rich(), rich()
    for shop in (one, other):
        shop.sells(TEN)
        shop.sells(TEN, payments=[paid("ben", "3.00"), paid("ann", "7.00")])
    assert one.history == other.history


def test_a_draft_that_is_thrown_away_leaves_no_trace() -> None:
    shop = rich()
    arrived = shop.receives(TEN)
    drafts = [Draft(shop.states) for _ in range(2)]
    for draft in drafts:
        policies.settle(arrived, shop.knowledge, draft)
    assert drafts[0].outcomes == drafts[1].outcomes != []
    failed = Draft(shop.states)
    policies.fail(arrived, "a bug", failed)
    assert [type(outcome.event) for outcome in failed.outcomes] == [
        SettlementFailed,
        SettlementHeld,
    ]


def test_settling_what_is_settled_gives_nothing() -> None:
    shop = plain()
    arrived = shop.receives(TEN)
    assert shop.settles(arrived) != []
    assert shop.settles(arrived) == []


def test_the_level_that_counts_is_the_one_before_the_sale() -> None:
    shop = rich()
    shop.sells(TEN)
    assert shop.settlement.customers[0].levels == {"club": "base"}
    shop.sells(TEN)
    assert shop.settlement.customers[0].levels == {"club": "gold"}


def test_consent_and_tags_count_as_they_are_when_the_sale_is_settled() -> None:
    targeted = {"id": "c", "audience": {"tags": ["vip"]}, "outcomes": [{"award": awards(50)}]}
    shop = Shop(program(campaigns=[targeted]))
    shop.enrols("ann")
    shop.sells(ONE)
    draft = Draft(shop.states)
    changed = CustomerChanged(at=LATER, customer_id="ann", opted_in=True, tags=["vip"])
    draft.emit("customer/ann", changed, "ann")
    shop.states |= draft.after
    shop.sells(ONE)
    assert shop.points() == 50


def test_what_fell_due_by_the_time_of_the_sale_is_recorded_first() -> None:
    accounts = [{"id": "points", "name": "P", "expiry": {"kind": "rolling", "after": "P1M"}}]
    source = [{"id": "shop", "name": "Shop", "accounts": ["points"]}]
    entrance = {"transactions": {"count": 1, "within": "P1D"}}
    upkeep = {"every": "P1M", "requires": entrance}
    levels = [
        {"id": "base", "name": "B"},
        {"id": "gold", "name": "G", "entrance": entrance, "maintenance": upkeep},
    ]
    shop = Shop(
        program(
            point_accounts=accounts,
            point_sources=source,
            rules=[rule()],
            tier_systems=[{"id": "club", "name": "Club", "levels": levels}],
        )
    )
    shop.sells(TEN, when=at("2026-03-02 12:00"))
    shop.sells(TEN, when=at("2026-04-02 12:00"))
    assert names(shop.last) == [
        "PointsExpired",
        "TierLeft",
        "PurchaseCounted",
        "PointsAwarded",
        "TierEntered",
        "TransactionSettled",
    ]
    assert only(PointsExpired, shop.last).at == only(TierLeft, shop.last).at
    assert only(TierEntered, shop.last).first_time is False


def test_the_sale_time_is_the_opening_time_of_the_version_that_settles() -> None:
    shop = plain()
    shop.sells(TEN, when=MONDAY_NOON, at=LATER)
    assert only(PurchaseCounted, shop.last).at == MONDAY_NOON
    assert only(PointsAwarded, shop.last).earned_at == MONDAY_NOON


def test_without_an_opening_time_the_earliest_version_dates_the_sale() -> None:
    shop = plain()
    shop.sells(TEN, number="7", when=MONDAY_NOON, is_closed=False)
    shop.sells(TEN, number="7", when=LATER, open_time_sent=False)
    assert shop.settlement.sale_time == MONDAY_NOON


def test_an_opening_time_that_was_sent_counts_though_it_is_the_time_of_the_version() -> None:
    shop = plain()
    shop.sells(TEN, number="7", when=MONDAY_NOON, is_closed=False)
    shop.sells(TEN, number="7", when=LATER)
    assert shop.settlement.sale_time == LATER


def test_an_opening_time_that_was_sent_dates_the_sale_whatever_came_before() -> None:
    shop = plain()
    shop.sells(TEN, number="7", when=MONDAY_NOON, is_closed=False)
    shop.sells(TEN, number="7", when=LATER, at=LATER + timedelta(hours=1))
    assert shop.settlement.sale_time == LATER


# --- versions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [{"is_closed": False}, {"is_voided": True}])
def test_an_open_or_voided_version_is_kept_and_grants_nothing(kind: dict[str, Any]) -> None:
    assert plain().sells(TEN, **kind) == []


def test_an_open_sale_is_settled_when_it_closes() -> None:
    shop = plain()
    shop.sells(ONE, number="7", is_closed=False)
    shop.sells(TEN, number="7", at=LATER)
    assert (shop.points(), shop.settlement.version) == (10, 2)


@pytest.mark.parametrize(
    ("kind", "left"), [({}, 1), ({"is_closed": False}, 0), ({"is_voided": True}, 0)]
)
def test_a_later_version_of_a_settled_sale_is_settled_once(kind: dict[str, Any], left: int) -> None:
    shop = plain()
    shop.sells(TEN, number="7")
    arrived = shop.receives(ONE, number="7", at=LATER, **kind)

    settled = only(TransactionSettled, shop.settles(arrived))

    assert (settled.version, settled.modified_time) == (3, LATER)
    assert settled.cause == "sale/s1/7@3"
    assert shop.settles(arrived) == []
    assert shop.points() == left


# --- failures -----------------------------------------------------------------------------------


def test_a_failure_gives_nothing_and_holds_every_customer_of_the_sale() -> None:
    shop = plain()
    arrived = shop.receives(TEN, number="7", payments=[paid("ann", "6.00"), paid("ben", "4.00")])
    shop.fails(arrived, "ZeroDivisionError: division by zero")

    failed = only(SettlementFailed, shop.last)
    assert (failed.subject, failed.version) == ("sale/s1/7", 1)
    assert failed.customers == ["ann", "ben"]
    assert "ZeroDivisionError" in failed.reason
    assert [one.customer_id for one in every(SettlementHeld, shop.last)] == ["ann", "ben"]
    assert shop.points() == 0


def test_later_sales_of_a_waiting_customer_queue_and_everybody_else_settles() -> None:
    shop = plain()
    shop.fails(shop.receives(TEN, number="7"))
    (held,) = shop.sells(ONE, number="8")
    assert (held.subject, held.blocked_by) == ("sale/s1/8", "sale/s1/7@1")
    assert names(shop.sells(ONE, to="ben"))[-1] == "TransactionSettled"


def test_a_split_bill_with_a_waiting_customer_makes_the_others_wait_too() -> None:
    shop = plain()
    shop.fails(shop.receives(TEN, number="7", to="ann"))
    shop.sells(TEN, number="8", payments=[paid("ben", "5.00"), paid("ann", "5.00")])
    assert names(shop.last) == ["SettlementHeld", "SettlementHeld"]
    assert names(shop.sells(ONE, to="ben")) == ["SettlementHeld"]


def test_a_sale_that_waits_is_held_once() -> None:
    shop = plain()
    shop.fails(shop.receives(TEN))
    waiting = shop.receives(ONE)
    assert len(shop.settles(waiting)) == 1
    assert shop.settles(waiting) == []


def test_a_retry_settles_says_so_and_lets_the_queue_go_on() -> None:
    shop = plain()
    first, second = shop.receives(TEN, number="7"), shop.receives(ONE, number="8")
    shop.fails(first)
    shop.settles(second)

    assert names(shop.retries(first))[-2:] == ["TransactionSettled", "SettlementResumed"]
    assert shop.settlement.retried
    assert shop.points() == 10
    shop.retries(second)
    assert shop.points() == 11
    assert names(shop.sells(ONE))[-1] == "TransactionSettled"


def test_a_queue_that_was_retried_ends_in_the_ledger_of_one_that_never_failed() -> None:
    healed, smooth = rich(), rich()
    for shop in (healed, smooth):
        arrivals = [shop.receives(TEN, number=str(n)) for n in (7, 8, 9)]
        if shop is healed:
            shop.fails(arrivals[0])
            for waiting in arrivals[1:]:
                shop.settles(waiting)
        for arrived in arrivals:
            (shop.retries if shop is healed else shop.settles)(arrived)
    assert [healed.states[f"wallet/{one}"] for one in ("ann",)] == [smooth.states["wallet/ann"]]
    assert healed.states["tiers/ann"] == smooth.states["tiers/ann"]
    assert healed.states["limit/campaign:bonus"] == smooth.states["limit/campaign:bonus"]


def test_a_void_that_came_while_its_sale_waited_settles_after_it() -> None:
    shop = plain()
    first = shop.receives(TEN, number="7")
    shop.fails(first)
    void = shop.receives(TEN, number="7", at=LATER, is_voided=True)
    (held,) = shop.settles(void)
    assert (held.version, held.blocked_by) == (void.version, first.cause)

    shop.retries(first)
    assert shop.points() == 10
    shop.retries(void)

    assert shop.points() == 0
    assert shop.settles(void) == []


def test_versions_that_waited_settle_in_their_order() -> None:
    shop = plain()
    first = shop.receives(TEN, number="7")
    shop.fails(first)
    second = shop.receives(ONE, number="7", at=LATER)
    shop.settles(second)
    shop.retries(first)
    shop.retries(second)
    assert shop.points() == 1
    events = [event for _, event in shop.history]
    assert [one.version for one in every(TransactionSettled, events)] == [
        first.version,
        second.version,
    ]
    assert len(every(SettlementResumed, events)) == 2


def test_a_resumed_customer_waits_no_more() -> None:
    shop = plain()
    arrived = shop.receives(TEN)
    shop.fails(arrived)
    draft = Draft(shop.states)
    policies.resume(arrived, draft)
    assert draft.state("customer/ann").waiting == ()


def test_a_later_version_does_not_overtake_the_one_that_has_to_be_settled_first() -> None:
    shop = plain()
    first = shop.receives(TEN, number="7")
    later = shop.receives(ONE, number="7", to="bob", at=LATER)
    assert not policies.overtakes(first, Draft(shop.states))
    assert policies.overtakes(later, Draft(shop.states))
    assert [type(event) for event in shop.settles(later)] == [SettlementHeld]
    shop.settles(first)
    assert only(TransactionSettled, shop.retries(later)).version == later.version


def test_a_sale_that_names_nobody_waits_by_itself_behind_its_version_that_failed() -> None:
    shop = plain()
    first = shop.receives(TEN, number="7", to=None)
    shop.fails(first)
    back = shop.receives(number="7", at=LATER, payments=[])
    (held,) = shop.settles(back)
    assert (held.customer_id, held.blocked_by) == ("", first.cause)
    assert policies.held_alone(back, Draft(shop.states))
    assert shop.settles(back) == []
    shop.retries(first)
    resumed = every(SettlementResumed, shop.retries(with_former(back, shop.states)))
    assert [one.customer_id for one in resumed] == [""]
    assert not policies.held_alone(back, Draft(shop.states))
