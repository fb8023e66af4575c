"""Merging two customers: one goes on as the other, who is from then on as if he had done it all.

Everything is one decision: points, levels, counts, codes, offers, sales and identifiers.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.customer import Customer, Identifier
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.customers import IdentifierLinked, IdentifierUnlinked
from loyalty_ledger.domain.events.merging import (
    MERGED,
    CustomerAbsorbed,
    CustomerMerged,
    OfferMoved,
    PointsMovedIn,
    PointsMovedOut,
    PromoTriesMovedIn,
    PromoTriesMovedOut,
    TiersMovedIn,
    TiersMovedOut,
    UsageMovedIn,
    UsageMovedOut,
)
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.leveling import advance_levels
from loyalty_ledger.domain.levels import level_names
from loyalty_ledger.domain.limits import Usage
from loyalty_ledger.domain.mergeable import Merge, check
from loyalty_ledger.domain.moving_codes import move_codes
from loyalty_ledger.domain.moving_counts import claims_of, counts_of, tries_with
from loyalty_ledger.domain.moving_points import moved_accounts, moved_traces, takes_hold
from loyalty_ledger.domain.moving_sales import counted_by_both, move_sales
from loyalty_ledger.domain.moving_tiers import better, entries_of, levels_of, purchases_of
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.streams import (
    cause,
    customer_of,
    identifier,
    offer,
    tiers_of,
    tries_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.tier import Tiers
from loyalty_ledger.domain.wallet import Wallet


def merge_customers(merge: Merge, draft: Draft) -> None:
    """Move everything; levels are then worked out upward. Rejected moves nothing.

    What fell due before is recorded first, for each of the two.
    """
    check(merge, draft)
    for customer_id in (merge.customer_id, merge.into):
        upkeep.bring_up_to_date(draft, customer_id, merge.at, merge.rulebook, merge.programs)
    merge = merge._replace(at=_takes_hold(merge, draft))
    numbering = _wallet(merge.into, draft).holdings.next_lot - 1
    _tell(merge, draft)
    _move_identifiers(merge, draft)
    _move_tiers(merge, numbering, draft)
    _move_points(merge, numbering, draft)
    _move_counts(merge, draft)
    _move_offers(merge, numbering, draft)
    move_codes(merge, draft)
    move_sales(merge, numbering, draft)
    _advance(merge, draft)


def _wallet(customer_id: str, draft: Draft) -> Wallet:
    wallet: Wallet = draft.state(wallet_of(customer_id))
    return wallet


def _takes_hold(merge: Merge, draft: Draft) -> datetime:
    """The later of the moment and of all that is acted on."""
    both = (merge.customer_id, merge.into)
    at = takes_hold((_wallet(one, draft).holdings for one in both), merge.at)
    tiers: list[Tiers] = [draft.state(tiers_of(one)) for one in both]
    offers: list[Offer] = [draft.state(offer(one)) for one in merge.offers]
    levels = (held.since for one in tiers for held in one.levels.values())
    return max([at, *levels, *(one.at for one in offers)])


def _tell(merge: Merge, draft: Draft) -> None:
    """One id leads straight on, those that led to it before included."""
    gone: Customer = draft.state(customer_of(merge.customer_id))
    ids = (merge.customer_id, *gone.absorbed)
    for one in ids:
        merged = CustomerMerged(at=merge.at, customer_id=one, into=merge.into)
        draft.emit(customer_of(one), merged, one)
    absorbed = CustomerAbsorbed(at=merge.at, customer_id=merge.into, absorbed=list(ids))
    draft.emit(customer_of(merge.into), absorbed, merge.into)


def _move_identifiers(merge: Merge, draft: Draft) -> None:
    """Each link for itself, by what it was made."""
    for link in merge.links:
        stream = identifier(link.digest)
        named: Identifier = draft.state(stream)
        vias = [via for customer_id, via in named.links if customer_id == merge.customer_id]
        told = {"kind": link.kind, "type": link.type, "digest": link.digest}
        if vias:
            gone = IdentifierUnlinked(
                at=merge.at, customer_id=merge.customer_id, why=MERGED, **told
            )
            draft.emit(stream, gone, merge.customer_id)
        for via in vias:
            linked = IdentifierLinked(at=merge.at, customer_id=merge.into, via=via, **told)
            draft.emit(stream, linked, merge.into)


def _move_points(merge: Merge, numbering: int, draft: Draft) -> None:
    gone, there = _wallet(merge.customer_id, draft), _wallet(merge.into, draft)
    accounts = moved_accounts(gone.holdings, gone.earned, there.holdings)
    out = PointsMovedOut(
        at=merge.at,
        customer_id=merge.customer_id,
        into=merge.into,
        accounts=accounts,
        numbering=numbering,
    )
    draft.emit(wallet_of(merge.customer_id), out, merge.customer_id)
    come = PointsMovedIn(
        at=merge.at,
        customer_id=merge.into,
        moved_from=merge.customer_id,
        accounts=accounts,
        traces=moved_traces(gone.traces, numbering),
        numbering=numbering,
        next_lot=gone.holdings.next_lot + numbering,
        latest=gone.latest,
    )
    draft.emit(wallet_of(merge.into), come, merge.into)


def _move_tiers(merge: Merge, numbering: int, draft: Draft) -> None:
    gone: Tiers = draft.state(tiers_of(merge.customer_id))
    there: Tiers = draft.state(tiers_of(merge.into))
    levels, purchases = levels_of(gone), purchases_of(merge.customer_id, merge.history)
    both = counted_by_both(merge, draft)
    out = TiersMovedOut(
        at=merge.at,
        customer_id=merge.customer_id,
        into=merge.into,
        levels=levels,
        purchases=purchases,
    )
    draft.emit(tiers_of(merge.customer_id), out, merge.customer_id)
    come = TiersMovedIn(
        at=merge.at,
        customer_id=merge.into,
        moved_from=merge.customer_id,
        levels=better(levels, there.levels, merge.programs),
        purchases=[one for one in purchases if one.transaction not in both],
        entries=entries_of(gone, numbering),
        rewarded=list(gone.rewarded),
        latest=gone.latest,
    )
    draft.emit(tiers_of(merge.into), come, merge.into)


def _move_counts(merge: Merge, draft: Draft) -> None:
    """What limits count for one customer, and the promo codes he entered."""
    usage: Usage = draft.state(usage_of(merge.customer_id))
    counts = counts_of(usage)
    out: dict[str, Any] = {"at": merge.at, "customer_id": merge.customer_id, "into": merge.into}
    come: dict[str, Any] = {"at": merge.at, "customer_id": merge.into}
    come |= {"moved_from": merge.customer_id}
    tries = tries_with(draft.state(tries_of(merge.into)), draft.state(tries_of(merge.customer_id)))
    claims = claims_of(merge.customer_id, merge.history)
    for stream, left, entered in (
        (
            usage_of,
            UsageMovedOut(counts=counts, **out),
            UsageMovedIn(counts=counts, **come),
        ),
        (
            tries_of,
            PromoTriesMovedOut(**out),
            PromoTriesMovedIn(claims=claims, **tries, **come),
        ),
    ):
        draft.emit(stream(merge.customer_id), left, merge.customer_id)
        draft.emit(stream(merge.into), entered, merge.into)


def _move_offers(merge: Merge, numbering: int, draft: Draft) -> None:
    for offer_id in merge.offers:
        state: Offer = draft.state(offer(offer_id))
        if state.customer_id != merge.customer_id:
            continue
        moved = OfferMoved(
            at=max(merge.at, state.at),
            customer_id=merge.into,
            offer_id=offer_id,
            moved_from=merge.customer_id,
            why=MERGED,
            program_version=state.program_version,
            definition=state.definition,
            state=state.state.value,
            issued_at=state.issued_at,
            redeemable_from=state.redeemable_from,
            expires_at=state.expires_at,
            transaction=state.transaction,
            locked_until=state.locked_until,
            recalled=state.recalled,
            numbering=numbering,
        )
        draft.emit(offer(offer_id), moved, merge.customer_id, merge.into)


def _advance(merge: Merge, draft: Draft) -> None:
    """Together they may have reached what neither had."""
    usage: Usage = draft.state(usage_of(merge.into))
    following = cause(usage_of(merge.into), usage.events)  # what came in there last
    case = Case(merge.rulebook, merge.programs, 0, merge.at, following)
    levels = level_names(
        merge.rulebook.program.tier_systems, draft.state(tiers_of(merge.into)).levels
    )
    advance_levels(Granting(case, draft), merge.into, levels)


def offers_of(streams: Iterable[str]) -> list[str]:
    """The offers among streams, by id."""
    begins = offer("")
    return [one.removeprefix(begins) for one in dict.fromkeys(streams) if one.startswith(begins)]
