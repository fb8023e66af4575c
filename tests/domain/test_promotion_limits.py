"""Within every limit a promotion gives all or nothing, and a refusal says which limit it was."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.settlement import Cut
from loyalty_ledger.domain.values import Reason
from offer_examples import minutes, treat
from promotion_examples import POINTS, SOURCE, TIERS, TREAT, accounts, club, refused, spring, times
from specification import Shop, at, awards, program


def test_a_customer_claims_up_to_his_limit_whatever_others_do() -> None:
    shop = club(spring(per_customer=2))
    shop.claims("SPRING26")
    shop.claims("SPRING26", when=minutes(1))
    refusal = refused(Reason.LIMIT_REACHED, shop, when=minutes(2))
    assert refusal.details == {"limit": "per_customer", "left": 0}
    assert refusal.message == "spring can be claimed 2 times by one customer: 0 left"
    assert shop.claims("SPRING26", by="bob").number == 1


def test_all_together_claim_up_to_the_total() -> None:
    shop = club(spring(total=2))
    shop.claims("SPRING26")
    shop.claims("SPRING26", by="bob")
    for who in ("ann", "cid"):
        refusal = refused(Reason.LIMIT_REACHED, shop, by=who)
        assert refusal.details == {"limit": "total", "left": 0}
        assert refusal.message == "spring can be claimed 2 times in all: 0 left"


def test_limits_go_on_counting_under_the_next_version() -> None:
    shop = Shop(*[program(promotions=[spring(per_customer=1)], offers=[treat()])] * 2)
    newest = shop.programs.pop(2)
    shop.claims("SPRING26")
    shop.programs[2] = newest
    refused(Reason.LIMIT_REACHED, shop)


@pytest.mark.parametrize("limit", ["per_customer", "total"])
def test_an_offer_that_cannot_be_issued_refuses_the_whole_claim(limit: str) -> None:
    shop = club(spring(per_customer=9), offers=[treat(issuance={limit: 1})])
    shop.claims("SPRING26")
    refusal = refused(Reason.NOT_AVAILABLE, shop)
    assert refusal.details == {"offer": "treat", "limit": limit, "left": 0}
    assert refusal.message.startswith("1 of treat are issued ")
    assert (shop.points(), times(shop)) == (50, (1, 1))


def test_offers_of_one_claim_are_counted_together() -> None:
    shop = club(spring(TREAT, TREAT), offers=[treat(issuance={"total": 3})])
    shop.claims("SPRING26")
    assert refused(Reason.NOT_AVAILABLE, shop).details["left"] == 1
    assert len(shop.gives("treat")) == 1


@pytest.mark.parametrize(
    ("sections", "when", "details"),
    [
        ({"issuance": {"ends": "2026-03-03"}}, "2026-03-03 00:00", {"period": "issuance_period"}),
        ({"issuance": {"starts": "2026-03-03"}}, "2026-03-02 23:59", {"period": "issuance_period"}),
        ({"redemption": {"ends": "2026-03-03"}}, "2026-03-03", {"period": "redemption_period"}),
    ],
    ids=["issued no more", "not issued yet", "redeemed no more"],
)
def test_an_offer_out_of_its_time_refuses_the_claim_and_says_since_or_until_when(
    sections: dict[str, Any], when: str, details: dict[str, Any]
) -> None:
    shop = club(offers=[treat(**sections)])
    refusal = refused(Reason.NOT_AVAILABLE, shop, when=at(when))
    named = {name: refusal.details[name] for name in ("offer", "period")}
    assert named == {"offer": "treat", **details}
    assert "2026-03-03T05:00:00+00:00" in refusal.message
    assert times(shop) == (0, 0)


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"points": 99}, "points"),
        ({"total": 1}, "total"),
        ({"per_customer": {"times": 1, "period": "P1D"}}, "per_customer"),
    ],
)
def test_a_point_source_that_has_given_what_it_may_refuses_the_claim(
    limits: dict[str, Any], limit: str
) -> None:
    shop = club(point_sources=[SOURCE | {"limits": limits}])
    shop.claims("SPRING26")
    refusal = refused(Reason.NOT_AVAILABLE, shop, when=minutes(60))
    assert refusal.details == {"source": "shop", "limit": limit}
    assert (
        refusal.message == f"point source shop has given what it may: its limit {limit} is reached"
    )


def test_what_does_not_fit_into_the_account_is_cut_and_told() -> None:
    shop = club(spring(POINTS), **accounts(maximum_balance=80))
    shop.claims("SPRING26")
    claimed = shop.claims("SPRING26")
    assert claimed.grants[0].deserved == {"points": 30}
    (cut,) = claimed.cuts
    assert cut == Cut(
        customer_id="ann",
        rule="promotion:spring",
        limit="maximum_balance:points",
        points=20,
        kept=30,
    )
    refusal = refused(Reason.NOT_AVAILABLE, shop)
    assert refusal.details == {"limit": "maximum_balance", "accounts": ["points"]}
    assert times(shop) == (2, 2)


def test_a_full_account_keeps_no_offer_back() -> None:
    shop = club(spring(POINTS, TREAT), **accounts(maximum_balance=50))
    shop.claims("SPRING26")
    claimed = shop.claims("SPRING26")
    assert claimed.grants[0].deserved == {}
    assert len(claimed.grants[0].offers) == 1


def test_what_gives_nothing_to_this_customer_is_not_claimed() -> None:
    nothing = awards(0, by_level={"tiers": {"gold": 80}})
    shop = club(spring({"award": nothing}), **TIERS)
    refusal = refused(Reason.NOT_AVAILABLE, shop)
    assert refusal.message == "the promotion gives this customer nothing"


def test_a_code_that_cannot_be_drawn_refuses_the_claim() -> None:
    many = {"id": "many", "name": "M", "kind": "single_use", "outcomes": [POINTS]}
    shop = club(spring(POINTS, {"code": "many"}), many | {"ends": "2026-03-02"})
    refusal = refused(Reason.NOT_AVAILABLE, shop)
    assert refusal.details == {"promotion": "many", "limit": "expired"}
    assert refusal.message == "no code of many can be drawn: its time is over"
