"""`loyalty offer`, `loyalty store` and `loyalty timeline`: what they print, and how they end."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.asking import NOBODYS, SALE, refused, said, shown, told, written
from cli.command_line import loyalty
from offers.till import BREAKFAST, HALF_AN_HOUR, NOW, Shop, carrying, item


def test_an_offer_is_issued_locked_priced_anew_unlocked_redeemed_reinstated_and_revoked(
    shop: Shop, basket: Path
) -> None:
    who = ("--employee", "emma", "--client", "app")
    (issued,) = told(shop, "offer", "issue", "external:ANN", "muffin", "--why", "sorry", *who)
    offer = issued["offer_id"]
    assert (issued["definition"], issued["price"]) == ("muffin", 0)
    locked = told(shop, "offer", "lock", offer, "--basket", basket, *who)
    assert (locked["amount"], locked["status"]) == (3, "LOCKED")
    assert locked["discounted_line_ids"] == ["MUFFIN"]
    assert told(shop, "offer", "lock", offer, "--basket", basket, *who)["amount"] == 3
    profile = told(shop, "profile", "external:ANN")["offers"][0]
    assert (profile["state"], profile["locked_by"]) == ("LOCKED", "main/T1")
    done = {"offer_id": offer, "done": True}
    assert told(shop, "offer", "unlock", offer, *who) == done
    assert told(shop, "offer", "redeem", offer, "--basket", basket, *who)["status"] == "REDEEMED"
    assert told(shop, "offer", "reinstate", offer, *who) == done
    assert told(shop, "offer", "revoke", offer, "--why", "fraud", *who) == done
    rows = told(shop, "timeline", "external:ANN", "--offer", offer)
    assert [row["kind"] for row in rows] == [
        *("OfferIssued", "OfferLocked", "OfferLocked", "OfferUnlocked"),
        *("OfferRedeemed", "OfferReinstated", "OfferRevoked"),
    ]
    assert {(row["client_id"], row["employee_id"]) for row in rows} == {("app", "emma")}
    assert (rows[0]["why"], rows[-1]["why"]) == ("sorry", "fraud")


def test_every_command_speaks_to_people_too(shop: Shop, basket: Path) -> None:
    text = shown(shop, "offer", "issue", "external:ANN", "muffin", "--quantity", 2)
    assert "Issued" in text and "muffin" in text
    offer, other = shop.offers()
    locked = shown(shop, "offer", "lock", offer, "--basket", basket)
    assert re.match(
        r"Locked for main/T1 until \d{4}-\d\d-\d\d \d\d:\d\d UTC: 3.00 EUR off.", locked
    )
    assert "MUFFIN" in locked and "Discounted lines" in locked
    assert f"Offer {offer} is free." in shown(shop, "offer", "unlock", offer)
    redeemed = shown(shop, "offer", "redeem", offer, "--basket", basket)
    assert redeemed.startswith("Redeemed for main/T1: 3.00 EUR off.")
    assert "is the customer's again" in shown(shop, "offer", "reinstate", offer)
    assert "is revoked" in shown(shop, "offer", "revoke", other, "--why", "fraud")
    assert re.match(r"[0-9A-Z]{8} is good until ", shown(shop, "offer", "code", offer))
    profile = shown(shop, "profile", "external:ANN")
    assert "Offers" in profile and "REVOKED" in profile


def test_tables_fit_into_80_columns(shop: Shop) -> None:
    shop.buy("mugs-400")
    offer = shop.give()
    shop.lock(offer)
    shop.close("T2", "nothing")
    shop.work()
    for command in (
        ("store", "show", "external:ANN", "--all"),
        ("store", "show", "external:BOB"),
        ("timeline", "external:ANN"),
        ("profile", "external:ANN"),
        ("store", "buy", "external:ANN", "thanks-0"),
        ("offer", "issue", "external:ANN", "euro", "--quantity", 3),
    ):
        text = shown(shop, *command)
        assert max(map(len, text.splitlines())) <= 80, text


def test_what_can_be_bought_is_shown_and_bought(shop: Shop) -> None:
    stores = told(shop, "store", "show", "external:ANN")
    assert [one["id"] for one in stores] == ["rewards"]
    every = told(shop, "store", "show", "external:ANN", "--all")
    assert [one["id"] for one in every] == ["rewards", "silver-shelf", "invited", "spring"]
    bought = told(shop, "store", "buy", "external:ANN", "muffin-150", "--quantity", 2)
    assert bought["spent"] == 300
    assert [one["price"] for one in bought["offers"]] == [150, 150]
    assert told(shop, "store", "show", "external:ANN")[0]["balance"] == 700
    text = shown(shop, "store", "show", "external:ANN", "--all")
    assert "Reward store (rewards): 700 to spend from points" in text
    assert "Shut: reward store invited is by invitation" in text
    assert "Bought for 400 points" in shown(shop, "store", "buy", "external:ANN", "mugs-400")
    before = told(shop, "store", "show", "external:ANN", "--as-of", "2026-03-09")
    assert before[0]["balance"] == 1_000
    assert told(shop, "store", "show", "external:BOB", "--known-at", "2026-03-09")


def test_a_customer_with_no_open_store_is_told_so(shop: Shop) -> None:
    whole = shop.ledger.settlement.programs[1].to_document()
    shop.publish(whole | {"reward_stores": whole["reward_stores"][1:2]})
    assert told(shop, "store", "show", "external:ANN") == []
    text = shown(shop, "store", "show", "external:ANN")
    assert text == "No reward store is open to this customer; 1 more with --all.\n"


def test_a_code_is_made_and_used_at_the_till(shop: Shop, basket: Path) -> None:
    offer = shop.give()
    made = told(shop, "offer", "code", offer)
    assert sorted(made) == ["code", "expires_at", "offer_id"]
    locked = told(shop, "offer", "lock", made["code"].lower(), "--code", "--basket", basket)
    assert locked["reference_id"] == offer
    other = ("--basket", "-", "--store", "main")
    sale = msgspec.json.encode(SALE | {"transaction_id": "T2", "items": BREAKFAST})
    refused(shop, "offer_code_used", "offer", "lock", made["code"], "--code", *other, stdin=sale)


def test_what_a_lock_answers_closes_the_sale(shop: Shop, basket: Path) -> None:
    offer = shop.give("muffin")
    discount = told(shop, "offer", "lock", offer, "--basket", basket)
    body = msgspec.json.decode(shop.body("T1"))
    body["request_payload"]["discounts"] = [discount]
    done = said(shop, "load", "transactions", "-", stdin=msgspec.json.encode(body))
    assert done.code == 0 and "1 accepted" in done.out
    assert said(shop, "work", "--once").code == 0
    rows = told(shop, "timeline", "external:ANN", "--offer", offer)
    assert rows[-1]["kind"] == "OfferRedeemed" and rows[-1]["why"] == "sale_closed"


# --- the basket ---------------------------------------------------------------------------------


def posted(payload: dict[str, Any]) -> dict[str, Any]:
    return {"store_id": "main", "client_id": "c", "request_id": "r", "request_payload": payload}


WITH_ITEMS = SALE | {"items": BREAKFAST}


@pytest.mark.parametrize(
    ("sale", "store"),
    [
        (WITH_ITEMS, ["--store", "main"]),
        (WITH_ITEMS | {"store_id": "main"}, []),
        (WITH_ITEMS | {"store_id": "other"}, ["--store", "main"]),
        (posted(WITH_ITEMS), []),
        (posted({"transaction": WITH_ITEMS, "offer_lookup_code": "x"}), []),
    ],
    ids=["alone", "with its store", "--store wins", "send_transaction", "lock"],
)
def test_a_basket_is_read_from_a_file_or_from_input_alone_or_as_a_till_sends_it(
    shop: Shop, tmp_path: Path, sale: dict[str, Any], store: list[str]
) -> None:
    offer = shop.give("muffin")
    file = written(tmp_path, sale)
    for source, stdin in ((str(file), b""), ("-", file.read_bytes())):
        lock = ("offer", "lock", offer, "--basket", source, *store)
        assert told(shop, *lock, stdin=stdin)["amount"] == 3
    assert shop.offers()[offer].locked_by == "main/T1"


@pytest.mark.parametrize(
    "sale",
    [
        b"no JSON",
        b"[]",
        b"{}",
        b'{"store_id": "main"}',
        b'{"store_id": 7, "transaction_id": "T1", "items": [], "open_time": "2026-03-10T12:00:00"}',
        b'{"store_id": "main", "request_payload": []}',
        b'{"store_id": "main", "request_payload": {"transaction": null}}',
        b'{"store_id": "main", "transaction_id": "T1", "items": []}',
        msgspec.json.encode(WITH_ITEMS),
        msgspec.json.encode(posted(WITH_ITEMS | {"items": [item("MUFFIN", "1.001")]})),
        msgspec.json.encode(posted(WITH_ITEMS | {"items": [item("MUFFIN", "1")] * 2})),
        msgspec.json.encode(posted(WITH_ITEMS | {"items": [{}] * 1_001})),
        msgspec.json.encode(posted(WITH_ITEMS | {"discounts": [carrying("x", "1")] * 101})),
    ],
)
def test_a_basket_that_is_no_sale_is_refused(shop: Shop, tmp_path: Path, sale: bytes) -> None:
    offer = shop.give("muffin")
    file = tmp_path / "sale.json"
    file.write_bytes(sale)
    for verb in ("lock", "redeem"):
        refused(shop, "validation", "offer", verb, offer, "--basket", "-", stdin=sale)
        refused(shop, "validation", "offer", verb, offer, "--basket", file)


def test_a_basket_that_cannot_be_read_is_refused(shop: Shop, tmp_path: Path) -> None:
    offer = shop.give("muffin")
    for file in (tmp_path / "none.json", tmp_path):
        refused(shop, "file", "offer", "lock", offer, "--basket", file)


# --- refusals -----------------------------------------------------------------------------------


def test_every_refusal_of_an_offer_ends_with_1_and_its_code(
    shop: Shop, basket: Path, tmp_path: Path
) -> None:
    free, used, gone, locked = (shop.give() for _ in range(4))
    alone = shop.give("alone")
    shop.redeem(used, "T9")
    shop.revoke(gone)
    shop.close("T8")
    lock_now = ("--basket", basket)
    closed = ("--basket", written(tmp_path, WITH_ITEMS | {"transaction_id": "T8"}, "T8.json"))
    other = ("--basket", written(tmp_path, WITH_ITEMS | {"transaction_id": "T2"}, "T2.json"))
    nowhere = ("--store", "nowhere")
    told(shop, "offer", "lock", locked, *other, "--store", "main")
    for offer, code in (
        ("nothing", "offer_not_found"),
        (NOBODYS, "offer_not_found"),
        (used, "offer_already_redeemed"),
        (gone, "offer_revoked"),
        (locked, "offer_locked"),
    ):
        for verb in ("lock", "redeem"):
            refused(shop, code, "offer", verb, offer, *lock_now)
    told(shop, "offer", "lock", free, *lock_now)
    refused(shop, "offer_not_stackable", "offer", "lock", alone, *lock_now)
    refused(shop, "transaction_closed", "offer", "lock", alone, *closed, "--store", "main")
    refused(shop, "unknown_store", "offer", "lock", alone, *lock_now, *nowhere)
    refused(shop, "offer_not_found", "offer", "lock", "00000000", "--code", *lock_now)
    refused(shop, "offer_not_locked", "offer", "unlock", used)
    refused(shop, "offer_not_found", "offer", "unlock", NOBODYS)
    refused(shop, "offer_not_redeemed", "offer", "reinstate", alone)
    refused(shop, "offer_locked", "offer", "revoke", locked, "--why", "fraud")
    refused(shop, "offer_already_redeemed", "offer", "code", used)
    refused(shop, "offer_not_found", "offer", "issue", "external:ANN", "nothing")
    refused(shop, "unknown_customer", "offer", "issue", "external:NOBODY", "euro")
    refused(shop, "limit_reached", "offer", "issue", "external:ANN", "muffin", "--quantity", 4)
    refused(shop, "validation", "offer", "issue", "external:ANN", "euro", "--quantity", 101)


def test_offers_out_of_their_time_are_refused(shop: Shop, basket: Path) -> None:
    april, mug, lock_now = shop.give("april"), shop.give("mug-set"), ("--basket", basket)
    refused(shop, "offer_not_started", "offer", "lock", april, *lock_now)
    refused(shop, "offer_not_applicable", "offer", "lock", mug, *lock_now)
    shop.move_to(NOW + timedelta(days=90))
    refused(shop, "offer_expired", "offer", "redeem", mug, *lock_now)
    refused(shop, "offer_expired", "offer", "revoke", mug, "--why", "fraud")
    refused(shop, "offer_expired", "offer", "code", mug)
    refused(shop, "not_available", "offer", "issue", "external:ANN", "mug-set")


def test_every_refusal_of_a_store_ends_with_1_and_its_code(shop: Shop) -> None:
    refused(shop, "insufficient_points", "store", "buy", "external:BOB", "muffin-150")
    refused(shop, "not_eligible", "store", "buy", "external:ANN", "vip-0")
    refused(shop, "limit_reached", "store", "buy", "external:ANN", "muffin-150", "--quantity", 3)
    refused(shop, "offer_not_found", "store", "buy", "external:ANN", "nothing")
    refused(shop, "unknown_customer", "store", "buy", "external:NOBODY", "muffin-150")
    refused(shop, "unknown_customer", "store", "show", "external:NOBODY")
    refused(shop, "unknown_customer", "timeline", "external:NOBODY")
    refused(shop, "validation", "store", "show", "external:ANN", "--as-of", "yesterday")
    refused(shop, "no_program", "store", "show", "external:ANN", "--known-at", "2020-01-01")


def test_a_program_that_changes_what_a_store_sells_is_refused(shop: Shop, tmp_path: Path) -> None:
    program = (Path(__file__).parents[1] / "offers" / "coffee.program.yaml").read_text()
    file = tmp_path / "changed.yaml"
    file.write_text(program.replace("A muffin with your coffee", "A bigger muffin"))
    refused(shop, "offer_in_store", "program", "publish", file)


@pytest.mark.parametrize(
    "line",
    [
        "offer issue external:ANN",
        "offer issue external:ANN euro --quantity 0",
        "offer issue external:ANN euro --quantity many",
        "offer lock x",
        "offer redeem x",
        "offer lock --basket -",
        "offer revoke x",
        "offer unlock",
        "offer code",
        "offer melt x",
        "offer lock x --basket - --nonsense",
        "store buy external:ANN",
        "store buy external:ANN muffin-150 --quantity -1",
        "store show",
        "store",
        "offer",
        "timeline",
    ],
)
def test_wrong_usage_ends_with_2(line: str) -> None:
    done = loyalty("sqlite:///nowhere.db", *line.split())
    assert done.code == 2
    assert "Usage" in done.err + done.out


def test_a_code_and_a_lock_have_their_time(shop: Shop, basket: Path) -> None:
    offer, other = shop.give(), shop.give()
    code = told(shop, "offer", "code", other)
    assert code["expires_at"] == "2026-03-10T11:10:00Z"
    locked = shown(shop, "offer", "lock", offer, "--basket", basket)
    assert locked == "Locked for main/T1 until 2026-03-10 11:30 UTC: 1.00 EUR off.\n"
    shop.move_to(NOW + timedelta(minutes=10))
    by_code = ("offer", "lock", code["code"], "--code", "--basket", basket)
    refused(shop, "offer_code_expired", *by_code)
    shop.move_to(NOW + HALF_AN_HOUR)
    assert told(shop, "profile", "external:ANN")["offers"][0]["state"] == "ISSUED"
    elsewhere = ("--basket", basket, "--store", "other")
    assert told(shop, "offer", "lock", offer, *elsewhere)["status"] == "LOCKED"
