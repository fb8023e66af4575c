"""What is asked about offers, and what is answered."""

from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.carried import OFFER_REFERENCE
from loyalty_ledger.domain.events.offers import OfferLocked, OfferRedeemed
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer as Definition
from loyalty_ledger.wire import WireTransaction

USER_OFFER_ID, TTL_CODE = OFFER_REFERENCE, "TTLCode"


class Lookup(NamedTuple):
    """How a till names an offer: by its id, or by a code that stands for it."""

    type: str
    code: str


class Basket(NamedTuple):
    """A sale in the making, at a store."""

    store_id: str
    transaction: WireTransaction


class Bound(NamedTuple):
    """An offer that is locked or redeemed, its definition, and the program that defines it."""

    event: OfferLocked | OfferRedeemed
    definition: Definition
    program: Program


class Code(NamedTuple):
    """A code to show at the till, and until when it is good."""

    code: str
    offer_id: str
    expires_at: datetime
