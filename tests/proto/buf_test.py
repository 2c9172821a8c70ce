#!/usr/bin/env python3
"""buf finds nothing: our protos keep the rules of proto/buf.yaml, and break nothing that the last release had.

tests/golden/api.binpb.gz is what that release declared. Skips, with a line that says why, where there is no buf: tests/run
fetches it where there is npm.

    tests/proto/buf_test.py SOURCES GOOGLEAPIS PACKAGES             (PACKAGES: the folder with node_modules)
    tests/proto/buf_test.py SOURCES GOOGLEAPIS PACKAGES --renew     writes tests/golden/api.binpb.gz anew
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCES, GOOGLEAPIS, PACKAGES = (Path(path).resolve() for path in sys.argv[1:4])
RELEASED = SOURCES / "tests/golden/api.binpb.gz"
BUF = shutil.which("buf", path=PACKAGES / "node_modules/.bin") or shutil.which("buf")


def lay_out(folder):
    subprocess.run([SOURCES / "deploy/sdk/make", "protos", "--out", folder], check=True, timeout=60,
                   env=dict(os.environ, GOOGLEAPIS_DIR=str(GOOGLEAPIS)))


def buf(folder, *arguments):
    """What buf finds, as it says it; nothing where all is well."""
    ran = subprocess.run([BUF, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         timeout=120)
    # 100 is for findings; whatever else ends it is an error of its own.
    if ran.returncode not in (0, 100):
        raise AssertionError(ran.stdout)
    return ran.stdout


class BufTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kith-buf-")
        self.addCleanup(folder.cleanup)
        self.protos = Path(folder.name)
        lay_out(self.protos)

    def lint(self):
        return buf(self.protos, "lint")

    def breaking(self):
        return buf(self.protos, "breaking", "--against", RELEASED)

    def replace(self, path, old, new):
        text = (self.protos / path).read_text()
        self.assertIn(old, text)
        (self.protos / path).write_text(text.replace(old, new))

    def test_no_row_of_a_view_is_held_to_anything(self):
        rows = {str(path.relative_to(SOURCES / "proto")) for path in (SOURCES / "proto").rglob("*_rows.proto")}
        ignored = {line.strip().removeprefix("- ") for line in (SOURCES / "proto/buf.yaml").read_text().splitlines()}
        self.assertEqual(rows - ignored, set(), "are made anew when they change: name them in proto/buf.yaml")

    def test_the_rules_are_kept(self):
        self.assertEqual(self.lint(), "")

    def test_nothing_is_broken(self):
        self.assertEqual(self.breaking(), "")

    def test_a_breach_is_found(self):
        self.replace("kith/users/v1/users_service.proto", "GetUserRequest", "UserToGet")
        self.assertIn('"UserToGet" should be named "GetUserRequest"', self.lint())

    def test_what_breaks_clients_is_found(self):
        self.replace("kith/users/v1/user.proto", "string office = ", "string bureau = ")
        self.assertIn('changed name from "office" to "bureau"', self.breaking())

    def test_what_breaks_generated_code_is_found(self):
        self.replace("kith/users/v1/user.proto", "kith/users/v1;usersv1", "kith/users/v2;usersv2")
        self.assertIn('"go_package" changed', self.breaking())


def renew():
    with tempfile.TemporaryDirectory(prefix="kith-buf-") as folder:
        lay_out(folder)
        buf(folder, "build", "--exclude-source-info", "-o", RELEASED)


if __name__ == "__main__":
    if BUF is None or shutil.which("node") is None:
        print("buf skipped: it is not installed. tests/run fetches it where there is npm, or: "
              "npm install --prefix build/npm @bufbuild/buf")
    elif sys.argv[4:] == ["--renew"]:
        renew()
    else:
        unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
