"""Facts about customers and the identifiers that name them."""

from loyalty_ledger.domain.events.base import Event


class CustomerEnrolled(Event, frozen=True, kw_only=True):
    """A customer exists from here on. `tags` and `opted_in` are what he began with."""

    customer_id: str
    number: int = 1
    opted_in: bool = True
    tags: list[str] = []
    cause: str = ""


class CustomerChanged(Event, frozen=True, kw_only=True):
    """The customer's consent or tags are now these."""

    customer_id: str
    opted_in: bool
    tags: list[str]


class IdentifierLinked(Event, frozen=True, kw_only=True):
    """This identifier, known by its keyed hash alone, names this customer."""

    kind: str
    type: str = ""
    digest: str
    customer_id: str


class IdentifierUnlinked(Event, frozen=True, kw_only=True):
    """This identifier names this customer no more, and may name another from here on.

    `why` is `unlinked` when somebody asked for it, `erased` when the customer was forgotten.
    """

    kind: str
    type: str = ""
    digest: str
    customer_id: str
    why: str


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
