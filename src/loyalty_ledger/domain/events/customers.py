"""Facts about customers and the identifiers that name them."""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event


class CustomerEnrolled(Event, frozen=True, kw_only=True):
    """A customer exists from here on. These are the consent, tags and flags he began with.

    `tag_ends` says when a tag ceases to hold, for those that do: it holds before, and not at it.
    """

    customer_id: str
    number: int = 1
    opted_in: bool = True
    tags: list[str] = []
    cause: str = ""
    tag_ends: dict[str, datetime] = {}
    suspended: bool = False
    test: bool = False


class CustomerChanged(Event, frozen=True, kw_only=True):
    """The customer's consent, tags and flags are now these; tags end as at `CustomerEnrolled`.

    One who is `suspended` earns, and may ask for nothing. A `test` account is nobody's.
    """

    customer_id: str
    opted_in: bool
    tags: list[str]
    tag_ends: dict[str, datetime] = {}
    suspended: bool = False
    test: bool = False


class IdentifierLinked(Event, frozen=True, kw_only=True):
    """This identifier, known by its keyed hash alone, names this customer.

    `via` is the hash of the typed external id that this one is the spelling without a type of.
    """

    kind: str
    type: str = ""
    digest: str
    customer_id: str
    via: str = ""


class ExternalTypeUsed(Event, frozen=True, kw_only=True):
    """From here on there are external ids of this type."""

    type: str


class IdentifierUnlinked(Event, frozen=True, kw_only=True):
    """This identifier names this customer no more, and may name another from here on.

    `why` is `unlinked` when somebody asked for it: what is linked by itself, or `via` another typed
    id, goes on naming him. It is `erased` when the customer was forgotten, with all that named him.
    """

    kind: str
    type: str = ""
    digest: str
    customer_id: str
    why: str
    via: str = ""


class CustomerErased(Event, frozen=True, kw_only=True):
    """What was known of the person behind this customer is gone; his points and sales stay.

    Nobody can be found to be him any more. `values` counts the pieces of personal data deleted.
    """

    customer_id: str
    values: int


class SettlementHeld(Event, frozen=True, kw_only=True):
    """This sale or customer event of the customer waits; those that come later wait behind it."""

    customer_id: str
    subject: str
    version: int
    blocked_by: str


class SettlementResumed(Event, frozen=True, kw_only=True):
    """The customer waits for this one no more. Where it names nobody, `customer_id` is empty."""

    customer_id: str
    subject: str
    version: int
