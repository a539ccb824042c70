"""How a network is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionOptions:
    """How a network is run. The defaults suit a battery: little memory, no waiting in loops."""

    threads: int = 1
    spin: bool = False
    """onnxruntime: threads wait in a loop for work: faster on two threads, dear on a battery."""
    arena: bool = False
    """onnxruntime: keep freed memory for the next run. Buys little at these sizes and never shrinks."""
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """onnxruntime: execution providers in order of preference; the CPU takes what the others leave."""
    worker_timeout_s: float = 60.0
    """Paddle-Lite: a call that takes longer counts as dead."""
