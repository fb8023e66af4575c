"""Codes that outcomes draw: made of the key, shown to whom they are for, claimed by anybody."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from loyalty_ledger import verification
from loyalty_ledger.domain.events.promotions import PromoCodeRefused
from loyalty_ledger.store.engine import for_writing
from loyalty_projections.profile_codes import CodeView
from loyalty_projections.promo_status import PromotionView, promotions
from offers.till import BREAKFAST, CASHIER, NOW, Shop, promoting

TEN = {"award": {"account": "points", "source": "purchases", "points": 10}}
GIFT = {"id": "gift", "name": "Gift", "kind": "single_use", "outcomes": [TEN]}
WEEK = {
    "id": "week",
    "when": {"items": {"skus": ["ESPRESSO"]}},
    "outcomes": [{"code": "gift"}],
}


def giving(shop: Shop) -> None:
    """A coffee gives a code of ten points."""
    made = promoting()
    shop.publish(made | {"promotions": [*made["promotions"], GIFT], "campaigns": [WEEK]})


def sold(shop: Shop, sale: str = "T1", **more: Any) -> None:
    assert shop.close(sale, **more) == "accepted"
    shop.work()


def codes(shop: Shop, of: str = "ANN", **moment: Any) -> tuple[CodeView, ...]:
    """The codes in a profile."""
    return shop.ledger.answers.profile(shop.id_of(of), shop.moment(**moment)).codes


def status(shop: Shop) -> PromotionView:
    """What operators are told of the promotion."""
    shop.ledger.projector.catch_up()
    rulebook = shop.ledger.settlement.rulebook()
    assert rulebook is not None
    views = shop.ledger.projector.ask(lambda reader: promotions(reader, rulebook.program, NOW))
    return next(one for one in views if one.promotion == "gift")


def problems(shop: Shop) -> list[str]:
    return verification.verify(shop.ledger, lambda _done, _goal: None).problems


def test_a_drawn_code_stands_in_the_profile_and_nowhere_else(shop: Shop) -> None:
    giving(shop)
    sold(shop)
    (drawn,) = codes(shop)
    assert drawn.code is not None
    assert (drawn.promotion, drawn.state) == ("gift", "DRAWN")
    assert codes(shop.another()) == (drawn,)
    assert codes(shop, as_of=drawn.drawn_at) == (drawn,)
    assert codes(shop, as_of=NOW - timedelta(days=1)) == ()
    bodies = [str(one.event) for one in shop.ledger.log.read(0, 5_000)]
    assert not any(drawn.code in body for body in bodies)
    assert [row.kind for row in shop.timeline(subject="promotion:gift")] == ["PromoCodeDrawn"]


def test_whoever_has_it_claims_it_once_and_both_profiles_and_the_books_agree(shop: Shop) -> None:
    giving(shop)
    sold(shop)
    (drawn,) = codes(shop)
    assert drawn.code is not None
    shop.claim(f"{drawn.code[:6].lower()}-{drawn.code[6:]}", "BOB")
    assert (shop.points("BOB"), codes(shop, "BOB")) == (10, ())
    assert [one.state for one in codes(shop)] == ["USED"]
    assert codes(shop, as_of=shop.later(days=1)) == codes(shop)
    with shop.refused("promotion_not_available"):
        shop.another().claim(drawn.code)
    told = status(shop)
    assert (told.generated, told.drawn, told.used, told.left) == (0, 1, 1, 0)
    assert problems(shop) == []


def test_a_return_takes_back_what_nobody_used(shop: Shop) -> None:
    giving(shop)
    sold(shop)
    sold(shop, "T2")
    first, second = codes(shop)
    assert first.code and second.code
    shop.claim(first.code)
    shop.later(hours=1)
    for sale in ("T1", "T2"):
        sold(shop, sale, is_voided=True)
    assert {one.state for one in codes(shop)} == {"USED", "WITHDRAWN"}
    gone = next(one.code for one in codes(shop) if one.state == "WITHDRAWN")
    assert gone
    with shop.refused("promotion_not_available"):
        shop.claim(gone)
    (tried,) = shop.events("PromoCodeRefused")
    assert isinstance(tried, PromoCodeRefused)
    assert tried.why == "withdrawn"
    assert (status(shop).drawn, status(shop).left) == (1, 0)
    assert problems(shop) == []


def test_a_return_undoes_no_claim_that_was_made_with_the_goods_in_hand(shop: Shop) -> None:
    giving(shop)
    sold(shop)
    before = shop.points()
    shop.claim("MUGLOVE")
    shop.later(hours=1)
    sold(shop, is_voided=True)
    (mugs,) = shop.offers().values()
    assert (shop.points() - before, mugs.state) == (50 - (before - 1_000), "ISSUED")
    assert len(shop.events("PromotionClaimed")) == 1


def test_a_claim_between_reading_and_recording_a_return_keeps_the_code_used(shop: Shop) -> None:
    """The claim is made by another process after the return has read what it decides on."""
    giving(shop)
    sold(shop)
    (drawn,) = codes(shop)
    assert drawn.code is not None
    code, other = drawn.code, shop.another()
    shop.later(hours=1)
    assert shop.close(is_voided=True, items=BREAKFAST) == "accepted"
    append, once = shop.ledger.log.append, [True]

    def late(commit: Any) -> Any:
        if once and any(type(one.event).__name__ == "PromoCodeWithdrawn" for one in commit.events):
            once.clear()
            other.claim(code, "BOB")
        return append(commit)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.ledger.log, "append", late)
        shop.work()
    assert once == []
    assert shop.events("PromoCodeWithdrawn") == []
    assert [one.state for one in codes(shop)] == ["USED"]


# --- verified -----------------------------------------------------------------------------------

FIRST = "SELECT digest FROM promo_code ORDER BY digest LIMIT 1"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM promo_code WHERE digest = :one", "there are 2, and 3 were added"),
        ("UPDATE promo_code SET batch = 'gift/x' WHERE digest = :one", "no such batch was added"),
        ("UPDATE promo_code SET digest = :other WHERE digest = :one", "they are not those"),
    ],
)
def test_verify_finds_codes_that_are_not_those_that_were_added(
    shop: Shop, tmp_path: Path, statement: str, says: str
) -> None:
    giving(shop)
    file = tmp_path / "codes"
    shop.ledger.promo_lists.generate("gift", 3, file, CASHIER, lambda _done, _goal: None)
    assert problems(shop) == []
    with for_writing(shop.ledger.log.engine).begin() as connection:
        one = connection.execute(text(FIRST)).scalar_one()
        values = {"one": one} | ({"other": b"x" * 16} if ":other" in statement else {})
        connection.execute(text(statement), values)
    (found,) = problems(shop)
    assert found.startswith("promo codes of gift/") and says in found


def test_a_code_that_a_level_gave_is_taken_back_by_who_has_seen_nothing_of_it(shop: Shop) -> None:
    made = promoting()
    (club, *others) = made["tier_systems"]
    base = {"id": "base", "name": "Base"}
    above: dict[str, Any] = {"id": "above", "name": "Above"}
    above |= {"entrance": {"spend": {"amount": "5.00"}}, "on_entry": [{"code": "gift"}]}
    new = {"id": "heights", "name": "Heights", "levels": [base, above]}
    promotions = [*made["promotions"], GIFT]
    shop.publish(made | {"promotions": promotions, "tier_systems": [club, *others, new]})
    sold(shop, customer="BOB")
    (drawn,) = codes(shop, "BOB")
    assert drawn.state == "DRAWN"
    assert shop.close("T1", customer="BOB", is_voided=True, at=shop.later(hours=1)) == "accepted"
    shop.another().work()
    assert [one.state for one in codes(shop, "BOB")] == ["WITHDRAWN"]
    (withdrawn,) = shop.ledger.log.read(0, 5_000, names=["PromoCodeWithdrawn"])
    assert (withdrawn.stream, withdrawn.version) == (f"promo-code/{drawn_digest(shop)}", 2)
    assert problems(shop) == []


def drawn_digest(shop: Shop) -> str:
    (event,) = shop.events("PromoCodeDrawn")
    digest: str = event.digest  # type: ignore[attr-defined]
    return digest
