"""The microphone, through PortAudio (package sounddevice, extra `live`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edge.errors import InputError, MissingExtraError, require
from edge.media.read.live_input import LiveInput
from edge.media.read.resampling import Samples

STALLED_S: Final = 5.0
"""Seconds without a block after which a device counts as unplugged; the first ones take up to 2 s."""
MOST_CHANNELS: Final = 2
"""Channels that are opened: sound servers offer dozens, which are copies or silent."""
RATES_HZ: Final = (48_000, 44_100, 16_000)
"""Rates to try if a device refuses the one that it names."""
LONGEST_LOSS_S: Final = 60.0
"""A device whose clock jumps farther has no clock."""


@dataclass(frozen=True, slots=True)
class InputDevice:
    """A device that records."""

    number: int
    """Number of the device, as `Microphone` takes it."""
    name: str
    """Name of the device."""
    channels: int
    """Channels that it offers."""
    rate_hz: int
    """Its usual sample rate."""
    is_default: bool
    """Whether it is used if none is named."""


def input_devices() -> tuple[InputDevice, ...]:
    """List the devices that record. Raises MissingExtraError."""
    sounddevice = _portaudio()
    default = sounddevice.default.device[0]
    return tuple(
        InputDevice(
            number,
            str(one["name"]),
            int(one["max_input_channels"]),
            round(one["default_samplerate"]),
            number == default,
        )
        for number, one in enumerate(sounddevice.query_devices())
        if one["max_input_channels"] > 0
    )


class Microphone(LiveInput):
    """A device that records: its number, a part of its name, or by default the system's.

    It is opened at its own rate, and mixed and resampled to mono at 16 kHz. PortAudio's callback only copies
    blocks into the queue. What does not fit, or what PortAudio lost before, is counted in `dropped_s` and
    replaced by silence, so that times stay true; how much PortAudio lost is known from the device's clock,
    or taken to be one block where there is none. Nothing is stored.

    Opening raises MissingExtraError, and InputError if there is no such device or it cannot be opened.
    InputError after the last block means that the device was unplugged.
    """

    stalled_s = STALLED_S

    def __init__(self, device: int | str | None = None, *, seconds: float | None = None) -> None:
        super().__init__("microphone" if device is None else str(device), seconds=seconds)
        self._device = device
        self._stream: Any = None
        self._due_s = 0.0
        """Time of the device's clock at which the next block is due; 0 if it has none."""

    def _open(self) -> None:
        sounddevice = _portaudio()
        try:
            found = sounddevice.query_devices(self._device, "input")
        except ValueError as error:  # none of this name, several, or one that only plays
            what = "is no input device, or the name of several"
            raise InputError(self.name, f"{what}; `edge listen --list-devices` lists them") from error
        except sounddevice.PortAudioError as error:
            number = f" {self._device}" if isinstance(self._device, int) else ""
            what = f"there is no input device{number}; plug one in, or choose from --list-devices"
            raise InputError("microphone", what) from error
        channels = min(int(found["max_input_channels"]), MOST_CHANNELS)
        for rate_hz in (round(found["default_samplerate"]), *RATES_HZ):
            try:
                self._stream = sounddevice.InputStream(
                    device=self._device,
                    samplerate=rate_hz,
                    channels=channels,
                    dtype="float32",
                    callback=self._arrive,
                    finished_callback=self._finished,
                )
            except sounddevice.PortAudioError as error:
                refused = error
                continue
            self._begin(rate_hz, channels)
            self._stream.start()
            return
        what = f"{found['name']} cannot be opened ({_reason(refused)}); is another program using it?"
        raise InputError(self.name, what) from refused

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close(ignore_errors=True)

    def _arrive(self, data: Samples, _count: int, at: Any, status: Any) -> None:
        """Enqueue a block float32[n, channels], in PortAudio's thread."""
        if status.input_overflow:
            self._queue.lose(self._lost(len(data), at.inputBufferAdcTime))
        self._due_s = (
            at.inputBufferAdcTime + len(data) / self.source_rate_hz if at.inputBufferAdcTime else 0.0
        )
        self._queue.offer(np.array(data, np.float32))

    def _lost(self, block: int, at_s: float) -> int:
        """Return the samples between the last block and one of `block` samples at `at_s` of the clock."""
        late_s = at_s - self._due_s
        if not (at_s and self._due_s) or late_s > LONGEST_LOSS_S:
            return block
        return max(0, round(late_s * self.source_rate_hz))

    def _finished(self) -> None:
        self._queue.end(InputError(self.name, "delivers no more audio; was it unplugged?"))


def _portaudio() -> Any:
    """Return the module sounddevice. Raises MissingExtraError."""
    require("sounddevice", "microphones", "live")
    try:
        import sounddevice  # noqa: PLC0415 - an extra
    except OSError as error:
        library = "the library PortAudio (on Debian: apt install libportaudio2)"
        raise MissingExtraError(library, "microphones", "") from error
    return sounddevice


def _reason(error: Exception) -> str:
    return str(error).split(": ", 1)[-1].split(" [")[0].lower()
