"""Switch off the telemetry of dependencies before any of them is imported.

onnxruntime 1.32 writes a device id and a queue of events below HOME and, in a process that lives longer than
a minute, looks up a telemetry host. It reads its switch when it is imported, so `edge/__init__.py` imports
this module first; worker processes inherit the environment.
"""

from __future__ import annotations

import os

SWITCHES = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""Environment variables that turn telemetry off: of onnxruntime, and of what tokenizers can import."""

os.environ.update(SWITCHES)
