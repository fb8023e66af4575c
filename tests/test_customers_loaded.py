"""`loyalty load customers`: who may not be one, and what he may be called by."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.command_line import Said, loyalty
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from receiving import NOW, opened, publish


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        yield made


def load(ledger: Ledger, folder: Path, *people: dict[str, Any]) -> tuple[Said, list[str]]:
    """What the command says, and why each line was set aside."""
    file = folder / "people.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(one) for one in people))
    url = ledger.log.engine.url.render_as_string(hide_password=False)
    said = loyalty(url, "load", "customers", file)
    aside = folder / "people.jsonl.refused.jsonl"
    ledger.states.forget()
    return said, aside.read_text().splitlines() if aside.exists() else []


def email(value: str) -> Reference:
    return Reference("email", "", value)


def named(type_name: str, value: str) -> dict[str, str]:
    return {"type": type_name, "value": value}


def enrolled(ledger: Ledger) -> int:
    return ledger.log.count(0, ["CustomerEnrolled"])


def test_who_is_no_older_than_thirteen_is_set_aside_and_the_others_are_loaded(
    ledger: Ledger, tmp_path: Path
) -> None:
    assert NOW.year == 2017  # the ledger's own clock; the command goes by that of today
    young = {"email": "ann@b.example", "dob": "2020-06-02"}
    old = {"email": "bob@b.example", "dob": "1980-06-02"}
    odd = {"email": "ann@c.example", "dob": "2003-02-30"}
    said, aside = load(ledger, tmp_path, young, old, odd)
    assert said.code == 1
    assert len(aside) == 2
    assert "13" in aside[0] and "dob" in aside[1]
    assert enrolled(ledger) == 1
    bob = ledger.customers.find([email("bob@b.example")])
    again, aside = load(ledger, tmp_path, {"email": "bob@b.example", "dob": "2020-06-02"})
    assert (again.code, len(aside)) == (1, 1)
    kept = {one.field: one.value for one in ledger.log.personal(bob)}
    assert "1980-06-02" in kept.values()


def test_a_second_type_of_external_ids_is_set_aside_where_they_are_the_internal_ones(
    ledger: Ledger, tmp_path: Path
) -> None:
    publish(ledger, customer_ids="sor")
    first = {"identifiers": [named("CRM", "7")]}
    second = {"identifiers": [named("APP", "8")]}
    both = {"identifiers": [named("CRM", "9"), named("APP", "9")]}
    said, aside = load(ledger, tmp_path, first, second, both)
    assert (said.code, len(aside), enrolled(ledger)) == (1, 2, 1)
    assert all("type" in line for line in aside)
    ann = ledger.customers.find([Reference("external", "CRM", "7")])
    assert ledger.customers.find([Reference("id", "", "7")]) == ann


def test_two_addresses_are_both_his_and_neither_is_anybody_elses(
    ledger: Ledger, tmp_path: Path
) -> None:
    two = [named("email", f"ann@{one}.example") for one in ("b", "c")]
    said, aside = load(ledger, tmp_path, {"identifiers": two})
    assert (said.code, aside) == (0, [])
    ann = ledger.customers.find([email("ann@b.example")])
    assert ledger.customers.find([email("ann@c.example")]) == ann
    card = named("card", "77")
    said, aside = load(ledger, tmp_path, {"identifiers": [card]})
    assert (said.code, aside) == (0, [])
    said, aside = load(ledger, tmp_path, {"identifiers": [card, two[0]]})
    assert (said.code, len(aside)) == (1, 1)
    assert ledger.customers.find([email("ann@b.example")]) == ann
