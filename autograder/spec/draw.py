"""Random inputs of an exercise, always the same for a seed."""

from typing import TypeVar

import torch
from torch import Tensor

Item = TypeVar("Item")


class Draw:
    """Random inputs, always the same for a seed.

    Sizes drawn together are unequal, so that no dimension can stand in for another.
    """

    def __init__(self, seed: int) -> None:
        """Seed everything that follows."""
        self.generator = torch.Generator().manual_seed(seed)

    def integer(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def sizes(self, count: int, low: int = 2, high: int = 7) -> list[int]:
        """Return `count` unequal integers from `low` to `high`, both included."""
        if count > high - low + 1:
            raise ValueError(f"there are no {count} unequal integers from {low} to {high}")
        order = torch.randperm(high - low + 1, generator=self.generator)[:count]
        return (order + low).tolist()

    def choice(self, *items: Item) -> Item:
        """Return one of the items."""
        return items[self.integer(0, len(items) - 1)]

    def normal(
        self, *shape: int, mean: float = 0.0, scale: float = 1.0, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Return independent normal numbers."""
        numbers = torch.randn(shape, generator=self.generator, dtype=torch.float64)
        return (mean + scale * numbers).to(dtype)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Return integers from `low` to `high`, both included, as int64."""
        return torch.randint(low, high + 1, shape, generator=self.generator)

    def mask(self, *shape: int) -> Tensor:
        """Return a bool tensor with at least one True and, in longer rows, one False in each row.

        No row mirrors another rule (causal, padding): every entry is a coin.
        """
        coins = torch.rand(shape, generator=self.generator) < 0.5
        order = torch.rand(shape, generator=self.generator).argsort(-1)
        coins[order == 0] = True
        coins[order == 1] = False
        return coins

    def scattered(self, tensor: Tensor) -> Tensor:
        """Return an equal tensor that lies in memory in the reverse order of dimensions."""
        return (
            tensor.permute(*reversed(range(tensor.ndim)))
            .contiguous()
            .permute(*reversed(range(tensor.ndim)))
        )
