"""What is asked about offers: lock, redeem, unlock, reinstate, revoke, give, buy, show a code.

Each is one decision and one commit. The moment it is judged at is that of the asking.
"""

from collections.abc import Callable
from datetime import datetime

from loyalty_ledger.acquiring import Acquiring
from loyalty_ledger.asking import (
    check_enrolled,
    check_may_ask,
    rulebook_in_force,
)
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import offer_code, till
from loyalty_ledger.domain.configuration import Catalogs, Stores
from loyalty_ledger.domain.counting import counts_of
from loyalty_ledger.domain.discounts import Check
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import (
    Actor,
    OfferLocked,
    OfferRedeemed,
)
from loyalty_ledger.domain.issuing import is_offer_id, redeemable
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.offer_commands import (
    Annotate,
    Command,
    Extend,
    Reinstate,
    Revoke,
    Unlock,
)
from loyalty_ledger.domain.offer_decisions import decide as decide_offer
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import (
    CATALOG,
    PROGRAM,
    STORES,
    code,
    offer,
    sale,
)
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring, make_code
from loyalty_ledger.offer_requests import TTL_CODE, USER_OFFER_ID, Basket, Bound, Code, Lookup
from loyalty_ledger.personal_fields import NOTE
from loyalty_ledger.reading import Versions, times
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import PersonalValue

Bind = Callable[[till.Ask, dict[int, Program], Draft], OfferLocked | OfferRedeemed]


class Offers(Acquiring):
    """Asks about offers, at a till, in an app, by an employee."""

    def __init__(
        self,
        states: States,
        settlement: Settlement,
        keyring: Keyring,
        clock: Callable[[], datetime],
        draw: Callable[[], str] = make_code,
    ):
        super().__init__(states, settlement, clock)
        self._keyring = keyring
        self._draw = draw

    # --- at the till ----------------------------------------------------------------------------

    def lock(self, lookup: Lookup, basket: Basket, by: Actor) -> Bound:
        """Bind an offer to a sale and price it; Rejected says why it cannot be used."""
        return self._bind(till.lock, lookup, basket, by)

    def redeem(self, lookup: Lookup, basket: Basket, by: Actor) -> Bound:
        """Lock and redeem at once; Rejected says why it cannot be used."""
        return self._bind(till.redeem, lookup, basket, by)

    def unlock(self, offer_id: str, by: Actor) -> None:
        """Give an offer free; Rejected when it is not locked."""
        command = Unlock(at=self._clock(), by=by)
        self._release(offer_id, lambda draft: till.unlock(offer_id, command, draft))

    def reinstate(self, offer_id: str, by: Actor) -> None:
        """Make a redeemed offer the customer's again; Rejected when it is not redeemed."""
        command = Reinstate(at=self._clock(), by=by)
        self._release(offer_id, lambda draft: till.reinstate(offer_id, command, draft))

    def _bind(self, bind: Bind, lookup: Lookup, basket: Basket, by: Actor) -> Bound:
        at = self._clock()
        if lookup.type not in (USER_OFFER_ID, TTL_CODE):
            raise Rejected(
                Reason.INVALID_OFFER_LOOKUP_TYPE,
                f"{lookup.type!r} is no way to name an offer: use {USER_OFFER_ID} or {TTL_CODE}",
                {"types": [USER_OFFER_ID, TTL_CODE]},
            )

        def decision(reading: Reading) -> tuple[Draft, Bound]:
            offer_id = self._looked_up(lookup, reading)
            stream = sale(basket.store_id, basket.transaction.transaction_id)
            reading.get([STORES, CATALOG, _offer(offer_id), stream])
            state: Offer = reading.state(_offer(offer_id))
            if state.customer_id:
                check_may_ask(state.customer_id, reading)
            programs = self._programs(state.program_version, reading)
            draft = reading.draft()
            ask = self._ask(offer_id, basket, at, by, reading)
            if lookup.type == TTL_CODE:
                self._use_code(lookup.code, ask, draft)
            event = bind(ask, programs, draft)
            program = programs[event.program_version]
            return draft, Bound(event, program.offer(state.definition), program)

        return decide(self._states, decision)

    def _looked_up(self, lookup: Lookup, reading: Reading) -> str:
        if lookup.type == USER_OFFER_ID:
            return lookup.code
        if lookup.code.isascii():
            stream = code(self._keyring.code_digest(lookup.code))
            known: offer_code.OfferCode = reading.state(stream)
            if known.offer_id:
                return known.offer_id
        raise Rejected(Reason.OFFER_NOT_FOUND, "no offer has this code")

    def _use_code(self, typed: str, ask: till.Ask, draft: Draft) -> None:
        stream = code(self._keyring.code_digest(typed))
        owner: str = draft.state(_offer(ask.offer_id)).customer_id
        for event in offer_code.use(draft.state(stream), ask.transaction, ask.at, ask.by, owner):
            draft.emit(stream, event, event.customer_id)

    def _ask(
        self, offer_id: str, basket: Basket, at: datetime, by: Actor, reading: Reading
    ) -> till.Ask:
        """The basket as the offer is priced on it: by the store, and the catalog of now."""
        stores: Stores = reading.state(STORES)
        catalogs: Catalogs = reading.state(CATALOG)
        store = stores.store(basket.store_id)
        times(basket.transaction, store.time_zone, at)  # one that is far ahead is refused
        rulebook = rulebook_in_force(self._settlement, reading)
        version = catalogs.in_force(basket.store_id)
        versions = Versions(rulebook.program, rulebook.version, version)
        lines, discounts = versions.basket(basket.transaction, store)
        items = self._settlement.shelf.items(((version, one.item_id) for one in lines), catalogs)
        known = {
            one.item_id: items[version, one.item_id]
            for one in lines
            if (version, one.item_id) in items
        }
        check = Check(basket.store_id, lines, known, discounts)
        return till.Ask(offer_id, basket.transaction.transaction_id, check, at, by, version)

    def _release(self, offer_id: str, act: Callable[[Draft], None]) -> None:
        def decision(reading: Reading) -> tuple[Draft, None]:
            state: Offer = reading.state(_offer(offer_id))
            if state.transaction:
                reading.get([till.sale_of(state), *counts_of(state)])
            draft = reading.draft()
            act(draft)
            return draft, None

        decide(self._states, decision)

    # --- revoked, changed, shown ----------------------------------------------------------------

    def revoke(self, offer_id: str, by: Actor, why: str) -> None:
        """Take an offer away for good."""
        command = Revoke(at=self._clock(), by=by, why=why)

        def decision(reading: Reading) -> tuple[Draft, None]:
            stream = _offer(offer_id)
            events = decide_offer(command, reading.state(stream))
            draft = reading.draft()
            for event in events:
                draft.emit(stream, event, event.customer_id)
            return draft, None

        decide(self._states, decision)

    def update(
        self,
        offer_id: str,
        by: Actor,
        note: str | None = None,
        *,
        anew: bool = False,
        whose: str | None = None,
    ) -> Offer:
        """Keep this text with an offer; `anew`: its time counts from now. The offer after it.

        Rejected when it is not the customer's who is named, if one is.
        """
        at = self._clock()

        def decision(reading: Reading) -> tuple[Draft, Offer]:
            stream = _offer(offer_id)
            state: Offer = reading.state(stream)
            if not state.customer_id:
                raise Rejected(Reason.OFFER_NOT_FOUND, "no offer has this id")
            if whose not in (None, state.customer_id):
                raise Rejected(Reason.OFFER_NOT_YOURS, "the offer is another customer's")
            check_enrolled(state.customer_id, reading)
            commands: list[Command] = [self._anew(state, at, by, reading)] if anew else []
            if note is not None:
                commands.append(Annotate(at=at, digest=self._keyring.note_digest(note), by=by))
                reading.personal = [PersonalValue(state.customer_id, NOTE, stream, note)]
            draft = reading.draft()
            for command in commands:
                for event in decide_offer(command, draft.state(stream)):
                    draft.emit(stream, event, event.customer_id)
            return draft, draft.state(stream)

        return decide(self._states, decision)

    def code(self, offer_id: str, by: Actor) -> Code:
        """A short-lived code that stands for the offer, good for one sale."""
        at = self._clock()

        def decision(reading: Reading) -> tuple[Draft, Code]:
            drawn = self._draw()
            stream = code(self._keyring.code_digest(drawn))
            state: Offer = reading.state(_offer(offer_id))
            while reading.state(stream).offer_id:
                drawn = self._draw()
                stream = code(self._keyring.code_digest(drawn))
            digest = self._keyring.code_digest(drawn)
            made = offer_code.make(state, digest, at, by)
            draft = reading.draft()
            draft.emit(stream, made, made.customer_id)
            return draft, Code(drawn, offer_id, made.expires_at)

        return decide(self._states, decision)

    # --- how ------------------------------------------------------------------------------------

    def _anew(self, state: Offer, at: datetime, by: Actor, reading: Reading) -> Extend:
        """As if it were issued now, by its own definition."""
        program = self._programs(state.program_version, reading)[state.program_version]
        redemption = program.offer(state.definition).redemption
        begins, ends = redeemable(redemption, at, program)
        return Extend(at=at, redeemable_from=begins, expires_at=ends, by=by)

    def _programs(self, version: int, reading: Reading) -> dict[int, Program]:
        """All published versions, at least up to this one: another process may have published."""
        reading.get([PROGRAM])
        if version not in self._settlement.programs:
            self._states.drop([PROGRAM])
        return self._settlement.programs


def _offer(offer_id: str) -> str:
    """The stream of an offer; what can be no offer's id names none."""
    if not is_offer_id(offer_id):
        raise Rejected(Reason.OFFER_NOT_FOUND, f"no offer has the id {offer_id[:80]!r}")
    return offer(offer_id)
