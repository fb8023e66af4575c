"""What limits count: is it what was granted, less what was taken back?

The counters are worked out anew by the events that tell what was granted and taken back, and
compared with what was counted, at the end of every commit. Nothing is kept in between: what a sale,
a level or an offer stood for before is read in its own stream.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import takewhile
from typing import Any, ClassVar

from loyalty_ledger.count_differences import Counts, Differences
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted, issued, sold
from loyalty_ledger.domain.events.merging import (
    MovedCount,
    SaleMoved,
    UsageMovedIn,
    UsageMovedOut,
)
from loyalty_ledger.domain.events.offers import OfferIssued, OfferRevoked
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.events.sales import CustomerEventReceived
from loyalty_ledger.domain.events.settlement import (
    CustomerEventSettled,
    Grant,
    PostedAward,
    TransactionSettled,
)
from loyalty_ledger.domain.events.tiers import TierEntryRewarded, TierEntryUndone
from loyalty_ledger.domain.moved_sales import Renaming
from loyalty_ledger.domain.moving_counts import counts_of
from loyalty_ledger.domain.offer import Offer, OfferState
from loyalty_ledger.domain.offer import evolve as evolve_offer
from loyalty_ledger.domain.sale_record import EVERYTHING, Standing
from loyalty_ledger.domain.streams import fold
from loyalty_ledger.domain.streams import offer as offer_of
from loyalty_ledger.domain.tier import Tiers, reward_key
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.store.log import Log, Recorded

Progress = Callable[[int, int], None]
EVENTS_AT_ONCE = 2_000
FIRST_SETTLED = 2
"""The version in its stream of a settlement before which nothing was settled."""


def counts_fault(log: Log, progress: Progress) -> str | None:
    """A line about the first commit after which a counter is not what was granted, or None."""
    recount, position, goal = Recount(log.stream), 0, log.head().position
    while found := log.read(position, EVENTS_AT_ONCE, names=Recount.names()):
        for recorded in found:
            wrong = recount.take(recorded)
            if wrong is not None:
                return wrong
        position = found[-1].position
        progress(position, goal)
    return recount.wrong()


class Recount:
    """Takes events in log order, and knows where counters are not what was granted.

    `read` reads a stream, in order.
    """

    def __init__(self, read: Callable[[str], Iterable[Recorded]]):
        self._read = read
        self._now: Recorded
        self._differences = Differences()
        self._happened: dict[str, datetime] = {}
        self._moving: dict[str, list[MovedCount]] = {}
        self._leaving: list[str] = []

    @classmethod
    def names(cls) -> list[str]:
        """The names of the events that it takes."""
        return [kind.__name__ for kind in cls._TAKES]

    def take(self, recorded: Recorded) -> str | None:
        """One more event; what is wrong before it, if it is of another commit."""
        self._now = recorded
        wrong = self._differences.goes_on(recorded)
        if wrong is None:
            self._TAKES[type(recorded.event)](self, recorded.event)
        return wrong

    def wrong(self) -> str | None:
        """What is wrong after all of them."""
        return self._differences.wrong()

    def _counted(self, event: GrantCounted | GrantUncounted) -> None:
        self._differences.counted(self._now.stream, event)

    def _issued(self, event: OfferIssued) -> None:
        self._differences.has_to_count(_of_offer(evolve_offer(Offer(), event)))

    def _revoked(self, event: OfferRevoked) -> None:
        """What the ledger itself takes back counts no more; what an employee takes away does."""
        offer = self._offer(event.offer_id)
        if evolve_offer(offer, event).returned:
            self._differences.has_to_count(_of_offer(offer), -1)

    def _settled(self, event: TransactionSettled) -> None:
        """What a version of a sale gave beyond those before, or less."""
        now = self._now
        before: Sale = Sale() if now.version == FIRST_SETTLED else self._state(now.stream)
        had, counted_at = before.record.grants, before.record.sale_time or event.sale_time
        has = fold(now.stream, [event], before).record.grants
        self._differences.note_untold(event.grants)
        self._stands(_rows(had), counted_at, -1)
        self._stands(_rows(has), counted_at, 1)
        for key, standing in had.items():
            still = has.get(key, Standing()).offers
            self._leaving += [one for one in standing.offers if one not in still]
        leaving, self._leaving = self._leaving, []
        for offer_id in leaving:
            self._left(self._offer(offer_id))

    def _stands(
        self, grants: Iterable[tuple[str, str, Standing]], counted_at: datetime, sign: int
    ) -> None:
        """A sale counts once for everybody by what a rule gives, and for each who pays."""
        for_all: dict[tuple[str, str], int] = {}
        for customer_id, rule, standing in grants:
            for subject, points in _subjects(rule, standing.awards, standing.counted):
                mine = Counts(customer_id, subject, counted_at, 1, points)
                self._differences.for_customer(mine, sign)
                for_all[rule, subject] = for_all.get((rule, subject), 0) + points
        for (_, subject), points in for_all.items():
            self._differences.for_all(subject, 1, points, sign)

    def _left(self, offer: Offer) -> None:
        """A sale's offer that it has no more: taken back before, still in use, or over."""
        in_use = offer.state in (OfferState.LOCKED, OfferState.REDEEMED)
        revoked = offer.state is OfferState.REVOKED and offer.returned
        if not (in_use or revoked):
            self._differences.has_to_count(_of_offer(offer), -1)

    def _rewarded(self, event: TierEntryRewarded) -> None:
        counted = ((one.subject, event.counted_at, 1, one.points) for one in event.counted)
        self._differences.has_to_count(Counts(event.customer_id, *one) for one in counted)

    def _undone(self, event: TierEntryUndone) -> None:
        """Its offers are gone by the end of the settlement that undoes the entry."""
        tiers: Tiers = self._state(self._now.stream)
        entry = tiers.entries.get(reward_key(event.system, event.level))
        for given in entry.each if entry else ():
            counted = ((one.subject, given.counted_at, 1, one.points) for one in given.counted)
            self._differences.has_to_count((Counts(event.customer_id, *one) for one in counted), -1)
            self._leaving += given.offers

    def _heard(self, event: CustomerEventReceived) -> None:
        self._happened[self._now.stream] = event.at

    def _answered(self, event: CustomerEventSettled) -> None:
        happened = self._happened.pop(self._now.stream)
        self._granted(event.customer_id, event.grants, lambda _: happened)

    def _claimed(self, event: PromotionClaimed) -> None:
        self._granted(event.customer_id, event.grants, lambda _: event.claimed_at)

    def _deposited(self, event: PointsDeposited) -> None:
        self._granted(event.customer_id, event.grants, lambda grant: grant.awards[0].earned_at)

    def _granted(
        self, customer_id: str, grants: Iterable[Grant], counted_at: Callable[[Grant], datetime]
    ) -> None:
        """What entering a level gave is told for itself."""
        self._differences.note_untold(grants)
        for grant in grants:
            if not grant.rule.startswith("tier:"):
                for subject, points in _subjects(grant.rule, grant.awards, grant.counted):
                    counts = Counts(customer_id, subject, counted_at(grant), 1, points)
                    self._differences.has_to_count([counts])

    def _moved_out(self, event: UsageMovedOut) -> None:
        self._moving[event.customer_id] = counts_of(self._state(self._now.stream))

    def _moved_in(self, event: UsageMovedIn) -> None:
        """All that the other had, and when."""
        stream = self._now.stream
        self._differences.moved(stream, event.counts, 1)
        self._differences.moved(stream, self._moving.pop(event.moved_from, []), -1)

    def _sale_moved(self, event: SaleMoved) -> None:
        """All its counts have come to who has it now; what counted for both counts once."""
        before: Sale = self._state(self._now.stream)
        if before.record.sale_time is None:
            return
        has, now = fold(self._now.stream, [event], before).record.grants, Renaming(event)
        came = ((now.name(who), rule, one) for who, rule, one in _rows(before.record.grants))
        self._stands(came, before.record.sale_time, -1)
        self._stands(_rows(has), before.record.sale_time, 1)

    # --- what was before ------------------------------------------------------------------------

    def _state(self, stream: str) -> Any:
        """The state of a stream just before the event that is looked at."""
        before = self._now.position
        events = takewhile(lambda one: one.position < before, self._read(stream))
        return fold(stream, (one.event for one in events))

    def _offer(self, offer_id: str) -> Any:
        return self._state(offer_of(offer_id))

    _TAKES: ClassVar[dict[type, Callable[["Recount", Any], None]]] = {
        GrantCounted: _counted,
        GrantUncounted: _counted,
        OfferIssued: _issued,
        OfferRevoked: _revoked,
        TransactionSettled: _settled,
        TierEntryRewarded: _rewarded,
        TierEntryUndone: _undone,
        CustomerEventReceived: _heard,
        CustomerEventSettled: _answered,
        PromotionClaimed: _claimed,
        PointsDeposited: _deposited,
        UsageMovedOut: _moved_out,
        UsageMovedIn: _moved_in,
        SaleMoved: _sale_moved,
    }


def _rows(grants: Mapping[tuple[str, str], Standing]) -> Iterator[tuple[str, str, Standing]]:
    """Customer, rule and what stands."""
    yield from ((customer_id, rule, standing) for (customer_id, rule), standing in grants.items())


def _of_offer(offer: Offer) -> Iterator[Counts]:
    """An offer counts by its definition, and by what the reward store sold it as."""
    for subject in (issued(offer.definition), sold(offer.store_offer)):
        if subject != sold(""):
            yield Counts(offer.customer_id, subject, offer.issued_at)


def _subjects(
    rule: str, awards: Iterable[PostedAward], counted: Iterable[str]
) -> Iterator[tuple[str, int]]:
    """What a grant counts for, and with how many of its points: all, or those of a source."""
    for subject in counted:
        if subject != EVERYTHING:
            of_source = [one for one in awards if f"source:{one.source}" == subject]
            yield subject, sum(one.points for one in (awards if subject == rule else of_source))
