import time
from collections import Counter
import sample_ledger as s
from loyalty_ledger import verification
@s.both_databases
def test_try(backend, tmp_path):
    t=time.time()
    with s.told(backend, tmp_path) as url, s.ledger_on(url) as ledger:
        print(backend, time.time()-t, len(s.lines()))
        print(Counter(type(r.event).__name__ for r in ledger.log.read(0,100000)))
        print(ledger.log.head().position, s.digests(ledger))
        t=time.time()
        print(verification.verify(ledger, lambda *a: None), time.time()-t)
