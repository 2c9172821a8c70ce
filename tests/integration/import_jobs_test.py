"""Imports that are killed: no row is made twice, the counts add up, and what was made is taken back.

Method: a client imports thousands of rows; as soon as the job says that it is some way through, the client or the server
is killed, and the job goes on with the same file.

usage: import_jobs_test.py KITHD KITH STUBS
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

KITHD, KITH, STUBS = sys.argv[1:4]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

from kithd_process import Kithd  # noqa: E402

ROWS = 6000
CREATE = {"verb": "create", "fields": {"first_name": "first", "emails": "mail"}}
PLAIN = {"name": "people", "collection": "contacts", "key": ["mail"], "steps": [CREATE]}
MATCHED = {**PLAIN, "policy": "upsert", "match": ["email"]}
ALL_CREATED = f"contacts: {ROWS:,} created, 0 updated, 0 unchanged, 0 rejected\n"


def items(text, field):
    """What the pages of a list have, which stand one after another in a text."""
    found, at = [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        page, at = json.JSONDecoder().raw_decode(text, at)
        found += page.get(field, [])
    return found


class ImportJobsTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kith_import_")
        self.addCleanup(shutil.rmtree, self.folder)
        self.kithd = Kithd(KITHD, os.path.join(self.folder, "data"), stderr=subprocess.DEVNULL)
        self.addCleanup(self.kithd.kill)
        with open(self.path("people.csv"), "w", encoding="utf-8") as file:
            file.write("first,mail\n")
            file.writelines(f"P{row},p{row}@example.com\n" for row in range(ROWS))

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, *words):
        return [KITH, *words, "--address", self.kithd.address, "--key", self.kithd.key]

    def kith(self, *words):
        return subprocess.run(self.command(*words), cwd=self.folder, capture_output=True, text=True, check=False)

    def begin(self, mapping):
        """An import under way, and the name of its job."""
        with open(self.path("mapping.json"), "w", encoding="utf-8") as file:
            json.dump(mapping, file)
        client = subprocess.Popen(self.command("import", "contacts", "--mapping", "mapping.json", "--in-flight", "8",
                                               "people.csv"),
                                  cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while True:
            jobs = items(self.kith("import-jobs", "list", "--json").stdout, "import_jobs")
            if jobs and int(jobs[0].get("position", 0)) >= 1000:
                return client, jobs[0]["name"]
            self.assertIsNone(client.poll(), "it ended before it could be killed")

    def count(self):
        return self.kith("contacts", "list", "--limit", "1", "--total").stdout.splitlines()[-1]

    def goes_on(self, job):
        resumed = self.kith("import", "--resume", job, "people.csv")
        self.assertEqual(resumed.stdout, ALL_CREATED, resumed.stderr)
        self.assertEqual(self.count(), f"{ROWS:,} in all.")
        changes = items(self.kith("import-jobs", "list-import-job-changes", job, "--all", "--json").stdout, "changes")
        self.assertEqual(len(changes), ROWS)

    def test_goes_on_after_the_client_was_killed(self):
        client, job = self.begin(PLAIN)
        client.kill()
        client.communicate()
        self.goes_on(job)

    def test_goes_on_with_rows_that_are_matched_after_the_client_was_killed(self):
        client, job = self.begin(MATCHED)
        client.kill()
        client.communicate()
        self.goes_on(job)

    def test_goes_on_after_the_server_was_killed_and_is_taken_back_after_it_was_killed_again(self):
        client, job = self.begin(PLAIN)
        self.kithd.kill()
        _, said = client.communicate()
        self.assertIn(f"kith import --resume {job} people.csv", said)
        self.kithd.start()
        self.goes_on(job)

        reverting = subprocess.Popen(self.command("import", "--revert", job), cwd=self.folder, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
        while json.loads(self.kith("import-jobs", "get", job, "--json").stdout)["state"] != "REVERTING":
            self.assertIsNone(reverting.poll(), "it ended before it could be killed")
        self.kithd.kill()
        reverting.communicate()
        self.kithd.start()
        rest = self.kith("import", "--revert", job)
        self.assertEqual(rest.returncode, 0, rest.stderr)
        self.assertEqual(self.count(), "0 in all.")
        reverted = json.loads(self.kith("import-jobs", "get", job, "--json").stdout)
        self.assertEqual((reverted["state"], int(reverted["reverted_count"]), int(reverted.get("kept_count", 0))),
                         ("REVERTED", ROWS, 0))

    def test_refuses_a_workbook_that_unpacks_to_more_than_it_takes(self):
        with zipfile.ZipFile(self.path("bomb.xlsx"), "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("xl/workbook.xml", "<workbook><sheets><sheet r:id='1'/></sheets></workbook>")
            book.writestr("xl/_rels/workbook.xml.rels",
                          "<Relationships><Relationship Id='1' Target='sheet.xml'/></Relationships>")
            with book.open("xl/sheet.xml", "w") as sheet:
                for _ in range(300):
                    sheet.write(b" " * (1 << 20))
        with open(self.path("mapping.json"), "w", encoding="utf-8") as file:
            json.dump(PLAIN, file)
        refused = self.kith("import", "contacts", "--mapping", "mapping.json", "bomb.xlsx")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("it unpacks to more than 256 MiB", refused.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
