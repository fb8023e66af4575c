"""Tier systems: levels, how one gets in and how one stays, and the trees that say so."""

from decimal import Decimal
from functools import cached_property
from typing import Annotated

from pydantic import Field, Tag

from loyalty_ledger.domain.program.outcomes import Outcome
from loyalty_ledger.domain.program.scalars import Amount, Count, Id, Positive, Span, Text
from loyalty_ledger.domain.program.section import Section, told_by_key

_WITHIN = "Only what happened within this period counts; left out: ever."


class PointsEarnedTarget(Section):
    """Points awarded, net of claw-backs, whatever became of them since."""

    account: Id = Field(description="The point account.")
    amount: Count = Field(description="Points to reach; reaching it exactly is enough.")
    within: Span | None = Field(None, description=_WITHIN)


class TransactionsTarget(Section):
    """Sales made."""

    count: Count = Field(description="Sales to reach.")
    minimum_total: Amount = Field(
        Decimal("0.00"), description="Only sales of at least this much, in major units, count."
    )
    within: Span | None = Field(None, description=_WITHIN)


class SpendTarget(Section):
    """Money spent."""

    amount: Positive = Field(description="Spend to reach, in major units.")
    within: Span | None = Field(None, description=_WITHIN)


class PointsEarned(Section):
    """Holds when enough points were earned."""

    points_earned: PointsEarnedTarget = Field(description="Points earned in one account.")


class Transactions(Section):
    """Holds when enough sales were made."""

    transactions: TransactionsTarget = Field(description="Number of sales.")


class Spend(Section):
    """Holds when enough was spent."""

    spend: SpendTarget = Field(description="The money to spend.")


class All(Section):
    """Holds when every node below holds."""

    all: tuple["Node", ...] = Field(min_length=1, description="Every one of these must hold.")


class Any(Section):
    """Holds when at least one node below holds."""

    any: tuple["Node", ...] = Field(min_length=1, description="One of these must hold.")


Node = Annotated[
    Annotated[All, Tag(":all")]
    | Annotated[Any, Tag(":any")]
    | Annotated[PointsEarned, Tag(":points_earned")]
    | Annotated[Transactions, Tag(":transactions")]
    | Annotated[Spend, Tag(":spend")],
    told_by_key("all", "any", "points_earned", "transactions", "spend"),
]

All.model_rebuild()
Any.model_rebuild()


class Maintenance(Section):
    """What must hold, time and again, to stay in a level."""

    every: Span = Field(description="How often it is judged, from the entry on.")
    requires: Node = Field(description="What must hold then; else one level down.")


class Level(Section):
    """A level of a tier system."""

    id: Id = Field(description="The level's id, unique in its system.")
    name: Text = Field(description="Name shown to customers.")
    entrance: Node | None = Field(
        None, description="What lets a customer in. Every level but the first has one."
    )
    on_entry: tuple[Outcome, ...] = Field(
        (), description="Outcomes of entering it, once per customer."
    )
    maintenance: Maintenance | None = Field(None, description="What it takes to stay.")


class TierSystem(Section):
    """Levels from lowest to highest; everybody starts in the first."""

    id: Id = Field(description="The system's id.")
    name: Text = Field(description="Name shown to customers.")
    levels: tuple[Level, ...] = Field(min_length=1, description="Lowest first.")

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Rank by level id; the first level has 0."""
        return {level.id: rank for rank, level in enumerate(self.levels)}

    def rank(self, level_id: str) -> int:
        """The level's place from the bottom, 0 for the first; KeyError when there is none."""
        return self.ranks[level_id]

    def level(self, level_id: str) -> Level:
        """The level of that id; KeyError when there is none."""
        return self.levels[self.ranks[level_id]]

    @property
    def first_level(self) -> str:
        """The id of the level everybody starts in."""
        return self.levels[0].id
