#!/usr/bin/env python3
"""README.md is true: deploy/run starts and stops, and every command and client prints what README shows.

Method: a folder that looks like a checkout after a build, in which deploy/run is started with programs built already, on
a free port and with the sample data. The commands of README are typed into one shell there, in their order.

usage: tour_test.py REPOSITORY BIN    (BIN: the folder with kithd, kith and example_client)
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

REPOSITORY, BIN = sys.argv[1:3]

from readme import blocks, commands, matches, mentioned  # noqa: E402

README_PORT = "127.0.0.1:7447"
README_HTTP_PORT = "127.0.0.1:7448"
# A bench that is only to be seen to work.
SHORTER = (re.compile(r"--seconds \d+"), "--seconds 2")


def read(*path):
    with open(os.path.join(REPOSITORY, *path), encoding="utf-8") as file:
        return file.read()


README = read("README.md")
NPM = os.path.join(REPOSITORY, "build", "npm")


def lacks(text):
    """What a command for a client in another language needs, and is not there; empty where all is."""
    found = re.search(r"make (typescript|go|java) |build/(typescript|go|java)\b|^(go) run", text)
    language = found and next(filter(None, found.groups()))
    if language == "typescript" and not os.path.isdir(os.path.join(NPM, "node_modules", "typescript")):
        return "the packages of tests/npm"
    needed = {"go": ("go", "protoc-gen-go", "protoc-gen-go-grpc"), "java": ("javac", "grpc_java_plugin")}.get(language, ())
    if language == "java" and not os.path.exists("/usr/share/java/perfmark-api.jar"):
        return "libperfmark-java"
    return next((program for program in needed if not shutil.which(program)), "")


class DeployRun:
    """deploy/run in a place of its own."""

    def __init__(self, place, *options):
        environment = dict(os.environ, KITH_LOGS=os.path.join(place, "logs"))
        self.process = subprocess.Popen(
            [os.path.join(place, "deploy", "run"), "--bin", BIN, "--port", "0", "--data", os.path.join(place, "data"),
             *options], cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.told = []
        for line in self.process.stdout:
            self.told.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C stops it"):
                break
        else:
            self.process.communicate()
            raise AssertionError(f"deploy/run ended with {self.process.returncode}: " + "\n".join(self.told))
        self.export = next(line.strip() for line in self.told if line.strip().startswith("export "))
        self.address = re.search(r"KITH_ADDRESS=(\S+)", self.export).group(1)
        self.http = re.search(r"for HTTP on (\S+),", "\n".join(self.told)).group(1)
        self.metrics = re.search(r"tells metrics on (\S+),", "\n".join(self.told)).group(1)

    def stop(self, sig):
        """Its exit code, and what it said at the end."""
        self.process.send_signal(sig)
        rest, _ = self.process.communicate(timeout=120)
        return self.process.returncode, rest


class Shell:
    """One bash, in which one command after the other is typed."""

    def __init__(self, place, environment):
        self.script = os.path.join(place, "command")
        self.process = subprocess.Popen(["bash", "--norc"], cwd=place, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, text):
        """The exit code of a command and the lines it printed."""
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        self.process.stdin.write(f"source {self.script} </dev/null 2>&1; code=$?; echo; echo ended with $code\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith("ended with "):
                if lines and lines[-1] == "":
                    lines.pop()  # of the echo before
                return int(line.split()[-1]), lines
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"the shell ended in: {text}")

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class TourTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="kith-tour-")
        for name in ("proto", "deploy"):
            os.symlink(os.path.join(REPOSITORY, name), os.path.join(cls.place, name))
        os.makedirs(os.path.join(cls.place, "build", "dev"))
        os.symlink(BIN, os.path.join(cls.place, "build", "dev", "bin"))
        cls.started = DeployRun(cls.place)

    @classmethod
    def tearDownClass(cls):
        if cls.started.process.poll() is None:
            cls.started.process.kill()
        shutil.rmtree(cls.place)

    def setUp(self):
        self.shell = Shell(self.place, dict(os.environ, KITH_ADDRESS=self.started.address, TZ="UTC"))

    def tearDown(self):
        self.shell.close()

    def typed(self, text):
        """A command of README, for the server of this test."""
        text = text.replace("make typescript ", f"make typescript --npm {NPM} ")
        text = text.replace(README_PORT, self.started.address).replace(README_HTTP_PORT, self.started.http)
        return SHORTER[0].sub(SHORTER[1], text)

    def check(self, command):
        code, lines = self.shell.run(self.typed(command.text))
        told = "\n".join(lines)
        self.assertEqual(code != 0, command.is_refused(), f"README:{command.line} ended with {code}:\n{told}")
        expected = list(command.output)
        self.assertTrue(matches(expected, lines),
                        f"README:{command.line}: {command.text}\nshows\n" + "\n".join(expected) + f"\nbut it prints\n{told}")

    def test_1_every_command_prints_what_readme_shows(self):
        found = list(commands(README))
        self.assertGreater(len(found), 10)
        for command in found:
            if lacks(command.text):
                print(f"skipped README:{command.line}: there is no {lacks(command.text)}")
                continue
            for _ in range(2 if "example_client" in command.text else 1):  # README says: run it twice
                with self.subTest(f"README:{command.line}"):
                    self.check(command)

    def test_2_commands_in_the_sentences_work(self):
        self.assertEqual(self.shell.run(self.started.export)[0], 0)
        found = [span for span in mentioned(README) if span.startswith("kith ")]
        self.assertGreater(len(found), 5)
        for text in found:
            with self.subTest(text):
                if re.search(r" [A-Z]+\b|--follow", text) or text.split()[1] in ("import", "bench"):
                    text = re.sub(r" [A-Z]+\b.*", "", text) + " --help"
                code, lines = self.shell.run(self.typed(text))
                self.assertEqual(code, 0, "\n".join(lines))

    def test_2_commands_in_the_sentences_of_the_import_are_there(self):
        self.assertEqual(self.shell.run(self.started.export)[0], 0)
        found = [span for span in mentioned(read("deploy", "import", "README.md")) if re.match(r"kith [a-z-]", span)]
        self.assertGreater(len(found), 5)
        for text in found:
            with self.subTest(text):
                code, lines = self.shell.run(re.sub(r" [A-Z]+\b.*", "", text) + " --help")
                self.assertEqual(code, 0, "\n".join(lines))

    def test_2_kithd_in_the_sentences_starts(self):
        found = [span for span in mentioned(README) if span.startswith("kithd ")]
        self.assertGreater(len(found), 0)
        for text in found:
            with self.subTest(text), tempfile.TemporaryDirectory(prefix="kith-tour-") as folder:
                if "--new_operator_key" in text:  # of data that is there already
                    shutil.copytree(os.path.join(self.place, "data", "log"), os.path.join(folder, "data", "log"))
                    shutil.copy(os.path.join(self.place, "data", "keys"), os.path.join(folder, "data"))
                kithd = subprocess.Popen([os.path.join(BIN, "kithd"), *text.split()[1:], "--listen", "127.0.0.1:0",
                                          "--metrics="],
                                         cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                told = []
                for line in kithd.stdout:
                    told.append(line)
                    if line.startswith("kithd is ready"):
                        kithd.terminate()
                kithd.stdout.close()
                code = kithd.wait(timeout=60)
                if "--help" in text:
                    self.assertTrue(any("--min_free_bytes" in line for line in told), told)
                elif "--version" in text:
                    self.assertRegex("".join(told), r"^kithd \d+\.\d+\.\d+\n$")
                else:
                    self.assertEqual((code, told[-1][:14]), (0, "kithd is ready"))

    def test_2_what_is_followed_goes_on(self):
        follower = subprocess.Popen(
            [os.path.join(BIN, "kith"), "--address", self.started.address, "--key-file", os.path.join(self.place, "data/development.key"),
             "events", "--follow", "--from", "@1"], stdout=subprocess.PIPE, text=True)
        self.assertIn("workspace_created", follower.stdout.readline())
        follower.terminate()
        follower.wait(timeout=60)
        follower.stdout.close()

    def test_2_metrics_are_where_deploy_run_says(self):
        with urllib.request.urlopen(f"http://{self.started.metrics}/metrics", timeout=60) as answer:
            self.assertIn(b"kith_log_takes_writes 1", answer.read())

    def test_2_what_it_names_is_there(self):
        for span in mentioned(README):
            if re.fullmatch(r"\.?[\w-]+(/[\w.-]+)+", span) and not span.startswith(("build/", "data/")):
                self.assertTrue(os.path.exists(os.path.join(REPOSITORY, span)), span)

    def test_2_its_code_is_that_of_the_examples(self):
        examples = {"cpp": "examples/client.cc", "python": "sdk/python/example.py", "js": "sdk/typescript/example.mjs",
                    "go": "sdk/go/example/main.go", "java": "sdk/java/example/Example.java"}
        found = set()
        for language, start, lines in blocks(README):
            if language:
                found.add(language)
                example = [line.strip() for line in read("deploy", examples[language]).split("\n")]
                for number, line in enumerate(lines, start):
                    self.assertIn(line.strip(), example, f"README:{number}")
        self.assertEqual(found, set(examples))

    def test_3_deploy_run_stops_and_starts_again_with_its_data(self):
        code, rest = self.started.stop(signal.SIGTERM)
        self.assertEqual((code, rest.splitlines()[-1:]), (0, ["Stopping Kith …"]))
        again = DeployRun(self.place)
        try:
            self.assertNotIn("Loading the sample data", again.told)
            self.assertEqual(self.shell.run(again.export)[0], 0)
            code, lines = self.shell.run("kith deals get atlas")
            self.assertEqual((code, lines[0].split()), (0, ["name", "deals/atlas"]))
        finally:
            code, rest = again.stop(signal.SIGINT)
        self.assertEqual(code, 0, rest)

    def test_4_deploy_run_loads_nothing_into_data_it_did_not_make(self):
        restored = os.path.join(self.place, "restored")
        os.mkdir(restored)
        shutil.copytree(os.path.join(self.place, "data", "log"), os.path.join(restored, "log"))
        shutil.copy(os.path.join(self.place, "data", "keys"), restored)
        started = DeployRun(self.place, "--data", restored)
        self.assertEqual(started.stop(signal.SIGTERM)[0], 0)
        told = "\n".join(started.told)
        self.assertNotIn("Loading the sample data", told)
        self.assertIn(f"There is no {restored}/development.key any more", told)

    def test_4_deploy_run_refuses_a_port_that_leaves_none_for_http(self):
        for port in ("65534", "65535", "99999", "-1", "abc", "080"):
            with self.subTest(port), self.assertRaisesRegex(
                    AssertionError, f"ended with 2: --port {port}: a number from 0 to 65533 is wanted"):
                DeployRun(self.place, "--port", port)

    def test_4_deploy_run_says_why_kithd_did_not_start(self):
        os.mkdir(os.path.join(self.place, "foreign"))
        with open(os.path.join(self.place, "foreign", "durable.mark"), "w", encoding="utf-8") as file:
            file.write("not Kith's")
        with self.assertRaisesRegex(AssertionError, "kithd: "):
            DeployRun(self.place, "--data", os.path.join(self.place, "foreign"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
