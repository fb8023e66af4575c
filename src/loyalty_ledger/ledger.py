"""The ledger put together: all that it can be asked to do, over one log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from loyalty_ledger.acts import Acts
from loyalty_ledger.administration import Administration
from loyalty_ledger.answers import Answers
from loyalty_ledger.customers import Customers
from loyalty_ledger.depositing import Depositing
from loyalty_ledger.directory import Directory
from loyalty_ledger.domain import policies
from loyalty_ledger.erasing import Erasing
from loyalty_ledger.explaining import Explaining
from loyalty_ledger.identity import Keyring
from loyalty_ledger.intake import Intake
from loyalty_ledger.keys import Keys
from loyalty_ledger.lookups import Lookups
from loyalty_ledger.merging import Merging
from loyalty_ledger.offers import Offers
from loyalty_ledger.promo_lists import PromoLists
from loyalty_ledger.promotions import Promotions
from loyalty_ledger.receipts import Receipts
from loyalty_ledger.sales import Sales
from loyalty_ledger.settlement import Settle, Settlement
from loyalty_ledger.spending import Spending
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Advance, Conflict, Log
from loyalty_ledger.timekeeper import Timekeeper
from loyalty_ledger.worker import Worker
from loyalty_projections.projections import PROJECTIONS
from loyalty_projections.projector import BATCH, Projector
from loyalty_projections.source import Source


class Ledger:
    """A ledger over a database, under a secret key and a clock.

    One instance serves one thread. Any number of them, in any number of processes, may work on the
    same database.
    """

    def __init__(
        self,
        engine: Engine,
        secret: bytes,
        clock: Callable[[], datetime],
        *,
        settle: Settle = policies.settle,
        batch: int = BATCH,
    ):
        self.log = Log(engine, clock)
        self.clock = clock
        self.states = States(self.log)
        keyring = Keyring(secret)
        self.directory = Directory(keyring)
        self.intake = Intake(self.states, self.directory, clock, keyring)
        self.administration = Administration(self.log, self.states, self.directory, clock)
        self.customers = Customers(self.log, self.states, self.directory, clock)
        self.settlement = Settlement(self.log, self.states, keyring.drawn_digest, settle)
        self.offers = Offers(self.states, self.settlement, keyring, clock)
        self.lookups = Lookups(self.states, self.settlement)
        self.spending = Spending(self.states, self.settlement, clock)
        self.depositing = Depositing(self.states, self.settlement, clock)
        self.merging = Merging(self.log, self.states, self.settlement, clock)
        self.explaining = Explaining(self.log, self.settlement)
        self.keys = Keys(self.log, self.states, keyring, clock)
        self.acts = Acts(self.states, clock)
        self.erasing = Erasing(self.log, self.states, clock)
        self.receipts = Receipts(self.log, self.states, self.settlement, keyring, clock)
        self.promotions = Promotions(self.log, self.states, self.settlement, keyring, clock)
        self.promo_lists = PromoLists(self.log, self.states, self.settlement, keyring, clock)
        self.projector = projector_of(self.log, batch)
        self.sales = Sales(self.log, self.projector)
        self.timekeeper = Timekeeper(self.log, self.states, self.settlement)
        self.worker = Worker(self.log, self.settlement, self.projector, self.timekeeper)
        named = self.log, self.states, self.directory
        self.answers = Answers(*named, self.settlement, self.projector, keyring.drawn_code)


def projector_of(log: Log, batch: int = BATCH) -> Projector:
    """Every projection over a log; `batch` is the most events in a commit."""
    return Projector(source_of(log), PROJECTIONS, batch=batch)


def source_of(log: Log) -> Source:
    """The log as projections see it."""
    return Source(
        read=lambda after, limit, names: log.read(after, limit, names=names),
        head=lambda: log.head().position,
        positions=log.readers,
        transaction=log.transaction,
        snapshot=lambda: _snapshot(log.engine),
        statement=_statement(log.engine) if log.engine.name == "postgresql" else None,
        advance=lambda connection, reader, before, after: log.advance(
            connection, Advance(reader, before, after)
        ),
        conflict=Conflict,
    )


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads one state of the database."""
    options = {"isolation_level": "REPEATABLE READ"} if engine.name == "postgresql" else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def _statement(engine: Engine) -> Callable[[], Connection]:
    """Connections for a statement that is its own transaction."""
    by_itself = engine.execution_options(isolation_level="AUTOCOMMIT")
    return by_itself.connect
