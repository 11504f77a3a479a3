"""Why mutants of more than one reference may pass."""

ON_THE_CPU = "all tensors are on the CPU here"

EQUAL_ANGLES = {
    "torch.arange(0, width, 2, device=positions.device).to(dtype)"
    " -> torch.arange(0, width, 2, device=positions.device)": "an integer tensor divided by an "
    "integer is float32, and its rounding is far below the tolerance",
    "torch.arange(0, width, 2, device=positions.device) -> torch.arange(0, width, 2)": ON_THE_CPU,
    "positions[..., None].to(dtype) -> positions[..., None]": "integers times floating point "
    "numbers are floating point numbers",
}
