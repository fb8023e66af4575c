"""A sale ends as its last version has it, by whichever versions it came there.

What no law can ask, and these leave out:

- What a limit or a maximum balance cut once stays cut, what was written off is not taken back by
  another version, and a sale that was to be paid with more points than there were takes those there
  are just then: stories in which a settlement of the sale says so are left out.
- A sale that grew again does so at the moment of that version. What had fallen due by then, be it
  the end of a lot or of the time in which a level can be reached, is over. So where a version came
  to more than the one before, levels and lots are compared if all happened within hours, and what
  stands of the rules' awards always.
- Points that paid for the sale come back in proportion to its first total, so a part that was paid
  with points is not what it would have been alone: neither tender nor lots are compared then. In
  whatever order the same versions come, as many points pay, though not out of the same lots.
- A last version that tells no payments is nobody's if no other was ever made: where it is compared
  with what it is worth from scratch, it tells them.
"""

from datetime import datetime, timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from laws.changed_sales import Changes, Telling, changes, moments


def begin(told: Changes) -> tuple[Telling, Telling, list[datetime]]:
    """Two ledgers to which the same happened before the sale, and when its versions are made."""
    both = Telling(told.document), Telling(told.document)
    times: list[datetime] = []
    for story in both:
        for number, step in enumerate(told.before):
            story.goes_on(step, f"o{number}")
        times = moments(told, story.now)
        story.now = times[0]
        story.begins(told.versions[0].sale)
    return (*both, times)


def left_out(*stories: Telling) -> bool:
    """Whether something was cut, written off, or short in one of them."""
    return any(one.cut() or one.written_off() or one.short() for one in stories)


def alike(one: Telling, other: Telling, until: datetime, *, over: bool) -> None:
    """Both came to the same; `over` when the time for some of it was over in one of them."""
    for story in (one, other):
        story.time_passes(until)
    if left_out(one, other):
        event("cut or written off")
        return
    assert one.granted() == other.granted()
    if over:
        event("awards compared")
        return
    event("all compared")
    assert one.standing() == other.standing()
    assert one.credit() == other.credit()
    assert one.levels_held() == other.levels_held()
    assert one.counts() == other.counts()
    assert one.kinds_of_offers() == other.kinds_of_offers()
    if not any(story.tendered() for story in (one, other)):
        assert one.points() == other.points()


@given(changes())
def test_a_return_in_pieces_ends_where_the_return_at_once_does(told: Changes) -> None:
    pieces, at_once, times = begin(told)
    for version, made in zip(told.versions, times, strict=True):
        pieces.told(version.sale, made)
    at_once.told(told.versions[0].sale, times[0])
    at_once.told(told.last.sale, times[-1])
    over = times[-1] - times[0] >= timedelta(days=1)
    alike(pieces, at_once, times[-1], over=over and (pieces.grew() or at_once.grew()))


@given(changes(soon=True, last_tells=True))
def test_a_sale_is_worth_what_its_last_version_is_worth_from_scratch(told: Changes) -> None:
    every, scratch, times = begin(told)
    for version, made in zip(told.versions, times, strict=True):
        every.told(version.sale, made)
    scratch.told(told.last.sale, times[-1])
    alike(every, scratch, times[-1], over=False)


@given(changes(soon=True, ends_closed=False), st.data())
def test_versions_in_any_order_end_in_the_same_ledger(told: Changes, data: st.DataObject) -> None:
    """Whichever they are: open, voided, without payments, with offers that others do not carry."""
    in_order, anyhow, times = begin(told)
    chosen = st.integers(0, 7)
    sales = [in_order.carries(one.sale, data.draw(chosen)) for one in told.versions]
    versions = list(zip(sales, times, strict=True))
    for version, made in versions:
        in_order.told(version, made)
    for version, made in data.draw(st.permutations(versions)):
        anyhow.told(version, made)
    alike(in_order, anyhow, times[-1], over=False)
    if in_order.tendered() and not left_out(in_order, anyhow):
        event("paid with points")
        assert in_order.paid_with() == anyhow.paid_with()
        assert in_order.balances() == anyhow.balances()
