"""Problems are written and divided as they say, and a model's digits are judged one by one."""

import torch

from solutions.experiments import addition
from solutions.transformer import Transformer, generate


def test_a_problem_is_written_with_all_its_zeros():
    written = addition.write_problems(torch.tensor([42, 999]), torch.tensor([917, 999]))
    assert [addition.to_text(row) for row in written] == ["042+917=0959", "999+999=1998"]


def test_every_pair_stands_in_one_table():
    training, test = addition.problems()
    assert len(test) == addition.TEST_PROBLEMS
    powers = 10 ** torch.arange(2, -1, -1)
    pairs = [(t[:, :3] @ powers) * 1_000 + t[:, 4:7] @ powers for t in (training, test)]
    assert torch.equal(torch.cat(pairs).sort().values, torch.arange(1_000_000))
    sums = test[:, 8:] @ (10 ** torch.arange(3, -1, -1))
    assert torch.equal(sums, test[:, :3] @ powers + test[:, 4:7] @ powers)


def test_all_digits_are_right_exactly_when_the_model_would_write_the_sum():
    generator = torch.Generator().manual_seed(0)
    model = Transformer(addition.configuration(8), causal=True, generator=generator).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(30)
    _, test = addition.problems()
    question = test[:300, : -addition.ANSWER]
    written = generate(model, question, addition.ANSWER, temperature=0)
    # half of the problems get the sum that the model writes, so that some are right
    problems = torch.cat([written[:150], test[150:300]])
    predicted = addition.digit_logits(model, problems).argmax(dim=-1)
    right = predicted == problems[:, -addition.ANSWER :]
    assert torch.equal(right.all(dim=1), (written == problems).all(dim=1))
    assert right[:150].all()


def test_a_digits_loss_is_the_mean_surprise_at_that_digit():
    logits = torch.randn(3, 2, 5, generator=torch.Generator().manual_seed(0))
    right = torch.tensor([[0, 4], [1, 1], [3, 2]])
    probabilities = logits.softmax(dim=-1)
    for digit in range(2):
        surprises = [-probabilities[i, digit, right[i, digit]].log() for i in range(3)]
        expected = sum(surprises) / 3
        torch.testing.assert_close(addition.digit_losses(logits, right)[digit], expected)
