"""The parts of a language model, each a small function: what the chapters explain.

One module for each notebook of exercises, and `transformer`, the model they add up to. Beside them
`experiments`, what the chapters train and measure, and `materials`, what that is made of. Importing
`solutions` builds no model and reads no data.
"""
