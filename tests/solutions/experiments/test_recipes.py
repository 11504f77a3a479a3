"""The trials of the recipe: each takes away one thing."""

import math
from dataclasses import asdict

from solutions.experiments.recipes import VARIANTS, WHOLE


def test_each_variant_differs_from_the_whole_recipe_in_one_thing():
    assert VARIANTS["the whole recipe"] == WHOLE
    for name, variant in VARIANTS.items():
        changed = {key for key, value in asdict(variant).items() if asdict(WHOLE)[key] != value}
        assert len(changed) == (name != "the whole recipe")
    assert VARIANTS["no warm-up"].warmup_steps == 0
    assert math.isinf(VARIANTS["no clipping"].maximum_norm)
    constant = VARIANTS["no cosine: constant rate"]
    assert constant.floor == constant.peak
