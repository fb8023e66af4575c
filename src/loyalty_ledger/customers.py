"""Customers one by one: enrolled, changed, tagged, linked to identifiers and unlinked, and found.

Each request is one decision and one commit, personal data beside the log included.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from loyalty_ledger.asking import check_enrolled
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.directory import Directory
from loyalty_ledger.domain import customer_decisions
from loyalty_ledger.domain.configuration import Programs
from loyalty_ledger.domain.customer import USUAL, Customer, Standing
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.operating import By, edited
from loyalty_ledger.domain.streams import PROGRAM, acts_on, customer_of
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.personal_fields import BORN, born_on, changes, field_told
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Log

Restand = Callable[[Standing, datetime], Standing]
Fields = Mapping[str, str | None]
"""Fields about a person as they are kept, by name; None takes one away."""


class Customers:
    """Enrols customers and changes them."""

    def __init__(
        self, log: Log, states: States, directory: Directory, clock: Callable[[], datetime]
    ):
        self._log = log
        self._states = states
        self._directory = directory
        self._clock = clock

    def enrol(
        self,
        references: Sequence[Reference],
        standing: Standing = USUAL,
        personal: Fields | None = None,
    ) -> str:
        """A new customer under these identifiers; Rejected when one of them names somebody."""
        at, fields = self._clock(), personal or {}
        _check_linkable(references)

        def decision(reading: Reading) -> tuple[Draft, str]:
            self._read(references, reading)
            draft = reading.draft()
            self._check_free(references, draft)
            self._check_age(fields, at, reading)
            first, *others = references
            customer_id, kept = self._directory.enrol(first, at, draft, standing)
            reading.get([customer_of(customer_id)])
            for reference in others:
                kept += self._directory.link(reference, customer_id, at, draft)
            reading.personal += kept
            self._set(customer_id, fields, reading)
            return draft, customer_id

        return decide(self._states, decision)

    def change(
        self,
        customer_id: str,
        restand: Restand = lambda standing, _at: standing,
        personal: Fields | None = None,
    ) -> bool:
        """Change consent, tags, flags and personal fields; whether anything is other than before.

        `restand` makes the standing that is wanted of the one there is.
        """
        at, fields = self._clock(), personal or {}

        def decision(reading: Reading) -> tuple[Draft, bool]:
            check_enrolled(customer_id, reading)
            self._check_age(fields, at, reading)
            before: Customer = reading.state(customer_of(customer_id))
            draft = reading.draft()
            wanted = restand(before.standing, at)
            for event in customer_decisions.change(customer_id, before, wanted, at):
                draft.emit(customer_of(customer_id), event, customer_id)
            self._set(customer_id, fields, reading)
            return draft, bool(draft.outcomes) or reading.writes

        return decide(self._states, decision)

    def update(
        self,
        customer_id: str,
        restand: Restand = lambda standing, _at: standing,
        personal: Fields | None = None,
        references: Sequence[Reference] = (),
        by: By | None = None,
        whole: Collection[str] = (),
    ) -> bool:
        """Change him and link him to more identifiers, all in one; whether anything is new.

        Of `whole` kinds (e-mail, phone) the identifiers are all that he has from now on. Who did
        it, if that is told, is recorded with the names of what is other than it was beside the log.
        """
        at, fields = self._clock(), personal or {}
        if references:
            _check_linkable(references)

        def decision(reading: Reading) -> tuple[Draft, bool]:
            check_enrolled(customer_id, reading)
            self._check_age(fields, at, reading)
            former = self._former(customer_id, references, whole, reading)
            self._read([*references, *former], reading)
            draft = reading.draft()
            before: Customer = draft.state(customer_of(customer_id))
            for event in customer_decisions.change(
                customer_id, before, restand(before.standing, at), at
            ):
                draft.emit(customer_of(customer_id), event, customer_id)
            for reference in former:
                gone = self._directory.unlink(reference, customer_id, at, draft)
                reading.forgotten += list(gone)
            for reference in references:
                reading.personal += self._directory.link(reference, customer_id, at, draft)
            self._set(customer_id, fields, reading)
            if by is not None and reading.writes:
                self._tell_auditors(customer_id, by, at, reading, draft)
            return draft, bool(draft.outcomes) or reading.writes

        return decide(self._states, decision)

    def _tell_auditors(
        self, customer_id: str, by: By, at: datetime, reading: Reading, draft: Draft
    ) -> None:
        stream = acts_on("edit", customer_id)
        reading.get([stream])
        other = [one.field for one in reading.personal]
        other += [one.field for one in reading.forgotten if one.field]
        draft.emit(stream, edited(customer_id, map(field_told, other), by, at), customer_id)

    def _former(
        self,
        customer_id: str,
        references: Sequence[Reference],
        whole: Collection[str],
        reading: Reading,
    ) -> list[Reference]:
        """What he is known by of these kinds, and is not to be any more."""
        if not whole:
            return []
        reading.quiet[customer_id] = self._log.head().position
        held = self._log.personal(customer_id)
        named = [Reference(x.field, "", x.value) for x in held if x.reference and x.field in whole]
        return [one for one in named if one not in references]

    def tag(self, customer_id: str, tag: str, ends: datetime | None = None) -> bool:
        """Let the tag hold until then, or for good; whether that is anything new."""
        return self.change(
            customer_id,
            lambda standing, at: customer_decisions.tagged(standing, tag, ends, at),
        )

    def untag(self, customer_id: str, tag: str) -> bool:
        """Take the tag away; whether it was there."""
        return self.change(
            customer_id, lambda standing, _at: customer_decisions.untagged(standing, tag)
        )

    def link(self, customer_id: str, reference: Reference) -> bool:
        """Let the identifier name the customer too; whether that is new.

        Rejected when it names another, and for a second e-mail address.
        """
        at = self._clock()
        _check_linkable([reference])

        def decision(reading: Reading) -> tuple[Draft, bool]:
            check_enrolled(customer_id, reading)
            self._read([reference], reading)
            draft = reading.draft()
            kept = list(self._directory.link(reference, customer_id, at, draft))
            if kept and reference.kind == "email":
                self._check_only_email(customer_id, reading)
            reading.personal += kept
            return draft, bool(kept)

        return decide(self._states, decision)

    def unlink(self, customer_id: str, reference: Reference) -> bool:
        """Let the identifier name the customer no more; whether it did. His internal id remains."""
        at = self._clock()
        _check_linkable([reference])

        def decision(reading: Reading) -> tuple[Draft, bool]:
            check_enrolled(customer_id, reading)
            self._read([reference], reading)
            draft = reading.draft()
            gone = list(self._directory.unlink(reference, customer_id, at, draft))
            reading.forgotten += gone
            return draft, bool(gone)

        return decide(self._states, decision)

    def find(self, references: Sequence[Reference]) -> str:
        """The one customer that all of these name; Rejected for none, and for more than one."""

        def decision(reading: Reading) -> tuple[Draft, str]:
            reading.get(
                stream for one in references for stream in self._directory.streams_to_find(one)
            )
            found = self._directory.found(references, reading.draft())
            if found is None:
                raise Rejected(Reason.UNKNOWN_CUSTOMER, "no customer is known by that")
            return reading.draft(), found

        return decide(self._states, decision)

    # --- how ------------------------------------------------------------------------------------

    def _read(self, references: Sequence[Reference], reading: Reading) -> None:
        reading.get(s for one in references for s in self._directory.streams_to_link(one))

    def _check_free(self, references: Sequence[Reference], draft: Draft) -> None:
        for reference in references:
            if draft.state(self._directory.stream_of(reference)).customers:
                raise Rejected(
                    Reason.IDENTIFIER_TAKEN,
                    f"that {reference.kind} belongs to a customer already",
                    {"kind": reference.kind},
                )

    def _set(self, customer_id: str, fields: Fields, reading: Reading) -> None:
        if fields:
            there = self._log.personal(customer_id)
            values, gone = changes(customer_id, fields, there)
            reading.personal += values
            reading.forgotten += gone

    def _check_age(self, fields: Fields, at: datetime, reading: Reading) -> None:
        born = fields.get(BORN)
        if born is not None:
            programs: Programs = reading.state(PROGRAM)
            customer_decisions.check_age(born_on(born), programs.day_of(at))

    def _check_only_email(self, customer_id: str, reading: Reading) -> None:
        """He may have none yet. Whoever links him one meanwhile is noticed by the commit."""
        reading.quiet[customer_id] = self._log.head().position
        if any(one.field == "email" and one.reference for one in self._log.personal(customer_id)):
            raise Rejected(
                Reason.VALIDATION,
                "email: a customer has one address: unlink the other first",
                {"field": "email"},
            )


def _check_linkable(references: Sequence[Reference]) -> None:
    kinds = [one.kind for one in references]
    if not kinds:
        raise Rejected(
            Reason.VALIDATION, "a customer needs an identifier", {"field": "identifiers"}
        )
    if "id" in kinds:
        raise Rejected(
            Reason.VALIDATION,
            "id: internal ids are given by the ledger and are neither linked nor unlinked",
            {"field": "id"},
        )
    if kinds.count("email") > 1:
        raise Rejected(Reason.VALIDATION, "email: a customer has one address", {"field": "email"})
