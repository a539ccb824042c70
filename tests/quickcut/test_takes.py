"""Takes told from parallel sentences, by their words and by how they sound."""

# ruff: noqa: RUF001 - the punctuation of Chinese is meant

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.evidence.speech.resemblance import RATE_HZ, Passages, cepstra, distance
from edge.media import open_recording
from edge.quickcut.languages import LANGUAGES
from edge.quickcut.options import RepeatOptions
from edge.quickcut.takes import Voices, find_takes
from edge.text.sentences import sentences
from edge.vocabulary import Span, Word
from tests.makers import Take, talk_from_script
from tools.sound.speech import speak

PARALLEL = """
Open the left door and look inside. / Open the right door and look inside.
Add the sugar to the bowl and stir. / Add the butter to the bowl and stir.
Press the red button for three seconds. / Press the red button for five seconds.
Anna will bring the chairs tomorrow. / Peter will bring the chairs tomorrow.
Turn the volume up a little bit. / Turn the volume down a little bit.
Put the keys in the drawer, please. / Put the keys on the drawer, please.
The first page is about the weather. / The second page is about the weather.
Chapter twelve begins on page thirty. / Chapter thirteen begins on page thirty.
He likes the garden very much. / She likes the garden very much.
You can park the car there. / You can not park the car there.
We can park here on Monday. / We can't park here on Monday.
It costs $15 to get in. / It costs $50 to get in.
Save the file before closing. / Save the file after closing.
I will be there in the morning. / I will be there in the evening.
Import the pictures from the camera. / Export the pictures from the camera.
Add the sugar. / Add the sugar and the flour and the butter.
What do you think of it? / I think it is fine. / What do they think of it? / I think it is fine.
""".strip().splitlines()

AGAIN = """
We begin with the weather of the week. / We begin with the weather of the week.
So we begin with the weather of the week. / We begin with weather of the week. / And now sports.
We begin with the weath- / We begin with the weather of the week.
And then you go to the... / And then you go to the station on foot.
I am going to show you how it works. / I'm going to show you how it works.
The keys are in the drawer. / The key is in the drawer.
It costs 15 dollars to get in. / It costs fifteen dollars to get in.
We begin with the weather of the week. / Sorry, again. / We begin with the weather of the week.
""".strip().splitlines()


def units(line: str) -> list[list[Word]]:
    texts = line.split(" / ")
    words = [[Word(10 * n + i / 2, 10 * n + i / 2 + 0.4, text) for i, text in enumerate(one.split())]
             for n, one in enumerate(texts)]  # fmt: skip
    return [unit for unit in words if unit]


@pytest.mark.parametrize("line", PARALLEL)
def test_another_word_makes_another_sentence(line: str) -> None:
    assert find_takes(units(line)) == []


@pytest.mark.parametrize("line", AGAIN)
def test_the_same_words_make_a_take(line: str) -> None:
    found = find_takes(units(line))
    last = 1 if "sports" in line else len(units(line)) - 1
    assert [(take.sentence, take.kept) for take in found] == [(n, last) for n in range(last)]


def test_the_last_complete_take_is_kept() -> None:
    line = "We begin with the weather of the week. / We begin with the weather / Now the news of sports."
    assert [(take.sentence, take.kept) for take in find_takes(units(line))] == [(1, 0)]


def test_a_restart_may_be_of_several_sentences() -> None:
    one, two = "We begin with the weather today.", "After that we look at the harvest."
    restart = f"{one} / {two} / {one} / {two}"
    assert [(take.sentence, take.kept) for take in find_takes(units(restart))] == [(0, 2), (1, 3)]
    between = f"{one} / {two} / {one} / Nobody asked for sports yesterday."
    assert find_takes(units(between)) == []


LANGUAGE_PAIRS = {
    "zh": ("打开左边的门看看。/打开左边门看看。", "打开左边的门看看。/打开右边的门看看。"),
    "de": ("Die linke Tür öffnen. / Also die linke Tür öffnen.", "Die linke Tür auf. / Die rechte Tür auf."),
    "fr": ("Fermez la porte rouge. / Alors fermez la porte rouge.", "La porte rouge. / La porte verte."),
    "es": ("Abre la puerta roja. / Bueno, abre la puerta roja.", "La puerta roja. / La puerta azul."),
    "pt": ("Abre a porta vermelha. / Então abre a porta vermelha.", "A porta vermelha. / A porta verde."),
    "ru": ("Откройте левую дверь. / Ну откройте левую дверь.", "Вот левая дверь. / Вот правая дверь."),
}


@pytest.mark.parametrize("language", LANGUAGE_PAIRS)
def test_each_language_has_its_own_small_words(language: str) -> None:
    same, other = LANGUAGE_PAIRS[language]
    for line, count in ((same, 1), (other, 0)):
        if language == "zh":
            found = talk_from_script(line.replace("/", "[0.5]"), language="zh")
            read = [list(one.words) for one in found.sentences]
        else:
            read = units(line)
        assert len(find_takes(read, language)) == count, line
    assert LANGUAGES[language].restarts
    assert LANGUAGES[language].light


@dataclass
class Known:
    """Distances that are known."""

    whole: float
    part: float

    def distance(self, one: Span, other: Span, parts: tuple[Span, Span] | None = None) -> float:
        """That of the whole, or of its parts."""
        return self.part if parts else self.whole


@pytest.mark.parametrize(
    ("voices", "count"),
    [(None, 0), (Known(0.35, 0.36), 1), (Known(0.35, 0.6), 0), (Known(0.1, 0.4), 0), (Known(0.6, 0.4), 0)],
)
def test_the_audio_tells_whether_it_was_another_word(voices: Voices | None, count: int) -> None:
    line = "Get there talking by the door. / Kids are talking by the door."
    assert len(find_takes(units(line), voices=voices)) == count


def test_the_audio_tells_who_speaks() -> None:
    line = "We begin with the weather of the week. / We begin with the weather of the week."
    assert len(find_takes(units(line), voices=Known(0.3, 0.3))) == 1
    assert find_takes(units(line), voices=Known(0.6, 0.3)) == []


def test_passages_of_real_audio(tmp_path: Path) -> None:
    take = Take(np.zeros(40 * RATE_HZ, np.float32))
    said = ["open the left door and look inside", "open the right door and look inside"]
    at_s = 0.5
    spans = []
    for text, voice in ((said[0], "en-us"), (said[0], "en-us"), (said[1], "en-us"), (said[0], "en-us+f3")):
        end_s = take.say(text, at_s, voice=voice)
        spans.append(Span(at_s, end_s))
        at_s = end_s + 0.8
    passages = Passages(open_recording(take.write(tmp_path / "takes.wav")))
    again, other, woman = (passages.distance(spans[0], span) for span in spans[1:])
    assert again < 0.1 < other
    assert again < woman
    words = [next(word for word in take.words if word.text == text) for text in ("left", "right")]
    parts = Span(words[0].start, words[0].end), Span(words[1].start, words[1].end)
    assert passages.distance(spans[0], spans[2], parts) > 1.5 * other
    assert passages.distance(spans[0], Span(38, 39)) > 0.6
    read = [list(one.words) for one in sentences(take.words, 0.5)]
    found = find_takes(read[:3], voices=passages)
    assert [(take.sentence, take.kept) for take in found] == [(0, 1)]


def test_level_and_silence_do_not_matter() -> None:
    spoken = speak("we begin with the weather")
    silence = np.zeros(4000, np.float32)
    louder = np.concatenate([silence, 0.1 * spoken, silence])
    one, other = (rows[rows.any(axis=1)] for rows in (cepstra(spoken), cepstra(louder)))
    assert distance(one, other) < 0.15  # frames begin elsewhere
    assert distance(one, one) == pytest.approx(0, abs=1e-5)
    assert distance(one, other[:0]) == np.inf
    assert not cepstra(silence[:100]).size


def twin(one: np.ndarray, other: np.ndarray) -> float:
    table = np.full((len(one) + 1, len(other) + 1), np.inf)
    table[0, 0] = 0
    for i, x in enumerate(one, 1):
        for j, y in enumerate(other, 1):
            step = 1 - float(x @ y)
            table[i, j] = min(table[i - 1, j - 1] + 2 * step, table[i - 1, j] + step, table[i, j - 1] + step)
    return float(table[-1, -1]) / (len(one) + len(other))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 3), (12, 20)])
def test_the_distance_is_that_of_the_table(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape[0])
    one, other = (rng.standard_normal((count, 4)) for count in shape)
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other))
    assert distance(one.astype(np.float32), other.astype(np.float32)) == pytest.approx(
        twin(one, other), rel=1e-4
    )


def test_the_published_method_is_another_one() -> None:
    assert RepeatOptions().method == "words"
    with pytest.raises(ValueError, match="by words or as published"):
        RepeatOptions(method="magic")
