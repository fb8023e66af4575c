"""A sale that comes back, in any pieces, leaves the ledger as if it had never been.

Two ledgers are told the same story, one of them without the sale. The laws hold where nothing else
in the story depended on the sale: other sales keep the level they were judged at, and what a limit
refused them is not made up for. Points are compared where none were spent elsewhere, since what was
spent may have been the sale's, and none lived on that were given back after their time.

All the while the books of both balance, no more is taken back than was granted nor given back than
was spent, and what is settled twice or sent twice does nothing (`told_twice`).
"""

from datetime import timedelta

from hypothesis import event, given

from laws.returned_sales import (
    Other,
    Scenario,
    Spending,
    Step,
    Use,
    Version,
    idle_scenarios,
    later,
    scenarios,
)
from laws.told_twice import CUSTOMERS, Story


class Twice:
    """The story with the sale, and without it."""

    def __init__(self, scenario: Scenario):
        self.with_it, self.without = Story(scenario.document), Story(scenario.document)
        self.both = (self.with_it, self.without)
        self.number = 0
        self.apart = False

    def goes_on(self, step: Step) -> None:
        """One more step in both, but for the sale itself."""
        self.number += 1
        for story in self.both:
            story.now = later(story.now, step)
        match step:
            case Version():
                self.with_it.arrives(step.sale, "main")
            case Other():
                for story in self.both:
                    story.arrives(step.sale, f"o{self.number}")
            case Spending():
                held = [story.available(step.customer, step.account) for story in self.both]
                if points := max(0, min(held)) * step.percent // 100:
                    for story in self.both:
                        story.spends(step.customer, step.account, points)
            case Use():
                known = [*self.without.offers()]
                if known:
                    which = known[-1 - step.which % len(known)]
                    used = [story.uses(which, f"u{self.number}") for story in self.both]
                    self.apart = self.apart or used[0] != used[1]

    def until(self, weeks: int) -> None:
        """Time passes."""
        for story in self.both:
            until = story.now + timedelta(weeks=weeks)
            for customer in CUSTOMERS:
                story.shop.keeps_time(until, customer)
            story.books_hold()


@given(scenarios())
def test_what_is_returned_was_never_bought(scenario: Scenario) -> None:
    told = Twice(scenario)
    for step in (*scenario.before, *scenario.since):
        told.goes_on(step)
    told.until(weeks=0)
    assert not told.with_it.left_of("main")
    assert not told.with_it.codes_of("main")
    with_it, without = told.both
    fell = with_it.fell() or without.fell()
    if fell or told.apart or with_it.judged() != without.judged():
        event("something else depended on it")
        return
    event("compared")
    assert with_it.credit() == without.credit()
    assert with_it.levels() == without.levels()
    assert with_it.counts() == without.counts()
    assert with_it.offers() == without.offers()
    assert with_it.codes_of_levels() == without.codes_of_levels()
    if not any(story.spent_elsewhere() or story.points_lived_on() for story in told.both):
        assert with_it.points() == without.points()
        told.until(weeks=3)
        assert with_it.points() == without.points()


@given(idle_scenarios())
def test_what_is_returned_was_no_activity(scenario: Scenario) -> None:
    """The other laws of returns, too, know programs with inactivity; here it takes all the time.

    While points pay for the sale, what inactivity takes comes out of other lots. Once they are
    back as much is left in all; in which lots makes no difference, since none ends by itself here.
    """
    told = Twice(scenario)
    for step in (*scenario.before, *scenario.since):
        told.goes_on(step)
    spent = any(story.spent_elsewhere() for story in told.both)
    if spent or told.apart or told.with_it.judged() != told.without.judged():
        event("something else depended on it")
        return
    event(f"inactivity was reviewed: {told.with_it.reviewed()}")
    for weeks in (0, 1, 3):
        told.until(weeks=weeks)
        assert told.with_it.balances() == told.without.balances()
        if not told.with_it.gave_back():
            assert told.with_it.points() == told.without.points()


@given(scenarios(meanwhile=0))
def test_pieces_end_where_the_whole_does(scenario: Scenario) -> None:
    in_pieces, at_once = Story(scenario.document), Story(scenario.document)
    for step in scenario.since:
        for story in (in_pieces, at_once):
            story.now = later(story.now, step)
        if isinstance(step, Version):
            in_pieces.arrives(step.sale, "main")
            if step in (scenario.since[0], scenario.since[-1]):
                at_once.arrives(step.sale, "main")
    for story in (in_pieces, at_once):
        for customer in CUSTOMERS:
            story.shop.keeps_time(story.now, customer)
    assert not at_once.left_of("main")
    assert in_pieces.credit() == at_once.credit() == {}
    assert in_pieces.levels() == at_once.levels() == {}
    assert in_pieces.counts() == at_once.counts() == {}
    assert in_pieces.offers() == at_once.offers() == {}
    assert in_pieces.points() == at_once.points() == {}
