"""What does a customer have? Points by account, levels, offers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.points import PointsExpired, PointsRolledOver
from loyalty_ledger.domain.events.tiers import TierKept, TierLeft
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.lots import Account, Holdings, Lot, Programs
from loyalty_ledger.domain.pages import packed
from loyalty_ledger.domain.program.accounts import InactivityExpiry
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import END_OF_TIME
from loyalty_projections.profile_codes import CodeOf, CodeView, codes
from loyalty_projections.profile_offers import OFFERS, OfferRow
from loyalty_projections.profile_rows import PROJECTION
from loyalty_projections.profile_standing import facts
from loyalty_projections.profile_tables import ACCOUNTS, CUSTOMERS, LEVELS, LOTS, AccountRow
from loyalty_projections.projection import Unrecorded
from loyalty_projections.rows import Above, MemoryRows, Reader, copied

__all__ = ["PROJECTION"]

ACCOUNT_TABLES = (ACCOUNTS, LOTS)

# --- the view -----------------------------------------------------------------------------------


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Identifier(_View):
    """A name the customer is known by, in plain text: personal data, from beside the log."""

    kind: str
    type: str = ""
    value: str


class Expiring(_View):
    """Points that end, or roll over, at that instant if nothing happens to them before."""

    at: datetime
    points: int


class AccountView(_View):
    """A point account. `lifetime` is awards net of claw-backs."""

    account: str
    available: int
    debt: int
    lifetime: int
    expiries: tuple[Expiring, ...]


class TierView(_View):
    """The level held in a tier system; `until` is when its maintenance is looked at next."""

    system: str
    level: str
    since: datetime | None
    until: datetime | None


class OfferView(_View):
    """An offer in the customer's hands: ISSUED, LOCKED, REDEEMED, EXPIRED or REVOKED.

    `locked_by` is the sale that holds it, as STORE/ID; before `redeemable_from` it cannot be used,
    without one it could be from when it was issued on.
    """

    offer_id: str
    definition: str
    state: str
    expires_at: datetime | None
    locked_until: datetime | None = None
    locked_by: str | None = None
    redeemable_from: datetime | None = None
    issued_at: datetime | None = None


class TagView(_View):
    """A tag that holds, until the end if it has one."""

    tag: str
    expires_at: datetime | None = None


class Profile(_View):
    """A customer's consent, tags and flags, his wallet, levels, offers and promo codes.

    One who is `suspended` may ask for nothing; a `test` account is nobody's.
    """

    customer_id: str
    identifiers: tuple[Identifier, ...]
    opted_in: bool
    suspended: bool
    test: bool
    tags: tuple[TagView, ...]
    accounts: tuple[AccountView, ...]
    tiers: tuple[TierView, ...]
    offers: tuple[OfferView, ...]
    codes: tuple[CodeView, ...]

    @property
    def tags_held(self) -> tuple[str, ...]:
        """The tags that hold, by name."""
        return tuple(one.tag for one in self.tags)


# --- queries ------------------------------------------------------------------------------------


def profile(
    reader: Reader,
    customer_id: str,
    now: datetime,
    program: Program,
    programs: Programs,
    *,
    identifiers: Sequence[Identifier] = (),
    due_levels: Sequence[TierKept | TierLeft] = (),
    code_of: CodeOf | None = None,
) -> Profile:
    """The customer's profile at `now`, by the current `program`; `code_of` knows drawn codes.

    What has fallen due counts, recorded or not: points by their own program versions, levels as
    `due_levels` says (see `tier_progress.overdue`).
    """
    rows = copied(reader, PROJECTION.tables, [customer_id])[customer_id]
    return _profile(rows, customer_id, now, program, programs, identifiers, due_levels, code_of)


def profiles(
    reader: Reader,
    customer_ids: Collection[str],
    now: datetime,
    program: Program,
    programs: Programs,
    *,
    identifiers: Mapping[str, Sequence[Identifier]] | None = None,
    due_levels: Mapping[str, Sequence[TierKept | TierLeft]] | None = None,
) -> list[Profile]:
    """The profiles of many customers, in the order asked, in as many queries as for one."""
    named, levels = identifiers or {}, due_levels or {}
    return [
        _profile(rows, one, now, program, programs, named.get(one, ()), levels.get(one, ()))
        for one, rows in copied(reader, PROJECTION.tables, customer_ids).items()
    ]


def accounts(
    reader: Reader, customer_id: str, now: datetime, program: Program, programs: Programs
) -> tuple[AccountView, ...]:
    """The accounts of the customer's profile, as `profile` shows them, and nothing else."""
    rows = copied(reader, ACCOUNT_TABLES, [customer_id])[customer_id]
    for event in overdue(rows, customer_id, now, programs):
        PROJECTION.apply(rows, Unrecorded(0, event))
    return _accounts(rows, customer_id, program, programs)


def overdue(
    reader: Reader, customer_id: str, now: datetime, programs: Programs
) -> list[PointsExpired | PointsRolledOver]:
    """What has fallen due in the customer's accounts by `now` and is not in the rows, in order."""
    return elapse(customer_id, _holdings(reader, customer_id), now, programs)[0]


def customer_ids(reader: Reader, after: str = "", limit: int = 500) -> list[str]:
    """Customers enrolled, in order of id, behind `after`."""
    rows = reader.select(CUSTOMERS, limit=limit, customer_id=Above(after))
    return [row.customer_id for row in rows]


def _profile(
    rows: MemoryRows,
    customer_id: str,
    now: datetime,
    program: Program,
    programs: Programs,
    identifiers: Sequence[Identifier],
    due_levels: Sequence[TierKept | TierLeft],
    code_of: CodeOf | None = None,
) -> Profile:
    due: list[Event] = [*overdue(rows, customer_id, now, programs), *due_levels]
    for event in due:
        PROJECTION.apply(rows, Unrecorded(0, event))
    known = facts(rows, customer_id)
    return Profile(
        customer_id=customer_id,
        identifiers=tuple(identifiers),
        opted_in=known.opted_in,
        suspended=known.suspended,
        test=known.test,
        tags=tuple(
            TagView(tag=tag, expires_at=end) for tag, end in known.tags if end is None or now < end
        ),
        accounts=_accounts(rows, customer_id, program, programs),
        tiers=_tiers(rows, customer_id, program),
        offers=tuple(_offer(row, now) for row in rows.select(OFFERS, customer_id=customer_id)),
        codes=codes(rows, customer_id, code_of),
    )


def _holdings(reader: Reader, customer_id: str) -> Holdings:
    """The accounts as the wallet holds them."""
    lots: dict[str, list[Lot]] = {}
    for row in reader.select(LOTS, customer_id=customer_id):
        lot = Lot(row.lot, row.remaining, row.at, row.earned_at, row.due, row.program_version)
        lots.setdefault(row.account, []).append(lot)
    rows = reader.select(ACCOUNTS, customer_id=customer_id)
    accounts = {
        row.account: Account(
            packed(lots.get(row.account, ())),
            row.debt,
            row.debt_at,
            row.idle_from,
            row.program_version,
        )
        for row in rows
    }
    return Holdings(accounts, max((row.last_lot or 0 for row in rows), default=0) + 1)


def _accounts(
    rows: MemoryRows, customer_id: str, program: Program, programs: Programs
) -> tuple[AccountView, ...]:
    """Every account of the program, also empty ones, and then those it no longer has."""
    holdings = _holdings(rows, customer_id)
    found = {row.account: row for row in rows.select(ACCOUNTS, customer_id=customer_id)}
    names = dict.fromkeys([*program.accounts_by_id, *found])
    return tuple(
        AccountView(
            account=name,
            available=holdings.account(name).available,
            debt=holdings.account(name).debt,
            lifetime=found.get(name, AccountRow(customer_id, name)).lifetime,
            expiries=_expiries(customer_id, name, holdings.account(name), programs),
        )
        for name in names
    )


def _expiries(
    customer_id: str, name: str, account: Account, programs: Programs
) -> tuple[Expiring, ...]:
    """The whole schedule by which the points end."""
    ending: dict[datetime, int] = {}
    for lot in account.lots.rows(Lot):
        if lot.due < END_OF_TIME:
            ending[lot.due] = ending.get(lot.due, 0) + lot.remaining
    if not ending and _shrinks(name, account, programs):
        alone = Holdings({name: account})
        for event in elapse(customer_id, alone, END_OF_TIME - timedelta(days=1), programs)[0]:
            ending[event.at] = ending.get(event.at, 0) + event.points
    return tuple(Expiring(at=at, points=points) for at, points in sorted(ending.items()))


def _shrinks(name: str, account: Account, programs: Programs) -> bool:
    if not account.lots.total:
        return False
    return isinstance(programs[account.program_version].account(name).expiry, InactivityExpiry)


def _tiers(rows: MemoryRows, customer_id: str, program: Program) -> tuple[TierView, ...]:
    """Everybody starts in the first level of every system, on the day he joins."""
    held = {row.system: row for row in rows.select(LEVELS, customer_id=customer_id)}
    joined = facts(rows, customer_id).enrolled_at
    return tuple(
        TierView(system=system, level=row.level, since=row.since, until=row.until)
        if (row := held.get(system))
        else TierView(system=system, level=first, since=joined, until=None)
        for system, first in program.first_levels().items()
    )


def _offer(row: OfferRow, now: datetime) -> OfferView:
    """As it stands at that moment: a lock lapses, and time runs out, recorded or not."""
    state = row.state
    if state == "LOCKED" and row.locked_until is not None and row.locked_until <= now:
        state = "REVOKED" if row.recalled else "ISSUED"
    if state == "ISSUED" and row.expires_at is not None and row.expires_at <= now:
        state = "EXPIRED"
    locked = state == "LOCKED"
    return OfferView(
        offer_id=row.offer_id,
        definition=row.definition,
        state=state,
        expires_at=row.expires_at,
        redeemable_from=row.redeemable_from,
        issued_at=row.issued_at,
        locked_until=row.locked_until if locked else None,
        locked_by=row.transaction if locked else None,
    )
