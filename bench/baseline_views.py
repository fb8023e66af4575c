"""The reading half of the plain `eventsourcing` way: SQL tables that follow Settlement's events.

One event at a time: its rows and the position commit together.
"""

from __future__ import annotations

from typing import Any

from baseline_settlement import Settlement, Tiers, Wallet
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection
from eventsourcing.utils import get_topic
from psycopg.sql import SQL, Identifier

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


def results_of(view: Views) -> dict[str, Any]:
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
