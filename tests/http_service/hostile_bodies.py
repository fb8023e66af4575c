"""Bodies, values and requests that somebody sends to break the service, each by its name."""

import gzip
import json
from typing import Any

MIB = 1 << 20
DEEP = 100_000

# Instead of a body.
BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "null": b"null",
    "a number": b"1",
    "a text": b'"body"',
    "a list": b"[]",
    "a list of objects": b"[{}]",
    "an object without an end": b'{"user_id": "x"',
    "two objects": b"{}{}",
    "a trailing comma": b'{"user_id": "x",}',
    "single quotes": b"{'user_id': 'x'}",
    "a comment": b'{"user_id": "x" /* here */}',
    "NaN": b'{"user_id": NaN}',
    "Infinity": b'{"user_id": Infinity}',
    "minus Infinity": b'{"user_id": -Infinity}',
    "hexadecimal": b'{"user_id": 0x10}',
    "a leading zero": b'{"user_id": 007}',
    "lists without an end, 100,000 deep": b'{"user_id": ' + b"[" * DEEP,
    "lists 100,000 deep": b'{"user_id": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "objects 100,000 deep": b'{"a": ' * DEEP + b"1" + b"}" * DEEP,
    "an unknown field 100,000 deep": b'{"zzz": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "lists 900 deep": b'{"zzz": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a raw surrogate": b'{"user_id": "\xed\xa0\x80"}',
    "broken UTF-8": b'{"user_id": "\xff\xfe"}',
    "an overlong UTF-8 NUL": b'{"user_id": "\xc0\x80"}',
    "a raw NUL": b'{"user_id": "\x00"}',
    "a raw line end": b'{"user_id": "a\nb"}',
    "a BOM": b'\xef\xbb\xbf{"user_id": "x"}',
    "UTF-16": '{"user_id": "x"}'.encode("utf-16"),
    "UTF-32": '{"user_id": "x"}'.encode("utf-32"),
    "a lone escaped surrogate as a key": b'{"\\ud800": 1}',
    "half a million numbers in a list": b"[" + b"1," * (MIB // 2 - 10) + b"1]",
    "half a million unknown numbers": b'{"zzz": [' + b"1," * (MIB // 2 - 20) + b"1]}",
    "half a million numbers for a name": b'{"user_id": [' + b"1," * (MIB // 2 - 20) + b"1]}",
    "ninety thousand keys": b'{"a":1' + b"".join(b',"%d":1' % i for i in range(90_000)) + b"}",
    "a hundred thousand times one key": b'{"a":1' + b',"a":1' * 100_000 + b"}",
    "one key of a mebibyte": b'{"' + b"k" * (MIB - 10) + b'": 1}',
    "one text of a mebibyte": b'{"user_id": "' + b"x" * (MIB - 20) + b'"}',
    "one number of a mebibyte": b'{"user_id": ' + b"9" * (MIB - 20) + b"}",
    "one fraction of a mebibyte": b'{"user_id": 0.' + b"9" * (MIB - 20) + b"}",
    "one exponent of a mebibyte": b'{"user_id": 1e' + b"9" * (MIB - 20) + b"}",
    "half a mebibyte of escapes": b'{"user_id": "' + b"\\u0000" * (MIB // 6 - 10) + b'"}',
    "a program of 49,000 empty sections": b'{"rules": [' + b"{}," * 48_999 + b"{}]}",
    "a program of 49,000 empty levels": b'{"tier_systems": [{"levels": ['
    + b"{}," * 48_998
    + b"{}]}]}",
    "a program of 9,000 empty sections": b'{"promotions": [' + b"{}," * 8_999 + b"{}]}",
    "one key twice": b'{"user_id": "x", "user_id": "x"}',
    "one key twice, once in escapes": b'{"user_id": "x", "user\\u005fid": "x"}',
    "one key with a colon twice": b'{"a:": 1, "a\\u003a": "\\u003A::"}',
    "one key twice in the depths": b'{"zzz": '
    + b'[{"a":' * 30
    + b'{"b":1,"b":2}'
    + b"}]" * 30
    + b"}",
    "49,000 times one key": b'{"a":1' + b',"a":1' * 49_000 + b"}",
    "one key twice in the last of 24,000": b'{"a":[' + b'{"b":1},' * 24_000 + b'{"b":1,"b":2}]}',
    "a NUL in an unknown field": b'{"zzz": [{"a": ["\\\\\\u0000"]}]}',
    "a NUL in a key": b'{"zzz": {"a\\u0000": 1}}',
    "1e400 in an unknown field": b'{"zzz": [1e400]}',
    "1e-999999999 in an unknown field": b'{"zzz": {"a": 1e-999999999}}',
    "a byte over the limit": b'{"user_id": "' + b"x" * MIB + b'"}',
    "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "a form": b"user_id=x&store_id=main",
    "a pickle": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "gzip": gzip.compress(b'{"user_id": "x"}'),
}

_FOUR = 4 * MIB
# Instead of those, where a body may have 4 MiB.
LONGER: dict[str, bytes] = {
    "half a million numbers in a list": b'{"items": [' + b"{}," * 99_990 + b"{}]}",
    "half a million unknown numbers": b'{"zzz": [' + b"1," * 99_990 + b"1]}",
    "half a million numbers for a name": b'{"items": [' + b"1," * (_FOUR // 2 - 20) + b"1]}",
    "lists 100,000 deep": b"[" * (_FOUR // 2) + b"]" * (_FOUR // 2),
    "objects 100,000 deep": b'{"items": [' + b"[]" * (_FOUR // 2 - 20) + b"]}",
    "one key of a mebibyte": b"[" * 70 + b'"",' * 99_000 + b'""' * (2 * MIB - 200_000),
    "one text of a mebibyte": b'{"items": "' + b"x" * (_FOUR - 20) + b'"}',
    "ninety thousand keys": b'{"items": [' + b'{"sku":"a"},' * 99_000 + b"{}]}",
    "one key twice in the last of 24,000": b'{"items":['
    + b'{"sku":"a"},' * 49_000
    + b'{"sku":"a","sku":"a"}]}',
    "a NUL in an unknown field": b'{"zzz": "' + b"x" * (_FOUR - 40) + b'\\u0000"}',
    "a byte over the limit": b'{"items": "' + b"x" * _FOUR + b'"}',
}

# Instead of each value of a body that is right, as JSON.
VALUES: dict[str, bytes] = {
    "null": b"null",
    "true": b"true",
    "an object": b"{}",
    "a list": b"[]",
    "an object of the event store": b'{"_type_": "tuple_as_list", "_data_": [1]}',
    "a class to be made": b'{"_type_": "builtins:eval", "_data_": "1"}',
    "zero": b"0",
    "minus zero": b"-0",
    "minus zero with a point": b"-0.0",
    "a fraction": b"1.5",
    "a whole number with a point": b"1.0",
    "1e400": b"1e400",
    "1e-400": b"1e-400",
    "1e999999999": b"1e999999999",
    "2^31": b"2147483648",
    "2^63": b"9223372036854775808",
    "minus 2^63 - 1": b"-9223372036854775809",
    "2^200": str(2**200).encode(),
    "5,000 digits": b"9" * 5_000,
    "an empty text": b'""',
    "a blank text": b'" "',
    "an escaped surrogate": b'"\\ud800"',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "an escaped NUL": b'"\\u0000"',
    "a line end": b'"a\\r\\nX-Injected: 1"',
    "a text of 100,000": b'"' + b"x" * 100_000 + b'"',
    "a text written right to left": json.dumps("\u202egro.elpmaxe").encode(),
    "a combined letter": json.dumps("e\u0301" * 50).encode(),
    "a wide letter": json.dumps("\ufdfa" * 120).encode(),
    "a noncharacter": json.dumps("\uffff\U0010ffff").encode(),
    "SQL": b'"\' OR 1=1; DROP TABLE event; --"',
    "a LIKE pattern": b'"%_%"',
    "a format": b'"{0.__class__} %s %n ${jndi:ldap://x}"',
    "a path": b'"../../etc/passwd"',
    "a time of the year 0": b'"0000-01-01T00:00:00Z"',
    "a time of the year 10000": b'"10000-01-01T00:00:00Z"',
    "the last time there is": b'"9999-12-31T23:59:59.999999-14:00"',
    "30 February": b'"2026-02-30T00:00:00Z"',
    "digits of another script": json.dumps("\u0661\u0662").encode(),
    "a list of everything": b'[null, true, 1, "x", {}, []]',
    "a list of a thousand": b"[" + b"{}," * 999 + b"{}]",
}

UNREADABLE = {
    *("1e400", "1e-400", "1e999999999", "5,000 digits"),
    *("an escaped surrogate", "surrogates the wrong way round", "an escaped NUL"),
}
"""Those that make a body unreadable, wherever in it they stand. Every other one is harmless data
of a sale where the ledger gives the field no meaning, and is read back with it as it was sent."""

TEXTS = {
    *("a blank text", "a text written right to left", "a combined letter", "a wide letter"),
    *("a noncharacter", "SQL", "a LIKE pattern", "a format", "a path", "30 February"),
    *("a time of the year 0", "a time of the year 10000", "the last time there is"),
    "digits of another script",
}
"""Those that are taken as harmless where any text may stand, and read back as such."""

SMALL = {"null", "true", "a list", "zero", "minus zero", "a whole number with a point"}
"""Those that are taken where they are right: an option, an empty list, a count. All others are
refused where a field has a meaning."""

HEADERS: dict[str, dict[str, str | bytes]] = {
    "a gzip bomb": {"Content-Encoding": "gzip"},
    "packed twice": {"Content-Encoding": "identity, gzip"},
    "another content type": {"Content-Type": "text/xml; charset=utf-16"},
    "no content type": {"Content-Type": ""},
    "a content type that is none": {"Content-Type": b"\xff\xfe/;=;"},
    "a request id that adds a header": {"X-Request-Id": b"a\tb: c"},
    "a long request id": {"X-Request-Id": "x" * 5_000},
    "a request id beyond ASCII": {"X-Request-Id": b"\xff\xfe"},
    "a message id beyond ASCII": {"Message-ID": b"\xff\xc3\xa9"},
    "a long message id": {"Message-ID": "x" * 5_000},
    "an empty message id": {"Message-ID": ""},
    "an as-of beyond ASCII": {"X-As-Of": b"\xff"},
    "another host": {"Host": "evil.example"},
    "a forwarded scheme": {"X-Forwarded-Proto": "https", "X-Forwarded-For": "\u00e9".encode()},
    "another method": {"X-HTTP-Method-Override": "DELETE"},
    "an origin": {"Origin": "null", "Access-Control-Request-Method": "PUT"},
    "ranges": {"Range": "bytes=" + ",".join(f"{i}-" for i in range(500))},
    "many cookies": {"Cookie": "; ".join(["a=b"] * 500)},
}

CREDENTIALS: dict[str, bytes] = {
    "an empty one": b"",
    "a scheme alone": b"Basic",
    "no base 64": b"Basic \xff\xfe\x00"[:8],
    "base 64 of no text": b"Basic //79",
    "a key without a secret": b"Basic a2V5",
    "a colon": b"Basic Og==",
    "a NUL and a surrogate": b"Basic AO2ggDrtoIA=",
    "a bearer beyond ASCII": b"Bearer \xc3\xa9.\xe9",
    "a very long one": b"Bearer " + b"x." * 10_000,
    "a token signed with none": b"Bearer eyJhbGciOiJub25lIn0.e30.",
    "two schemes": b"Basic Bearer a.b",
}

QUERIES = [
    "as_of=garbage", "as_of=", "as_of=%00", "as_of=%ff", "as_of=9999-12-31", "as_of=0001-01-01",
    "as_of=2026-01-01&as_of=2026-01-02", "as_of=2026-01-01T00:00:00%2B99:99", "known_at=NaN",
    "at_least=-1", "at_least=1e9", "at_least=9223372036854775808", "at_least=" + "9" * 5_000,
    "at_least=%D9%A1", "at_least=", "at_least=%00", "as_of=" + "x" * 8_000,
    "&".join(f"a{i}=1" for i in range(2_000)), "%", "=", "&&&", "a[]=1&a[b]=2", "%ud800=1",
    "skip=-1&take=99999999999999999999", "version=%00", "version=99999999999999999999",
    "email=%00", "email=" + "x" * 8_000, "mobile_number=%D9%A1%D9%A2",
]  # fmt: skip

PATHS = [
    "/..", "/../..", "/%2e%2e/%2e%2e/etc/passwd", "/%00", "//", "///users", "/%2F", "/%ff%fe",
    "/%ed%a0%80", "/users/%00", "/users/..%2f..", "/users/" + "x" * 8_000, "/users/%0d%0aX-A: 1",
    "/users/;jsessionid=1", "/users/%F0%9F%92%A9", "/users/x/timelines/%00",
    "/users/external/users/", "/users/%E2%80%AE/limiters", "/users/x/timelines/../../..",
]  # fmt: skip


def with_each_value(body: Any, instead: bytes) -> list[bytes]:
    """The body as often as it has values, each time with another one replaced by this JSON."""
    mark = "\x01"
    return [
        json.dumps(changed).encode().replace(json.dumps(mark).encode(), instead)
        for changed in _each_replaced(body, mark)
    ]


def _each_replaced(value: Any, mark: str) -> list[Any]:
    found: list[Any] = [mark]
    if isinstance(value, dict):
        for name, one in value.items():
            found += [value | {name: changed} for changed in _each_replaced(one, mark)]
    elif isinstance(value, list):
        for place, one in enumerate(value):
            found += [
                [*value[:place], changed, *value[place + 1 :]]
                for changed in _each_replaced(one, mark)
            ]
    return found
