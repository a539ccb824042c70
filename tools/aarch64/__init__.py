"""Runs edge's wheel as on Linux aarch64: Debian's Python and arm64 wheels, emulated by qemu-user."""
