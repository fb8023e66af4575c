"""The streams of the ledger: how they are named, and how each folds its events.

What stands before the first slash tells what a stream is about. Customers' streams and the
program's are told apart by it.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from loyalty_ledger.domain import (
    api_key,
    configuration,
    customer,
    deposited,
    limits,
    offer_code,
    operating,
    promo_claim,
    promo_code,
    promo_tries,
    receipt,
    tier,
    transaction,
    wallet,
)
from loyalty_ledger.domain import offer as offers
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.happening import Happening, evolve_happening

LEDGER = "ledger"
PROGRAM = "program"
STORES = "stores"
CATALOG = "catalog"
KEYS = "keys"
EXTERNAL_TYPES = "external-types"


def wallet_of(customer_id: str) -> str:
    """The stream of a customer's points."""
    return f"wallet/{customer_id}"


def tiers_of(customer_id: str) -> str:
    """The stream of a customer's levels."""
    return f"tiers/{customer_id}"


def usage_of(customer_id: str) -> str:
    """The stream of what a customer was granted under limits."""
    return f"usage/{customer_id}"


def customer_of(customer_id: str) -> str:
    """The stream of the customer himself."""
    return f"customer/{customer_id}"


def identifier(digest: str) -> str:
    """The stream of an identifier, named by its keyed hash."""
    return f"identifier/{digest}"


def limit(subject: str) -> str:
    """The stream that counts a subject over all customers."""
    return f"limit/{subject}"


def sale(store_id: str, transaction_id: str) -> str:
    """The stream of a sale."""
    return f"sale/{sale_name(store_id, transaction_id)}"


def sale_name(store_id: str, transaction_id: str) -> str:
    """STORE/ID, with what would make two sales one written as %2F and %25."""
    return f"{_part(store_id)}/{_part(transaction_id)}"


def _part(name: str) -> str:
    if "/" in name or "%" in name:
        return name.replace("%", "%25").replace("/", "%2F")
    return name


def split_sale_name(text: str) -> tuple[str, str]:
    """The store and the id that STORE/ID names; ValueError when it is no such name."""
    store_id, slash, transaction_id = text.partition("/")
    if not (store_id and slash and transaction_id) or "/" in transaction_id:
        raise ValueError(f"{text!r} is no STORE/ID: write / in them as %2F, and % as %25")
    return _whole(store_id), _whole(transaction_id)


def _whole(part: str) -> str:
    return part.replace("%2F", "/").replace("%25", "%")


def happening(customer_id: str, event_id: str) -> str:
    """The stream of a customer event."""
    return f"happening/{customer_id}/{_part(event_id)}"


def offer(offer_id: str) -> str:
    """The stream of an offer in a customer's hands."""
    return f"offer/{offer_id}"


def code(digest: str) -> str:
    """The stream of a code that stands for an offer, named by its keyed hash."""
    return f"code/{digest}"


def deposits_of(customer_id: str) -> str:
    """The stream of points and levels that a customer was given by hand."""
    return f"deposits/{customer_id}"


def receipt_code(digest: str) -> str:
    """The stream of a code on receipts, named by its keyed hash."""
    return f"receipt/{digest}"


def promotion_claim(claim_id: str) -> str:
    """The stream of a claim of a promotion."""
    return f"claim/{claim_id}"


def promo_code_of(digest: str) -> str:
    """The stream of a promo code of one claim, named by its keyed hash."""
    return f"promo-code/{digest}"


def promo_batch(batch: str) -> str:
    """The stream of a batch of promo codes, named by its digest."""
    return f"promo-batch/{batch}"


def tries_of(customer_id: str) -> str:
    """The stream of the promo codes that a customer entered."""
    return f"tries/{customer_id}"


def acts_on(act: str, subject: str) -> str:
    """The stream of what operators did to a customer, a projection, or by way of an export."""
    return f"acts/{act}/{subject}" if subject else f"acts/{act}"


def cause(stream: str, version: int) -> str:
    """How an outcome names the event it follows from."""
    return f"{stream}@{version}"


def split_cause(text: str) -> tuple[str, int]:
    """The stream and version that a cause names."""
    stream, _, version = text.rpartition("@")
    return stream, int(version)


class Fold(NamedTuple):
    """How the events of a kind of stream make its state."""

    initial: Any
    evolve: Callable[[Any, Any], Any]


FOLDS: dict[str, Fold] = {
    "wallet": Fold(wallet.Wallet(), wallet.evolve),
    "tiers": Fold(tier.Tiers(), tier.evolve),
    "usage": Fold(limits.Usage(), limits.evolve_customer),
    "limit": Fold(limits.NOT_YET, limits.evolve_global),
    "customer": Fold(customer.Customer(), customer.evolve),
    "identifier": Fold(customer.Identifier(), customer.evolve_identifier),
    "external-types": Fold((), customer.evolve_types),
    "sale": Fold(transaction.Sale(), transaction.evolve),
    "offer": Fold(offers.Offer(), offers.evolve),
    "code": Fold(offer_code.OfferCode(), offer_code.evolve),
    "receipt": Fold(receipt.ReceiptCode(), receipt.evolve_code),
    "claim": Fold(promo_claim.PromoClaim(), promo_claim.evolve),
    "promo-code": Fold(promo_code.PromoCode(), promo_code.evolve),
    "promo-batch": Fold(promo_code.Batch(), promo_code.evolve_batch),
    "tries": Fold(promo_tries.Tries(), promo_tries.evolve),
    "ledger": Fold(configuration.Opening(), configuration.evolve_opening),
    "program": Fold(configuration.Programs(), configuration.evolve_programs),
    "stores": Fold(configuration.Stores(), configuration.evolve_stores),
    "catalog": Fold(configuration.Catalogs(), configuration.evolve_catalogs),
    "deposits": Fold(deposited.Deposits(), deposited.evolve),
    "acts": Fold(operating.Acts(), operating.evolve),
    "keys": Fold(api_key.ApiKeys(), api_key.evolve),
    "happening": Fold(Happening(), evolve_happening),
}
"""Kind of stream -> its fold."""


def kind_of(stream: str) -> str:
    """What kind of stream it is."""
    return stream.partition("/")[0]


def fold(stream: str, events: Iterable[Event], state: Any = None) -> Any:
    """The state of a stream after these events."""
    folding = FOLDS[kind_of(stream)]
    current = folding.initial if state is None else state
    for event in events:
        current = folding.evolve(current, event)
    return current
