"""Long work that an operator starts and looks at: rebuilding views, verifying, exporting.

One job runs at a time, in a thread of its own; what the last ones came to is kept until the service
ends.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger

KEPT = 50
ENDS_WITHIN_S = 5
Progress = Callable[[int, int], None]
Work = Callable[[Ledger, Progress], Any]


class _EndedError(Exception):
    """The service ends, and with it the work."""


@dataclass(slots=True)
class Job:
    """A piece of long work: `running`, `done` or `failed`."""

    job_id: str
    what: str
    state: str = "running"
    done: int = 0
    goal: int = 0
    result: Any = None

    def told(self) -> dict[str, Any]:
        """The job for programs."""
        progress = {"done": self.done, "goal": self.goal}
        return {
            "job_id": self.job_id,
            "what": self.what,
            "state": self.state,
            "progress": progress,
            "result": self.result,
        }


class Jobs:
    """The jobs of a service."""

    def __init__(self, make: Callable[[], Ledger]):
        self._make = make
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def start(self, what: str, work: Work, record: Callable[[], None]) -> dict[str, Any]:
        """Have it recorded and start the work, told as it begins; Rejected while another job runs.

        What is not recorded is not started: whatever `record` raises is raised.
        """
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise Rejected(
                    Reason.NOT_AVAILABLE, "another job runs: start this one when that is done"
                )
            record()
            job = Job(secrets.token_hex(8), what)
            begins = job.told()
            self._jobs[job.job_id] = job
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
            self._thread = threading.Thread(target=self._run, args=(job, work), daemon=True)
            self._thread.start()
        return begins

    def job(self, job_id: str) -> Job:
        """The job; Rejected when there is none of this id."""
        if job_id not in self._jobs:
            raise Rejected(Reason.UNKNOWN_JOB, f"no job has the id {job_id[:80]!r}")
        return self._jobs[job_id]

    def close(self) -> None:
        """Have a job that runs stop at its next step, and wait for that; nothing it did is half.

        What takes longer than a few seconds ends with the process.
        """
        self._ending.set()
        with self._lock:
            if self._thread is not None:
                self._thread.join(ENDS_WITHIN_S)

    def _run(self, job: Job, work: Work) -> None:
        def show(done: int, goal: int) -> None:
            if self._ending.is_set():
                raise _EndedError
            job.done, job.goal = done, goal

        try:
            job.result = work(self._make(), show)
            job.state = "done"
        except _EndedError:
            job.result = {"error": "the service ended before the work did: start it again"}
            job.state = "failed"
        except Exception as error:
            job.result = {"error": f"{type(error).__name__}: {error}"}
            job.state = "failed"
