"""Audio of composed music: loudness, true peak, beats found by a tracker, joins, recognized styles."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.media.loudness import LoudnessMeter
from edge.media.master import Master
from edge.media.write.soundtrack import MARGIN_DB, loudness_of
from edge.music.mix import Score, mix
from edge.music.notes import Sampling, compose_notes
from edge.music.plan import Activity, Plan, bar_count, make_plan
from edge.music.sections import written_bars
from edge.music.templates import PARTS, RATE_HZ, Template
from edge.networks.composer import Composer
from tools.progress import each
from tools.sound.mel import mel_filters

SECONDS = 24.0
"""Length of a rendition."""

NEAR_S = 0.07
"""Seconds up to which a tracked beat is one of the plan, as in MIREX."""

LUFS, CEILING_DBTP = -14.0, -1.0 - MARGIN_DB
"""What is asked for."""

BANDS, SIZE = 32, 2048
"""Mel bands and samples of a window of the features of a style."""


def renditions(
    network: Composer, templates: Sequence[Template], count: int, seed: int
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Render each template `count` times over drawn motion.

    Returns for each template means of `lufs`, `peak_dbtp`, `joins` (the steepest place near bars, beside the
    steepest elsewhere), with librosa `tempo_ratio` and `beats` (share of the planned beats that it tracks),
    and how well style and mood are recognized, see `recognized`.
    """
    rows, features = dict[str, dict[str, float]](), list[tuple[Template, NDArray[np.float64]]]()
    for template in each(templates, "templates"):
        measured = []
        for number in range(count):
            score = drawn(network, template, seed + number)
            audio = mastered(score)
            measured.append({**loudness(audio), "joins": joins(audio, score), **tracked(audio, score.plan)})
            features.append((template, described(audio)))
        rows[template.id] = {key: float(np.mean([row[key] for row in measured])) for key in measured[0]}
    return rows, recognized(features)


def drawn(network: Composer, template: Template, seed: int) -> Score:
    """Return a score over drawn motion with a cut every few seconds."""
    rng = np.random.default_rng([seed, *template.id.encode()])
    bars = bar_count(SECONDS, template.tempo)
    activity = Activity(rng.uniform(0.2, 1, bars), rng.uniform(0.2, 1, bars))
    cuts = np.cumsum(rng.uniform(2, 7, 20))
    parts: dict[str, int] = {name: template.parts.get(name, template.parts["verse"]).bars for name in PARTS}
    inside = cuts[cuts < SECONDS - 1].tolist()
    plan = make_plan(activity, inside, template.tempo, SECONDS, parts)
    blank = written_bars(plan, template)
    notes = compose_notes(blank, network, Sampling(seed=seed, candidates=1))
    return Score(plan, notes, template, Fraction(1), template.instruments, seed)


def mastered(score: Score) -> Floats:
    """Return the audio of a score at the loudness that is asked for, float32[2, n]."""
    blocks = list(mix(score))
    master = Master(LUFS - loudness_of(blocks), CEILING_DBTP)
    return np.concatenate([*(master.process(block) for block in blocks), master.flush()], axis=1)


def loudness(audio: Floats) -> dict[str, float]:
    """Return loudness, by pyloudnorm if it is installed, and true peak by eight times oversampling."""
    from scipy.signal import resample_poly  # noqa: PLC0415 - an extra

    meter = LoudnessMeter(RATE_HZ, 2)
    meter.accept(audio)
    lufs = meter.integrated_lufs
    if find_spec("pyloudnorm"):
        import pyloudnorm  # noqa: PLC0415

        lufs = float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(audio.T.astype(np.float64)))
    peak = np.abs(resample_poly(audio.astype(np.float64), 8, 1, axis=1)).max()
    return {"lufs": lufs, "peak_dbtp": float(20 * np.log10(peak))}


def joins(audio: Floats, score: Score) -> float:
    """Return how much steeper the audio is within 2 ms of where bars of loops are joined than anywhere else.

    Steep is the second difference. Instruments begin at downbeats, so that joins without clicks have about 1.
    """
    steep = np.abs(np.diff(audio, 2, axis=1)).max(axis=0)
    near = np.zeros(len(steep), bool)
    bars = score.plan.bars
    for number in range(1, len(bars)):
        if (bars[number].part, bars[number].index) != (bars[number - 1].part, bars[number - 1].index + 1):
            at = round(number * score.template.bar_samples)
            near[at - 96 : at + 96] = True
    return float(steep[near].max() / steep[~near].max()) if near.any() else 0.0


def tracked(audio: Floats, plan: Plan) -> dict[str, float]:
    """Return how librosa's beat tracker agrees with a plan; nothing where it is not installed."""
    if not find_spec("librosa"):
        return {}
    import librosa  # noqa: PLC0415 - an extra

    tempo, beats = librosa.beat.beat_track(
        y=audio.mean(axis=0), sr=RATE_HZ, units="time", start_bpm=plan.tempo
    )
    planned = np.arange(0, plan.end_s - plan.bar_s, 60 / plan.tempo)
    found = [bool(np.abs(beats - beat).min(initial=9) <= NEAR_S) for beat in planned]
    return {"tempo_ratio": float(np.ravel(tempo)[0] / plan.tempo), "beats": float(np.mean(found))}


def described(audio: Floats) -> NDArray[np.float64]:
    """Return the mean and deviation of the logarithms of mel bands, and of their changes."""
    mono = audio.mean(axis=0)
    frames = np.lib.stride_tricks.sliding_window_view(mono, SIZE)[:: SIZE // 2] * np.hanning(SIZE)
    power = np.abs(np.fft.rfft(frames)) ** 2
    bands = np.log(power @ mel_filters(RATE_HZ, SIZE, BANDS, 40, 16_000).T + 1e-6)
    changes = np.abs(np.diff(bands, axis=0))
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0), changes.mean(axis=0)])


def recognized(features: Sequence[tuple[Template, NDArray[np.float64]]]) -> dict[str, float]:
    """Return how often the nearest other rendition has the style, and how often its moods are recognized.

    `style`: of the nearest rendition, maybe of the same template and its loops. `mood`: one of the template's
    moods is one of the nearest rendition of another template. `mood_by_chance`: of any other.
    """
    vectors = np.stack([vector for _, vector in features])
    vectors = (vectors - vectors.mean(axis=0)) / (vectors.std(axis=0) + 1e-9)
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    names = [template for template, _ in features]
    same = np.array([[one.id == other.id for other in names] for one in names])
    shared = np.array([[bool({*one.moods} & {*other.moods}) for other in names] for one in names])
    nearest, elsewhere = distances.argmin(axis=1), np.where(same, np.inf, distances).argmin(axis=1)
    rows = range(len(names))
    return {
        "style": float(np.mean([names[row].style == names[nearest[row]].style for row in rows])),
        "mood": float(np.mean([shared[row, elsewhere[row]] for row in rows])),
        "mood_by_chance": float(shared[~same].mean()),
    }
