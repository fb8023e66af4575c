"""`loyalty promo claim`: what it prints, and how it ends."""

from typing import Any

import pytest

from cli.asking import refused, said, shown, told
from offers.till import Shop, document, promoting

WHO = ("external:ANN", "muglove")
HANDS = ("--employee", "emma", "--client", "app")


def muffins(**more: Any) -> dict[str, Any]:
    """MUGLOVE gives a muffin and 50 points."""
    points = {"award": {"account": "points", "source": "purchases", "points": 50}}
    return promoting({"issue": "muffin"}, points, **more)


def with_silver() -> dict[str, Any]:
    """MUGLOVE brings silver, and credits twice; an account holds 1,040 points, not all of it."""
    made = muffins()
    credit = {"account": "credits", "source": "purchases", "points": 5}
    made["promotions"][0]["outcomes"].append({"award": credit})
    made["tier_systems"][0]["levels"][1]["on_entry"].append({"award": credit | {"points": 10}})
    earned = {"points_earned": {"account": "points", "amount": 1_040}}
    made["tier_systems"][0]["levels"][1]["entrance"] = earned
    made["point_accounts"][0]["maximum_balance"] = 1_040
    return made


def test_a_claim_tells_points_by_account_and_offers_with_their_ids(shop: Shop) -> None:
    shop.publish(muffins())
    claimed = told(shop, "promo", "claim", *WHO, *HANDS)
    (offer,) = shop.offers().values()
    assert claimed.pop("claim_id").startswith(f"{shop.id_of()}.")
    (issued,) = claimed.pop("offers")
    assert (issued["offer_id"], issued["definition"]) == (offer.offer_id, "muffin")
    assert claimed == {
        "promotion": "mug-love",
        "name": "Coffee mug set",
        "points": {"points": 50},
        "levels": [],
        "cuts": [],
    }
    row = told(shop, "timeline", "external:ANN")[-1]
    assert (row["kind"], row["client_id"], row["employee_id"]) == (
        *("PromotionClaimed", "app"),
        "emma",
    )


def test_a_claim_speaks_to_people_too(shop: Shop) -> None:
    shop.publish(muffins())
    text = shown(shop, "promo", "claim", *WHO)
    (offer,) = shop.offers()
    assert text.startswith("Claimed mug-love: Coffee mug set\n")
    lines = [line.split() for line in text.splitlines()]
    assert ["points", "50"] in lines
    assert [offer, "muffin"] in [line[:2] for line in lines]
    timeline = shown(shop, "timeline", "external:ANN")
    for part in ("PromotionClaimed", "promotion:mug-love", "by cli, awarded 50"):
        assert part in timeline, timeline


def test_levels_reached_and_points_kept_back_are_told(shop: Shop) -> None:
    shop.publish(with_silver())
    text = shown(shop, "promo", "claim", *WHO)
    assert ["credits", "15"] in [line.split() for line in text.splitlines()]
    assert "Reached silver in club\n" in text
    assert "Kept back by maximum_balance:points: 10 points\n" in text
    assert "muffin" in text and "welcome" in text
    shop.publish(with_silver() | {"promotions": muffins(code="AGAIN")["promotions"]})
    claimed = told(shop, "promo", "claim", "external:ANN", "again")
    assert claimed["points"] == {}
    assert claimed["cuts"] == [{"limit": "maximum_balance:points", "points": 50}]


def test_what_a_claim_tells_fits_into_80_columns(shop: Shop) -> None:
    shop.publish(with_silver())
    for command in (("promo", "claim", *WHO), ("timeline", "external:ANN")):
        text = shown(shop, *command)
        assert max(map(len, text.splitlines())) <= 80, text


@pytest.mark.parametrize("code", ["NOTHING", "MUGLOVE"])
def test_a_code_that_gives_nothing_now_is_refused_in_one_way(shop: Shop, code: str) -> None:
    shop.publish(muffins(starts="2026-03-11"))
    message = refused(shop, "promotion_not_available", "promo", "claim", "external:ANN", code)
    assert message == "nothing can be claimed with this code now"


def test_a_limit_is_told(shop: Shop) -> None:
    shop.publish(muffins(per_customer=1))
    told(shop, "promo", "claim", *WHO)
    message = refused(shop, "limit_reached", "promo", "claim", *WHO)
    assert message == "mug-love can be claimed once by one customer: 0 left"


def test_a_code_is_text_in_one_line_and_the_customer_is_known(shop: Shop) -> None:
    shop.publish(muffins())
    for code in ("", "   ", "A\nB", "A" * 121):
        refused(shop, "validation", "promo", "claim", "external:ANN", code)
    refused(shop, "unknown_customer", "promo", "claim", "external:NOBODY", "muglove")
    assert said(shop, "promo", "claim", "external:ANN").code == 2
    assert document()["promotions"] == []


def test_the_status_tells_what_was_asked_a_moment_ago(shop: Shop) -> None:
    shop.publish(muffins())
    told(shop, "promo", "claim", *WHO)
    shop.claim("MUGLOVE", "BOB")  # in another process, with no worker since
    with shop.refused("promotion_not_available"):
        shop.claim("NOTHING", "BOB")
    (one,) = told(shop, "promo", "status")
    assert one["claims"] == 2
    customer = told(shop, "promo", "status", "external:BOB")
    assert (len(customer["claims"]), customer["in_all"]) == (1, 1)
