"""What the page may ask for; everything else is refused before it reaches the edit."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e6)]
Text: TypeAlias = Annotated[str, Meta(max_length=10_000)]
Wish: TypeAlias = Annotated[str, Meta(max_length=100)]


class Remove(Struct, frozen=True, tag="remove", forbid_unknown_fields=True):
    """Mark words and items for removal, by start and end."""

    spans: Annotated[tuple[tuple[Seconds, Seconds], ...], Meta(max_length=200_000)]
    """Exactly as the rows have them."""


class Restore(Struct, frozen=True, tag="restore", forbid_unknown_fields=True):
    """Clear marks for removal."""

    spans: Annotated[tuple[tuple[Seconds, Seconds], ...], Meta(max_length=200_000)]
    """Exactly as the rows have them."""


class SetText(Struct, frozen=True, tag="text", forbid_unknown_fields=True):
    """Replace the text of a caption; without one the recognized text comes back."""

    start: Seconds
    """Of the caption."""
    end: Seconds
    """Of the caption."""
    text: Text | None
    """The new text."""


class Split(Struct, frozen=True, tag="split", forbid_unknown_fields=True):
    """Split a caption in two."""

    start: Seconds
    """Of the caption."""
    end: Seconds
    """Of the caption."""
    at: Seconds
    """Start of the word that begins the second one."""


class Merge(Struct, frozen=True, tag="merge", forbid_unknown_fields=True):
    """Merge a caption with the next one."""

    start: Seconds
    """Of the first caption."""
    end: Seconds
    """Of the first caption."""


class Clean(Struct, frozen=True, tag="clean", forbid_unknown_fields=True):
    """Mark all that is suggested for removal."""


class KeepAll(Struct, frozen=True, tag="keep", forbid_unknown_fields=True):
    """Clear all marks."""


class Undo(Struct, frozen=True, tag="undo", forbid_unknown_fields=True):
    """Go back a step."""


class Redo(Struct, frozen=True, tag="redo", forbid_unknown_fields=True):
    """Do the step again that was undone last."""


Marking: TypeAlias = Remove | Restore | Clean | KeepAll
"""What changes marks for removal."""

Captioning: TypeAlias = SetText | Split | Merge
"""What changes captions."""

Edit: TypeAlias = Marking | Captioning | Undo | Redo
"""What changes the edit."""


class Export(Struct, frozen=True, tag="export", forbid_unknown_fields=True):
    """Write the result to a file."""

    suffix: Annotated[str, Meta(pattern=r"^\.[a-z0-9]{1,8}$")]
    """Selects the format: video, audio, captions, a timeline, or the plan (.json)."""


class CutSongs(Struct, frozen=True, tag="songs", forbid_unknown_fields=True):
    """Cut each song to a file of its own."""


class ComposeMusic(Struct, frozen=True, tag="compose", forbid_unknown_fields=True):
    """Compose music for the video, or change what was composed."""

    wishes: Annotated[tuple[Wish, ...], Meta(max_length=20)] = ()
    """As of `edge compose --refine`: calmer, dislike, style=jazz ...; without any music is composed anew."""


class AddMusic(Struct, frozen=True, tag="music", forbid_unknown_fields=True):
    """Write the video with the music that was composed last."""


Work: TypeAlias = Export | CutSongs | ComposeMusic | AddMusic
"""What takes a while."""
