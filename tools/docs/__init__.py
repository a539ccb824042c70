"""Documentation that is made from the code: `python -m tools.docs`."""
