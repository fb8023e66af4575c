"""What a client raises when it is not given what it asked for."""

from collections.abc import Mapping
from typing import Any


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """The service said no, and why: a code for programs, a sentence for people, what to change.

    `status` is the HTTP status; a refusal of tills and apps has 200.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, Any], status: int):
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.details = details
        self.status = status


class Unanswered(Exception):  # noqa: N818 - what became of it is not known
    """No answer came, however often it was asked. It may have been done all the same.

    Asked again with this `request_id` it is done once; None where a request has no id.
    """

    def __init__(self, request_id: str | None, why: str):
        super().__init__(f"no answer to request {request_id}: {why}" if request_id else why)
        self.request_id = request_id
