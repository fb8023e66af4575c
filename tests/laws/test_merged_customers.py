"""After a merge there is one customer, who is as if he had done it all.

Every sale of these stories is one customer's, or a bill that both split; the one goes on as the
other at some moment. All the while the books balance, no more is taken back than was granted nor
given back than was spent, and what is settled twice does nothing (`told_twice`).

Of two ways through a tier system the better one stays, with what entering its levels gave: where
both had a level of one system, no story without the sale is compared. What ended by inactivity
before the merge is taken as it stood then, so points are not compared where any did.
"""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from laws.merged_customers import BOTH, GONE, INTO, merges, of_one
from laws.returned_sales import Other, Scenario, Spending, Step, Use, Version, later, scenarios
from laws.told_twice import Story
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.events.tiers import TierEntryRewarded
from loyalty_ledger.domain.limits import Usage
from loyalty_ledger.domain.streams import tiers_of, usage_of, wallet_of
from loyalty_ledger.domain.tier import Tiers

WHOSE = st.lists(st.sampled_from([GONE, INTO, BOTH]), min_size=12, max_size=12)
"""Whose each sale is, the main one first."""


class Telling:
    """The same steps in two ledgers, in each of which the two are merged at some moment."""

    def __init__(self, scenario: Scenario, whose: Sequence[str]):
        self.both = (Story(scenario.document), Story(scenario.document))
        self.whose = whose
        self.merged = [False, False]
        self.number = 0
        self.apart = False
        self.doubled = False
        self.split: dict[str, TransactionReceived] = {}
        for story in self.both:
            for customer in (GONE, INTO):
                story.shop.enrols(customer)

    def merge(self, which: int) -> None:
        ways = [self.both[which].state(tiers_of(one)).ways for one in (GONE, INTO)]
        self.doubled = self.doubled or bool(ways[0].keys() & ways[1].keys())
        merges(self.both[which])
        self.merged[which] = True

    def goes_on(self, step: Step, *, with_main: tuple[bool, bool]) -> None:
        """One more step in both; the main sale where it is told at all."""
        self.number += 1
        for story in self.both:
            story.now = later(story.now, step)
        for which, story in enumerate(self.both):
            match step:
                case Version():
                    if with_main[which]:
                        self._arrives(which, step.sale, self.whose[0], "main")
                case Other():
                    whose = self.whose[self.number % len(self.whose)]
                    self._arrives(which, step.sale, whose, f"o{self.number}")
                case Spending():
                    points = self._affordable(step) * step.percent // 100
                    if points:
                        story.spends(self._name(which, step.customer), step.account, points)
                case Use():
                    pass
        if isinstance(step, Use):
            self._use(step)

    def _arrives(self, which: int, sale: TransactionReceived, whose: str, number: str) -> None:
        self.both[which].arrives(of_one(sale, self._name(which, whose)), number)
        if whose == BOTH and which == 0 and not self.merged[which]:
            self.split[number] = sale
        elif which == 0:
            self.split.pop(number, None)

    def told_again(self) -> None:
        """What was split before is told once more, by the one customer that there is."""
        for story in self.both:
            story.now += timedelta(hours=1)
            for number, sale in self.split.items():
                story.arrives(of_one(sale, INTO), number)

    def _affordable(self, step: Spending) -> int:
        held = [
            story.available(self._name(which, step.customer), step.account)
            for which, story in enumerate(self.both)
        ]
        return max(0, min(held))

    def _use(self, step: Use) -> None:
        known = [*self.both[1].offers()]
        if known:
            name = known[-1 - step.which % len(known)]
            used = [story.uses(name, f"u{self.number}") for story in self.both]
            self.apart = self.apart or used[0] != used[1]

    def _name(self, which: int, customer: str) -> str:
        return INTO if self.merged[which] else customer

    def ends(self) -> None:
        """What is due is recorded, and who went on as another has nothing."""
        for which, story in enumerate(self.both):
            for customer in (GONE, INTO):
                story.shop.keeps_time(story.now, customer)
            story.books_hold()
            if self.merged[which]:
                assert story.state(tiers_of(GONE)) == Tiers()
                assert not story.state(wallet_of(GONE)).holdings.accounts
                usage: Usage = story.state(usage_of(GONE))
                assert not usage.counts


@given(scenarios(), WHOSE, st.integers(0, 8))
def test_what_is_returned_after_a_merge_was_never_bought(
    scenario: Scenario, whose: list[str], when: int
) -> None:
    steps = [*scenario.before, *scenario.since]
    told = Telling(scenario, whose)
    for number, step in enumerate(steps):
        if number == min(when, len(steps) - 1):
            told.merge(0)
            told.merge(1)
        told.goes_on(step, with_main=(True, False))
    told.ends()
    with_it, without = told.both
    assert not with_it.left_of("main")
    fell = with_it.fell() or without.fell()
    if fell or told.apart or told.doubled or with_it.judged() != without.judged():
        event("something else depended on it")
        return
    event("compared")
    assert with_it.credit() == without.credit()
    assert with_it.levels() == without.levels()
    assert with_it.counts() == without.counts()
    assert with_it.offers() == without.offers()
    if any(story.spent_elsewhere() or story.points_lived_on() for story in told.both):
        return
    if not any(story.idled() for story in told.both):
        assert with_it.points() == without.points()


def gifts(story: Story) -> int:
    """How often entering a level gave something."""
    return sum(isinstance(one, TierEntryRewarded) for _, one in story.shop.history)


@given(scenarios(), WHOSE, st.integers(0, 8))
def test_who_goes_on_is_as_if_he_had_done_it_all(
    scenario: Scenario, whose: list[str], when: int
) -> None:
    """Where no level and no limit made a difference on the way, and no points were spent.

    Of a bill that was split each had his part, rounded down, until it was told again.
    """
    bought = [one for one in scenario.before if isinstance(one, Other)]
    steps = [*bought, *(one for one in scenario.since[:-1] if isinstance(one, Version | Other))]
    told = Telling(scenario, whose)
    told.merge(1)  # before anything happens: there was only one from the beginning
    for number, step in enumerate(steps):
        if number == min(when, len(steps) - 1):
            told.merge(0)
        told.goes_on(step, with_main=(True, True))
    if not told.merged[0]:
        told.merge(0)
    told.told_again()
    told.ends()
    two, one = told.both
    levels = [[c.levels for s in story.settled() for c in s.customers] for story in told.both]
    cut = any(s.cuts for story in told.both for s in story.settled())
    if cut or levels[0] != levels[1] or gifts(two) != gifts(one) or two.fell() or one.fell():
        event("a level or a limit made a difference")
        return
    event("compared")
    assert two.credit() == one.credit()
    assert two.counts() == one.counts()
    assert sorted(two.offers().values()) == sorted(one.offers().values())
    if not any(story.points_lived_on() for story in told.both):
        assert two.points() == one.points()
