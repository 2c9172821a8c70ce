#!/usr/bin/env python3
"""proto/new_resource: what it writes is what every resource has, and nothing is written under a bad name.

    tests/proto/new_resource_test.py SOURCES PROTOC GOOGLEAPIS
"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCES, PROTOC, GOOGLEAPIS = map(Path, sys.argv[1:4])
TITLE = "What a customer was offered."
WIDTH = 120


def files_under(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def without_comments(proto):
    return re.sub(r"^ *//[^\n]*\n", "", proto, flags=re.M)


class NewResource(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        shutil.copytree(SOURCES / "proto", self.root / "proto")
        for path in ("CMakeLists.txt", "tests/golden/names.txt"):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCES / path, self.root / path)
        for path in ("services/teams", "projections/teams"):
            shutil.copytree(SOURCES / path, self.root / path)

    def tearDown(self):
        self.folder.cleanup()

    def start(self, *arguments):
        return subprocess.run([sys.executable, self.root / "proto/new_resource", *arguments],
                              capture_output=True, text=True, timeout=60)

    def text(self, path):
        return (self.root / path).read_text()

    def started(self, singular, plural, title=TITLE):
        done = self.start(singular, plural, title)
        self.assertEqual(done.returncode, 0, done.stderr)
        made = [line for line in done.stdout.splitlines() if "/" in line and " " not in line]
        self.assertEqual(len(made), 9)
        self.told = done.stdout.rstrip()
        protos = [path.relative_to(self.root / "proto") for path in (self.root / f"proto/kith/{plural}").rglob("*.proto")]
        self.assertEqual(len(protos), 4)
        subprocess.run([PROTOC, f"-I{self.root / 'proto'}", f"-I{GOOGLEAPIS}", "-o", self.root / "made", *map(str, protos)],
                       check=True, timeout=60)
        for path in made:
            self.assertTrue(all(len(line) <= WIDTH for line in self.text(path).splitlines()), path)
        return made

    def test_a_resource_of_one_word(self):
        made = self.started("offer", "offers")
        service = self.text("proto/kith/offers/v1/offers_service.proto")
        # But for its words it is the service of every other resource.
        back = service.replace("Offer", "Team").replace("offer", "team")
        model = (SOURCES / "proto/kith/teams/v1/teams_service.proto").read_text()
        self.assertEqual(sorted(without_comments(back).split("\n")), sorted(without_comments(model).split("\n")))
        self.assertIn(f"// {TITLE}\nservice OffersService {{", service)
        self.assertIn("// Creates an offer. Its name is drawn by the server.", service)
        for path in made:
            users = re.findall(r".*\b[Uu]sers?\b.*", self.text(path))
            self.assertTrue(all("users/" in line for line in users), (path, users))
            self.assertEqual(re.findall(r".*\b[Tt]eams?\b.*", self.text(path)), [], path)
        self.assertRegex(self.text("CMakeLists.txt"), r"set\(KITH_CAPABILITIES [^)]* offers\)")
        # What CONTRIBUTING shows of it, and what the script says of itself.
        for command in self.told.splitlines()[-2:]:
            self.assertIn(f"\n{command}\n", (SOURCES / "CONTRIBUTING.md").read_text())
        self.assertIn("event offers 4 offer_undeleted\nview offer_directory 1\nerror kith.offers.v1 OFFER_NOT_FOUND 5\n",
                      self.text("tests/golden/names.txt"))

    def test_a_resource_of_several_long_words(self):
        self.started("regional_price_list", "regional_price_lists", "What things cost where.")
        resource = self.text("proto/kith/regional_price_lists/v1/regional_price_list.proto")
        self.assertIn('pattern: "regionalPriceLists/{regional_price_list}"', resource)
        self.assertIn('"regionalPriceLists"', self.text("services/regional_price_lists/regional_price_list.h"))
        # Its tests are called by either of three spellings.
        for name in ("regional_price_lists", "regionalPriceLists", "RegionalPriceLists"):
            self.assertRegex(self.told.splitlines()[-1], rf"-R '[^']*\b{name}\b")
        self.assertIn("// The regional price list: what things cost where.",
                      self.text("services/regional_price_lists/regional_price_list.h"))
        service = self.text("proto/kith/regional_price_lists/v1/regional_price_lists_service.proto")
        self.assertIn("// Reads one regional price list, now or as of any moment.", service)
        self.assertIn("rpc ListRegionalPriceListRevisions(", service)

    def test_two_resources_one_after_the_other(self):
        self.started("offer", "offers")
        self.started("invoice", "invoices")
        self.assertRegex(self.text("CMakeLists.txt"), r"set\(KITH_CAPABILITIES [^)]* offers invoices\)")

    def test_bad_names_write_nothing(self):
        self.started("offer", "offers")
        before = files_under(self.root)
        for singular, plural, title, why in (
                ("Offer", "offers", TITLE, "is no name"),
                ("price-list", "price_lists", TITLE, "is no name"),
                ("price__list", "price_lists", TITLE, "is no name"),
                ("2nd", "seconds", TITLE, "is no name"),
                ("../offer", "offers", TITLE, "is no name"),
                ("", "offers", TITLE, "is no name"),
                ("class", "classes", TITLE, "is taken"),
                ("sheep", "sheep", TITLE, "are the same"),
                ("a" * 41, "many", TITLE, "longer than 40"),
                ("offer", "offers", TITLE, "is there already"),
                ("user", "people", TITLE, "has a message User already"),
                ("stage", "stages", TITLE, "has a message Stage already"),
                ("invoice", "invoices", "no sentence", "the title is a sentence"),
                ("invoice", "invoices", "What {is} owed.", "the title is a sentence"),
                ("invoice", "invoices", "Two\nlines.", "the title is a sentence"),
                ("invoice", "invoices", "A" * 100 + ".", "the title is a sentence")):
            with self.subTest(singular=singular, plural=plural, title=title):
                refused = self.start(singular, plural, title)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn(why, refused.stderr)
        self.assertEqual(files_under(self.root), before)

    def test_help_says_how(self):
        told = self.start("--help")
        self.assertEqual(told.returncode, 0)
        self.assertIn('proto/new_resource offer offers "What a customer was offered."', told.stdout)
        self.assertNotEqual(self.start("offer").returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
