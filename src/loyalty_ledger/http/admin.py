"""What operators do over HTTP: the program, keys, views, verifying, exports, and how it stands."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from loyalty_ledger import program_diff, verification
from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http import reasons
from loyalty_ledger.http.jobs import Progress
from loyalty_ledger.http.operation import Body, Call, Operation
from loyalty_ledger.http.program_documents import Document, program_of
from loyalty_ledger.keys import NewKey, Terms, as_new
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.sent import Text, Time, refused
from loyalty_ledger.status import status_of
from loyalty_projections.projections import PROJECTIONS

ROOT = "/admin/v1"
VERSION = ("version", "Which version; the newest if left out.", {"type": "integer", "minimum": 1})


class NewKeyBody(Body):
    """What a key is for."""

    name: Text
    scope: Literal["pos", "member", "operator", "admin"]
    store_id: Text | None = None
    expires_at: Time | None = None
    per_second: Annotated[int, Field(strict=True, ge=0, le=10**6)] = 0
    signed: bool = False


class Rotation(Body):
    """Until when the old secret stays good."""

    former_until: Time | None = None


# --- the program --------------------------------------------------------------------------------


def _publish(call: Call) -> dict[str, Any]:
    version = call.ledger.administration.publish(program_of(call.body.root, "document"))
    return {"version": len(call.ledger.settlement.programs), "published": version is not None}


def _show(call: Call) -> dict[str, Any]:
    return _published(call).to_document()


def _diff(call: Call) -> dict[str, Any]:
    found = program_diff.diff(_published(call), program_of(call.body.root, "document"))
    return {"differences": [asdict(one) for one in found]}


def _published(call: Call) -> Program:
    programs = call.ledger.settlement.programs
    text = call.query.get("version", str(len(programs)))
    if not text.isdecimal() or int(text) not in programs:
        raise Rejected(Reason.NO_PROGRAM, f"there is no version {text[:20]!r} of the program")
    return programs[int(text)]


# --- keys ---------------------------------------------------------------------------------------


def _keys(call: Call) -> dict[str, Any]:
    keys = call.ledger.keys
    return {"keys": keys.told(keys.all().by_id.values())}


def _create(call: Call) -> NewKey:
    asked: NewKeyBody = call.body
    return call.ledger.keys.create(
        Terms(
            asked.name,
            Scope(asked.scope),
            asked.store_id or "",
            _instant(asked.expires_at, "expires_at"),
            asked.per_second,
            asked.signed,
        ),
        call.key.key_id,
    )


def _rotate(call: Call) -> NewKey:
    until = _instant(call.body.former_until, "former_until")
    return call.ledger.keys.rotate(call.path["key_id"], until, call.key.key_id)


def _revoke(call: Call) -> dict[str, Any]:
    ended = call.ledger.keys.revoke(call.path["key_id"], call.key.key_id)
    (told,) = call.ledger.keys.told([ended])
    return told


def _instant(moment: datetime | None, name: str) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise refused([(name, "needs an offset, such as 2026-03-01T09:30:00Z")])
    return moment


# --- views, verifying, exports ------------------------------------------------------------------


def _views(call: Call) -> dict[str, Any]:
    return {"projections": [one._asdict() for one in call.ledger.projector.status()]}


def _rebuild(call: Call) -> dict[str, Any]:
    name = call.path["name"]
    known = [one.name for one in PROJECTIONS]
    if name not in known:
        raise refused([("name", f"is no projection: there is {', '.join(known)}")])

    def work(ledger: Ledger, show: Progress) -> dict[str, Any]:
        built = ledger.projector.rebuild(name, progress=show)
        return {"name": name, "rows": built.built.rows, "equal": built.same}

    return _started(call, "rebuild", name, work)


def _verify(call: Call) -> dict[str, Any]:
    def work(ledger: Ledger, show: Progress) -> dict[str, Any]:
        found = verification.verify(ledger, show)
        return {"holds": not found.problems, "problems": found.problems, "events": found.events}

    return _started(call, "verify", "", work)


def _started(call: Call, act: str, subject: str, work: Any) -> dict[str, Any]:
    return call.jobs.start(
        f"{act} {subject}".rstrip(), work, lambda: call.ledger.acts.record(act, subject, call.by)
    )


def _job(call: Call) -> dict[str, Any]:
    return call.jobs.job(call.path["job_id"]).told()


def _operation(
    name: str, method: str, path: str, scope: Scope, summary: str, act: Any, **more: Any
) -> Operation:
    given = {"asks": None, "tells": None} | more
    paths = (f"{ROOT}{path}",)
    return Operation(
        name=name, family="admin", paths=paths, scope=scope, summary=summary, method=method,
        act=act, **given,
    )  # fmt: skip


EXPORT = _operation(
    "export", "GET", "/export/{what}", Scope.OPERATOR,
    "Every customer's balances, levels or movements, or the events, as JSON lines.",
    lambda call: call, as_of=True, media="application/x-ndjson",
)  # fmt: skip
METRICS = Operation(
    name="metrics", family="admin", paths=("/metrics",), scope=Scope.OPERATOR, method="GET",
    summary="The figures of the service, as Prometheus reads them.", asks=None, tells=None,
    act=lambda call: call, media="text/plain",
)  # fmt: skip
OPERATIONS = (
    _operation(
        "status", "GET", "/status", Scope.OPERATOR,
        "Positions, lags, what waits and what failed.", lambda call: status_of(call.ledger),
        tells=shapes.Status,
    ),
    _operation(
        "show_program", "GET", "/program", Scope.OPERATOR,
        "A published version of the program.", _show, parameters=(VERSION,), tells=Document,
        refuses=(Reason.NO_PROGRAM,),
    ),
    _operation(
        "publish_program", "POST", "/program", Scope.ADMIN,
        "Publish the document as the next version.", _publish, asks=Document, writes=True,
        refuses=reasons.PUBLISHED, tells=shapes.Published,
    ),
    _operation(
        "diff_program", "POST", "/program/diff", Scope.OPERATOR,
        "What differs between a published version and the document.", _diff, asks=Document,
        parameters=(VERSION,), refuses=(Reason.NO_PROGRAM,), tells=shapes.Differences,
    ),
    _operation(
        "list_keys", "GET", "/keys", Scope.ADMIN, "Every key there was.", _keys, tells=shapes.Keys,
    ),
    _operation(
        "create_key", "POST", "/keys", Scope.ADMIN,
        "Make a key; its secret is shown once.", _create, asks=NewKeyBody, tell=as_new,
        writes=True, refuses=(Reason.UNKNOWN_STORE,), tells=shapes.NewKey,
    ),
    _operation(
        "rotate_key", "POST", "/keys/{key_id}/rotate", Scope.ADMIN,
        "Give a key a new secret, shown once.", _rotate, asks=Rotation, tell=as_new, writes=True,
        refuses=(Reason.UNKNOWN_KEY,), tells=shapes.NewKey,
    ),
    _operation(
        "revoke_key", "DELETE", "/keys/{key_id}", Scope.ADMIN, "End a key.", _revoke, writes=True,
        refuses=(Reason.UNKNOWN_KEY,), tells=shapes.Key,
    ),
    _operation(
        "projections", "GET", "/projections", Scope.OPERATOR,
        "Where every view stands.", _views, tells=shapes.Views,
    ),
    _operation(
        "rebuild_projection", "POST", "/projections/{name}/rebuild", Scope.OPERATOR,
        "Start building a view anew beside the live one.", _rebuild, writes=True,
        refuses=(Reason.NOT_AVAILABLE,), tells=shapes.Job,
    ),
    _operation(
        "verify", "POST", "/verify", Scope.OPERATOR,
        "Start checking every law of the ledger.", _verify, writes=True,
        refuses=(Reason.NOT_AVAILABLE,), tells=shapes.Job,
    ),
    _operation(
        "job", "GET", "/jobs/{job_id}", Scope.OPERATOR,
        "How far a job is, and what it came to.", _job, refuses=(Reason.UNKNOWN_JOB,),
        tells=shapes.Job,
    ),
)  # fmt: skip
