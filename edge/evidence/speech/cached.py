"""A recognizer with a cache."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.cache import Cache, key
from edge.decoding import prepared
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer


class CachedRecognizer(Recognizer):
    """Recognizer that returns cached results for chunks with identical samples."""

    def __init__(self, recognizer: Recognizer, cache: Cache) -> None:
        self._recognizer, self._cache = recognizer, cache
        self.identity, self.rate_hz = recognizer.identity, recognizer.rate_hz

    def recognize(self, samples: NDArray[np.float32]) -> RecognitionResult:
        """Return the cached result, or recognize the samples; see `Recognizer`."""
        digest = hashlib.sha256(np.ascontiguousarray(samples, np.float32).tobytes()).hexdigest()
        entry = key("recognized", digest, self.identity)
        if (stored := self._cache.get(entry)) is not None:
            with suppress(msgspec.MsgspecError, ValueError, RecursionError):
                return msgspec.msgpack.decode(stored, type=prepared(RecognitionResult))
        result = self._recognizer.recognize(samples)
        self._cache.put(entry, msgspec.msgpack.encode(result))
        return result
