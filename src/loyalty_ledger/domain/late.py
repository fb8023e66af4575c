"""An older version of a sale that arrives after a later one: what that has from it, it has now."""

from loyalty_ledger.domain.arrivals import Arrived, Knowledge
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.judging import settle_sale
from loyalty_ledger.domain.too_late import window_ends
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.versions import Known, that_counts


def settle_late(arrived: Arrived, knowledge: Knowledge, draft: Draft, *, retried: bool) -> None:
    """Settle anew the version by which the sale stands; nothing when that moves nothing."""
    found = _that_counts(arrived, knowledge, draft)
    if found is None:
        return
    aside = draft.aside()
    anew = arrived._replace(version=found.number, event=found.body)
    settle_sale(anew, found.body, knowledge, aside, retried=retried)
    if len(aside.outcomes) > 1:  # more than to say that it was settled
        for one in aside.outcomes:
            draft.emit(one.stream, one.event, *one.customers)


def _that_counts(arrived: Arrived, knowledge: Knowledge, draft: Draft) -> Known | None:
    """Of the versions that were settled, and this one. None when the sale was never closed."""
    sale: Sale = draft.state(arrived.stream)
    last = max(sale.settled, arrived.version)
    known = [one for one in sale.known if one.number <= last]
    body = known[-1].body
    version = sale.record.program_version or body.program_version
    ends = window_ends(knowledge.programs[version], sale.sale_time(body))
    return that_counts(known, ends)
