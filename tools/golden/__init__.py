"""The golden set of `edge bench`: `python -m tools.golden`."""
