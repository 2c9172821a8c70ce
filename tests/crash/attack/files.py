"""The files of a data directory, and what kind of file each is."""

import os
import re


def kind_of(path):
    """log/000012.sst → log/*.sst"""
    folder, name = os.path.split(path)
    if "." in name and name.split(".")[0].isdigit():
        name = "*." + name.split(".", 1)[1]
    return os.path.join(folder, re.sub(r"-?\d+(\.\d+)*$", "", name))


def files_of(data):
    for folder, _, names in sorted(os.walk(data)):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), data)
