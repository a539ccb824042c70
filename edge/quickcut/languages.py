"""Words of quick cut by language: fillers, words that do not make another sentence, words of a restart.

To add a language, add an entry to `LANGUAGES`; users add fillers with `MarkOptions.extra_fillers`.
"""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Words of a language, in lower case and without punctuation."""

    sounds: Collection[str] = ()
    """Vocalizations, which are fillers wherever they occur ("um")."""
    phrases: Collection[str] = ()
    """Words and phrases that are fillers only between pauses or punctuation ("you know")."""
    light: Collection[str] = ()
    """Words by which two takes of a sentence may differ: articles, particles, words that begin sentences."""
    restarts: Collection[str] = ()
    """Phrases that announce another take ("let me start over")."""


LANGUAGES = {
    "en": LanguageWords(
        sounds=(
            "um", "umm", "ummm", "uh", "uhh", "uhm", "er", "err", "erm", "hm", "hmm", "hmmm", "mm", "mmm",
            "mm hmm", "ah",
        ),
        phrases=("you know", "i mean", "sort of", "kind of", "like", "basically", "actually", "you see"),
        light=(
            "a", "an", "the", "and", "so", "well", "okay", "ok", "now", "but", "just", "then", "alright",
            "like", "really", "is", "are", "was", "were", "be", "been", "am", "do", "does", "did", "has",
            "have", "had", "please", "yeah", "oh", "ugh", "to", "of",
        ),
        restarts=(
            "sorry", "again", "wait", "oops", "start over", "once more", "one more time", "take two",
            "scratch that", "let me repeat", "let me redo",
            "hold on", "hang on", "from the top", "no no", "cut that",
        ),
    ),
    "zh": LanguageWords(
        sounds=("嗯", "嗯嗯", "呃", "额", "唔", "哦", "噢", "啊", "哎", "诶", "欸"),
        phrases=(
            "那个", "这个", "就是", "就是说", "然后", "怎么说呢", "怎么说", "对吧", "那個", "這個", "就是說",
        ),
        light=tuple("的了呢吧啊嘛就那这个得地着嗯呃額额哦噢"),
        restarts=(
            "重来", "再来一遍", "再来一次", "重新来", "不好意思", "等一下", "再说一遍", "说错了", "重來",
            "再來一次",
        ),
    ),
    "yue": LanguageWords(
        sounds=("嗯", "呃", "啊", "唔", "吓"),
        phrases=("嗰個", "即係", "咁樣", "跟住"),
        light=tuple("嘅咗呢啦啊喎就嗰個"),
        restarts=("再嚟一次", "重新嚟過", "唔好意思", "等陣", "講錯"),
    ),
    "ja": LanguageWords(
        sounds=("えっと", "えーと", "えー", "あの", "あのー", "うーん", "んー"),
        phrases=("その", "まあ", "なんか"),
        light=tuple("はがをのねよさでにと"),
        restarts=("もう一度", "もう一回", "やり直し", "すみません", "間違えた", "間違えました"),
    ),
    "ko": LanguageWords(
        sounds=("음", "어", "으음", "에"),
        phrases=("그", "저기", "뭐", "그러니까"),
        light=("그", "이", "저", "좀", "네", "자"),
        restarts=("다시", "죄송합니다", "잠깐만요", "다시 할게요"),
    ),
    "de": LanguageWords(
        sounds=("äh", "ähm", "öh", "öhm", "hm", "hmm", "mhm"),
        phrases=("sozusagen", "quasi", "halt"),
        light=(
            "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "und", "also",
            "ja", "so", "nun", "dann", "jetzt", "aber", "da", "mal", "halt", "ist", "sind", "war", "hat",
        ),
        restarts=(
            "noch mal", "nochmal", "noch einmal", "entschuldigung", "moment", "von vorne", "ich fang neu an",
        ),
    ),
    "fr": LanguageWords(
        sounds=("euh", "heu", "hum", "bah", "ben"),
        phrases=("du coup", "en fait", "tu vois", "genre"),
        light=(
            "le", "la", "les", "l", "un", "une", "des", "du", "de", "d", "et", "alors", "donc", "mais", "bon",
            "bien", "oui", "est", "sont", "était", "a", "ai", "ont", "c", "ce",
        ),
        restarts=(
            "pardon", "désolé", "désolée", "je recommence", "je reprends", "encore une fois", "attends",
            "on reprend",
        ),
    ),
    "es": LanguageWords(
        sounds=("eh", "ehm", "em", "este", "mmm"),
        phrases=("o sea", "es decir", "digamos", "pues"),
        light=(
            "el", "la", "los", "las", "un", "una", "unos", "unas", "y", "pues", "bueno", "entonces", "pero",
            "ya", "sí", "de", "del", "es", "son", "era", "está", "ha", "han",
        ),
        restarts=("perdón", "otra vez", "de nuevo", "espera", "lo repito", "empiezo de nuevo", "una vez más"),
    ),
    "pt": LanguageWords(
        sounds=("ah", "hã", "hum", "hmm", "ahm", "eh"),
        phrases=("tipo", "né", "quer dizer", "ou seja", "sabe", "digamos"),
        light=(
            "o", "a", "os", "as", "um", "uma", "uns", "umas", "e", "então", "bom", "mas", "agora", "já", "de",
            "do", "da", "é", "são", "era", "está", "tem",
        ),
        restarts=("desculpa", "desculpe", "de novo", "outra vez", "mais uma vez", "espera", "vou repetir"),
    ),
    "ru": LanguageWords(
        sounds=("э", "ээ", "эээ", "эм", "мм", "ммм", "хм", "гм"),
        phrases=("ну", "как бы", "типа", "короче", "значит", "в общем", "это самое", "так сказать"),
        light=("и", "а", "но", "ну", "же", "ли", "вот", "так", "то", "это", "тогда", "теперь", "да", "бы"),
        restarts=("ещё раз", "еще раз", "извините", "простите", "заново", "сначала", "подождите", "стоп"),
    ),
    "it": LanguageWords(
        sounds=("ehm", "eh", "uhm", "mmm", "beh"),
        phrases=("cioè", "tipo", "diciamo", "praticamente", "insomma"),
        light=(
            "il", "lo", "la", "i", "gli", "le", "l", "un", "una", "uno", "e", "allora", "quindi", "ma", "poi",
            "di", "del", "della", "è", "sono", "era", "ha",
        ),
        restarts=(
            "scusa", "scusate", "di nuovo", "un'altra volta", "ancora una volta", "aspetta", "ricomincio",
        ),
    ),
}  # fmt: skip
"""By BCP 47 language."""


def words_of_language(language: str) -> LanguageWords:
    """Return the words of a BCP 47 language; none for an unknown one.

    >>> "um" in words_of_language("en-US").sounds
    True
    """
    return LANGUAGES.get(language.partition("-")[0].lower(), LanguageWords())
