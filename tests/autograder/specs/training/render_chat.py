"""Further solutions to `training.render_chat`, right and wrong."""

from solutions import training as reference

DEFAULT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def right__pieces(messages, add_generation_prompt=False):
    pieces = []
    if messages[0]["role"] != "system":
        pieces += ["<|im_start|>", "system", "\n", DEFAULT, "<|im_end|>", "\n"]
    for m in messages:
        pieces += ["<|im_start|>", m["role"], "\n", m["content"], "<|im_end|>", "\n"]
    if add_generation_prompt:
        pieces += ["<|im_start|>", "assistant", "\n"]
    return "".join(pieces)


def right__format_and_copy(messages, add_generation_prompt=False):
    copy = [dict(message) for message in messages]
    if copy[0]["role"] != "system":
        copy.insert(0, {"content": DEFAULT, "role": "system"})
    text = ""
    for message in copy:
        text += "<|im_start|>{role}\n{content}<|im_end|>\n".format(**message)
    return text + "<|im_start|>assistant\n" if add_generation_prompt else text


def right__percent(messages, add_generation_prompt=False):
    pattern = "<|im_start|>%s\n%s<|im_end|>\n"
    text = "".join([pattern % (m["role"], m["content"]) for m in messages])
    if not text.startswith("<|im_start|>system\n"):
        text = pattern % ("system", DEFAULT) + text
    return text + ["", "<|im_start|>assistant\n"][bool(add_generation_prompt)]


def right__recursion(messages, add_generation_prompt=False):
    def written(rest):
        if not rest:
            return "<|im_start|>assistant\n" * add_generation_prompt
        return "<|im_start|>{role}\n{content}<|im_end|>\n".format(**rest[0]) + written(rest[1:])

    first = [] if messages[0]["role"] == "system" else [{"role": "system", "content": DEFAULT}]
    return written([*first, *messages])


def wrong__end_of_text(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).replace(
        "<|im_end|>", "<|endoftext|>"
    )


def wrong__default_of_chatgpt(messages, add_generation_prompt=False):
    text = reference.render_chat(messages, add_generation_prompt)
    return text.replace(DEFAULT, "You are a helpful assistant.")


def wrong__default_with_a_full_stop(messages, add_generation_prompt=False):
    text = reference.render_chat(messages, add_generation_prompt)
    return text.replace(DEFAULT, DEFAULT + ".")


def wrong__roles_in_capitals(messages, add_generation_prompt=False):
    messages = [{**m, "role": m["role"].capitalize()} for m in messages]
    return reference.render_chat(messages, add_generation_prompt)


def wrong__trailing_newline_lost(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).rstrip("\n")


def wrong__prompt_only_after_the_user(messages, add_generation_prompt=False):
    ask = add_generation_prompt and messages[-1]["role"] == "user"
    return reference.render_chat(messages, ask)


def wrong__prompt_in_front(messages, add_generation_prompt=False):
    text = reference.render_chat(messages)
    return ("<|im_start|>assistant\n" if add_generation_prompt else "") + text


def wrong__prompt_for_the_user(messages, add_generation_prompt=False):
    text = reference.render_chat(messages)
    return text + ("<|im_start|>user\n" if add_generation_prompt else "")


def wrong__strips_the_left_only(messages, add_generation_prompt=False):
    messages = [{**m, "content": m["content"].lstrip()} for m in messages]
    return reference.render_chat(messages, add_generation_prompt)


def wrong__strips_the_right_only(messages, add_generation_prompt=False):
    messages = [{**m, "content": m["content"].rstrip()} for m in messages]
    return reference.render_chat(messages, add_generation_prompt)


def wrong__system_moved_to_the_front(messages, add_generation_prompt=False):
    messages = sorted(messages, key=lambda m: m["role"] != "system")
    return reference.render_chat(messages, add_generation_prompt)


def wrong__default_at_the_end(messages, add_generation_prompt=False):
    default = {"role": "system", "content": DEFAULT}
    if messages[0]["role"] != "system":
        return reference.render_chat(
            [{"role": "system", "content": ""}, *messages, default], add_generation_prompt
        )
    return reference.render_chat(messages, add_generation_prompt)


def wrong__last_message_only(messages, add_generation_prompt=False):
    return reference.render_chat(messages[-1:], add_generation_prompt)


def wrong__skips_empty_contents(messages, add_generation_prompt=False):
    kept = [m for m in messages if m["content"]]
    return reference.render_chat(kept, add_generation_prompt)


def wrong__escapes_newlines(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).replace("\n", "\\n")


def wrong__llama_format(messages, add_generation_prompt=False):
    text = "".join(f"[INST] {m['content']} [/INST]" for m in messages)
    return text


def wrong__bytes(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).encode()


def wrong__default_for_an_empty_system_message(messages, add_generation_prompt=False):
    filled = [
        {**m, "content": m["content"] or (DEFAULT if m["role"] == "system" else "")}
        for m in messages
    ]
    return reference.render_chat(filled, add_generation_prompt)


def wrong__knows_three_roles(messages, add_generation_prompt=False):
    known = ("system", "assistant")
    asked = [{**m, "role": m["role"] if m["role"] in known else "user"} for m in messages]
    return reference.render_chat(asked, add_generation_prompt)
