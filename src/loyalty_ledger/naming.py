"""Who the payments of a sale name, and what of the body stays beside the log."""

from collections.abc import Callable, Iterator
from datetime import datetime

from loyalty_ledger import wire
from loyalty_ledger.directory import Directory
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import customer_of
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Reference, as_external, wire_reference
from loyalty_ledger.personal_fields import as_text
from loyalty_ledger.store.log import PersonalValue

Claimed = Callable[[int, wire.WirePayment], str | None]
"""Who has claimed the payment at that place, if anybody has."""


class Naming:
    """Who the payments of one sale name; the program may have unknown external ids enrolled.

    `before` are the customers that earlier versions of the sale name. One of them who was erased
    since is still named by what named him, so that a return is his and not somebody new's.
    """

    def __init__(
        self,
        directory: Directory,
        program: Program,
        draft: Draft,
        at: datetime,
        following: str,
        before: tuple[str, ...] = (),
        claimed: Claimed = lambda _place, _payment: None,
    ):
        self._directory = directory
        self._program = program
        self._draft = draft
        self._at = at
        self._cause = following
        self._sor = program.customer_ids == "sor"
        self._before = before
        self._claimed = claimed
        self._payers: list[str | None] = []
        self.customers: list[str] = []
        self.personal: list[PersonalValue] = []

    def name(self, place: int, payment: wire.WirePayment) -> str | None:
        """The customer the payment names, and nobody where that is not clear: no sale is lost.

        One that names nobody is whose it was claimed to be.
        """
        references = [translated(one, sor=self._sor) for one in references_of(payment)]
        customer_id = self._named(references) or self._claimed(place, payment)
        self._payers.append(customer_id)
        if customer_id is not None and customer_id not in self.customers:
            self.customers.append(customer_id)
        return customer_id

    def _named(self, references: list[Reference]) -> str | None:
        for reference in references if self._before else ():
            for gone in self._directory.erased(reference, self._draft):
                if gone in self._before:
                    return gone
        try:
            found = [self._directory.find(reference, self._draft) for reference in references]
        except Rejected:
            return None
        known = next((one for one in found if one is not None), None)
        return known or self._enrolled(references)

    def _enrolled(self, references: list[Reference]) -> str | None:
        external = next((one for one in references if one.kind == "external"), None)
        if external is None or not self._program.enrol_on_sight:
            return None
        try:
            customer_id, personal = self._directory.enrol(
                external, self._at, self._draft, cause=self._cause
            )
        except Rejected:
            return None
        self.personal.extend(personal)
        return customer_id

    def kept(self, request: wire.Request, stream: str) -> Iterator[PersonalValue]:
        """What of the body stays beside the log: what a payment holds with who paid, and the rest.

        Ids that name nobody yet, and those that did not name the payer, are kept as they were sent.
        Of a sale of somebody who was erased nothing is kept.
        """
        if any(self._draft.state(customer_of(payer)).erased for payer in self._before):
            return
        extras, of_payments = wire.extras(request.transaction)
        owner = self.customers[0] if self.customers else ""
        reference = f"{stream}#{request.digest}"
        if extras:
            yield PersonalValue(owner, "sale", reference, as_text(extras))
        for place, payment in enumerate(request.transaction.payments):
            payer = self._payers[place]
            rest = dict(of_payments.get(place, {}))
            if payer is None or payment.additional_user_id is not None:
                rest |= {name: v for name in _NAMING if (v := getattr(payment, name)) is not None}
            if rest:
                yield PersonalValue(payer or "", "payment", f"{reference}#{place}", as_text(rest))


_NAMING = ("user_id", "user_id_type", "additional_user_id", "additional_user_id_type")


def references_of(payment: wire.WirePayment) -> list[Reference]:
    """What the payment says of who paid."""
    given = (
        (payment.user_id, payment.user_id_type),
        (payment.additional_user_id, payment.additional_user_id_type),
    )
    return [wire_reference(value, type_name) for value, type_name in given if value is not None]


def translated(reference: Reference, *, sor: bool) -> Reference:
    """Where external ids stand for internal ones, an internal id is an external one."""
    if reference.kind == "id" and sor:
        return as_external(reference)
    return reference
