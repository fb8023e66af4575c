"""What an integration relies on, statement by statement over HTTP: points, levels, promo codes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from http_service.middleware import accounts, all_at_once, selling, with_escrow
from http_service.processes import serving_and_working
from http_service.serving import Served
from loyalty_ledger.client import shapes
from loyalty_ledger.client.clients import Client
from loyalty_ledger.client.exchange import Patience
from loyalty_ledger.client.refusals import Refused, Unanswered
from loyalty_ledger.client.sites import External
from offers.till import BREAKFAST, CASHIER, CATALOG, NOW, document, item, promoting

ANN, BOB = External("ANN"), External("BOB")
A_SECOND, FORTNIGHT = timedelta(seconds=1), timedelta(days=14)
POINTS = {"account": "points", "source": "purchases"}


@pytest.fixture
def app(service: Served) -> Iterator[Client]:
    with service.client() as made:
        yield made


def send(service: Served, app: Client, name: str, *items: Any, of: str = "BOB", **more: Any) -> str:
    """Send a version of a sale of this moment, and let the rules judge it."""
    now = service.shop.ledger.clock().isoformat()
    paid = {"payments": [{"amount": "1.00", "user_id": of}], "items": list(items)}
    app.send_transaction(
        {"transaction_id": name, "open_time": NOW.isoformat(), "modified_time": now} | paid | more
    )
    service.shop.work()
    return name


def balances(service: Served, app: Client, of: str = "BOB") -> Mapping[str, int]:
    told = app.all_balances(service.shop.id_of(of))["details"]
    return {one["point_account_id"]: one["available_balance"] for one in told}


def movements(service: Served, app: Client, of: str = "BOB", **span: Any) -> list[shapes.Movement]:
    rows = app.fetch_point_audit_logs(service.shop.id_of(of), **span)["results"]
    return [one for one in rows if one["point_account_id"] == "points"]


def _unmoved(row: shapes.Movement) -> dict[str, Any]:
    """What a movement is; what has become of its lot since is told beside it."""
    return {
        name: one for name, one in row.items() if name not in ("amount_spent", "amount_expired")
    }


def test_15_fewer_items_take_back_exactly_the_difference_by_new_entries(
    service: Served, app: Client
) -> None:
    made = document()
    (campaign,) = made["campaigns"]
    campaign |= {"outcomes": [{"award": POINTS | {"points": 50}}]}
    service.shop.publish(made | {"campaigns": [campaign]})
    cake = item("CAKE", "5.00")
    send(service, app, "T1", *BREAKFAST, cake)
    before = movements(service, app)
    logged = service.shop.events()
    send(service, app, "T1", BREAKFAST[0])
    after = movements(service, app)
    assert service.shop.events()[: len(logged)] == logged
    told = [[_unmoved(row) for row in rows] for rows in (before, after[: len(before)])]
    assert told[0] == told[1]
    new = {row["modification_entity_id"]: row["modification"] for row in after[len(before) :]}
    assert new == {"rule:base": -80, "campaign:cake-month": -50}
    assert balances(service, app)["points"] == 40


def test_16_a_return_takes_a_sale_to_zero_in_one_part_or_in_two(
    service: Served, app: Client
) -> None:
    for of, parts in (("BOB", [[]]), ("VIC", [[BREAKFAST[0]], []])):
        send(service, app, f"S-{of}", *BREAKFAST, of=of)
        assert balances(service, app, of)["points"] == 70
        for left in parts:
            send(service, app, f"S-{of}", *left, of=of)
    assert balances(service, app, "BOB") == balances(service, app, "VIC")
    assert balances(service, app)["points"] == 0
    assert sum(row["modification"] for row in movements(service, app, "VIC")) == 0


def test_17_a_return_after_twelve_months_is_recorded_and_moves_no_points(
    service: Served, app: Client
) -> None:
    service.shop.publish(accounts())
    for name in ("within", "beyond"):
        send(service, app, name, *BREAKFAST)
    assert balances(service, app)["points"] == 140
    service.later(days=364)
    send(service, app, "within")
    assert balances(service, app)["points"] == 70
    service.later(days=366)
    send(service, app, "beyond")
    assert balances(service, app)["points"] == 70
    assert app.get_transaction("beyond", "main")["items"] == []


@pytest.mark.parametrize(("allowed", "left", "next_sale"), [(True, -50, -10), (False, 0, 40)])
def test_18_a_claw_back_beyond_the_balance_is_a_debt_or_the_houses(
    service: Served, app: Client, allowed: bool, left: int, next_sale: int
) -> None:
    service.shop.publish(accounts(allow_negative=allowed))
    send(service, app, "T1", *BREAKFAST)
    app.spend_multiple(service.shop.id_of("BOB"), [{"amount": 50}])
    send(service, app, "T1")
    assert balances(service, app)["points"] == left
    (back,) = [one for one in service.shop.events("PointsClawedBack") if one.account == "points"]  # type: ignore[attr-defined]
    assert getattr(back, "written_off", None) == (0 if allowed else 50)
    send(service, app, "T2", BREAKFAST[0])
    assert balances(service, app)["points"] == next_sale


def test_19_a_purchase_spends_and_issues_or_does_neither_however_it_is_killed(
    service: Served, app: Client
) -> None:
    service.shop.publish(selling({"id": "half-10", "offer": "forever", "price": 10}))
    ann = service.shop.id_of()
    with pytest.raises(Refused, match="insufficient_points"):
        app.purchase_offer(service.shop.id_of("BOB"), "half-10")
    once = Patience(attempts=1)
    ids = [f"buy-{number}" for number in range(24)]

    def buy(request_id: str) -> bool:
        try:
            return bool(caller.purchase_offer(ann, "half-10", request_id=request_id))
        except Unanswered:
            return False

    with (
        serving_and_working(service.shop.url) as (url, kill),
        service.client(url, patience=once) as caller,
        ThreadPoolExecutor(4) as threads,
    ):
        asked = [threads.submit(buy, one) for one in ids]
        next(one for one in asked if one.result())
        kill()
        answered = [one.result() for one in asked]
    assert not all(answered)
    service.shop.ledger.projector.catch_up()
    issued = len(service.shop.events("OfferIssued"))
    assert issued >= sum(answered)
    assert balances(service, app, "ANN")["points"] == 1000 - 10 * issued
    for one in ids:
        app.purchase_offer(ann, "half-10", request_id=one)
    service.shop.ledger.projector.catch_up()
    assert app.get_user_offers(ann)["total_records"] == len(ids)
    assert balances(service, app, "ANN")["points"] == 1000 - 10 * len(ids)


def test_20_of_two_purchases_at_once_that_exceed_the_balance_one_succeeds(
    service: Served, app: Client
) -> None:
    service.shop.publish(selling({"id": "half-600", "offer": "forever", "price": 600}))
    ann = service.shop.id_of()

    def buy() -> str:
        try:
            return app.purchase_offer(ann, "half-600")["status_list"][0]["offer_id"]
        except Refused as refused:
            return refused.code

    assert sorted(all_at_once([buy, buy])) == ["forever", "insufficient_points"]
    assert service.shop.points() == 400


def test_21_the_movements_of_an_account_reconcile_with_its_balance(
    service: Served, app: Client
) -> None:
    ann = service.shop.id_of()
    send(service, app, "T1", *BREAKFAST, of="ANN")
    app.spend_multiple(ann, [{"amount": 930}])
    send(service, app, "T1", BREAKFAST[0], of="ANN")
    year = {"from_date": NOW - timedelta(days=5.5), "to_date": service.later(days=360.5)}
    service.shop.work()  # what is left of the opening has expired
    rows = movements(service, app, "ANN", **year)
    assert {row["modification_type"] for row in rows} == {
        "issuance",
        "spend",
        "return",
        "expiration",
    }
    assert sum(row["modification"] for row in rows) == balances(service, app, "ANN")["points"]
    lots = [row for row in rows if row["modification_type"] == "issuance"]
    assert all(row["amount_spent"] + row["amount_expired"] <= row["modification"] for row in lots)
    moved = Counter[str]()
    for row in rows:
        moved[row["modification_type"]] += row["modification"]
    assert sum(row["amount_expired"] for row in rows) == -moved["expiration"]
    assert sum(row["amount_spent"] for row in rows) == -moved["spend"] - moved["return"]
    every = app.fetch_point_audit_logs(ann, **year)["results"]
    of_each = Counter({one: 0 for one in balances(service, app, "ANN")})
    for row in every:
        of_each[row["point_account_id"]] += row["modification"]
    assert of_each == balances(service, app, "ANN")


def test_22_points_in_escrow_move_at_the_moment_they_are_due_and_count_once(
    service: Served, app: Client
) -> None:
    service.shop.publish(with_escrow())
    due = NOW + FORTNIGHT
    send(service, app, "T1", *BREAKFAST)
    app.read_user(BOB)
    for moment, pending, points in ((due - A_SECOND, 70, 0), (due + A_SECOND, 0, 70)):
        service.shop.move_to(moment)
        service.shop.work()
        told = balances(service, app)
        assert (told["pending"], told["points"]) == (pending, points)
    ((moved),) = [row for row in movements(service, app) if row["modification"] > 0]
    assert (moved["point_source_id"], moved["time_of_occurrence"]) == (
        "purchases",
        due.isoformat().replace("+00:00", "Z"),
    )


def test_23_points_are_for_amounts_without_tax_and_after_discounts(
    service: Served, app: Client
) -> None:
    base = {"id": "base", "award": POINTS | {"points": 10, "per_amount": "1.00"}}
    hurdle = {"id": "hurdle", "when": {"minimum_spend": "10.00"}, "award": POINTS | {"points": 5}}
    muffins = {"items": {"skus": ["MUFFIN"]}}
    free = {"id": "free", "when": muffins | {"include_free_items": True}}
    paid = {"id": "paid", "when": muffins}
    rules = [base, hurdle]
    rules += [one | {"award": POINTS | {"points": n}} for one, n in ((free, 100), (paid, 1000))]
    service.shop.publish(document() | {"rules": rules, "campaigns": []})

    def earned(name: str, *items: Any, **more: Any) -> dict[str, int]:
        send(service, app, name, *items, **more)
        granted = app.get_transaction(name, "main")["granted"]
        return {row["rule"].removeprefix("rule:"): row["deserved"] for row in granted}

    taxed = item("BREAD", "12.10") | {"tax_included": "2.10"}
    assert earned("taxed", taxed) == {"base": 100, "hurdle": 5}
    assert earned("short", item("BREAD", "9.99")) == {"base": 99}
    coupon = {"reference_id": "coupon", "amount": "3.00", "discounted_line_ids": ["MUFFIN"]}
    free_muffin = [item("BREAD", "10.00"), item("MUFFIN", "3.00")]
    told = earned("free", *free_muffin, discounts=[coupon])
    assert told == {"base": 100, "hurdle": 5, "free": 100}
    assert earned("dear", item("MUFFIN", "3.00"))["paid"] == 1000


def test_24_the_sale_that_reaches_the_target_moves_the_level_and_pays_its_entry_once(
    service: Served, app: Client
) -> None:
    bob = service.shop.id_of("BOB")

    def place() -> dict[str, Any]:
        (found,) = app.user_progress(bob)["tier_levels"]
        return dict(found)

    send(service, app, "T1", item("BREAD", "100.00"))
    ((rule,),) = (tree["rules"] for tree in place()["tier_progress"])
    assert (rule["query_result"], rule["rule"]["target_balance"]) == (100, 150)
    service.later(minutes=5)
    bread, entered = item("BREAD", "50.00"), ""
    for minutes, channel in (
        (5, "till"),
        (5, "till"),
        (10, "web"),
    ):  # the same, and another version
        service.later(minutes=minutes)
        send(service, app, "T2", bread, channel=channel)
        assert place()["tier_level_id"] == "silver"
        user = app.read_user(BOB)
        assert user["tier"] == "silver"
        assert user["tier_entered_at"]
        assert entered in ("", user["tier_entered_at"])
        entered = user["tier_entered_at"]
    (welcome,) = app.get_user_offers(bob)["user_offers"]
    assert welcome["offer_id"] == "welcome"


def test_25_codes_pay_as_often_as_they_may_and_a_catalog_retires_what_it_leaves_out(
    service: Served, app: Client, tmp_path: Path
) -> None:
    ten = {"outcomes": [{"award": POINTS | {"points": 10}}]}
    gift = {"id": "gift", "name": "Gift", "kind": "single_use"} | ten
    many = {"id": "many", "name": "Many", "kind": "multi_use", "code": "MANY", "total": 3} | ten
    made = promoting() | {"promotions": [gift, many], "promo_limiter": {"week": 2}}
    service.shop.publish(made)
    service.shop.ledger.promo_lists.generate("gift", 1, tmp_path / "c", CASHIER, lambda *_: None)
    (code,) = (tmp_path / "c").read_text().split()

    def claim(of: External, entered: str) -> str:
        try:
            return app.claim_promotion(of, entered)["promotion_id"]
        except Refused as refused:
            return refused.code

    assert [claim(ANN, code), claim(BOB, code)] == ["gift", "promotion_not_available"]
    everyone = [External(f"C{number}") for number in range(6)]
    for one in everyone:
        app.create_user({"external_id": one})
    told = Counter(all_at_once([lambda one=one: claim(one, "MANY") for one in everyone]))  # type: ignore[misc]
    assert told["many"] == 3
    assert sum(told.values()) - told["many"] == 3

    assert [claim(BOB, "WRONG") for _ in range(4)] == ["promotion_not_available"] * 4
    assert claim(BOB, code) == "promo_locked_out"
    service.shop.ledger.projector.catch_up()
    assert app.lockout(BOB)["cumulative_count"] == 5
    (week,) = [one for one in app.limiters(ANN) if one["quantum"] == "week"]
    assert (week["limit"], week["claimed"]) == (2, 1)

    send(service, app, "T1", *BREAKFAST, of="VIC")
    kept = [one._asdict() for one in CATALOG if one.sku != "MUFFIN"]
    assert app.load_catalog(kept) == {"loaded": len(CATALOG) - 1, "changed": True}
    send(service, app, "T1", *BREAKFAST, item("BREAD", "1.00"), of="VIC")
    assert balances(service, app, "VIC")["points"] == 80
    lines = app.get_transaction("T1", "main")["items"]
    assert [one["pos_item_key"] for one in lines] == ["ESPRESSO", "MUFFIN", "BREAD"]
