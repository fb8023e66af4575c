"""Whom an identifier names."""

from loyalty_ledger.domain.events.customers import IdentifierUnlinked
from loyalty_projections import directory
from loyalty_projections.projection import fold
from projections.story import NEW_YEAR, Story


def test_an_identifier_leads_to_its_customer_and_back() -> None:
    story = Story()
    story.linked("ann", "external", "d1")
    story.linked("ann", "email", "d2")
    story.linked("bob", "external", "d3")
    rows = fold((directory.PROJECTION,), story.told)
    assert directory.customers_named(rows, "external", "", "d1") == ["ann"]
    assert directory.customers_named(rows, "email", "", "d1") == []
    assert [row.digest for row in directory.identifiers_of(rows, "ann")] == ["d2", "d1"]


def test_an_identifier_of_two_customers_names_both() -> None:
    story = Story()
    story.linked("bob", "external", "d1")
    story.linked("ann", "external", "d1")
    rows = fold((directory.PROJECTION,), story.told)
    assert directory.customers_named(rows, "external", "", "d1") == ["ann", "bob"]
    assert [row.digest for row in directory.identifiers_of(rows, "ann")] == ["d1"]


def test_an_unlinked_identifier_names_the_other_customer_or_nobody() -> None:
    story = Story()
    story.linked("ann", "external", "d1")
    story.linked("bob", "external", "d1")
    unlink(story, "ann", "d1")
    rows = fold((directory.PROJECTION,), story.told)
    assert directory.customers_named(rows, "external", "", "d1") == ["bob"]
    unlink(story, "bob", "d1")
    rows = fold((directory.PROJECTION,), story.told)
    assert directory.customers_named(rows, "external", "", "d1") == []
    assert directory.identifiers_of(rows, "ann") == []


def unlink(story: Story, customer: str, digest: str) -> None:
    event = IdentifierUnlinked(
        at=NEW_YEAR, kind="external", digest=digest, customer_id=customer, why="unlinked"
    )
    story.record(f"identifier/{digest}", event)
