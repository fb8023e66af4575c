"""What the service can be asked: each operation with its paths, its scope, and what it does.

The tables of the families are all there is: routes, checks and the description are made of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.api_key import ApiKey, Scope
from loyalty_ledger.domain.operating import By
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http.jobs import Jobs
from loyalty_ledger.http.names import Family, Names
from loyalty_ledger.http.reasons import NOBODY, ONCE
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.sent import USUAL, Limits, Text

JSON = "application/json"


class Body(BaseModel):
    """A body, or a part of one: known fields are read strictly, others are no matter.

    null is as if the field were left out. Fields that take null are told of it all the same: where
    something is edited, it clears them.
    """

    model_config = ConfigDict(extra="ignore", strict=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        if not isinstance(given, dict) or None not in given.values():
            return given
        return {
            name: value
            for name, value in given.items()
            if value is not None or cls._takes_null(name)
        }

    @classmethod
    def _takes_null(cls, name: str) -> bool:
        field = cls.model_fields.get(name)
        return field is not None and NoneType in get_args(field.annotation)


class PosBody(Body):
    """The envelope of a call of a till. `request_id` is of this request alone."""

    store_id: Text
    client_id: Text
    request_id: Text
    culture: Text | None = None

    @property
    def request_key(self) -> tuple[str, str, str]:
        """What the request is known by."""
        return self.client_id, self.store_id, self.request_id


class Call(NamedTuple):
    """An operation under way: the body as it was read, and what else the request said."""

    ledger: Ledger
    key: ApiKey
    body: Any
    path: Mapping[str, str]
    query: Mapping[str, str]
    moment: Moment
    names: Names
    jobs: Jobs
    by: By


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked.

    `parameters` of the query are given with what they mean and their schema.
    `act` decides or answers; `tell` makes the payload of what it came to, and asks nobody: it is a
    `tells`, or nothing. What `writes` is answered once; what reads one customer may be asked
    `as_of` a moment. `limits` are those of its body. `refuses` is why the ledger may refuse it,
    beside what goes without saying. `failed` makes the payload for what is no refusal of the call,
    of its body; None where it is.
    """

    name: str
    family: Family
    paths: tuple[str, ...]
    scope: Scope
    summary: str
    asks: type[BaseModel] | None
    tells: type[Any] | None
    act: Callable[[Call], Any]
    tell: Callable[[Any], Any] = lambda result: result
    failed: Callable[[Any, Rejected], Any] = lambda _body, _refusal: None
    method: str = "POST"
    writes: bool = False
    as_of: bool = False
    parameters: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    refuses: tuple[Reason, ...] = ()
    media: str = JSON
    limits: Limits = USUAL

    @property
    def takes_id(self) -> bool:
        """Whether it may be asked under an id of the caller's making, beside its own body."""
        return self.writes and self.family in ("core", "connect")

    @property
    def waits(self) -> bool:
        """Whether it may be asked for an answer that includes a position of the log."""
        return not self.writes and self.media == JSON

    @property
    def reasons(self) -> frozenset[Reason]:
        """Every reason that the ledger may refuse it for."""
        known = {Reason.VALIDATION, *self.refuses}
        if self.as_of or self.family != "admin":
            known.add(Reason.NO_PROGRAM)
        if self.writes and self.family != "admin":
            known.update(ONCE)
        fields = self.asks.model_fields if self.asks is not None else {}
        if "user_id" in fields or any("_id}" in path for path in self.paths if "/users/" in path):
            known.update(NOBODY)
        return frozenset(known)
