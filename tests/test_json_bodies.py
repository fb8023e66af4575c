"""A body says one thing: no name twice, no NUL, no number beyond what others can hold."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.json_body import MOST_SEARCHED, decoded

# Marks that the count of colons and of escapes could be mistaken by.
TEXTS = st.text(st.sampled_from('a:\\"/\n{}[],uU003A\u00e9\U0001f600'), max_size=6)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.decimals(-9, 9, places=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
ESCAPED = st.functions(like=lambda place: True, returns=st.booleans(), pure=True)


def written(value: Any, escaped: Any, twice: list[int]) -> str:
    """The value as JSON, partly in escapes; the member that is counted off stands there twice."""
    if isinstance(value, dict):
        members = []
        for name, one in value.items():
            members.append(f"{written(name, escaped, twice)} : {written(one, escaped, twice)}")
            twice[0] -= 1
            if twice[0] == 0:
                members.append(f"{json.dumps(name)}:{written(one, escaped, [0])}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(one, escaped, twice) for one in value) + "]"
    if isinstance(value, str):
        plain = json.dumps(value, ensure_ascii=False)[1:-1]
        if "\\" not in plain:  # an escape in an escape would be another text
            in_escapes = [(f"\\u{ord(one):04X}", f"\\u{ord(one):04x}") for one in plain]
            plain = "".join(
                in_escapes[place][place % 2] if ord(one) < 1 << 16 and escaped(place) else one
                for place, one in enumerate(plain)
            )
        return f'"{plain}"'
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def members(value: Any) -> int:
    """How many members the objects in a value have."""
    if isinstance(value, dict):
        return len(value) + sum(map(members, value.values()))
    return sum(map(members, value)) if isinstance(value, list) else 0


@given(st.dictionaries(TEXTS, TREES, max_size=4), ESCAPED, st.data())
def test_what_says_one_thing_is_read_and_what_has_a_name_twice_is_not(
    value: dict[str, Any], escaped: Any, data: st.DataObject
) -> None:
    assert decoded(written(value, escaped, [0]).encode()) == value
    count = members(value)
    if count:
        twice = data.draw(st.integers(1, count))
        with pytest.raises(Rejected, match="stands twice in one object"):
            decoded(written(value, escaped, [twice]).encode())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"amount":1,"amount":99}', "amount stands twice in one object"),
        (r'{"a":[{"b":{"c":1,"\u0063":1}}]}', r"a\[0\].b.c stands twice"),
        ('{"":1,"":1}', "'' stands twice"),
        (r'{"a\u000ab":1,"a\nb":1}', r"'a\\nb' stands twice"),
        (r'{"a":["b\u0000"]}', r"a\[0\] holds a NUL"),
        (r'{"a":{"b\u0000":1}}', r"a.'b\\x00' holds a NUL"),
        (r'{"a":"\\\u0000"}', "a holds a NUL"),
        ('{"a":[1,1e309]}', r"a\[1\] is a number beyond 1E308"),
        ('{"a":-1e-309}', "a is a number beyond"),
        ('{"a":1e99999999999999999999}', "a is a number beyond"),
        ('{"a":1e400', "not readable as JSON"),
        ('{"a":' + "9" * 5_000 + "}", "not readable as JSON"),
    ],
)
def test_what_cannot_be_taken_is_named(body: str, told: str) -> None:
    with pytest.raises(Rejected, match=f"^{told}"):
        decoded(body.encode())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"b":1,"b":2}', "ambiguous: a name stands twice"),
        (r'"\u0000"', "holding a NUL"),
        ("1e309", "holding a number beyond 1E308"),
    ],
)
def test_in_a_large_body_it_is_told_and_not_searched_for(body: str, told: str) -> None:
    with pytest.raises(Rejected, match=f"^{told}"):
        decoded(b'{"a":["' + b"x" * MOST_SEARCHED + b'",' + body.encode() + b"]}")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (r'{"a":"\\u0000"}', r"\u0000"),
        (r'{"a":"\\\\u003a:"}', r"\\u003a:"),
        ('{"a":1e308}', Decimal("1e308")),
        ('{"a":0.10}', Decimal("0.10")),
        ('{"a":1.' + "1" * 400 + "}", Decimal("1." + "1" * 400)),
        ('{"a":' + "9" * 4_000 + "}", int("9" * 4_000)),
    ],
)
def test_what_only_looks_like_it_is_taken_exactly(body: str, value: object) -> None:
    assert decoded(body.encode()) == {"a": value}
