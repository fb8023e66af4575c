"""`loyalty spend` and `loyalty explain`: points for a sale, and the whole life of one."""

from datetime import timedelta
from typing import Any

import pytest

from cli.asking import refused, shown, told
from offers.till import BREAKFAST, NOW, Shop, item

AN_HOUR = timedelta(hours=1)
T1 = "transaction:main/T1"


def spent_on(shop: Shop, points: int, *more: object) -> Any:
    return told(shop, "spend", "external:ANN", "--points", points, *more)


def comes_back(shop: Shop, *items: Any, hours: int = 1, **changes: Any) -> None:
    """The breakfast of noon, sent again with what is kept of it."""
    made = (NOW + hours * AN_HOUR).isoformat()
    shop.later(hours=hours)
    told = {"items": list(items), "open_time": NOW.isoformat(), "modified_time": made}
    assert shop.close("T1", **(told | changes)) == "accepted"
    shop.work()


def test_points_are_spent_for_a_sale_and_come_back_with_its_goods(shop: Shop) -> None:
    assert spent_on(shop, 100, "--transaction", "main/T1") == {
        "customer_id": shop.id_of(),
        "points": 100,
        "accounts": [{"account": "points", "points": 100}],
    }
    assert shop.points() == 900
    shop.close("T1")
    shop.work()
    comes_back(shop, item("ESPRESSO", "4.00"))  # 4 of 7: 3 of 7 come back
    assert shop.points() == 900 + 100 * 3 // 7 + 40
    comes_back(shop, hours=2)
    assert shop.points() == 1_000


def test_points_spent_for_a_sale_that_is_settled_come_back_too(shop: Shop) -> None:
    shop.close("T1")
    shop.work()
    spent_on(shop, 100, "--transaction", "main/T1", "--account", "points")
    assert shop.points() == 970
    comes_back(shop, is_voided=True)
    assert shop.points() == 1_000


def test_points_are_spent_for_anything_else(shop: Shop) -> None:
    spent_on(shop, 30, "--reference", "raffle")
    (row,) = [one for one in told(shop, "history", "external:ANN") if one["kind"] == "spent"]
    assert (row["points"], row["rule"]) == (-30, "raffle")
    text = shown(shop, "spend", "external:ANN", "--points", 20)
    assert text == "Spent 20 points: 20 from points.\n"


@pytest.mark.parametrize(
    ("code", "message", "arguments"),
    [
        ("insufficient_points", "1 points short", ("--points", 1_001)),
        ("not_spendable", "points in credits cannot be spent", ("--account", "credits")),
        ("validation", "no point account 'gold': there is points, credits", ("--account", "gold")),
        ("unknown_store", "", ("--transaction", "nowhere/T1")),
        ("validation", "is no STORE/ID", ("--transaction", "T1")),
    ],
)
def test_what_cannot_be_spent_is_refused(
    shop: Shop, code: str, message: str, arguments: tuple[object, ...]
) -> None:
    asked = arguments if "--points" in arguments else ("--points", 10, *arguments)
    assert message in refused(shop, code, "spend", "external:ANN", *asked)


def test_a_voided_sale_takes_no_points(shop: Shop) -> None:
    shop.close("T1", is_voided=True)
    asked = ("spend", "external:ANN", "--points", 10, "--transaction", "main/T1")
    assert refused(shop, "transaction_closed", *asked) == "sale main/T1 is voided"


def test_a_sale_explains_each_version_and_what_followed(shop: Shop) -> None:
    shop.close("T1")
    shop.work()
    comes_back(shop, item("ESPRESSO", "4.00"))

    answer = told(shop, "explain", T1)

    assert [one["state"] for one in answer["versions"]] == ["closed", "closed"]
    first, second = answer["settlements"]
    (base,) = [one for one in second["grants"] if one["account"] == "points"]
    assert (base["rule"], base["deserved"], base["granted"], base["difference"]) == (
        "rule:base",
        40,
        70,
        -30,
    )
    assert (first["total"], second["total"]) == ("7.00", "4.00")
    followed = [one["event"] for one in answer["outcomes"]]
    assert followed.count("PointsClawedBack") == 1
    assert followed.index("PointsAwarded") < followed.index("PointsClawedBack")
    assert answer["returnable_until"] == "2027-03-10T11:00:00Z"


def test_a_sale_can_be_explained_as_it_was(shop: Shop) -> None:
    shop.close("T1")
    shop.work()
    comes_back(shop)
    then = (NOW + AN_HOUR / 2).isoformat()
    assert len(told(shop, "explain", T1)["settlements"]) == 2
    assert len(told(shop, "explain", T1, "--as-of", then)["settlements"]) == 1
    assert len(told(shop, "explain", T1, "--known-at", then)["versions"]) == 1
    before = (NOW - AN_HOUR).isoformat()
    message = refused(shop, "unknown_transaction", "explain", T1, "--as-of", before)
    assert message == "no sale 'T1' of store 'main' is known at that moment"


def test_what_is_not_done_is_told_with_its_reason(shop: Shop) -> None:
    shop.close("T1")
    shop.work()
    shop.later(days=400)
    made = (NOW + timedelta(days=400)).isoformat()
    shop.close("T1", items=[], open_time=NOW.isoformat(), modified_time=made)
    shop.work()

    late = told(shop, "explain", T1)["settlements"][1]

    assert late["outside_return_window"]
    (left,) = late["not_done"]
    assert (left["what"], left["points"]) == ("rule:base:points", -70)
    assert left["why"] == "outside_return_window"
    text = shown(shop, "explain", T1)
    assert "It was made after the return window: recorded, and nothing moved." in text


def test_an_award_is_told_with_what_it_repaid(shop: Shop) -> None:
    shop.close("T1")
    shop.work()
    spent_on(shop, 1_070)
    comes_back(shop)
    comes_back(shop, *BREAKFAST, hours=2)
    text = shown(shop, "explain", T1)
    assert "account points, points 70, debt 70, rule" in text
    assert "account points, points 70, repaid 70, rule" in text


def test_explanations_fit_into_80_columns_and_name_what_there_is(shop: Shop) -> None:
    offer = shop.give("muffin")
    bound = shop.lock(offer)
    spent_on(shop, 10, "--transaction", "main/T1")
    shop.close("T1", bound, payments=[{"amount": "4.00", "user_id": "ANN"}])
    shop.work()
    comes_back(shop, from_transaction_id="T0", payments=[])
    text = shown(shop, "explain", T1)
    assert max(map(len, text.splitlines())) <= 80, text
    assert "Given back (tender): 10 points" in text
    assert "Given back (reinstated)" in text
    of_offer = shown(shop, "explain", f"offer:{offer}")
    assert "OfferReinstated" in of_offer and max(map(len, of_offer.splitlines())) <= 80


def test_what_somebody_else_paid_with_is_told_with_whose_it_is(shop: Shop) -> None:
    offer = shop.give("muffin")
    bound = shop.lock(offer)
    spent_on(shop, 10, "--transaction", "main/T1")
    by_bob = [{"amount": "4.00", "user_id": "BOB"}]
    shop.close("T1", bound, payments=by_bob)
    shop.work()
    comes_back(shop, payments=by_bob)

    answer = told(shop, "explain", T1)

    anns = [one["event"] for one in answer["outcomes"] if one["customer_id"] == shop.id_of()]
    assert [one["customer_id"] for one in answer["settlements"][1]["judged_by"]] != [shop.id_of()]
    assert {"OfferRedeemed", "OfferReinstated", "PointsRestored"} <= {*anns}
    lines = shown(shop, "explain", T1).splitlines()
    assert f"  Given back (tender): 10 points, of {shop.id_of()}" in lines
    assert max(map(len, lines)) <= 80, lines


def test_of_a_split_bill_what_is_not_done_is_told_with_whose_it_is(shop: Shop) -> None:
    halves = [{"amount": "3.50", "user_id": name} for name in ("ANN", "BOB")]
    shop.close("T1", payments=halves)
    shop.work()
    shop.later(days=400)
    made = (NOW + timedelta(days=400)).isoformat()
    shop.close("T1", items=[], open_time=NOW.isoformat(), modified_time=made)
    shop.work()
    text = shown(shop, "explain", T1)
    left = "  Not done: rule:base:points -35 points: outside return window, of\n    {}\n"
    for name in ("ANN", "BOB"):
        assert left.format(shop.id_of(name)) in text


def test_an_older_version_that_comes_late_is_told_with_what_it_changed(shop: Shop) -> None:
    made = (NOW + AN_HOUR).isoformat()
    shop.close("T1", payments=[], open_time=NOW.isoformat(), modified_time=made)
    shop.work()
    assert told(shop, "explain", T1)["settlements"][0]["judged_by"] == []

    payments = [{"amount": "7.00", "user_id": "ANN"}]
    shop.close("T1", open_time=NOW.isoformat(), from_transaction_id="T0", payments=payments)
    shop.work()

    answer = told(shop, "explain", T1)
    anew = answer["settlements"][1]
    assert (anew["version"], anew["because_of_late_version"]) == (1, 3)
    assert [one["share"] for one in anew["judged_by"]] == ["700/700"]
    assert answer["from_transaction_id"] == "T0"
    text = shown(shop, "explain", T1)
    assert "Settled anew: version 3, made before the last one, came only then." in text
    assert "closed, came late" in text
    assert max(map(len, text.splitlines())) <= 80, text


def test_what_cannot_be_explained_says_what_can(shop: Shop) -> None:
    message = refused(shop, "validation", "explain", "points:external:ANN")
    assert message.endswith("write transaction:STORE/ID or offer:ID")
    refused(shop, "unknown_transaction", "explain", "transaction:main/nothing")
    refused(shop, "offer_not_found", "explain", "offer:nobody.aaaaaaaaaaaaaaaa")


def test_a_sale_whose_names_hold_slashes_is_found(shop: Shop) -> None:
    shop.close("T/9%", items=BREAKFAST)
    shop.work()
    assert told(shop, "explain", "transaction:main/T%2F9%25")["settlements"]
