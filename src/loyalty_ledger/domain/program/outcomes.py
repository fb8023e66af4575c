"""What is given: points, offers, codes."""

from typing import Annotated

from pydantic import Field, Tag

from loyalty_ledger.domain.program.scalars import Id, Positive, Rate
from loyalty_ledger.domain.program.section import Section, told_by_key


class Award(Section):
    """Points given: once, or by money, or by quantity."""

    account: Id = Field(description="The account the points go to.")
    source: Id = Field(description="The source they come from; it must feed the account.")
    points: Rate = Field(description="Points, or points per `per_amount` or `per_quantity`.")
    per_amount: Positive | None = Field(
        None, description="Points for each such amount of net spend, in major units."
    )
    per_quantity: Positive | None = Field(None, description="Points for each such quantity.")
    by_level: dict[Id, dict[Id, Rate]] = Field(
        {}, description="By tier system and level: the points instead of `points`."
    )


class AwardOutcome(Section):
    """Gives points."""

    award: Award = Field(description="The points.")


class IssueOutcome(Section):
    """Issues an offer."""

    issue: Id = Field(description="The offer's id.")


class CodeOutcome(Section):
    """Draws a single-use code of a promotion for the customer."""

    code: Id = Field(description="The promotion's id.")


Outcome = Annotated[
    Annotated[AwardOutcome, Tag(":award")]
    | Annotated[IssueOutcome, Tag(":issue")]
    | Annotated[CodeOutcome, Tag(":code")],
    told_by_key("award", "issue", "code"),
]
