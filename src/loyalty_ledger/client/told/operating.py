"""What operators are told: how it stands, the program, keys, views and long work."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from loyalty_ledger.client.told.values import Moment


class Reader(TypedDict):
    """How far somebody has read the log; lag is in events."""

    name: str
    position: int
    lag: int


class FailedCause(TypedDict):
    """A settlement that failed, why, and whose it is."""

    cause: str
    reason: str
    customers: list[str]


class Status(TypedDict):
    """How the ledger stands: positions, lags, what waits and what failed."""

    position: int
    digest: str
    recorded_at: Moment | None
    program_version: int
    readers: list[Reader]
    waiting: int
    held: int
    oldest_unsettled_at: Moment | None
    failed: list[FailedCause]
    warnings: list[str]


class Published(TypedDict):
    """The version of the program in force, and whether it is a new one."""

    version: int
    published: bool


class Difference(TypedDict):
    """What differs between two documents at a path."""

    path: str
    kind: Literal["added", "removed", "changed", "moved"]
    before: Any
    after: Any


class Differences(TypedDict):
    """Everything that differs between two documents."""

    differences: list[Difference]


class Loaded(TypedDict):
    """How many stores or items there are now, and whether that is news."""

    loaded: int
    changed: bool


class NewKey(TypedDict):
    """A key and its secrets, which are shown once; what it signs with, if it has to."""

    key: str
    secret: str
    signing_secret: NotRequired[str]


class Key(TypedDict):
    """A key, without its secret."""

    key: str
    name: str
    scope: Literal["pos", "member", "operator", "admin"]
    store_id: str | None
    created_at: Moment
    expires_at: Moment | None
    per_second: int | None
    signed: bool
    state: str
    last_used_at: Moment | None


class Keys(TypedDict):
    """Every key there was."""

    keys: list[Key]


class View(TypedDict):
    """Where a view of the log stands."""

    name: str
    version: int
    reader: str
    position: int


class Views(TypedDict):
    """Where every view stands."""

    projections: list[View]


class JobProgress(TypedDict):
    """How far long work is."""

    done: int
    goal: int


class Job(TypedDict):
    """Long work, and what it came to."""

    job_id: str
    what: str
    state: Literal["running", "done", "failed"]
    progress: JobProgress
    result: dict[str, Any] | None


class Readiness(TypedDict):
    """That the service can answer, and what an operator should know."""

    status: Literal["ready"]
    position: int
    program_version: int
    warnings: list[str]
