"""Documents: read, normalised, and split into segments."""
