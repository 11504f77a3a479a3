"""What the chapters train and measure; each module of a training can be run.

`python -m solutions.experiments.grokking` trains anew, and so does `make train grokking`.
"""
