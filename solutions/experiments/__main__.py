"""`python -m solutions.experiments [NAME ...]`: train anew, all or the named ones."""

import sys

from solutions.experiments.anew import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
