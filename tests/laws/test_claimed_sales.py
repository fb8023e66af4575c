"""A sale that is claimed by its receipt is the claimant's, as if it had named him all along.

Sales are told with whatever payments they have; in one ledger those of the claimant name nobody
until he claims them, at any version of the sale.
"""

from hypothesis import event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from laws.changed_sales import Changes, Telling, changes
from laws.returned_sales import Scenario, Version, later, scenarios
from laws.told_twice import Story
from loyalty_ledger.domain import receipt
from loyalty_ledger.domain.arrivals import Arrived, Claimed
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.sales import Payment, TransactionReceived
from loyalty_ledger.domain.inheriting import that_stands
from loyalty_ledger.domain.judging import settle_sale
from loyalty_ledger.domain.needs import with_former
from loyalty_ledger.domain.values import Rejected
from specification import NEW_YORK

CLAIMANT = "ann"


def unnamed(sale: TransactionReceived) -> TransactionReceived:
    """The sale with payments that name nobody where they named the claimant."""
    return _with(sale, lambda one: None if one.customer_id == CLAIMANT else one.customer_id)


def named(sale: TransactionReceived, first: TransactionReceived) -> TransactionReceived:
    """The sale with the claimant on all payments that name nobody and are no points.

    A version that tells no payments has those of the `first`; where that has none, it is his.
    """
    if not sale.payments and first.payments:
        return sale
    if not sale.payments:
        return replace(sale, payments=[Payment(amount=0, customer_id=CLAIMANT)])
    free = receipt.claimable
    return _with(unnamed(sale), lambda one: CLAIMANT if free(one) else one.customer_id)


def _with(sale: TransactionReceived, whose) -> TransactionReceived:  # type: ignore[no-untyped-def]
    payments: list[Payment] = [replace(one, customer_id=whose(one)) for one in sale.payments]
    return replace(sale, payments=payments)


def stream_of(story: Story) -> str:
    return f"sale/{story.first['main'].store_id}/main"


def arrives_unnamed(story: Story, sale: TransactionReceived) -> None:
    """A version arrives: its payments are whose they were claimed to be, as intake has it."""
    sale = unnamed(sale)
    if "main" in story.first and sale.payments:
        claims = story.state(stream_of(story)).claims
        sale = replace(sale, payments=receipt.attributed(sale.payments, claims))
    story.arrives(sale, "main")


def claims(story: Story) -> bool:
    """The claimant claims the sale now; whether he could."""
    stream = stream_of(story)
    sale = story.state(stream)
    try:
        receipt.check_settled(sale)
        content = that_stands(sale)
        asked = receipt.Claim(CLAIMANT, "code", story.now, Actor())
        code = receipt.ReceiptCode({stream.removeprefix("sale/"): ()})
        claim = receipt.claim(asked, code, sale, content, NEW_YORK)
    except Rejected:
        return False

    def decision(draft: Draft) -> None:
        draft.emit(stream, claim, CLAIMANT)
        payments = receipt.attributed(content[1].payments, [claim])
        version = replace(content[1], payments=payments)
        arrived = Arrived(stream, content[0], version, claimed=Claimed(sale.events + 1, claim))
        arrived = with_former(arrived, story.shop.states)
        story.shop.recalls(arrived, draft)
        settle_sale(arrived, version, story.shop.knowledge, draft, retried=False)

    story.shop.decides(decision)
    story.books_hold()
    return True


@given(changes(before=0, soon=True), st.integers(0, 4))
def test_a_claimed_sale_ends_as_one_that_named_the_claimant(told: Changes, when: int) -> None:
    claimed, at_once = Telling(told.document), Telling(told.document)
    done = False
    for number, version in enumerate(told.versions):
        for story in (claimed, at_once):
            story.now = later(story.now, version)
        arrives_unnamed(claimed, version.sale)
        at_once.arrives(named(version.sale, told.versions[0].sale), "main")
        if number >= when or version is told.last:
            done = done or claims(claimed)
    for story in (claimed, at_once):
        story.time_passes(story.now)
    event("claimed" if done else "nothing to claim")
    if not done or any(one.cuts for story in (claimed, at_once) for one in story.settlements):
        return  # a limit that was met on the way stays met
    assert claimed.credit() == at_once.credit()
    assert claimed.levels().keys() == at_once.levels().keys()
    assert claimed.counts() == at_once.counts()
    assert sorted(claimed.offers().values()) == sorted(at_once.offers().values())
    assert claimed.points() == at_once.points()


@given(scenarios(), st.integers(0, 3))
def test_what_is_claimed_and_returned_was_never_bought(scenario: Scenario, when: int) -> None:
    with_it, without = Story(scenario.document), Story(scenario.document)
    for number, step in enumerate((*scenario.before, *scenario.since)):
        for story in (with_it, without):
            story.now = later(story.now, step)
        if isinstance(step, Version):
            arrives_unnamed(with_it, step.sale)
            if when <= number - len(scenario.before) and step is not scenario.since[-1]:
                claims(with_it)
    for story in (with_it, without):
        for customer in ("ann", "ben"):
            story.shop.keeps_time(story.now, customer)
        story.books_hold()
    event("claimed" if with_it.state(stream_of(with_it)).claims else "not claimed")
    assert not with_it.left_of("main")
    if with_it.fell():
        return
    assert with_it.credit() == without.credit() == {}
    assert with_it.levels() == {}
    assert with_it.counts() == {}
    assert with_it.offers() == {}
    if not with_it.points_lived_on():
        assert with_it.points() == {}
