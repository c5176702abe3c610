"""Kernels forked from one process: what a notebook sees, and that nothing outlives a build."""

import json
import os
import random
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from jupyter_client import KernelManager

from compendium.folders import MARK, make_private_folder, remove_folder
from compendium.workflow.jobs import ROOT
from compendium.workflow.kernels import (
    WarmServer,
    connection,
    environment,
    manager_class,
    modules_needed,
    private_folder,
    started,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture
def surroundings(monkeypatch):
    monkeypatch.delenv("COMPENDIUM_THREADS", raising=False)  # a process with more threads than one is not forked
    with private_folder() as private:
        for name, text in environment(ROOT, private).items():
            monkeypatch.setenv(name, text)
        yield private


@pytest.fixture
def server(surroundings):
    server = WarmServer(surroundings, ["imaplib", "numpy.random"])
    yield server
    server.close()


def kernel_of(server, private, **settings):
    manager = manager_class(server, KernelManager)(**connection(private))
    manager.start_kernel(**settings)
    return manager


def cold_kernel(_server, private, **settings):
    manager = KernelManager(**connection(private))
    manager.start_kernel(**settings)
    return manager


def evaluated(manager, code):
    """Run code in a kernel and give back what it printed."""
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        printed = []
        client.execute_interactive(
            code, timeout=60, output_hook=lambda message: printed.append(message["content"].get("text", ""))
        )
        return "".join(printed)
    finally:
        client.stop_channels()


LOOK = """
import json, os, random, signal, sys
import numpy as np
print(json.dumps({
    "loaded": "imaplib" in sys.modules, "folder": os.getcwd(), "own": os.environ.get("OWN"), "path": sys.path,
    "drawn": [random.random(), float(np.random.random())], "argv": os.path.basename(sys.argv[0]),
    "parent": os.getppid(), "group": os.getpgid(0) == os.getpid(),
    "interrupted": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
}))
"""


def test_kernels_are_what_cold_ones_are_but_for_what_is_imported(server, surroundings, tmp_path):
    seen = []
    for n, make in enumerate([kernel_of, kernel_of, cold_kernel]):
        folder = tmp_path / str(n)
        folder.mkdir()
        manager = make(server, surroundings, cwd=str(folder), env=os.environ | {"OWN": str(n)})
        seen.append(json.loads(evaluated(manager, LOOK)))
        assert (seen[n].pop("folder"), seen[n].pop("own")) == (str(folder), str(n))
        assert manager.is_alive()
        manager.shutdown_kernel(now=True)
        assert not manager.is_alive()
    drawn = [number for one in seen for number in one.pop("drawn")]
    assert len(set(drawn)) == len(drawn), "each has a generator of its own"
    assert [one.pop("loaded") for one in seen] == [True, True, False]
    assert [one.pop("parent") == os.getpid() for one in seen] == [False, False, True]
    assert seen[0] == seen[1] == seen[2]


def test_an_interrupt_reaches_the_kernel_and_not_the_driver(server, surroundings):
    manager = kernel_of(server, surroundings)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    request = client.execute("import time\ntime.sleep(60)")
    time.sleep(0.5)
    manager.interrupt_kernel()
    answer = client.get_shell_msg(timeout=60)
    assert answer["parent_header"]["msg_id"] == request
    assert answer["content"]["ename"] == "KeyboardInterrupt"
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_kernel_that_has_ended_gets_no_signal(server, surroundings):
    manager = kernel_of(server, surroundings)
    kernel = manager.provisioner.process
    kernel.kill()
    while kernel.poll() is None:
        time.sleep(0.05)
    assert kernel.poll() == -9
    kernel.send_signal(15)
    assert kernel.poll() == -9
    other = kernel_of(server, surroundings)
    assert evaluated(other, "print(1)") == "1\n"
    other.shutdown_kernel(now=True)


def test_a_process_that_cannot_be_forked_leaves_kernels_cold(surroundings, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    (tmp_path / "with_thread.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    server = WarmServer(surroundings, ["with_thread"])
    manager = kernel_of(server, surroundings)
    assert evaluated(manager, "import os; print(os.getppid())") == f"{os.getpid()}\n"
    manager.shutdown_kernel(now=True)
    server.close()
    assert caplog.text.count("start cold: the process to fork has 2 threads") == 1


def test_a_server_that_was_killed_is_replaced_by_cold_kernels(server, surroundings):
    server.ask(do="poll", number=0)
    server._process.kill()
    server._process.wait()
    manager = kernel_of(server, surroundings)
    assert evaluated(manager, "print(2)") == "2\n"
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(("number", "cold"), [(1, ""), (2, "1")])
def test_no_server_where_it_does_not_pay_or_is_not_wanted(number, cold, surroundings, monkeypatch):
    monkeypatch.setenv("COMPENDIUM_COLD", cold)
    notebooks = [ROOT / "notebooks" / name for name in ("table-1.ipynb", "table-2.ipynb")]
    with started(ROOT, surroundings, notebooks[:number]) as server:
        assert server is None


def test_what_is_imported_before_is_what_the_notebooks_import():
    names = set(modules_needed(ROOT, [ROOT / "notebooks" / "table-1.ipynb"]))
    assert {"analysis.tables", "analysis.cohort", "great_tables", "pandas"} <= names
    assert not [name for name in names if name.startswith("compendium.reconstruction")]


DRIVER = """
import os, sys, time
from jupyter_client import KernelManager
from compendium.workflow.kernels import WarmServer, connection, environment, manager_class, private_folder
from compendium.workflow.jobs import ROOT
with private_folder() as private:
    os.environ.update(environment(ROOT, private))
    server = WarmServer(private, [])
    kind = manager_class(server, KernelManager)
    print("begun", flush=True)
    while True:
        manager = kind(**connection(private))
        manager.start_kernel()
        time.sleep(0.05)
"""


def of_this_test(mark):
    """Tell the command lines of processes that were started from a driver of this test and still run."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("OF_THIS_TEST") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append([process.pid, process.ppid(), *process.cmdline()])
        except psutil.Error:
            continue
    return found


@pytest.fixture
def short_path():
    """Give an empty folder that is not as deep as those of pytest, where sockets would not find room."""
    folder = make_private_folder("k-")
    yield folder
    remove_folder(folder)


def test_nothing_is_left_after_the_driver_is_killed_at_ten_random_moments(short_path):
    mark, moments = str(short_path), random.Random(12)

    def killed(number, moment):
        # With more threads than one the process is not forked, and kernels are started one by one.
        threads = {"COMPENDIUM_THREADS": "2" if number > 7 else "1"}
        surroundings = os.environ | {"TMPDIR": mark, "OF_THIS_TEST": mark} | threads
        driver = subprocess.Popen([sys.executable, "-c", DRIVER], env=surroundings, stdout=subprocess.PIPE)
        if number % 5:  # the others are killed while they start
            driver.stdout.readline()
        time.sleep(moment)
        driver.kill()
        driver.communicate()
        return driver.returncode

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(killed, range(10), [moments.uniform(0, 2.5) for _ in range(10)])) == {-9}
    limit = time.monotonic() + 60  # a server that was killed while it imports ends only then
    while (left := of_this_test(mark)) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not left
    with pytest.MonkeyPatch.context() as patch:  # a driver killed before its server began leaves a folder to the next
        patch.setattr("tempfile.tempdir", mark)
        with private_folder() as private:
            assert private.parent == short_path
    assert [path.name for path in short_path.iterdir()] == [MARK]


def test_sockets_lie_where_their_paths_are_short_enough(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with private_folder() as private:
        assert private.parent == Path("/tmp")
        with socket.socket(socket.AF_UNIX) as there:
            there.bind(f"{connection(private)['ip']}-5")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OSError, match="set TMPDIR to a shorter one") as caught, private_folder():
        pass
    assert caught.value.filename == str(deep)
