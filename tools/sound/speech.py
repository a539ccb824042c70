"""`speak`: text to speech by espeak-ng, through ctypes on the library that espeakng_loader ships."""

from __future__ import annotations

import _ctypes
import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import espeakng_loader
import numpy as np

from tools.sound.signals import RATE_HZ, Samples, resample

VOICES = (
    "en", "en-us", "en+f2", "en+f3", "en+f4", "en+f5", "en+m1", "en+m3", "en+m4", "en+m7", "en-us+f1",
    "en-us+m2", "en-us+m5", "en-gb-scotland", "en-gb-x-rp", "en+klatt2", "en+klatt4", "en+Alicia",
    "en+Andy", "en+linda", "en+steph", "en+Lee", "en+max", "en-us+aunty", "en+grandpa",
)  # fmt: skip
"""A choice of clearly different English voices: languages with espeak's "+variant" suffix."""

# speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_PARAMETER_RATE, _PARAMETER_PITCH, _PARAMETER_RANGE = 1, 3, 4
_CHARACTERS_UTF8 = 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


_Chunks = list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]]


def speak(text: str, *, voice: str = "en", rate: int = 165, pitch: int = 50, liveliness: int = 50) -> Samples:
    """The text spoken: mono float32 at `RATE_HZ`, at espeak's own level (about -20 dBFS).

    `rate` is in words per minute (80 to 450), `pitch` and `liveliness` (pitch range) are 0 to 99.
    The same arguments give the same samples. Raises ValueError if espeak has no such voice. A call costs
    about 10 ms beyond the synthesis; one process speaks one text at a time.
    """
    data = text.encode()
    with _espeak() as (library, rate_hz, chunks):
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}; see tools.sound.speech.VOICES")
        library.espeak_SetParameter(_PARAMETER_RATE, rate, 0)
        library.espeak_SetParameter(_PARAMETER_PITCH, pitch, 0)
        library.espeak_SetParameter(_PARAMETER_RANGE, liveliness, 0)
        library.espeak_ng_SetRandSeed(ctypes.c_long(1))
        length = ctypes.c_size_t(len(data) + 1)
        library.espeak_Synth(data, length, 0, 0, 0, _CHARACTERS_UTF8, None, None)
    pcm = np.concatenate([np.zeros(0, np.int16), *chunks])
    return resample(pcm.astype(np.float32) / np.float32(32768), rate_hz, RATE_HZ)


@contextmanager
def _espeak() -> Iterator[tuple[ctypes.CDLL, int, _Chunks]]:
    """A freshly loaded library, its sample rate and the list its callback fills.

    It is unloaded afterwards because espeak keeps its oscillators' phases in static variables: in a
    library that stays loaded, how a text sounds depends on what was said before.
    """
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    chunks: _Chunks = []

    def collect(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = _CALLBACK(collect)  # a name of its own, or it would be collected while C still calls it
    try:
        data_path = espeakng_loader.get_data_path().encode()
        rate_hz = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data_path, 0)
        if rate_hz <= 0:
            raise RuntimeError("espeak-ng did not start; reinstall the espeakng-loader package")
        library.espeak_SetSynthCallback(callback)
        yield library, rate_hz, chunks
        library.espeak_Terminate()
    finally:
        unload = getattr(_ctypes, "dlclose", None) or getattr(_ctypes, "FreeLibrary")  # noqa: B009
        unload(library._handle)
