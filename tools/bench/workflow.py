"""Measures what runs cost a worker: a large one beside `trueup compare`, and many small ones.

    workflow.py [ROWS] [--shape SHAPE] [--pairs N] [--small N] [--program PATH]

Starts a Temporal server and a worker of its own on this machine, and stops them. The worker's CPU time
and memory are those of its whole process, from start to end.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import run as bench

DAY = "2026-03-31"
SMALL_ROWS = 100
PATIENCE_SECONDS = 900


def main():
    arguments = parsed()
    program = arguments.program or bench.built_program()
    if arguments.pairs:
        large(program, arguments)
    if arguments.small:
        small(program, arguments.small)


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--shape", default="usual", choices=bench.SHAPES)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--small", type=int, default=200, help="scheduled runs of few rows")
    parser.add_argument("--program", help="trueup (else it is built)")
    return parser.parse_args()


def large(program, arguments):
    """One run of everything, and the same comparison without Temporal, in turns."""
    data = bench.made_data(arguments.rows, arguments.shape)
    compare = bench.comparison(program, data)
    figures = {"a run's worker": [], "trueup compare": []}
    events = 0
    for _ in range(arguments.pairs):
        figures["trueup compare"].append(bench.measured(compare, (0, 1)))
        with site(program, ["bench"]) as of:
            of.take_inputs(data)
            with of.worker() as worker:
                started = time.monotonic()
                of.trueup("run", "bench", "--date", DAY, "--wait", expected=(0, 1))
                wall = time.monotonic() - started
            figures["a run's worker"].append((wall, *worker.cost))
            shown = json.loads(of.trueup("show", f"recon/bench/{DAY}", "--json"))
            check(shown["totals"]["by_kind"], data / "truth.csv")
            events = of.events(f"recon/bench/{DAY}")
    bench.print_table(
        f"{arguments.rows:,} rows a side, shape {arguments.shape}, {arguments.pairs} pairs; "
        f"the run has {events} events", figures)


def check(found, truth):
    """As many of each kind as the truth has."""
    wanted = Counter(kind for _, kind in bench.kinds_of(truth).elements())
    if wanted != Counter(found):
        sys.exit(f"the run found {found}, and the truth is {dict(wanted)}")


def small(program, count):
    """Clean runs that schedules start, each of a source of its own."""
    names = [f"small-{number}" for number in range(count)]
    data = bench.made_data(SMALL_ROWS, "usual")
    with site(program, names) as of:
        of.take_inputs(data)
        for name in names:
            of.trueup("schedule", "set", name, "--cron", "30 6 * * *")
        with of.worker() as worker:
            before = worker.memory()
            started = time.monotonic()
            for name in names:
                of.trueup("schedule", "backfill", name, "--from", DAY, "--to", DAY)
            of.wait_for_runs(count)
            wall = time.monotonic() - started
    cpu, memory = worker.cost
    print(f"{count} clean scheduled runs of {SMALL_ROWS} rows a side took {wall:.1f} s; per 1,000 of them "
          f"the worker used {cpu * 1000 / count:.1f} CPU s; memory {before:.0f} MiB before, {memory:.0f} at most\n")


@contextmanager
def site(program, sources):
    """A Temporal server, and a folder with the configuration of these sources."""
    folder = Path(tempfile.mkdtemp(prefix="trueup-bench-"))
    address = f"127.0.0.1:{free_port()}"
    server = None
    try:
        (folder / "sources").mkdir()
        rules = (bench.ROOT / "examples" / "bench" / "sources" / "bench.toml").read_text()
        for name in sources:
            (folder / "sources" / f"{name}.toml").write_text(rules)
        staging = "[staging]\nobject_bytes_max = 100000000000\n"
        temporal = f'[temporal]\naddress = "{address}"\n'
        (folder / "trueup.toml").write_text(bench.LIMITS + staging + temporal)
        server = subprocess.Popen(
            [temporal_program(), "server", "start-dev", "--headless",
             "--log-level", "error", "--ip", "127.0.0.1", "--port", address.rsplit(":", 1)[1]],
            stdout=subprocess.DEVNULL,
        )
        of = Site(program, folder, address)
        of.wait_for_server()
        yield of
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


class Site:
    """Where runs happen."""

    def __init__(self, program, folder, address):
        self.program, self.folder, self.address = str(program), folder, address

    def take_inputs(self, data):
        for file in ("partner.csv", "ledger.csv"):
            shutil.copyfile(data / file, self.folder / file)

    def trueup(self, *words, expected=(0,)):
        """What a command printed."""
        command = [self.program, "--config", self.folder, *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment())
        if done.returncode not in expected:
            sys.exit(f"trueup {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def temporal(self, *words):
        command = [temporal_program(), *words, "--address", self.address]
        return subprocess.run(command, capture_output=True, text=True, env=environment())

    def wait_for_server(self):
        wait("the server", lambda: self.temporal("operator", "namespace", "describe", "default").returncode == 0)

    def wait_for_runs(self, count):
        def are_completed():
            runs = self.trueup("runs", "--state", "completed", "--limit", str(count), "--json")
            return len(json.loads(runs)) == count
        wait(f"{count} runs", are_completed)

    def is_polled(self):
        shown = self.temporal("task-queue", "describe", "--task-queue", "trueup", "-o", "json")
        return shown.returncode == 0 and len(json.loads(shown.stdout).get("pollers") or []) > 1

    def events(self, workflow):
        shown = self.temporal("workflow", "show", "-w", workflow, "-o", "json")
        return len(json.loads(shown.stdout)["events"])

    @contextmanager
    def worker(self):
        worker = Worker([self.program, "--config", str(self.folder), "worker"], self.folder / "worker.log")
        try:
            wait("the worker", self.is_polled)
            yield worker
        finally:
            worker.stop()


class Worker:
    """The process that does the work. `cost` is known when it has ended: CPU s, and MiB at most."""

    def __init__(self, command, log):
        with open(log, "w") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file, env=environment())

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.cost = bench.cost_of(self.process)


@cache
def temporal_program():
    """The machine's own, or the one that we get."""
    subprocess.run([bench.ROOT / "tools" / "setup", "temporal"], check=True)
    ours = bench.ROOT / ".tools" / "bin"
    return shutil.which("temporal", path=f"{ours}{os.pathsep}{os.environ['PATH']}")


def environment():
    """Ours, without what says where another server is."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}


def wait(what, is_there):
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_there():
        if time.monotonic() > until:
            sys.exit(f"{what}: not there after {PATIENCE_SECONDS} s")
        time.sleep(0.1)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    main()
