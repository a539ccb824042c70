"""Debian's arm64 Python, unpacked into a folder, and the processors that it is emulated on.

apt gets an arm64 configuration of its own, so that nothing on this machine is changed; no root, chroot or
binfmt is needed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.aarch64.steps import Steps, UnavailableError

QEMU = "qemu-aarch64-static"
PYTHON = "3.11"
"""Version of Debian's Python."""
RELEASE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = (f"python{PYTHON}-minimal", f"libpython{PYTHON}-stdlib", "libstdc++6", "libgomp1", "libasound2")
"""What the wheels need of a system."""


@dataclass(frozen=True)
class Cpu:
    """A processor as /proc/cpuinfo describes it; its instructions are those that qemu emulates."""

    part: str
    features: str
    boards: str


CPUS = {
    "cortex-a72": Cpu("0xd08", "fp asimd evtstrm crc32 cpuid", "Raspberry Pi 4"),
    "cortex-a76": Cpu(
        "0xd0b",
        "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp",
        "Raspberry Pi 5; Jetson Orin's Cortex-A78AE has the same int8 instructions",
    ),
}
"""By qemu's names: one without int8 dot products, one with them."""

CPUINFO = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: {features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: {part}
CPU revision\t: 1
"""

APT = """\
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "{place}";
Dir::State::status "{place}/status";
Dir::State::lists "{place}/lists";
Dir::Cache "{place}";
Dir::Etc::sourcelist "{place}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""

WRAPPER = """\
#!/bin/sh
exec {qemu} -cpu {cpu} -L '{prefix}' -0 "$0" -E PYTHONHOME='{prefix}/usr' -E PYTHONPATH='{site}' \\
    -E PYTHONNOUSERSITE=1 -E PYTHONSAFEPATH=1 -E PYTHONDONTWRITEBYTECODE=1 \\
    '{prefix}/usr/bin/python{python}' "$@"
"""
"""The interpreter's own name is the wrapper's, so that processes that it starts are emulated too. Its path is
safe, so that what is run is the wheel, whatever the current folder is."""


def emulator() -> str:
    """Return the path of qemu. Raises UnavailableError."""
    if found := shutil.which(QEMU):
        return found
    raise UnavailableError(f"needs {QEMU}: apt install qemu-user-static")


def unpack_debian(place: Path, steps: Steps) -> None:
    """Fetch `PACKAGES` and what they depend on, verified by apt, and unpack them into `place`.

    Raises UnavailableError.
    """
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise UnavailableError(f"needs {program}, which fetches Debian's packages")
    if not KEYRING.is_file():
        raise UnavailableError(f"needs {KEYRING}: apt install debian-archive-keyring")
    apt = place.with_name("apt")
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    source = f"deb [arch=arm64 signed-by={KEYRING}] {MIRROR} {RELEASE} main\n"
    (apt / "sources.list").write_text(source, encoding="utf-8")
    (apt / "conf").write_text(APT.format(place=apt), encoding="utf-8")
    environment = {"APT_CONFIG": str(apt / "conf")}
    steps.call(["apt-get", "update"], environment)
    steps.call(["apt-get", "install", "-y", "--download-only", *PACKAGES], environment)
    for package in sorted((apt / "archives").glob("*.deb")):
        steps.call(["dpkg-deb", "-x", str(package), str(place)])
    shutil.rmtree(apt)


def make_cpu(name: str, debian: Path, site: Path, place: Path) -> None:
    """Write the interpreter `python` of a processor into `place`, beside the system that it sees.

    qemu opens files of that folder in place of those of this machine. onnxruntime chooses its kernels by
    /proc/cpuinfo and /sys, and qemu 7.2 shows it those of this machine, with which it crashes.
    """
    cpus = place / "sys/devices/system/cpu"
    for made in (place / "proc", cpus):
        made.mkdir(parents=True)
    for folder in ("bin", "lib", "usr", "etc"):
        (place / folder).symlink_to(Path("..", debian.name, folder))
    cpu = CPUS[name]
    text = CPUINFO.format(part=cpu.part, features=cpu.features)
    (place / "proc/cpuinfo").write_text(text, encoding="utf-8")
    for listed in ("possible", "present", "online"):
        (cpus / listed).write_text("0\n", encoding="utf-8")
    wrapper = WRAPPER.format(qemu=emulator(), cpu=name, prefix=place, site=site, python=PYTHON)
    (place / "python").write_text(wrapper, encoding="utf-8")
    (place / "python").chmod(0o755)
