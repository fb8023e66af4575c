"""Given a bill that two split, when they are merged, then it is one customer's from there on."""

from datetime import datetime
from typing import Any

import pytest

from domain.test_merging import GOLD, buys, merge, shop, spends, state
from loyalty_ledger.domain.events.limits import GrantUncounted
from loyalty_ledger.domain.events.merging import SaleMoved, TiersMovedIn
from loyalty_ledger.domain.events.settlement import PurchaseRecounted
from loyalty_ledger.domain.progress import Purchase
from loyalty_ledger.domain.sale_record import SaleRecord
from loyalty_ledger.domain.streams import tiers_of, usage_of, wallet_of
from specification import Shop, at, every, line, only, paid, program, rule

AFTER = at("2026-03-11 12:00")
BILL = "bill"


def split(told: Shop, dollars: str = "20.00", *, anns: str = "10.00", bobs: str = "10.00") -> None:
    payments = [paid("bob", bobs), paid("ann", anns)]
    told.sells(line("tea", dollars), number=BILL, payments=payments)


def tells(told: Shop, *lines: Any, when: datetime = AFTER, **more: Any) -> None:
    """A later version; whoever is named in it, it is Ann by now."""
    payments = more.pop("payments", [paid("ann", "10.00"), paid("ann", "10.00")])
    told.sells(*lines, number=BILL, payments=payments, at=when, **more)


def record(told: Shop) -> SaleRecord:
    found: SaleRecord = state(told, f"sale/s1/{BILL}").record
    return found


def bought(told: Shop, who: str = "ann") -> list[tuple[int, int, int]]:
    rows = state(told, tiers_of(who)).purchases.rows(Purchase)
    return [(row.amount, row.total, row.times) for row in rows if row.amount or row.times]


def test_it_is_one_purchase_of_both_shares() -> None:
    told = shop()
    split(told)
    assert bought(told, "bob") == [(1000, 2000, 1)] and bought(told) == [(1000, 2000, 0)]
    events = merge(told)
    assert bought(told) == [(2000, 2000, 1)] and bought(told, "bob") == []
    recounted = only(PurchaseRecounted, events)
    assert (recounted.was_spend, recounted.spend, recounted.times) == (1000, 2000, 1)
    assert only(TiersMovedIn, events).purchases == []


@pytest.mark.parametrize("how", [{"is_voided": True}, {}])
def test_all_that_both_had_goes_back_with_the_goods(how: dict[str, Any]) -> None:
    told = shop(tier_systems=[GOLD])
    buys(told, "ann", "3.00", "own")
    split(told, "40.00", anns="20.00", bobs="20.00")
    merge(told)
    assert told.level() == "gold" and told.points() == 48
    tells(told, **how)
    assert (told.points(), told.lifetime(), told.level()) == (3, 3, "bronze")
    assert bought(told) == [(300, 300, 1)]
    (left,) = state(told, wallet_of("ann")).holdings.account("points").lots.tail
    assert (left.lot, left.remaining) == (1, 3)  # each share went from the lot that it had made


def test_a_part_that_comes_back_is_taken_from_both_shares_together() -> None:
    told = shop()
    split(told)
    merge(told)
    tells(told, line("tea", "5.00"))
    assert (told.points(), bought(told)) == (5, [(500, 500, 1)])


def test_a_version_without_payments_is_still_paid_by_him_alone() -> None:
    told = shop()
    split(told)
    merge(told)
    tells(told, line("tea", "12.00"), payments=[])
    assert [(one.customer_id, one.paid, one.paid_in_all) for one in told.settlement.customers] == [
        ("ann", 2000, 2000)
    ]
    assert told.points() == 12


def test_what_a_rule_gave_both_for_one_sale_counts_once_for_one_customer() -> None:
    limits = {"per_customer": {"times": 2}, "total": 5}
    sources = [{"id": "shop", "name": "Shop", "accounts": ["points", "credits"], "limits": limits}]
    told = Shop(program(rules=[rule(limits=limits)], point_sources=sources))
    for customer in ("ann", "bob"):
        told.enrols(customer)
    split(told)
    over_all = {k: v for k, v in told.states.items() if k.startswith("limit/")}
    events = merge(told)
    assert {one.subject for one in every(GrantUncounted, events)} == {"rule:base", "source:shop"}
    assert {k: v for k, v in told.states.items() if k.startswith("limit/")} == over_all
    usage = state(told, usage_of("ann"))
    assert [usage.of(one).times for one in ("rule:base", "source:shop")] == [1, 1]
    assert usage.of("rule:base").points == 20
    tells(told, is_voided=True)
    usage = state(told, usage_of("ann"))
    assert [(one.times, one.points) for one in usage.counts.values()] == [(0, 0), (0, 0)]
    assert not any(v.times or v.points for k, v in told.states.items() if k.startswith("limit/"))


def test_what_a_limit_kept_one_from_is_kept_from_both() -> None:
    told = Shop(program(rules=[rule(limits={"points": 25})]))
    for customer in ("ann", "bob", "vic"):
        told.enrols(customer)
    buys(told, "vic", "10.00", "before")
    split(told)
    assert (told.points("bob"), told.points("ann"), told.limits_hit) == (10, 0, ["points"])
    merge(told)
    told.sells(number="before", to="vic", is_voided=True, at=AFTER)  # now there would be room
    tells(told, line("tea", "20.00"))
    assert (told.points(), told.limits_hit) == (10, ["points"])
    tells(told, line("tea", "5.00"), when=at("2026-03-12 12:00"))
    assert told.points() == 5


def test_what_either_lost_is_made_up_before_anything_is_earned_again() -> None:
    told = shop(
        point_accounts=[{"id": "points", "name": "Points", "allow_negative": False}],
        point_sources=[{"id": "shop", "name": "Shop", "accounts": ["points"]}],
    )
    split(told)
    spends(told, "bob", 10)
    halves = [paid("bob", "5.00"), paid("ann", "5.00")]
    tells(told, line("tea", "10.00"), payments=halves, when=at("2026-03-09 12:00"))
    assert (told.points("bob"), told.points("ann")) == (0, 5)
    merge(told)
    tells(told, line("tea", "20.00"))
    assert told.points() == 10  # as she would have, had he not spent what came back


def test_a_balance_that_one_found_full_stays_the_measure_of_his_part() -> None:
    points = {"id": "points", "name": "Points", "maximum_balance": 15}
    told = shop(
        point_accounts=[points],
        point_sources=[{"id": "shop", "name": "Shop", "accounts": ["points"]}],
    )
    buys(told, "bob", "9.00", "before")
    split(told)
    assert (told.points("bob"), told.points("ann")) == (15, 10)
    merge(told)
    assert record(told).ceilings == {("ann", "rule:base"): {"points": 16}}
    tells(told, line("tea", "20.00"))
    assert told.points() == 25


def test_he_is_judged_by_the_best_of_what_both_were() -> None:
    doubled = rule(id="base") | {
        "award": {
            **rule()["award"],
            "by_level": {"club": {"gold": 2}},
        }
    }
    told = Shop(program(rules=[doubled], tier_systems=[GOLD]))
    told.enrols("ann", tags=["early"], opted_in=False)
    told.enrols("bob", tags=["vip"], opted_in=True)
    buys(told, "bob", "30.00", "gold")
    split(told)
    assert (told.points("bob"), told.points("ann")) == (55, 10)
    moved = every(SaleMoved, merge(told))[-1]
    assert moved.judged is not None
    judged = record(told).members["ann"]
    assert (judged.levels, judged.tags, judged.opted_in) == (
        {"club": "gold"},
        ["early", "vip"],
        True,
    )
    tells(told, line("tea", "10.00"))
    assert told.points() == 30 + 5 + 20


def test_points_that_both_paid_come_back_to_the_lots_they_were_taken_from() -> None:
    told = shop()
    buys(told, "ann", "7.00", "hers")
    buys(told, "bob", "9.00", "his")
    payments = [paid("ann", "6.00", "POINTS"), paid("bob", "5.00", "POINTS"), paid(None, "9.00")]
    told.sells(line("tea", "20.00"), number=BILL, payments=payments)
    assert (told.points("ann"), told.points("bob")) == (1, 4)
    merge(told)
    tender = record(told).tenders["ann"]
    assert (tender.asked, [part.lot for _, part in tender.lots]) == (11, [1, 2])
    both = [paid("ann", "11.00", "POINTS"), paid(None, "9.00")]
    tells(told, line("tea", "10.00"), payments=both)
    assert told.points() == 5 + 5
    tells(told, when=at("2026-03-12 12:00"), payments=both)
    assert told.points() == 16 and not record(told).tenders["ann"].lots


def test_requirements_are_met_by_what_both_had_come_to() -> None:
    needs = {"requires": {"spend": {"amount": "40.00"}}}
    bonus = {
        "id": "bonus",
        "when": needs,
        "award": {"account": "credits", "source": "shop", "points": 7},
    }
    told = Shop(program(rules=[rule(), bonus]))
    for customer in ("ann", "bob"):
        told.enrols(customer)
    buys(told, "ann", "12.00", "hers")
    buys(told, "bob", "13.00", "his")
    split(told)
    merge(told)
    assert record(told).asked["ann", "rule:bonus"].others == [2500]
    buys(told, "ann", "99.00", "between")
    tells(told, line("tea", "14.00"))
    assert told.points(account="credits") == 7  # of the sale in between
    tells(told, line("tea", "15.00"), when=at("2026-03-12 12:00"))
    assert told.points(account="credits") == 14


def test_three_who_split_a_bill_are_merged_one_after_the_other() -> None:
    told = shop()
    told.enrols("vic")
    payments = [paid(who, "10.00") for who in ("vic", "bob", "ann")]
    told.sells(line("tea", "30.00"), number=BILL, payments=payments)
    merge(told)
    assert (told.points("ann"), told.points("vic")) == (20, 10)
    tells(told, payments=[paid("vic", "10.00"), paid("ann", "20.00")])
    assert (told.points("ann"), told.points("vic")) == (0, 0)
