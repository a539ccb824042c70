"""Times formatted for people."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Format a time as minutes and seconds, to a tenth of a second.

    >>> clock(723.42), clock(3723.4)
    ('12:03.4', '1:02:03.4')
    """
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{tenths // 10:02}.{tenths % 10}"


def vtt_clock(ms: int) -> str:
    """Format milliseconds as WebVTT has them.

    >>> vtt_clock(3_723_004)
    '01:02:03.004'
    """
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def whole_clock(seconds: int) -> str:
    """Format whole seconds as minutes and seconds, as lists of chapters have them.

    >>> whole_clock(61), whole_clock(3723)
    ('1:01', '1:02:03')
    """
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
