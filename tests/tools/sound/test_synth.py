import numpy as np
import pytest

from tools.sound.patch import Program
from tools.sound.patches import draw_patch
from tools.sound.signals import RATE_HZ, rms_dbfs
from tools.sound.synth import Note, hertz, render

PITCHED = [program for program in Program if program is not Program.DRUMS]


def harmonicity(x: np.ndarray, hz: float) -> float:
    """Autocorrelation at one period of `hz`: 1 for a steady tone of that pitch."""
    lag = RATE_HZ / hz
    times = np.arange(len(x) - int(lag) - 2)
    delayed = np.interp(times + lag, np.arange(len(x)), x)
    return float(np.corrcoef(x[: len(times)], delayed)[0, 1])


def test_a_rendering_has_the_asked_length_and_peak() -> None:
    x = render([Note(0.5, 1.0, 60)], np.random.default_rng(0), seconds=2.0)
    assert x.dtype == np.float32
    assert len(x) == 2 * RATE_HZ
    assert np.max(np.abs(x)) == pytest.approx(0.7, abs=1e-3)
    assert rms_dbfs(x[: RATE_HZ // 2]) == -200.0, "nothing sounds before the note"


def test_without_a_length_the_ring_of_the_last_note_is_kept() -> None:
    assert len(render([Note(0.5, 1.0, 60)], np.random.default_rng(0))) == round(2.5 * RATE_HZ)


def test_no_notes_are_silence() -> None:
    assert not render([], np.random.default_rng(0), seconds=1.0).any()


def test_the_same_seed_gives_the_same_samples_and_another_seed_another_timbre() -> None:
    notes = [Note(0.2 * i, 0.2, 60 + i, program=program) for i, program in enumerate(Program)]
    first, again, other = (render(notes, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("program", PITCHED)
def test_a_note_has_its_pitch_on_every_instrument(program: Program) -> None:
    clear = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        patch = draw_patch(program, rng)
        x = render([Note(0.0, 0.8, 57, program=program)], rng, instruments={program: patch})
        sounding = x[RATE_HZ // 20 : RATE_HZ // 2]
        clear += harmonicity(sounding, hertz(57)) > 0.7
    # a chip's arpeggio and a bell's inharmonic tine are what the draw may add
    assert clear >= (2 if program in (Program.CHIP, Program.BELL) else 7)


def test_drums_have_no_pitch_and_a_kick_is_lower_than_a_hat() -> None:
    def centre_hz(key: int) -> float:
        x = render([Note(0.0, 0.1, key, program=Program.DRUMS)], np.random.default_rng(3), seconds=0.5)
        power = np.abs(np.fft.rfft(x)) ** 2
        return float(np.sum(power * np.fft.rfftfreq(len(x), 1 / RATE_HZ)) / np.sum(power))

    assert centre_hz(36) < 400
    assert centre_hz(42) > 3000


def test_high_notes_do_not_alias() -> None:
    """Every partial of a saw at 3.5 kHz is a multiple of it; aliases would fall between."""
    rng = np.random.default_rng(4)
    x = render([Note(0.0, 1.0, 105, program=Program.ORGAN)], rng, seconds=1.0)[4000:12000]
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / RATE_HZ)
    near = np.abs(hz / (hertz(105) / 2) - np.round(hz / (hertz(105) / 2))) * hertz(105) / 2 < 60
    assert power[~near].sum() < 1e-3 * power.sum()
