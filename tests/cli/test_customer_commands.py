"""`loyalty customer enrol | show | change | link | unlink | tag | untag | find`, and bad input."""

from pathlib import Path
from typing import Any

import pytest

from cli.asking import refused, said, shown, told
from offers.till import Shop

EMAIL, PHONE, CARD = "email:ann@b.example", "phone:5550100", "card:77"


def enrol(shop: Shop, *more: object) -> str:
    found: str = told(shop, "customer", "enrol", EMAIL, *more)["customer_id"]
    return found


def profile(shop: Shop, customer: str) -> Any:
    return told(shop, "customer", "show", customer)


def test_a_customer_is_enrolled_shown_and_found(shop: Shop) -> None:
    flags = ("--opted-out", "--test", "--tag", "vip", "--tag", "staff", "--set", "city=Utrecht")
    ann = enrol(shop, PHONE, "external/CRM:9", *flags)
    found = profile(shop, ann)
    assert (found["customer_id"], found["opted_in"], found["test"]) == (ann, False, True)
    assert found["suspended"] is False
    assert sorted(one["tag"] for one in found["tags"]) == ["staff", "vip"]
    kinds = {(one["kind"], one["type"], one["value"]) for one in found["identifiers"]}
    assert kinds == {
        ("email", "", "ann@b.example"),
        ("phone", "", "5550100"),
        ("external", "CRM", "9"),
    }
    for names in ((EMAIL,), (PHONE, EMAIL), ("external/CRM:9",), ("external:9",), (f"id:{ann}",)):
        assert told(shop, "customer", "find", *names) == {"customer_id": ann}
    assert shown(shop, "customer", "find", EMAIL) == f"{ann}\n"
    assert "Utrecht" in shown(shop, "customer", "data", ann)


def test_people_are_told_in_words(shop: Shop) -> None:
    text = shown(shop, "customer", "enrol", EMAIL)
    ann = text.removeprefix("Enrolled ").removesuffix(".\n")
    assert shown(shop, "customer", "tag", ann, "vip") == f"Changed {ann}.\n"
    again = shown(shop, "customer", "tag", ann, "vip")
    assert again == f"Nothing to change: {ann} is so already.\n"
    assert max(map(len, shown(shop, "customer", "show", ann).splitlines())) <= 80


@pytest.mark.parametrize(
    ("there", "back", "name"),
    [
        ("--suspended", "--active", "suspended"),
        ("--test", "--no-test", "test"),
        ("--opted-out", "--opted-in", "opted_in"),
    ],
)
def test_a_flag_is_changed_and_changed_back(shop: Shop, there: str, back: str, name: str) -> None:
    ann = enrol(shop)
    before = profile(shop, ann)[name]
    for flag, now in ((there, not before), (back, before)):
        assert told(shop, "customer", "change", ann, flag) == {"customer_id": ann, "changed": True}
        assert told(shop, "customer", "change", ann, flag)["changed"] is False
        assert profile(shop, ann)[name] is now


def test_an_identifier_is_linked_once_and_unlinked_once(shop: Shop) -> None:
    ann = enrol(shop)
    for command, changed in (("link", True), ("link", False), ("unlink", True), ("unlink", False)):
        answer = told(shop, "customer", command, EMAIL, CARD)
        assert answer == {"customer_id": ann, "changed": changed}
    refused(shop, "unknown_customer", "customer", "find", CARD)


def test_a_tag_ends_with_the_day_that_is_named(shop: Shop) -> None:
    ann = enrol(shop)
    told(shop, "customer", "tag", ann, "vip", "--expires", "2026-03-12")
    (tag,) = profile(shop, ann)["tags"]
    assert tag == {"tag": "vip", "expires_at": "2026-03-12T22:59:59.999999Z"}
    assert told(shop, "customer", "untag", ann, "vip")["changed"] is True
    assert told(shop, "customer", "untag", ann, "vip")["changed"] is False
    assert profile(shop, ann)["tags"] == []


@pytest.mark.parametrize(
    ("code", "arguments", "says"),
    [
        ("identifier_taken", ("enrol", "external:ANN"), "belongs"),
        ("identifier_taken", ("link", "external:BOB", "external:ANN"), "belongs"),
        ("identifier_taken", ("unlink", "external:BOB", "external:ANN"), "belongs"),
        ("unknown_customer", ("show", "external:NOBODY"), ""),
        ("unknown_customer", ("change", "external:NOBODY", "--test"), ""),
        ("unknown_customer", ("link", "external:NOBODY", CARD), ""),
        ("unknown_customer", ("unlink", "external:NOBODY", CARD), ""),
        ("unknown_customer", ("tag", "external:NOBODY", "vip"), ""),
        ("unknown_customer", ("untag", "external:NOBODY", "vip"), ""),
        ("unknown_customer", ("find", "external:NOBODY"), ""),
        ("ambiguous_customer", ("find", "external:ANN", "external:BOB"), ""),
        ("validation", ("enrol", "badge:7"), "badge"),
        ("validation", ("enrol", "email:"), ""),
        ("validation", ("enrol", "external/:7"), "TYPE"),
        ("validation", ("enrol", CARD, "--set", "city"), "NAME=VALUE"),
        ("validation", ("enrol", CARD, "--set", "=x"), "NAME=VALUE"),
        ("validation", ("enrol", CARD, "--set", "dob=2015-01-01"), "13"),
        ("validation", ("enrol", CARD, "--set", "dob=soon"), "dob"),
        ("validation", ("change", "external:ANN", "--set", "dob=2015-01-01"), "13"),
        ("validation", ("tag", "external:ANN", "vip", "--expires", "2026-03-01"), ""),
        ("validation", ("tag", "external:ANN", "vip", "--expires", "whenever"), "whenever"),
        ("validation", ("enrol", CARD, EMAIL, "email:ann@c.example"), "one address"),
    ],
)
def test_what_cannot_be_is_refused_and_says_why(
    shop: Shop, code: str, arguments: tuple[str, ...], says: str
) -> None:
    assert says.lower() in refused(shop, code, "customer", *arguments).lower()


@pytest.mark.parametrize(
    "arguments",
    [("enrol",), ("show",), ("link", "external:ANN"), ("tag", "external:ANN"), ("find",), ("fly",)],
)
def test_a_command_that_lacks_something_is_wrong_usage(
    shop: Shop, arguments: tuple[str, ...]
) -> None:
    done = said(shop, "customer", *arguments)
    assert (done.code, done.out) == (2, "") and done.err


def test_an_erasure_has_to_be_meant(shop: Shop, tmp_path: Path) -> None:
    ann = enrol(shop, CARD)
    assert said(shop, "customer", "erase", ann).code == 1
    assert told(shop, "customer", "find", EMAIL)["customer_id"] == ann
    kept = tmp_path / "ann.json"
    shown(shop, "customer", "data", ann, "--out", kept)
    assert b"ann@b.example" in kept.read_bytes()
    told(shop, "customer", "erase", ann, "--yes")
    refused(shop, "unknown_customer", "customer", "find", EMAIL)
    assert told(shop, "customer", "enrol", EMAIL)["customer_id"] != ann
