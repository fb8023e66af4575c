"""Ids that calls ask by: one that is not known is refused, so that nobody takes it for none."""

from collections.abc import Callable, Iterable

from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http.operation import Call

MOST_TOLD = 20


def check_known(
    call: Call,
    field: str,
    ids: Iterable[str],
    what: str,
    ids_of: Callable[[Program], list[str]],
    reason: Reason = Reason.VALIDATION,
) -> None:
    """Rejected for the first id that no version of the program had, with those there are.

    What an earlier version had is known: what happened with it can still be asked for.
    """
    programs = call.ledger.settlement.programs
    unknown = {one: None for one in ids}
    for version in sorted(programs, reverse=True):
        if not unknown:
            return
        for one in ids_of(programs[version]):
            unknown.pop(one, None)
    for one in unknown:
        there_is = ids_of(programs[len(programs)]) if programs else []
        raise _unknown(field, f"{what} {one!r}", there_is, reason)


def _unknown(field: str, named: str, there_is: list[str], reason: Reason) -> Rejected:
    more = ["…"] if len(there_is) > MOST_TOLD else []
    known = ", ".join([*there_is[:MOST_TOLD], *more]) or "none"
    return Rejected(reason, f"the program has no {named}: there is {known}", {"field": field})
