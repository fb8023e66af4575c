"""What the service says of its answers, held against what it answers.

Every answer that a test of the service sees is looked at on its way out: an operation, a status, a
media type or a field that is not described, a code that is not listed, is told when the test ends.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loyalty_ledger.http.app import BY_THEMSELVES, OPERATIONS
from loyalty_ledger.http.guard import SAFE_HEADERS
from loyalty_ledger.http.names import Names, read_names
from loyalty_ledger.http.openapi import describe

UNSAID = {"Content-Type", "Content-Length", "Connection", "Allow"} | {
    name.decode().title() for name, _ in SAFE_HEADERS
}
"""Headers that go without saying: of HTTP itself, and those that every answer has alike."""
JSON = ("application/json", "application/problem+json")


class Answer(NamedTuple):
    """An answer as it went out, and what it answered."""

    method: str
    path: str
    status: int
    media: str
    body: bytes
    headers: frozenset[str]


class Description:
    """What a service of these names is described to answer."""

    def __init__(self, names: Names):
        self.document = describe((*BY_THEMSELVES, *OPERATIONS), names)
        self._validators: dict[str, list[jsonschema_rs.Draft202012Validator]] = {}
        paths = sorted(self.document["paths"], key=lambda path: path.count("{"))
        self._paths = [(re.compile(re.sub(r"{[^}]+}", "[^/]+", path)), path) for path in paths]

    def is_wrong(self, method: str, path: str, body: object) -> bool:
        """Whether a body is none that is described to be taken at a path of the description."""
        asked = self.document["paths"][path][method.lower()].get("requestBody")
        if asked is None:
            return False
        place = ("paths", path, method.lower(), "requestBody", "content", "application/json")
        return not any(one.is_valid(body) for one in self._checks((*place, "schema")))

    def at(self, place: tuple[str, ...]) -> dict[str, Any]:
        """What stands at that place of the document."""
        found = self.document
        for part in place:
            found = found[part]
        return found

    def path_of(self, raw: str) -> str | None:
        """The path of the description that is asked."""
        return next((path for form, path in self._paths if form.fullmatch(raw)), None)

    def problems(self, answer: Answer) -> Iterator[str]:
        """What is not as it is described."""
        path = self.path_of(answer.path)
        if path is None:
            if answer.status not in (404, 403):
                yield f"{answer.status} where nothing is"
            return
        methods = self.document["paths"][path]
        method = answer.method.lower()
        if method not in methods:
            if answer.status != 405 and method != "head":
                yield f"{answer.status} of what is not asked that way"
            return
        responses = methods[method]["responses"]
        told = responses.get(str(answer.status))
        if told is None:
            yield f"status {answer.status} is not described"
            return
        place: tuple[str, ...] = ("paths", path, method, "responses", str(answer.status))
        if "$ref" in told:
            place = tuple(told["$ref"].removeprefix("#/").split("/"))
            told = self.at(place)
        undescribed = answer.headers - {x.title() for x in told["headers"]} - UNSAID
        if undescribed:
            yield f"the headers {sorted(undescribed)} are not described of {answer.status}"
        if answer.media not in told["content"]:
            yield f"{answer.media} is not described of {answer.status}"
        elif answer.media in JSON:
            yield from self._unlike((*place, "content", answer.media, "schema"), answer)

    def _unlike(self, place: tuple[str, ...], answer: Answer) -> Iterator[str]:
        told = json.loads(answer.body)
        found = [list(one.iter_errors(told)) for one in self._checks(place)]
        if all(found):
            closest = max(found, key=lambda errors: len(errors[0].instance_path))
            yield from (f"{'.'.join(map(str, x.instance_path))} {x.message}"[:300] for x in closest)

    def _checks(self, place: tuple[str, ...]) -> list[jsonschema_rs.Draft202012Validator]:
        """What checks the schema there: one for each alternative that it has."""
        pointer = " ".join(place)
        if pointer not in self._validators:
            schema = self.at(place)
            self._validators[pointer] = [self._check(one) for one in schema.get("anyOf", [schema])]
        return self._validators[pointer]

    def _check(self, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        whole = {"components": self.document["components"], "allOf": [schema]}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def usual() -> Description:
    """The description of a service with the names of the data file."""
    return Description(read_names())


class Overheard:
    """Stands before a service and listens to its answers."""

    def __init__(self, app: ASGIApp, description: Description):
        self._app = app
        self._description = description
        self.untrue: list[str] = []
        self.heard = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun: dict[str, Any] = {}
        parts: list[bytes] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    self._hear(scope, begun, b"".join(parts))
            await send(message)

        await self._app(scope, receive, sending)

    def _hear(self, scope: Scope, begun: dict[str, Any], body: bytes) -> None:
        media = dict(begun["headers"]).get(b"content-type", b"").decode().partition(";")[0]
        path = scope["raw_path"].decode("latin-1")
        names = frozenset(name.decode().title() for name, _ in begun["headers"])
        answer = Answer(scope["method"], path, begun["status"], media, body, names)
        self.heard += 1
        for problem in self._description.problems(answer):
            self.untrue.append(f"{answer.method} {answer.path}: {problem}: {body[:1000]!r}")
