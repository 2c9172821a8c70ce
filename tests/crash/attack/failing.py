"""One failing system call of a kithd: the environment that asks for it, and what became of it."""

import mmap
import os
import struct

# As in failing_calls.cc.
CALLS = ["open", "open_read", "write", "pwrite", "fsync", "fdatasync", "sync_file_range", "ftruncate", "fallocate",
         "rename", "unlink", "mkdir", "link", "mmap"]
PAGE_BYTES = 4096
PATH_BYTES = 1024
LAYOUT = struct.Struct(f"<{len(CALLS)}QQ{PATH_BYTES}s")

ERRORS = {
    "open": ["ENOSPC", "EIO", "EMFILE"], "open_read": ["EMFILE", "EIO"], "write": ["ENOSPC", "EIO", "SHORT", "TORN"],
    "pwrite": ["ENOSPC", "EIO", "SHORT", "TORN"], "fsync": ["EIO", "ENOSPC"], "fdatasync": ["EIO", "ENOSPC"],
    "sync_file_range": ["EIO"], "ftruncate": ["EIO"], "fallocate": ["ENOSPC", "EIO"], "rename": ["ENOSPC", "EIO"],
    "unlink": ["EIO"], "mkdir": ["ENOSPC"], "link": ["EIO"], "mmap": ["EIO"]}


class FailingCalls:
    """The page that the library and we share. `environment` is for the kithd that is to have the failing call."""

    def __init__(self, library, folder, page, call=None):
        """Without a call none fails, and all are traced."""
        with open(page, "wb") as file:
            file.write(bytes(PAGE_BYTES))
        self.page = page
        self.environment = {"LD_PRELOAD": library, "KITH_FAIL_FOLDER": folder, "KITH_FAIL_PAGE": page}
        if call is not None:
            self.environment["KITH_FAIL_CALL"] = call
        else:
            self.environment["KITH_FAIL_TRACE"] = page + ".trace"

    def _read(self):
        with open(self.page, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as page:
            return LAYOUT.unpack_from(page)

    @property
    def trace(self):
        """(call, number, path below the folder) of every call that was counted."""
        with open(self.page + ".trace", encoding="utf-8") as file:
            lines = [line.rstrip("\n").split(" ", 2) for line in file]
        return [(call, int(number), path.strip("/")) for call, number, path in lines]

    @property
    def failed(self):
        """The path, below the folder, of the file whose call has failed; None where none has."""
        *_, failed, path = self._read()
        return path.split(b"\0")[0].decode() if failed else None
