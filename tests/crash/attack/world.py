"""World: the records that a load has made, to choose from for what it does next."""

import threading


class World:
    """Any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.names = {"contacts": [], "deals": [], "users": [], "interactions": []}
        self.sent = []  # what may be asked again

    def copy(self):
        other = World()
        other.names = {kind: list(names) for kind, names in self.names.items()}
        other.sent = list(self.sent)
        return other

    def add(self, kind, name):
        with self.lock:
            self.names[kind].append(name)

    def remove(self, kind, name):
        with self.lock:
            if name in self.names[kind]:
                self.names[kind].remove(name)

    def pick(self, kind, rng):
        """One of the last hundred, so that writers meet at the same records; None where there is none."""
        with self.lock:
            some = self.names[kind][-100:]
        return rng.choice(some) if some else None

    def note_sent(self, told):
        with self.lock:
            self.sent.append(told)

    def pick_sent(self, rng):
        with self.lock:
            some = self.sent[-200:]
        return rng.choice(some) if some else None
