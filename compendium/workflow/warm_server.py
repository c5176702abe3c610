"""A clean process that has imported what the notebooks need, and becomes a kernel again and again by forking itself.

Started by `kernels`, which speaks with it over a socket, a line of JSON each way. It has no event loop, no
messaging context, no thread and no kernel of its own: forking any of those would give the children broken ones. Each
child makes its own. The server ends, and its children with it, when the other end of the socket is gone.
"""

import contextlib
import gc
import importlib
import json
import os
import pickle
import signal
import socket
import sys
import time
from collections.abc import Collection
from itertools import chain
from pathlib import Path
from typing import NoReturn

from compendium.folders import in_use, remove_folder

# Modules that are imported late, by themselves: by each kernel, and where a notebook needs these packages.
_LATE = (
    *("IPython.core.displayhook", "ipykernel.ipkernel", "ipykernel.inprocess", "ipykernel.zmqshell"),
    *("ipykernel.iostream", "ipykernel.heartbeat", "ipykernel.control", "ipykernel.debugger", "unittest.mock"),
    *("tornado.platform.asyncio", "zmq.eventloop.zmqstream", "argcomplete", "IPython.core.completerlib"),
    *("IPython.core.debugger", "IPython.extensions.storemagic"),
)
_LATE_IN = {
    "matplotlib": (
        *("matplotlib_inline.config", "IPython.core.pylabtools", "matplotlib.pyplot", "PIL.PngImagePlugin"),
        *(f"matplotlib.backends.backend_{kind}" for kind in ("agg", "svg", "pdf")),
    ),
    "pandas": ("pandas.io.formats.html", "pandas.io.formats.format"),
}


def _preload(names: Collection[str]) -> None:
    """Import modules; one that cannot be imported is left to the notebook that needs it, which will say so."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # see `notebooks.load_papermill`
    # The debugger that each kernel imports would warn that it cannot stop in Python's own modules.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    packages = {name.split(".")[0] for name in names}
    late = chain.from_iterable(late for package, late in _LATE_IN.items() if package in packages)
    for name in (*_LATE, *late, *names):
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _become_kernel(request: dict, server: int, line: socket.socket) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        line.close()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2) if request["quiet"] else (0,):
            os.dup2(null, descriptor)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        # The state of a generator would be the same in each child.
        for name in ("random", "numpy.random"):
            if name in sys.modules:
                sys.modules[name].seed()
        sys.argv = ["ipykernel_launcher.py", "-f", request["connection_file"]]
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.clear_instance()
        app = IPKernelApp.instance(parent_handle=server)  # it ends when its parent is another one
        app.initialize(sys.argv[1:])
        app.start()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


class Server:
    """The children by a number that is never used again, so that no signal reaches a process that is none of them."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._children: dict[int, int] = {}
        self._codes: dict[int, int] = {}

    def _reap(self, number: int) -> int | None:
        """Give the exit code of a child that has ended; until then its process number is not given to another."""
        if number in self._children:
            process, status = os.waitpid(self._children[number], os.WNOHANG)
            if process:
                self._codes[number] = os.waitstatus_to_exitcode(status)
                del self._children[number]
        return self._codes.get(number)

    def launch(self, request: dict) -> dict:
        """Fork a kernel, unless this process has threads, which the kernel would not have."""
        threads, server = len(os.listdir("/proc/self/task")), os.getpid()
        if threads != 1:
            return {"threads": threads}
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            _become_kernel(request, server, self._line)
        with contextlib.suppress(OSError):  # the child does it too; whoever comes first
            os.setpgid(child, child)
        self._children[request["number"]] = child
        return {"threads": threads, "process": child}

    def poll(self, request: dict) -> dict:
        """Tell whether a kernel has ended."""
        return {"code": self._reap(request["number"])}

    def send(self, request: dict) -> dict:
        """Send a signal to a kernel and what it started."""
        if self._reap(request["number"]) is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._children[request["number"]], request["signal"])
        return {}

    def end(self) -> None:
        """Kill all children and wait for them."""
        for number, child in list(self._children.items()):
            self.send({"number": number, "signal": signal.SIGKILL})
            if number in self._children:
                os.waitpid(child, 0)


def _keep_cohort(folder: str) -> None:
    """Read the cohort once for all children, which find it in memory; what is wrong with it is said elsewhere.

    A child reads it and hands it over, since reading starts threads.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException), os.fdopen(writer, "wb") as pipe:
            pipe.write(pickle.dumps(importlib.import_module("analysis.cohort").read_cohort(folder)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        written = pipe.read()
    os.waitpid(child, 0)
    with contextlib.suppress(Exception):
        importlib.import_module("analysis.cohort").keep_cohort(folder, pickle.loads(written))


def _wait_for_others(private: Path) -> None:
    """Wait for kernels that were started cold and whose build was killed: one of them would make the folder again."""
    quiet, limit = 0, time.monotonic() + 20
    while quiet < 3 and time.monotonic() < limit:  # a kernel is not seen in the moment in which it is started
        quiet = 0 if in_use(private) else quiet + 1
        time.sleep(0.05)


def main(descriptor: int, private: Path) -> None:
    """Serve until the other end is gone."""
    line = socket.socket(fileno=descriptor)
    lines = line.makefile("r", encoding="utf-8")
    server = Server(line)
    try:
        _preload(())  # while the other end finds out what else is needed
        orders = json.loads(lines.readline() or "{}")
        _preload(orders.get("modules", ()))
        if orders.get("cohort"):
            _keep_cohort(orders["cohort"])
        gc.collect()
        gc.freeze()  # what is there now stays shared with the children
        for text in lines:
            request = json.loads(text)
            answer = getattr(server, request["do"])(request)
            line.sendall(json.dumps(answer).encode() + b"\n")
    except OSError:
        pass  # the other end is gone
    finally:
        server.end()
        _wait_for_others(private)
        with contextlib.suppress(PermissionError):  # the build is removing it, and the mark went first
            remove_folder(private)


if __name__ == "__main__":
    if Path(sys.path[0]) == Path.cwd():
        del sys.path[0]  # as for any other kernel, which puts it back by itself
    main(int(sys.argv[1]), Path(sys.argv[2]))
