"""Offers that rules and campaigns issue: final when they are recorded."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import OfferIssued
from specification import MONDAY_NOON, Shop, at, every, line, only, program

ONE = line("x", "1.00")
LATER = MONDAY_NOON + timedelta(hours=1)


def gives(**offer: Any) -> Shop:
    muffin = {"id": "muffin", "title": "Muffin", "discount": {"kind": "manual"}, **offer}
    campaign = {"id": "treat", "outcomes": [{"issue": "muffin"}]}
    return Shop(program(offers=[muffin], campaigns=[campaign]))


@pytest.mark.parametrize(
    ("redemption", "starts", "ends"),
    [
        ({"after_issue": "P30D"}, None, "2026-04-01 12:00"),
        ({"starts": "2026-04-01", "ends": "2026-05-01"}, "2026-04-01 00:00", "2026-05-01 00:00"),
        ({}, None, None),
    ],
)
def test_an_issued_offer_says_when_it_can_be_redeemed(
    redemption: dict[str, Any], starts: str | None, ends: str | None
) -> None:
    shop = gives(redemption=redemption)
    shop.sells(ONE)
    issued = only(OfferIssued, shop.last)
    assert issued.redeemable_from == (at(starts) if starts else None)
    assert issued.expires_at == (at(ends) if ends else None)
    assert issued.issued_at == MONDAY_NOON


def test_an_offers_id_follows_from_what_issued_it_and_leads_to_its_customer() -> None:
    one, other = gives(), gives()
    first = only(OfferIssued, one.sells(ONE, number="7"))
    assert only(OfferIssued, other.sells(ONE, number="7")).offer_id == first.offer_id
    assert first.offer_id.startswith("ann.")
    assert only(OfferIssued, other.sells(ONE, number="8")).offer_id != first.offer_id
    assert first.offer_id in one.settlement.grants[0].offers


def test_an_issued_offer_names_its_cause_rule_versions_level_and_lines() -> None:
    shop = gives()
    issued = only(OfferIssued, shop.sells(ONE, number="7"))
    assert (issued.rule, issued.definition) == ("campaign:treat", "muffin")
    assert (issued.cause, issued.transaction) == ("sale/s1/7@1", "s1/7")
    assert (issued.program_version, issued.catalog_version, issued.lines) == (1, 1, ["x"])


def test_every_issue_is_counted_in_the_same_commit() -> None:
    shop = gives(issuance={"total": 1})
    shop.sells(ONE)
    counted = [one.subject for one in every(GrantCounted, shop.last)]
    assert counted == ["campaign:treat"] * 2 + ["offer:muffin"] * 2
    assert every(OfferIssued, shop.sells(ONE, to="ben")) == []


def test_no_offer_is_issued_that_could_no_longer_be_redeemed() -> None:
    shop = gives(redemption={"ends": "2026-03-02"})
    assert every(OfferIssued, shop.sells(ONE)) == []
    assert shop.limits_hit == ["offer:muffin:redemption_period"]
