"""A million promo codes made in one batch, and a code among them claimed."""

import resource
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from loyalty_ledger import clock
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.program.reading import read_document
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store import migrate
from loyalty_ledger.store.engine import create_engine

COUNT, CLAIMS = 1_000_000, 200
BY = Actor(client_id="bench")
PROGRAM = {
    "program": "bench",
    "name": "Bench",
    "currency": "USD",
    "time_zone": "America/New_York",
    "point_accounts": [{"id": "points", "name": "Points"}],
    "point_sources": [{"id": "gifts", "name": "Gifts", "accounts": ["points"]}],
    "promotions": [
        {
            "id": "gift",
            "name": "Gift",
            "kind": "single_use",
            "outcomes": [{"award": {"account": "points", "source": "gifts", "points": 10}}],
        }
    ],
}


def measure(url: str) -> str:
    """What a million codes take, and then a claim: printed by `make bench`."""
    engine = create_engine(url)
    migrate.create(engine)
    ledger = Ledger(engine, b"k" * 32, clock.now)
    ledger.administration.publish(read_document(PROGRAM))
    ann = Reference("external", "", "ANN-1")
    ledger.administration.enrol([CustomerRecord((ann,), None, None, ())])
    customer_id = ledger.answers.find(ann)
    with TemporaryDirectory() as folder:
        begun, before = time.perf_counter(), time.process_time()
        file = Path(folder) / "codes"
        ledger.promo_lists.generate("gift", COUNT, file, BY, lambda _done, _goal: None)
        took, worked = time.perf_counter() - begun, time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        codes = file.read_text().split()[:: COUNT // CLAIMS]
    spent = []
    for code in codes:
        begun = time.perf_counter()
        ledger.promotions.claim(customer_id, code, BY)
        spent.append(time.perf_counter() - begun)
    engine.dispose()
    claim_ms = statistics.median(spent) * 1000
    return (
        f"{engine.name}: {COUNT:,} promo codes in {took:.1f} s ({worked:.1f} s of work here),"
        f" {peak} MB at most;"
        f" a claim among them {claim_ms:.2f} ms (median of {len(spent)})"
    )
