"""Settings of runtimes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """Settings of a session. The defaults suit battery power: little memory, no busy waiting."""

    threads: int = 1
    """Number of threads."""
    spin: bool = False
    """onnxruntime: busy waiting of threads: faster on two threads, but costs battery."""
    arena: bool = False
    """onnxruntime: keep freed memory for the next run. Saves little in small networks, and never shrinks."""
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """onnxruntime: execution providers in order of preference; the CPU runs the remaining nodes."""
    worker_timeout_s: float = 60.0
    """Paddle-Lite: timeout of a call, in seconds."""
