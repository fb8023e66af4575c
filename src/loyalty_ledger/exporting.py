"""Exports: every customer's balances, levels or movements, and the events, as files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.event_rows import COLUMNS, event_row
from loyalty_ledger.export_files import WRITERS
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.instants import to_micros
from loyalty_ledger.store.schema import event_customer, personal
from loyalty_ledger.store.schema import events as log_events
from loyalty_projections.profile import Profile
from loyalty_projections.profile_tables import CUSTOMERS, CustomerRow
from loyalty_projections.rows import Above

Row = dict[str, Any]
Progress = Callable[[int, int], None]
CUSTOMERS_AT_ONCE = 500
EVENTS_AT_ONCE = 1_000


def balances(ledger: Ledger, moment: Moment) -> Iterator[Row]:
    """A row per customer and point account."""
    for external_id, profile in everybody(ledger, moment):
        for one in profile.accounts:
            yield {
                "customer_id": profile.customer_id,
                "external_id": external_id,
                "account": one.account,
                "available": one.available,
                "lifetime": one.lifetime,
            }


def tiers(ledger: Ledger, moment: Moment) -> Iterator[Row]:
    """A row per customer and tier system, the first level included."""
    for external_id, profile in everybody(ledger, moment):
        for one in profile.tiers:
            yield {
                "customer_id": profile.customer_id,
                "external_id": external_id,
                "system": one.system,
                "level": one.level,
                "since": one.since,
            }


def history(ledger: Ledger, moment: Moment) -> Iterator[Row]:
    """A row per movement, customer by customer."""
    everyone = (pair for named in groups(ledger, moment) for pair in named.items())
    for customer_id, external_id in everyone:
        for one in ledger.answers.history(customer_id, moment):
            yield {
                "customer_id": customer_id,
                "external_id": external_id,
                "at": one.at,
                "recorded_at": one.recorded_at,
                "account": one.account,
                "points": one.points,
                "kind": one.kind,
                "rule": one.rule,
                "transaction": one.transaction,
                "cause": one.cause,
            }


def events(ledger: Ledger, moment: Moment) -> Iterator[Row]:
    """A row per event of the log that had happened, and was recorded, by then."""
    position = 0
    while found := ledger.log.read(position, EVENTS_AT_ONCE):
        for one in found:
            happened = moment.as_of is None or one.event.at <= moment.as_of
            known = moment.known_at is None or one.recorded_at <= moment.known_at
            if happened and known:
                yield event_row(one)
        position = found[-1].position


EXPORTS: dict[str, tuple[Callable[[Ledger, Moment], Iterator[Row]], tuple[str, ...]]] = {
    "balances": (balances, ("customer_id", "external_id", "account", "available", "lifetime")),
    "tiers": (tiers, ("customer_id", "external_id", "system", "level", "since")),
    "history": (
        history,
        (
            "customer_id",
            "external_id",
            "at",
            "recorded_at",
            "account",
            "points",
            "kind",
            "rule",
            "transaction",
            "cause",
        ),
    ),
    "events": (events, COLUMNS),
}
"""What can be exported, and its columns."""


def everybody(ledger: Ledger, moment: Moment) -> Iterator[tuple[str, Profile]]:
    """Every customer's first external id and profile, in order of internal id."""
    for named in groups(ledger, moment):
        profiles = ledger.answers.profiles(list(named), moment)
        yield from zip(named.values(), profiles, strict=True)


def groups(ledger: Ledger, moment: Moment) -> Iterator[dict[str, str]]:
    """Those enrolled by then, in groups: the internal id and the first external one, or nothing.

    Rejected when no program was known, also where nobody was.
    """
    ledger.answers.definitions(moment)
    after = ""
    while True:
        behind = after
        rows = ledger.projector.ask(
            lambda reader, behind=behind: reader.select(  # type: ignore[misc]
                CUSTOMERS, limit=CUSTOMERS_AT_ONCE, customer_id=Above(behind)
            )
        )
        if not rows:
            return
        ids = _known(ledger, [row.customer_id for row in rows if _there(row, moment)], moment)
        named = _external_ids(ledger, ids)
        yield {customer_id: named.get(customer_id, "") for customer_id in ids}
        after = rows[-1].customer_id


def _there(row: CustomerRow, moment: Moment) -> bool:
    return moment.as_of is None or row.enrolled_at is None or row.enrolled_at <= moment.as_of


def _known(ledger: Ledger, ids: Sequence[str], moment: Moment) -> list[str]:
    """Those of whom anything was recorded by then."""
    if moment.known_at is None:
        return [*ids]
    theirs = log_events.c.position == event_customer.c.position
    query = (
        select(event_customer.c.customer_id)
        .distinct()
        .where(theirs, event_customer.c.customer_id.in_(ids))
        .where(log_events.c.recorded_at <= to_micros(moment.known_at))
    )
    with ledger.log.engine.connect() as connection:
        found = set(connection.scalars(query))
    return [one for one in ids if one in found]


def _external_ids(ledger: Ledger, ids: Sequence[str]) -> dict[str, str]:
    """The first external id of each, the one without a type before those with one."""
    # Types are free text: `external:` and whatever follows, up to the next character after `:`.
    typed = (personal.c.field >= "external:") & (personal.c.field < "external;")
    query = (
        select(personal.c.customer_id, personal.c.value)
        .where(personal.c.customer_id.in_(ids), personal.c.reference != "")
        .where((personal.c.field == "external") | typed)
        .order_by(personal.c.customer_id, personal.c.field, personal.c.reference)
    )
    found: dict[str, str] = {}
    with ledger.log.engine.connect() as connection:
        for customer_id, value in connection.execute(query):
            found.setdefault(customer_id, value)
    return found


def export(ledger: Ledger, what: str, path: Path, moment: Moment, progress: Progress) -> int:
    """Write an export; how many rows it has. The ending of the name tells the format."""
    rows, columns = EXPORTS[what]
    opened = WRITERS.get(path.suffix)
    if opened is None:
        endings = ", ".join(WRITERS)
        raise Rejected(
            Reason.VALIDATION, f"{path.name!r} tells no format: its name has to end in {endings}"
        )
    with opened(path, columns) as write:
        count = 0
        for row in rows(ledger, moment):
            write(row)
            count += 1
            progress(count, 0)
    return count
