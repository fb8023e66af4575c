"""Facts for auditors: what callers of the service did that leaves no other event."""

from loyalty_ledger.domain.events.base import Event


class OperatorActed(Event, frozen=True, kw_only=True):
    """Somebody did this under the key, by the request; recorded before anything is told of it.

    `act` is `rebuild`, `verify`, `export` or `edit`; `subject` the projection, or what was
    exported. An `edit` is of what is kept of a customer beside the log: of `fields`, whose values
    are not told.
    """

    act: str
    subject: str = ""
    customer_id: str = ""
    fields: list[str] = []
    key_id: str
    request_id: str
