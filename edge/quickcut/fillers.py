"""Words that say nothing: lists for each language, in two degrees, and how they are found among words."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge.quickcut.options import Level
from edge.text.scripts import ends_clause, ends_sentence, is_ideographic
from edge.vocabulary import Word


@dataclass(frozen=True)
class FillerWords:
    """The fillers of a language, as they are spelled without marks, in lower case."""

    sounds: Collection[str]
    phrases: Collection[str]


FILLERS = {
    "en": FillerWords(
        (
            "um", "umm", "ummm", "uh", "uhh", "uhm", "er", "err", "erm", "hm", "hmm", "hmmm", "mm", "mmm",
            "mm hmm", "ah",
        ),
        ("you know", "i mean", "sort of", "kind of", "like", "basically", "actually", "you see"),
    ),
    "zh": FillerWords(
        ("嗯", "嗯嗯", "呃", "额", "唔", "哦", "噢", "啊", "哎", "诶", "欸"),
        ("那个", "这个", "就是", "就是说", "然后", "怎么说呢", "怎么说", "对吧", "那個", "這個", "就是說"),
    ),
    "yue": FillerWords(("嗯", "呃", "啊", "唔", "吓"), ("嗰個", "即係", "咁樣", "跟住")),
    "ja": FillerWords(
        ("えっと", "えーと", "えー", "あの", "あのー", "うーん", "んー"), ("その", "まあ", "なんか")
    ),
    "ko": FillerWords(("음", "어", "으음", "에"), ("그", "저기", "뭐", "그러니까")),
    "de": FillerWords(("äh", "ähm", "öh", "öhm", "hm", "hmm", "mhm"), ("sozusagen", "quasi", "halt")),
    "fr": FillerWords(("euh", "heu", "hum", "bah", "ben"), ("du coup", "en fait", "tu vois", "genre")),
    "es": FillerWords(("eh", "ehm", "em", "este", "mmm"), ("o sea", "es decir", "digamos", "pues")),
}  # fmt: skip
"""By language as in BCP 47. To add one: a line here; users add words of their own in the settings."""

APART_S = 0.12
"""A phrase is set off by pauses of this length, or by marks."""


@dataclass(frozen=True)
class Filler:
    """Words [first, stop) that are a filler."""

    first: int
    stop: int
    name: str
    """As it stands in the list."""


def find_fillers(
    words: Sequence[Word], language: str, level: Level, extra: Collection[str] = ()
) -> Iterator[Filler]:
    """Fillers among words in order, the longest where several fit; `extra` counts as sounds do.

    In scripts without spaces sounds too must be set off: 额 is a filler, and a part of 额度.
    """
    if level is Level.OFF:
        return
    listed = FILLERS.get(language.partition("-")[0], FillerWords((), ()))
    names = (*listed.sounds, *extra, *(listed.phrases if level is Level.MEDIUM else ()))
    known = {_plain(name): _most_words(name) for name in names}
    free = {_plain(name) for name in (*listed.sounds, *extra) if not is_ideographic(name)}
    plain = [_plain(word.text) for word in words]
    at = 0
    while at < len(words):
        stops = _ends(plain, at, known)
        fit = [stop for stop in stops if "".join(plain[at:stop]) in free or _apart(words, at, stop)]
        if fit:
            yield Filler(at, fit[-1], "".join(plain[at : fit[-1]]))
        at = fit[-1] if fit else at + 1


def _most_words(name: str) -> int:
    """Of how many words a filler can be: "um" is one, and not the letters "U. M."."""
    return len(name) if is_ideographic(name) else len(name.split())


def _ends(plain: Sequence[str], at: int, known: Mapping[str, int]) -> list[int]:
    """Where those of the known fillers end that begin with this word."""
    longest = max(map(len, known), default=0)
    ends, text = [], ""
    for stop in range(at + 1, len(plain) + 1):
        text += plain[stop - 1]
        if not plain[stop - 1] or len(text) > longest:
            break
        if stop - at <= known.get(text, 0):
            ends.append(stop)
    return ends


def _apart(words: Sequence[Word], first: int, stop: int) -> bool:
    """Pauses or marks set these words off on both sides."""

    def parted(at: int) -> bool:
        if at in (0, len(words)):
            return True
        before, after = words[at - 1], words[at]
        pause = after.start - before.end >= APART_S
        return pause or ends_clause(before.text) or ends_sentence(before.text)

    return parted(first) and parted(stop)


def _plain(text: str) -> str:
    """Letters only, without case; spaces too are left out, so that phrases can be put together of words."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in folded if one.isalnum() or unicodedata.category(one) in ("Mn", "Lm"))
