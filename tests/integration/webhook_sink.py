"""A real HTTPS server in the test's own process, on a port the kernel chooses, that says what the test wants said."""

import http.server
import json
import os
import threading

from readme import blocks


def readme_code(first):
    """What the block of README that begins so defines."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")
    with open(path, encoding="utf-8") as file:
        code = next(lines for _, _, lines in blocks(file.read()) if lines and lines[0] == first)
    defined = {}
    exec("\n".join(code), defined)  # pylint: disable=exec-used
    return defined


IS_FROM_KITH = readme_code("import hashlib, hmac")["is_from_kith"]


class Post:
    """One delivery that the sink was given whole."""

    def __init__(self, path, headers, body, peer):
        self.path = path
        self.headers = headers
        self.body = body
        self.peer = peer
        self.event = json.loads(body)

    @property
    def id(self):
        return self.headers["Kith-Webhook-Id"]

    def is_signed_by(self, secret):
        """As README tells receivers to look at it."""
        return IS_FROM_KITH(self.headers, self.body, secret)


class Cut(Exception):
    """Raised in place of an answer: the connection is closed."""


class Sink:
    """Takes deliveries until it is closed. `on_post` answers a status, or (status, headers, body)."""

    def __init__(self, tls=None):
        """`tls` is an ssl.SSLContext: then it is HTTPS."""
        self.posts = []
        self.taken = threading.Condition()
        self.on_post = None
        self.tls = tls
        self.server = None
        self.port = 0
        self.open()

    def open(self):
        """Listens, again on the same port."""
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.server is not sink.server:  # it was shut
                    self.close_connection = True
                    return
                post = Post(self.path, self.headers, body, self.client_address)
                with sink.taken:
                    sink.posts.append(post)
                    sink.taken.notify_all()
                try:
                    answer = sink.on_post(post) if sink.on_post else 200
                except Cut:
                    self.close_connection = True
                    return
                status, headers, text = answer if isinstance(answer, tuple) else (answer, {}, b"")
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    self.close_connection = True

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *arguments):
                pass  # who does not trust the certificate hangs up

        self.server = Server(("127.0.0.1", self.port), Handler)
        if self.tls:
            # Each handshake is its connection's own thread's.
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def shut(self):
        """Nobody listens, nor answers over connections that are there."""
        server, self.server = self.server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    close = shut

    def url(self, host="127.0.0.1", path="/kith"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def await_posts(self, count, seconds=120):
        with self.taken:
            if not self.taken.wait_for(lambda: len(self.posts) >= count, timeout=seconds):
                raise AssertionError(f"{len(self.posts)} of {count} came")
            return list(self.posts)
