"""What following audio live costs: processor time and, where the system exposes it, energy."""

from __future__ import annotations

import time

from edge.bench.sensors import EnergyMeter

HOUR_S = 3600.0


class Cost:
    """Processor time of this process, and energy of the whole device, since this object was made."""

    def __init__(self) -> None:
        self._begun = time.process_time()
        self._meter = EnergyMeter()
        self._meter.sample()

    def sample(self) -> None:
        """Read the energy: often enough, because its counters wrap around within an hour."""
        self._meter.sample()

    @property
    def processor_s(self) -> float:
        """Processor time in seconds, of all threads."""
        return time.process_time() - self._begun

    @property
    def joules(self) -> float | None:
        """Energy up to the last sample; None where it is not exposed."""
        return self._meter.joules

    def line(self, seconds: float) -> str:
        """Return the cost of an hour, from that of so many seconds of audio.

        >>> Cost().line(0.0)
        ''
        """
        if not seconds:
            return ""
        energy = "" if self.joules is None else f" and {self.joules / seconds * HOUR_S:.0f} J of the device"
        return f"{self.processor_s / seconds * HOUR_S:.1f} s of processor time{energy} per hour"
