"""Captions of the microphone while somebody speaks; `pip install edgereel[live]`: python live_captions.py"""

import sys

import edge

with edge.StreamInput(sys.argv[1]) if sys.argv[1:] else edge.Microphone() as source:
    for captions in edge.live_captions(source):
        text = " ".join(sentence.text for sentence in captions.sentences)
        print(f"\r{text}", end="\n" if captions.final else "", flush=True)
