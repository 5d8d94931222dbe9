"""What a command says where a person stops it by Ctrl-C; manage.py writes it and exits with 130."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopped(sentence: str) -> Iterator[None]:
    """Who stops what is done in here is told `sentence`: what became of it, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(sentence) from None
