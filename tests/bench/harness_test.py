"""The bench's own arithmetic, table and comparison; nothing is measured here."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import types
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from harness import comparison, report, rows  # noqa: E402 - the path comes first
from harness.bench import Bench  # noqa: E402
from harness.processes import ProgramFailed  # noqa: E402
from harness.results import Result, Row  # noqa: E402
from harness.rounds import Sample, alternate, ratios  # noqa: E402
from harness.servers import load_command  # noqa: E402
from harness.settings import QUICK  # noqa: E402


def result_file(folder, name, *results, **about):
    path = os.path.join(folder, name)
    machine = {"commit": name, "cpu": "a", "cores": 2, "memory_gib": 4, "kernel": "k", "file_system": "f", **about}
    report.write_json(path, machine, QUICK, results)
    return path


def result(values, bound=1.0):
    return Result.at_least("calls", bound, Sample(values), row="S1")


class Rounds(unittest.TestCase):
    def test_sides_take_turns(self):
        order = []
        first, second = alternate(3, lambda: order.append("a") or 1, lambda: order.append("b") or 2)
        self.assertEqual(order, ["a", "b"] * 3)
        self.assertEqual((first, second), ([1, 1, 1], [2, 2, 2]))

    def test_the_median_of_the_rounds_ratios_counts(self):
        sample = ratios([10, 90, 30], [10, 30, 15])
        self.assertEqual((sample.median, sample.least, sample.most), (2, 1, 3))


class Verdicts(unittest.TestCase):
    def test_a_bound_is_met_or_missed(self):
        self.assertEqual(Result.at_least("x", 0.6, Sample([0.6])).verdict, "met")
        self.assertEqual(Result.at_least("x", 0.6, Sample([0.59])).verdict, "missed")
        self.assertEqual(Result.at_most("x", 50, Sample([50.0])).verdict, "met")
        self.assertEqual(Result.at_most("x", 50, Sample([50.1])).verdict, "missed")


class Selection(unittest.TestCase):
    def test_rows_are_named(self):
        self.assertEqual([row.name for row in rows.select("s5, S1")], ["S1", "S5"])
        self.assertEqual([row.name for row in rows.select("S5S,S1s,S2,s1")], ["S1", "S1s", "S2", "S5s"])
        self.assertEqual([row.name for row in rows.select("S9,S8c,S1b,S8b,S1")], ["S1", "S1b", "S8b", "S8c", "S9"])
        self.assertEqual(len(rows.select("")), len(rows.ALL))
        with self.assertRaises(ValueError):
            rows.select("S99")

    def test_every_file_of_rows_is_in_the_table(self):
        files = {name[:-3] for name in os.listdir(os.path.join(HERE, "harness")) if name.startswith("rows_")
                 and name.endswith(".py")}
        self.assertEqual({part.__name__.rpartition(".")[2] for part in rows.PARTS}, files)
        self.assertEqual(len(rows.ALL), sum(len(part.ROWS) for part in rows.PARTS))

    def test_a_row_that_fails_does_not_end_the_others(self):
        def fail(_):
            raise ProgramFailed("it is broken")
        wanted = [Row("S1", "a", fail), Row("S2", "b", lambda _: [Result.skipped("b", "why")])]
        found = rows.run(None, wanted)
        self.assertEqual([(each.row, each.verdict, each.note) for each in found],
                         [("S1", "failed", "it is broken"), ("S2", "skipped", "why")])


class Commands(unittest.TestCase):
    def test_options_are_flags(self):
        bench = types.SimpleNamespace(settings=QUICK, program=lambda name: name)
        server = types.SimpleNamespace(address="here", key="")
        words = load_command(bench, server, "get", in_flight=1, session=True)
        self.assertEqual(words[-3:], ["--in-flight", "1", "--session"])


class Ends(unittest.TestCase):
    def test_what_was_started_ends_and_what_was_written_is_gone(self):
        with tempfile.TemporaryDirectory() as out:
            with self.assertRaises(KeyboardInterrupt):
                with Bench(out, out, QUICK) as bench:
                    process, word = bench.processes.start(
                        "child", ["bash", "-c", "echo it is ready on here; exec sleep 1000"], ready="it is ready on ")
                    raise KeyboardInterrupt
            self.assertEqual(word, "here")
            self.assertIsNotNone(process.returncode)
            self.assertEqual(os.listdir(out), [])


class Compare(unittest.TestCase):
    def compare(self, *paths):
        return subprocess.run([os.path.join(HERE, "compare"), *paths], capture_output=True, text=True, check=False)

    def test_rows_are_compared_one_by_one(self):
        with tempfile.TemporaryDirectory() as folder:
            before = result_file(folder, "before", result([0.9, 1.0, 1.1]),
                                 dataclasses.replace(Result.skipped("old", "gone now"), row="S2"))
            after = result_file(folder, "after", result([1.9, 2.0, 2.1], bound=3), cores=4)
            said = self.compare(before, after)
            self.assertEqual(said.returncode, 0, said.stderr)
            self.assertIn("Not the same machine: cores was 2 and is 4.", said.stdout)
            self.assertRegex(said.stdout, r"S1 +calls +≥ 3.00 +1.00 +2.00 +\+100.0 % +met → missed")
            self.assertRegex(said.stdout, r"S2 +old .*gone: skipped")

    def test_a_change_within_the_spread_may_be_chance(self):
        old, new = (dataclasses.asdict(result(values)) for values in ([1.0, 1.1, 1.2], [1.15, 1.2, 1.3]))
        self.assertEqual(comparison.change(old, new), "~+9.1 %")

    def test_other_files_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"version": 0}, file)
            self.assertEqual(self.compare(path, path).returncode, 2)
            self.assertEqual(self.compare(path).returncode, 2)


if __name__ == "__main__":
    unittest.main()
