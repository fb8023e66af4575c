"""What sites ask about customers: who they are, what happened to them, their promo codes.

A customer is named by his internal id, or by `External` and an id of the retailer's own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Unpack
from urllib.parse import quote

from loyalty_ledger.client import shapes
from loyalty_ledger.client.call import Call, When, given, moment

_APP = "/priv/v1/apps/{api_key}"


class External(str):
    """A customer's id in the retailer's own books."""


def _of(user_id: str, rest: str = "") -> str:
    kind = "external/users" if isinstance(user_id, External) else "users"
    return f"{_APP}/{kind}/{quote(user_id, safe='')}{rest}"


def _read(path: str, part: str | None, query: Mapping[str, Any]) -> Call[Any]:
    return Call(family="core", method="GET", path=path, query=query, part=part)


def _write(
    method: str, path: str, body: Mapping[str, Any], part: str | None, request_id: str | None
) -> Call[Any]:
    return Call(
        family="core", method=method, path=path, body=body, part=part, writes=True,
        request_id=request_id,
    )  # fmt: skip


def create_user(user: Mapping[str, Any], *, request_id: str | None = None) -> Call[shapes.Created]:
    """Enrol a customer."""
    return _write("POST", f"{_APP}/users", {"user": user}, "user", request_id)


def read_user(
    user_id: str,
    *,
    expand_incentives: bool = False,
    user_profile: bool = False,
    **when: Unpack[When],
) -> Call[shapes.User]:
    """A customer; with balances and tiers when they are expanded, with all fields when asked."""
    asked = {"expand_incentives": expand_incentives, "user[user_profile]": user_profile}
    query = moment(when, **{name: "true" for name, wanted in asked.items() if wanted})
    return _read(_of(user_id), "user", query)


def update_user(
    user_id: str, user: Mapping[str, Any], *, request_id: str | None = None
) -> Call[shapes.Changed]:
    """Change a customer; what is left out stays as it is."""
    return _write("PUT", _of(user_id), {"user": user}, None, request_id)


def user_profile(
    user_id: str, fields: Mapping[str, Any], *, request_id: str | None = None
) -> Call[shapes.Changed]:
    """Keep fields of one's own about a customer, by name."""
    body = {"user_profile": fields}
    return _write("POST", _of(user_id, "/models/user_profile"), body, None, request_id)


def search_users(
    *, email: str | None = None, mobile_number: str | None = None, at_least: int | None = None
) -> Call[list[shapes.User]]:
    """The customer with this e-mail address or phone number, in a list; an empty one for nobody."""
    query = moment({}, email=email, mobile_number=mobile_number, at_least=at_least)
    return _read(f"{_APP}/users/search_users", "players", query)


def tag_user(
    user_id: str, tags: Sequence[str], *, ttl: int | None = None, request_id: str | None = None
) -> Call[shapes.Changed]:
    """Give a customer tags, for so many seconds or for good."""
    return _write("POST", _of(user_id, "/tags"), given(tags=tags, ttl=ttl), None, request_id)


def timeline(
    user_id: str,
    view: str = "NEW_VIEW",
    *,
    since: str | None = None,
    count: int | None = None,
    event_types: Sequence[str] = (),
    **when: Unpack[When],
) -> Call[shapes.Timeline]:
    """What happened to a customer, the latest first."""
    kinds = ",".join(event_types) or None
    query = moment(when, since=since, count=count, event_types=kinds)
    return _read(_of(user_id, f"/timelines/{view}"), None, query)


def tiers(*, at_least: int | None = None) -> Call[list[shapes.Tier]]:
    """Every level of every tier system, lowest first."""
    return _read(f"{_APP}/tiers", "tiers", moment({}, at_least=at_least))


def change_points(
    user_id: str, points: int, *, request_id: str | None = None
) -> Call[shapes.PointsChange]:
    """Give a customer points of the program's only source, or, below 0, spend some."""
    return _write("POST", _of(user_id, "/points"), {"points": points}, None, request_id)


def campaigns(user_id: str, **when: Unpack[When]) -> Call[shapes.Campaigns]:
    """The campaigns that are on for a customer, as `tiles`."""
    return _read(_of(user_id, "/campaigns"), "campaigns", moment(when))


def claim_promotion(
    user_id: str, code: str, *, request_id: str | None = None
) -> Call[shapes.Claim]:
    """Enter a promo code for a customer: all that it gives, or nothing."""
    path = _of(user_id, "/promotions/claims")
    return _write("POST", path, {"code": code}, "claim", request_id)


def limiters(user_id: str, **when: Unpack[When]) -> Call[list[shapes.Limiter]]:
    """How many right promo codes a customer has entered, and may enter."""
    return _read(_of(user_id, "/limiters"), "limiters", moment(when))


def lockout(user_id: str, **when: Unpack[When]) -> Call[shapes.Lockout]:
    """How many wrong promo codes a customer has entered, and whether he is locked out."""
    return _read(_of(user_id, "/lockout"), "lockout", moment(when))


def user_promotions(user_id: str, **when: Unpack[When]) -> Call[shapes.Entered]:
    """The promo codes that a customer entered: right ones, and wrong ones with the reason."""
    return _read(_of(user_id, "/promotions"), None, moment(when))


def promotions(*, at_least: int | None = None) -> Call[list[shapes.Promotion]]:
    """Every promotion with its codes and claims."""
    return _read(f"{_APP}/promotions", "promotions", moment({}, at_least=at_least))


def edit_promotion(
    promotion_id: str,
    name: str,
    kind: Literal["single_use", "multi_use", "third_party"],
    outcomes: Sequence[Mapping[str, Any]],
    *,
    request_id: str | None = None,
    **more: Any,
) -> Call[shapes.PromotionEdit]:
    """Put a promotion into the program, or change it there."""
    body = {"id": promotion_id, "name": name, "kind": kind, "outcomes": [*outcomes]} | more
    return _write("POST", f"{_APP}/promotions", body, "promotion", request_id)
