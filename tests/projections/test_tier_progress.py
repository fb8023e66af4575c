"""How far a customer is from the next level."""

from datetime import datetime
from typing import Any

from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.progress import Measures
from loyalty_ledger.domain.values import Period
from loyalty_projections import tier_progress
from loyalty_projections.projection import fold
from loyalty_projections.spend_needed import spend_needed
from projections.story import NEW_YEAR, PROGRAM, PROGRAMS, Story, altered, day

ALL = (tier_progress.PROJECTION,)
SPENDABLE = altered(
    point_accounts=[
        account | {"spendable": True} for account in PROGRAM.to_document()["point_accounts"]
    ]
)


def place(story: Story, now: datetime) -> dict[str, Any]:
    (shown,) = tier_progress.progress(fold(ALL, story.told), "ann", now, PROGRAM)
    return shown


POINTS_LEAF = {
    "kind": "points_earned",
    "account": "credits",
    "within": "P12M",
    "present": 0,
    "target": 100,
    "missing": 100,
    "holds": False,
    "spend_needed": "80.00",
}
SALES_LEAF = {
    "kind": "transactions",
    "account": None,
    "within": None,
    "present": 0,
    "target": 3,
    "missing": 3,
    "holds": False,
}
SPEND_LEAF = {
    "kind": "spend",
    "account": None,
    "within": "P30D",
    "present": "0.00",
    "target": "50.00",
    "missing": "50.00",
    "holds": False,
}


def test_a_new_customer_sees_the_whole_tree_of_the_next_level() -> None:
    story = Story()
    story.enrolled("ann")
    both = {"all": [SALES_LEAF, SPEND_LEAF], "holds": False}
    assert place(story, day(1)) == {
        "system": "club",
        "level": "bronze",
        "since": NEW_YEAR,
        "until": None,
        "next": {"level": "silver", "entrance": {"any": [POINTS_LEAF, both], "holds": False}},
    }


def test_awards_count_net_of_claw_backs_at_the_award_s_time() -> None:
    story = Story()
    story.awarded("ann", "credits", 40, day(0))
    story.awarded("ann", "credits", 30, day(10))
    story.clawed_back("ann", "credits", 15, day(20), day(0))
    leaf = place(story, day(30))["next"]["entrance"]["any"][0]
    assert (leaf["present"], leaf["missing"], leaf["spend_needed"]) == (55, 45, "36.00")
    leaf = place(story, day(366))["next"]["entrance"]["any"][0]
    assert leaf["present"] == 30


def test_an_award_after_a_debt_counts_from_when_it_was_earned_and_so_does_its_claw_back() -> None:
    story = Story()
    story.awarded("ann", "credits", 10, day(0))
    story.spent("ann", "credits", 10, day(1), SPENDABLE)
    story.clawed_back("ann", "credits", 10, day(20), day(0))
    story.awarded("ann", "credits", 40, day(5))
    assert story.wallets["ann"].latest == day(20)
    assert credits_present(story, day(30)) == 40
    assert credits_present(story, day(364)) == 40
    assert credits_present(story, day(370)) == 0
    story.clawed_back("ann", "credits", 15, day(30), day(5))
    assert credits_present(story, day(30)) == 25
    assert credits_present(story, day(370)) == 0


def credits_present(story: Story, now: datetime) -> int:
    """What is shown; the wallet that decides has the same."""
    shown = place(story, now)["next"]["entrance"]["any"][0]["present"]
    assert isinstance(shown, int)
    decided = Measures(story.wallets["ann"].earned, Pages(), PROGRAM)
    assert decided.points_earned("credits", Period.parse("P12M"), now) == shown
    return shown


def test_a_sale_counts_from_its_own_time_though_it_was_counted_later() -> None:
    story = Story()
    story.bought("ann", 2000, day(25), counted_at=day(5))
    spend = place(story, day(34))["next"]["entrance"]["any"][1]["all"][1]
    assert spend["present"] == "20.00"
    spend = place(story, day(35))["next"]["entrance"]["any"][1]["all"][1]
    assert spend["present"] == "0.00"


def test_sales_and_spend_count_within_their_periods() -> None:
    story = Story()
    story.bought("ann", 499, day(0))
    story.bought("ann", 500, day(1))
    story.bought("ann", 2000, day(29.5))
    sales, spend = place(story, day(30))["next"]["entrance"]["any"][1]["all"]
    assert (sales["present"], sales["missing"]) == (2, 1)
    assert (spend["present"], spend["missing"]) == ("25.00", "25.00")


def test_in_the_highest_level_nothing_is_next() -> None:
    story = Story()
    story.entered_silver("ann", day(1), day(32))
    shown = place(story, day(2))
    assert (shown["level"], shown["since"], shown["until"]) == ("silver", day(1), day(32))
    assert shown["next"] is None


def test_maintenance_that_has_fallen_due_counts_before_it_is_recorded() -> None:
    story = Story()
    story.entered_silver("ann", day(0), day(31))
    story.awarded("ann", "credits", 60, day(10))
    rows = fold(ALL, story.told)
    assert tier_progress.overdue(rows, "ann", day(30), PROGRAMS) == []
    kept, left = tier_progress.overdue(rows, "ann", day(70), PROGRAMS)
    every = tier_progress.overdue_of(rows, ["ann", "bob"], day(70), PROGRAMS)
    assert every == {"ann": [kept, left], "bob": []}
    assert [type(kept).__name__, type(left).__name__] == ["TierKept", "TierLeft"]
    (due,) = tier_progress.progress(rows, "ann", day(70), PROGRAM, due_levels=[kept, left])
    story.record("tiers/ann", kept, left)
    assert place(story, day(70)) == due
    assert due["level"] == "bronze"


def test_what_has_fallen_due_is_judged_by_the_program_that_promised_it() -> None:
    story = Story()
    story.entered_silver("ann", day(0), day(31))
    story.awarded("ann", "credits", 60, day(10))
    programs = {1: PROGRAM, 2: altered(tier_systems=[])}
    rows = fold(ALL, story.told)
    due = tier_progress.overdue(rows, "ann", day(70), programs)
    assert due == tier_progress.overdue(rows, "ann", day(70), PROGRAMS)
    story.record("tiers/ann", due[0])
    assert tier_progress.overdue(fold(ALL, story.told), "ann", day(70), programs) == due[1:]


def test_the_spend_needed_is_the_least_that_earns_the_points() -> None:
    bronze, silver = {"club": "bronze"}, {"club": "silver"}
    assert spend_needed(0, "credits", PROGRAM, bronze) == 0
    assert spend_needed(1, "credits", PROGRAM, bronze) == 100
    assert spend_needed(5, "credits", PROGRAM, bronze) == 400
    assert spend_needed(2, "credits", PROGRAM, silver) == 100
    assert spend_needed(11, "credits", PROGRAM, silver) == 400
    assert spend_needed(1, "points", PROGRAM, bronze) is None
