"""What the exercises accept: one module for each module of `solutions`."""
