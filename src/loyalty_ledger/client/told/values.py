"""Values as they are answered: moments as text, amounts of money as numbers."""

from decimal import Decimal
from typing import Annotated

from pydantic import WithJsonSchema

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A moment in ISO 8601, with its offset."""

Amount = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""A JSON number that is read exactly: money in major units, or how much of a thing."""
