"""Measures `trueup compare` on made-up data, beside DuckDB and beside a bare join (floor.rs), one after the other.

    run.py [ROWS] [--shape SHAPE] [--pairs N] [--memory MEBIBYTES] [--program PATH]

Builds what it needs below .tools/bench/, checks all results against the truth, and prints a table
for BENCHMARKS.md. Machines are noisy: the ratios are medians over pairs of neighbouring runs.
"""

import argparse
import csv
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / ".tools" / "bench"
THREADS = 2
DUCKDB = "2.0.1"
SHAPES = ["usual", "sorted", "long", "again", "apart"]
# Room for large files.
LIMITS = "[limits]\ninput_bytes_max = 100000000000\nrows_max = 1000000000\n"


def main():
    arguments = parsed()
    WORK.mkdir(parents=True, exist_ok=True)
    program, python = arguments.program or built_program(), python_with_duckdb()
    data = made_data(arguments.rows, arguments.shape)
    partner, ledger = data / "partner.csv", data / "ledger.csv"
    out = WORK / "out"
    compare = comparison(program, data, arguments.memory)
    peer = [python, HERE / "peer.py", partner, ledger, WORK / "peer.csv", str(THREADS)]
    floor = [compiled("floor"), partner, ledger, WORK / "floor.csv"]
    runs = {"trueup compare": [], "DuckDB": [], "bare join": []}
    for _ in range(arguments.pairs):
        runs["trueup compare"].append(measured(compare, (0, 1)))
        runs["DuckDB"].append(measured(peer, (0,)))
        runs["bare join"].append(measured(floor, (0,)))
    for found in (out / "discrepancies.csv", WORK / "peer.csv", WORK / "floor.csv"):
        check(found, data / "truth.csv")
    print_table(
        f"{arguments.rows:,} rows a side, shape {arguments.shape}, {arguments.pairs} pairs, "
        f"{os.cpu_count()} processors, {platform.machine()}, DuckDB {DUCKDB}; all results are exact", runs)


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--shape", default="usual", choices=SHAPES)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--memory", type=int, help="compare_memory_mebibytes")
    parser.add_argument("--program", help="trueup (else it is built)")
    return parser.parse_args()


def built_program():
    subprocess.run(
        ["cargo", "build", "--release", "--locked", "--bin", "trueup"], cwd=ROOT, check=True
    )
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "trueup"


def python_with_duckdb():
    folder = WORK / "venv"
    python = folder / "bin" / "python"
    there = [python, "-c", f"import duckdb; assert duckdb.__version__ == '{DUCKDB}'"]
    if python.exists() and subprocess.run(there, capture_output=True).returncode == 0:
        return python
    venv.create(folder, clear=True, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"duckdb=={DUCKDB}"], check=True)
    return python


def made_data(rows, shape):
    folder = WORK / f"{shape}-{rows}"
    if (folder / "truth.csv").exists():
        return folder
    maker = compiled("rows")
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    subprocess.run([maker, str(rows), unfinished, shape], check=True)
    unfinished.rename(folder)
    return folder


def compiled(name):
    """A program of one file, built."""
    program = WORK / name
    subprocess.run(
        ["rustc", "-O", "--edition", "2024", HERE / f"{name}.rs", "-o", program], check=True
    )
    return program


def comparison(program, data, memory=None):
    """The command that compares these data, and leaves what it found in `out`."""
    return [
        program, "--config", configuration(memory), "compare", "bench",
        "--partner", data / "partner.csv", "--ledger", data / "ledger.csv", "--out", WORK / "out",
    ]


def configuration(memory):
    """The sample configuration, with room for large files."""
    folder = WORK / "configuration"
    shutil.copytree(ROOT / "examples" / "bench", folder, dirs_exist_ok=True)
    settings = LIMITS
    if memory:
        settings += f"\n[work]\ncompare_memory_mebibytes = {memory}\n"
    (folder / "trueup.toml").write_text(settings)
    return folder


def measured(command, expected):
    """Wall and CPU seconds and the largest memory of one process."""
    started = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    cost = cost_of(process)
    wall = time.monotonic() - started
    if process.returncode not in expected:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return wall, *cost


def cost_of(process):
    """CPU seconds and the largest memory of a process, when it has ended."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def check(found, truth):
    """Every reference and kind of the truth, and nothing else."""
    wanted, got = kinds_of(truth), kinds_of(found)
    if wanted != got:
        surplus, lacking = got - wanted, wanted - got
        sys.exit(f"{found.name} is wrong: {list(surplus)[:3]} too many, {list(lacking)[:3]} missing")


def kinds_of(path):
    with open(path, newline="") as file:
        return Counter((row["reference"], row["kind"]) for row in csv.DictReader(file))


def print_table(title, runs):
    """Medians of programs, and of the first's ratios to each of the others in neighbouring runs."""
    print(f"{title}\n")
    print("| program | wall s | CPU s | peak memory MiB |")
    print("|---|---:|---:|---:|")
    for name, of_program in runs.items():
        wall, cpu, memory = medians(of_program)
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {memory:.0f} |")
    first, *others = runs.values()
    for name, other in zip(list(runs)[1:], others):
        ratios = [[one / another for one, another in zip(*pair)] for pair in zip(first, other)]
        wall, cpu, memory = medians(ratios)
        print(f"| median ratio to {name} | {wall:.3f} | {cpu:.3f} | {memory:.2f} |")
    print()


def medians(figures):
    """Of wall seconds, CPU seconds and memory."""
    return [statistics.median(column) for column in zip(*figures)]


if __name__ == "__main__":
    main()
