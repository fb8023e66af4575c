"""What is decided about a customer: that he exists, his consent, his tags, his flags."""

from collections.abc import Iterator
from datetime import date, datetime

from loyalty_ledger.domain.customer import Customer, Standing, holding
from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    ExternalTypeUsed,
)
from loyalty_ledger.domain.values import Reason, Rejected

TOO_YOUNG = 13
"""A member is older than this, in whole years."""
MOST_TAGS = 1_000


def enrol(
    customer_id: str, number: int, standing: Standing, at: datetime, cause: str = ""
) -> CustomerEnrolled:
    """The customer begins. `number` counts those enrolled under his identifier."""
    begins = _normal(standing, at)
    return CustomerEnrolled(
        at=at,
        customer_id=customer_id,
        number=number,
        opted_in=begins.opted_in,
        tags=list(begins.tags),
        cause=cause,
        tag_ends=dict(begins.tag_ends),
        suspended=begins.suspended,
        test=begins.test,
    )


def change(
    customer_id: str, before: Customer, wanted: Standing, at: datetime
) -> list[CustomerChanged]:
    """The change of consent, tags or flags; nothing when they are so already."""
    after = _normal(wanted, at)
    if after == _normal(before.standing, at):
        return []
    return [
        CustomerChanged(
            at=at,
            customer_id=customer_id,
            opted_in=after.opted_in,
            tags=list(after.tags),
            tag_ends=dict(after.tag_ends),
            suspended=after.suspended,
            test=after.test,
        )
    ]


def retagged(standing: Standing, tags: tuple[str, ...]) -> Standing:
    """The same with these tags and no others; those that were there end as they would have."""
    ends = tuple((tag, end) for tag, end in standing.tag_ends if tag in tags)
    return standing._replace(tags=tags, tag_ends=ends)


def tagged(standing: Standing, tag: str, ends: datetime | None, at: datetime) -> Standing:
    """The same with this tag until then, or for good. Rejected when it would be over already."""
    if ends is not None and ends <= at:
        raise Rejected(
            Reason.VALIDATION, "a tag has to end later than now", {"field": "expires_at"}
        )
    rest = untagged(standing, tag)
    if len(rest.tags) >= MOST_TAGS:
        raise Rejected(
            Reason.VALIDATION, f"a customer has at most {MOST_TAGS:,} tags", {"field": "tags"}
        )
    until = () if ends is None else ((tag, ends),)
    return rest._replace(tags=(*rest.tags, tag), tag_ends=(*rest.tag_ends, *until))


def untagged(standing: Standing, tag: str) -> Standing:
    """The same without this tag."""
    return retagged(standing, tuple(one for one in standing.tags if one != tag))


def _normal(standing: Standing, at: datetime) -> Standing:
    """Tags in order, and without those that are over: they hold no more, whoever asks when."""
    ends = dict(standing.tag_ends)
    tags = tuple(sorted(set(holding(standing.tags, ends, at))))
    return standing._replace(
        tags=tags, tag_ends=tuple((tag, ends[tag]) for tag in tags if tag in ends)
    )


def check_age(born: date, today: date) -> None:
    """Rejected for somebody who is not older than thirteen, or not born yet."""
    had_birthday = (today.month, today.day) >= (born.month, born.day)
    if today.year - born.year - (not had_birthday) <= TOO_YOUNG:
        raise Rejected(
            Reason.VALIDATION,
            f"dob: a customer has to be older than {TOO_YOUNG} years",
            {"field": "dob", "older_than": TOO_YOUNG},
        )


def use_type(
    name: str, known: tuple[str, ...], sor: bool, at: datetime
) -> Iterator[ExternalTypeUsed]:
    """An external id of this type comes up. Rejected when they are the internal ids of another."""
    if name in known:
        return
    if sor and known:
        raise Rejected(
            Reason.VALIDATION,
            f"customer_ids is sor, and external ids are of type {known[0]!r}: there can be no"
            f" other; link it with that type, or publish customer_ids: translate",
            {"field": "type", "types": list(known)},
        )
    yield ExternalTypeUsed(at=at, type=name)


def check_sor(types: tuple[str, ...]) -> None:
    """Rejected when external ids cannot stand for internal ones, since there are several types."""
    if len(types) > 1:
        raise Rejected(
            Reason.VALIDATION,
            f"customer_ids: sor takes one type of external ids, and there are {len(types)}:"
            f" {', '.join(types[:5])}; use translate",
            {"field": "customer_ids", "types": list(types)},
        )
