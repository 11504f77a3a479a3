"""The parts of a language model, each a small function: what the chapters explain.

One module per chapter, and a few that several chapters share. Importing `solutions` builds no
model and reads no data.
"""
