"""Given what happened, when this is asked or arrives, then that follows."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from loyalty_ledger.domain import (
    acquisition,
    offer_decisions,
    policies,
    promo_tries,
    promotion,
    till,
    transaction,
    upkeep,
)
from loyalty_ledger.domain.arrivals import Arrived, Knowledge
from loyalty_ledger.domain.closing import Closing, close
from loyalty_ledger.domain.decider import Command, Decider, Event, State
from loyalty_ledger.domain.discounts import Check
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.customers import CustomerEnrolled
from loyalty_ledger.domain.events.offers import Actor, OfferIssued, OfferLocked, OfferRedeemed
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.events.sales import (
    CustomerEventReceived,
    Discount,
    Line,
    Payment,
    TransactionReceived,
    TransactionVersionIgnored,
)
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.levels import level_names
from loyalty_ledger.domain.needs import told_again, with_former
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.offer_commands import Command as OfferCommand
from loyalty_ledger.domain.offer_commands import Reinstate, Unlock
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.reading import read_document
from loyalty_ledger.domain.rules import Item, Rulebook
from loyalty_ledger.domain.streams import (
    customer_of,
    happening,
    sale,
    tiers_of,
    tries_of,
    wallet_of,
)
from loyalty_ledger.domain.streams import offer as offer_stream
from loyalty_ledger.domain.values import Reason, Rejected, from_wall, minor_units
from loyalty_ledger.identity import Keyring

T = TypeVar("T")
NEW_YORK = "America/New_York"
KEYS = Keyring(b"k" * 32)
TILL = Actor(client_id="till")


def at(wall: str, zone_name: str = NEW_YORK) -> datetime:
    """The instant at which clocks in New York show that: `at("2026-03-02 12:00")`."""
    return from_wall(datetime.fromisoformat(wall), zone_name)


MONDAY_NOON = at("2026-03-02 12:00")


def cents(dollars: str) -> int:
    """Money as people write it, in minor units."""
    return minor_units(Decimal(dollars), 2)


def line(item: str, dollars: str, **more: Any) -> Line:
    """A line of a sale; its id is the item unless told otherwise."""
    more.setdefault("line_id", item)
    return Line(item_id=item, subtotal=cents(dollars), **more)


def paid(customer: str | None, dollars: str, kind: str | None = None) -> Payment:
    """A payment."""
    return Payment(customer_id=customer, amount=cents(dollars), type=kind)


def off(dollars: str, *lines: str, order: int = 1) -> Discount:
    """A discount on these lines, or on all."""
    return Discount(amount=cents(dollars), stack_order=order, lines=list(lines))


def program(**sections: Any) -> Program:
    """A program with these sections, checked as a whole; a club in New York."""
    accounts: list[dict[str, Any]] = [{"id": "points", "name": "Points"}]
    accounts += [{"id": "credits", "name": "Credits", "expiry": {"kind": "never"}}]
    source = {"id": "shop", "name": "Shop", "accounts": ["points", "credits"]}
    document: dict[str, Any] = {"point_accounts": accounts, "point_sources": [source]}
    document |= {"program": "club", "name": "Club", "currency": "USD", "time_zone": NEW_YORK}
    return read_document(document | sections)


def awards(points: int | str, account: str = "points", **more: Any) -> dict[str, Any]:
    """An award of the program document."""
    return {"account": account, "source": "shop", "points": points, **more}


def rule(points: int | str = 1, *, id: str = "base", **more: Any) -> dict[str, Any]:
    """A rule of the program document: points for every dollar unless told otherwise."""
    return {"id": id, "award": awards(points, per_amount="1.00"), **more}


class given(Generic[Command, State, Event]):  # noqa: N801 - it reads as a word
    """What a decider has seen before it is asked."""

    def __init__(self, decider: Decider[Command, State, Event], *events: Event):
        self._decider = decider
        self.state = decider.fold(events)

    def when(self, command: Command) -> list[Event]:
        """What the decider answers."""
        return self._decider.decide(command, self.state)

    def refuses(self, command: Command, reason: Reason) -> Rejected:
        """The refusal the decider answers with."""
        try:
            self.when(command)
        except Rejected as refusal:
            assert refusal.code is reason
            return refusal
        raise AssertionError("it was not refused")


class Shop:
    """A ledger in memory: what arrives is settled at once, by the policy alone."""

    def __init__(self, *programs: Program, items: dict[str, Item] | None = None):
        self.programs = dict(enumerate(programs, 1))
        numbered, digest_of = self.programs.items(), KEYS.drawn_digest
        rulebooks = {number: Rulebook(one, number, digest_of) for number, one in numbered}
        catalog = {(1, sku): item for sku, item in (items or {}).items()}
        self.knowledge = Knowledge(rulebooks, self.programs, catalog)
        self.states: dict[str, Any] = {}
        self.versions: dict[str, int] = {}
        self.history: list[tuple[str, Any]] = []
        self.last: list[Any] = []

    @property
    def newest(self) -> Rulebook:
        """The rulebook in force."""
        return self.knowledge.rulebooks[len(self.programs)]

    def enrols(self, customer: str, **more: Any) -> None:
        """A customer joins."""
        draft = Draft(self.states)
        joined = CustomerEnrolled(at=MONDAY_NOON, customer_id=customer, **more)
        draft.emit(customer_of(customer), joined, customer)
        self._commit(draft)

    def sells(self, *lines: Line, to: str | None = "ann", **more: Any) -> list[Any]:
        """A sale arrives and is settled; what followed, in order."""
        return self.settles(self.receives(*lines, to=to, **more))

    def receives(
        self,
        *lines: Line,
        to: str | None = "ann",
        when: datetime = MONDAY_NOON,
        number: str = "",
        payments: Sequence[Payment] | None = None,
        read_at: datetime | None = None,
        **more: Any,
    ) -> Arrived:
        """A version of a sale arrives; by default one payment pays for all of it."""
        if payments is None:
            payments = [Payment(amount=sum(x.subtotal for x in lines), customer_id=to)]
        defaults: dict[str, Any] = {
            "open_time": when,
            "at": when,
            "is_closed": True,
            "is_voided": False,
        }
        defaults |= {"store_id": "s1", "time_zone": NEW_YORK, "catalog_version": 1}
        defaults |= {"program_version": len(self.programs)}
        defaults |= {"transaction_id": number or f"t{len(self.history)}"}
        defaults |= {"body_digest": str(len(self.history))}
        return self.takes_in(
            TransactionReceived(lines=list(lines), payments=list(payments), **(defaults | more)),
            read_at,
        )

    def takes_in(self, version: TransactionReceived, read_at: datetime | None = None) -> Arrived:
        """This version of a sale arrives, when it was made unless told otherwise."""
        stream = sale(version.store_id, version.transaction_id)
        draft = Draft(self.states)
        before = draft.state(stream)
        arrived = Arrived(stream, before.events + 1, version)
        for event in transaction.decide(transaction.Receive(version), before):
            draft.emit(stream, event)
            now, customers = read_at or version.at, tuple(arrived.customers)
            close(Closing(version, stream, arrived.cause, now, customers), before, draft)
        self._commit(draft)
        if version in self.last:
            return arrived
        last = self.versions[stream]
        late = last if any(isinstance(e, TransactionVersionIgnored) for e in self.last) else 0
        return arrived._replace(version=last, late=late)

    def hears(self, event: str, of: str = "ann", when: datetime = MONDAY_NOON) -> list[Any]:
        """A customer event arrives and is settled; what followed, in order."""
        draft, number = Draft(self.states), f"e{len(self.history)}"
        received = CustomerEventReceived(
            at=when,
            customer_id=of,
            event=event,
            event_id=number,
            program_version=len(self.programs),
            catalog_version=1,
        )
        draft.emit(happening(of, number), received, of)
        self._commit(draft)
        return self.settles(Arrived(happening(of, number), 1, received))

    def settles(self, arrived: Arrived, *, retried: bool = False) -> list[Any]:
        """The policy's answer to what arrived, taken into the ledger."""
        draft = Draft(self.states)
        arrived = with_former(arrived, self.states)
        self.recalls(arrived, draft)
        policies.settle(arrived, self.knowledge, draft, retried=retried)
        return self._commit(draft)

    def recalls(self, arrived: Arrived, draft: Draft) -> None:
        """What settling may look up of what happened."""
        for wallet in told_again(arrived, self.states, self.programs):
            draft.histories[wallet] = [event for name, event in self.history if name == wallet]

    def fails(self, arrived: Arrived, reason: str = "a bug") -> list[Any]:
        """Settling went wrong."""
        draft = Draft(self.states)
        policies.fail(arrived, reason, draft)
        return self._commit(draft)

    def retries(self, arrived: Arrived) -> list[Any]:
        """What failed is settled after all, and its customers wait no more."""
        draft = Draft(self.states)
        self.recalls(arrived, draft)
        policies.settle(arrived, self.knowledge, draft, retried=True)
        policies.resume(arrived, draft)
        return self._commit(draft)

    def keeps_time(self, until: datetime, customer: str = "ann") -> list[Any]:
        """What falls due by then is recorded."""
        draft = Draft(self.states)
        newest = self.knowledge.rulebooks[len(self.programs)]
        upkeep.bring_up_to_date(draft, customer, until, newest, self.programs)
        return self._commit(draft)

    # --- what is asked about offers -------------------------------------------------------------

    def decides(self, decision: Callable[[Draft], T]) -> T:
        """What a decision comes to is taken into the ledger; when it is refused, nothing is."""
        draft = Draft(self.states)
        answer = decision(draft)
        self._commit(draft)
        return answer

    def locks(
        self,
        offer_id: str,
        *lines: Line,
        sale: str = "1",
        when: datetime = MONDAY_NOON,
        at_once: bool = False,
        discounts: Sequence[Discount] = (),
        store: str = "s1",
    ) -> OfferLocked | OfferRedeemed:
        """A till locks an offer on these lines, or redeems it at once."""
        ask = till.Ask(offer_id, sale, Check(store, lines, {}, discounts), when, TILL, 1)
        act: Callable[..., OfferLocked | OfferRedeemed] = till.redeem if at_once else till.lock
        return self.decides(lambda draft: act(ask, self.programs, draft))

    def asks(self, offer_id: str, command: OfferCommand) -> list[Any]:
        """Something else is asked of an offer; what followed."""

        def decision(draft: Draft) -> None:
            if isinstance(command, Unlock):
                return till.unlock(offer_id, command, draft)
            if isinstance(command, Reinstate):
                return till.reinstate(offer_id, command, draft)
            stream = offer_stream(offer_id)
            for event in offer_decisions.decide(command, draft.state(stream)):
                draft.emit(stream, event, event.customer_id)
            return None

        self.decides(decision)
        return self.last

    def gives(
        self, definition: str, to: str = "ann", when: datetime = MONDAY_NOON, quantity: int = 1
    ) -> list[OfferIssued]:
        """An employee gives offers."""
        gift = acquisition.Gift(to, definition, quantity, when, TILL, "sorry")
        newest = self.knowledge.rulebooks[len(self.programs)]
        return self.decides(lambda draft: acquisition.give(gift, newest, draft))

    def buys(
        self, store_offer: str, by: str = "ann", when: datetime = MONDAY_NOON, quantity: int = 1
    ) -> list[OfferIssued]:
        """A customer buys in a reward store."""
        purchase = acquisition.Purchase(by, store_offer, quantity, when, TILL)
        newest = self.knowledge.rulebooks[len(self.programs)]
        return self.decides(lambda draft: acquisition.buy(purchase, newest, self.programs, draft))

    def claims(
        self,
        code: str,
        by: str = "ann",
        when: datetime = MONDAY_NOON,
        listed: promotion.Listed | None = None,
    ) -> PromotionClaimed:
        """A customer enters a promo code; a wrong one is recorded."""
        entry = promotion.Entry(by, code, when, TILL, "d", listed)
        newest = self.knowledge.rulebooks[len(self.programs)]

        def decision(draft: Draft) -> PromotionClaimed | Rejected:
            promo_tries.check_not_locked_out(draft.state(tries_of(by)), when)
            found = promotion.entered(newest.program, entry)
            if isinstance(found, promotion.Wrong):
                return promotion.refuse(entry, found, newest, draft)
            return promotion.claim(entry, found, newest, self.programs, draft)

        answer = self.decides(decision)
        if isinstance(answer, Rejected):
            raise answer
        return answer

    def offer(self, offer_id: str) -> Offer:
        """Where an offer stands, as recorded."""
        state: Offer = Draft(self.states).state(offer_stream(offer_id))
        return state

    def _commit(self, draft: Draft) -> list[Any]:
        for outcome in draft.outcomes:
            self.versions[outcome.stream] = self.versions.get(outcome.stream, 0) + 1
            self.history.append((outcome.stream, outcome.event))
        self.states |= draft.after
        self.last = [outcome.event for outcome in draft.outcomes]
        return self.last

    # --- what there is afterwards ---------------------------------------------------------------

    def points(self, customer: str = "ann", account: str = "points") -> int:
        """The balance as recorded."""
        state: Any = Draft(self.states).state(wallet_of(customer))
        available: int = state.holdings.account(account).available
        return available

    def balance(self, when: datetime, customer: str = "ann", account: str = "points") -> int:
        """The balance read at a moment, whether or not what fell due was recorded."""
        state: Any = Draft(self.states).state(wallet_of(customer))
        return elapse(customer, state.holdings, when, self.programs)[1].account(account).available

    def lifetime(self, customer: str = "ann", account: str = "points") -> int:
        """Points ever earned."""
        earned = Draft(self.states).state(wallet_of(customer)).earned.get(account)
        return int(earned.total) if earned else 0

    def level(self, customer: str = "ann", system: str = "club") -> str:
        """The level held."""
        state: Any = Draft(self.states).state(tiers_of(customer))
        systems = self.programs[len(self.programs)].tier_systems
        return level_names(systems, state.levels)[system]

    @property
    def settlement(self) -> TransactionSettled:
        """The last settlement of a sale."""
        return next(
            event for _, event in reversed(self.history) if isinstance(event, TransactionSettled)
        )

    @property
    def limits_hit(self) -> list[str]:
        """The limits that cut something in the last settlement."""
        return [cut.limit for cut in self.settlement.cuts]


def only(kind: type[Any], events: Sequence[Any]) -> Any:
    """The one event of that kind among these."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


def every(kind: type[Any], events: Sequence[Any]) -> list[Any]:
    """The events of that kind among these."""
    return [event for event in events if isinstance(event, kind)]
