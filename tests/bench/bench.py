#!/usr/bin/env python3
"""Runs the rows of the table; tests/bench/run builds what this needs and calls it."""

import argparse
import signal
import sys
import time

from harness import machine, report, rows
from harness.bench import Bench
from harness.settings import FULL, QUICK


def parse():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--bin", required=True, help="the folder of the programs")
    parser.add_argument("--out", required=True, help="the folder for results and temporary data")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rows", default="")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--json", default="")
    return parser.parse_args()


def main():
    arguments = parse()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    settings = QUICK if arguments.quick else FULL
    if arguments.rounds:
        settings = settings.with_rounds(arguments.rounds)
    try:
        wanted = rows.select(arguments.rows)
    except ValueError as error:
        print(f"tests/bench/run: {error}", file=sys.stderr)
        return 2
    began = time.time()
    with Bench(arguments.bin, arguments.out, settings) as bench:
        about = machine.describe(bench)
        report.print_machine(about, settings)
        results = rows.run(bench, wanted)
    report.print_table(results)
    path = arguments.json or f"{arguments.out}/{time.strftime('%Y%m%d-%H%M%S', time.localtime(began))}.json"
    report.write_json(path, about, settings, results)
    print(f"\n{time.time() - began:.0f} s. The numbers: {path}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started has ended.", file=sys.stderr)
        sys.exit(130)
