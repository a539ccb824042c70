"""The phone models of pocketsphinx, against what pocketsphinx itself computes with them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import ModelError
from edge.evidence.speech.alignment import Aligner
from edge.networks.phone_models import PhoneModels
from tests.evidence.makers import said

pocketsphinx: Any = pytest.importorskip("pocketsphinx")
FOLDER = Path(pocketsphinx.get_model_path("en-us/en-us"))
WORDS = {"river": "R IH V ER", "hall": "HH AO L"}


@pytest.fixture(scope="module")
def models() -> PhoneModels:
    return PhoneModels(FOLDER)


def test_features_are_those_of_pocketsphinx(models: PhoneModels, tmp_path: Path) -> None:
    sound, _ = said("good", "evening", "everybody")
    decoder = pocketsphinx.Decoder(
        hmm=str(FOLDER), lm=None, dict=None, samprate=16_000, loglevel="FATAL", mfclogdir=str(tmp_path)
    )
    decoder.add_word("hall", WORDS["hall"], False)
    decoder.add_fsg("text", decoder.create_fsg("text", 0, 1, [(0, 1, 1.0, "hall")]))
    decoder.activate_search("text")
    decoder.start_utt()
    sound = (sound * 32_768).round().astype(np.float32)
    decoder.process_raw(sound.astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    (file,) = tmp_path.iterdir()
    wanted = np.frombuffer(file.read_bytes()[4:], ">f4").reshape(-1, 13)
    found = models.features(sound / np.float32(32_768))[:, :13]
    wanted = wanted[: len(found)]  # pocketsphinx pads the last frame
    np.testing.assert_allclose(found - found.mean(axis=0), wanted - wanted.mean(axis=0), atol=0.02)


def test_differences_are_taken_two_and_three_frames_away(models: PhoneModels) -> None:
    sound, _ = said("good", "evening")
    cepstra, slopes, curves = np.split(models.features(sound), 3, axis=1)
    np.testing.assert_allclose(slopes[2:-2], cepstra[4:] - cepstra[:-4], atol=1e-4)
    np.testing.assert_allclose(curves[3:-3], slopes[4:-2] - slopes[2:-4], atol=1e-4)


def test_a_triphone_that_is_unknown_takes_a_model_that_there_is(models: PhoneModels) -> None:
    vowel, other = models.phones["AH"], models.phones["T"]
    alone = models.states(vowel, 63, 63, "internal")
    assert alone.tolist() == [3 * vowel, 3 * vowel + 1, 3 * vowel + 2]
    assert (models.states(vowel, other, other, "internal") != alone).any()
    assert models.states(models.silence, other, other, "single")[0] == 3 * models.silence
    np.testing.assert_allclose(models.weights(alone).sum(axis=2), 1, atol=0.15)
    np.testing.assert_allclose(np.exp(models.moves).sum(axis=2), 1, atol=1e-3)


@pytest.mark.parametrize("name", ["mdef", "means", "variances", "sendump", "transition_matrices"])
@pytest.mark.parametrize("what", ["gone", "empty", "short", "other"])
def test_damaged_files_are_refused(name: str, what: str, tmp_path: Path) -> None:
    folder = tmp_path / "en-us"
    shutil.copytree(FOLDER, folder)
    data = (folder / name).read_bytes()
    (folder / name).write_bytes({"empty": b"", "short": data[: len(data) // 2]}.get(what, b"RIFF" + data[4:]))
    if what == "gone":
        (folder / name).unlink()
    if what == "other" and name in ("means", "variances", "transition_matrices"):
        (folder / name).write_bytes(data.replace(b"\x44\x33\x22\x11", b"\x11\x22\x33\x44"))
    with pytest.raises(ModelError, match="phone models"):
        PhoneModels(folder)


def test_a_package_without_its_dictionary_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "pocketsphinx" / "model" / "en-us" / "en-us")
    (tmp_path / "pocketsphinx" / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "pocketsphinx")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match="no dictionary of pocketsphinx"):
        Aligner()
