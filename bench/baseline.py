"""The same job the plain `eventsourcing` way: how fast is the library, used as its docs show?

    python bench/baseline.py --data DIR [--first 3000] [--program F] [--out G]

`Intake` saves one aggregate per sale. `Settlement`, a process application, follows it and saves
each sale's outcome together with its position. `Views`, a materialised view in SQL, follows
Settlement one event at a time. Everything is durable, on a private PostgreSQL; the arithmetic is
the reference's, and the result is compared with the reference household by household.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import yaml
from eventsourcing.application import AggregateNotFoundError, Application, ProcessingEvent
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.system import ProcessApplication
from eventsourcing.utils import get_topic
from psycopg.sql import SQL, Identifier
from reference import read_items, replay
from reference_program import Calendar, Earning, Item, holds, worth
from reference_sales import Sale, UnsupportedError, records, sale_of

from postgres import Server, private_postgres

BENCH = Path(__file__).resolve().parent
GROCER = BENCH.parent / "docs" / "examples" / "grocer.program.yaml"
PROJECTION_DEADLINE_S = 3600.0
SECTION_SIZE = 500


class ReceivedSale(Aggregate):
    """A sale as the till sent it."""

    @event("Received")
    def __init__(self, body: dict[str, Any]):
        self.body = body

    @staticmethod
    def create_id(body: dict[str, Any]) -> UUID:
        """Name a sale by its store and number."""
        number = body["request_payload"]["transaction_id"]
        return uuid5(NAMESPACE_URL, f"/sales/{body['store_id']}/{number}")


class Wallet(Aggregate):
    """A customer's lots, and how often he had what is limited."""

    @event("Opened")
    def __init__(self, customer: str):
        self.customer = customer
        self.lots: list[dict[str, Any]] = []
        self.lifetime: dict[str, int] = defaultdict(int)
        self.granted: dict[str, list[datetime]] = defaultdict(list)

    @staticmethod
    def create_id(customer: str) -> UUID:
        """Name a wallet by its customer."""
        return uuid5(NAMESPACE_URL, f"/wallets/{customer}")

    @event("PointsAwarded")
    def award(
        self,
        customer: str,
        account: str,
        points: int,
        earned_at: datetime,
        expires_at: datetime | None,
        rule: str,
        sale: str,
        levels: dict[str, str],
    ) -> None:
        """Add a lot."""
        self.lifetime[account] += points
        self.lots.append(
            {
                "account": account,
                "points": points,
                "remaining": points,
                "earned_at": earned_at,
                "expires_at": expires_at,
                "rule": rule,
                "sale": sale,
            }
        )

    @event("GrantCounted")
    def count_grant(self, customer: str, campaign: str, at: datetime, sale: str) -> None:
        """Count a campaign's grant towards its limits."""
        self.granted[campaign].append(at)


class Tiers(Aggregate):
    """A customer's levels and what they are judged by."""

    @event("Started")
    def __init__(self, customer: str, levels: dict[str, str]):
        self.customer = customer
        self.place = dict.fromkeys(levels, 0)
        self.earned: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        self.purchases: list[tuple[datetime, int]] = []

    @staticmethod
    def create_id(customer: str) -> UUID:
        """Name them by their customer."""
        return uuid5(NAMESPACE_URL, f"/tiers/{customer}")

    @event("SaleCounted")
    def count_sale(self, at: datetime, total: int, earned: dict[str, int], sale: str) -> None:
        """Count a sale and what it earned."""
        self.purchases.append((at, total))
        for account, points in earned.items():
            self.earned[account].append((at, points))

    @event("LevelEntered")
    def enter(
        self,
        customer: str,
        system: str,
        place: int,
        level: str,
        at: datetime,
        earned: dict[str, int],
    ) -> None:
        """Move to a level; its entry awards count at once."""
        self.place[system] = place
        for account, points in earned.items():
            self.earned[account].append((at, points))


class Intake(Application[UUID]):
    """Takes in sales."""

    log_section_size = SECTION_SIZE

    def receive(self, body: dict[str, Any]) -> None:
        """Record one sale."""
        self.save(ReceivedSale(body))


class Terms:
    """A program as Settlement needs it. Raises UnsupportedError for one that counts globally."""

    def __init__(self, program: dict[str, Any], items: dict[str, Item], zones: dict[str, ZoneInfo]):
        self.items, self.zones = items, zones
        self.dates = Calendar(program["time_zone"])
        self.systems = {s["id"]: s["levels"] for s in program.get("tier_systems") or ()}
        self.expiry = {a["id"]: a.get("expiry") or {} for a in program["point_accounts"]}
        self.earnings = [
            Earning(section, kind, self.dates)
            for kind in ("rules", "campaigns")
            for section in program.get(kind) or ()
        ]
        levels = [level for system in self.systems.values() for level in system]
        entries = [outcome for level in levels for outcome in level.get("on_entry") or ()]
        awards_only = all("award" in outcome for outcome in entries)
        if not awards_only or any(level.get("maintenance") for level in levels):
            raise UnsupportedError("the baseline knows awards on entry, and no maintenance")
        for earning in self.earnings:
            limited = set(earning.limits) - {"per_customer"}
            issues = any("issue" in outcome for outcome in earning.outcomes)
            if limited or issues or earning.requires or earning.group:
                raise UnsupportedError(f"the baseline knows no such thing: {earning.id}")

    def expires_at(self, account: str, earned_at: datetime) -> datetime | None:
        """Return when points of the account that are earned then are lost."""
        after = self.expiry[account].get("after")
        return self.dates.end(earned_at, after) if after else None

    def may_have(self, earning: Earning, had: list[datetime], at: datetime) -> bool:
        """Tell whether one more grant fits the customer's limit, in every trailing window."""
        own = earning.limits.get("per_customer")
        if not own:
            return True
        moments, period = [*had, at], own.get("period")
        windows = [end for end in moments if self.dates.counts(at, end, period)]
        return all(
            sum(self.dates.counts(then, end, period) for then in moments) <= own["times"]
            for end in windows
        )


class Settlement(ProcessApplication[UUID]):
    """Follows Intake and settles one sale at a time, outcome and position in one commit."""

    env: ClassVar[dict[str, str]] = {
        # One process writes these aggregates, so that its cache is always right and needs neither
        # a look at the database nor a copy.
        "AGGREGATE_CACHE_MAXSIZE": "100000",
        "AGGREGATE_CACHE_FASTFORWARD": "n",
        "DEEPCOPY_FROM_AGGREGATE_CACHE": "n",
    }
    topics = (get_topic(ReceivedSale.Received),)
    pull_section_size = SECTION_SIZE
    terms: Terms

    @singledispatchmethod
    def policy(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        """Pass over what is not a sale."""

    @policy.register
    def _(
        self, domain_event: ReceivedSale.Received, processing_event: ProcessingEvent[UUID]
    ) -> None:
        body = domain_event.body
        sale = sale_of(body, self.terms.zones[body["store_id"]])
        if sale.customer is None:
            return
        wallet = self._get(Wallet, sale.customer, lambda: Wallet(sale.customer))
        lowest = {name: levels[0]["id"] for name, levels in self.terms.systems.items()}
        tiers = self._get(Tiers, sale.customer, lambda: Tiers(sale.customer, lowest))
        earned = self._award_all(sale, wallet, self._levels(tiers))
        tiers.count_sale(sale.at, sale.total, earned, sale.key)
        self._promote(sale, wallet, tiers)
        processing_event.collect_events(wallet, tiers)

    def _get(self, kind: type[Any], customer: str, make: Callable[[], Any]) -> Any:
        try:
            return self.repository.get(kind.create_id(customer))
        except AggregateNotFoundError:
            return make()

    def _levels(self, tiers: Tiers) -> dict[str, str]:
        return {name: self.terms.systems[name][place]["id"] for name, place in tiers.place.items()}

    def _award_all(self, sale: Sale, wallet: Wallet, levels: dict[str, str]) -> dict[str, int]:
        """Award what rules and campaigns give; return the points by account."""
        earned: dict[str, int] = defaultdict(int)
        for earning in self.terms.earnings:
            lines = earning.qualifying(sale, levels, self.terms.items)
            if not lines:
                continue
            awards = [outcome["award"] for outcome in earning.outcomes]
            points = [(award["account"], worth(award, lines, levels)) for award in awards]
            if not any(n for _, n in points):
                continue
            if not self.terms.may_have(earning, wallet.granted.get(earning.id, []), sale.at):
                continue
            if earning.kind == "campaigns" or earning.limits:
                wallet.count_grant(wallet.customer, earning.id, sale.at, sale.key)
            for account, n in points:
                self._award(sale, wallet, levels, (account, n), earning.id)
                earned[account] += n
        return earned

    def _award(
        self,
        sale: Sale,
        wallet: Wallet,
        levels: dict[str, str],
        amount: tuple[str, int],
        rule: str,
    ) -> None:
        account, points = amount
        expires_at = self.terms.expires_at(account, sale.at)
        wallet.award(wallet.customer, account, points, sale.at, expires_at, rule, sale.key, levels)

    def _promote(self, sale: Sale, wallet: Wallet, tiers: Tiers) -> None:
        """Move up one level at a time while the next entrance holds, in every system."""
        moved = True
        while moved:
            moved = False
            for system, levels in self.terms.systems.items():
                place = tiers.place[system] + 1
                if place < len(levels) and holds(
                    levels[place]["entrance"], tiers, sale.at, self.terms.dates
                ):
                    moved = True
                    self._enter(sale, wallet, tiers, system)

    def _enter(self, sale: Sale, wallet: Wallet, tiers: Tiers, system: str) -> None:
        place = tiers.place[system] + 1
        level = self.terms.systems[system][place]
        levels = {**self._levels(tiers), system: level["id"]}
        earned: dict[str, int] = defaultdict(int)
        for outcome in level.get("on_entry") or ():
            account, points = outcome["award"]["account"], worth(outcome["award"], (), levels)
            earned[account] += points
            rule = f"{system}/{level['id']}"
            self._award(sale, wallet, levels, (account, points), rule)
        tiers.enter(tiers.customer, system, place, level["id"], sale.at, earned)


TABLES = {
    "balances": "customer text, account text, available bigint, lifetime bigint, "
    "PRIMARY KEY (customer, account)",
    "history": "id bigint PRIMARY KEY, customer text, account text, points bigint, "
    "at timestamptz, expires_at timestamptz, rule text, sale text",
    "levels": "customer text, system text, level text, since timestamptz, "
    "PRIMARY KEY (customer, system)",
    "grants": "customer text, campaign text, times bigint, PRIMARY KEY (customer, campaign)",
    "books": "account text PRIMARY KEY, issued bigint",
}


class Views(PostgresTrackingRecorder):
    """What screens read: balances, history, levels, grants, and the books."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any):
        super().__init__(datastore, **kwargs)
        schema = Identifier(datastore.schema)
        for name, columns in TABLES.items():
            create = SQL("CREATE TABLE IF NOT EXISTS {0}.{1} (" + columns + ")")
            self.sql_create_statements.append(create.format(schema, Identifier(name)))

    def update(self, tracking: Tracking, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """Run the statements and move the position, in one commit."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            for statement, values in statements:
                cursor.execute(statement, values, prepare=True)

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        with self.datastore.transaction(commit=False) as cursor:
            return list(cursor.execute(statement).fetchall())


class Follow(Projection[Views]):
    """Brings one event at a time into the views."""

    name = "views"
    topics = (
        get_topic(Wallet.PointsAwarded),
        get_topic(Wallet.GrantCounted),
        get_topic(Tiers.Started),
        get_topic(Tiers.LevelEntered),
    )

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Pass over what no screen shows."""
        self.view.update(tracking)

    @process_event.register
    def _(self, domain_event: Wallet.PointsAwarded, tracking: Tracking) -> None:
        one = domain_event
        self.view.update(
            tracking,
            (
                "INSERT INTO balances AS b VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (customer, account) DO UPDATE SET "
                "available = b.available + excluded.available, "
                "lifetime = b.lifetime + excluded.lifetime",
                (one.customer, one.account, one.points, one.points),
            ),
            (
                "INSERT INTO history VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    tracking.notification_id,
                    one.customer,
                    one.account,
                    one.points,
                    one.earned_at,
                    one.expires_at,
                    one.rule,
                    one.sale,
                ),
            ),
            (
                "INSERT INTO books AS b VALUES (%s, %s) ON CONFLICT (account) "
                "DO UPDATE SET issued = b.issued + excluded.issued",
                (one.account, one.points),
            ),
        )

    @process_event.register
    def _(self, domain_event: Wallet.GrantCounted, tracking: Tracking) -> None:
        statement = (
            "INSERT INTO grants AS g VALUES (%s, %s, 1) "
            "ON CONFLICT (customer, campaign) DO UPDATE SET times = g.times + 1"
        )
        values = (domain_event.customer, domain_event.campaign)
        self.view.update(tracking, (statement, values))

    @process_event.register
    def _(self, domain_event: Tiers.Started, tracking: Tracking) -> None:
        statement = "INSERT INTO levels VALUES (%s, %s, %s)"
        rows = domain_event.levels.items()
        inserts = [(statement, (domain_event.customer, *row)) for row in rows]
        self.view.update(tracking, *inserts)

    @process_event.register
    def _(self, domain_event: Tiers.LevelEntered, tracking: Tracking) -> None:
        statement = (
            "INSERT INTO levels VALUES (%s, %s, %s, %s) ON CONFLICT (customer, system) "
            "DO UPDATE SET level = excluded.level, since = excluded.since"
        )
        one = domain_event
        self.view.update(tracking, (statement, (one.customer, one.system, one.level, one.at)))


def environment(server: Server) -> dict[str, str]:
    """Return the library's settings for its own PostgreSQL recorders, over TCP."""
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": "postgres",
        "POSTGRES_HOST": server.host,
        "POSTGRES_PORT": str(server.port),
        "POSTGRES_USER": server.user,
        "POSTGRES_PASSWORD": server.password,
    }


def measure(folder: Path, program: Path, first: int, server: Server) -> dict[str, Any]:
    """Load, settle and project the first sales; return seconds and what came out."""
    bodies = list(islice(records(folder / "transactions.jsonl"), first))
    zones = {s["store_id"]: ZoneInfo(s["time_zone"]) for s in records(folder / "stores.jsonl")}
    Settlement.terms = Terms(yaml.safe_load(program.read_text()), read_items(folder), zones)
    env, seconds = environment(server), {}
    started = time.perf_counter()
    with Intake(env) as intake, Settlement(env) as settlement:
        for body in bodies:
            intake.receive(body)
        seconds["load"] = time.perf_counter() - started
        settlement.follow(Intake.name, intake.notification_log)
        settlement.pull_and_process(Intake.name)
        seconds["settle"] = time.perf_counter() - started - seconds["load"]
        last = settlement.recorder.max_notification_id()
    before = time.perf_counter()
    with ProjectionRunner(
        application_class=Settlement, projection_class=Follow, view_class=Views, env=env
    ) as runner:
        last = _last_shown(runner.app, last)
        runner.wait(last, timeout=PROJECTION_DEADLINE_S)
        seconds["project"] = time.perf_counter() - before
        results = _results(runner.projection.view)
    return {"transactions": len(bodies), "seconds": seconds, "households": results}


def _last_shown(app: Settlement, last: int | None) -> int | None:
    """Return the position of the last event that a view follows."""
    for position in range(last or 0, 0, -1):
        if app.recorder.select_notifications(start=position, limit=1)[0].topic in Follow.topics:
            return position
    return None


def _results(view: Views) -> dict[str, Any]:
    """Return what the views say of each customer, in the reference's form."""
    found: dict[str, Any] = {}
    for row in view.rows("SELECT customer, system, level FROM levels"):
        nothing = dict.fromkeys(Settlement.terms.expiry, 0)
        blank = {"lifetime": nothing, "levels": {}, "grants": {}}
        found.setdefault(row["customer"], blank)["levels"][row["system"]] = row["level"]
    for row in view.rows("SELECT customer, account, lifetime FROM balances"):
        found[row["customer"]]["lifetime"][row["account"]] = row["lifetime"]
    for row in view.rows("SELECT customer, campaign, times FROM grants"):
        found[row["customer"]]["grants"][row["campaign"]] = row["times"]
    return found


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--program", type=Path, default=GROCER)
    parser.add_argument("--first", type=int, default=3000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with private_postgres() as server:
        found = measure(options.data, options.program, options.first, server)
    report = {"transactions": found["transactions"], "seconds": found["seconds"]}
    print(report, len(found["households"]))
    expected = replay(options.data, options.program, options.first, None)["households"]
    print(sum(expected[c] != found["households"].get(c) for c in expected), len(expected))


if __name__ == "__main__":
    main()
