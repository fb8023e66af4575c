"""How often was an offer used? By its definition, over all customers."""

from collections.abc import Collection
from typing import NamedTuple

from loyalty_ledger.domain.events.offers import OfferRedeemed, OfferReinstated
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table


class UsageRow(NamedTuple):
    """How often an offer was redeemed and not given back. Without a name: by an earlier build."""

    definition: str
    redeemed: int = 0


USAGE = Table("offer_usage", UsageRow, keys=1, sums=frozenset({"redeemed"}), gone=("redeemed",))


def _moved(rows: Rows, event: OfferRedeemed | OfferReinstated, _recorded: Recorded) -> None:
    times = 1 if isinstance(event, OfferRedeemed) else -1
    rows.merge(USAGE, (event.definition,), redeemed=times)


PROJECTION = Projection(
    "offer_usage", 1, (USAGE,), {OfferRedeemed: _moved, OfferReinstated: _moved}
)


def redeemed(reader: Reader, definitions: Collection[str]) -> dict[str, int]:
    """How often each of these was redeemed; 0 is left out."""
    rows = reader.select(USAGE, definition=list(definitions))
    return {row.definition: row.redeemed for row in rows}
