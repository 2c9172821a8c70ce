#!/usr/bin/env python3
"""Opens the data directories that earlier versions left behind and asks what they were asked then.

This version must open a copy of each, with its views and without them, and give a client of that version the answers it
got then. Where a mistake was mended since, NAME.mended.json beside the archive holds the right answers, with the reason.

usage: data_test.py KITHD                take part in ctest
       data_test.py KITHD --mended WHY   write answers that differ to NAME.mended.json, because of WHY
"""

import json
import os
import shutil
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

from kithd_process import Kithd  # noqa: E402
from questions import answer_of  # noqa: E402
from rpc import Rpc, pool_of  # noqa: E402

DATA = os.path.join(HERE, "data")
SHOWN_MAX = 5


class Golden:
    """One archive, and what is expected of whoever opens it."""

    def __init__(self, name):
        self.name = name
        self.archive = os.path.join(DATA, name + ".tar.gz")
        self.mended_path = os.path.join(DATA, name + ".mended.json")
        with tarfile.open(self.archive) as archive:
            self.pool = pool_of(archive.extractfile("protos").read())
            kept = json.load(archive.extractfile("answers.json"))
        self.keys, self.questions = kept["keys"], kept["answers"]
        self.mended = []  # [{"why": …, "answers": {number of the question: answer}}]
        if os.path.exists(self.mended_path):
            with open(self.mended_path, encoding="utf-8") as file:
                self.mended = json.load(file)

    def expected(self):
        """The right answers, one for each question."""
        answers = [question["answer"] for question in self.questions]
        for mend in self.mended:
            for number, answer in mend["answers"].items():
                answers[int(number)] = answer
        return answers

    def ask(self, kithd_path, keep_views):
        """What `kithd_path` answers over a copy of the directory."""
        with tempfile.TemporaryDirectory(prefix="kith-golden-") as folder:
            with tarfile.open(self.archive) as archive:
                archive.extractall(folder)
            data = os.path.join(folder, "data")
            if not keep_views:
                shutil.rmtree(os.path.join(data, "views"))
            kithd = Kithd(kithd_path, data)
            try:
                clients = {what: Rpc(self.pool, kithd.address, key) for what, key in self.keys.items()}
                answers = [answer_of(clients[question["key"]], question["method"], question["request"])
                           for question in self.questions]
                for client in clients.values():
                    client.close()
            except BaseException:
                kithd.kill()
                raise
            if kithd.stop() != 0:
                raise AssertionError(f"{self.name}: kithd did not stop cleanly")
        return answers

    def differences(self, answers):
        """The numbers of the questions that are not answered as they must be."""
        return [number for number, (is_, must) in enumerate(zip(answers, self.expected())) if is_ != must]

    def show(self, numbers, answers):
        expected = self.expected()
        for number in numbers[:SHOWN_MAX]:
            question = self.questions[number]
            print(f"{self.name}, question {number}: {question['method']} {json.dumps(question['request'])}\n"
                  f"  expected {json.dumps(expected[number])}\n  answered {json.dumps(answers[number])}")
        if len(numbers) > SHOWN_MAX:
            print(f"{self.name}: … and {len(numbers) - SHOWN_MAX} more")

    def mend(self, numbers, answers, why):
        self.mended.append({"why": why, "answers": {str(number): answers[number] for number in numbers}})
        with open(self.mended_path, "w", encoding="utf-8") as file:
            json.dump(self.mended, file, ensure_ascii=False, indent=1)
            file.write("\n")


def main():
    kithd_path = sys.argv[1]
    why = sys.argv[3] if sys.argv[2:3] == ["--mended"] else None
    names = sorted(file[:-len(".tar.gz")] for file in os.listdir(DATA) if file.endswith(".tar.gz"))
    failed = not names
    for golden in map(Golden, names):
        for keep_views in (True, False):
            answers = golden.ask(kithd_path, keep_views)
            numbers = golden.differences(answers)
            if numbers and why:
                golden.mend(numbers, answers, why)
                print(f"{golden.name}: {len(numbers)} answers written to {golden.mended_path}")
                continue
            golden.show(numbers, answers)
            print(f"{golden.name} {'with' if keep_views else 'without'} its views: {len(answers)} questions, "
                  f"{len(numbers)} answered otherwise")
            failed = failed or bool(numbers)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
