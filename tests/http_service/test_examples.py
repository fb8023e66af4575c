"""The examples of the description are what the service answered on a day in the shop."""

import os
import re
from importlib import resources
from pathlib import Path

import msgspec

from http_service.description import usual
from http_service.serving import served
from http_service.telling import EVERY, Day
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.http.page import page
from offers.till import shop_on

FILE = Path(str(resources.files("loyalty_ledger.http") / "examples.json"))


def test_every_operation_has_an_example_that_is_a_real_answer(tmp_path: Path) -> None:
    """After a change, LOYALTY_EXAMPLES=write makes the file anew."""
    with shop_on("sqlite", tmp_path) as shop, served(shop) as service:
        day = Day(service)
        day.pass_by()
    if os.environ.get("LOYALTY_EXAMPLES") == "write":
        written = msgspec.json.encode(day.told, order="sorted")
        FILE.write_bytes(msgspec.json.format(written, indent=1) + b"\n")
    assert set(day.told) == set(EVERY)
    kept = msgspec.json.decode(FILE.read_bytes())
    assert {name: one for name, one in day.told.items() if one != kept.get(name)} == {}


def test_every_example_is_in_the_description() -> None:
    kept = msgspec.json.decode(FILE.read_bytes())
    for operation in EVERY.values():
        one = usual().document["paths"][operation.paths[0]][operation.method.lower()]
        told = one["responses"]["200"]["content"][operation.media]["examples"]
        assert told["granted"]["value"] == kept[operation.name]["tells"]


def test_a_program_document_is_described_whole_and_shown_to_people() -> None:
    document = usual().document
    program, of_program = document["components"]["schemas"], "#/components/schemas/Program"
    one = document["paths"]["/admin/v1/program"]
    asked = one["post"]["requestBody"]["content"]["application/json"]["schema"]
    diffed = document["paths"]["/admin/v1/program/diff"]["post"]["requestBody"]
    shown = one["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    diffed = diffed["content"]["application/json"]["schema"]
    assert [asked, diffed, shown] == [{"$ref": of_program}] * 3
    assert program["Program"]["properties"].keys() == Program.model_fields.keys()
    for name, field in Program.model_fields.items():
        assert program["Program"]["properties"][name]["description"] == field.description
    read = page(document)
    parts = [name for name in program if name.startswith("Program.")]
    assert len(parts) > 40
    assert [name for name in parts if f"<details id='{name}'>" not in read] == []
    assert len(read) < 400_000
    assert len(msgspec.json.encode(document)) < 1_000_000


def test_the_page_shows_every_call_once_with_its_shapes_and_codes() -> None:
    document = usual().document
    read = page(document)
    for name in EVERY:
        assert read.count(f"<h3 id='{name}'>") == 1, name
    ids = re.findall(r" id='([^']+)'", read)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"href='#([^']+)'", read)) <= set(ids)
    lock = read.partition("<h3 id='lock'>")[2].partition("<h3 ")[0]
    for shown in ("#Bind", "#Discount", "offer_locked", "access_denied", "offer_lookup_code"):
        assert shown in lock
    bind = read.partition("<details id='BindPayload'>")[2].partition("</details>")[0]
    assert "<code>offer_lookup_type</code>" in bind
