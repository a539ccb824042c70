"""Temperatures, energy and the description of a device are read from /sys and /proc, where they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from edge.bench import sensors
from edge.bench.device import describe_device
from edge.bench.sensors import EnergyMeter, hottest, temperatures, why_no_energy
from tests.bench.makers import tree

RAPL = "sys/class/powercap"


class Clock:
    """Moves on by two seconds whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 2.0
        return self.now


def test_temperatures_have_the_names_of_their_sensors_and_sleeping_ones_none(tmp_path: Path) -> None:
    thermal, hwmon = "sys/class/thermal/thermal_zone", "sys/class/hwmon/hwmon"
    root = tree(
        tmp_path,
        {
            f"{thermal}0/type": "cpu-thermal", f"{thermal}0/temp": 45123,
            f"{thermal}1/type": "gpu-thermal", f"{thermal}1/temp": -256000,
            f"{thermal}2/type": "cpu-thermal", f"{thermal}2/temp": 47000,
            f"{hwmon}0/name": "k10temp", f"{hwmon}0/temp1_input": 61250, f"{hwmon}0/temp1_label": "Tctl",
            f"{hwmon}1/name": "nvme", f"{hwmon}1/temp1_input": "?",
        },
    )  # fmt: skip
    assert temperatures(root) == {"cpu-thermal": 45.123, "cpu-thermal 2": 47.0, "k10temp Tctl": 61.25}
    assert hottest(root) == 61.25
    assert temperatures(tmp_path / "none") == {}
    assert hottest(tmp_path / "none") is None


def test_rapl_counts_packages_once_and_over_the_end_of_their_counters(tmp_path: Path) -> None:
    def counters(first: int, second: int) -> dict[str, object]:
        return {
            f"{RAPL}/intel-rapl:0/name": "package-0", f"{RAPL}/intel-rapl:0/energy_uj": first,
            f"{RAPL}/intel-rapl:0/max_energy_range_uj": 10_000_000,
            f"{RAPL}/intel-rapl:0:0/name": "core", f"{RAPL}/intel-rapl:0:0/energy_uj": first,
            f"{RAPL}/intel-rapl:1/name": "package-1", f"{RAPL}/intel-rapl:1/energy_uj": second,
            f"{RAPL}/intel-rapl:1/max_energy_range_uj": 10_000_000,
            f"{RAPL}/intel-rapl-mmio:0/name": "package-0", f"{RAPL}/intel-rapl-mmio:0/energy_uj": first,
            f"{RAPL}/intel-rapl-mmio:0/max_energy_range_uj": 10_000_000,
        }  # fmt: skip

    meter = EnergyMeter(tree(tmp_path, counters(9_000_000, 1_000_000)))
    assert meter.source == "RAPL package-0 + package-1"
    assert why_no_energy(tmp_path) == ""
    meter.sample()
    assert meter.joules is None
    tree(tmp_path, counters(500_000, 2_000_000))
    meter.sample()
    assert meter.joules == pytest.approx(1.5 + 1.0)


@pytest.mark.parametrize(
    ("files", "source", "watts"),
    [
        (
            {
                "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_0": "VDD_IN",
                "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input": 5000,
                "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_1": "VDD_CPU_GPU_CV",
                "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power1_input": 900,
            },
            "VDD_IN",
            5.0,
        ),
        (
            {
                "sys/class/hwmon/hwmon3/in1_label": "VDD_IN",
                "sys/class/hwmon/hwmon3/in1_input": 5000,
                "sys/class/hwmon/hwmon3/curr1_input": 1400,
            },
            "VDD_IN",
            7.0,
        ),
        (
            {  # AGX Orin: no rail feeds all, one rail is part of another, one is not connected
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/in1_label": "VDD_GPU_SOC",
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/in1_input": 20_000,
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/curr1_input": 150,
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/in2_label": "VDD_CPU_CV",
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/in2_input": 20_000,
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/curr2_input": 100,
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/in3_label": "VIN_SYS_5V0",
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/in3_input": 5000,
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/curr3_input": 1000,
                "sys/bus/i2c/devices/1-0040/hwmon/hwmon3/in7_label": "sum of shunt voltages",
                "sys/bus/i2c/devices/1-0041/hwmon/hwmon4/in1_label": "NC",
                "sys/bus/i2c/devices/1-0041/hwmon/hwmon4/in2_label": "VDDQ_VDD2_1V8AO",
                "sys/bus/i2c/devices/1-0041/hwmon/hwmon4/in2_input": 5000,
                "sys/bus/i2c/devices/1-0041/hwmon/hwmon4/curr2_input": 80,
            },
            "VDD_CPU_CV + VDD_GPU_SOC + VIN_SYS_5V0",
            10.0,
        ),
        (
            {
                "sys/class/power_supply/BAT0/status": "Discharging",
                "sys/class/power_supply/BAT0/voltage_now": 12_000_000,
                "sys/class/power_supply/BAT0/current_now": -500_000,
            },
            "BAT0",
            6.0,
        ),
    ],
    ids=["old Jetson", "Jetson", "AGX Orin", "battery"],
)
def test_power_is_summed_up_over_time(
    tmp_path: Path, files: Mapping[str, object], source: str, watts: float
) -> None:
    meter = EnergyMeter(tree(tmp_path, files), Clock())
    assert meter.source == source
    for _ in range(3):
        meter.sample()
    assert meter.joules == pytest.approx(4 * watts)


def test_a_battery_that_is_charged_and_counters_for_root_measure_nothing(tmp_path: Path) -> None:
    charged = {"sys/class/power_supply/BAT0/status": "Charging", "sys/class/power_supply/BAT0/power_now": 9}
    meter = EnergyMeter(tree(tmp_path, charged))
    meter.sample()
    meter.sample()
    assert (meter.source, meter.joules, why_no_energy(tmp_path)) == (None, None, "not exposed")
    tree(tmp_path, {f"{RAPL}/intel-rapl:0/name": "package-0"})
    (tmp_path / RAPL / "intel-rapl:0" / "energy_uj").mkdir()  # cannot be read, not even by root
    assert EnergyMeter(tmp_path).source is None
    assert why_no_energy(tmp_path) == sensors.UNREADABLE


def test_a_board_is_described(tmp_path: Path) -> None:
    cpu = "sys/devices/system/cpu/cpu0/cpufreq"
    root = tree(
        tmp_path,
        {
            "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
            "proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 5 Model B",
            "proc/meminfo": "MemTotal:        8245568 kB\nMemFree: 1 kB",
            f"{cpu}/scaling_governor": "ondemand",
            f"{cpu}/cpuinfo_max_freq": 2400000,
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
            "sys/class/thermal/thermal_zone0/temp": 52300,
        },
    )
    device = describe_device(root)
    assert device.board == "Raspberry Pi 5 Model B Rev 1.0"
    assert device.processor == "Raspberry Pi 5 Model B"
    assert (device.memory_mb, device.governor, device.max_mhz) == (8052, "ondemand", 2400)
    assert device.temperatures == {"cpu-thermal": 52.3}
    assert (device.energy, device.energy_note) == (None, "not exposed")
    nothing = describe_device(tmp_path / "none")
    assert (nothing.board, nothing.memory_mb, nothing.governor, nothing.max_mhz) == (None, None, None, None)
    assert nothing.processor
