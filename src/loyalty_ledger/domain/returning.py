"""Offers that a sale had redeemed, when what they were for comes back."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from loyalty_ledger.domain import till
from loyalty_ledger.domain.counting import uncount
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import issued, sold
from loyalty_ledger.domain.events.offers import RETURNED
from loyalty_ledger.domain.events.settlement import GivenBack, NotDone
from loyalty_ledger.domain.offer import Offer, OfferState
from loyalty_ledger.domain.offer_commands import Recall, Reinstate
from loyalty_ledger.domain.offer_recall import undone
from loyalty_ledger.domain.streams import offer as offer_stream
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.tendering import Tendering, give_back
from loyalty_ledger.domain.transaction import Sale


class Back(NamedTuple):
    """What a version gave back, what to flag, and what it did not give back."""

    given: Sequence[GivenBack] = ()
    flags: Sequence[str] = ()
    not_done: Sequence[NotDone] = ()


def back_of(tendering: Tendering, offers: Sequence[GivenBack | NotDone]) -> Back:
    """The points that had paid, and the offers that the sale had used."""
    given = [one for one in (*tendering.given_back, *offers) if isinstance(one, GivenBack)]
    left = [one for one in offers if isinstance(one, NotDone)]
    return Back(given, tendering.flags, left)


def return_offers(
    case: Case, sale: Sale, kept: Sequence[Collection[str]], draft: Draft
) -> list[GivenBack | NotDone]:
    """What becomes of offers all of whose lines came back, each once; or that nothing does.

    `kept` are the lines that stayed by each version so far: what came back once is not used again.
    An offer that was for the whole check comes back with the last line.
    """
    given: list[GivenBack | NotDone] = []
    for offer_id, lines in sale.redeemed.items():
        state: Offer = draft.state(offer_stream(offer_id))
        here = state.state is OfferState.REDEEMED and state.transaction == case.transaction
        back = any(not (one if not lines else {*lines} & {*one}) for one in kept)
        if here and back and offer_id not in case.record.given_back:
            given += _return(case, offer_id, state, draft)
    return given


def _return(case: Case, offer_id: str, state: Offer, draft: Draft) -> Sequence[GivenBack | NotDone]:
    """As its definition says; one that no points were spent for has none to give back."""
    on_return = case.programs[state.program_version].offer(state.definition).on_return
    if on_return == "none":
        what = f"offer:{offer_id}"
        return [NotDone(customer_id=state.customer_id, what=what, why="on_return_none")]
    if on_return == "restore_points" and state.paid:
        return _restore_points(case, offer_id, state, draft)
    command = Reinstate(at=case.now, why=RETURNED, cause=case.cause)
    till.reinstate(offer_id, command, draft)
    return [GivenBack(customer_id=state.customer_id, how="reinstated", offer_id=offer_id)]


def _restore_points(case: Case, offer_id: str, state: Offer, draft: Draft) -> list[GivenBack]:
    """The purchase of the offer is undone: its points come back, and nobody bought it."""
    given = []
    for paid in state.paid:
        reference, at = f"offer:{offer_id}", max(case.now, state.at)
        give_back(case, state.customer_id, paid.account, paid.lots, reference, at, draft)
        given.append(
            GivenBack(
                customer_id=state.customer_id,
                how="restored_points",
                account=paid.account,
                points=paid.points,
                offer_id=offer_id,
            )
        )
    gone = undone(Recall(at=case.now, cause=case.cause), state)
    draft.emit(offer_stream(offer_id), gone, state.customer_id)
    for subject in (sold(state.store_offer), issued(state.definition)):
        uncount(
            draft,
            state.customer_id,
            subject,
            at=case.now,
            counted_at=state.issued_at,
            cause=case.cause,
        )
    return given
