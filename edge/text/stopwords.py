"""Words that say nothing about a topic, by language. A language without an entry has none."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "en": (
        "a about after again all also always am an and any anything are around as at back be because "
        "been before being but by came can come could did didn do does doesn doing don done down each "
        "even ever every everything few first for from get gets getting give go goes going gone gonna "
        "good got had has have having he hello her here him his how i if in into is isn it its just "
        "kind know last let like little ll look looking lot made make many may maybe me mean might more "
        "most much must my need never new next no not nothing now of off oh ok okay on one only or "
        "other our out over own people put quite re really right said same saw say see shall she should "
        "so some something sort still such sure take than thank thanks that the their them then there "
        "these they thing things think this those three through time to today too two uh um under until "
        "up us use ve very want wanted wants was way we well went were what when where which while who "
        "why will with would yeah yes yet you your"
    ),
    "de": (
        "aber alle als also am an auch auf aus bei bin bis bist da dann das dass dein dem den denn der "
        "des die doch du durch ein eine einem einen einer eines er es etwas für gibt haben hat habe "
        "hatte hier ich ihm ihn ihr im in ist ja jetzt kann kein können man mal mehr mein mich mir mit "
        "nach nicht noch nun nur ob oder schon sehr sein sich sie sind so über um und uns unser viel "
        "vom von vor war was weil wenn wer werden wie wieder wir wird wo würde zu zum zur"
    ),
    "fr": (
        "à au aussi aux avec bien ce ces cet cette comme dans de des donc du elle elles en est et été "
        "être eu faire fait il ils je la le les leur lui ma mais me même mes moi mon ne nos notre nous "
        "on ont ou où par pas plus pour qu que qui sa se ses si son sont sur ta te tes toi tous tout "
        "très tu un une va vos votre vous y"
    ),
    "es": (
        "a al así bien como con cuando de del desde donde dos e el ella ellos en era es esa ese eso "
        "esta este esto está están fue ha hacer han hasta hay la las le les lo los más me mi mucho muy "
        "nada ni no nos nosotros o otra otro para pero por porque pues que qué se ser si sí sin sobre "
        "son su sus también te tiene todo todos tu tú un una uno unos ya yo"
    ),
    "it": (
        "a ad al alla anche ancora che chi ci come con cosa così da dal dei del della delle di dove e è "
        "era essere fare fatto gli ha hanno ho i il in io la le lei lo loro lui ma me mi mio molto nel "
        "nella non noi o ogni per perché più poi quando quella quello questa questo se sei si sia siamo "
        "sono su sua suo tutti tutto un una uno va vi voi"
    ),
    "pt": (
        "a ao aos as com como da das de dela dele do dos e é ela ele eles em era essa esse está eu foi "
        "há isso isto já la lá mais mas me mesmo meu minha muito na não nas no nos nós o os ou para "
        "pela pelo por porque que quem se sem ser seu só são sua também te tem tudo um uma você vocês"
    ),
}

_CHARACTERS: Final = {
    "zh": (
        "的了是在我你他她它们这那有和就不也都还要会能可说去来到着过吗呢吧啊嗯呃个一上下里"
        "很好没把被让给对从而但如果因为所以与或么什怎样时候大小多少人现想看做得地"
    ),
    "ja": (
        "のはがをにへとでもかねよなだたてしいすまるれらりくきこそあおうんっさけどえちつや"
        "ばみ一人時事私何今言思"
    ),
}

STOP_WORDS: Final = {
    **{language: frozenset(words.split()) for language, words in _WORDS.items()},
    **{language: frozenset(characters) for language, characters in _CHARACTERS.items()},
}
"""Stop words in lower case by language (ISO 639-1); of Chinese and Japanese, characters."""
