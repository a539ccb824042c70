"""A Raspberry Pi and a Jetson are known by the files that they have, and by the Pi's own program."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bench.board import board, libc, throttling
from edge.models.arithmetic import instructions
from tests.bench.makers import tree

PI = "Raspberry Pi 4 Model B Rev 1.4"
ORIN = "NVIDIA Jetson Orin Nano Developer Kit"
RELEASE = (
    "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, "
    "DATE: Wed Jan  8 01:49:37 UTC 2025\n# KERNEL_VARIANT: oot\nTARGET_USERSPACE_LIB_DIR=nvidia"
)
FEATURES = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop"
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


def test_a_pi_says_what_slows_it_down(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/device-tree/model": f"{PI}\0", THROTTLED: "50005"})
    assert board(root) == PI
    assert throttling(root) == (
        "under-voltage", "throttled", "under-voltage since the start", "throttled since the start"
    )  # fmt: skip
    assert throttling(tree(tmp_path, {THROTTLED: "0"})) == ()
    assert throttling(tree(tmp_path, {THROTTLED: "?"})) is None


def test_a_jetson_has_its_release(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/device-tree/model": f"{ORIN}\0", "etc/nv_tegra_release": RELEASE})
    assert board(root) == f"{ORIN}, L4T 36.4.3"
    assert throttling(root) is None
    assert board(tmp_path / "none") is None


def test_a_pi_without_the_file_is_asked_by_its_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if not list(Path("/").glob("sys/devices/platform/*/*firmware*/get_throttled")):
        assert throttling() is None
        program = tmp_path / "vcgencmd"
        program.write_text("#!/bin/sh\necho throttled=0x80008\n")
        program.chmod(0o755)
        assert throttling() == ("soft temperature limit", "soft temperature limit since the start")


@pytest.mark.parametrize(
    ("flags", "name"),
    [(FEATURES, None), (f"{FEATURES} asimddp", "Arm dot product"), (f"{FEATURES} asimddp i8mm", "Arm i8mm")],
)
def test_the_dot_product_of_an_arm_processor_is_found(tmp_path: Path, flags: str, name: str | None) -> None:
    root = tree(tmp_path, {"proc/cpuinfo": f"processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: {flags}\n"})
    assert instructions(root) == (name or instructions(tmp_path / "none"))


def test_musl_is_found_in_what_the_process_has_loaded(tmp_path: Path) -> None:
    loaded = "7f2f6000-7f2f7000 r-xp 00000000 08:01 131 {}"
    assert libc(tree(tmp_path, {"proc/self/maps": loaded.format("/lib/ld-musl-aarch64.so.1")})) == "musl"
    assert libc(tree(tmp_path, {"proc/self/maps": loaded.format("/lib/libc.so.6")})) != "musl"
