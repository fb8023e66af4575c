"""The service as processes of its own, which can be killed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from faults.processes import Process, end, run, running

LATER_THAT_DAY = "2026-03-10T23:00:00"


@contextmanager
def serving_and_working(url: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """Where `loyalty serve` answers, with a worker; and how to kill them all."""
    with ExitStack() as stack:
        serving = stack.enter_context(running(url, "serve", "--port", "0"))
        processes = [serving]
        if url.startswith("postgresql"):
            processes.append(stack.enter_context(running(url, "work")))
        assert serving.stdout is not None
        address = serving.stdout.readline().removeprefix("Serving at ").strip()
        assert address.startswith("http://"), address

        def kill() -> None:
            for process in processes:
                end(process)

        yield address, kill


def settle(url: str) -> None:
    """What a worker does that is started anew, up to the evening of that day."""
    done = run(url, "work", "--once", "--until", LATER_THAT_DAY)
    assert done.returncode == 0, done.stderr


class Listening:
    """A process whose output is read as it comes."""

    def __init__(self, process: Process):
        self._process = process
        self._heard: list[str] = []
        self._threads = [
            threading.Thread(target=self._listen, args=(one,))
            for one in (process.stdout, process.stderr)
        ]
        for thread in self._threads:
            thread.start()

    def _listen(self, pipe: IO[str]) -> None:
        self._heard.extend(iter(pipe.readline, ""))

    def all(self) -> str:
        """All that it has said, once it has ended."""
        self._process.kill()
        for thread in self._threads:
            thread.join(30)
        return "".join(self._heard)


@contextmanager
def serving(url: str) -> Iterator[tuple[str, Listening]]:
    """Where `loyalty serve` answers, and what it says."""
    with running(url, "serve", "--port", "0") as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Serving at ").strip()
        assert address.startswith("http://"), address
        listening = Listening(process)
        try:
            yield address, listening
        finally:
            listening.all()
            process.wait(30)
