#!/usr/bin/env python3
"""What tests/crash/run runs; see there."""

import argparse
import os
import random
import shutil
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    parser = argparse.ArgumentParser(prog="tests/crash/run", usage="tests/crash/run --rounds N | --syscalls | --flips")
    kinds = parser.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--rounds", type=int, metavar="N")
    kinds.add_argument("--syscalls", action="store_true")
    kinds.add_argument("--flips", action="store_true")
    parser.add_argument("--sample", type=int, metavar="K")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--without", default=[], action="append", metavar="TEXT")
    parser.add_argument("--seed", default=f"{random.SystemRandom().getrandbits(32):08x}")
    for program in ("kithd", "stubs", "faults", "out"):
        parser.add_argument(f"--{program}", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = arguments()
    sys.path[:0] = [options.stubs, HERE, os.path.join(os.path.dirname(HERE), "integration")]
    # pylint: disable=import-outside-toplevel
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no kithd is left behind
    print(f"seed {options.seed}", flush=True)
    out = os.path.join(os.path.abspath(options.out), f"{options.seed}-{os.getpid()}")
    os.makedirs(out)

    def wanted(name):
        return options.only in name and not any(text in name for text in options.without)
    if options.rounds is not None:
        from attack import rounds
        held = rounds.run(options.kithd, out, options.seed, options.rounds)
    elif options.syscalls:
        from attack import syscalls
        held = syscalls.run(options.kithd, options.faults, out, options.seed, options.sample, wanted)
    else:
        from attack import flips
        held = flips.run(options.kithd, out, options.seed, options.sample, wanted)
    if held:
        shutil.rmtree(out)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
