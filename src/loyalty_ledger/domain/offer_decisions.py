"""What an offer allows: lock, redeem, unlock, reinstate, revoke; and what time does to it."""

from datetime import datetime
from typing import assert_never

from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.offers import (
    LAPSED,
    TIME_IS_UP,
    OfferExpired,
    OfferLocked,
    OfferLockLapsed,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
)
from loyalty_ledger.domain.offer import Offer, OfferFact, OfferState, evolve
from loyalty_ledger.domain.offer_commands import (
    Annotate,
    Carry,
    Command,
    Deserve,
    Elapse,
    Extend,
    Lock,
    Recall,
    Redeem,
    Reinstate,
    Revoke,
    Unlock,
)
from loyalty_ledger.domain.offer_recall import deserve, recall, taken_back
from loyalty_ledger.domain.offer_refusals import (
    check_not_over,
    check_open,
    expired,
    locked,
    not_started,
)
from loyalty_ledger.domain.offer_update import update
from loyalty_ledger.domain.values import Reason, Rejected


def decide(command: Command, offer: Offer) -> list[OfferFact]:
    """What the command comes to; Rejected when the offer's state does not allow it."""
    if offer.state is OfferState.UNKNOWN:
        raise Rejected(Reason.OFFER_NOT_FOUND, "no offer has this id")
    lapsed = _lapsed(offer, _looks_at(command))
    offer = OFFER.fold(lapsed, offer)
    events = _decided(command, offer)
    return [*lapsed, *events, *taken_back(events, offer)]


def _decided(command: Command, offer: Offer) -> list[OfferFact]:
    match command:
        case Lock():
            bind = _redeem if isinstance(command, Redeem) else _lock
            return [bind(command, offer)]
        case Unlock():
            return _unlock(command, offer)
        case Reinstate():
            return _reinstate(command, offer)
        case Revoke():
            return _revoke(command, offer)
        case Recall():
            return recall(command, offer)
        case Deserve():
            return deserve(command, offer)
        case Extend() | Annotate():
            return [*update(command, offer)]
        case Elapse():
            return _expire(command.until, offer)
        case Carry():
            return _carry(command, offer)
        case _:
            assert_never(command)


def _looks_at(command: Command) -> datetime:
    match command:
        case Elapse():
            return command.until
        case Carry():
            return command.read_at
        case _:
            return command.at


def _lapsed(offer: Offer, now: datetime) -> list[OfferFact]:
    """The lapse of the lock if its time is up; an offer that was recalled goes with it."""
    if not offer.lock_lapses(now):
        return []
    until = offer.locked_until
    assert until is not None  # noqa: S101 - a locked offer has an end of its lock
    at, sale = max(until, offer.at), offer.transaction
    lapse = OfferLockLapsed(at=at, transaction=sale, why=LAPSED, **offer.whose)
    return [lapse, *taken_back([lapse], offer)]


def _lock(command: Lock, offer: Offer) -> OfferLocked:
    _check_usable(command, offer)
    terms = command.terms
    return OfferLocked(
        at=max(command.at, offer.at),
        transaction=command.transaction,
        locked_at=command.at,
        locked_until=terms.timeout.after(command.at, terms.time_zone),
        discount=terms.price(),
        total=terms.total,
        catalog_version=terms.catalog_version,
        by=command.by,
        why="requested",
        **offer.whose,
    )


def _redeem(command: Lock, offer: Offer) -> OfferRedeemed:
    _check_usable(command, offer)
    return OfferRedeemed(
        at=max(command.at, offer.at),
        transaction=command.transaction,
        redeemed_at=command.at,
        discount=command.terms.price(),
        definition=offer.definition,
        by=command.by,
        why="requested",
        **offer.whose,
    )


def _check_usable(command: Lock, offer: Offer) -> None:
    """Rejected unless the offer is free and of this time, or held by this very sale."""
    if offer.state is OfferState.LOCKED:
        if offer.transaction != command.transaction:
            raise locked(offer)
        return  # a live lock outlasts the end of the redemption period
    check_open(offer, command.at)
    if not offer.has_begun(command.at):
        raise not_started(offer)


def _unlock(command: Unlock, offer: Offer) -> list[OfferFact]:
    """Free already is free; what is over, recorded or not, cannot be given free."""
    over = offer.state is OfferState.ISSUED and offer.has_ended(command.at)
    state = OfferState.EXPIRED if over else offer.state
    if state is OfferState.ISSUED:
        return []
    if state is not OfferState.LOCKED:
        raise Rejected(
            Reason.OFFER_NOT_LOCKED,
            f"the offer is {state.lower()}, not locked"
            + (": reinstate it" if state is OfferState.REDEEMED else ""),
            {"state": state},
        )
    return [
        OfferUnlocked(
            at=max(command.at, offer.at),
            transaction=offer.transaction,
            unlocked_at=command.at,
            by=command.by,
            why=command.why,
            cause=command.cause,
            **offer.whose,
        )
    ]


def _reinstate(command: Reinstate, offer: Offer) -> list[OfferFact]:
    """The offer is back with its old end, which may have come meanwhile.

    A till that asks for what a return has done already is told yes.
    """
    if offer.returned:
        return []
    if offer.state is not OfferState.REDEEMED:
        raise Rejected(
            Reason.OFFER_NOT_REDEEMED,
            f"the offer is {offer.state.lower()}, not redeemed",
            {"state": offer.state},
        )
    back = OfferReinstated(
        at=max(command.at, offer.at),
        transaction=offer.transaction,
        reinstated_at=command.at,
        expires_at=offer.expires_at,
        definition=offer.definition,
        by=command.by,
        why=command.why,
        cause=command.cause,
        **offer.whose,
    )
    if offer.recalled:
        return [back]  # it is revoked, not over: what it counted for counts no more
    return [back, *_expire(command.at, evolve(offer, back))]


def _revoke(command: Revoke, offer: Offer) -> list[OfferFact]:
    if offer.state is OfferState.REVOKED:
        return []
    if offer.state is OfferState.LOCKED:
        raise locked(offer)
    check_open(offer, command.at)
    return [
        OfferRevoked(
            at=max(command.at, offer.at),
            revoked_at=command.at,
            by=command.by,
            why=command.why,
            **offer.whose,
        )
    ]


def _expire(until: datetime, offer: Offer) -> list[OfferFact]:
    if offer.state is not OfferState.ISSUED or not offer.has_ended(until):
        return []
    assert offer.expires_at is not None  # noqa: S101 - it has ended
    at = max(offer.expires_at, offer.at)
    return [OfferExpired(at=at, why=TIME_IS_UP, **offer.whose)]


def _carry(command: Carry, offer: Offer) -> list[OfferFact]:
    """Redeemed by the closing sale, unless another sale has it or its time was over."""
    if offer.state is OfferState.REDEEMED and offer.transaction == command.transaction:
        return []
    if offer.state is OfferState.LOCKED:
        if offer.transaction != command.transaction:
            raise locked(offer)
    elif command.alive:
        check_not_over(offer)  # the lapse was recorded while the sale was on its way into the log
    else:
        _check_free(command, offer)
    return [
        OfferRedeemed(
            at=max(command.at, offer.at),
            transaction=command.transaction,
            redeemed_at=command.at,
            discount=command.discount,
            definition=offer.definition,
            by=command.by,
            why="sale_closed",
            cause=command.cause,
            **offer.whose,
        )
    ]


def _check_free(command: Carry, offer: Offer) -> None:
    """A queue never costs a customer a discount: the sale time counts, not when it reached us.

    That holds whether or not the end was recorded meanwhile. Whose sale had locked the offer had
    it checked then; else it has to be the offer of somebody the sale names, if it names anybody.
    """
    check_not_over(offer)
    strangers = bool(command.customers) and offer.customer_id not in command.customers
    if strangers and not command.locked_before:
        raise Rejected(Reason.OFFER_NOT_YOURS, "the offer belongs to nobody the sale names")
    if offer.has_ended(command.sale_time):
        raise expired(offer)
    if not offer.has_begun(command.sale_time):
        raise not_started(offer)


OFFER: Decider[Command, Offer, OfferFact] = Decider(Offer(), decide, evolve)
