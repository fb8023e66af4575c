"""Point accounts, the sources that feed them, and how their points end."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, Tag

from loyalty_ledger.domain.program.earning import Limits
from loyalty_ledger.domain.program.scalars import Count, Id, Percent, Span, Text
from loyalty_ledger.domain.program.section import KIND, Section, told_by_kind
from loyalty_ledger.domain.values import Period


class NeverExpiry(Section):
    """The points stay."""

    kind: Literal["never"] = Field(description=KIND)


class RollingExpiry(Section):
    """Each lot ends a fixed time after it was earned, or rolls over into another account."""

    kind: Literal["rolling"] = Field(description=KIND)
    after: Span = Field(description="How long a lot lives, from the time of the sale.")
    into: Id | None = Field(None, description="The account the lot rolls over into when it ends.")


class FixedDateExpiry(Section):
    """All points end on the same day of every year."""

    kind: Literal["fixed_date"] = Field(description=KIND)
    month: Count = Field(description="Month, 1 to 12.")
    day: Count = Field(description="Day of the month; the points end as it begins.")


class InactivityExpiry(Section):
    """Points shrink when the customer neither earns nor spends."""

    kind: Literal["inactivity"] = Field(description=KIND)
    after: Span = Field(description="Time without earning or spending.")
    percent: Percent = Field(description="Share of the points left that ends, each time.")


Expiry = Annotated[
    Annotated[NeverExpiry, Tag(":never")]
    | Annotated[RollingExpiry, Tag(":rolling")]
    | Annotated[FixedDateExpiry, Tag(":fixed_date")]
    | Annotated[InactivityExpiry, Tag(":inactivity")],
    told_by_kind("never", "rolling", "fixed_date", "inactivity"),
]


class PointAccount(Section):
    """A purse of points."""

    id: Id = Field(description="The account's id.")
    name: Text = Field(description="Name shown to customers.")
    spendable: StrictBool = Field(True, description="Whether points can be spent from it.")
    default: StrictBool = Field(False, description="Whether automatic spends take from it.")
    allow_negative: StrictBool = Field(
        True, description="Whether a claw-back may leave a debt; else the shortfall is written off."
    )
    maximum_balance: Count | None = Field(
        None, description="What would exceed this balance is not awarded."
    )
    expiry: Expiry = Field(
        RollingExpiry(kind="rolling", after=Period(months=12)), description="How its points end."
    )


class PointSource(Section):
    """A reason points are given for, and where they may go."""

    id: Id = Field(description="The source's id.")
    name: Text = Field(description="Name in reports.")
    accounts: tuple[Id, ...] = Field(min_length=1, description="The accounts it may feed.")
    limits: Limits = Field(Limits(), description="Limits over everything this source gives.")
