"""Stores and catalogs are loaded whole: what a load replaces, what it refuses, what it retires."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer

from cli.command_line import Said, loyalty
from loyalty_ledger.cli import loads
from loyalty_ledger.domain.events.program import CatalogLoaded, StoresLoaded
from loyalty_ledger.ledger import Ledger
from sample_ledger import ledger_on

STORES = [{"store_id": f"S{n}", "name": f"Store {n}", "time_zone": "UTC"} for n in range(4)]
ITEMS = [{"sku": f"K{n}", "name": f"Item {n}", "categories": ["A", f"B{n}"]} for n in range(4)]
WHOLE: dict[str, list[dict[str, Any]]] = {"stores": STORES, "catalog": ITEMS}

whichever = pytest.mark.parametrize("what", list(WHOLE))


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url) as made:
        yield made


def load(
    ledger: Ledger, folder: Path, what: str, lines: list[dict[str, Any]], *options: str
) -> Said:
    file = folder / f"{what}.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    url = ledger.log.engine.url.render_as_string(hide_password=False)
    said = loyalty(url, "load", what, file, "--json", *options)
    ledger.states.forget()
    return said


def last(ledger: Ledger) -> Any:
    return ledger.log.read(0, 1_000)[-1].event


def items_in_force(ledger: Ledger) -> list[str]:
    catalogs = ledger.states.get(["catalog"])["catalog"]
    digest = catalogs.of(catalogs.in_force()).digest
    return [item.sku for item in ledger.log.all_catalog_items(digest)]


def test_a_catalog_in_any_order_is_the_same_catalog(ledger: Ledger, tmp_path: Path) -> None:
    assert load(ledger, tmp_path, "catalog", ITEMS).json["accepted"] == 4
    loaded: CatalogLoaded = last(ledger)
    assert (loaded.version, loaded.items, loaded.categories, loaded.retired) == (1, 4, 5, 0)
    again = load(ledger, tmp_path, "catalog", ITEMS[::-1]).json
    assert (again["accepted"], again["repeated"]) == (0, 4)
    assert last(ledger) == loaded
    assert items_in_force(ledger) == ["K0", "K1", "K2", "K3"]


@whichever
def test_half_may_be_retired_and_more_only_when_that_is_confirmed(
    ledger: Ledger, tmp_path: Path, what: str
) -> None:
    whole = WHOLE[what]
    load(ledger, tmp_path, what, whole)
    assert load(ledger, tmp_path, what, whole[:2]).code == 0
    assert (last(ledger).retired, last(ledger).confirmed) == (2, False)
    load(ledger, tmp_path, what, whole)
    head = ledger.log.head()
    said = load(ledger, tmp_path, what, whole[:1])
    told = said.json["error"]
    assert (said.code, told["code"]) == (1, "retires_most")
    assert told["details"] == {"retired": 3, "in_force": 4, "loaded": 1}
    assert "--yes" in told["message"]
    assert ledger.log.head() == head
    assert load(ledger, tmp_path, what, whole[:1], "--yes").json["accepted"] == 1
    loaded: CatalogLoaded | StoresLoaded = last(ledger)
    assert (loaded.retired, loaded.confirmed) == (3, True)


@whichever
def test_on_a_terminal_it_is_asked_and_no_means_no(
    ledger: Ledger, tmp_path: Path, what: str
) -> None:
    load(ledger, tmp_path, what, WHOLE[what])
    head = ledger.log.head()
    for answer, code in ((False, 1), (True, 0)):
        with (
            patch.object(loads, "_is_a_terminal", return_value=True),
            patch.object(typer, "confirm", return_value=answer) as asked,
        ):
            assert load(ledger, tmp_path, what, WHOLE[what][:1]).code == code
        (question,) = asked.call_args.args
        assert "retire 3 of the 4" in question
        assert (ledger.log.head() == head) is (not answer)


@whichever
def test_nobody_is_asked_while_the_list_comes_in_where_he_would_type(what: str) -> None:
    with patch.object(sys.stdin, "isatty", return_value=True):
        assert not loads._is_a_terminal(Path("-"))


@whichever
@pytest.mark.parametrize("field", ["action", "op", "deleted", "_delete"])
def test_a_change_to_a_list_is_refused_with_the_reason(
    ledger: Ledger, tmp_path: Path, what: str, field: str
) -> None:
    load(ledger, tmp_path, what, WHOLE[what])
    head = ledger.log.head()
    lines = [*WHOLE[what][:3], WHOLE[what][3] | {field: "delete"}]
    said = load(ledger, tmp_path, what, lines)
    assert (said.code, said.json["refused"]) == (1, 1)
    reason = json.loads((tmp_path / f"{what}.jsonl.refused.jsonl").read_text())["reason"]
    assert reason.startswith(f"{field!r} makes this a change")
    assert "whole lists" in reason
    assert ledger.log.head() == head


@whichever
def test_loading_only_changes_is_not_on_offer(ledger: Ledger, tmp_path: Path, what: str) -> None:
    said = load(ledger, tmp_path, what, WHOLE[what], "--delta")
    assert said.code == 2
    assert "whole list" in said.err


def test_a_refused_line_is_not_taken_for_a_retired_item(ledger: Ledger, tmp_path: Path) -> None:
    load(ledger, tmp_path, "catalog", ITEMS)
    head = ledger.log.head()
    said = load(ledger, tmp_path, "catalog", [*ITEMS[:3], ITEMS[3] | {"name": 3}, ITEMS[0]])
    assert (said.code, said.json["accepted"], said.json["refused"]) == (1, 0, 2)
    assert ledger.log.head() == head
    assert items_in_force(ledger) == ["K0", "K1", "K2", "K3"]
