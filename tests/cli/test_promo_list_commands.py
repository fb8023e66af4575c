"""`loyalty promo generate | load | status`, and codes in a profile: what they print."""

from pathlib import Path
from typing import Any

import pytest

from cli.asking import refused, shown, told
from offers.till import Shop, promoting

TEN = {"award": {"account": "points", "source": "purchases", "points": 10}}
ANN = "external:ANN"


def lists(shop: Shop) -> None:
    """A coffee gives a code of `gift`; `theirs` is a list of others."""
    made = promoting()
    gift = {"id": "gift", "name": "Gift", "kind": "single_use", "outcomes": [TEN]}
    theirs = gift | {"id": "theirs", "kind": "third_party"}
    coffee = {"items": {"skus": ["ESPRESSO"]}}
    week = {"id": "week", "when": coffee, "outcomes": [{"code": "gift"}]}
    promotions = [*made["promotions"], gift, theirs]
    limits = {"promo_limiter": {"week": 3}, "promo_lockout": {"tries": 2, "lasts": "PT15M"}}
    shop.publish(made | limits | {"promotions": promotions, "campaigns": [week]})


def buys(shop: Shop) -> None:
    assert shop.close() == "accepted"
    shop.work()


def generated(shop: Shop, file: Path, count: int = 3) -> list[str]:
    said = told(shop, "promo", "generate", "gift", "--count", count, "--out", file)
    assert said.pop("batch").startswith("gift/")
    assert said == {"promotion": "gift", "codes": count, "file": str(file)}
    return file.read_text().split()


def of(shop: Shop, promotion: str) -> dict[str, Any]:
    (found,) = told(shop, "promo", "status", promotion)
    return dict(found)


def test_generated_codes_are_written_once_and_counted(shop: Shop, tmp_path: Path) -> None:
    lists(shop)
    codes = generated(shop, tmp_path / "codes")
    assert len(set(codes)) == 3
    told(shop, "promo", "claim", ANN, codes[0])
    assert of(shop, "gift") == {
        "promotion": "gift",
        "name": "Gift",
        "kind": "single_use",
        "status": "active",
        "generated": 3,
        "loaded": 0,
        "drawn": 0,
        "used": 1,
        "left": 2,
        "claims": 1,
        "total": None,
    }
    again = ("promo", "generate", "gift", "--count", 1, "--out", tmp_path / "codes")
    assert "is there already" in refused(shop, "validation", *again)


def test_generating_speaks_to_people_too(shop: Shop, tmp_path: Path) -> None:
    lists(shop)
    file = tmp_path / "codes"
    text = shown(shop, "promo", "generate", "gift", "--count", 2, "--out", file)
    assert text.startswith("2 codes of gift are valid and stand in ")
    assert not any(code in text for code in file.read_text().split())


@pytest.mark.parametrize(
    ("promotion", "count", "says"),
    [
        ("mug-love", 1, "mug-love is no single_use promotion: there is gift"),
        ("gift", 0, "count must be from 1 to 1000000, not 0"),
        ("gift", 1_000_001, "count must be from 1 to 1000000, not 1000001"),
    ],
)
def test_what_cannot_be_generated_is_refused_and_leaves_no_file(
    shop: Shop, tmp_path: Path, promotion: str, count: int, says: str
) -> None:
    lists(shop)
    file = tmp_path / "codes"
    asked = ("promo", "generate", promotion, "--count", count, "--out", file)
    assert refused(shop, "validation", *asked) == says
    assert list(tmp_path.glob("codes*")) == []


def test_a_list_of_others_is_loaded_again_without_harm(shop: Shop, tmp_path: Path) -> None:
    lists(shop)
    file = tmp_path / "theirs.txt"
    file.write_text("TREE-1\nTREE-2\ntree-1\n")
    shown(shop, "promo", "load", "theirs", file)
    shown(shop, "promo", "load", "theirs", file)
    shop.work()
    assert of(shop, "theirs")["loaded"] == 2
    told(shop, "promo", "claim", ANN, "tree-2")
    assert of(shop, "theirs")["left"] == 1


def test_a_drawn_code_is_shown_to_whom_it_is_for_and_can_be_claimed(shop: Shop) -> None:
    lists(shop)
    buys(shop)
    (drawn,) = told(shop, "profile", ANN)["codes"]
    assert (drawn["promotion"], drawn["state"]) == ("gift", "DRAWN")
    text = shown(shop, "profile", ANN)
    assert drawn["code"] in text
    assert max(map(len, text.splitlines())) <= 80, text
    assert "PromoCodeDrawn" in shown(shop, "timeline", ANN)
    assert "PromoCodeDrawn" in shown(shop, "explain", "transaction:main/T1")
    told(shop, "promo", "claim", "external:BOB", drawn["code"])
    assert told(shop, "profile", ANN)["codes"][0]["state"] == "USED"
    assert of(shop, "gift")["drawn"] == 1


def test_the_status_of_a_customer_tells_claims_and_wrong_tries(shop: Shop) -> None:
    lists(shop)
    buys(shop)
    (drawn,) = told(shop, "profile", ANN)["codes"]
    told(shop, "promo", "claim", ANN, drawn["code"])
    for code in (drawn["code"], "NOTHING"):
        with shop.refused("promotion_not_available"):
            shop.claim(code)
    shop.work()
    found = told(shop, "promo", "status", ANN)
    assert [one["why"] for one in found["tries"]] == ["used", "unknown"]
    assert (found["in_a_row"], found["in_all"]) == (2, 2)
    assert found["locked_until"] is not None
    assert [one["promotion"] for one in found["claims"]] == ["gift"]
    assert found["limiter"][0] == {"period": "week", "claimed": 1, "most": 3}
    text = shown(shop, "promo", "status", ANN)
    for part in ("Wrong tries: 2 in a row, 2 in all.", "Locked out until", "used", "unknown"):
        assert part in text, text
    assert max(map(len, text.splitlines())) <= 80, text


def test_the_status_of_all_promotions_fits_into_80_columns(shop: Shop, tmp_path: Path) -> None:
    lists(shop)
    generated(shop, tmp_path / "codes")
    text = shown(shop, "promo", "status")
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()[3:] if line.strip()}
    assert rows["gift"] == ["active", "3", "0", "3", "0"]
    assert max(map(len, text.splitlines())) <= 80, text
    refused(shop, "unknown_customer", "promo", "status", "external:NOBODY")


def test_the_codes_of_a_list_are_told_by_hash_and_by_what_became_of_them(
    shop: Shop, tmp_path: Path
) -> None:
    lists(shop)
    plain = generated(shop, tmp_path / "codes")
    shown(shop, "promo", "load", "theirs", written_codes(tmp_path))
    claimed = told(shop, "promo", "claim", ANN, plain[0])
    buys(shop)
    assert [one["state"] for one in told(shop, "promo", "codes", "theirs")] == ["unused"]
    codes = told(shop, "promo", "codes", "gift")
    assert [one["state"] for one in codes] == [
        "used" if one["claim_id"] else "unused" for one in codes
    ]
    (used,) = told(shop, "promo", "codes", "gift", "--state", "used")
    assert (used["claim_id"], used["claimed_by"]) == (claimed["claim_id"], shop.id_of())
    (drawn,) = (one for one in codes if not one["batch"])
    assert (len(codes), drawn["drawn_for"], drawn["state"]) == (4, shop.id_of(), "unused")
    assert shop.close(is_voided=True, at=shop.later(hours=1)) == "accepted"
    shop.work()
    assert [
        one["digest"] for one in told(shop, "promo", "codes", "gift", "--state", "withdrawn")
    ] == [drawn["digest"]]
    assert told(shop, "promo", "codes", used["batch"]) == [one for one in codes if one["batch"]]
    text = shown(shop, "promo", "codes", used["batch"])
    assert f"{used['digest']} used\n" in text and text.count("\n") == 3
    assert not any(one in text for one in plain)


def test_codes_of_nothing_or_in_no_state_are_refused(shop: Shop, tmp_path: Path) -> None:
    lists(shop)
    assert "'gift'" in refused(shop, "validation", "promo", "codes", "gift")
    generated(shop, tmp_path / "codes")
    assert told(shop, "promo", "codes", "gift", "--state", "used") == []
    assert "withdrawn" in refused(shop, "validation", "promo", "codes", "gift", "--state", "lost")


def written_codes(folder: Path) -> Path:
    file = folder / "theirs.txt"
    file.write_text("THEIR-CODE-1\n")
    return file
