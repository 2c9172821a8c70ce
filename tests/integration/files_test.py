"""Files that other programs write and read: workbooks, and cards, which `kith export` writes, too.

usage: files_test.py KITHD KITH STUBS
"""

import datetime
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

import openpyxl  # noqa: E402
from kithd_process import Kithd  # noqa: E402

MAPPING = {"name": "book", "collection": "deals", "key": ["Nr"],
           "steps": [{"verb": "create", "fields": {
               "display_name": "Name", "expected_close_date": "Abschluss",
               "amount": {"column": "Betrag", "decimal": ".", "currency": "EUR"}, "product": "Nr"}}]}


class FilesTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kith_book_")
        self.addCleanup(shutil.rmtree, self.folder)
        self.kithd = Kithd(KITHD, os.path.join(self.folder, "data"), stderr=subprocess.DEVNULL)
        self.addCleanup(self.kithd.stop)
        self.write("mapping.json", json.dumps(MAPPING))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def kith(self, *words):
        key = [] if "--key" in words else ["--key", self.kithd.key]
        return subprocess.run([KITH, *words, "--address", self.kithd.address, *key], cwd=self.folder,
                              capture_output=True, text=True, check=False)

    def load(self, name, *words):
        return self.kith("import", "deals", "--mapping", "mapping.json", name, *words)

    def book(self):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(["Nr", "Name", "Betrag", "Abschluss"])
        return book, sheet

    def test_reads_what_cells_mean(self):
        book, sheet = self.book()
        sheet.append(["007", "Grüße & <Söhne>", 1234.5, datetime.date(2027, 3, 1)])
        sheet.append([None, None, None, None])
        sheet.append([8, "Crane", 1000000000, datetime.datetime(2027, 2, 28)])
        sheet["C4"].number_format = '#,##0.00 "days"'
        book.create_sheet("Other").append(["nothing of this"])
        book.save(os.path.join(self.folder, "deals.xlsx"))
        loaded = self.load("deals.xlsx")
        self.assertEqual(loaded.stdout, "deals: 2 created, 0 updated, 0 unchanged, 0 rejected\n", loaded.stderr)
        listed = self.kith("deals", "list", "--csv", "--columns", "product,display_name,amount,expected_close_date",
                           "--order-by", "create_time")
        self.assertEqual(listed.stdout.splitlines()[1:],
                         ["007,Grüße & <Söhne>,1234.50 EUR,2027-03-01", "8,Crane,1000000000.00 EUR,2027-02-28"])
        again = self.load("deals.xlsx")
        self.assertEqual(again.stdout, "deals: 0 created, 0 updated, 2 unchanged, 0 rejected\n", again.stderr)

    def exported(self, kithd_words, *words):
        return self.kith("export", "contacts", *words, *kithd_words)

    def test_exports_what_it_imports(self):
        for number in range(3):
            made = self.kith("contacts", "create", "--first-name", "Ada", "--last-name", f"King; {number}, of\\Lovelace",
                             "--emails", f"ada{number}@example.com", "--phones", "+442079460018", "--tags", "vip",
                             "--tags", "press, radio", "--birthday", "1815-12-10", "--notes", "one\ntwo, " + "ü" * 100,
                             "--photo-url", "https://ada.example/a.png", "--social-profiles",
                             '{"network": "linkedin", "profile": "https://www.linkedin.com/in/ada"}', "--social-profiles",
                             '{"network": "x", "profile": "@ada"}', "--card-properties", "X-SKYPE:ada",
                             "--card-properties", "X-PLACE:Rue\\, 1")
            self.assertEqual(made.returncode, 0, made.stderr)
        fields = ["first_name", "last_name", "emails", "phones", "tags", "birthday", "notes", "photo_url", "social_profiles",
                  "card_properties"]

        def told(key):
            lines = self.exported(key).stdout.splitlines()
            return sorted(json.dumps({field: json.loads(line)[field] for field in fields}) for line in lines)

        ours = told([])
        self.assertEqual(len(ours), 3)
        cards = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/import/cards.json")
        for version in "vcard", "vcard3":
            written = self.exported([], "--format", version, "--output", f"{version}.vcf")
            self.assertEqual(written.stderr, "contacts: 3 exported\n")
            made = json.loads(self.kith("workspaces", "create", "--display-name", version, "--json").stdout)
            key = ["--key", made["secret"]]
            read = self.kith("import", "contacts", "--mapping", cards, f"{version}.vcf", *key)
            self.assertEqual(read.stdout, "contacts: 3 created, 0 updated, 0 unchanged, 0 rejected\n", read.stderr)
            self.assertEqual(told(key), ours)
        table = self.exported([], "--format", "csv", "--columns", "display_name,tags")
        self.assertEqual(table.stdout.splitlines()[0], "display_name,tags")
        self.assertEqual(len(table.stdout.splitlines()), 4)
        refused = self.kith("export", "deals", "--format", "vcard")
        self.assertIn("contacts are what cards are made of", refused.stderr)

    def test_refuses_what_is_none(self):
        book, _ = self.book()
        path = os.path.join(self.folder, "deals.xlsx")
        book.save(path)
        with open(path, "rb") as file:
            whole = file.read()
        with open(path, "wb") as file:
            file.write(whole[:-200])
        self.assertIn("the workbook cannot be read", self.load("deals.xlsx").stderr)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("word/document.xml", "<x/>")
        self.assertIn("it has no part xl/workbook.xml", self.load("deals.xlsx").stderr)

    def test_unpacks_no_more_than_it_may(self):
        path = os.path.join(self.folder, "deals.xlsx")
        book, _ = self.book()
        book.save(path)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        entity = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        for name, text, why in [("xl/worksheets/sheet1.xml", b" " * (257 << 20), "more than 256 MiB"),
                                ("xl/workbook.xml", entity + parts["xl/workbook.xml"], "DOCTYPE")]:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for part, content in {**parts, name: text}.items():
                    archive.writestr(part, content)
            self.assertIn(why, self.load("deals.xlsx").stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
