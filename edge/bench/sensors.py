"""Temperatures, clock and energy of a device, as far as Linux exposes them in /sys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path("/")

_Power = list[tuple[str, Callable[[], float]]]

WHOLE = (
    *({name} for name in ("VDD_IN", "POM_5V_IN", "VDD_5V_IN", "5V_IN")),
    {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"},
    {"GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"},
)
"""Rails that make up what a Jetson's module takes: its input; of the AGX Orin (where VIN_SYS_5V0 feeds
VDDQ_VDD2_1V8AO) and the AGX Xavier, which have none, the parts."""

UNREADABLE = "RAPL counts the energy, but only root may read it"
"""Why there is no energy on most x86 machines."""


def read_text(file: Path) -> str | None:
    """Return the text of a file of /sys or /proc without its end; None if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip("\n\0 ")
    except OSError:
        return None


def read_number(file: Path) -> float | None:
    """Return the number in a file; None if there is none."""
    try:
        return float(read_text(file) or "")
    except ValueError:
        return None


def temperatures(root: Path = ROOT) -> dict[str, float]:
    """Return the temperatures in degrees Celsius by the sensors' names; empty if none is exposed."""
    found: dict[str, float] = {}
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        _add(found, read_text(zone / "type") or zone.name, read_number(zone / "temp"))
    for file in sorted(root.glob("sys/class/hwmon/hwmon*/temp*_input")):
        label = read_text(file.with_name(file.name.replace("_input", "_label")))
        chip = read_text(file.with_name("name")) or file.parent.name
        _add(found, f"{chip} {label}" if label else chip, read_number(file))
    return found


def _add(found: dict[str, float], name: str, thousandths: float | None) -> None:
    """Add a sensor, unless it reports what no device survives: some report 0 or -274 while they sleep."""
    if thousandths is None or not 0 < thousandths < 150_000:
        return
    number, unique = 1, name
    while unique in found:
        number += 1
        unique = f"{name} {number}"
    found[unique] = thousandths / 1000


def hottest(root: Path = ROOT) -> float | None:
    """Return the highest temperature in degrees Celsius; None if none is exposed."""
    return max(temperatures(root).values(), default=None)


class EnergyMeter:
    """Energy that the device took between the samples, by the first source that can be read.

    RAPL counts joules of the processor; other sensors report watts, of a rail or the battery, which are
    multiplied by the time between two samples. Call `sample` at least at the beginning and the end.
    """

    def __init__(self, root: Path = ROOT, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counters = list(_rapl(root))
        self._power = [] if self._counters else next(filter(None, _power_sources(root)), [])
        self._last: tuple[float, list[float]] | None = None
        self.joules: float | None = None
        """Energy since the first sample; None without a source, or before the second sample."""

    @property
    def source(self) -> str | None:
        """Name of what measures; None if nothing is exposed."""
        if self._counters:
            return "RAPL " + " + ".join(name for name, _, _ in self._counters)
        return " + ".join(name for name, _ in self._power) or None

    def sample(self) -> None:
        """Read the source."""
        if not (self._counters or self._power):
            return
        now = self._clock()
        files = [file for _, file, _ in self._counters]
        values = [read_number(file) or 0.0 for file in files] or [sum(read() for _, read in self._power)]
        if self._last is not None:
            self.joules = (self.joules or 0.0) + self._between(self._last, (now, values))
        self._last = now, values

    def _between(self, before: tuple[float, list[float]], after: tuple[float, list[float]]) -> float:
        """Return the joules between two samples; counters begin again at their range."""
        (then, first), (now, last) = before, after
        if not self._counters:
            return (first[0] + last[0]) / 2 * (now - then)
        ranges = [limit for _, _, limit in self._counters]
        return sum((b - a) % limit for a, b, limit in zip(first, last, ranges, strict=True)) / 1e6


def why_no_energy(root: Path = ROOT) -> str:
    """Return why there is no energy; "" if there is."""
    if EnergyMeter(root).source is not None:
        return ""
    return UNREADABLE if any(root.glob("sys/class/powercap/*/energy_uj")) else "not exposed"


def _rapl(root: Path) -> Iterator[tuple[str, Path, float]]:
    """Yield name, counter in microjoules and its range of each processor package that can be read."""
    seen = set()
    for zone in sorted(root.glob("sys/class/powercap/*:*")):
        name, file = read_text(zone / "name") or zone.name, zone / "energy_uj"
        # Zones below a package are parts of it, psys is more than it, and a package may be there twice.
        if not name.startswith("package") or name in seen or read_number(file) is None:
            continue
        seen.add(name)
        yield name, file, read_number(zone / "max_energy_range_uj") or float(1 << 32)


def _power_sources(root: Path) -> Iterator[_Power]:
    """Yield names and readers of watts: of a board's input, of a chip, of a battery that discharges."""
    old = sorted(root.glob("sys/bus/i2c/drivers/ina3221*/*/iio:device*/in_power*_input"))
    yield _whole({_rail(file): _reader(1e-3, file) for file in old})
    hwmon = ("sys/class/hwmon/hwmon*/in[1-3]_label", "sys/bus/i2c/devices/*/hwmon/hwmon*/in[1-3]_label")
    labels = [file for pattern in hwmon for file in sorted(root.glob(pattern))]
    volts = {
        read_text(file) or "": [file.with_name(name) for name in _volts_and_amperes(file)] for file in labels
    }
    yield _whole({name: _reader(1e-6, *files) for name, files in volts.items()})
    chips = sorted(root.glob("sys/class/hwmon/hwmon*/power1_input"))
    yield [(read_text(file.with_name("name")) or "power", _reader(1e-6, file)) for file in chips]
    for battery in sorted(root.glob("sys/class/power_supply/*")):
        if read_text(battery / "status") == "Discharging":
            if read_number(battery / "power_now") is not None:
                yield [(battery.name, _reader(1e-6, battery / "power_now"))]
            if read_number(battery / "current_now") is not None:
                yield [(battery.name, _reader(1e-12, battery / "voltage_now", battery / "current_now"))]


def _rail(file: Path) -> str:
    number = file.name.removeprefix("in_power").removesuffix("_input")
    return read_text(file.with_name(f"rail_name_{number}")) or file.name


def _whole(rails: Mapping[str, Callable[[], float]]) -> _Power:
    """Return the rails of a Jetson that make up what its module takes; none if they do not."""
    for names in WHOLE:
        if names <= rails.keys():
            return [(name, rails[name]) for name in sorted(names)]
    return []


def _volts_and_amperes(label: Path) -> tuple[str, str]:
    number = label.name.removeprefix("in").removesuffix("_label")
    return f"in{number}_input", f"curr{number}_input"


def _reader(unit: float, *factors: Path) -> Callable[[], float]:
    """Return a function that reads the product of files in watts."""

    def read() -> float:
        value = unit
        for file in factors:
            value *= abs(read_number(file) or 0.0)
        return value

    return read
