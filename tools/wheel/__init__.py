"""How the wheel is built."""
