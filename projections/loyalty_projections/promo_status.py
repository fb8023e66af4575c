"""What became of promo codes? Of a promotion: how many there are and were claimed. Of a customer:
his claims, his wrong tries with the true reason, whether he is locked out. For operators only.
"""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from loyalty_ledger.domain.events.merging import PromoTriesMovedIn, PromoTriesMovedOut
from loyalty_ledger.domain.events.promotions import (
    PromoCodeAccepted,
    PromoCodeDrawn,
    PromoCodeRefused,
    PromoCodesAdded,
    PromoCodeUsed,
    PromoCodeWithdrawn,
    PromotionClaimed,
)
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Window
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table

# --- rows ---------------------------------------------------------------------------------------


class PromotionRow(NamedTuple):
    """Counts of a promotion: its codes of one claim each, those used, and all claims.

    `drawn` are those drawn for customers and not taken back.
    """

    promotion: str
    generated: int = 0
    loaded: int = 0
    used: int = 0
    claims: int = 0
    drawn: int = 0


class ClaimRow(NamedTuple):
    """A claim of a customer; `digest` is the keyed hash of a code of one claim."""

    customer_id: str
    claim_id: str
    promotion: str
    digest: str
    claimed_at: datetime


class TryRow(NamedTuple):
    """A wrong try, the `number`th of the customer, and why it was one."""

    customer_id: str
    number: int
    digest: str
    why: str
    promotion: str
    tried_at: datetime


class LockoutRow(NamedTuple):
    """Wrong tries of a customer, and until when they lock him out."""

    customer_id: str
    in_a_row: int = 0
    in_all: int = 0
    locked_until: datetime | None = None


COUNTS = Table(
    "promo_status_count",
    PromotionRow,
    keys=1,
    sums=frozenset({"generated", "loaded", "used", "claims", "drawn"}),
)
CLAIMS = Table("promo_status_claim", ClaimRow, keys=2)
TRIES = Table("promo_status_try", TryRow, keys=2)
LOCKOUTS = Table("promo_status_lockout", LockoutRow, keys=1)


# --- what happens -------------------------------------------------------------------------------


def _added(rows: Rows, event: PromoCodesAdded, _recorded: Recorded) -> None:
    counts = {"generated" if event.generated else "loaded": event.count}
    rows.merge(COUNTS, (event.promotion,), **counts)


def _used(rows: Rows, event: PromoCodeUsed, _recorded: Recorded) -> None:
    rows.merge(COUNTS, (event.promotion,), used=1)


def _drawn(rows: Rows, event: PromoCodeDrawn, _recorded: Recorded) -> None:
    rows.merge(COUNTS, (event.promotion,), drawn=1)


def _withdrawn(rows: Rows, event: PromoCodeWithdrawn, _recorded: Recorded) -> None:
    rows.merge(COUNTS, (event.promotion,), drawn=-1)


def _claimed(rows: Rows, event: PromotionClaimed, _recorded: Recorded) -> None:
    rows.merge(COUNTS, (event.promotion,), claims=1)
    told = (event.promotion, event.digest, event.claimed_at)
    rows.insert(CLAIMS, ClaimRow(event.customer_id, event.claim_id, *told))


def _accepted(rows: Rows, event: PromoCodeAccepted, _recorded: Recorded) -> None:
    rows.merge(LOCKOUTS, (event.customer_id,), in_a_row=0, locked_until=None)


def _refused(rows: Rows, event: PromoCodeRefused, _recorded: Recorded) -> None:
    told = (event.digest, event.why, event.promotion, event.entered_at)
    rows.insert(TRIES, TryRow(event.customer_id, event.in_all, *told))
    rows.merge(
        LOCKOUTS,
        (event.customer_id,),
        in_a_row=event.in_a_row,
        in_all=event.in_all,
        locked_until=event.locked_until,
    )


def _tries_gone(rows: Rows, event: PromoTriesMovedOut, _recorded: Recorded) -> None:
    """What he claimed and tried stays told of him; it locks him out no more."""
    rows.merge(LOCKOUTS, (event.customer_id,), in_a_row=0, locked_until=None)


def _tries_come(rows: Rows, event: PromoTriesMovedIn, _recorded: Recorded) -> None:
    for one in event.claims:
        told = (one.promotion, one.digest, one.claimed_at)
        rows.insert(CLAIMS, ClaimRow(event.customer_id, one.claim_id, *told))
    rows.merge(
        LOCKOUTS,
        (event.customer_id,),
        in_a_row=event.in_a_row,
        in_all=event.in_all,
        locked_until=event.locked_until,
    )


PROJECTION = Projection(
    "promo_status",
    2,
    (COUNTS, CLAIMS, TRIES, LOCKOUTS),
    {
        PromoCodesAdded: _added,
        PromoCodeUsed: _used,
        PromoCodeDrawn: _drawn,
        PromoCodeWithdrawn: _withdrawn,
        PromotionClaimed: _claimed,
        PromoCodeAccepted: _accepted,
        PromoCodeRefused: _refused,
        PromoTriesMovedOut: _tries_gone,
        PromoTriesMovedIn: _tries_come,
    },
)


# --- the view -----------------------------------------------------------------------------------


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PromotionView(_View):
    """A promotion: pending, active, or completed when its time is over or its total reached.

    `drawn` are codes that customers were given and a return did not take back; `left` are all codes
    of one claim that were not used; null where one code is for many.
    """

    promotion: str
    name: str
    kind: str
    status: str
    generated: int
    loaded: int
    drawn: int
    used: int
    left: int | None
    claims: int
    total: int | None

    @property
    def codes(self) -> int:
        """Codes of one claim, wherever they come from."""
        return self.generated + self.loaded + self.drawn


class ClaimView(_View):
    """A claim of a customer."""

    claim_id: str
    promotion: str
    digest: str | None
    claimed_at: datetime


class WrongTry(_View):
    """A wrong code, as its keyed hash, and why: unknown, used, withdrawn, not_yet or expired."""

    digest: str
    why: str
    promotion: str | None
    tried_at: datetime


class LimiterView(_View):
    """Right codes within a trailing period, and how many are allowed."""

    period: str
    claimed: int
    most: int | None


class CustomerView(_View):
    """What a customer did with promo codes; `locked_until` only while he is locked out."""

    customer_id: str
    in_a_row: int
    in_all: int
    locked_until: datetime | None
    limiter: tuple[LimiterView, ...]
    claims: tuple[ClaimView, ...]
    tries: tuple[WrongTry, ...]


def promotions(reader: Reader, program: Program, now: datetime) -> list[PromotionView]:
    """Every promotion of the program, in its order."""
    found = {row.promotion: row for row in reader.select(COUNTS)}
    views = []
    for one in program.promotions:
        row = found.get(one.id, PromotionRow(one.id))
        status = "active" if program.includes(one.starts, one.ends, now) else "completed"
        if not program.includes(one.starts, None, now):
            status = "pending"
        if one.total is not None and row.claims >= one.total:
            status = "completed"
        told = row._asdict() | {"name": one.name, "kind": one.kind, "total": one.total}
        codes = row.generated + row.loaded + row.drawn
        left = None if one.kind == "multi_use" else codes - row.used
        views.append(PromotionView(status=status, left=left, **told))
    return views


def of_customer(reader: Reader, customer_id: str, program: Program, now: datetime) -> CustomerView:
    """The customer's claims, wrong tries, lock-out, and where he stands to the limiter."""
    claims = sorted(reader.select(CLAIMS, customer_id=customer_id), key=lambda row: row.claimed_at)
    lockout = next(iter(reader.select(LOCKOUTS, customer_id=customer_id)), LockoutRow(customer_id))
    until = lockout.locked_until
    return CustomerView(
        customer_id=customer_id,
        in_a_row=lockout.in_a_row if until is None or until > now else 0,
        in_all=lockout.in_all,
        locked_until=until if until is not None and until > now else None,
        limiter=_limiter(claims, program, now),
        claims=tuple(
            ClaimView(
                claim_id=row.claim_id,
                promotion=row.promotion,
                digest=row.digest or None,
                claimed_at=row.claimed_at,
            )
            for row in claims
        ),
        tries=tuple(
            WrongTry(
                digest=row.digest,
                why=row.why,
                promotion=row.promotion or None,
                tried_at=row.tried_at,
            )
            for row in reader.select(TRIES, customer_id=customer_id)
        ),
    )


def _limiter(claims: list[ClaimRow], program: Program, now: datetime) -> tuple[LimiterView, ...]:
    views = []
    for name, period, most in program.promo_limiter.periods:
        window = Window(now, period, program.time_zone)
        claimed = sum(window.holds(row.claimed_at) for row in claims)
        views.append(LimiterView(period=name, claimed=claimed, most=most))
    return tuple(views)
