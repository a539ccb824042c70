"""One network, ready to run: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.models.manifest import Manifest

Floats = NDArray[np.float32]


class Session:
    """A network of a model folder on onnxruntime's CPU provider.

    The memory arena is off: it buys little at these sizes and keeps what it once took. Threads do not spin
    while they wait, which saves battery and costs speed only beyond one thread.
    """

    def __init__(self, manifest: Manifest, role: str, *, threads: int = 1) -> None:
        import onnxruntime  # noqa: PLC0415 - takes seconds on small boards, so only when a network is needed

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                manifest.read(role), options, providers=["CPUExecutionProvider"]
            )
        except ModelError:
            raise
        except Exception as error:  # onnxruntime's errors share no base class
            raise ModelError(
                manifest.folder, f"{manifest.networks[role]} cannot be loaded: {error}"
            ) from error
        self._inputs = [node.name for node in self._session.get_inputs()]
        self.width: int = self._session.get_inputs()[0].shape[-1]
        """Size of the first input's last axis."""

    def run(self, *arrays: Floats) -> Sequence[Floats]:
        """Outputs in the network's order for inputs in the network's order."""
        feeds = dict(zip(self._inputs, arrays, strict=True))
        return self._session.run(None, feeds)  # type: ignore[no-any-return]
