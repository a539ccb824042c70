"""Training of the fusion: scenes of audio and faces -> an LSTM -> exported model folder."""
