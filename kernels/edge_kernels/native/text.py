"""Edit distances of lists of texts, as ids of their code points.

Edit distance: Myers' bit-vectors (JACM 46, 1999) in Hyyro's form for whole distances (2003). One text is the
pattern, and one column of the table of distances is held as its vertical differences, 64 rows to a word: VP
has a bit where a row is one more than the row above, VN where it is one less. A character of the other text
moves all rows of a word on at once, and here four patterns in four lanes: the rows that match each character
lie side by side in a table, `bits[word][character][lane]`. The distance is the length of the text plus the
sum of the differences in its last column.
"""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import DATA, NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import Words, after, lane, load, missing, popcount, spread, store

f32, u64 = np.float32, np.uint64
LANES = Words.count
"""Patterns that a text is compared with at once."""
CODES = np.int64(0x110000)
_ALL, _NONE, _ONE, _LAST = u64(0xFFFFFFFFFFFFFFFF), u64(0), u64(1), u64(63)


@entry
def encode_codepoints(codes, count, table, ids, alphabet):
    """Number code points in the order in which they first occur."""
    if missing(codes, table, ids, alphabet):
        return NULL
    if count < 0:
        return SIZE
    known = np.int32(0)
    for i in range(count):
        code = np.int64(codes[i])
        if code >= CODES:
            return DATA
        if table[code] == 0:
            known += np.int32(1)
            table[code] = known
        ids[i] = table[code] - np.int32(1)
    alphabet[0] = known
    return OK


@part
def consistent(ids, offsets, texts, alphabet):
    """Whether offsets never go back and all ids lie in the alphabet."""
    good = offsets[0] >= 0
    for t in range(texts):
        good = good and offsets[t] <= offsets[t + 1]
    if good:
        for i in range(offsets[0], offsets[texts]):
            good &= np.uint32(ids[i]) < np.uint32(alphabet)
    return good


@inline
def _words(length):
    """Words that hold a bit for each character of a pattern."""
    return (length + 63) >> 6


@part
def _longest(offsets, begin, end):
    """Words of the longest pattern."""
    longest = np.int64(0)
    for t in range(begin, end):
        longest = max(longest, offsets[t + 1] - offsets[t])
    return _words(longest)


@entry
def levenshtein_scratch_size(offsets, texts, alphabet):
    """Bytes: VP, VN and rows of each word, then the bits by character; each for four lanes."""
    if missing(offsets):
        return np.int64(-NULL)
    if texts < 0 or alphabet < 0 or alphabet > CODES:
        return np.int64(-SIZE)
    for t in range(texts):
        if offsets[t] > offsets[t + 1]:
            return np.int64(-DATA)
    return np.int64(8 * LANES * (_longest(offsets, 0, texts) * (3 + alphabet) + 1))


@entry
def levenshtein_window(ids, offsets, texts, alphabet, begin, end, window, out, scratch):
    """Each text against the four before it, which roll through the lanes; then the four before those."""
    if missing(ids, offsets, out, scratch):
        return NULL
    if texts < 0 or alphabet < 0 or alphabet > CODES or not 0 <= begin <= end <= texts or window < 0:
        return SIZE
    if not consistent(ids, offsets, texts, alphabet):
        return DATA
    for i in range((end - begin) * window):
        out[i] = np.int32(-1)
    words = _longest(offsets, begin, end)
    state, rows, bits = scratch, after(scratch, words * 2 * LANES), after(scratch, words * 3 * LANES)
    for i in range(words * LANES * (1 + alphabet)):
        rows[i] = _NONE
    for lag in range(1, window + 1, LANES):
        stop = min(texts, end + lag + LANES - 1)
        for j in range(begin + lag, stop):
            gone, come = j - lag - LANES, j - lag
            if gone >= begin:
                _write(ids, offsets, gone, gone % LANES, alphabet, rows, bits, False)
            if come < end:
                _write(ids, offsets, come, come % LANES, alphabet, rows, bits, True)
            first, last = max(begin, gone + 1), min(end - 1, come)
            words = _longest(offsets, first, last + 1)
            differences = _differences(ids, offsets[j], offsets[j + 1], words, alphabet, state, rows, bits)
            for i in range(first, last + 1):
                if j - i <= window:
                    out[(i - begin) * window + j - i - 1] = _distance(offsets, j, differences, i % LANES)
        for i in range(max(begin, stop - lag - LANES), min(end, stop - lag)):
            _write(ids, offsets, i, i % LANES, alphabet, rows, bits, False)
    return OK


@entry
def levenshtein_all(
    ids, offsets, texts, alphabet, begin, end, other_ids, other_offsets, others, out, scratch
):
    """Four texts at a time against every text of the other list."""
    if missing(ids, offsets, other_ids, other_offsets, out, scratch):
        return NULL
    if texts < 0 or others < 0 or alphabet < 0 or alphabet > CODES or not 0 <= begin <= end <= texts:
        return SIZE
    if not (
        consistent(ids, offsets, texts, alphabet) and consistent(other_ids, other_offsets, others, alphabet)
    ):
        return DATA
    words = _longest(offsets, begin, end)
    state, rows, bits = scratch, after(scratch, words * 2 * LANES), after(scratch, words * 3 * LANES)
    for i in range(words * LANES * (1 + alphabet)):
        rows[i] = _NONE
    for first in range(begin, end, LANES):
        stop = min(first + LANES, end)
        for i in range(first, stop):
            _write(ids, offsets, i, i - first, alphabet, rows, bits, True)
        words = _longest(offsets, first, stop)
        for j in range(others):
            differences = _differences(
                other_ids, other_offsets[j], other_offsets[j + 1], words, alphabet, state, rows, bits
            )
            for i in range(first, stop):
                out[(i - begin) * others + j] = _distance(other_offsets, j, differences, i - first)
        for i in range(first, stop):
            _write(ids, offsets, i, i - first, alphabet, rows, bits, False)
    return OK


@part
def _write(ids, offsets, text, into, alphabet, rows, bits, present):
    """Put a pattern into lane `into` or take it out: its bits by character, and the rows of its words."""
    first, length = offsets[text], offsets[text + 1] - offsets[text]
    for k in range(length):
        word, bit = k >> 6, _ONE << u64(k & 63)
        at = (word * alphabet + np.int64(ids[first + k])) * LANES + into
        bits[at] = bits[at] | bit if present else _NONE
        rows[word * LANES + into] = rows[word * LANES + into] | bit if present else _NONE


@inline
def _distance(offsets, text, differences, of):
    """The length of a text plus the sum of the differences in lane `of`."""
    return np.int32(offsets[text + 1] - offsets[text] + np.int64(lane(differences, of)))


@inline
def _next(x, vp, vn, up, down):
    """A word after one character: VP, VN, and the differences out of its last row.

    `x` has the rows that match the character; `up` and `down` come from the word above.
    """
    x = x | down
    d0 = (((x & vp) + vp) ^ vp) | x | vn
    hp, hn = vn | ~(d0 | vp), d0 & vp
    shifted_p, shifted_n = (hp << _ONE) | up, (hn << _ONE) | down
    return shifted_n | ~(d0 | shifted_p), shifted_p & d0, hp >> _LAST, hn >> _LAST


@inline
def _sum(vp, vn, rows):
    return popcount(vp & rows) - popcount(vn & rows)


@part
def _differences(ids, start, stop, words, alphabet, state, rows, bits):
    """Sums of the last column's differences, of the four patterns in the lanes and one text."""
    vp, vn, one, none = spread(_ALL), spread(_NONE), spread(_ONE), spread(_NONE)
    if words == 0:
        return none
    if words == 1:
        for j in range(start, stop):
            vp, vn, _, _ = _next(load(bits, np.int64(ids[j]) * LANES), vp, vn, one, none)
        return _sum(vp, vn, load(rows, 0))
    second = alphabet * LANES
    if words == 2:
        vp2, vn2 = vp, vn
        for j in range(start, stop):
            at = np.int64(ids[j]) * LANES
            vp, vn, up, down = _next(load(bits, at), vp, vn, one, none)
            vp2, vn2, _, _ = _next(load(bits, second + at), vp2, vn2, up, down)
        return _sum(vp, vn, load(rows, 0)) + _sum(vp2, vn2, load(rows, LANES))
    for word in range(words):
        store(state, word * 2 * LANES, vp)
        store(state, word * 2 * LANES + LANES, vn)
    for j in range(start, stop):
        at = np.int64(ids[j]) * LANES
        up, down = one, none
        for word in range(words):
            into = word * 2 * LANES
            vp, vn = load(state, into), load(state, into + LANES)
            vp, vn, up, down = _next(load(bits, word * second + at), vp, vn, up, down)
            store(state, into, vp)
            store(state, into + LANES, vn)
    total = none
    for word in range(words):
        vp, vn = load(state, word * 2 * LANES), load(state, word * 2 * LANES + LANES)
        total = total + _sum(vp, vn, load(rows, word * LANES))
    return total
