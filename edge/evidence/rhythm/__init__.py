"""Rhythm of a recording: tempo, beats and bars."""
