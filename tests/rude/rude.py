#!/usr/bin/env python3
"""What tests/rude/run runs; see there."""

import argparse
import os
import random
import resource
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    parser = argparse.ArgumentParser(prog="tests/rude/run")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--without", default=[], action="append", metavar="TEXT")
    parser.add_argument("--flag", default=[], action="append", metavar="FLAG")
    parser.add_argument("--seed", default=f"{random.SystemRandom().getrandbits(32):08x}")
    for path in ("kithd", "kith", "stubs", "clock", "out"):
        parser.add_argument(f"--{path}", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = arguments()
    tests = os.path.dirname(HERE)
    sys.path[:0] = [options.stubs, HERE, os.path.join(tests, "crash"), os.path.join(tests, "integration")]
    from guests import party  # pylint: disable=import-outside-toplevel
    print(f"seed {options.seed}", flush=True)
    # Ours are many connections, too.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    options.out = os.path.join(os.path.abspath(options.out), f"{options.seed}-{os.getpid()}")
    os.makedirs(options.out)
    held = party.run(options)
    if held:
        shutil.rmtree(options.out)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
