"""Render the golden recording: half a minute of an evening, in which people talk, sing and clap.

Everything in it is made here: espeak-ng speaks, WORLD sings, NumPy plays and draws. The same versions of
these, and of the encoders, give the same file.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from edge_kernels.images import Rgb

from edge.arrays import Floats
from edge.files import whole_file
from tools.golden import drawing
from tools.sound.compose import compose
from tools.sound.crowd import applause
from tools.sound.signals import RATE_HZ, add_at, at_dbfs, fade, silence
from tools.sound.speech import speak
from tools.sound.synth import render
from tools.sound.voice import sing

RATE = 25
"""Video frames a second."""
AUDIO_HZ = 16_000
TALK_S, SONG_S, CLAP_S = 7.0, 19.0, 4.0
PRELUDE_BARS, POSTLUDE_BARS = 2, 1
SEED = 3
SPEECH_DBFS, SUNG_DBFS, BAND_DBFS, CLAP_DBFS = -20.0, -20.0, -25.0, -25.0
X264 = {"preset": "slower", "crf": "36", "tune": "animation", "threads": "1"}
OPUS_BPS = 14_000
"""Bits a second."""

WELCOME = "Good evening and welcome to the river hall. We have twenty new songs for you tonight."
LYRICS = (
    "Morning light is on the water, and the hills are far away. "
    "Carry me home, carry me home, where the river meets the bay."
)


def render_recording(path: Path) -> None:
    """Write the recording, Matroska with H.264 640x360 and Opus. Raises OutputError."""
    sound, sung_s = _sound(np.random.default_rng(SEED))
    mouths = drawing.openness(sound, AUDIO_HZ, RATE)
    with whole_file(path, force=True) as draft, av.open(str(draft), "w") as out:
        video = out.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = drawing.WIDTH, drawing.HEIGHT, "yuv420p"
        video.options = dict(X264)
        audio = out.add_stream("libopus", rate=AUDIO_HZ, layout="mono")
        audio.bit_rate, audio.options = OPUS_BPS, {"frame_duration": "60"}
        hop = AUDIO_HZ // RATE
        for index, mouth in enumerate(mouths):
            time_s = index / RATE
            image = av.VideoFrame.from_ndarray(_frame(time_s, float(mouth), sung_s), format="rgb24")
            image.pts, image.time_base = index, Fraction(1, RATE)
            out.mux(video.encode(image))
            block = av.AudioFrame.from_ndarray(sound[None, index * hop : (index + 1) * hop], "flt", "mono")
            block.pts, block.time_base, block.sample_rate = index * hop, Fraction(1, AUDIO_HZ), AUDIO_HZ
            out.mux(audio.encode(block))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def _frame(time_s: float, mouth: float, sung_s: float) -> Rgb:
    """The video frame: talk, balls in the prelude, the singer, balls again."""
    if time_s < TALK_S:
        return drawing.talk(time_s, mouth)
    if sung_s <= time_s < TALK_S + SONG_S:
        return drawing.song(time_s - sung_s, mouth)
    return drawing.hall(time_s, 0.0)


def _sound(rng: np.random.Generator) -> tuple[Floats, float]:
    """The samples at `AUDIO_HZ`, and when the singing begins."""
    notes = compose(rng, SONG_S, prelude_bars=PRELUDE_BARS, postlude_bars=POSTLUDE_BARS)
    song = fade(at_dbfs(render(notes.accompaniment, rng, seconds=SONG_S), BAND_DBFS), 0.005, 0.3)
    sung = sing(speak(LYRICS, voice="en+f2", rate=150), notes.melody, rng)
    add_at(song, at_dbfs(sung.samples, SUNG_DBFS), 0.0)
    whole = silence(TALK_S + SONG_S + CLAP_S)
    add_at(whole, at_dbfs(speak(WELCOME, voice="en-gb-x-rp", rate=160), SPEECH_DBFS), 0.3)
    add_at(whole, song, TALK_S)
    add_at(whole, at_dbfs(applause(rng, CLAP_S), CLAP_DBFS), TALK_S + SONG_S)
    assert RATE_HZ == AUDIO_HZ
    peak = float(np.abs(whole).max())
    return (whole * min(1.0, 0.9 / peak)).astype(np.float32), TALK_S + sung.spans[0][0]
