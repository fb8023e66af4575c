"""Stories made of random steps, and what they have in common."""

from hypothesis import strategies as st

from loyalty_ledger.domain.values import Rejected
from projections.story import ACCOUNTS, Story, day

CUSTOMERS = ("ann", "bob", 'q"u\\o te')
Step = tuple[str, str, str, int, float]
_RETURNS = ("restore", "make up", "claw back own", "lock", "recall", "deserve")
_STEPS = (
    *(
        "award",
        "spend",
        "claw back",
        "keep time",
        "buy",
        "enter",
        "keep",
        "leave",
        "issue",
        "claim",
    ),
    *_RETURNS,
)
steps = st.lists(
    st.tuples(
        st.sampled_from(_STEPS),
        st.sampled_from(CUSTOMERS),
        st.sampled_from(ACCOUNTS),
        st.integers(1, 60),
        st.sampled_from((0.0, 0.25, 1.0, 3.0, 8.0, 33.0)),
    ),
    max_size=40,
)
"""What happens, to whom, in which account, how much of it, and how many days after the last."""


def told(chosen: list[Step]) -> Story:
    """The story these steps make; what the wallet refuses does not happen."""
    story, now = Story(), 0.0
    for customer in CUSTOMERS:
        story.enrolled(customer)
    for step in chosen:
        now += step[4]
        try:
            (_return if step[0] in _RETURNS else _happen)(story, step, now)
        except Rejected:
            continue
    return story


def _happen(story: Story, step: Step, now: float) -> None:
    what, customer, account, amount, _ = step
    match what:
        case "award":
            story.awarded(customer, account, amount, day(now))
        case "spend":
            story.spent(customer, account, amount, day(now))
        case "claw back":
            story.clawed_back(customer, account, amount, day(now), day(now - 1))
        case "keep time":
            story.time_kept(customer, day(now))
        case "buy":
            story.bought(customer, amount * 100, day(now))
        case "enter":
            story.entered_silver(customer, day(now), day(now + 31))
        case "keep":
            story.kept_silver(customer, day(now), day(now + 31))
        case "leave":
            story.left_silver(customer, day(now))
        case "issue" | "claim":
            _give(story, step, now)


def _give(story: Story, step: Step, now: float) -> None:
    what, customer, _, amount, _ = step
    offer = f"{customer}-{len(story.told)}"
    if what == "claim":
        story.claimed(customer, amount, day(now), offer)
    else:
        story.issued(customer, offer, day(now), day(now + amount))


def _return(story: Story, step: Step, now: float) -> None:
    """What returns bring about; an offer is the customer's latest, if he has one."""
    what, customer, account, amount, _ = step
    if what == "restore":
        return story.restored(customer, account, day(now))
    if what == "make up":
        return story.awarded(customer, account, amount, day(now), made_up=amount // 2)
    if what == "claw back own":
        own = range(1, len(story.told) + 1)
        return story.clawed_back(customer, account, amount, day(now), day(now - 1), own)
    own_offers = [name for name, offer in story.offers.items() if offer.customer_id == customer]
    for offer in own_offers[-1:]:
        if what == "lock":
            story.locked(offer, day(now), 3)
        elif what == "recall":
            story.recalled(offer, day(now))
        else:
            story.deserved(offer, day(now))
    return None
