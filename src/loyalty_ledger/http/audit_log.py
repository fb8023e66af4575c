"""The audit log of points over HTTP: every movement, with what is left of each award."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from loyalty_ledger.audit import Audit, AuditRow
from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import cause, split_cause
from loyalty_ledger.http.connect import (
    LONGEST_SPAN,
    OfUser,
    Skip,
    Spanning,
    Take,
    customer,
    page,
    program_of,
    span,
)
from loyalty_ledger.http.known import check_known
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.sent import Text, refused

MOST_ACCOUNTS, MOST_TYPES = 10, 5


class FetchAudit(Spanning, OfUser):
    """Movements of points between two moments, at most a year apart; by default the last year."""

    point_account_ids: Annotated[list[Text], Field(max_length=MOST_ACCOUNTS)] = []
    point_source_ids: Annotated[list[Text], Field(max_length=MOST_ACCOUNTS)] = []
    modification_types: Annotated[list[Text], Field(max_length=MOST_TYPES)] = []
    exclude_specified_modification_types: bool = False
    skip: Skip = 0
    take: Take = 100


def _audit(call: Call) -> dict[str, Any]:
    asked: FetchAudit = call.body
    customer_id = customer(call)
    if call.names.needs_dates:
        _check_dates(asked)
    program, types = program_of(call), call.names.enumeration("audit_type")
    meant = {call.names.meant("modification_type", one) for one in asked.modification_types}
    _check_types(meant, types)
    check_known(call, "point_account_ids", asked.point_account_ids, "point account", _accounts)
    check_known(call, "point_source_ids", asked.point_source_ids, "point source", _sources)
    first, end = span(asked, program.time_zone, "the program", LONGEST_SPAN, call.moment.at)
    audit = Audit()
    for one in call.ledger.log.history(customer_id, known_at=call.moment.known_at):
        if call.moment.as_of is None or one.event.at <= call.moment.as_of:
            audit.tell(one)
    rows = [row for row in audit.rows if first <= row.at < end and _asked_for(row, asked, meant)]
    shown = page(rows, asked.skip, asked.take)
    requests = _requests(shown, call)
    return {
        "results": [
            _as_row(row, customer_id, program)
            | {"audit_type": types[row.kind], "request_id": row.request or requests.get(row.cause)}
            for row in shown
        ],
        "total_records": len(rows),
    }


def _requests(rows: Iterable[AuditRow], call: Call) -> dict[str, str | None]:
    """The request that brought each event which the rows follow from, where they tell none."""
    causes = {split_cause(row.cause) for row in rows if row.cause and not row.request}
    return {
        cause(one.stream, one.version): one.meta.get("request")
        for one in call.ledger.log.those(causes)
    }


def _accounts(program: Program) -> list[str]:
    return [one.id for one in program.point_accounts]


def _sources(program: Program) -> list[str]:
    return [one.id for one in program.point_sources]


def _asked_for(row: AuditRow, asked: FetchAudit, types: set[str]) -> bool:
    listed = row.kind in types
    unwanted = listed if asked.exclude_specified_modification_types else not listed
    return (
        (not asked.point_account_ids or row.account in asked.point_account_ids)
        and (not asked.point_source_ids or row.source in asked.point_source_ids)
        and (not types or not unwanted)
    )


def _check_types(meant: set[str], types: Iterable[str]) -> None:
    unknown = sorted(meant.difference(types))
    if unknown:
        known = ", ".join(types)
        raise refused([("modification_types", f"{unknown[0]!r} is not known: there is {known}")])


def _check_dates(asked: FetchAudit) -> None:
    given = {"from_date": asked.from_date, "to_date": asked.to_date}
    missing = [(name, "is missing") for name, moment in given.items() if moment is None]
    if missing:
        raise refused(missing)


def _as_row(row: AuditRow, customer_id: str, program: Program) -> dict[str, Any]:
    names = {one.id: one.name for one in program.point_accounts}
    sources = {one.id: one.name for one in program.point_sources}
    return {
        "id": row.row_id,
        "retailer_id": program.retailer_id,
        "user_id": customer_id,
        "account_name": names.get(row.account, row.account),
        "point_account_id": row.account,
        "user_point_account_id": f"{customer_id}.{row.account}",
        "modification": row.modification,
        "amount_spent": row.spent,
        "amount_expired": row.expired,
        "modification_type": word("modification_type", row.kind),
        "modification_entity_id": row.reference or None,
        "spend_weight": None,
        "point_source_id": row.source or None,
        "point_source_name": sources.get(row.source),
        "time_of_occurrence": row.at,
        "create_date": row.recorded_at,
        "idempotency_id": row.line or None,
        "transaction_id": row.transaction or None,
    }


AUDIT = Operation(
    name="fetch_point_audit_logs",
    family="connect",
    paths=(
        "/api/1.0/point_audit_logs/fetch_point_audit_logs",
        "/api/2.0/user_points/fetch_point_audit_logs",
        "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs",
        "/incentives/api/2.0/user_points/fetch_point_audit_logs",
    ),
    scope=Scope.MEMBER,
    summary="A customer's movements of points; of each award, what is spent and expired of it.",
    asks=FetchAudit,
    tells=shapes.Page,
    act=_audit,
    as_of=True,
)
