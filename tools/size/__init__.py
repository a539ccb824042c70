"""What an installation weighs, and how it becomes smaller: `python -m tools.size`."""
