"""`CARD.md` of an imported model: where it comes from, how good it is, what it is bad at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

UNMEASURED = "not measured here: no evaluation recordings were at hand (`--data`)"


def card(
    title: str, what: str, facts: Mapping[str, str], *, weak: Sequence[str], measured: str | None = None
) -> bytes:
    """The card's text: `what` the model does, `facts` about it, a `measured` table, what it is `weak` at."""
    lines = [f"# {title}", "", what, ""]
    lines += [f"- **{name}**: {text}" for name, text in facts.items()]
    lines += ["", "## Accuracy", ""]
    lines += ["```text", measured, "```"] if measured else [f"{UNMEASURED[0].upper()}{UNMEASURED[1:]}."]
    lines += ["", "## What it is bad at", "", *(f"- {text}" for text in weak), ""]
    return "\n".join(lines).encode()
