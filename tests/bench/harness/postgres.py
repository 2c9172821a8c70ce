"""PostgreSQL as an event store: a server of its own, an append function, and pgbench."""

import glob
import os
import pwd
import re
import shutil
import time

from .processes import ProgramFailed

STREAMS = 1000
START_TIMEOUT_SECONDS = 60

# One row an event. The advisory lock makes two writers of one stream wait for each other instead of failing, as
# message-db does; the unique constraint is what promises the versions.
SCHEMA = """
CREATE TABLE events (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream text NOT NULL,
  version bigint NOT NULL,
  type text NOT NULL,
  data bytea NOT NULL,
  metadata bytea NOT NULL,
  recorded timestamptz NOT NULL DEFAULT now(),
  UNIQUE (stream, version)
);
CREATE FUNCTION append_event(the_stream text, the_type text, the_data bytea, the_metadata bytea) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  next_version bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(the_stream, 0));
  SELECT coalesce(max(version), 0) + 1 INTO next_version FROM events WHERE stream = the_stream;
  INSERT INTO events (stream, version, type, data, metadata)
  VALUES (the_stream, next_version, the_type, the_data, the_metadata);
  RETURN next_version;
END $$;

-- What recording an interaction is, with the views that are asked most: in one transaction.
CREATE TABLE contacts (name text PRIMARY KEY, deleted boolean NOT NULL DEFAULT false, last_activity timestamptz);
CREATE INDEX contacts_by_activity ON contacts (last_activity DESC, name);
CREATE TABLE requests (id uuid PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE timeline (contact text NOT NULL, occurred timestamptz NOT NULL, position bigint NOT NULL, kind text NOT NULL,
                       subject text NOT NULL, PRIMARY KEY (contact, occurred, position));
CREATE FUNCTION record_interaction(the_contact text, the_request uuid, the_kind text, the_subject text, the_data bytea,
                                   the_metadata bytea) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  known bigint;
  the_stream text := the_contact || '/interactions';
  next_version bigint;
  the_position bigint;
  moment timestamptz := clock_timestamp();
BEGIN
  SELECT position INTO known FROM requests WHERE id = the_request;
  IF FOUND THEN RETURN known; END IF;
  PERFORM 1 FROM contacts WHERE name = the_contact AND NOT deleted;
  IF NOT FOUND THEN RAISE EXCEPTION 'no contact %', the_contact; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(the_stream, 0));
  SELECT coalesce(max(version), 0) + 1 INTO next_version FROM events WHERE stream = the_stream;
  INSERT INTO events (stream, version, type, data, metadata)
  VALUES (the_stream, next_version, 'interaction_recorded', the_data, the_metadata) RETURNING position INTO the_position;
  INSERT INTO requests VALUES (the_request, the_position);
  INSERT INTO timeline VALUES (the_contact, moment, the_position, the_kind, the_subject);
  UPDATE contacts SET last_activity = moment WHERE name = the_contact;
  RETURN the_position;
END $$;
"""

# 300 bytes of text, and what Kith's header says beside it.
DATA = f"'{'lorem ipsu ' * 27}'::bytea, '{'request id, digest, actor: about so much. ' * 3}'::bytea"
APPEND = f"""\\set contact random(1, {STREAMS})
SELECT append_event('contacts/01J0000000000000000000' || :contact || '/interactions', 'interaction_recorded', {DATA});
"""
RECORD = f"""\\set contact random(1, {STREAMS})
SELECT record_interaction('contacts/01J0000000000000000000' || :contact, gen_random_uuid(), 'CALL', 'lorem ipsum', {DATA});
"""


def programs():
    """The folder of the newest PostgreSQL that is installed, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    return os.path.dirname(found[-1]) if found else None


class Postgres:
    """A server in a directory of its own, talked to over a socket; nothing of the machine's PostgreSQL is touched."""

    def __init__(self, bench):
        self.bench = bench
        self.programs = programs()
        # PostgreSQL refuses to run as root.
        self.account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        # The path of a socket must be short.
        self.sockets = bench.short_folder()
        self.data = bench.folder("postgres")
        if self.account:
            owner = pwd.getpwnam("postgres")
            os.chmod(bench.scratch, 0o755)
            for folder in (self.sockets, self.data):
                os.chown(folder, owner.pw_uid, owner.pw_gid)
        self.call("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--no-locale", "--encoding=UTF8")
        self.process, _ = bench.processes.start("postgres", [*self.program("postgres"), "-D", self.data, "-k",
                                                             self.sockets, *self.tuning()], **self.account)
        self.await_ready()
        self.call("psql", *self.address(), "-q", "-v", "ON_ERROR_STOP=1", "-c", SCHEMA)
        self.call("psql", *self.address(), "-q", "-v", "ON_ERROR_STOP=1", "-c",
                  "INSERT INTO contacts (name) SELECT 'contacts/01J0000000000000000000' || generate_series(1, "
                  f"{STREAMS})")
        for name, script in (("append", APPEND), ("record", RECORD)):
            with open(self.script(name), "w", encoding="utf-8") as file:
                file.write(script)
            os.chmod(self.script(name), 0o644)

    def stop(self):
        self.bench.processes.stop(self.process)
        shutil.rmtree(self.data, ignore_errors=True)

    def tuning(self):
        """Durable, and otherwise with room: a quarter of the memory, no checkpoint while it is measured."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        settings = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": "",
                    "shared_buffers": f"{memory // 4 // 2**20}MB", "wal_buffers": "64MB", "max_wal_size": "16GB",
                    "checkpoint_timeout": "1h", "max_connections": 100, "autovacuum": "on", "wal_level": "replica"}
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def script(self, name):
        return os.path.join(self.sockets, f"{name}.sql")

    def per_second(self, what, clients, seconds):
        """How often `what` is done, "append" or "record", each durable before it is answered."""
        said = self.call("pgbench", *self.address(), "--no-vacuum", "--protocol=prepared", f"--client={clients}",
                         f"--jobs={min(clients, os.cpu_count())}", f"--time={max(1, round(seconds))}",
                         f"--file={self.script(what)}")
        return float(re.search(r"tps = ([\d.]+)", said).group(1))

    def best_clients(self, what, seconds):
        """How many clients give the most, and what each number gave."""
        rates = {clients: self.per_second(what, clients, seconds) for clients in self.bench.settings.postgres_clients}
        return max(rates, key=rates.get), rates

    def program(self, name):
        return [os.path.join(self.programs, name)]

    def call(self, name, *words):
        return self.bench.processes.run([*self.program(name), *map(str, words)], cwd="/", **self.account)

    def address(self):
        return ["-h", self.sockets, "-U", "postgres"]

    def await_ready(self):
        until = time.monotonic() + START_TIMEOUT_SECONDS
        while self.process.poll() is None and time.monotonic() < until:
            try:
                self.call("pg_isready", "-q", "-h", self.sockets)
                return
            except ProgramFailed:
                time.sleep(0.1)
        raise ProgramFailed(f"PostgreSQL did not start: {self.bench.processes.last_words('postgres')}")
