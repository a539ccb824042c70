"""A recognizer that remembers what it recognized before."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.cache import Cache, key
from edge.evidence.speech.recognizers import RecognitionResult, Recognizer


class CachedRecognizer(Recognizer):
    """Answers from the cache for chunks that are the same, sample by sample."""

    def __init__(self, recognizer: Recognizer, cache: Cache) -> None:
        self._recognizer, self._cache = recognizer, cache
        self.identity, self.rate_hz = recognizer.identity, recognizer.rate_hz

    def recognize(self, samples: NDArray[np.float32]) -> RecognitionResult:
        """See `Recognizer`."""
        digest = hashlib.sha256(np.ascontiguousarray(samples, np.float32).tobytes()).hexdigest()
        at = key("recognized", digest, self.identity)
        if (found := self._cache.get(at)) is not None:
            with suppress(msgspec.MsgspecError, ValueError):
                return msgspec.msgpack.decode(found, type=RecognitionResult)
        result = self._recognizer.recognize(samples)
        self._cache.put(at, msgspec.msgpack.encode(result))
        return result
