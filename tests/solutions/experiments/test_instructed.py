"""The runs of instruction: an examination that stays, and starts that differ by seed."""

import torch

from solutions.experiments import fine_tuned, instructed, instructions


def test_the_examination_is_the_same_every_time_and_keeps_to_its_part(monkeypatch):
    words = {part: [f"{part[0]}{c}" for c in "bcdefghijk"] for part in ("train", "held out")}
    monkeypatch.setattr(instructions, "operands", lambda part: words[part])
    for wording_part, operand_part in instructed.PARTS:
        asked = instructed.examination(wording_part, operand_part)
        assert asked == instructed.examination(wording_part, operand_part)
        assert len(asked) == instructed.EXAMINED
        assert {word for q in asked for word in q.words} <= set(words[operand_part])


def test_every_task_has_as_many_questions_as_every_other():
    tasks = len(instructions.WANTED)
    assert instructed.EXAMINED % tasks == instructed.BATCH % tasks == 0


def test_random_weights_differ_with_the_seed_and_not_without():
    one, same, other = (fine_tuned.start_from("random weights", seed) for seed in (0, 0, 1))
    weights = [model.token_embedding.weight for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert one.training
