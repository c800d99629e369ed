"""Train a Marian model, or adapt one, from a recipe in YAML."""
