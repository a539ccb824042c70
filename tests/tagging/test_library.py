"""A library encodes what is new, touches no other row, and finds the nearest tags."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from edge_kernels.vectors import quantize
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.cache import Cache
from edge.errors import InputError, OutputError, UsageError
from edge.tagging.library import STARTER, Near, TagLibrary, open_library
from edge.tagging.names import folded, read_names
from tests.media.conftest import small_disk  # noqa: F401 - a fixture

Floats = NDArray[np.float32]
SIZE = 64


class Trigrams:
    """Counts of hashed trigrams of characters, and which texts were asked for."""

    def __init__(self, space: str = "trigrams 1", size: int = SIZE) -> None:
        self.space, self.size = space, size
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        self.encoded += texts
        vectors = np.zeros((len(texts), self.size), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for at in range(len(text) + 1):
                vector[zlib.crc32(f" {text} "[at : at + 3].encode()) % self.size] += 1
        norms: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / norms


@pytest.fixture
def encoder() -> Trigrams:
    return Trigrams()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def same(first: TagLibrary, second: TagLibrary) -> bool:
    return (
        (first.names, first.space) == (second.names, second.space)
        and np.array_equal(first.codes, second.codes)
        and np.array_equal(first.scales, second.scales)
    )


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), max_size=12)


# ---- what a library is made of


@given(NAMES)
def test_a_library_is_the_names_once_each_with_the_vectors_of_each_alone(names: list[str]) -> None:
    encoder = Trigrams()
    library = TagLibrary.of(names, encoder)
    assert {folded(" ".join(name.split())) for name in names} == set(map(folded, library.names))
    assert len({folded(name) for name in library.names}) == len(library) == len(encoder.encoded)
    codes, scales = quantize(Trigrams().encode(library.names))
    assert same(library, TagLibrary(library.names, codes, scales, encoder.space))


def test_the_first_spelling_is_kept(encoder: Trigrams) -> None:
    names = ["Ice  Cream\t", "STRASSE", "ice cream", "straße", "Café", "cafe\u0301", "cat"]
    assert TagLibrary.of(names, encoder).names == ("Ice Cream", "STRASSE", "Café", "cat")


@pytest.mark.parametrize("name", ["", " \t\u3000", "a\ud800"])
def test_what_is_no_name_is_refused(encoder: Trigrams, name: str) -> None:
    library = TagLibrary.of(["cat"], encoder)
    uses: tuple[Callable[[], object], ...] = (
        lambda: TagLibrary.of([name], encoder),
        lambda: library.add([name], encoder),
        lambda: library.remove([name]),
        lambda: library.rename("cat", name, encoder),
    )
    for use in uses:
        with pytest.raises(UsageError, match="a tag needs a name"):
            use()


# ---- searching


def test_the_nearest_tags_are_those_of_all_vectors(encoder: Trigrams) -> None:
    library = TagLibrary.of(["swimming", "swimmer", "skiing", "guitar", "swim"], encoder)
    query = encoder.encode(["swimming"])[0]
    found = library.nearest(query, 3)
    exact = encoder.encode(library.names) @ query
    assert [near.tag for near in found] == [library.names[i] for i in np.argsort(-exact)[:3]]
    np.testing.assert_allclose([near.similarity for near in found], np.sort(exact)[::-1][:3], atol=0.01)
    assert found[0] == Near("swimming", found[0].similarity)
    assert len(library.nearest(query, 99)) == 5
    assert TagLibrary.of([], encoder).nearest(query, 3) == ()


def test_a_query_of_another_shape_is_refused(encoder: Trigrams) -> None:
    library = TagLibrary.of(["cat"], encoder)
    for query in (np.ones(63), np.ones((1, 64)), np.full(64, np.nan)):
        with pytest.raises(UsageError, match="a query has 64 finite numbers"):
            library.nearest(query.astype(np.float32), 1)
    with pytest.raises(UsageError, match="at least one tag"):
        library.nearest(np.ones(64, np.float32), 0)


# ---- changing


@settings(deadline=None)
@given(NAMES, NAMES, st.data())
def test_any_change_gives_what_a_new_library_would_be(
    first: list[str], more: list[str], data: st.DataObject
) -> None:
    encoder = Trigrams()
    library = TagLibrary.of(first, encoder)
    before = TagLibrary(library.names, library.codes.copy(), library.scales.copy(), library.space)
    encoder.encoded.clear()
    added = library.add(more, encoder)
    assert same(added, TagLibrary.of([*first, *more], Trigrams()))
    assert tuple(encoder.encoded) == added.names[len(library) :]
    gone = data.draw(st.lists(st.sampled_from(added.names))) if added.names else []
    left = added.remove([name.upper() if folded(name.upper()) == folded(name) else name for name in gone])
    assert same(left, TagLibrary.of([name for name in added.names if name not in gone], Trigrams()))
    assert same(library, before)


def test_renaming_encodes_one_tag_in_its_place(encoder: Trigrams) -> None:
    library = TagLibrary.of(["cat", "dog", "horse"], encoder)
    encoder.encoded.clear()
    renamed = library.rename("DOG", " wild  wolf", encoder)
    assert same(renamed, TagLibrary.of(["cat", "wild wolf", "horse"], Trigrams()))
    assert encoder.encoded == ["wild wolf"]
    assert library.names == ("cat", "dog", "horse")
    assert library.rename("dog", "Dog", encoder).names == ("cat", "Dog", "horse")
    assert library.rename("dog", "dog", encoder) is library
    assert encoder.encoded == ["wild wolf", "Dog"]


def test_impossible_changes_are_refused_in_one_line(encoder: Trigrams) -> None:
    library = TagLibrary.of(["cat", "dog"], encoder)
    changes: list[tuple[Callable[[], object], str]] = [
        (lambda: library.remove(["cat", "cow"]), "cow: is not a tag of the library"),
        (lambda: library.rename("cow", "ox", encoder), "cow: is not a tag of the library"),
        (lambda: library.rename("cat", "Dog", encoder), "Dog: is another tag of the library already"),
        (
            lambda: library.add(["ox"], Trigrams("bert 2")),
            "of the space trigrams 1, the encoder makes bert 2",
        ),
        (lambda: library.rename("cat", "ox", Trigrams("bert 2")), "of the space trigrams 1, the encoder"),
    ]
    for change, message in changes:
        with pytest.raises(UsageError, match=message) as caught:
            change()
        assert "\n" not in str(caught.value)


# ---- stored libraries


@settings(deadline=None)
@given(NAMES)
def test_a_stored_library_is_the_same_again(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    library, file = TagLibrary.of(names, Trigrams()), tmp_path_factory.mktemp("stored") / "mine.safetensors"
    library.save(file)
    assert same(TagLibrary.load(file, library.space), library)
    assert same(open_library(file, Trigrams()), library)


def test_an_existing_file_stays_unless_forced(encoder: Trigrams, tmp_path: Path) -> None:
    file = written(tmp_path / "mine.safetensors", "precious")
    with pytest.raises(OutputError, match="already exists"):
        TagLibrary.of(["cat"], encoder).save(file)
    assert file.read_text() == "precious"
    TagLibrary.of(["cat"], encoder).save(file, force=True)
    assert TagLibrary.load(file, encoder.space).names == ("cat",)


def test_a_library_of_another_space_is_refused_by_both_names(encoder: Trigrams, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    TagLibrary.of(["cat"], encoder).save(file)
    with pytest.raises(
        InputError, match="has vectors of the space trigrams 1, but bert 2 is in use"
    ) as caught:
        open_library(file, Trigrams("bert 2"))
    assert caught.value.path == file


def damage(content: bytes, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    if seed % 3 == 0:
        return content[: rng.integers(len(content))]
    at, noise = rng.integers(min(len(content), 400)), rng.bytes(4)
    return content[:at] + noise + content[at + 4 :]


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_an_error_of_one_line_or_still_a_library(tmp_path: Path, seed: int) -> None:
    encoder, file = Trigrams(size=8), tmp_path / "mine.safetensors"
    TagLibrary.of(["cat", "dog", "ice cream"], encoder).save(file)
    file.write_bytes(damage(file.read_bytes(), seed))
    problem = ""
    try:
        assert TagLibrary.load(file, encoder.space).codes.shape == (3, 8)
    except InputError as error:
        problem = str(error)
    assert "\n" not in problem


@pytest.mark.parametrize("content", [b"", b"not tensors", bytes(100), b"\xff" * 40])
def test_what_is_no_library_is_refused(encoder: Trigrams, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(InputError, match="is not a file of tags"):
        open_library(tmp_path / "x.safetensors", encoder)
    with pytest.raises(InputError, match="cannot be read"):
        open_library(tmp_path / "y.safetensors", encoder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("codes", np.zeros((2, 8), np.int16)),
        ("codes", np.zeros((3, 8), np.int8)),
        ("scales", np.full(2, np.nan, np.float32)),
        ("names", np.frombuffer(b"cat\nCat", np.uint8)),
        ("names", np.frombuffer(b"cat", np.uint8)),
        ("names", np.frombuffer(b"\xff\n\xfe", np.uint8)),
    ],
)
def test_tensors_that_do_not_belong_together_are_refused(
    encoder: Trigrams, tmp_path: Path, name: str, value: NDArray[np.generic]
) -> None:
    tensors = pytest.importorskip("safetensors.numpy")
    good = {
        "codes": np.zeros((2, 8), np.int8),
        "scales": np.ones(2, np.float32),
        "names": np.frombuffer(b"cat\ndog", np.uint8),
    }
    file = tmp_path / "mine.safetensors"
    tensors.save_file(good, file, {"space": encoder.space})
    assert TagLibrary.load(file, encoder.space).names == ("cat", "dog")
    tensors.save_file(good | {name: value}, file, {"space": encoder.space})
    with pytest.raises(InputError, match="is not a file of tags"):
        TagLibrary.load(file, encoder.space)


# ---- text files


def test_a_text_file_has_a_tag_a_line(encoder: Trigrams, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_bytes("\ufeff# animals\r\ncat\r\n\r\n   Ice   cream \r\nc#\nCAT\n  # more\n猫\n".encode())
    assert open_library(file, encoder).names == ("cat", "Ice cream", "c#", "猫")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no tags"),
        (b"# only\n\n  # comments\n", "holds no tags"),
        (b"cat\nd\xe9j\xe0 vu\n", r"is not UTF-8 text \(byte 5\)"),
        ("cat\n".encode("utf-16-le"), "is not text"),
        (None, r"cannot be read \(Is a directory\)"),
    ],
)
def test_a_file_without_tags_is_refused(
    encoder: Trigrams, tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "mine.txt"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_library(file, encoder, cache=Cache(tmp_path / "cache"))
    with pytest.raises(InputError, match=r"cannot be read \(No such file"):
        open_library(tmp_path / "missing.txt", encoder)


def test_only_new_lines_are_encoded(encoder: Trigrams, tmp_path: Path, cache: Cache) -> None:
    file = written(tmp_path / "mine.txt", "cat", "dog", "horse")
    open_library(file, encoder, cache=cache)
    assert encoder.encoded == ["cat", "dog", "horse"]
    assert same(open_library(file, encoder, cache=cache), TagLibrary.of(["cat", "dog", "horse"], Trigrams()))
    written(file, "ox", "horse", "# dog", "Cat", "cow")
    changed = open_library(file, encoder, cache=Cache(cache.root))
    assert encoder.encoded == ["cat", "dog", "horse", "ox", "Cat", "cow"]
    assert same(changed, TagLibrary.of(["ox", "horse", "Cat", "cow"], Trigrams()))
    open_library(file, encoder, cache=cache)
    assert len(encoder.encoded) == 6


def test_spaces_do_not_share_what_is_cached(tmp_path: Path, cache: Cache) -> None:
    file = written(tmp_path / "mine.txt", "cat")
    open_library(file, Trigrams(), cache=cache)
    for other in (Trigrams("trigrams 2"), Trigrams(size=32)):
        assert same(open_library(file, other, cache=cache), TagLibrary.of(["cat"], other))
        assert other.encoded == ["cat", "cat"]


@pytest.mark.parametrize("what", ["truncated", "damaged", "foreign", "of another space", "of another size"])
def test_a_cache_that_is_wrong_costs_only_time(tmp_path: Path, cache: Cache, what: str) -> None:
    file, encoder = written(tmp_path / "mine.txt", "cat", "dog"), Trigrams()
    open_library(file, encoder, cache=cache)
    (entry,) = [path for path in cache.root.glob("*/*") if path.is_file()]
    content = entry.read_bytes()
    key = entry.parent.name + entry.name
    other = Trigrams("other") if what == "of another space" else Trigrams(size=9)
    TagLibrary.of(["cat", "dog"], other).save(tmp_path / "other.safetensors")
    if what == "truncated":
        entry.write_bytes(content[:-10])
    elif what == "damaged":
        entry.write_bytes(content[:100] + b"!" + content[101:])
    else:
        foreign = what == "foreign"
        cache.put(key, b"from elsewhere" if foreign else (tmp_path / "other.safetensors").read_bytes())
    again = Trigrams()
    assert same(open_library(file, again, cache=cache), TagLibrary.of(["cat", "dog"], encoder))
    assert again.encoded == ["cat", "dog"]
    open_library(file, again, cache=cache)
    assert again.encoded == ["cat", "dog"]


def test_a_full_disk_is_no_obstacle(small_disk: Path, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    names = [f"tag {number}" for number in range(2000)]
    file, encoder = written(tmp_path / "mine.txt", *names), Trigrams()
    for _ in range(2):
        assert open_library(file, encoder, cache=Cache(small_disk / "cache")).names == tuple(names)
    assert len(encoder.encoded) == 4000
    with pytest.raises(OutputError, match="no space left"):
        TagLibrary.of(names, encoder).save(small_disk / "mine.safetensors")


def test_progress_ends_with_all(encoder: Trigrams, tmp_path: Path) -> None:
    shares: list[float] = []
    file = written(tmp_path / "mine.txt", *(f"tag {number}" for number in range(150)))
    open_library(file, encoder, progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) > 1
    assert shares[-1] == 1.0


def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['safetensors'] = None; sys.modules['safetensors.numpy'] = None\n"
        "from pathlib import Path; from edge.tagging.library import TagLibrary\n"
        f"TagLibrary.load(Path({str(written(tmp_path / 'x.safetensors', 'x'))!r}), 'any')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=False
    )
    last = result.stderr.splitlines()[-1]
    assert "needs safetensors, which is not installed here; pip install 'edgereel[tags]'" in last


# ---- the library that comes along


def test_the_starter_is_large_plain_and_without_duplicates() -> None:
    lines = STARTER.read_text(encoding="utf-8").splitlines()
    tags = [line for line in lines if line and not line.startswith("#")]
    assert len(tags) >= 2200
    assert read_names(STARTER) == tuple(tags)
    for tag in tags:
        assert tag == tag.lower() == " ".join(tag.split())
        assert 1 <= len(tag.split()) <= 6, tag


def test_the_starter_is_opened_by_default(encoder: Trigrams, cache: Cache) -> None:
    library = open_library(None, encoder, cache=cache)
    assert {"cat", "two people", "close-up", "playing guitar", "drone footage"} <= set(library.names)
    assert library.nearest(encoder.encode(["playing guitar"])[0], 1)[0].tag == "playing guitar"
