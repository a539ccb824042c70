"""Corrupt files, requests and arguments at random, and see what becomes of each."""
