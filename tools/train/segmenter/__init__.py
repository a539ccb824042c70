"""Training of the segmenter: corpus -> composed scenes -> network -> fusion -> exported model folder."""
