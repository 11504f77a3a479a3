"""What `embeddings.splice_image` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import embeddings as reference


def spliced(draw: Draw, batch: int, places: str = "any") -> tuple:
    """Return arguments in which each row has its placeholder at another place."""
    length, patches, width = draw.sizes(3, 3, 8)
    placeholder = draw.integer(5, 9)
    tokens = draw.integers(0, 99, batch, length)
    tokens[tokens == placeholder] = 0
    for row in range(batch):
        place = {"first": 0, "last": length - 1}.get(places, draw.integer(0, length - 1))
        tokens[row, place] = placeholder
    return (
        draw.normal(batch, length, width),
        tokens,
        draw.normal(batch, patches, width),
        placeholder,
    )


def one_text(draw: Draw) -> list[Call]:
    words = torch.tensor([[[1.0], [2.0], [3.0]]])
    image = torch.tensor([[[10.0], [20.0]]])
    return [
        Call((words, torch.tensor([[4, 9, 5]]), image, 9), tries="an image in the middle"),
        Call(spliced(draw, 1, "first"), tries="an image at the start"),
        Call(spliced(draw, 1, "last"), tries="an image at the end"),
        Call((words, torch.tensor([[4, 0, 5]]), image[:, :1], 0), tries="placeholder 0, one patch"),
    ]


def several_texts(draw: Draw) -> list[Call]:
    batch = draw.integer(3, 5)
    embeddings, tokens, image, placeholder = spliced(draw, batch)
    tokens[tokens == placeholder] = 0
    tokens[torch.arange(batch), torch.arange(batch) % tokens.shape[1]] = placeholder
    doubled = (embeddings.double(), tokens, image.double(), placeholder)
    return [
        Call((embeddings, tokens, image, placeholder), tries="placeholders at different places"),
        Call(spliced(draw, batch), tries="random places"),
        Call(
            (draw.scattered(embeddings), tokens, draw.scattered(image), placeholder),
            tries="scattered in memory",
        ),
        Call(doubled, tries="float64"),
        Call(
            (embeddings[:1, :1], tokens[:1, :1] * 0 + placeholder, image[:1], placeholder),
            tries="a text that is nothing but a placeholder",
        ),
    ]


def no_single_placeholder(draw: Draw) -> list[Call]:
    embeddings, tokens, image, placeholder = spliced(draw, 3)
    none, two = tokens.clone(), tokens.clone()
    none[1] = 0
    two[2] = 0
    two[2, 0] = two[2, -1] = placeholder
    uneven = two.clone()
    uneven[0] = 0
    return [
        Call((embeddings, none, image, placeholder), tries="a text without a placeholder"),
        Call((embeddings, tokens, image, placeholder), tries="texts as they should be"),
        Call((embeddings, two, image, placeholder), tries="a text with two placeholders"),
        Call((embeddings, uneven, image, placeholder), tries="one text with two, one with none"),
    ]


splice_image = Exercise(
    "embeddings.splice_image",
    parts=[
        Part("one text", 1, one_text, Same(), public=True),
        Part("several texts", 1, several_texts, Same()),
        Part("no single placeholder", 1, no_single_placeholder, Same()),
    ],
)


def once_in_each(tokens, placeholder):
    """Return the places of the placeholders, refusing what the contract refuses."""
    if ((tokens == placeholder).sum(1) != 1).any():
        raise ValueError("not exactly one placeholder")
    return (tokens == placeholder).int().argmax(1).tolist()


def spliced_rows(token_embeddings, tokens, image_embeddings, placeholder, join):
    """Join the parts of each row as `join` has it."""
    places = once_in_each(tokens, placeholder)
    rows = [
        join(words, image, place)
        for words, image, place in zip(token_embeddings, image_embeddings, places, strict=True)
    ]
    return torch.stack(rows)


@splice_image.misconception(
    "The placeholder's own embedding is still there; the patches come in its place."
)
def splice_keeps_placeholder(token_embeddings, tokens, image_embeddings, placeholder):
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat([words[: place + 1], image, words[place + 1 :]]),
    )


@splice_image.misconception(
    "The image stands at the start of the text, wherever the placeholder is."
)
def splice_at_the_start(token_embeddings, tokens, image_embeddings, placeholder):
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat([image, words[:place], words[place + 1 :]]),
    )


@splice_image.misconception(
    "The patches overwrite the tokens after the placeholder; these have to move back."
)
def splice_overwrites(token_embeddings, tokens, image_embeddings, placeholder):
    patches = image_embeddings.shape[1]
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat([words[:place], image, words[place + patches :]])[
            : len(words)
        ],
    )


@splice_image.misconception(
    "All rows use the place of the first row's placeholder; each row has its own."
)
def splice_at_one_place(token_embeddings, tokens, image_embeddings, placeholder):
    place = once_in_each(tokens, placeholder)[0]
    before, after = token_embeddings[:, :place], token_embeddings[:, place + 1 :]
    return torch.cat([before, image_embeddings, after], dim=1)


@splice_image.misconception("All rows get the image of the first row; row i gets image i.")
def splice_one_image(token_embeddings, tokens, image_embeddings, placeholder):
    first = image_embeddings[:1].expand_as(image_embeddings)
    return reference.splice_image(token_embeddings, tokens, first, placeholder)


@splice_image.misconception(
    "The patches are averaged into one vector; every patch gets a place of its own."
)
def splice_averages(token_embeddings, tokens, image_embeddings, placeholder):
    mean = image_embeddings.mean(1, keepdim=True)
    return reference.splice_image(token_embeddings, tokens, mean, placeholder)


@splice_image.misconception("The token before the image is missing.")
def splice_loses_a_token(token_embeddings, tokens, image_embeddings, placeholder):
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat(
            [words[: max(place - 1, 0)], image, words[place + 1 :]]
        ),
    )


@splice_image.misconception(
    "A text without exactly one placeholder is accepted; it has to raise a ValueError."
)
def splice_unchecked(token_embeddings, tokens, image_embeddings, placeholder):
    places = (tokens == placeholder).int().argmax(1).tolist()
    rows = [
        torch.cat([words[:place], image, words[place + 1 :]])
        for words, image, place in zip(token_embeddings, image_embeddings, places, strict=True)
    ]
    return torch.stack(rows)


@splice_image.misconception(
    "The placeholders of the whole batch are counted; each row must hold exactly one."
)
def splice_counts_the_batch(token_embeddings, tokens, image_embeddings, placeholder):
    if (tokens == placeholder).sum() != len(tokens):
        raise ValueError("not one placeholder for each text")
    return splice_unchecked(token_embeddings, tokens, image_embeddings, placeholder)


@splice_image.alternative
def splice_by_gathering(token_embeddings, tokens, image_embeddings, placeholder):
    once_in_each(tokens, placeholder)
    place = (tokens == placeholder).nonzero()[:, 1:]  # (batch, 1)
    length, patches = tokens.shape[1], image_embeddings.shape[1]
    position = torch.arange(length - 1 + patches)[None]
    both = torch.cat([token_embeddings, image_embeddings], dim=1)
    source = torch.where(position < place, position, position - patches + 1)
    inside = (position >= place) & (position < place + patches)
    source = torch.where(inside, length + position - place, source)
    return both.gather(1, source[..., None].expand(-1, -1, both.shape[-1]))


@splice_image.alternative
def splice_by_masks(token_embeddings, tokens, image_embeddings, placeholder):
    once_in_each(tokens, placeholder)
    rows = []
    for words, ids, image in zip(token_embeddings, tokens, image_embeddings, strict=True):
        seen = (ids == placeholder).cumsum(0)
        before, after = words[seen == 0], words[(seen == 1) & (ids != placeholder)]
        rows.append(torch.cat([before, image, after], dim=0))
    return torch.stack(rows)


@splice_image.alternative
def splice_by_loops(token_embeddings, tokens, image_embeddings, placeholder):
    result = []
    for row, ids in enumerate(tokens.tolist()):
        if ids.count(placeholder) != 1:
            raise ValueError("not exactly one placeholder")
        parts = []
        for place, token in enumerate(ids):
            if token == placeholder:
                parts.extend(image_embeddings[row])
            else:
                parts.append(token_embeddings[row, place])
        result.append(torch.stack(parts))
    return torch.stack(result)
