"""The programs under measurement: started on ports the kernel chooses, and ended whatever happens."""

import os
import signal
import subprocess


class ProgramFailed(Exception):
    """A program did not do what it was started for; the message says what it said."""


class Processes:
    """Starts programs, and ends all of them. Each has its own session, so that Ctrl-C reaches only the bench."""

    END_TIMEOUT_SECONDS = 60  # kithd writes its views when it ends

    def __init__(self, logs):
        self.logs = logs
        self.running = []

    def start(self, name, command, ready=None, **options):
        """Starts a server; with `ready`, waits for a line of its output that begins so, and returns its last word."""
        with open(os.path.join(self.logs, f"{name}.log"), "ab") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True,
                                       start_new_session=True, **options)
        process.name = name
        self.running.append(process)
        if ready is None:
            return process, None
        for line in process.stdout:
            if line.startswith(ready):
                return process, line.split()[-1]
        raise ProgramFailed(f"{name} ended with {process.wait()} before it was ready: {self.last_words(name)}")

    def run(self, command, accept=(0,), **options):
        """Runs a program to its end and returns what it printed."""
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                              start_new_session=True, **options)
        if done.returncode not in accept:
            raise ProgramFailed(f"{' '.join(map(str, command[:3]))} ended with {done.returncode}: "
                                f"{(done.stderr or done.stdout).strip()[-300:]}")
        return done.stdout

    def spawn(self, command):
        """Runs a program beside others; `finish` waits for it."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                   text=True, start_new_session=True)
        process.name = os.path.basename(command[0])
        self.running.append(process)
        return process

    def finish(self, process):
        out, err = process.communicate()
        self.running.remove(process)
        if process.returncode != 0:
            raise ProgramFailed(f"{process.name} ended with {process.returncode}: {err.strip()[-300:]}")
        return out

    def stop(self, process, sig=signal.SIGTERM):
        if process not in self.running:
            return
        self.running.remove(process)
        if process.poll() is None:
            process.send_signal(sig)
        try:
            process.wait(self.END_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def stop_all(self):
        for process in list(self.running)[::-1]:
            self.stop(process)

    def last_words(self, name):
        with open(os.path.join(self.logs, f"{name}.log"), encoding="utf-8", errors="replace") as log:
            return log.read().strip()[-300:]
