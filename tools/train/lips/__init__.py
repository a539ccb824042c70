"""Training of the lip network: clips of faces -> bursts -> networks -> exported model folder."""
