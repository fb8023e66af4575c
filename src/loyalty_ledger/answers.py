"""What is asked about one customer: live, or as of a moment and as known at another.

The very code of the projections answers both: over their rows, or over the customer's own events.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from loyalty_ledger.asking import known_then
from loyalty_ledger.directory import Directory
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
from loyalty_ledger.domain.events.program import ProgramPublished
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.reward_store import Shopper
from loyalty_ledger.domain.streams import PROGRAM, customer_of, limit
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.personal_fields import linked_in_order
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Log, PersonalValue
from loyalty_projections import (
    offer_usage,
    point_history,
    profile,
    promo_status,
    reward_store,
    tier_progress,
    timeline,
)
from loyalty_projections.point_history import Movement
from loyalty_projections.profile import AccountView, Identifier, Profile
from loyalty_projections.profile_codes import CodeOf
from loyalty_projections.profile_standing import Facts, facts
from loyalty_projections.projection import fold
from loyalty_projections.projector import Projector
from loyalty_projections.promo_status import CustomerView, of_customer
from loyalty_projections.reward_store import StoreView
from loyalty_projections.rows import Reader
from loyalty_projections.timeline import Happening

PROJECTIONS = (
    profile.PROJECTION,
    tier_progress.PROJECTION,
    point_history.PROJECTION,
    reward_store.PROJECTION,
    timeline.PROJECTION,
    promo_status.PROJECTION,
)

Answer = TypeVar("Answer")


class Moment(NamedTuple):
    """When a question is asked for. `as_of` None is now; `known_at` None is all that is known."""

    now: datetime
    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether the projections' rows answer it."""
        return self.as_of is None and self.known_at is None

    @property
    def at(self) -> datetime:
        """The moment balances and periods are judged at."""
        return self.as_of or self.now


class Answers:
    """Answers about customers. What has fallen due counts, recorded or not."""

    def __init__(
        self,
        log: Log,
        states: States,
        directory: Directory,
        settlement: Settlement,
        projector: Projector,
        code_of: CodeOf,
    ):
        self._log = log
        self._states = states
        self._directory = directory
        self._settlement = settlement
        self._projector = projector
        self._code_of = code_of
        self._published: list[datetime] = []

    def find(self, reference: Reference) -> str:
        """The customer's internal id; Rejected when nobody is known by that.

        By his internal id an erased one is found, too: what he did can still be read.
        """
        streams = self._directory.streams_to_find(reference)
        self._states.drop(stream for stream in streams if stream != PROGRAM)
        draft = Draft(self._states.get(streams))
        found = self._directory.found([reference], draft)
        if found is None and reference.kind == "id":
            found = next(iter(self._directory.erased(reference, draft)), None)
        if found is None:
            raise Rejected(
                Reason.UNKNOWN_CUSTOMER,
                f"no customer is known by {reference.kind}:{reference.value}",
                {"kind": reference.kind},
            )
        return found

    def was(self, reference: Reference, moment: Moment | None = None) -> str:
        """The customer of this internal id himself, though he goes on as another since.

        With a moment only if that is before he was merged; else, and for all else, see `find`.
        """
        found = self.find(reference)
        if reference.kind != "id":
            return found
        stream = customer_of(reference.value)
        state: Customer = self._states.get([stream])[stream]
        if state.merged_into != found or state.merged_at is None:
            return found
        if moment is None:
            return reference.value
        asked = [one for one in (moment.as_of, moment.known_at) if one is not None]
        return reference.value if asked and min(asked) < state.merged_at else found

    def profile(self, customer_id: str, moment: Moment) -> Profile:
        """Points, levels, offers and codes; Rejected when no program was known."""
        program, programs = self.definitions(moment)
        whose = customer_id, moment.at, program, programs
        named = _identifiers(linked_in_order(self._log, customer_id))

        def ask(reader: Reader) -> Profile:
            due = tier_progress.overdue(reader, customer_id, moment.at, programs)
            return profile.profile(
                reader, *whose, identifiers=named, due_levels=due, code_of=self._code_of
            )

        return self._ask(customer_id, moment, ask)

    def accounts(self, customer_id: str, moment: Moment) -> tuple[AccountView, ...]:
        """The accounts of the profile alone; Rejected when no program was known."""
        whose = customer_id, moment.at, *self.definitions(moment)
        if moment.live:
            rows = self._projector.copied(profile.ACCOUNT_TABLES, [customer_id])
            return profile.accounts(rows[customer_id], *whose)
        return self._ask(customer_id, moment, lambda reader: profile.accounts(reader, *whose))

    def facts(self, customer_id: str, moment: Moment) -> Facts:
        """When he joined, his consent, tags and flags."""
        return self._ask(customer_id, moment, lambda reader: facts(reader, customer_id))

    def profiles(self, customer_ids: Sequence[str], moment: Moment) -> list[Profile]:
        """The profiles of many customers, in the order asked, without identifiers and codes."""
        if not moment.live:
            return [self.profile(customer_id, moment) for customer_id in customer_ids]
        program, programs = self.definitions(moment)

        def ask(reader: Reader) -> list[Profile]:
            due = tier_progress.overdue_of(reader, customer_ids, moment.at, programs)
            return profile.profiles(
                reader, customer_ids, moment.at, program, programs, due_levels=due
            )

        return self._projector.ask(ask)

    def history(self, customer_id: str, moment: Moment) -> list[Movement]:
        """Every movement of points, in log order; Rejected when no program was known."""
        _, programs = self.definitions(moment)

        def ask(reader: Reader) -> list[Movement]:
            overdue = profile.overdue(reader, customer_id, moment.at, programs)
            return point_history.history(reader, customer_id, overdue=overdue)

        return self._ask(customer_id, moment, ask)

    def tiers(
        self, customer_id: str, moment: Moment, also: Collection[tuple[str, str]] = ()
    ) -> list[dict[str, Any]]:
        """The place in each tier system, and what the next level and those `also` named take."""
        program, programs = self.definitions(moment)
        asked = customer_id, moment.at, program

        def ask(reader: Reader) -> list[dict[str, Any]]:
            due = tier_progress.overdue(reader, customer_id, moment.at, programs)
            return tier_progress.progress(reader, *asked, due_levels=due, also=also)

        return self._ask(customer_id, moment, ask)

    def rewards(self, customer_id: str, moment: Moment) -> list[StoreView]:
        """Every reward store as it stands for the customer; Rejected when no program was known."""
        program, programs = self.definitions(moment)
        in_all = None if moment.live else self._sold(program, moment)

        def ask(reader: Reader) -> list[StoreView]:
            due = tier_progress.overdue(reader, customer_id, moment.at, programs)
            known = profile.profile(
                reader, customer_id, moment.at, program, programs, due_levels=due
            )
            shopper = Shopper(
                {one.system: one.level for one in known.tiers},
                frozenset(known.tags_held),
                {one.account: one.available for one in known.accounts},
                known.suspended,
            )
            return reward_store.shelves(reader, customer_id, moment.at, program, shopper, in_all)

        return self._ask(customer_id, moment, ask)

    def timeline(
        self, customer_id: str, moment: Moment, subject: str | None = None
    ) -> list[Happening]:
        """What happened to the customer besides points; to one offer where it is named."""
        programs = self._settlement.programs  # a level held names its own: later ones do not matter

        def ask(reader: Reader) -> list[Happening]:
            due = tier_progress.overdue(reader, customer_id, moment.at, programs)
            return timeline.timeline(reader, customer_id, moment.at, subject, due_levels=due)

        return self._ask(customer_id, moment, ask)

    def promo_codes(self, customer_id: str, moment: Moment) -> CustomerView:
        """What became of his promo codes; Rejected when no program was known."""
        whose = customer_id, self.definitions(moment)[0], moment.at
        return self._ask(customer_id, moment, lambda reader: of_customer(reader, *whose))

    def offer_counts(self, definitions: Sequence[str]) -> dict[str, tuple[int, int]]:
        """How often each offer was issued, less what was taken back, and how often redeemed."""

        def ask(reader: Reader) -> dict[str, tuple[int, int]]:
            issued = reward_store.issued(reader, definitions)
            redeemed = offer_usage.redeemed(reader, definitions)
            return {name: (issued.get(name, 0), redeemed.get(name, 0)) for name in definitions}

        return self._projector.ask(ask)

    def _sold(self, program: Program, moment: Moment) -> dict[str, int]:
        """How often everybody bought or was issued what stores sell, by then."""
        return {
            subject: sum(
                one.event.times if isinstance(one.event, GrantCounted) else -one.event.times
                for one in self._log.stream(limit(subject))
                if isinstance(one.event, GrantCounted | GrantUncounted)
                and one.event.at <= moment.at
                and (moment.known_at is None or one.recorded_at <= moment.known_at)
            )
            for subject in reward_store.subjects(program)
        }

    def _ask(self, customer_id: str, moment: Moment, ask: Callable[[Reader], Answer]) -> Answer:
        if moment.live:
            return self._projector.ask(ask)
        history = known_then(self._log.history(customer_id, known_at=moment.known_at))
        return ask(fold(PROJECTIONS, history, moment.as_of, moment.known_at))

    def definitions(self, moment: Moment) -> tuple[Program, Programs]:
        """The newest program that is known, and every version up to it.

        `as_of` plays no part: a sale earns whatever its date relative to publication.
        """
        programs = self._settlement.programs
        if not programs:
            raise Rejected(
                Reason.NO_PROGRAM, "no program was published: run `loyalty program publish` first"
            )
        if moment.known_at is None:
            return programs[len(programs)], programs
        known = self._versions_at(moment.known_at, len(programs))
        if not known:
            raise Rejected(
                Reason.NO_PROGRAM,
                f"no program was published yet at {moment.known_at.isoformat()}",
                {"known_at": moment.known_at.isoformat()},
            )
        return programs[known], {version: programs[version] for version in range(1, known + 1)}

    def _versions_at(self, known_at: datetime, newest: int) -> int:
        """How many program versions had been recorded by then."""
        if len(self._published) < newest:
            stream = self._log.stream(PROGRAM)
            self._published = [
                one.recorded_at for one in stream if isinstance(one.event, ProgramPublished)
            ]
        return min(bisect_right(self._published, known_at), newest)


def _identifiers(values: Sequence[PersonalValue]) -> list[Identifier]:
    """The plain identifiers among a customer's personal data."""
    named = ((one.value, *one.field.partition(":")) for one in values if one.reference)
    return [
        Identifier(kind=kind, type=type_name, value=value)
        for value, kind, _, type_name in named
        if kind in ("external", "email", "phone", "card")
    ]
