"""Codes on receipts: a sale that named nobody is claimed with one, once.

What is claimed is the customer's in every version of the sale, of then and of later. The facts are
in `events.receipts`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.basket import POINTS_TENDER
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.receipts import CodedPayment, ReceiptCodePrinted, SaleClaimed
from loyalty_ledger.domain.events.sales import Payment, TransactionReceived
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import Period, Reason, Rejected

CLAIMABLE = Period(days=30)


class ReceiptCode(Struct, frozen=True, array_like=True, gc=False):
    """The sales whose receipts bear the code, with the payments it stands for (none: all)."""

    sales: dict[str, tuple[CodedPayment, ...]] = {}


def evolve_code(code: ReceiptCode, event: ReceiptCodePrinted) -> ReceiptCode:
    """The code after the event."""
    return ReceiptCode({**code.sales, event.transaction: tuple(event.payments)})


def printed(
    code: ReceiptCode, event: ReceiptCodePrinted, *, ignored: bool
) -> list[ReceiptCodePrinted]:
    """The news that a version bears a code; one that is `ignored` tells only what is not known."""
    known = code.sales.get(event.transaction)
    same = known == tuple(event.payments) or (ignored and known is not None)
    return [] if same else [event]


# --- whose a payment is -------------------------------------------------------------------------


def claimant(
    claims: Iterable[SaleClaimed], place: int, payment_id: str | None, digest: str = ""
) -> str | None:
    """Who has claimed a payment that names nobody and bears the code of that `digest`, if any."""
    return next((c.customer_id for c in claims if _covers(c, place, payment_id, digest)), None)


def _covers(claim: SaleClaimed, place: int, payment_id: str | None, digest: str) -> bool:
    """By the code, else by the id where both have one, else by the place among the payments."""
    if not claim.payments or claim.digest == digest:
        return True
    return not digest and any(_same(one, place, payment_id) for one in claim.payments)


def _same(one: CodedPayment, place: int, payment_id: str | None) -> bool:
    if one.payment_id is not None and payment_id is not None:
        return one.payment_id == payment_id
    return one.place == place


def pays_with_points(payment_type: str | None) -> bool:
    """Whether a payment is made in points: claiming one would spend the claimant's."""
    return (payment_type or "").upper() == POINTS_TENDER


def claimable(payment: Payment) -> bool:
    """Whether a payment is nobody's and can be somebody's."""
    return payment.customer_id is None and not pays_with_points(payment.type)


def attributed(payments: Sequence[Payment], claims: Sequence[SaleClaimed]) -> list[Payment]:
    """The payments with who has claimed them. A sale without payments is whose it is as a whole."""
    if not payments and (whole := next((one for one in claims if not one.payments), None)):
        return [Payment(amount=0, customer_id=whole.customer_id)]
    return [
        replace(one, customer_id=claimant(claims, place, one.payment_id)) if claimable(one) else one
        for place, one in enumerate(payments)
    ]


# --- claiming -----------------------------------------------------------------------------------


class Claim(NamedTuple):
    """A customer claims what the code stands for."""

    customer_id: str
    digest: str
    at: datetime
    by: Actor


class NotSettled(Rejected):
    """The sale has versions that are still to be worked out."""


def sale_of(code: ReceiptCode) -> str:
    """The sale whose receipt bears the code; Rejected for none, and for several."""
    if not code.sales:
        raise Rejected(
            Reason.RECEIPT_NOT_FOUND, "no receipt with this code is known: enter it as printed"
        )
    if len(code.sales) > 1:
        raise Rejected(
            Reason.RECEIPT_AMBIGUOUS,
            f"{len(code.sales)} sales bear this code, so it stands for none: ask the shop",
            {"transactions": sorted(code.sales)},
        )
    return next(iter(code.sales))


def was_claimed(asked: Claim, sale: Sale) -> bool:
    """Whether he has made this claim before. Rejected when another has."""
    before = next((one for one in sale.claims if one.digest == asked.digest), None)
    if before is not None and before.customer_id != asked.customer_id:
        raise Rejected(Reason.RECEIPT_CLAIMED, "this receipt was claimed before")
    return before is not None


def claim(
    asked: Claim, code: ReceiptCode, sale: Sale, content: tuple[int, TransactionReceived], zone: str
) -> SaleClaimed:
    """The claim. Rejected when it cannot be (any more).

    `content` is the version to settle anew, by which the sale stands; `zone` is the program's.
    """
    transaction = sale_of(code)
    number, version = content
    sale_time = sale.sale_time(version)
    ends = CLAIMABLE.after(sale_time, zone)
    if asked.at >= ends:
        raise Rejected(
            Reason.RECEIPT_EXPIRED,
            f"the receipt could be claimed until {ends.isoformat()}, 30 days from the sale",
            {"ends": ends.isoformat()},
        )
    _check_kept(sale)
    event = SaleClaimed(
        at=asked.at,
        customer_id=asked.customer_id,
        digest=asked.digest,
        transaction=transaction,
        payments=list(code.sales[transaction]),
        claimed_at=asked.at,
        sale_time=sale_time,
        version=number,
        by=asked.by,
    )
    _check_free(event, version, sale.claims)
    return event


def check_settled(sale: Sale) -> None:
    """Rejected when something of the sale still waits, or it is open or voided."""
    if sale.is_voided or not sale.is_closed:
        state = "voided" if sale.is_voided else "open: claim it when it is closed"
        raise Rejected(Reason.NOT_AVAILABLE, f"the sale is {state}")
    if sale.unsettled() or not sale.record.first:
        raise NotSettled(
            Reason.NOT_AVAILABLE,
            "the sale could not be worked out yet, `loyalty status` tells why: claim it after",
        )


def _check_kept(sale: Sale) -> None:
    if sale.record.first_total and not sale.record.total:
        raise Rejected(Reason.NOT_AVAILABLE, "all of the sale came back: nothing is left to claim")


def _check_free(
    event: SaleClaimed, version: TransactionReceived, claims: Sequence[SaleClaimed]
) -> None:
    """Rejected when all that the code stands for is somebody's already."""
    before = attributed(version.payments, claims)
    if before == attributed(version.payments, [*claims, event]):
        raise Rejected(
            Reason.RECEIPT_CLAIMED, "the receipt is of nothing that is not somebody's already"
        )
