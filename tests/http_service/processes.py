"""The service as processes of its own, which can be killed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from faults.processes import end, run, running

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
