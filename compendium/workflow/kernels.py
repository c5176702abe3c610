"""Kernels for the notebooks: the same surroundings everywhere, and none of the user's own settings or files.

They need not import anything: they are forked from one process that has done so (`warm_server`). To papermill, nbclient
and nbval they are kernels like any other: real ones, each in a process of its own, with a connection file and sockets.
Where forking is not safe (other systems than Linux) or something fails, the usual cold kernels are started instead, and
the log says so in a line.

Kernels talk over Unix sockets in a private folder. Ports would be raced for when several kernels start at once
(3 of 750 starts failed), and anyone on a shared machine could connect to them.
"""

import ast
import contextlib
import errno
import itertools
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compendium.folders import abandoned, make_private_folder, remove_folder
from compendium.workflow.freshness import Digests, imported

# Committed notebooks under test or being refreshed write here, as seen from their own folder: not into the results.
SCRATCH = "../build/scratch"

_PREFIX = "omalizumab-"
# The path of a socket may have 103 bytes on macOS and 107 on Linux; this much of it follows the folder for files that
# come and go: "/omalizumab-", eight letters, "/", twelve digits of a kernel, "-" and the number of its socket.
_LONGEST = 103 - 35
_log = logging.getLogger(__name__)

# The date that figures carry: any fixed one will do.
_EPOCH = "1735689600"
_HISTORY_OFF = "c = get_config()\nc.HistoryManager.enabled = False\n"


@dataclass(frozen=True)
class Kernels:
    """How the kernels of a build are started."""

    private: Path  # folder for their sockets, see `private_folder`
    server: "WarmServer | None" = None  # what forks them; None if they start cold


def _short_folder() -> Path:
    """Choose the folder for files that come and go, or another one if the paths of sockets in it were too long."""
    usual = Path(tempfile.gettempdir())
    for place in (usual, Path("/tmp"), Path("/var/tmp")):
        if len(os.fsencode(place)) <= _LONGEST and os.access(place, os.W_OK | os.X_OK):
            return place
    raise OSError(errno.ENAMETOOLONG, "too long for the paths of sockets; set TMPDIR to a shorter one", str(usual))


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """Make a short-lived folder that only this user can enter, for sockets and settings."""
    above = _short_folder()
    for left in abandoned(above, _PREFIX):  # by a build that was killed
        remove_folder(left)
    folder = make_private_folder(_PREFIX, above)
    try:
        profile = folder / "ipython" / "profile_default"
        profile.mkdir(parents=True)
        (profile / "ipython_kernel_config.py").write_text(_HISTORY_OFF, encoding="utf-8")
        yield folder
    finally:
        remove_folder(folder)


def environment(root: Path, folder: Path, output: str = "") -> dict[str, str]:
    """Environment variables that make runs alike on every machine.

    One date, locale, time zone and hash seed; one thread for linear algebra, as the notebooks run side by side, unless
    COMPENDIUM_THREADS asks for more; settings of Jupyter, IPython and matplotlib from this project only.
    """
    cache, threads = root / "build" / "cache", os.environ.get("COMPENDIUM_THREADS", "1")
    return {
        "COMPENDIUM_OUTPUT": output,
        "SOURCE_DATE_EPOCH": _EPOCH,
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(root),
        "PYTHONNOUSERSITE": "1",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
        "TZ": "UTC",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "XDG_CACHE_HOME": str(cache),
        "IPYTHONDIR": str(folder / "ipython"),
        **{f"JUPYTER_{kind.upper()}_DIR": str(folder / kind) for kind in ("config", "data", "runtime")},
        "JUPYTER_PREFER_ENV_PATH": "1",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads),
    }


def connection(folder: Path) -> dict[str, str]:
    """Address of one new kernel, as settings of its manager: another one at each call."""
    name = uuid.uuid4().hex[:12]
    return {"transport": "ipc", "ip": str(folder / name), "connection_file": str(folder / f"{name}.json")}


def modules_needed(root: Path, notebooks: Iterable[Path]) -> Iterator[str]:
    """Find, when the first is asked for, all that notebooks import, and modules of the project inside functions."""
    digests, names = Digests(root), set()
    for file in set().union(*(digests.modules(notebook) for notebook in notebooks)):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                node.body = []  # what is imported for types only
        names |= imported(tree)
        names.add(".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))
    yield from sorted(name for name in names if not name.endswith("__main__"))


class WarmServer:
    """The process that forks kernels, as seen from the one that wants them; threads may share it.

    It imports some modules and reads a cohort, if one is named. `private` is the folder for sockets, see
    `private_folder`; the server removes it if this process is killed.
    """

    def __init__(self, private: Path, modules: Iterable[str], cohort: str = "") -> None:
        here, there = socket.socketpair()
        with there:
            command = [sys.executable, "-m", "compendium.workflow.warm_server", str(there.fileno()), str(private)]
            # The allocator that comes with Arrow would start a thread, which the children would not have.
            surroundings = os.environ | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
            # A session of its own, since Ctrl-C is for the driver, which then ends what it started.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()], start_new_session=True, env=surroundings
            )
        self._line, self._lines = here, here.makefile("r", encoding="utf-8")
        self._lock, self._numbers, self._used = threading.Lock(), itertools.count(1), False
        self._send({"modules": list(modules), "cohort": cohort})  # sought while the process starts

    def _send(self, request: Mapping[str, object]) -> None:
        self._line.sendall(json.dumps(request).encode() + b"\n")

    def ask(self, **request: object) -> dict[str, Any]:
        """Send a request and wait for the answer; OSError if the server cannot answer."""
        with self._lock:
            self._send(request)
            text = self._lines.readline()
        if not text:
            raise ConnectionError("the process that forks kernels has ended")
        return json.loads(text)

    def launch(self, connection_file: str, folder: str, environment: Mapping[str, str], quiet: bool) -> "WarmKernel":
        """Fork a kernel; OSError if that is not possible or not safe."""
        number, self._used = next(self._numbers), True
        request = {"number": number, "connection_file": connection_file, "folder": folder, "quiet": quiet}
        answer = self.ask(do="launch", environment=dict(environment), **request)
        if answer["threads"] != 1:
            raise ConnectionError(f"the process to fork has {answer['threads']} threads")
        return WarmKernel(self, number, answer["process"])

    def close(self) -> None:
        """End the server and all its kernels."""
        self._lines.close()
        self._line.close()
        if not self._used:  # it may still be importing, and has nothing to end
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class WarmKernel:
    """A forked kernel, with as much of `subprocess.Popen` as a provisioner of kernels asks of it."""

    stdin = stdout = stderr = None

    def __init__(self, server: WarmServer, number: int, process: int) -> None:
        self._server, self._number, self.pid = server, number, process
        self._code: int | None = None

    def poll(self) -> int | None:
        """Give the exit code, None while it runs."""
        if self._code is None:
            try:
                self._code = self._server.ask(do="poll", number=self._number)["code"]
            except (OSError, ValueError):
                self._code = -signal.SIGKILL  # it ended with the server
        return self._code

    def wait(self) -> int | None:
        """Give the exit code; a provisioner asks only after it has ended."""
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and what it started."""
        with contextlib.suppress(OSError, ValueError):
            self._server.ask(do="send", number=self._number, signal=int(number))

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


@contextlib.contextmanager
def started(root: Path, private: Path, notebooks: Iterable[Path], cohort: str = "") -> Iterator[WarmServer | None]:
    """Start a server for some notebooks, if that is possible here."""
    notebooks, server = list(notebooks), None
    if len(notebooks) > 1 and sys.platform == "linux" and not os.environ.get("COMPENDIUM_COLD"):
        try:
            server = WarmServer(private, modules_needed(root, notebooks), cohort)
        except OSError as error:
            _log.info("kernels start cold: %s", error)
    with contextlib.closing(server) if server else contextlib.nullcontext():
        yield server


def manager_class(server: WarmServer, base: type) -> type:
    """Make a class of kernel managers whose kernels are forked."""
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner

    class Provisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **settings: Any) -> Any:
            environment = settings.get("env") or os.environ
            folder, quiet = str(settings.get("cwd") or Path.cwd()), settings.get("stderr") is not None
            try:
                file = self.parent.connection_file
                self.process = server.launch(file, folder, environment, quiet)
            except (OSError, ValueError) as error:
                _log.info("kernels start cold: %s", error)
                return await super().launch_kernel(cmd, **settings)
            self.pid, self.cwd = self.process.pid, folder
            return self.connection_info

        async def send_signal(self, signum: int) -> None:
            # A manager interrupts what it is about to kill; the kernel would have the time to print that.
            if signum != signal.SIGINT or not self.parent.shutting_down:
                await super().send_signal(signum)

    class Manager(base):
        async def _async_pre_start_kernel(self, **settings: Any) -> Any:
            if self.provisioner is None:
                self.kernel_id = self.kernel_id or settings.pop("kernel_id", str(uuid.uuid4()))
                self.provisioner = Provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            return await super()._async_pre_start_kernel(**settings)

    return Manager
