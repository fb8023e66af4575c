"""Customers, as the Core family names them: created, read, changed, searched, tagged."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.domain import customer_decisions
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.customer import USUAL, Standing
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http import reasons
from loyalty_ledger.http.operation import Body, Call, Operation
from loyalty_ledger.http.points import as_balances
from loyalty_ledger.http.progress import tier_details
from loyalty_ledger.http.user_sent import UserSent
from loyalty_ledger.http.user_view import as_user
from loyalty_ledger.identity import Reference, normalised
from loyalty_ledger.personal_fields import CORE, VERSION, own_fields
from loyalty_ledger.records import kept_field
from loyalty_ledger.sent import Text, refused

ROOT = "/priv/v1/apps/{api_key}"
USER, EXTERNAL = f"{ROOT}/users/{{user_id}}", f"{ROOT}/external/users/{{external_id}}"
MOST_TAGS, LONGEST_TTL_S = 100, 10 * 366 * 86_400
MOST_FIELDS, LONGEST_FIELD = 100, 1_000


class UserBody(Body):
    """A customer, created or changed."""

    user: UserSent


class ProfileBody(Body):
    """Fields of the operator's own about a customer, by name: of a name the last value stays.

    null takes a field away. `_version`, as reads tell it, is no matter.
    """

    user_profile: Annotated[dict[Text, Any], Field(min_length=1, max_length=MOST_FIELDS)]


class TagsBody(Body):
    """Tags for a customer, for so many seconds or for good."""

    tags: Annotated[list[Text], Field(min_length=1, max_length=MOST_TAGS)]
    ttl: Annotated[int, Field(strict=True, ge=1, le=LONGEST_TTL_S)] | None = None


# --- who ----------------------------------------------------------------------------------------


def customer(call: Call) -> str:
    """The customer that the path names; Rejected when there is none."""
    user_id = call.path.get("user_id")
    if user_id is not None:
        return call.ledger.answers.find(Reference("id", "", user_id))
    return call.ledger.answers.find(Reference("external", "", call.path["external_id"]))


def _references(user: UserSent) -> list[Reference]:
    found = []
    if user.external_id is not None:
        found.append(normalised("external", user.external_id_type or "", user.external_id))
    if user.email is not None:
        found.append(normalised("email", "", user.email))
    for phone in user.phone_numbers or ():
        reference = normalised("phone", "", phone.phone_number)
        if not reference.value:
            raise refused([("user.phone_numbers", "must hold digits")])
        found.append(reference)
    return list(dict.fromkeys(found))


def _said_whole(user: UserSent) -> list[str]:
    """Of which kinds what is said is all: he has one address, and the phones that are listed."""
    said = {"email": user.email, "phone": user.phone_numbers}
    return [kind for kind, value in said.items() if value is not None]


def _fields(user: UserSent) -> dict[str, str]:
    return {name: value for name in CORE if (value := getattr(user, name)) is not None}


def _standing(user: UserSent, standing: Standing) -> Standing:
    asked = (user.opted_in, user.suspended, user.test_account)
    before = (standing.opted_in, standing.suspended, standing.test)
    opted_in, suspended, test = (b if a is None else a for a, b in zip(asked, before, strict=True))
    return standing._replace(opted_in=opted_in, suspended=suspended, test=test)


# --- writing ------------------------------------------------------------------------------------


def _create(call: Call) -> str:
    user: UserSent = call.body.user
    references = _references(user)
    if not references:
        raise refused([("user", "needs an external_id, an email or a phone number")])
    return call.ledger.customers.enrol(references, _standing(user, USUAL), _fields(user))


def _as_created(customer_id: str) -> dict[str, Any]:
    """Answers of writes are kept for ever, and so hold no personal data."""
    return {"user": {"id": customer_id}}


def _update(call: Call) -> bool:
    user: UserSent = call.body.user
    return call.ledger.customers.update(
        customer(call),
        lambda standing, _at: _standing(user, standing),
        _fields(user),
        _references(user),
        call.by,
        _said_whole(user),
    )


def _as_changed(changed: bool) -> dict[str, bool]:
    return {"changed": changed}


def _profile(call: Call) -> bool:
    said: dict[str, Any] = call.body.user_profile
    core_ones = [name for name in CORE if name in said]
    if core_ones:
        (name, *_) = core_ones
        why = f"is no field of your own: send it as user.{name} where customers are changed"
        raise refused([(f"user_profile.{name}", why)])
    fields = {name: _as_kept(name, value) for name, value in said.items() if name != VERSION}
    long = [name for name, text in fields.items() if text and len(text) > LONGEST_FIELD]
    if long:
        raise refused([(f"user_profile.{long[0]}", f"is longer than {LONGEST_FIELD:,} characters")])
    return call.ledger.customers.update(customer(call), personal=fields, by=call.by)


def _as_kept(name: str, value: object) -> str | None:
    return None if value is None else kept_field(name, value)[1]


def _tag(call: Call) -> bool:
    asked: TagsBody = call.body
    ends = None if asked.ttl is None else call.moment.now + timedelta(seconds=asked.ttl)
    return call.ledger.customers.change(
        customer(call), lambda standing, at: _tagged(standing, asked.tags, ends, at)
    )


def _tagged(standing: Standing, tags: list[str], ends: datetime | None, at: datetime) -> Standing:
    for tag in tags:
        standing = customer_decisions.tagged(standing, tag, ends, at)
    return standing


# --- reading ------------------------------------------------------------------------------------


def _read(call: Call) -> dict[str, Any]:
    customer_id = customer(call)
    user = as_user(call, customer_id)
    if call.query.get("expand_incentives") == "true":
        profile = call.ledger.answers.profile(customer_id, call.moment)
        user["tier_details"] = {
            "tier_levels": tier_details(call, customer_id),
            "point_account_balances": as_balances(profile.customer_id, profile.accounts, call),
        }
    if call.query.get("user[user_profile]") == "true":
        user["user_profile"] = own_fields(call.ledger.log.personal(customer_id))
    return {"user": user}


def _search(call: Call) -> dict[str, Any]:
    asked = [
        normalised(kind, "", text)
        for kind, name in (("email", "email"), ("phone", "mobile_number"))
        if (text := call.query.get(name)) is not None
    ]
    if len(asked) != 1 or not asked[0].value:
        raise refused([("email", "or mobile_number must be given: one of them")])
    try:
        found = [call.ledger.answers.find(asked[0])]
    except Rejected as refusal:
        if refusal.code != Reason.UNKNOWN_CUSTOMER:
            raise
        found = []
    return {"players": [as_user(call, one) for one in found]}


def both(rest: str = "") -> tuple[str, ...]:
    """The path of a customer by his internal id, and by an external one."""
    return (USER + rest, EXTERNAL + rest)


def core(
    name: str,
    method: str,
    paths: tuple[str, ...],
    scope: Scope,
    summary: str,
    act: Any,
    **more: Any,
) -> Operation:
    """An operation of the Core family."""
    given = {"asks": None, "tells": None} | more
    return Operation(
        name=name, family="core", paths=paths, scope=scope, summary=summary, method=method,
        act=act, **given,
    )  # fmt: skip


_TEXT = {"type": "string", "minLength": 1, "maxLength": 120}
_SWITCH = {"type": "string", "enum": ["true", "false"]}
OPERATIONS = (
    core(
        "create_user", "POST", (f"{ROOT}/users",), Scope.MEMBER, "Enrol a customer.", _create,
        asks=UserBody, tells=shapes.CreatedUser, tell=_as_created, writes=True,
        refuses=reasons.TAKEN,
    ),
    core(
        "search_users", "GET", (f"{ROOT}/users/search_users",), Scope.OPERATOR,
        "The customer with this e-mail address or phone number.", _search,
        parameters=(
            ("email", "An e-mail address, whole.", _TEXT),
            ("mobile_number", "A phone number, whole.", _TEXT),
        ), refuses=reasons.NOBODY, tells=shapes.Players,
    ),
    core(
        "read_user", "GET", both(), Scope.MEMBER, "A customer.", _read, as_of=True,
        parameters=(
            ("expand_incentives", "With balances and tiers.", _SWITCH),
            ("user[user_profile]", "With the fields of your own.", _SWITCH),
        ), tells=shapes.Found,
    ),
    core(
        "update_user", "PUT", both(), Scope.MEMBER,
        "Change a customer; an e-mail address or a list of phones takes the place of the former.",
        _update,
        asks=UserBody, tell=_as_changed, writes=True, refuses=reasons.TAKEN, tells=shapes.Changed,
    ),
    core(
        "user_profile", "POST", both("/models/user_profile"), Scope.MEMBER,
        "Keep fields of one's own about a customer.", _profile,
        asks=ProfileBody, tell=_as_changed, writes=True, tells=shapes.Changed,
    ),
    core(
        "tag_user", "POST", both("/tags"), Scope.MEMBER,
        "Give a customer tags, for so many seconds or for good.", _tag,
        asks=TagsBody, tell=_as_changed, writes=True, tells=shapes.Changed,
    ),
)  # fmt: skip
