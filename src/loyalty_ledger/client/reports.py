"""What operators are answered."""

from typing import Any, NotRequired, TypedDict


class Published(TypedDict):
    """The version of the program in force, and whether it is a new one."""

    version: int
    published: bool


class NewKey(TypedDict):
    """A key and its secrets, which are shown once; what it signs with, if it has to."""

    key: str
    secret: str
    signing_secret: NotRequired[str]


class Job(TypedDict):
    """Long work: `running`, `done` or `failed`, and what it came to."""

    job_id: str
    what: str
    state: str
    progress: dict[str, int]
    result: Any
