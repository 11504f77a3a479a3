"""Only matrices grow, and all of them by the same factor."""

import torch

from solutions.experiments.first_weights import enlarge
from solutions.transformer import Configuration, Transformer


def test_matrices_grow_and_norms_and_biases_stay():
    configuration = Configuration(vocabulary_size=5, context_length=4, layers=1, width=4, heads=2)
    generator = torch.Generator().manual_seed(0)
    model = Transformer(configuration, causal=True, generator=generator)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    enlarge(model, 3.0)
    for name, parameter in model.named_parameters():
        factor = 3 if before[name].dim() == 2 else 1
        torch.testing.assert_close(parameter.detach(), before[name] * factor)
