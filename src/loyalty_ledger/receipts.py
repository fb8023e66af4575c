"""Claiming a sale by the code on its receipt: the customer has it as if it had named him.

A claim is one decision and one commit, with all that follows from it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from loyalty_ledger.asking import check_may_ask, rulebook_in_force
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import receipt
from loyalty_ledger.domain.arrivals import Arrived, Claimed
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import Actor, OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.settlement import Cut, TransactionSettled
from loyalty_ledger.domain.events.tiers import TierEntered
from loyalty_ledger.domain.inheriting import that_stands
from loyalty_ledger.domain.needs import with_former
from loyalty_ledger.domain.streams import customer_of, receipt_code
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Log


class ClaimedSale(NamedTuple):
    """A sale that was claimed, and what the claimant has of it; nothing if he had it `before`."""

    transaction: str
    before: bool
    awarded: list[PointsAwarded]
    issued: list[OfferIssued]
    entered: list[TierEntered]
    cuts: list[Cut]


class Receipts:
    """Takes the receipts that customers claim."""

    def __init__(
        self,
        log: Log,
        states: States,
        settlement: Settlement,
        keyring: Keyring,
        clock: Callable[[], datetime],
    ):
        self._log = log
        self._states = states
        self._settlement = settlement
        self._keyring = keyring
        self._clock = clock

    def claim(self, customer_id: str, code: str, by: Actor) -> ClaimedSale:
        """Give the customer the sale, or the payments, that the code stands for.

        The same claim again does nothing. Rejected changes nothing.
        """
        asked = receipt.Claim(customer_id, self._keyring.receipt_digest(code), self._clock(), by)
        try:
            return self._claim(asked)
        except receipt.NotSettled:
            self._settlement.settle_all()
            return self._claim(asked)

    def _claim(self, asked: receipt.Claim) -> ClaimedSale:
        def decision(reading: Reading) -> tuple[Draft, ClaimedSale]:
            zone = rulebook_in_force(self._settlement, reading).program.time_zone
            check_may_ask(asked.customer_id, reading)
            code: receipt.ReceiptCode = reading.state(receipt_code(asked.digest))
            transaction, draft = receipt.sale_of(code), reading.draft()
            stream = f"sale/{transaction}"
            sale: Sale = reading.state(stream)
            if receipt.was_claimed(asked, sale):
                return draft, ClaimedSale(transaction, True, [], [], [], [])
            receipt.check_settled(sale)
            content = that_stands(sale)
            event = receipt.claim(asked, code, sale, content, zone)
            draft.emit(stream, event, asked.customer_id)
            payments = receipt.attributed(content[1].payments, [*sale.claims, event])
            version = replace(content[1], payments=payments)
            claimed = Claimed(sale.events + 1, event)
            arrived = Arrived(stream, content[0], version, claimed=claimed)
            arrived = with_former(arrived, reading.found)
            self._check_turn(arrived, reading)
            self._settlement.settle_again(arrived, version, reading, draft)
            return draft, _told(transaction, asked.customer_id, draft)

        return decide(self._states, decision, self._settlement.settle_all)

    def _check_turn(self, arrived: Arrived, reading: Reading) -> None:
        """It comes after all that came before of the same customers, as any sale of theirs."""
        for customer_id in arrived.customers:
            customer: Customer = reading.state(customer_of(customer_id))
            if customer.waiting:
                raise Rejected(
                    Reason.NOT_AVAILABLE,
                    "a sale before could not be worked out, `loyalty status` tells why: claim it"
                    " after `loyalty work --retry`",
                )
            reading.quiet[customer_id] = self._settlement.position()


def _told(transaction: str, customer_id: str, draft: Draft) -> ClaimedSale:
    own = [one.event for one in draft.outcomes if customer_id in one.customers]
    settled = [one for one in own if isinstance(one, TransactionSettled)]
    return ClaimedSale(
        transaction,
        False,
        [one for one in own if isinstance(one, PointsAwarded)],
        [one for one in own if isinstance(one, OfferIssued)],
        [one for one in own if isinstance(one, TierEntered)],
        [cut for one in settled for cut in one.cuts if cut.customer_id == customer_id],
    )
