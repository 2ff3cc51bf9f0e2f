# SPDX-License-Identifier: MIT
"""Writes cpio archives in the "newc" format, as ramdisks are."""


def _padded(data):
    return data + bytes(-len(data) % 4)


def _member(name, mode, data):
    encoded = name.encode() + b"\0"
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + encoded) + _padded(data)


def archive(files):
    """The archive of a mapping from names to contents; None is a directory."""
    members = [_member(name, 0o40755 if data is None else 0o100644, data or b"")
               for name, data in files.items()]
    return b"".join(members) + _member("TRAILER!!!", 0, b"")
