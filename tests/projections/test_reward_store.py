"""What a customer can buy with points, and why not."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from offers.till import NOW, Shop, document, item, shop_on
from sample_ledger import digests

APRIL = datetime.fromisoformat("2026-04-01T00:00:00+02:00")
MAY = datetime.fromisoformat("2026-05-01T00:00:00+02:00")


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(request.param, tmp_path) as made:
        yield made


def codes(shop: Shop, sold: str, of: str = "ANN") -> list[str]:
    return [one.code for one in shop.on_shelf(sold, of).why_not]


def test_every_store_is_shown_with_whether_it_is_open_and_why_not(shop: Shop) -> None:
    stores = shop.stores()
    assert list(stores) == ["rewards", "silver-shelf", "invited", "spring"]
    shut = {name: [one.message for one in store.why_not] for name, store in stores.items()}
    assert shut == {
        "rewards": [],
        "silver-shelf": ["reward store silver-shelf is for silver in club"],
        "invited": ["reward store invited is by invitation"],
        "spring": ["reward store spring opens at 2026-03-31T22:00:00+00:00"],
    }
    assert [one.is_open for one in stores.values()] == [True, False, False, False]
    assert (stores["spring"].starts, stores["spring"].ends) == (APRIL, MAY)


def test_only_spendable_accounts_are_money(shop: Shop) -> None:
    rewards = shop.stores()["rewards"]
    assert (rewards.point_accounts, rewards.balance) == (("points",), 1_000)


def test_what_can_be_bought_says_so_with_its_price_and_what_is_left(shop: Shop) -> None:
    shown = shop.on_shelf("mugs-400")
    assert (shown.offer, shown.title, shown.price) == ("mug-set", "Mugs at 15 percent off", 400)
    assert (shown.left, shown.affordable, shown.can_buy, shown.why_not) == (2, True, True, ())
    assert shop.on_shelf("muffin-150").left is None


def test_who_is_short_of_points_sees_how_many(shop: Shop) -> None:
    shop.close("T1", customer="BOB", items=[item("BREAD", "13.80")])
    shop.work()
    shown = shop.on_shelf("muffin-150", of="BOB")
    (why,) = shown.why_not
    assert (shown.affordable, shown.can_buy) == (False, False)
    assert (why.code, why.message) == ("insufficient_points", "12 points short")
    assert why.details == {"price": 150, "available": 138, "short": 12}
    shop.close("T2", customer="BOB", items=[item("BREAD", "1.10")])
    shop.work()
    assert shop.on_shelf("muffin-150", of="BOB").why_not[0].message == "1 point short"
    assert shop.on_shelf("thanks-0", of="BOB").can_buy


def test_every_reason_is_told_at_once(shop: Shop) -> None:
    assert codes(shop, "silver-10", "BOB") == ["not_eligible", "insufficient_points"]
    assert codes(shop, "april-10", "BOB") == ["not_available", "insufficient_points"]


def test_what_is_bought_is_counted_for_the_customer_and_for_all(shop: Shop) -> None:
    shop.buy("mugs-400")
    shop.buy("thanks-0")
    assert shop.on_shelf("mugs-400").left == shop.on_shelf("mugs-400", "BOB").left == 1
    assert codes(shop, "thanks-0") == ["limit_reached"]
    assert codes(shop, "thanks-0", "BOB") == []
    shop.another().buy("mugs-400")
    assert shop.on_shelf("mugs-400").left == 0
    assert codes(shop, "mugs-400", "BOB") == ["limit_reached", "insufficient_points"]


def test_offers_issued_in_other_ways_count_against_issuance_limits(shop: Shop) -> None:
    for _ in range(3):
        shop.give("muffin")
    (why,) = shop.on_shelf("muffin-150").why_not
    assert why.message == "3 of muffin are issued to one customer: 0 left"
    shop.give("muffin", to="VIC")
    shop.give("muffin", to="VIC")
    assert "5 of muffin are issued in all: 0 left" in [
        one.message for one in shop.on_shelf("muffin-150", "BOB").why_not
    ]


def test_an_offer_whose_issuance_is_over_says_since_when(shop: Shop) -> None:
    shop.move_to(MAY)
    (why,) = shop.on_shelf("mugs-400").why_not
    assert why.message == "mug-set is issued until 2026-04-30T22:00:00+00:00"


@pytest.mark.parametrize(
    ("terms", "message", "details"),
    [
        (
            {"issuance": {"starts": "2026-04-01"}},
            "mug-set is issued from 2026-03-31T22:00:00+00:00 on",
            {"period": "issuance_period", "starts": "2026-03-31T22:00:00+00:00"},
        ),
        (
            {"issuance": {}, "redemption": {"ends": "2026-03-10"}},
            "mug-set can be redeemed until 2026-03-09T23:00:00+00:00",
            {"period": "redemption_period", "ends": "2026-03-09T23:00:00+00:00"},
        ),
    ],
    ids=["not yet", "never to be redeemed"],
)
def test_an_offer_that_is_not_issued_now_says_when(
    shop: Shop, terms: dict[str, object], message: str, details: dict[str, str]
) -> None:
    whole = document()
    shop.publish(whole | {"reward_stores": []})
    offers = [one | terms if one["id"] == "mug-set" else one for one in whole["offers"]]
    shop.publish(whole | {"offers": offers})
    (why,) = shop.on_shelf("mugs-400").why_not
    assert (why.code, why.message, why.details) == ("not_available", message, details)
    with shop.refused("not_available") as refusal:
        shop.buy("mugs-400")
    assert refusal.value.message == message


def test_levels_and_invitations_open_stores(shop: Shop) -> None:
    assert shop.stores("VIC")["invited"].is_open
    shop.close("T1", items=[item("BREAD", "60.00")])
    shop.work()
    assert shop.stores()["silver-shelf"].is_open
    assert shop.on_shelf("silver-10").can_buy


def test_points_and_levels_that_have_fallen_due_count_recorded_or_not(shop: Shop) -> None:
    shop.move_to(NOW + timedelta(days=400))
    before = shop.stores()
    assert before["rewards"].balance == 0
    shop.work()
    assert shop.stores() == before


def test_periods_begin_and_end_on_the_instant(shop: Shop) -> None:
    for moment, is_open in (
        (APRIL - timedelta(microseconds=1), False),
        (APRIL, True),
        (MAY - timedelta(microseconds=1), True),
        (MAY, False),
    ):
        shown = shop.stores(moment=shop.moment(as_of=moment))
        assert shown["spring"].is_open is is_open, moment
        assert (shown["rewards"].offers[2].why_not == ()) is is_open, moment


def test_as_of_a_past_moment_it_is_what_was_shown_then(shop: Shop) -> None:
    seen = []
    shop.close("T0", customer="BOB", items=[item("BREAD", "100.00")])

    def look() -> None:
        shop.work()
        now = shop.moment().now
        shop.move_to(now + timedelta(hours=1))
        for name in ("ANN", "BOB", "VIC"):
            seen.append((now, name, shop.stores(name, shop.moment(as_of=now, known_at=now))))
            live = shop.ledger.answers.rewards(shop.id_of(name), shop.moment()._replace(now=now))
            assert list(seen[-1][2].values()) == live

    look()
    shop.buy("mugs-400", by="BOB")
    look()
    shop.buy("muffin-150")
    shop.close("T1", items=[item("BREAD", "80.00")])
    look()
    shop.buy("mugs-400")
    shop.buy("silver-10")
    look()
    for then, name, shown in seen:
        assert shop.stores(name, shop.moment(as_of=then, known_at=then)) == shown
        assert shop.stores(name, shop.moment(as_of=then)) == shown
    assert len({str(shown) for _, _, shown in seen}) > 6


def test_what_was_recorded_later_was_not_known(shop: Shop) -> None:
    before = shop.moment().now
    shop.move_to(NOW + timedelta(hours=2))
    shop.close("T1", customer="BOB", items=[item("BREAD", "100.00")], at=NOW - timedelta(days=1))
    shop.work()
    assert shop.stores("BOB", shop.moment(as_of=before))["rewards"].balance == 1_000
    assert shop.stores("BOB", shop.moment(before, before))["rewards"].balance == 0


def test_rebuilt_views_are_the_live_ones_with_offers_in_the_log(shop: Shop) -> None:
    locked, used, gone = shop.give(), shop.give(), shop.give("muffin")
    shop.buy("mugs-400")
    shop.lock(locked)
    shop.lock(gone, "T2")
    shop.redeem(used, "T3")
    shop.ledger.offers.code(gone, shop.last(gone).by)
    shop.unlock(gone)
    shop.revoke(gone)
    shop.reinstate(used)
    shop.close("T2", locked, used, "nothing")
    shop.later(hours=3)
    shop.work()
    live = digests(shop.ledger)
    for name, digest in live.items():
        for batch in (1, 7):
            rebuilt = shop.ledger.projector.rebuild(name, batch=batch)
            assert rebuilt.same and rebuilt.built.value == digest, name
