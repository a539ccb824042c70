"""What the kernels are compiled for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One kind of machine, in LLVM's terms."""

    name: str
    triple: str
    cpu: str
    features: str
    lanes: int
    """float32 lanes of a vector; measured: one register of AVX-512 and AVX2, two of NEON and SSE."""
    link: tuple[str, ...] | None
    """What the linker is told beyond `SHARED`; None for a platform whose apps link the object themselves."""

    @property
    def file(self) -> str:
        """Name of the file that is made."""
        return f"edge-kernels-{self.name}.{'o' if self.link is None else 'so'}"


_PAGES_16K = ("-z", "max-page-size=16384")  # phones with 16 KB pages load nothing less aligned
_PAGES_64K = ("-z", "max-page-size=65536")  # nor do some kernels for Arm servers

TARGETS = {
    target.name: target
    for target in (
        Target("x86-64-v2", "x86_64-unknown-linux-gnu", "x86-64-v2", "", 4, ()),
        Target("x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", "", 8, ()),
        Target("x86-64-v4", "x86_64-unknown-linux-gnu", "x86-64-v4", "-prefer-256-bit", 16, ()),
        Target("aarch64-linux", "aarch64-unknown-linux-gnu", "generic", "+neon", 8, _PAGES_64K),
        Target("aarch64-android24", "aarch64-unknown-linux-android24", "generic", "+neon", 8, _PAGES_16K),
        Target("arm64-ios15", "arm64-apple-ios15.0", "apple-a12", "", 8, None),
        Target("arm64-macos12", "arm64-apple-macosx12.0", "apple-m1", "", 8, None),
    )
}
"""By name. A library runs on every CPU of its architecture that is at least as new."""
