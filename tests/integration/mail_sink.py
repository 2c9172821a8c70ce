"""A real SMTP server in the test's own process, on a port the kernel chooses, that says what the test wants said."""

import asyncio
import email
import email.policy
import logging
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

# A password without TLS, and a TLS that is refused, are what is tested.
warnings.filterwarnings("ignore", module="aiosmtpd")
for logger in "mail.log", "asyncio":
    logging.getLogger(logger).setLevel(logging.CRITICAL)


class Mail:
    """One message that the sink was given."""

    def __init__(self, session, envelope):
        self.sender = envelope.mail_from
        self.recipients = envelope.rcpt_tos
        self.raw = envelope.original_content
        self.parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        self.peer = session.peer
        self.is_tls = session.ssl is not None

    def __getitem__(self, header):
        return self.parsed[header]


class Session(SMTP):
    """One connection; among `open_ones` while it is open."""

    def __init__(self, open_ones, *arguments, **options):
        super().__init__(*arguments, **options)
        self.open_ones = open_ones

    def connection_made(self, transport):
        super().connection_made(transport)
        self.open_ones.add(self)

    def connection_lost(self, error):
        self.open_ones.discard(self)
        super().connection_lost(error)


class Sink:
    """Takes mail until it is closed. `on_mail`, `on_rcpt` and `on_data` answer a line, or None for yes; they run on the
    sink's loop and may be coroutines."""

    def __init__(self, tls=None, users=None, without=()):
        """`tls` is an ssl.SSLContext: then STARTTLS is required. `users` are {name: password}: then AUTH is, but by none
        of the mechanisms in `without`."""
        self.mails = []
        self.sessions = set()
        self.logins = []
        self.on_mail = self.on_rcpt = self.on_data = None
        self._tls = tls
        self._users = users
        self._without = without
        self._taken = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = None
        self.port = 0
        self.open()

    def open(self):
        """Listens, on the same port as before."""
        async def listen():
            return await self._loop.create_server(self._session, "127.0.0.1", self.port)
        self._server = self.run(listen())
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self):
        """Listens no more, and ends what is open."""
        async def end():
            self._server.close()
            for session in list(self.sessions):
                session.transport.abort()
            await self._server.wait_closed()
        self.run(end())

    def close(self):
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=120)

    def event(self):
        """An asyncio.Event of the sink's loop."""
        async def make():
            return asyncio.Event()
        return self.run(make())

    def set(self, event):
        self._loop.call_soon_threadsafe(event.set)

    def await_mails(self, count):
        """The mails, once there are so many."""
        with self._taken:
            if not self._taken.wait_for(lambda: len(self.mails) >= count, timeout=120):
                raise AssertionError(f"{len(self.mails)} of {count} mails came")
            return list(self.mails)

    def _session(self):
        options = {}
        if self._users is not None:
            options = {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False,
                       "auth_exclude_mechanism": self._without}
        return Session(self.sessions, self, hostname="sink.example", tls_context=self._tls,
                       require_starttls=self._tls is not None, loop=self._loop, enable_SMTPUTF8=False, **options)

    def _authenticate(self, server, session, envelope, mechanism, login):
        del server, session, envelope
        self.logins.append(mechanism)
        known = self._users.get(login.login.decode()) == login.password.decode()
        return AuthResult(success=known)

    async def _ask(self, answer, *arguments):
        said = answer(*arguments) if answer is not None else None
        return await said if asyncio.iscoroutine(said) else said

    async def handle_MAIL(self, server, session, envelope, address, options):
        said = await self._ask(self.on_mail, server, address)
        if said is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return said or "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        said = await self._ask(self.on_rcpt, server, address)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = Mail(session, envelope)
        said = await self._ask(self.on_data, server, mail)
        if said is None:
            self.take(mail)
        return said or "250 2.0.0 OK"

    def take(self, mail):
        with self._taken:
            self.mails.append(mail)
            self._taken.notify_all()
