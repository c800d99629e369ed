"""Alignment: which segments of two documents translate each other."""
