"""Work done side by side: several at a time, one line as each is finished, nothing left behind when stopped."""

import contextlib
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NoReturn

from compendium.workflow.jobs import BuildError

PATIENCE = 5.0  # seconds without a word, after which a reader wonders


@contextlib.contextmanager
def still(what: str) -> Iterator[None]:
    """Say every few seconds what is going on, while it lasts."""
    over = threading.Event()

    def say() -> None:
        while not over.wait(PATIENCE):
            print(f"  {what} ...", flush=True)

    speaker = threading.Thread(target=say, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        over.set()
        speaker.join()


def cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(
    begin: Sequence[str],
    more: Callable[[], Sequence[str]],
    work: Callable[[str], object],
    finish: Callable[[str], str],
    total: int,
) -> list[BuildError]:
    """Do all work that becomes ready, two pieces for each core at a time.

    Whenever a piece is done, `finish` says in the main thread what is printed of it, and `more` which pieces can begin
    now; where nothing ends for some seconds, what is at work is named. After a failure nothing new is begun; what runs
    already is finished. Returns what failed.
    """

    def timed(name: str) -> float:
        start = time.perf_counter()
        work(name)
        return time.perf_counter() - start

    failures: list[BuildError] = []
    queue, done = list(begin), 0
    # A notebook often waits for its kernel, so two for each core keep the cores busy.
    at_once = 2 * cores()
    with ThreadPoolExecutor(at_once) as pool:
        running: dict[Future[float], str] = {}
        while queue or running:
            while queue and len(running) < at_once:
                name = queue.pop(0)
                running[pool.submit(timed, name)] = name
            finished = wait(running, PATIENCE, FIRST_COMPLETED).done
            if not finished:
                print(f"  at work on {', '.join(running.values())} ...")
            for future in finished:
                name = running.pop(future)
                done += 1
                try:
                    said = f"{future.result():5.1f} s  {finish(name)}"
                except BuildError as error:
                    said = "FAILED"
                    failures.append(error)
                print(f"[{done:{len(str(total))}}/{total}] {name:<12} {said}")
            # What others made possible has waited longest.
            queue = [] if failures else [*more(), *queue]
    return failures


def report(failures: Sequence[BuildError], executed: Path) -> int:
    """Say what failed on the error stream, the same reason only once, and where to look; returns the exit code."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for error in failures:
        reasons.setdefault((error.reason, error.printed), []).extend([error.place] * bool(error.place))
    for (reason, printed), places in reasons.items():
        print(f"error: {'; '.join(places)}{': ' * bool(places)}{reason}", file=sys.stderr)
        if printed:
            print("it wrote to stderr:\n  " + printed.replace("\n", "\n  "), file=sys.stderr)
    print(f"Executed notebooks: {executed}", file=sys.stderr)
    explain_full_disk(" ".join(map(str, failures)))
    return 1


def explain_full_disk(message: str) -> None:
    """Say on the error stream what is safe, where a message tells of a full disk, which seldom names a file."""
    if any(os.strerror(number) in message for number in (errno.ENOSPC, errno.EDQUOT)):
        places = "of the results, of build/ or of the temp folder"
        print(f"The disk {places} is full. Files there are whole; with more room, make paper goes on.", file=sys.stderr)


def _stop_children() -> None:
    import psutil

    # Kernels are in sessions of their own, so neither Ctrl-C nor the end of this process would stop them at once. A
    # thread may be just starting another one, so nothing is over before none has been there for half a second.
    quiet, limit = 0, time.monotonic() + 10
    while quiet < 5 and time.monotonic() < limit:
        children: list[psutil.Process] = []
        # Halted first: one that is killed while it starts a process of its own would leave that behind, unseen.
        while new := [child for child in psutil.Process().children(recursive=True) if child not in children]:
            for child in new:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.suspend()
            children += new
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=2)
        quiet = 0 if children else quiet + 1
        time.sleep(0.1)


@contextlib.contextmanager
def interruptible(clean: Callable[[], None]) -> Iterator[None]:
    """Stop at Ctrl-C, TERM or HUP: kernels ended, `clean` called, exit code 128 + the number of the signal."""

    def stop(number: int, _frame: object) -> NoReturn:
        for other in signals:
            signal.signal(other, signal.SIG_IGN)
        _stop_children()
        clean()
        print("\nInterrupted; nothing half-written is left.", file=sys.stderr, flush=True)
        # The threads that waited for the kernels have nothing more to say.
        os._exit(128 + number)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
