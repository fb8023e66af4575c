"""`loyalty customer merge`: what it prints, and how it ends."""

from typing import Any

import pytest

from cli.asking import refused, said, shown, told
from offers.till import Shop

ANN, BOB = "external:ANN", "external:BOB"


@pytest.fixture(autouse=True)
def sold(shop: Shop) -> None:
    """A sale of each."""
    for number, user in (("T1", "ANN"), ("T2", "BOB")):
        payments = [{"amount": 10, "user_id": user}]
        assert shop.close(number, payments=payments) == "accepted"
    shown(shop, "work", "--once")


def lifetimes(profile: Any) -> dict[str, int]:
    return {one["account"]: one["lifetime"] for one in profile["accounts"]}


def test_a_merge_tells_what_moved_and_every_read_finds_who_goes_on(shop: Shop) -> None:
    hers, his = (lifetimes(told(shop, "profile", one)) for one in (ANN, BOB))
    gone = told(shop, "customer", "find", BOB)["customer_id"]
    merged = told(shop, "customer", "merge", BOB, ANN, "--yes")
    assert (merged["customer_id"], merged["identifiers"]) == (gone, 1)
    for name in (ANN, BOB, gone):
        found = lifetimes(told(shop, "profile", name))
        assert found == {account: hers[account] + his[account] for account in hers}
    assert told(shop, "history", gone)[-1]["kind"] == "moved_out"
    assert told(shop, "timeline", gone)[-1]["kind"] == "CustomerMerged"
    assert told(shop, "history", BOB)[-1]["kind"] == "moved_in"
    assert not any(side["moved"] for side in told(shop, "books")["accounts"].values())
    assert list(said(shop, "customer", "data", ANN).json["merged_into_him"]) == [gone]


def test_a_merge_speaks_to_people_too(shop: Shop) -> None:
    text = shown(shop, "customer", "merge", BOB, ANN, "--yes")
    assert text.startswith("Merged ") and " identifiers, " in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_merge_that_cannot_be_is_refused(shop: Shop) -> None:
    gone = told(shop, "customer", "find", BOB)["customer_id"]
    refused(shop, "validation", "customer", "merge", BOB, ANN)
    refused(shop, "validation", "customer", "merge", ANN, ANN, "--yes")
    refused(shop, "unknown_customer", "customer", "merge", "external:NOBODY", ANN, "--yes")
    shown(shop, "customer", "merge", BOB, ANN, "--yes")
    refused(shop, "validation", "customer", "merge", BOB, ANN, "--yes")
    refused(shop, "unknown_customer", "customer", "merge", gone, ANN, "--yes")
