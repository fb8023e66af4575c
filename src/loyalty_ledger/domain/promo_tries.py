"""The codes that a customer entered: wrong ones lock him out for a while, right ones are limited.

Facts in `events.promotions`.
"""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.merging import PromoTriesMovedIn, PromoTriesMovedOut
from loyalty_ledger.domain.events.promotions import PromoCodeAccepted, PromoCodeRefused
from loyalty_ledger.domain.limits import NOT_YET, Count, Granted, refusal, with_moments
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.earning import CustomerLimit, Limits
from loyalty_ledger.domain.values import Reason, Rejected


class Tries(Struct, frozen=True, array_like=True, gc=False):
    """Wrong tries in a row and in all, until when they lock him out, and the right ones."""

    in_a_row: int = 0
    in_all: int = 0
    locked_until: datetime | None = None
    accepted: Count = NOT_YET


TryEvent = PromoCodeAccepted | PromoCodeRefused | PromoTriesMovedOut | PromoTriesMovedIn


def check_not_locked_out(tries: Tries, at: datetime) -> None:
    """Rejected while he is locked out, whatever he enters."""
    until = tries.locked_until
    if until is not None and at < until:
        raise Rejected(
            Reason.PROMO_LOCKED_OUT,
            f"too many wrong codes were entered: try again from {until.isoformat()}",
            {"locked_until": until.isoformat()},
        )


def check_limiter(tries: Tries, program: Program, at: datetime) -> None:
    """Rejected when he has entered as many right codes as he may in some period."""
    for name, period, most in program.promo_limiter.periods:
        if most is None:
            continue
        allowed = Limits(per_customer=CustomerLimit(times=most, period=period))
        if refusal(allowed, tries.accepted, NOT_YET, at, program.time_zone) is not None:
            raise Rejected(
                Reason.LIMIT_REACHED,
                f"one customer can claim {most} codes in a {name}: 0 left",
                {"limit": f"promo_limiter:{name}", "left": 0},
            )


def after_wrong(tries: Tries, program: Program, at: datetime) -> Tries:
    """The tries after one more wrong one; a lock-out that is over has begun them anew."""
    lockout = program.promo_lockout
    in_a_row = 1 if tries.locked_until is not None else tries.in_a_row + 1
    locked = lockout.lasts.after(at, program.time_zone) if in_a_row >= lockout.tries else None
    return Tries(in_a_row, tries.in_all + 1, locked, tries.accepted)


def evolve(tries: Tries, event: TryEvent) -> Tries:
    """The tries after the event."""
    match event:
        case PromoCodeAccepted():
            granted = tries.accepted.moments.add(Granted(event.entered_at, 1))
            accepted = Count(tries.accepted.times + 1, 0, granted)
            return replace(tries, in_a_row=0, locked_until=None, accepted=accepted)
        case PromoCodeRefused():
            return replace(
                tries,
                in_a_row=event.in_a_row,
                in_all=event.in_all,
                locked_until=event.locked_until,
            )
        case PromoTriesMovedOut():
            return Tries(in_all=tries.in_all)
        case PromoTriesMovedIn():
            before = tries.accepted
            times = before.times + sum(one.times for one in event.accepted)
            accepted = Count(times, 0, with_moments(before.moments, event.accepted))
            return Tries(event.in_a_row, event.in_all, event.locked_until, accepted)
        case _:
            assert_never(event)
