"""What things are called on the wire: one data file, and a tenant's own over it."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from loyalty_ledger.domain.values import Reason, Rejected

Family = Literal["pos", "connect", "core", "admin"]
_CLAIMS = "/promotions/claims"
_OF_CUSTOMER = re.compile(r"/priv/v1/apps/[^/]+/(?:external/)?users/[^/]+")
_PART = re.compile(r"\{\w+\}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")
_ASKED = ("modification_type", "offer_lookup_type", "reference_id_type", "user_id_type")
"""Enumerations whose words requests say, too."""
_DATA = resources.files("loyalty_ledger.http") / "wire.toml"


class Named:
    """What stands in an answer until it is told: then the names in force say it."""

    __slots__ = ("said_by",)

    def __init__(self, said_by: "Callable[[Names], Any]"):
        self.said_by = said_by


def code(reason: Reason) -> Named:
    """The code of a refusal within an answer."""
    return Named(lambda names: names.code(reason))


def word(enumeration: str, own: str) -> Named:
    """What a word of the ledger's own is called."""
    return Named(lambda names: names.enumeration(enumeration)[own])


def called(enumeration: str, own: str | None) -> Named:
    """The same for a word that may be none of the ledger's own: then it is as it is."""
    return Named(lambda names: own and names.enumeration(enumeration).get(own, own))


class Names:
    """The names in force."""

    def __init__(self, tables: Mapping[str, Any]):
        self._tables = tables
        self._meant = {name: _meanings(self.enumeration(name)) for name in _ASKED}

    def status(self, family: Family, *, ok: bool) -> str:
        """The status string of an answer of this family."""
        status: str = self._tables["status"][family]["ok" if ok else "refused"]
        return status

    def code(self, reason: Reason) -> str:
        """The error code of a refusal by the ledger."""
        code: str = self._tables["codes"][reason.value]
        return code

    def service_code(self, what: str) -> str:
        """The error code of a refusal by the service itself."""
        code: str = self._tables["codes"]["service"][what]
        return code

    def enumeration(self, name: str) -> dict[str, Any]:
        """What the ledger's own words of this kind are numbered or called on the wire."""
        words: dict[str, Any] = self._tables["enumerations"][name]
        return words

    def meant(self, enumeration: str, said: str) -> str:
        """The ledger's own word for what a request says; what is no name in force stays."""
        return self._meant[enumeration].get(said.casefold(), said)

    @property
    def understands_more(self) -> bool:
        """Whether requests may say words that are not the ledger's own."""
        return any(self._meant.values())

    def own_path(self, path: str) -> str:
        """The path of the service that is meant by one of the names in force."""
        whose = _OF_CUSTOMER.match(path)
        if whose is None or path[whose.end() :] != self._claims:
            return path
        return whose[0] + _CLAIMS

    def named_paths(self, paths: Sequence[str]) -> list[str]:
        """Every path that an operation with these is asked at, under the names in force, too."""
        named = (one.removesuffix(_CLAIMS) + self._claims for one in paths if one.endswith(_CLAIMS))
        return list(dict.fromkeys([*paths, *named]))

    @property
    def _claims(self) -> str:
        claims: str = self._tables["paths"]["claims"]
        return claims

    @property
    def needs_dates(self) -> bool:
        """Whether movements of points have to be asked for between two dates."""
        required: bool = self._tables["audit_log"]["dates_required"]
        return required

    @cached_property
    def without_request_ids(self) -> frozenset[str]:
        """Clients whose request ids of `send_transaction` are not looked at."""
        return frozenset(self._tables["clients"]["ignore_request_id"])


def read_names(own: Path | None = None, paths: Sequence[str] = ()) -> Names:
    """The names of the data file, under those of one's own; Rejected tells what is not known.

    `paths` are those that operations are asked at: a path of one's own must not hide one of them.
    """
    tables = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    if own is None:
        return Names(tables)
    try:
        given = tomllib.loads(own.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Rejected(Reason.VALIDATION, f"{own} is no TOML: {error}") from error
    merged = _over(tables, given, str(own))
    for name in _ASKED:
        _check_apart(merged["enumerations"][name], f"{own}: enumerations: {name}")
    claims = merged["paths"]["claims"]
    if not _PATH.fullmatch(claims):
        raise Rejected(Reason.VALIDATION, f"{own}: paths: claims must be a path such as {_CLAIMS}")
    hidden = next((one for one in paths if _hides(claims, one)), None)
    if hidden is not None:
        raise Rejected(
            Reason.VALIDATION,
            f"{own}: paths: claims must not be {claims}: {hidden} is a path already",
        )
    return Names(merged)


def _meanings(words: Mapping[str, str]) -> dict[str, str]:
    """The ledger's own words by what they are called instead, in one case."""
    return {name.casefold(): own for own, name in words.items() if name != own}


def _check_apart(words: Mapping[str, str], place: str) -> None:
    """Rejected when a word that requests say could mean two things, in whatever case."""
    for own, name in words.items():
        others = ({other, words[other]} for other in words if other != own)
        taken = {word.casefold() for both in others for word in both}
        if name.casefold() in taken:
            raise Rejected(Reason.VALIDATION, f"{place}: {name} must not mean {own} and another")


def _hides(claims: str, path: str) -> bool:
    """Whether claims at their own path could be taken for what is asked at another one."""
    if path.endswith(_CLAIMS):
        return False
    rest = _OF_CUSTOMER.sub("", path, count=1)
    return path.endswith(claims) or re.fullmatch(_PART.sub("[^/]+", rest), claims) is not None


def _over(known: dict[str, Any], given: dict[str, Any], place: str) -> dict[str, Any]:
    merged = dict(known)
    for name, value in given.items():
        if name not in known or type(value) is not type(known[name]):
            raise Rejected(
                Reason.VALIDATION, f"{place}: {name} is not known: {', '.join(known)} are"
            )
        merged[name] = _over(known[name], value, f"{place}: {name}") if _table(value) else value
    return merged


def _table(value: object) -> bool:
    return isinstance(value, dict)
