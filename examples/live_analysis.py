"""Everything about the microphone while it records; `pip install edgereel[captions,live]`"""

import sys

import edge

with edge.StreamInput(sys.argv[1]) if sys.argv[1:] else edge.Microphone() as source:
    for event in edge.live_analysis(source):
        match event:
            case edge.LiveLabel(is_new=True):
                print(f"{event.start:7.1f} s: {event.label}")
            case edge.LiveCaptions(final=True):
                print(" ".join(sentence.text for sentence in event.sentences))
            case edge.Song():
                print(f"a song of {event.seconds:.0f} s, from {event.start:.1f} to {event.end:.1f} s")
            case edge.LiveDrop():
                print(f"{event.dropped_s:.1f} s were lost: this device is too slow")
