#!/usr/bin/env python3
"""The clients that deploy/sdk/make makes do what they promise, against the real kithd, unary and over sessions.

Each language has a program with the same checks; a proxy (proxy.py) does to them what networks do. Skips, with a line
that says why, what this machine cannot run.

usage: clients_test.py REPOSITORY KITHD GOOGLEAPIS PACKAGES OUT python|typescript|go|java
       (PACKAGES: the folder with node_modules; OUT: a folder for what is made here)
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

REPOSITORY, KITHD, GOOGLEAPIS, PACKAGES, OUT, LANGUAGE = sys.argv[1:7]
HERE = os.path.join(REPOSITORY, "tests", "sdk")
GOCODE = "/usr/share/gocode"  # where Debian's packages of Go are
sys.path.insert(0, os.path.join(OUT, "python"))
sys.path.insert(1, os.path.join(REPOSITORY, "tests", "integration"))


def make(language, *options):
    """The package, made as README says."""
    out = os.path.join(OUT, language)
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([os.path.join(REPOSITORY, "deploy", "sdk", "make"), language, "--out", out, *options], check=True,
                   env=dict(os.environ, GOOGLEAPIS_DIR=GOOGLEAPIS), stdout=subprocess.DEVNULL, timeout=300)
    return out


def python():
    return [sys.executable, os.path.join(HERE, "python_client.py")], dict(os.environ, PYTHONPATH=os.path.join(OUT, "python"))


def typescript():
    """A program beside which the package is installed."""
    packages = os.path.join(PACKAGES, "node_modules")
    package = make("typescript", "--npm", packages)
    program = os.path.join(OUT, "program")
    shutil.rmtree(program, ignore_errors=True)
    os.makedirs(os.path.join(program, "node_modules"))
    for name, there in (("kith", package), ("@bufbuild", f"{packages}/@bufbuild"), ("@connectrpc", f"{packages}/@connectrpc")):
        os.symlink(there, os.path.join(program, "node_modules", name))
    for name in ("typescript_client.mjs", "typescript_web.mjs"):
        shutil.copy(os.path.join(HERE, name), program)
    return ["node", os.path.join(program, "typescript_client.mjs")], None


def go():
    """A program built with Debian's packages of Go."""
    package = make("go")
    program = os.path.join(package, "src", "go_client")
    os.makedirs(program)
    shutil.copy(os.path.join(HERE, "go_client.go"), program)
    built = os.path.join(OUT, "go_client")
    environment = dict(os.environ, GO111MODULE="off", GOPATH=f"{package}:{GOCODE}", GOFLAGS="-p=2")
    subprocess.run(["go", "vet", "kith"], check=True, env=environment, timeout=300)
    subprocess.run(["go", "build", "-o", built, "go_client"], check=True, env=environment, timeout=300)
    return [built], None


def java():
    """A program run from its source, beside the jar."""
    package = make("java")
    return ["java", "-cp", os.path.join(package, "kith.jar"), os.path.join(HERE, "JavaClient.java")], None


def lacks():
    """What this machine has not; empty where it has all."""
    if LANGUAGE == "typescript" and shutil.which("node") is None:
        return "there is no node"
    if LANGUAGE == "typescript" and not os.path.isdir(os.path.join(PACKAGES, "node_modules", "typescript")):
        return "the packages of tests/npm are not installed"
    if LANGUAGE == "java":
        for program in ("javac", "grpc_java_plugin"):
            if shutil.which(program) is None:
                return f"there is no {program}"
        for jar in ("grpc-netty", "netty-codec-http2", "perfmark-api", "protobuf"):
            if not os.path.exists(f"/usr/share/java/{jar}.jar"):
                return f"there is no {jar}.jar in /usr/share/java"
    if LANGUAGE == "go":
        for program in ("go", "protoc-gen-go", "protoc-gen-go-grpc"):
            if shutil.which(program) is None:
                return f"there is no {program}"
        for package in ("grpc", "protobuf", "genproto"):
            if not os.path.isdir(os.path.join(GOCODE, "src", "google.golang.org", package)):
                return f"there is no google.golang.org/{package} in {GOCODE}"
        if os.path.exists(os.path.join(GOCODE, "src", "github.com", "golang", "protobuf", "proto", "table_unmarshal.go")):
            return "golang-github-golang-protobuf-1-3-dev is too old"
    return ""


class ClientsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        make("python")  # of which the proxy, too, has its messages
        global Kithd, Proxy
        from kithd_process import Kithd
        from proxy import Proxy
        cls.command, cls.environment = {"python": python, "typescript": typescript, "go": go, "java": java}[LANGUAGE]()
        cls.data = tempfile.mkdtemp(prefix="kith-clients-")
        cls.kithd = Kithd(KITHD, cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.kithd.stop()
        shutil.rmtree(cls.data)

    def run_checks(self, way):
        proxy = Proxy(self.kithd.address)
        self.addCleanup(proxy.stop)
        silence = Proxy(self.kithd.address, swallows=True)
        self.addCleanup(silence.stop)
        ran = subprocess.run([*self.command, self.kithd.address, proxy.address, self.kithd.key, way, silence.address],
                             env=self.environment, stdout=subprocess.PIPE, text=True, timeout=240, check=True)
        self.check_results(json.loads(ran.stdout), way)
        self.check_silence(silence, way)
        return proxy

    def check_silence(self, silence, way):
        """What was said to a server that told nothing was said again, byte for byte, with its request id."""
        if way == "session":
            self.assertGreater(len(silence.swallowed), 0)
            self.assertGreater(silence.sessions, 2)
            self.assertEqual([request for request in silence.swallowed if silence.times[request] == 0], [])

    def check_results(self, results, way):
        self.assertGreater(len(results), 5)
        for name, result in results.items():
            with self.subTest(f"{way}: {name}"):
                self.assertEqual(result, "ok")

    def check_repeats(self, proxy):
        """What was told to come again came again, byte for byte, and what is an outcome did not."""
        repeated = [times for request, times in proxy.times.items() if b"once" in request]
        self.assertGreater(len(repeated), 2)
        self.assertEqual(set(repeated), {2})
        self.assertEqual([times for request, times in proxy.times.items() if b"Stale" in request], [1, 1])

    def test_unary(self):
        proxy = self.run_checks("unary")
        self.check_repeats(proxy)
        self.assertEqual(proxy.sessions, 0)

    def test_over_a_session(self):
        proxy = self.run_checks("session")
        self.check_repeats(proxy)
        self.assertGreater(proxy.sessions, 2)  # one was cut

    @unittest.skipIf(LANGUAGE != "typescript", "is TypeScript's alone")
    def test_packages_are_in_either_folder(self):
        out = os.path.join(self.data, "of_the_folder_above")
        command = [os.path.join(REPOSITORY, "deploy", "sdk", "make"), "typescript", "--out", out, "--npm"]
        options = {"env": dict(os.environ, GOOGLEAPIS_DIR=GOOGLEAPIS), "stderr": subprocess.PIPE, "text": True, "timeout": 300}
        refused = subprocess.run([*command, self.data], check=False, **options)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"--npm {self.data}: there is no .bin/protoc-gen-es", refused.stderr)
        subprocess.run([*command, PACKAGES], check=True, stdout=subprocess.DEVNULL, **options)
        self.assertTrue(os.path.exists(os.path.join(out, "node_modules", "typescript")))

    @unittest.skipIf(LANGUAGE != "typescript", "is TypeScript's alone")
    def test_for_pages(self):
        data = tempfile.TemporaryDirectory(prefix="kith-clients-")
        self.addCleanup(data.cleanup)
        kithd = subprocess.Popen([KITHD, "--data", os.path.join(data.name, "data"), "--listen", "127.0.0.1:0", "--metrics=",
                                  "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(kithd.communicate, timeout=60)
        self.addCleanup(kithd.terminate)
        port = next(found.group(1) for found in map(re.compile(r'"http_port":(\d+)').search, kithd.stdout) if found)
        with open(os.path.join(data.name, "data", "development.key"), encoding="utf-8") as file:
            key = file.read().strip()
        program = os.path.join(os.path.dirname(self.command[1]), "typescript_web.mjs")
        ran = subprocess.run(["node", program, f"127.0.0.1:{port}", key], stdout=subprocess.PIPE, text=True, timeout=120,
                             check=True)
        self.check_results(json.loads(ran.stdout), "web")


if __name__ == "__main__":
    if lacks():
        print(f"clients skipped: {lacks()}")
        sys.exit(0)
    unittest.main(argv=sys.argv[:1] + sys.argv[7:], verbosity=2)
