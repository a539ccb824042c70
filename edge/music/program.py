"""The audio of a composition: its music, softer under speech, and the video's own sound at its new times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from edge.evidence.ducking import spoken
from edge.evidence.labels import LabelTrack
from edge.media.read.stretch import stretched_audio
from edge.media.write.soundtrack import OwnSound, Soundtrack
from edge.music.compose import Composition
from edge.music.mix import mix
from edge.music.templates import RATE_HZ
from edge.vocabulary import Progress

Labels: TypeAlias = Callable[[], LabelTrack]
"""Labels a video when it is called."""


def program(
    music: Composition, *, own: bool, labels: Labels | None = None, progress: Progress | None = None
) -> Soundtrack:
    """Render the music. own: whether the video's own sound is kept, where it has any that is not silent.

    labels: returns those of the video, for music that is softer under speech. Raises InputError, ModelError.
    """
    warp, recording = music.choice.warp, music.recording

    def speech() -> list[tuple[float, float]]:
        moved = [warp.moved(span).tolist() for span in spoken(labels())] if labels else []
        return [(start, end) for start, end in moved]

    sound = OwnSound(
        lambda: stretched_audio(recording, warp.video_s, warp.music_s, RATE_HZ), speech if labels else None
    )
    return Soundtrack(
        lambda: mix(music.score), music.score.samples, sound if own else None, progress=progress
    )
