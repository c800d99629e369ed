"""Marian models found, loaded and run: one translation per segment, in order."""
