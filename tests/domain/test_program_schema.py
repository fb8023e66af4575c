"""The JSON Schema of the document: it takes what loads, and says what every key means."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loyalty_ledger.document_tree import grow
from loyalty_ledger.domain.program.document import json_schema

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*.yaml"))
FULL = Path(__file__).parent / "documents" / "full.program.yaml"
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
SCHEMA = json_schema()


def faults(schema: dict[str, Any], value: Any, path: str = "$") -> Iterator[str]:
    """Where the value breaks the part of JSON Schema that our schema is written in."""
    if "$ref" in schema:
        yield from faults(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], value, path)
    for keyword in ("anyOf", "oneOf"):
        matching = [one for one in schema.get(keyword, ()) if not list(faults(one, value, path))]
        if keyword in schema and len(matching) != 1:
            yield f"{path}: {len(matching)} of {keyword}"
    if "type" in schema:
        kind = TYPES[schema["type"]]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            yield f"{path}: not {schema['type']}"
            return
    yield from _value_faults(schema, value, path)
    yield from _part_faults(schema, value, path)


def _value_faults(schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"{path}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: not one of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} is unlike {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{path}: below {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{path}: above {schema['maximum']}"
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield f"{path}: longer than {schema['maxLength']}"
    if "minItems" in schema and len(value) < schema["minItems"]:
        yield f"{path}: too few"


def _part_faults(schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        positions = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            one = positions[index] if index < len(positions) else schema.get("items", {})
            yield from faults(one, item, f"{path}[{index}]")
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        yield from (f"{path}: no {key}" for key in schema.get("required", ()) if key not in value)
        for key, part in value.items():
            if key in properties or others is not False:
                yield from faults(properties.get(key, others), part, f"{path}.{key}")
            else:
                yield f"{path}: unknown {key}"


@pytest.mark.parametrize("path", [*EXAMPLES, FULL], ids=lambda path: path.stem)
def test_the_schema_takes_the_documents_that_load(path: Path) -> None:
    tree, _ = grow(path.read_text(encoding="utf-8"))
    assert list(faults(SCHEMA, tree.plain())) == []


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"currency": "XXX"},
        {"return_window": "a year"},
        {"tax_in_earning": "yes"},
        {"point_accounts": [{"id": "Points", "name": "P"}]},
        {"point_accounts": [{"id": "p", "name": "P", "expiry": {"kind": "rolling"}}]},
        {"promo_limiter": {"week": 0}},
        {"rules": [{"id": "r", "when": {"minimum_spend": 12.5}}]},
        {"rules": [{"id": "r", "outcomes": [{"gift": "x"}]}]},
        {"campaigns": [{"id": "c", "outcomes": []}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_schema_refuses_what_has_another_shape(change: dict[str, Any]) -> None:
    tree, _ = grow(EXAMPLES[0].read_text(encoding="utf-8"))
    document = tree.plain()
    assert isinstance(document, dict)
    assert list(faults(SCHEMA, {**document, **change})) != []


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        ({"pos_discount_id": "D" * 120, "stack_order": 2**31 - 1}, True),
        ({"pos_discount_id": "D" * 121}, False),
        ({"stack_order": 2**31}, False),
    ],
)
def test_the_schema_knows_what_tills_take_of_an_offer(change: dict[str, Any], sound: bool) -> None:
    offer = {"id": "o", "title": "O", "discount": {"kind": "manual"}} | change
    document = grow(EXAMPLES[0].read_text(encoding="utf-8"))[0].plain()
    assert isinstance(document, dict)
    assert (list(faults(SCHEMA, document | {"offers": [offer]})) == []) is sound


def test_the_schema_is_json_and_describes_every_key() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    models = {"Program": SCHEMA, **SCHEMA["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, model in models.items()
        for key, part in model.get("properties", {}).items()
        if not part.get("description")
    ]
    assert silent == []


def test_the_reference_for_users_names_every_key() -> None:
    reference = (EXAMPLES[0].parents[1] / "program.md").read_text(encoding="utf-8")
    models = [SCHEMA, *SCHEMA["$defs"].values()]
    keys = {key for model in models for key in model.get("properties", {})}
    spoken = set(re.findall(r"`([a-z_]+)`", reference))
    assert sorted(keys - spoken) == []
