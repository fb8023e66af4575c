"""Customers are enrolled, linked and unlinked at random: a plain dictionary knows who is who."""

from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from loyalty_ledger.directory import Directory
from loyalty_ledger.domain.customer import Identifier
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring, Reference

AT = datetime(2026, 3, 1, tzinfo=UTC)
WHO = [
    *(Reference("email", "", name) for name in ("a@b.example", "b@b.example")),
    Reference("phone", "", "1"),
    *(Reference("external", kind, "7") for kind in ("", "CRM", "APP")),
]
references = st.sampled_from(WHO)
places = st.integers(0, 3)


class Customers(RuleBasedStateMachine):
    """`owner` is who holds each identifier in so many words."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Directory(Keyring(b"k" * 32))
        self.states: dict[str, object] = {}
        self.owner: dict[Reference, str] = {}
        self.people: list[str] = []

    @rule(reference=references)
    def enrol(self, reference: Reference) -> None:
        if self.named(reference):
            return
        draft = Draft(self.states)
        customer_id, _ = self.directory.enrol(reference, AT, draft)
        assert customer_id not in self.people
        self.commit(draft)
        self.people.append(customer_id)
        self.owner[reference] = customer_id

    @rule(reference=references, place=places)
    def link(self, reference: Reference, place: int) -> None:
        if place >= len(self.people):
            return
        who, draft = self.people[place], Draft(self.states)
        if self.named(reference) - {who}:
            with pytest.raises(Rejected) as refusal:
                list(self.directory.link(reference, who, AT, draft))
            assert refusal.value.code is Reason.IDENTIFIER_TAKEN
            return
        kept = list(self.directory.link(reference, who, AT, draft))
        assert bool(kept) == (reference not in self.owner)
        self.commit(draft)
        self.owner[reference] = who

    @rule(reference=references, place=places)
    def unlink(self, reference: Reference, place: int) -> None:
        if place >= len(self.people):
            return
        who, draft = self.people[place], Draft(self.states)
        if self.owner.get(reference) != who and self.named(reference):
            with pytest.raises(Rejected):
                list(self.directory.unlink(reference, who, AT, draft))
            return
        gone = list(self.directory.unlink(reference, who, AT, draft))
        assert bool(gone) == (self.owner.pop(reference, None) == who)
        self.commit(draft)

    @invariant()
    def everybody_is_found_by_what_is_his(self) -> None:
        for reference in WHO:
            named = self.named(reference)
            state = Draft(self.states).state(self.directory.stream_of(reference))
            assert isinstance(state, Identifier)
            assert set(state.customers) == named
            assert len(named) <= 1 or reference == Reference("external", "", "7")
            if len(named) > 1:
                with pytest.raises(Rejected):
                    self.directory.found([reference], Draft(self.states))
            else:
                found = self.directory.found([reference], Draft(self.states))
                assert found == next(iter(named), None)

    def named(self, reference: Reference) -> set[str]:
        """Whoever holds it, and without a type whoever holds the value under one."""
        spelt = [
            one
            for one in WHO
            if one == reference or (reference.type == "" and one[::2] == reference[::2])
        ]
        return {self.owner[one] for one in spelt if one in self.owner}

    def commit(self, draft: Draft) -> None:
        self.states.update(draft.after)


TestCustomers = Customers.TestCase
