"""Phrases composed of common words as tags and titles are, and the words misspelled and in the plural."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tools.train.wordnet import Dictionary

LETTERS = "abcdefghijklmnopqrstuvwxyz"

TITLES = (
    "My {noun} - part {number}", "The {adjective} {noun}", "How to {verb} a {noun}", "A day at the {noun}",
    "{Noun} and {noun}", "{noun}_{noun}_{year}", "{noun}-{number}", "Trip to the {adjective} {noun} {year}",
    "{Doing} in the {noun}", "{noun} {year} {number} final", "Best {nouns} of {year}", "Why {nouns} {verb}",
    "{Adjective} {noun} {doing}", "Our {adjective} {nouns}", "{noun} vs {noun}", "IMG_{number}_{noun}",
    "Learning to {verb} with a {noun}", "{Noun} review: {adjective} or {adjective}?", "I {verb} my {noun}",
    "{noun} {noun} live {year}", "{Nouns} {doing} near the {noun}", "What is a {noun}?",
    "The {noun} of the {adjective} {noun}", "{number} {adjective} {nouns}", "{noun} - {adjective} {noun}",
)  # fmt: skip
"""Titles and names of files."""

TAGS = (
    "{doing} {noun}", "{doing} {nouns}", "{adjective} {noun}", "{adjective} {nouns}", "{noun} {noun}",
    "{noun} in {noun}", "{noun} on {noun}", "{noun} with {noun}", "{noun} of {noun}", "{noun} {doing}",
    "{adjective} {noun} {doing}", "{doing} a {noun}", "{doing} in the {noun}", "{nouns} and {nouns}",
    "{noun}, {noun}", "{noun}, {doing}, {adjective}", "{noun}, {noun}, {noun}", "{noun}; {adjective} {noun}",
    "{noun}, {noun}, {doing}, {noun}", "{adjective} {adjective} {noun}", "person {doing} {noun}",
    "{noun} at night", "man {doing}", "woman with {noun}", "people {doing} {nouns}", "a {noun}", "no {noun}",
)  # fmt: skip
"""Tags, and lists of them."""


MODERN = (
    "selfie", "vlog", "vlogger", "podcast", "timelapse", "time lapse", "slow motion", "slow mo",
    "gopro", "drone", "drone footage", "dashcam", "webcam", "screencast", "livestream", "streamer",
    "gameplay", "let's play", "walkthrough", "speedrun", "esports", "unboxing", "haul", "how-to",
    "tutorial", "diy", "life hack", "review", "reaction video", "trailer", "teaser", "blooper",
    "outtake", "making of", "behind the scenes", "b-roll", "voiceover", "subtitle", "green screen",
    "close-up", "asmr", "karaoke", "cover song", "remix", "mashup", "playlist", "soundtrack", "beatbox",
    "hip hop", "techno", "edm", "k-pop", "dj set", "music video", "lip sync", "flash mob", "cosplay",
    "anime", "manga", "emoji", "meme", "gif", "prank", "challenge", "parkour", "zumba", "pilates",
    "yoga", "crossfit", "workout", "snowboarding", "skateboarding", "wakeboarding", "kitesurfing",
    "paragliding", "bungee jumping", "mountain biking", "motocross", "drifting", "road trip",
    "backpacking", "airbnb", "camper van", "street food", "mukbang", "meal prep", "smoothie", "sushi",
    "vegan", "gluten-free", "smartphone", "tablet", "laptop", "smartwatch", "app", "wifi", "bluetooth",
    "youtube", "video call", "home office", "chatbot", "robot vacuum", "electric car", "e-bike",
    "scooter", "rescue dog", "goldendoodle", "labradoodle", "cat video", "funny cats", "baby shower",
    "gender reveal", "first steps", "prom", "graduation", "bachelorette party", "wedding dance",
    "first dance", "halloween costume", "trick or treating", "new year's eve", "birthday party",
    "family reunion", "day in the life", "get ready with me", "outfit of the day", "makeup tutorial",
    "hairstyle", "tattoo", "nail art", "home tour", "interview", "keynote", "q&a", "webinar", "demo",
    "showreel",
)  # fmt: skip
"""Words of videos and their titles that are younger than the dictionary, or too plain for it."""

RARE = 0.1
"""Share of phrases with capitals, and of nouns that are `MODERN`."""

OTHER = 0.3
"""Share of nouns that are not of the dictionary: names, and what only frequent words of the web are."""


class Composer:
    """Draws phrases, always the same ones for the same `seed`; `frequent` are words of any kind, as nouns."""

    def __init__(self, words: Dictionary, frequent: Sequence[str], seed: int) -> None:
        self._words, self._chance = words, np.random.default_rng(seed)
        self._frequent = frequent
        self._fill: dict[str, Callable[[], str]] = {
            "noun": self._noun,
            "nouns": lambda: plural(self._pick("noun"), words),
            "adjective": lambda: self._pick("adj"),
            "verb": lambda: self._pick("verb"),
            "doing": lambda: participle(self._pick("verb"), words),
            "number": lambda: str(self._chance.integers(1, 30)),
            "year": lambda: str(self._chance.integers(1995, 2027)),
        }

    def phrase(self) -> tuple[str, str]:
        """A phrase and the last word that was drawn for it: two tags for each title."""
        forms = TITLES if self._chance.random() < 1 / 3 else TAGS
        head = ""

        def fill(found: re.Match[str]) -> str:
            nonlocal head
            name = found[1]
            word = self._fill[name.lower()]()
            head = head if word.isdigit() else word
            return word.capitalize() if name[0].isupper() else word

        text = re.sub(r"\{(\w+)\}", fill, forms[self._chance.integers(len(forms))])
        return (text.title() if self._chance.random() < RARE else text), head

    def misspelled(self, word: str) -> str:
        """`word` with a letter left out, doubled, exchanged or swapped with the next."""
        at, kind = int(self._chance.integers(1, len(word) - 1)), self._chance.integers(4)
        before, letter, after = word[:at], word[at], word[at + 1 :]
        other = LETTERS[self._chance.integers(len(LETTERS))]
        return before + ("", letter * 2, other, after[:1] + letter)[kind] + after[1 if kind == 3 else 0 :]

    def _noun(self) -> str:
        share = self._chance.random()
        if share < RARE:
            return MODERN[self._chance.integers(len(MODERN))]
        if share < OTHER and self._frequent:
            return self._frequent[int(self._chance.integers(len(self._frequent)))]
        return self._pick("noun")

    def _pick(self, kind: str) -> str:
        words = self._words.common[kind]
        return words[self._chance.integers(len(words))]


def variants(words: Dictionary, composer: Composer) -> Iterator[tuple[str, str]]:
    """Plurals, participles, and one misspelling of each longer common word, each with the word itself."""
    for word in words.common["noun"]:
        yield plural(word, words), word
    for word in words.common["verb"]:
        yield participle(word, words), word
    for word in words.common["noun"] + words.common["adj"]:
        if len(word) > 4:  # of shorter ones too little is left
            yield composer.misspelled(word), word


def plural(noun: str, words: Dictionary) -> str:
    """Plural of a noun."""
    if forms := words.irregular["noun"].get(noun):
        return forms[0]
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


def participle(verb: str, words: Dictionary) -> str:
    """Present participle of a verb."""
    for form in words.irregular["verb"].get(verb, ()):
        if form.endswith("ing"):
            return form
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    return f"{verb[:-1]}ing" if re.search(r"[^eoy]e$", verb) else f"{verb}ing"
