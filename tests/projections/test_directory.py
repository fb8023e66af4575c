"""Whom an identifier names."""

from loyalty_projections import directory
from loyalty_projections.projection import fold
from projections.story import Story


def test_an_identifier_leads_to_its_customer_and_back() -> None:
    story = Story()
    story.linked("ann", "external", "d1")
    story.linked("ann", "email", "d2")
    story.linked("bob", "external", "d3")
    rows = fold((directory.PROJECTION,), story.told)
    assert directory.customer_named(rows, "external", "", "d1") == "ann"
    assert directory.customer_named(rows, "email", "", "d1") is None
    assert [row.digest for row in directory.identifiers_of(rows, "ann")] == ["d2", "d1"]


def test_an_identifier_linked_anew_names_only_the_new_customer() -> None:
    story = Story()
    story.linked("ann", "external", "d1")
    story.linked("bob", "external", "d1")
    rows = fold((directory.PROJECTION,), story.told)
    assert directory.customer_named(rows, "external", "", "d1") == "bob"
    assert directory.identifiers_of(rows, "ann") == []
