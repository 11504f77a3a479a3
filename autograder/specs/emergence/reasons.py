"""Why mutants of more than one reference may pass."""

EQUALLY_LONG = "both are equally long, here as the contract has it"
