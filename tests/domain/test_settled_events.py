"""Customer events: what follows when a customer did something that is no purchase."""

from datetime import timedelta
from typing import Any

from loyalty_ledger.domain.arrivals import Arrived
from loyalty_ledger.domain.events.customers import SettlementHeld
from loyalty_ledger.domain.events.settlement import CustomerEventSettled, PurchaseCounted
from specification import MONDAY_NOON, Shop, awards, every, line, only, program, rule

ONE = line("x", "1.00")
LATER = MONDAY_NOON + timedelta(hours=1)


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


def test_a_customer_event_waits_behind_a_failed_sale() -> None:
    shop = signs_in()
    shop.fails(shop.receives(ONE))
    assert only(SettlementHeld, shop.hears("sign-in")).customer_id == "ann"
