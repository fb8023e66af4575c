"""Texts that no database takes, and the longest that are taken; busy ledgers; wide tables."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.asking import SALE, refused, said, shown, told, written
from loyalty_ledger import administration, deciding, intake, settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Conflict
from offers.till import BREAKFAST, Shop, document, item

NO_TEXT, CONTROL, LONG = "\udcff", "S\x01", "x" * 121
ODD = pytest.mark.parametrize(
    "odd",
    [NO_TEXT, CONTROL, "a\nb", LONG, "", " "],
    ids=["bytes that are no text", "control character", "two lines", "long", "empty", "blank"],
)


def test_a_store_id_in_the_file_that_no_store_can_have_is_refused(shop: Shop) -> None:
    offer = shop.give()
    for store_id in (b'"S\\u00001"', b'""', b"7", b"null", b'"' + LONG.encode() + b'"'):
        sale = msgspec.json.encode(SALE | {"items": BREAKFAST})
        sale = b'{"store_id": ' + store_id + b", " + sale[1:]
        for verb in ("lock", "redeem"):
            refusal = refused(shop, "validation", "offer", verb, offer, "--basket", "-", stdin=sale)
            assert refusal.startswith("store_id ")


@ODD
def test_options_that_are_no_text_in_one_line_are_refused_by_name(
    shop: Shop, basket: Path, odd: str
) -> None:
    offer = shop.give()
    lock = ("offer", "lock", offer, "--basket", basket)
    issue = ("offer", "issue", "external:ANN", "euro")
    buy = ("store", "buy", "external:ANN", "thanks-0")
    commands = [(lock, "--store"), (("timeline", "external:ANN"), "--offer")]
    commands += [(one, "--client") for one in (lock, issue, buy)]
    for verb in ("unlock", "reinstate", "code"):
        commands.append((("offer", verb, offer), "--client"))
    for one, option in commands:
        refusal = refused(shop, "validation", *one, option, odd)
        assert refusal == f"{option} must be text of 1 to 120 printable characters"
    if odd:
        for one in (lock, issue, buy):
            assert refused(shop, "validation", *one, "--employee", odd).startswith("--employee ")


@ODD
def test_arguments_that_are_no_text_in_one_line_are_refused_by_name(
    shop: Shop, basket: Path, odd: str
) -> None:
    for name, *command in (
        ("DEFINITION", "offer", "issue", "external:ANN", odd),
        ("STORE_OFFER", "store", "buy", "external:ANN", odd),
        ("OFFER", "offer", "lock", odd, "--basket", basket),
        ("OFFER", "offer", "redeem", odd, "--code", "--basket", basket),
        ("OFFER", "offer", "unlock", odd),
        ("OFFER", "offer", "reinstate", odd),
        ("OFFER", "offer", "revoke", odd, "--why", "fraud"),
        ("OFFER", "offer", "code", odd),
    ):
        refusal = refused(shop, "validation", *command)
        assert refusal == f"{name} must be text of 1 to 120 printable characters"


@pytest.mark.parametrize(
    "customer",
    [
        f"external:{NO_TEXT}",
        f"external:{CONTROL}",
        f"external:{LONG}",
        "external:",
        "phone:none",
        "email: ",
        f"postal:{NO_TEXT}",
        NO_TEXT,
        LONG,
        "",
    ],
)
def test_a_customer_that_nobody_can_be_is_refused_by_every_command(
    shop: Shop, customer: str
) -> None:
    for command in (
        ("profile", customer),
        ("history", customer),
        ("tiers", customer),
        ("timeline", customer),
        ("store", "show", customer),
        ("store", "buy", customer, "thanks-0"),
        ("offer", "issue", customer, "euro"),
    ):
        refusal = refused(shop, "validation", *command)
        assert refusal.startswith("customer ") and "names nobody" in refusal
        assert len(refusal) < 300


def test_the_longest_texts_are_taken_and_kept_as_they_are(shop: Shop) -> None:
    who, why = "é" * 120, "ü" * 500
    issue = ("offer", "issue", "external:ANN", "euro", "--employee", who, "--client", who)
    (issued,) = told(shop, *issue, "--why", why)
    told(shop, "offer", "revoke", issued["offer_id"], "--why", why, "--employee", "")
    given, taken = told(shop, "timeline", "external:ANN", "--offer", issued["offer_id"])
    assert (given["client_id"], given["employee_id"], given["why"]) == (who, who, why)
    assert (taken["employee_id"], taken["why"]) == (None, why)
    refused(shop, "unknown_customer", "profile", "external:" + "x" * 120)


@pytest.mark.parametrize("why", ["", " ", "x" * 501, "two\nlines", NO_TEXT])
def test_a_reason_is_text_of_at_most_500_characters(shop: Shop, why: str) -> None:
    offer = shop.give()
    for command in (("revoke", offer), ("issue", "external:ANN", "euro")):
        refusal = refused(shop, "validation", "offer", *command, "--why", why)
        assert refusal == "--why must be text of 1 to 500 printable characters"


def test_a_file_whose_name_is_no_text_is_told_of(shop: Shop, tmp_path: Path) -> None:
    refusal = refused(shop, "file", "offer", "lock", shop.give(), "--basket", tmp_path / NO_TEXT)
    assert "\\udcff: No such file" in refusal


# --- what a lock answers, at the limits ---------------------------------------------------------


def test_what_a_lock_answers_at_the_limits_is_taken_back(shop: Shop) -> None:
    changed = document()
    changed["offers"].append(
        {
            "id": "o" * 64,
            "title": "T" * 255,
            "pos_discount_id": "\u00fc" * 120,
            "discount": {"kind": "percent_off_item", "percent": "100"},
            "applications_per_check": 1_000,
            "stack_order": 2**31 - 1,
        }
    )
    shop.publish(changed)
    offer = shop.give("o" * 64)
    items = [item("ESPRESSO", "1.00", f"{number:0120}") for number in range(1_000)]
    bound = shop.lock(offer, items=items)
    assert shop.close("T1", bound, items=items) == "accepted"
    assert shop.flags() == []
    assert shop.state(offer) == "REDEEMED"


@pytest.mark.parametrize(
    ("stack_order", "problem"),
    [
        (2**31, "must be at most 2147483647"),
        (-(2**31) - 1, "must be at least -2147483648"),
        (1.5, "must be a whole number"),
        ("1", "must be a whole number"),
    ],
)
def test_a_wrong_stack_order_in_a_sale_is_told_in_our_words(
    shop: Shop, tmp_path: Path, stack_order: Any, problem: str
) -> None:
    offer = shop.give()
    sale = SALE | {"store_id": "main", "items": BREAKFAST}
    sale |= {"discounts": [{"amount": 1, "stack_order": stack_order}]}
    lock = ("offer", "lock", offer, "--basket", written(tmp_path, sale))
    assert refused(shop, "validation", *lock) == f"discounts[0].stack_order {problem}"


def test_a_wrong_guest_count_in_a_sale_is_told_in_our_words(shop: Shop, tmp_path: Path) -> None:
    sale = SALE | {"store_id": "main", "items": BREAKFAST, "guest_count": -1}
    lock = ("offer", "lock", shop.give(), "--basket", written(tmp_path, sale))
    assert refused(shop, "validation", *lock) == "guest_count must be at least 0"


# --- an offer's timeline ------------------------------------------------------------------------


def test_the_timeline_of_an_offer_that_is_not_the_customers_is_refused(shop: Shop) -> None:
    ann, bob = shop.give(), shop.give(to="BOB")
    timeline = ("timeline", "external:ANN", "--offer")
    for offer in ("nope", bob):
        for moment in ((), ("--as-of", "2030-01-01"), ("--known-at", "2030-01-01")):
            refusal = refused(shop, "offer_not_found", *timeline, offer, *moment)
            assert repr(offer) in refusal
    shop.ledger.projector.catch_up()
    assert [row["kind"] for row in told(shop, *timeline, ann)] == ["OfferIssued"]
    whole = told(shop, "timeline", "external:ANN")
    assert told(shop, "timeline", "external:ANN", "--last", "1") == whole[-1:]
    assert told(shop, *timeline, ann, "--as-of", "2026-03-01") == []


# --- busy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["issue", "customers", "transactions", "work"])
def test_a_ledger_that_finds_no_quiet_moment_says_that_it_is_busy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def outrun(*_: object, **_how: object) -> None:
        raise Conflict("streams")

    commands: dict[str, tuple[tuple[str, ...], bytes]] = {
        "issue": (("offer", "issue", "external:ANN", "euro"), b""),
        "customers": (("load", "customers", "-"), b'{"email": "new@shop.example"}'),
        "transactions": (("load", "transactions", "-"), shop.body("T2")),
        "work": (("work", "--once"), b""),
    }
    shop.close("T1")
    monkeypatch.setattr(States, "append", outrun)
    for module in (administration, deciding, intake, settlement):
        monkeypatch.setattr(module, "PATIENCE", 3)
    arguments, stdin = commands[what]
    head = shop.ledger.log.head()
    done = said(shop, *arguments, stdin=stdin)
    assert (done.code, done.out) == (1, "")
    assert done.err == "Refused (busy): the ledger is busy: nothing was changed, try again\n"
    assert shop.ledger.log.head() == head


# --- tables -------------------------------------------------------------------------------------


def test_tables_of_the_longest_names_fit_into_80_columns(shop: Shop) -> None:
    changed = document()
    changed["offers"].append(
        {
            "id": "-".join(["long"] * 13)[:64],
            "title": "T" * 255,
            "discount": {"kind": "percent_off_item", "percent": "100"},
        }
    )
    changed["point_accounts"].append({"id": "a" * 64, "name": "A" * 255})
    shop.publish(changed)
    name = changed["offers"][-1]["id"]
    text = shown(shop, "offer", "issue", "external:ANN", name)
    assert max(map(len, text.splitlines())) <= 80, text
    (offer,) = shop.offers()
    sale = SALE | {"transaction_id": "T" * 120, "items": [item("BREAD", "1", "L" * 120)]}
    basket = ("--basket", "-", "--store", "main")
    done = said(shop, "offer", "lock", offer, *basket, stdin=msgspec.json.encode(sale))
    # The sentence before the table names the sale, however long that is.
    assert max(map(len, done.out.splitlines()[1:])) <= 80, done.out
    for command in ("profile", "timeline", "history"):
        text = shown(shop, command, "external:ANN")
        assert max(map(len, text.splitlines())) <= 80, text
        assert offer in text or command != "profile"
