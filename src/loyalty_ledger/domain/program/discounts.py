"""What an offer takes off a basket: the eight kinds of discount."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from loyalty_ledger.domain.program.scalars import Amount, Count, Percent, Positive
from loyalty_ledger.domain.program.section import KIND, Section, told_by_kind
from loyalty_ledger.domain.program.selectors import ItemSelector

Pick = Literal["lowest", "highest"]

_ITEMS = "The items it is about; left out: every item."
_PICK = "Which of the qualifying goods it takes: the lowest or the highest priced."


class AmountOffCheck(Section):
    """Money off the whole check."""

    kind: Literal["amount_off_check"] = Field(description=KIND)
    amount: Positive = Field(description="Taken off, in major units.")


class PercentOffCheck(Section):
    """A share off the whole check."""

    kind: Literal["percent_off_check"] = Field(description=KIND)
    percent: Percent = Field(description="Taken off, in percent.")
    maximum: Amount | None = Field(None, description="At most this much, in major units.")


class AmountOffItem(Section):
    """Money off one item."""

    kind: Literal["amount_off_item"] = Field(description=KIND)
    items: ItemSelector = Field(ItemSelector(), description=_ITEMS)
    amount: Positive = Field(description="Taken off, in major units.")
    pick: Pick = Field("lowest", description=_PICK)


class PercentOffItem(Section):
    """A share off one item."""

    kind: Literal["percent_off_item"] = Field(description=KIND)
    items: ItemSelector = Field(ItemSelector(), description=_ITEMS)
    percent: Percent = Field(description="Taken off, in percent.")
    pick: Pick = Field("lowest", description=_PICK)


class Buy(Section):
    """What has to be bought."""

    items: ItemSelector = Field(ItemSelector(), description=_ITEMS)
    quantity: Count = Field(1, description="How many.")


class Get(Section):
    """What becomes cheaper, and how: exactly one of the three ways."""

    items: ItemSelector = Field(ItemSelector(), description=_ITEMS)
    quantity: Count = Field(1, description="How many.")
    percent_off: Percent | None = Field(None, description="Taken off each, in percent.")
    amount_off: Positive | None = Field(None, description="Taken off each, in major units.")
    set_price: Amount | None = Field(None, description="Price of each, in major units.")


class BuyXGetY(Section):
    """Buy some, get others cheaper; the cheapest that qualify are the ones."""

    kind: Literal["buy_x_get_y"] = Field(description=KIND)
    buy: Buy = Field(description="The goods that have to be bought.")
    get: Get = Field(description="What becomes cheaper.")


class SetPrice(Section):
    """Items at a fixed price."""

    kind: Literal["set_price"] = Field(description=KIND)
    items: ItemSelector = Field(ItemSelector(), description=_ITEMS)
    price: Amount = Field(description="Price of each, in major units.")


class Selection(Section):
    """Several items of a choice, together at one price."""

    kind: Literal["selection"] = Field(description=KIND)
    items: ItemSelector = Field(ItemSelector(), description=_ITEMS)
    choose: Count = Field(description="How many.")
    price: Amount = Field(description="Price of all of them together, in major units.")


class Manual(Section):
    """Fulfilled outside; takes nothing off."""

    kind: Literal["manual"] = Field(description=KIND)


Discount = Annotated[
    Annotated[AmountOffCheck, Tag(":amount_off_check")]
    | Annotated[PercentOffCheck, Tag(":percent_off_check")]
    | Annotated[AmountOffItem, Tag(":amount_off_item")]
    | Annotated[PercentOffItem, Tag(":percent_off_item")]
    | Annotated[BuyXGetY, Tag(":buy_x_get_y")]
    | Annotated[SetPrice, Tag(":set_price")]
    | Annotated[Selection, Tag(":selection")]
    | Annotated[Manual, Tag(":manual")],
    told_by_kind(
        "amount_off_check",
        "percent_off_check",
        "amount_off_item",
        "percent_off_item",
        "buy_x_get_y",
        "set_price",
        "selection",
        "manual",
    ),
]
