#!/usr/bin/env python3
"""The protos can be made into every language whose generator comes with protoc, also where the language is not installed.

    tests/proto/languages_test.py SOURCES PROTOC GOOGLEAPIS
"""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCES, PROTOC, GOOGLEAPIS = map(Path, sys.argv[1:4])
LANGUAGES = ("java", "kotlin", "csharp", "python", "ruby", "php", "objc")


class Languages(unittest.TestCase):
    def test_each_takes_all_protos_at_once(self):
        protos = sorted(str(path.relative_to(SOURCES / "proto")) for path in (SOURCES / "proto/kith").rglob("*.proto"))
        self.assertGreater(len(protos), 100)
        for language in LANGUAGES:
            with self.subTest(language), tempfile.TemporaryDirectory() as out:
                done = subprocess.run([PROTOC, f"-I{SOURCES / 'proto'}", f"-I{GOOGLEAPIS}", f"--{language}_out={out}", *protos],
                                      capture_output=True, text=True, timeout=120)
                self.assertEqual(done.returncode, 0, done.stderr[-2000:])
                made = sum(1 for path in Path(out).rglob("*") if path.is_file())
                self.assertGreaterEqual(made, len(protos) // 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
