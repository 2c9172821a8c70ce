#!/usr/bin/env python3
"""Clients of the Connect protocol as others made them, in Node and in a browser, work with the real kithd.

A picture of the browser's page is in OUT.

Skips, with a line that says why, what this machine has not: Node, the packages of tests/npm (tests/run fetches
them where it can), Chromium.

usage: connect_test.py KITHD PROTOC REPOSITORY GOOGLEAPIS PACKAGES OUT
       (PACKAGES: the folder with node_modules; OUT: a folder for what is made here)
"""

import functools
import glob
import http.server
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from browser import CHROMIUM, Browser  # noqa: E402

KITHD, PROTOC, REPOSITORY, GOOGLEAPIS, PACKAGES, OUT = sys.argv[1:7]
HERE = os.path.join(REPOSITORY, "tests", "connect")


def lacks():
    """What has to be there for any of this, and is not; empty where all is."""
    if shutil.which("node") is None:
        return "there is no node"
    if not os.path.isdir(os.path.join(PACKAGES, "node_modules", "@connectrpc", "connect-web")):
        return "the packages of tests/npm are not installed"
    return ""


def make_modules():
    """The tests beside the code that is generated for them, and beside the packages that they use."""
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    for name in glob.glob(os.path.join(HERE, "*.mjs")) + [os.path.join(HERE, "page.html")]:
        shutil.copy(name, OUT)
    os.symlink(os.path.join(PACKAGES, "node_modules"), os.path.join(OUT, "node_modules"))
    with open(os.path.join(OUT, "package.json"), "w", encoding="utf-8") as file:
        file.write('{"type": "module"}\n')
    protos = [os.path.relpath(path, os.path.join(REPOSITORY, "proto"))
              for path in glob.glob(os.path.join(REPOSITORY, "proto", "kith", "**", "*.proto"), recursive=True)]
    google = [f"google/{name}.proto" for name in ("rpc/code", "rpc/status", "rpc/error_details", "type/date", "type/money")]
    subprocess.run([PROTOC, f"-I{REPOSITORY}/proto", f"-I{GOOGLEAPIS}",
                    f"--plugin=protoc-gen-es={PACKAGES}/node_modules/.bin/protoc-gen-es",
                    f"--es_out={OUT}", "--es_opt=target=js,import_extension=js", *protos, *google], check=True)


class Relay:
    """Stands between clients and a server, and keeps what went either way."""

    def __init__(self, port):
        self.port = port
        self.connections = 0
        self.requests, self.replies = bytearray(), bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:  # closed
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            back = threading.Thread(target=self.carry, args=(server, client, self.replies), daemon=True)
            back.start()
            self.carry(client, server, self.requests)
            back.join()

    @staticmethod
    def carry(source, sink, kept):
        try:
            while data := source.recv(65536):
                kept += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:  # the other way has ended it
            pass


class PageServer:
    """Serves the modules, and takes the result that the page posts."""

    def __init__(self):
        self.results = queue.Queue()
        results = self.results

        class Handler(http.server.SimpleHTTPRequestHandler):
            extensions_map = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", "": "text/plain"}

            def do_POST(self):
                results.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=OUT))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ConnectTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        make_modules()
        cls.page = PageServer()
        cls.data = tempfile.TemporaryDirectory(prefix="kith-connect-")
        cls.kithd = subprocess.Popen(
            [KITHD, "--data", os.path.join(cls.data.name, "data"), "--listen", "127.0.0.1:0", "--metrics=",
             "--http", "127.0.0.1:0", "--http_origins", cls.page.origin, "--log_level", "debug"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        cls.port = int(cls.said(r'"http_port":(\d+)').group(1))
        cls.url = f"http://127.0.0.1:{cls.port}"
        with open(os.path.join(cls.data.name, "data", "development.key"), encoding="utf-8") as file:
            cls.key = file.read().strip()

    @classmethod
    def said(cls, pattern):
        """The next thing of that form that kithd logs, when it does."""
        return next(found for found in map(re.compile(pattern).search, cls.kithd.stderr) if found)

    @classmethod
    def tearDownClass(cls):
        cls.kithd.terminate()
        cls.kithd.communicate(timeout=60)
        cls.data.cleanup()

    def check(self, results, ways):
        self.assertEqual(sorted(results), ways)
        for way, checks in results.items():
            self.assertGreater(len(checks), 5)
            for name, result in checks.items():
                with self.subTest(f"{way}: {name}"):
                    self.assertEqual(result, "ok")

    def call(self, method, body):
        """A call in JSON, as whoever has no client makes it."""
        request = urllib.request.Request(
            f"{self.url}/kith.contacts.v1.ContactsService/{method}", json.dumps(body).encode(),
            {"authorization": f"Bearer {self.key}", "content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def test_names_of_fields_in_json(self):
        """They are told as in the protos, and taken in either form; the text of a FieldMask is told as clients want it."""
        made = self.call("CreateContact", {"contact": {"first_name": "Ada", "lastName": "Byron"}})
        self.assertEqual((made["first_name"], made["last_name"]), ("Ada", "Byron"))
        for mask in ("first_name,last_name", "firstName,lastName"):
            for field in ("update_mask", "updateMask"):
                wanted = {"name": made["name"], "first_name": f"Ada by {mask}", "lastName": f"Byron by {field}"}
                told = self.call("UpdateContact", {"contact": wanted, field: mask})
                self.assertEqual((told["first_name"], told["last_name"]), (wanted["first_name"], wanted["lastName"]))
        [latest] = self.call("ListContactRevisions", {"name": made["name"], "pageSize": 1})["revisions"]
        self.assertEqual(latest["revision"]["changed"], "lastName,displayName")

    def test_in_node(self):
        ran = subprocess.run(["node", "node.mjs", self.url, self.key], cwd=OUT, stdout=subprocess.PIPE, text=True,
                             timeout=120, check=True)
        self.check(json.loads(ran.stdout), ["gzip", "json", "proto"])

    def test_in_a_browser(self):
        if CHROMIUM is None:
            print("skipped: there is no chromium, so no page is tested")
            return
        relay = self.relay()
        self.check(self.results_in_a_browser(self.page, relay.url, "page.png"), ["json", "proto"])
        # A stream that the page gave up ended here, too.
        self.said('"method":"kith.events.v1.EventsService/SubscribeEvents","code":"CANCELLED"')
        self.assertGreater(relay.replies.lower().count(b"content-encoding: gzip"), 0)
        # A connection is kept, but for that of a stream that was given up.
        self.assertGreater(relay.requests.count(b" HTTP/1.1\r\n"), 10 * relay.connections)

    def test_in_a_page_of_strangers(self):
        """Whose origin is not listed, so that the browser keeps all from it, and no call is made."""
        if CHROMIUM is None:
            return
        relay = self.relay()
        page = PageServer()
        self.addCleanup(page.close)
        for way, checks in self.results_in_a_browser(page, relay.url, "page_of_strangers.png").items():
            for name, result in checks.items():
                with self.subTest(f"{way}: {name}"):
                    self.assertRegex(result, "Failed to fetch|code 2$")  # which is UNKNOWN
        self.assertEqual(relay.requests.count(b"POST "), 0)

    def relay(self):
        relay = Relay(self.port)
        self.addCleanup(relay.close)
        return relay

    def results_in_a_browser(self, page, url, picture):
        browser = Browser("--window-size=800,1200")
        try:
            browser.ask("Page.navigate", url=f"{page.origin}/page.html?url={url}&key={self.key}")
            results = page.results.get(timeout=120)
            browser.picture(OUT, picture)
            return results
        finally:
            browser.close()


if __name__ == "__main__":
    if lacks():
        print(f"connect clients skipped: {lacks()}")
        sys.exit(0)
    unittest.main(argv=sys.argv[:1] + sys.argv[7:], verbosity=2)
