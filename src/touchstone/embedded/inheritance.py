"""Keeps descriptors out of forked children, so that what they stand for ends with this very process."""

import contextlib
import os

_private: set[int] = set()


def keep_from_forks(descriptor: int) -> None:
    """Close-on-exec does not help against a plain fork, as servers with forked workers do it."""
    _private.add(descriptor)


def close(descriptor: int) -> None:
    _private.discard(descriptor)
    os.close(descriptor)


def _close_in_child() -> None:
    for descriptor in _private:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _private.clear()


os.register_at_fork(after_in_child=_close_in_child)
