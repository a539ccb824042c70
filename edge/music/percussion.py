"""The layers of drums."""

from __future__ import annotations

from edge_kernels.synthesis import Drum

from edge.music.layers import Instrument, Layer


def drum(gain: float = 1.0, **options: float) -> Drum:
    """Return a drum with these options."""
    return Drum(48_000, gain=gain, **options)  # type: ignore[arg-type]


DRUMS: dict[str, Instrument] = {
    "kick": Instrument(
        (
            Layer(drum(tone=1, tone_hz=170, tone_end_hz=48, sweep_s=0.028, tone_decay_s=0.16, length_s=0.5)),
            Layer(drum(0.35, noise=1, noise_hz=2500, noise_decay_s=0.006, length_s=0.04), hardness=2.2),
        )
    ),
    "snare": Instrument(
        (
            Layer(drum(0.6, tone=1, tone_hz=260, tone_end_hz=185, sweep_s=0.02, tone_decay_s=0.07,
                length_s=0.3)),
            Layer(
                drum(noise=1, noise_hz=3600, noise_q=0.6, noise_high=0.5, noise_decay_s=0.09, length_s=0.4),
                hardness=1.6,
            ),
            Layer(drum(0.4, noise=1, noise_hz=900, noise_decay_s=0.02, length_s=0.1)),
        )
    ),
    "hat": Instrument(
        (
            Layer(drum(noise=1, noise_hz=8200, noise_q=0.9, noise_high=0.9, noise_decay_s=0.035,
                length_s=0.18)),
            Layer(drum(0.5, noise=1, noise_hz=10_500, noise_q=6, noise_decay_s=0.05, length_s=0.2, pan=0.2)),
        )
    ),
    "shaker": Instrument(
        (
            Layer(
                drum(
                    noise=1, noise_hz=6200, noise_q=1.6, noise_high=0.2, attack_s=0.028, noise_decay_s=0.035,
                    length_s=0.16,
                )
            ),
        )
    ),
    "clap": Instrument(
        (
            Layer(
                drum(
                    noise=1, noise_hz=1300, noise_q=1.6, noise_high=0.12, bursts=4, burst_s=0.011,
                    noise_decay_s=0.08, length_s=0.4,
                )
            ),
            Layer(drum(0.4, noise=1, noise_hz=2300, noise_q=0.8, noise_decay_s=0.12, length_s=0.4, pan=-0.3)),
        )
    ),
}  # fmt: skip
"""Drums, which have no pitch."""
