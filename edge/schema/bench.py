"""The JSON document of `edge bench`, and its parts."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from edge.schema.parts import Versioned


class Device(Struct, frozen=True, kw_only=True):
    """The device that was measured. What the system does not expose is null."""

    processor: str
    """Name of the processor."""
    board: str | None
    """Name of the board: a Raspberry Pi, a Jetson with its release of L4T."""
    machine: str
    """Architecture."""
    cores: int
    """Cores as the system counts them."""
    usable_cores: int
    """Cores that the process may use."""
    governor: str | None
    """How Linux chooses the clock."""
    max_mhz: int | None
    """Highest clock."""
    memory_mb: int | None
    """Memory in 2^20 bytes."""
    system: str
    """Operating system."""
    libc: str = ""
    """C library: glibc with its version, or musl; empty on other systems than Linux."""
    python: str
    """Version of Python."""
    versions: dict[str, str]
    """Versions of edge and of what results depend on."""
    kernels: str
    """Whether the kernels are compiled ahead of time (aot) or just in time (jit), and for what."""
    int8: str
    """Int8 instructions of the processor."""
    int8_saturates: bool | None
    """Whether onnxruntime by default saturates sums of U8 x S8; null without onnxruntime."""
    load: float | None
    """Processes that ran or waited in the minute before."""
    temperatures: dict[str, float]
    """Degrees Celsius before, by sensor; empty if not exposed."""
    energy: str | None
    """What measures energy."""
    energy_note: str
    """Why there is no energy; empty if there is."""


class BenchStage(Struct, frozen=True, kw_only=True):
    """A stage, how fast it runs and how accurately. What was not measured is absent."""

    name: str
    """Name of the stage."""
    what: str
    """What is done in a run."""
    amount: float
    """Seconds of media in a run, or items."""
    unit: str
    """s for seconds of media; else the name of an item."""
    state: Literal["accurate", "inaccurate", "missing", "failed"]
    """Whether the error is within its limit; missing if an extra is not installed."""
    why: str | UnsetType = UNSET
    """What is missing and how to install it, or what failed."""
    median_s: float | UnsetType = UNSET
    """Median seconds of a run, without the first in a process."""
    p90_s: float | UnsetType = UNSET
    """Seconds that 9 of 10 runs do not exceed; absent for fewer than 3 runs."""
    rounds: int | UnsetType = UNSET
    """Runs that were timed."""
    per_second: float | UnsetType = UNSET
    """Amount per second: how many times as fast as real time, or items per second."""
    first_s: float | UnsetType = UNSET
    """Seconds of the first run in a process."""
    cold_start_s: float | UnsetType = UNSET
    """Seconds from the start of a process to the first result, without making the inputs."""
    cold_starts: int | UnsetType = UNSET
    """Processes that were started; the seconds are their median."""
    peak_mb: float | UnsetType = UNSET
    """Peak resident memory of the process in 2^20 bytes."""
    joules: float | UnsetType = UNSET
    """Energy of a run; absent if not exposed."""
    celsius: float | UnsetType = UNSET
    """Highest temperature at the end; absent if not exposed."""
    error: float | UnsetType = UNSET
    """Error of the outputs against the golden ones; absent if they have another shape, too."""
    error_is: str
    """Unit of the error: dB, probability, s, of words, heights/s, pixels, cosine (distance), similarity."""
    limit: float
    """Largest error that counts as accurate."""
    runtime: str | UnsetType = UNSET
    """Name and version of what ran it."""
    arithmetic: str | UnsetType = UNSET
    """float, int8, or both."""


class Bench(Versioned, frozen=True, kw_only=True):
    """The document of `edge bench`."""

    device: Device
    """The device."""
    quick: bool
    """Whether fewer rounds were timed."""
    threads: int
    """Threads of the networks."""
    stages: tuple[BenchStage, ...]
    """In the order in which they were measured."""
    temperatures_after: dict[str, float]
    """Degrees Celsius at the end, by sensor; empty if not exposed."""
    load_after: float | None = None
    """Processes that ran or waited in the last minute, the measured one among them."""
    throttling: tuple[str, ...] | None = None
    """What slows a Raspberry Pi down at the end, or has since it was started; null on other boards."""
    accurate: bool
    """Whether every stage that is installed ran and was accurate."""
