"""`loyalty demo`: a fresh ledger, a piece of a grocer's year, and customers' journeys."""

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from loyalty_ledger import loading
from loyalty_ledger.answers import Moment
from loyalty_ledger.cli import journeys
from loyalty_ledger.cli.bookkeeping import show_books
from loyalty_ledger.cli.demo_service import show_over_http
from loyalty_ledger.cli.journey_stage import Clock
from loyalty_ledger.cli.opening import Place
from loyalty_ledger.cli.output import progress, table, tell
from loyalty_ledger.cli.reads import show_history, show_profile
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.identity import Keyring, make_key
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.moments import read_moment
from loyalty_ledger.program_file import load_program
from loyalty_ledger.store import migrate
from loyalty_projections import profile as profiles
from loyalty_projections.books import trial_balance
from loyalty_projections.profile import Profile

DATABASE = Path("loyalty-demo.db")
YEAR_ENDS = "2018-01-02T06:00:00"
LAST_MOVEMENTS = 10
WHAT_JOURNEYS_ARE = """\
Customers' journeys, on ledgers of their own. Right of each step stands what is
in the customer's hands after it. What a sale brings is recorded in one commit:
it shows at the last step."""


def demo() -> None:
    """Play a sample of a grocer's year and the customers' journeys on a fresh ledger."""
    place = fresh(DATABASE)
    with place.ledger() as ledger, as_file(files("loyalty_ledger") / "sample") as sample:
        _load(ledger, sample)
        moment = Moment(read_moment(YEAR_ENDS, "America/New_York"))
        best = _show(ledger, moment)
    _play()
    name = f"external:{best.identifiers[0].value}"
    tell("This ledger stays. Two commands to type next:")
    loyalty = "loyalty" if shutil.which("loyalty") else sys.argv[0]
    for question in (f"profile {name} --as-of 2017-12-31", f"tiers {name} --as-of 2017-03-31"):
        tell(f"  {loyalty} {question} \\")
        tell(f"    --database sqlite:///{DATABASE}")


def _play() -> None:
    """The customers' journeys, each shop on a ledger of its own, under a clock of its own."""
    tell(WHAT_JOURNEYS_ARE)
    tell("")
    burrito_clock = Clock(journeys.THE_DAY_BEFORE)
    coffee_clock = Clock(journeys.A_FORTNIGHT_BEFORE)
    with (
        tempfile.TemporaryDirectory() as folder,
        _ledger(Path(folder) / "burrito.db", burrito_clock) as (burrito, secret),
        _ledger(Path(folder) / "coffee.db", coffee_clock) as (coffee, _),
    ):
        bars = (
            journeys.open_burrito_bar(
                burrito, burrito_clock, sample_program("burrito.program.yaml")
            ),
            journeys.open_coffee_bar(coffee, coffee_clock, sample_program("coffee.program.yaml")),
        )
        for scene in journeys.play(*bars):
            scene.show()
        show_over_http(bars[0], secret)


@contextmanager
def _ledger(file: Path, clock: Clock) -> Iterator[tuple[Ledger, bytes]]:
    """A new ledger in this file, under a clock of its own, and its secret."""
    place = fresh(file)
    with place.database_engine() as engine:
        secret = place.secret()
        ledger = Ledger(engine, secret, clock)
        ledger.administration.open(Keyring(secret).check)
        yield ledger, secret


def fresh(file: Path) -> Place:
    """A new, empty ledger in this file; the demo's former one is replaced."""
    for old in (file, *(Path(f"{file}{ending}") for ending in ("-wal", "-shm", ".key"))):
        old.unlink(missing_ok=True)
    place = Place(f"sqlite:///{file}", None)
    if place.key_path is not None:
        make_key(place.key_path)
    with place.database_engine() as engine:
        migrate.create(engine)
    return place


def sample_program(name: str) -> Program:
    """A program of the sample."""
    with as_file(files("loyalty_ledger") / "sample" / name) as path:
        return load_program(path)


def _load(ledger: Ledger, sample: Path) -> None:
    """Load the sample as a user would, then settle it, and tell what was loaded."""
    steps = (
        ("stores", loading.load_stores, "stores.jsonl.gz"),
        ("catalog items", loading.load_catalog, "catalog.jsonl.gz"),
        ("transactions", loading.load_transactions, "transactions.jsonl.gz"),
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        refused = Path(folder) / "refused.jsonl"
        for what, load, name in steps:
            if what == "transactions":
                ledger.administration.publish(sample_program("program.yaml"))
            with progress(f"loading {what}") as show:
                counts = load(ledger, sample / name, refused, show)
            rows.append((what, counts.accepted))
    with progress("settling") as show:
        until = read_moment(YEAR_ENDS, "America/New_York")
        ledger.worker.work(lambda: until, once=True, progress=lambda _, at, goal: show(at, goal))
    tell("A piece of a grocer's year, 2017: whole households of the Complete Journey data.")
    customers = len(ledger.projector.ask(lambda reader: profiles.customer_ids(reader, "", 10_000)))
    events = ledger.log.head().position
    table(
        "Loaded and settled",
        ("what", "count"),
        [*rows, ("customers, enrolled on sight", customers), ("events in the log", events)],
        right="count",
    )


def _show(ledger: Ledger, moment: Moment) -> Profile:
    """Three customers, the last movements of one, and the books. The one of the highest level."""
    ids = ledger.projector.ask(lambda reader: profiles.customer_ids(reader, "", 10_000))
    everybody = [ledger.answers.profile(one, moment) for one in ids]
    everybody.sort(key=lambda one: (one.accounts[0].lifetime, one.customer_id))
    by_level = {one.tiers[0].level: one for one in everybody}
    levels = Counter(one.tiers[0].level for one in everybody)
    tell("Three customers, one of each level, at the end of the year:")
    tell("")
    for one in by_level.values():
        show_profile(one)
    best = everybody[-1]
    tell(f"The last {LAST_MOVEMENTS} movements of external:{best.identifiers[0].value}:")
    show_history(ledger.answers.history(best.customer_id, moment)[-LAST_MOVEMENTS:])
    table("Customers by level", ("level", "customers"), levels.items(), right="customers")
    show_books(ledger.projector.ask(trial_balance))
    return best
