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
from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded, PointsExpired
from loyalty_ledger.domain.events.settlement import (
    CustomerEventSettled,
    PurchaseCounted,
    SettlementDeferred,
    SettlementFailed,
    TransactionSettled,
)
from loyalty_ledger.domain.events.tiers import TierEntered, TierLeft
from loyalty_ledger.domain.judging import Arrived
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
    shop.sells(TEN, number="7", when=LATER)
    assert shop.settlement.sale_time == MONDAY_NOON


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


@pytest.mark.parametrize("kind", [{}, {"is_closed": False}, {"is_voided": True}])
def test_a_later_version_of_a_settled_sale_is_deferred_once(kind: dict[str, Any]) -> None:
    shop = plain()
    shop.sells(TEN, number="7")
    arrived = shop.receives(ONE, number="7", at=LATER, **kind)

    (deferred,) = shop.settles(arrived)

    assert isinstance(deferred, SettlementDeferred)
    assert (deferred.version, deferred.modified_time) == (3, LATER)
    assert deferred.cause == "sale/s1/7@3"
    assert shop.settles(arrived) == []
    assert shop.points() == 10


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


def test_a_customer_event_waits_behind_a_failed_sale() -> None:
    shop = signs_in()
    shop.fails(shop.receives(TEN))
    assert names(shop.hears("sign-in")) == ["SettlementHeld"]


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


def test_a_void_that_came_while_its_sale_waited_is_deferred_when_the_sale_settles() -> None:
    shop = plain()
    first = shop.receives(TEN, number="7")
    shop.fails(first)
    void = shop.receives(TEN, number="7", at=LATER, is_voided=True)
    shop.settles(void)

    shop.retries(first)

    deferred = only(SettlementDeferred, shop.last)
    assert (deferred.version, deferred.modified_time) == (void.version, LATER)
    assert deferred.cause == void.cause
    assert shop.settles(void) == []


def test_only_the_first_of_two_versions_that_waited_settles() -> None:
    shop = plain()
    first = shop.receives(TEN, number="7")
    shop.fails(first)
    second = shop.receives(ONE, number="7", at=LATER)
    shop.settles(second)
    shop.retries(first)
    shop.retries(second)
    assert shop.points() == 10
    events = [event for _, event in shop.history]
    assert len(every(SettlementDeferred, events)) == 1
    assert len(every(SettlementResumed, events)) == 2


def test_a_resumed_customer_waits_no_more() -> None:
    shop = plain()
    arrived = shop.receives(TEN)
    shop.fails(arrived)
    draft = Draft(shop.states)
    policies.resume(arrived, draft)
    assert draft.state("customer/ann").waiting == ()


# --- customer events ----------------------------------------------------------------------------


def signs_in(**more: Any) -> Shop:
    hello = {"id": "hello", "on": {"event": "sign-in"}, "award": awards(5), **more}
    return Shop(program(rules=[hello, rule()]))


def test_a_customer_event_sets_off_the_rules_that_name_it_and_no_others() -> None:
    shop = signs_in()
    shop.hears("sign-in")
    settled = only(CustomerEventSettled, shop.last)
    assert [grant.rule for grant in settled.grants] == ["rule:hello"]
    assert shop.points() == 5
    shop.hears("survey")
    assert shop.points() == 5
    shop.sells(ONE)
    assert shop.points() == 6


def test_a_customer_event_settles_once() -> None:
    shop = signs_in()
    shop.hears("sign-in")
    stream, event = next(
        (stream, event) for stream, event in shop.history if stream.startswith("happening/")
    )
    again = Arrived(stream, 1, event)
    assert shop.settles(again) == []


def test_a_customer_event_is_limited_and_timed_like_a_sale() -> None:
    shop = signs_in(
        limits={"per_customer": {"times": 1, "period": "P1D"}}, when={"days": ["mon", "tue"]}
    )
    shop.hears("sign-in", when=MONDAY_NOON)
    shop.hears("sign-in", when=LATER)
    assert [cut.limit for cut in shop.last[-1].cuts] == ["per_customer"]
    shop.hears("sign-in", when=MONDAY_NOON + timedelta(days=1))
    shop.hears("sign-in", when=MONDAY_NOON + timedelta(days=2))
    assert shop.points() == 10


def test_a_customer_event_can_lift_a_customer_to_a_level_and_counts_as_no_purchase() -> None:
    entrance = {"points_earned": {"account": "points", "amount": 5}}
    levels = [{"id": "base", "name": "B"}, {"id": "gold", "name": "G", "entrance": entrance}]
    hello = {"id": "hello", "on": {"event": "sign-in"}, "award": awards(5)}
    club = [{"id": "club", "name": "Club", "levels": levels}]
    shop = Shop(program(rules=[hello], tier_systems=club))
    shop.hears("sign-in")
    assert shop.level() == "gold"
    assert every(PurchaseCounted, shop.last) == []


# --- offers -------------------------------------------------------------------------------------


def gives(**offer: Any) -> Shop:
    muffin = {"id": "muffin", "title": "Muffin", "discount": {"kind": "manual"}, **offer}
    campaign = {"id": "treat", "outcomes": [{"issue": "muffin"}]}
    return Shop(program(offers=[muffin], campaigns=[campaign]))


@pytest.mark.parametrize(
    ("redemption", "starts", "ends"),
    [
        ({"after_issue": "P30D"}, None, "2026-04-01 12:00"),
        ({"starts": "2026-04-01", "ends": "2026-05-01"}, "2026-04-01 00:00", "2026-05-01 00:00"),
        ({}, None, None),
    ],
)
def test_an_issued_offer_says_when_it_can_be_redeemed(
    redemption: dict[str, Any], starts: str | None, ends: str | None
) -> None:
    shop = gives(redemption=redemption)
    shop.sells(ONE)
    issued = only(OfferIssued, shop.last)
    assert issued.redeemable_from == (at(starts) if starts else None)
    assert issued.expires_at == (at(ends) if ends else None)
    assert issued.issued_at == MONDAY_NOON


def test_an_offers_id_follows_from_what_issued_it_and_leads_to_its_customer() -> None:
    one, other = gives(), gives()
    first = only(OfferIssued, one.sells(ONE, number="7"))
    assert only(OfferIssued, other.sells(ONE, number="7")).offer_id == first.offer_id
    assert first.offer_id.startswith("ann.")
    assert only(OfferIssued, other.sells(ONE, number="8")).offer_id != first.offer_id
    assert first.offer_id in one.settlement.grants[0].offers


def test_an_issued_offer_names_its_cause_rule_versions_level_and_lines() -> None:
    shop = gives()
    issued = only(OfferIssued, shop.sells(ONE, number="7"))
    assert (issued.rule, issued.definition) == ("campaign:treat", "muffin")
    assert (issued.cause, issued.transaction) == ("sale/s1/7@1", "s1/7")
    assert (issued.program_version, issued.catalog_version, issued.lines) == (1, 1, ["x"])


def test_every_issue_is_counted_in_the_same_commit() -> None:
    shop = gives(issuance={"total": 1})
    shop.sells(ONE)
    counted = [one.subject for one in every(GrantCounted, shop.last)]
    assert counted == ["campaign:treat"] * 2 + ["offer:muffin"] * 2
    assert every(OfferIssued, shop.sells(ONE, to="ben")) == []


def test_no_offer_is_issued_that_could_no_longer_be_redeemed() -> None:
    shop = gives(redemption={"ends": "2026-03-02"})
    assert every(OfferIssued, shop.sells(ONE)) == []
    assert shop.limits_hit == ["offer:muffin:redemption_period"]


def test_only_outcomes_of_a_settled_sale_name_it_as_settled() -> None:
    shop = plain()
    shop.sells(TEN)
    assert isinstance(shop.last[-1], TransactionSettled)
