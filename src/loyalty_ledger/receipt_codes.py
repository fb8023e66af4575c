"""Codes that the receipt of a sale bears, as its body tells them: kept as keyed hashes alone."""

from collections.abc import Iterable, Iterator

from loyalty_ledger import wire
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.receipts import CodedPayment, ReceiptCodePrinted, SaleClaimed
from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.domain.receipt import claimant, pays_with_points, printed
from loyalty_ledger.domain.streams import receipt_code, sale_name
from loyalty_ledger.identity import Keyring


class ReceiptCodes:
    """The codes of one body: of the whole sale, and of its payments."""

    def __init__(self, keyring: Keyring, sent: wire.WireTransaction):
        whole = sent.receipt_code or sent.guest_receipt_code
        self._whole = keyring.receipt_digest(whole) if whole else ""
        self._of = {
            place: keyring.receipt_digest(one.receipt_code)
            for place, one in enumerate(sent.payments)
            if one.receipt_code
        }

    def streams(self) -> Iterator[str]:
        """The streams of the codes."""
        digests = dict.fromkeys((self._whole, *self._of.values()))
        return (receipt_code(digest) for digest in digests if digest)

    def owner(
        self, claims: Iterable[SaleClaimed], place: int, payment: wire.WirePayment
    ) -> str | None:
        """Who has claimed this payment, which names nobody; points that pay are nobody's."""
        if pays_with_points(payment.type):
            return None
        return claimant(claims, place, payment.payment_id, self._of.get(place, ""))

    def tell(
        self, version: TransactionReceived | TransactionVersionIgnored, cause: str, draft: Draft
    ) -> None:
        """Make the codes known that the version bears, as it has them."""
        parts: dict[str, list[CodedPayment]] = {}
        for place, digest in self._of.items():
            coded = CodedPayment(place=place, payment_id=version.payments[place].payment_id)
            parts.setdefault(digest, []).append(coded)
        if self._whole:
            parts[self._whole] = []
        for digest, payments in parts.items():
            event = ReceiptCodePrinted(
                at=version.at,
                digest=digest,
                transaction=sale_name(version.store_id, version.transaction_id),
                payments=payments,
                cause=cause,
            )
            ignored = isinstance(version, TransactionVersionIgnored)
            for news in printed(draft.state(receipt_code(digest)), event, ignored=ignored):
                draft.emit(receipt_code(digest), news)
