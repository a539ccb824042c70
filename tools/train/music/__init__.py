"""Train the composer: a compound-word transformer of melodies and decorations over chords."""
