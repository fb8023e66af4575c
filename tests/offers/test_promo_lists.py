"""Codes of one claim each: made in batches or taken over, each claimed once."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from loyalty_ledger.domain.events.promotions import PromoCodeRefused, PromoCodesAdded
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.lines import Line
from loyalty_ledger.store.log import Log
from offers.till import CASHIER, Shop, promoting

TEN = {"outcomes": [{"award": {"account": "points", "source": "purchases", "points": 10}}]}
LISTS = [
    {"id": "gift", "name": "Gift", "kind": "single_use"} | TEN,
    {"id": "theirs", "name": "Theirs", "kind": "third_party"} | TEN,
]


def lists(shop: Shop, **more: Any) -> None:
    made = promoting()
    shop.publish(made | {"promotions": [*made["promotions"], *(one | more for one in LISTS)]})


def generate(shop: Shop, file: Path, count: int = 5) -> list[str]:
    shop.ledger.promo_lists.generate("gift", count, file, CASHIER, lambda _done, _goal: None)
    return file.read_text().split()


def test_generated_codes_stand_in_a_private_file_and_each_is_claimed_once(
    shop: Shop, tmp_path: Path
) -> None:
    lists(shop)
    codes = generate(shop, tmp_path / "codes")
    assert len(set(codes)) == 5
    assert {len(code) for code in codes} == {12}
    assert (tmp_path / "codes").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "codes.pending").exists()
    shop.claim(f" {codes[0][:4]}-{codes[0][4:].lower()} ")
    with shop.refused("promotion_not_available"):
        shop.another().claim(codes[0], "BOB")
    assert shop.points() == 1_010
    (tried,) = shop.events("PromoCodeRefused")
    assert isinstance(tried, PromoCodeRefused)
    assert tried.why == "used"


def test_a_claim_that_is_refused_for_its_offer_keeps_the_code_unused(
    shop: Shop, tmp_path: Path
) -> None:
    lists(shop, outcomes=[{"issue": "mug-set"}])
    code = generate(shop, tmp_path / "codes")[0]
    shop.ledger.offers.give(shop.id_of(), "mug-set", CASHIER, "all that there are", 3)
    with shop.refused("not_available"):
        shop.claim(code, "BOB")
    assert shop.events("PromoCodeUsed") == []


def test_a_file_that_is_there_is_never_written_over(shop: Shop, tmp_path: Path) -> None:
    lists(shop)
    (tmp_path / "codes").write_text("mine")
    with pytest.raises(Rejected, match="is there already"):
        generate(shop, tmp_path / "codes")
    assert (tmp_path / "codes").read_text() == "mine"


@pytest.mark.parametrize("died", ["before the commit", "after the commit"])
def test_who_asks_again_after_a_crash_has_the_codes_of_the_pending_file_valid(
    shop: Shop, tmp_path: Path, died: str
) -> None:
    lists(shop)
    dying = patch.object(Log, "append", side_effect=KeyboardInterrupt)
    if died == "after the commit":
        dying = patch("loyalty_ledger.promo_lists.os.replace", side_effect=KeyboardInterrupt)
    with dying, pytest.raises(KeyboardInterrupt):
        generate(shop, tmp_path / "codes")
    pending = (tmp_path / "codes.pending").read_text().split()
    assert generate(shop, tmp_path / "codes") == pending
    assert not (tmp_path / "codes.pending").exists()
    (added,) = shop.events("PromoCodesAdded")
    assert isinstance(added, PromoCodesAdded)
    assert added.count == 5
    shop.claim(pending[0])


def test_a_list_of_others_counts_what_is_new_what_is_there_and_what_is_no_code(shop: Shop) -> None:
    lists(shop)
    take = shop.ledger.promo_lists.take_over
    told = take("theirs", [Line(1, b"Tree-1"), Line(2, b"tree-1 "), Line(3, b"\xff")], CASHIER)
    assert told[:2] == [True, False]
    assert isinstance(told[2], Rejected)
    assert take("theirs", [Line(1, b"TREE-1"), Line(2, b"TREE-2")], CASHIER) == [False, True]
    shop.claim("tree-1")
    with shop.refused("promotion_not_available"):
        shop.claim("TREE-1")


def test_every_wrong_code_takes_as_many_reads_and_writes(shop: Shop, tmp_path: Path) -> None:
    lists(shop)
    used, *_ = generate(shop, tmp_path / "codes")
    shop.claim(used)
    told = []
    for code in ("NOTHING", used, "UNHEARD-OF"):
        other = shop.another()
        other.id_of()
        seen: list[tuple[str, int]] = []
        with spied(seen), other.refused("promotion_not_available"):
            other.claim(code)
        told.append(seen)
    assert told[0] == told[1] == told[2]
    assert told[0]


def spied(seen: list[tuple[str, int]]) -> Any:
    """Every call of the log, and over how much."""

    def spy(name: str) -> Any:
        real = getattr(Log, name)

        def calling(log: Log, *args: Any, **more: Any) -> Any:
            size = len(args[0].events) if name == "append" else len(args[0]) if args else 0
            seen.append((name, size))
            return real(log, *args, **more)

        return calling

    names = ("append", "load", "code_batches")
    return patch.multiple(Log, **{name: spy(name) for name in names})
