"""The layers of all instruments, and how loud each is."""

from __future__ import annotations

from edge_kernels.synthesis import Pluck, Voice, Wave

from edge.music.layers import Instrument, Layer, Resonance
from edge.music.percussion import drum

RATE = 48_000
"""Rate that layers are written down at; what plays them replaces it."""


def _voice(gain: float = 1.0, wave: Wave = Wave.SINE, **options: float) -> Voice:
    return Voice(RATE, 100.0, wave, gain=gain, **options)  # type: ignore[arg-type]


def _pluck(gain: float = 1.0, **options: float) -> Pluck:
    return Pluck(RATE, 100.0, gain=gain, **options)  # type: ignore[arg-type]


def _touch(gain: float, hz: float, length_s: float, q: float = 0.8) -> Layer:
    """Return the noise of a finger, a pick or a mallet."""
    noise = drum(gain, length_s=length_s, noise=1, noise_hz=hz, noise_q=q, noise_decay_s=length_s / 4)
    return Layer(noise, hardness=1.8, brightness=1.0)


def _partial(gain: float, ratio: float, decay_s: float, hardness: float, release_s: float) -> Layer:
    sound = _voice(gain, attack_s=0.002, decay_s=decay_s, sustain=0, release_s=release_s)
    return Layer(sound, ratio, hardness, shorten=0.3, drift_cents=0.8)


STRINGED: dict[str, Instrument] = {
    "nylon string": Instrument(
        (
            Layer(_pluck(decay_s=3.5, damping=0.5, brightness_hz=1500, position=0.27, noise=0.3,
                attack_s=0.002)),
            Layer(
                _pluck(0.5, decay_s=1.4, damping=0.6, brightness_hz=900, position=0.21, noise=0.6, pan=0.2),
                ratio=1.0006,
            ),
            _touch(0.05, 700, 0.05),
        ),
        body=(Resonance(104, 5, 4), Resonance(208, 4, 5), Resonance(410, 2.5, 3), Resonance(2600, -4, 0.8)),
    ),
    "steel string": Instrument(
        (
            Layer(_pluck(decay_s=5, damping=0.22, brightness_hz=3200, position=0.16, noise=0.3)),
            Layer(
                _pluck(0.5, decay_s=2.4, damping=0.3, brightness_hz=2200, position=0.12, noise=0.6, pan=-0.2),
                ratio=1.0008,
            ),
            _touch(0.06, 2600, 0.02),
        ),
        body=(Resonance(98, 4, 4), Resonance(196, 3, 5), Resonance(900, -2, 1), Resonance(5200, 2, 1)),
    ),
    "harp": Instrument(
        (
            Layer(_pluck(decay_s=4.5, damping=0.35, brightness_hz=2000, position=0.42, noise=0.15,
                release_s=0.9)),
            Layer(
                _pluck(0.3, decay_s=2, damping=0.5, brightness_hz=1000, position=0.3, noise=0.4,
                    release_s=0.6),
                ratio=0.9996,
            ),
            _touch(0.03, 500, 0.04),
        ),
        body=(Resonance(180, 3, 3), Resonance(360, 2, 3), Resonance(1500, -2, 0.7)),
    ),
    "strings": Instrument(
        (
            Layer(
                _voice(
                    wave=Wave.SAW, oscillators=3, detune_cents=9, width=0.9, noise=0.03, noise_decay_s=0.4,
                    cutoff_hz=1500, cutoff_octaves=0.5, cutoff_decay_s=2, attack_s=0.11, sustain=0.85,
                        decay_s=0.6,
                    release_s=0.35, vibrato_hz=5.4, vibrato_cents=11, vibrato_delay_s=0.3,
                ),
                drift_cents=3,
            ),
            Layer(
                _voice(
                    0.5, Wave.SAW, oscillators=3, detune_cents=5, width=0.4, cutoff_hz=1100, attack_s=0.16,
                    release_s=0.3, vibrato_hz=6.1, vibrato_cents=14, vibrato_delay_s=0.25,
                ),
                drift_cents=3,
            ),
        ),
        body=(Resonance(280, 3, 3), Resonance(450, 2, 4), Resonance(1000, -2, 1.5), Resonance(2800,
            2.5, 1.5)),
    ),
}  # fmt: skip
"""Plucked and bowed strings."""

KEYS: dict[str, Instrument] = {
    "electric piano": Instrument(
        (
            Layer(
                _voice(
                    fm_ratio=1, fm_index=0.9, fm_decay_s=0.5,
                    fm_sustain=0.25, attack_s=0.002, decay_s=1.3, sustain=0, release_s=0.18,
                ),
                brightness=2.6,
            ),
            Layer(  # a quiet chorus: equal ones would beat as no tine does
                _voice(
                    0.22, oscillators=2, detune_cents=4, width=1, fm_ratio=1, fm_index=0.7, fm_decay_s=0.4,
                    attack_s=0.003, decay_s=1.2, sustain=0, release_s=0.18,
                )
            ),
            Layer(
                _voice(
                    0.25, fm_ratio=7, fm_index=0.9, fm_decay_s=0.12, attack_s=0.001, decay_s=0.35, sustain=0,
                    release_s=0.1,
                ),
                hardness=2, brightness=2,
            ),
            _touch(0.04, 350, 0.03),
        ),
        body=(Resonance(220, 1.5, 0.8), Resonance(1800, 2, 0.8)),
    ),
    "bell": Instrument(
        (
            _partial(1.0, 1, 1.6, 1.0, 1.2),
            _partial(0.45, 2.003, 1.1, 1.2, 1.0),
            _partial(0.22, 3.01, 0.7, 1.6, 0.8),
            _partial(0.16, 4.17, 0.4, 2.2, 0.6),
            _partial(0.12, 5.43, 0.2, 2.8, 0.3),
            _touch(0.06, 5000, 0.015),
        )
    ),
    "marimba": Instrument(
        (
            _partial(1.0, 1, 0.45, 1.0, 0.35),
            _partial(0.32, 3.93, 0.13, 2.0, 0.1),
            _partial(0.12, 9.2, 0.045, 2.8, 0.05),
            _touch(0.25, 450, 0.04),
        ),
        body=(Resonance(300, 2, 1),),
    ),
}  # fmt: skip
"""Keys and mallets."""

WINDS: dict[str, Instrument] = {
    "soft lead": Instrument(
        (
            Layer(
                _voice(
                    wave=Wave.TRIANGLE, noise=0.02,
                        noise_decay_s=0.05,
                    cutoff_hz=1300, cutoff_octaves=0.8, cutoff_decay_s=0.25, attack_s=0.025, decay_s=0.5,
                    sustain=0.75, release_s=0.16, vibrato_hz=5.2, vibrato_cents=12, vibrato_delay_s=0.3,
                )
            ),
            Layer(
                _voice(
                    0.22, Wave.SAW, oscillators=3, detune_cents=6, width=1, cutoff_hz=900, attack_s=0.03,
                    release_s=0.14,
                )
            ),
        )
    ),
    "bright lead": Instrument(
        (
            Layer(
                _voice(
                    wave=Wave.SAW, oscillators=3, detune_cents=8, width=0.55, cutoff_hz=1900,
                        cutoff_octaves=1.4,
                    cutoff_decay_s=0.22, resonance=0.9, attack_s=0.006, decay_s=0.4, sustain=0.7,
                        release_s=0.14,
                    vibrato_hz=5.5, vibrato_cents=10, vibrato_delay_s=0.35,
                )
            ),
            Layer(_voice(0.35, Wave.SQUARE, cutoff_hz=900, attack_s=0.006, release_s=0.12), ratio=0.5),
        )
    ),
    "flute": Instrument(
        (
            Layer(
                _voice(
                    fm_ratio=1, fm_index=0.25, fm_sustain=0.9, attack_s=0.055, decay_s=0.3, sustain=0.85,
                    release_s=0.11, vibrato_hz=4.9, vibrato_cents=9, vibrato_delay_s=0.3,
                ),
                hardness=1.0,
            ),
            Layer(
                _voice(
                    0.22, attack_s=0.045, sustain=0.8, release_s=0.09, vibrato_hz=4.9, vibrato_cents=9,
                ),
                ratio=2, hardness=2,
            ),
            Layer(_voice(0.07, attack_s=0.04, release_s=0.07), ratio=3, hardness=2.6),
            Layer(
                _voice(
                    0.035, noise=1.6, noise_decay_s=0.9, cutoff_hz=2400, cutoff_octaves=0.6,
                        cutoff_decay_s=0.06,
                    attack_s=0.02, decay_s=0.08, sustain=0.4, release_s=0.08,
                ),
                ratio=2, hardness=1.5, follow=0.2,
            ),
        )
    ),
    "pad": Instrument(
        (
            Layer(
                _voice(
                    wave=Wave.SAW, oscillators=3, detune_cents=12, width=1, cutoff_hz=700, cutoff_octaves=0.9,
                    cutoff_decay_s=2.5, attack_s=0.3, decay_s=2, sustain=0.85, release_s=0.9,
                ),
                drift_cents=3, follow=0.4,
            ),
            Layer(
                _voice(0.4, Wave.TRIANGLE, oscillators=3, detune_cents=6, width=0.7, attack_s=0.35,
                    release_s=0.8),
            ),
        ),
        body=(Resonance(250, -2, 0.8),),
    ),
    "synth pluck": Instrument(
        (
            Layer(
                _voice(
                    wave=Wave.SAW, oscillators=3, detune_cents=7, width=0.7, cutoff_hz=450, cutoff_octaves=3,
                    cutoff_decay_s=0.1, resonance=1.1, attack_s=0.002, decay_s=0.35, sustain=0.05,
                        release_s=0.16,
                ),
                brightness=2.5,
            ),
            Layer(_voice(0.4, Wave.TRIANGLE, attack_s=0.002, decay_s=0.3, sustain=0.05, release_s=0.16)),
        )
    ),
}  # fmt: skip
"""Leads, winds, pads and plucks of synthesizers."""

BASSES: dict[str, Instrument] = {
    "sub bass": Instrument(
        (
            Layer(
                _voice(
                    fm_ratio=1, fm_index=0.5, fm_decay_s=0.25, fm_sustain=0.5, attack_s=0.008, decay_s=0.8,
                    sustain=0.75, release_s=0.07,
                ),
                hardness=1.0, drift_cents=0.5,
            ),
            Layer(
                _voice(0.3, Wave.TRIANGLE, cutoff_hz=1200, attack_s=0.006, decay_s=0.4, sustain=0.5,
                    release_s=0.06),
                hardness=1.6,
            ),
        )
    ),
    "bass": Instrument(
        (
            Layer(_pluck(decay_s=3, damping=0.4, brightness_hz=1300, position=0.18, noise=0.2,
                release_s=0.09)),
            Layer(_voice(0.12, attack_s=0.006, decay_s=0.9, sustain=0.3, release_s=0.08), hardness=1.0),
            _touch(0.03, 900, 0.03),
        ),
        body=(Resonance(90, 3, 1), Resonance(700, -2, 1), Resonance(1600, 2, 1.2)),
    ),
}  # fmt: skip
"""Basses."""

GAINS_DB: dict[str, float] = {
    "nylon string": -6.5,
    "steel string": -7.4,
    "harp": -6.8,
    "strings": -18.1,
    "electric piano": -18.3,
    "bell": -19.1,
    "marimba": -16.6,
    "soft lead": -18.6,
    "bright lead": -17.9,
    "flute": -18.2,
    "pad": -15.9,
    "synth pluck": -13.4,
    "sub bass": -17.4,
    "bass": -8.5,
    "kick": -9.1,
    "snare": -7.4,
    "hat": -5.9,
    "shaker": 3.9,
    "clap": 0.3,
}
"""What makes a scale of each have -20 LUFS at velocity 0.7."""
