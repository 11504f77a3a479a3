"""What `training.render_chat` accepts."""

from autograder.spec import Call, Draw, Exercise, Part, Same

WORDS = (
    "Hi",
    " there",
    "\n",
    "\n\n",
    " ",
    "Ünïcode",
    "{x}",
    "%s",
    "<|im_start|>",
    "2 + 2 = 4",
    "?",
)


def content(draw: Draw) -> str:
    """Return a text of several pieces, often with white space at its ends."""
    return "".join(draw.choice(*WORDS) for _ in range(draw.integer(1, 6)))


def conversation(draw: Draw, *roles: str) -> list[dict[str, str]]:
    """Return a message of each of the roles."""
    return [{"role": role, "content": content(draw)} for role in roles]


def with_system(draw: Draw) -> list[Call]:
    brief = {"role": "system", "content": "Be brief."}
    asked = {"role": "user", "content": "What is 2 + 2?"}
    return [
        Call(([brief, asked],), tries="a system message and a question"),
        Call(([brief],), tries="nothing but a system message"),
        Call((conversation(draw, "system", "user", "assistant", "user"),), tries="four messages"),
        Call(([brief, {"role": "user", "content": ""}],), tries="an empty content"),
    ]


def without_system(draw: Draw) -> list[Call]:
    asked = {"role": "user", "content": "Hi"}
    return [
        Call(([asked],), tries="a question without a system message"),
        Call((conversation(draw, "user", "assistant", "user"),), tries="three messages"),
        Call((conversation(draw, "assistant"),), tries="nothing but an answer"),
        Call((conversation(draw, "user", "system", "user"),), tries="a system message later on"),
    ]


def with_a_prompt(draw: Draw) -> list[Call]:
    asked = {"role": "user", "content": "Hi"}
    four = conversation(draw, "system", "user", "assistant", "user")
    return [
        Call((conversation(draw, "system", "user"), True), tries="an answer is asked for"),
        Call(([asked], True), tries="an answer is asked for, no system message"),
        Call((four,), {"add_generation_prompt": True}, "four messages, an answer is asked for"),
        Call((four, False), tries="four messages, no answer is asked for"),
        Call((conversation(draw, "user", "assistant"), True), tries="after an answer"),
        Call((conversation(draw, "user", "tool"), True), tries="a message in the role of a tool"),
    ]


def white_space(draw: Draw) -> list[Call]:
    texts = (" Hi", "Hi ", "\nHi\n\n", " ", "one\n\n two")
    users = [{"role": "user", "content": text} for text in texts]
    system = {"role": "system", "content": "  Be brief.\n"}
    return [
        *(Call(([system, user],), tries=f"the content {user['content']!r}") for user in users),
        Call((conversation(draw, "user", "assistant"), True), tries="a random conversation"),
        Call(([{"role": "system", "content": ""}, users[0]],), tries="an empty system message"),
    ]


render_chat = Exercise(
    "training.render_chat",
    parts=[
        Part("with a system message", 1, with_system, Same(), public=True),
        Part("without one", 1, without_system, Same(), public=True),
        Part("asking for an answer", 0.5, with_a_prompt, Same()),
        Part("white space", 0.5, white_space, Same()),
    ],
    forbidden=("apply_chat_template",),
)

DEFAULT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def chat(messages, add_generation_prompt, turn="<|im_start|>{0}\n{1}<|im_end|>\n", default=True):
    """Write a conversation with another pattern, or without the default system message."""
    if default and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": DEFAULT}, *messages]
    text = "".join(turn.format(message["role"], message["content"]) for message in messages)
    return text + ("<|im_start|>assistant\n" if add_generation_prompt else "")


@render_chat.misconception(
    "A conversation without a system message has to get the default one first; the model was "
    "trained with it."
)
def chat_without_default(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, default=False)


@render_chat.misconception(
    "The default system message is always added; it belongs only where the conversation does not "
    "begin with one."
)
def chat_always_default(messages, add_generation_prompt=False):
    first = {"role": "system", "content": DEFAULT}
    return chat([first, *messages], add_generation_prompt)


@render_chat.misconception(
    "A system message anywhere counts here. The default is added unless the *first* message is one."
)
def chat_default_unless_anywhere(messages, add_generation_prompt=False):
    anywhere = any(message["role"] == "system" for message in messages)
    return chat(messages, add_generation_prompt, default=not anywhere)


@render_chat.misconception(
    "The newline after `<|im_end|>` is missing: each message ends with one, the last too."
)
def chat_without_newline(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, "<|im_start|>{0}\n{1}<|im_end|>")


@render_chat.misconception(
    "The newline at the very end is missing: the last message ends with one as all the others."
)
def chat_joined_by_newlines(messages, add_generation_prompt=False):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": DEFAULT}, *messages]
    turns = [f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>" for turn in messages]
    return "\n".join([*turns, "<|im_start|>assistant\n"] if add_generation_prompt else turns)


@render_chat.misconception(
    "There is a newline between the content and `<|im_end|>`; the token follows at once."
)
def chat_newline_before_the_end(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, "<|im_start|>{0}\n{1}\n<|im_end|>\n")


@render_chat.misconception("After the role stands a space or a colon; it is a newline.")
def chat_colon_after_the_role(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, "<|im_start|>{0}: {1}<|im_end|>\n")


@render_chat.misconception(
    "White space at the ends of a content is lost. The text has to come out as it is, or the "
    "model sees other tokens than in training."
)
def chat_stripped(messages, add_generation_prompt=False):
    messages = [{**message, "content": message["content"].strip()} for message in messages]
    return chat(messages, add_generation_prompt)


@render_chat.misconception("`add_generation_prompt` is not used.")
def chat_without_prompt(messages, add_generation_prompt=False):
    return chat(messages, False)


@render_chat.misconception(
    "The text always ends by asking for an answer; it should only if `add_generation_prompt` says "
    "so."
)
def chat_always_prompt(messages, add_generation_prompt=False):
    return chat(messages, True)


@render_chat.misconception(
    "The prompt for an answer is closed by `<|im_end|>`. The model is to write on from "
    "`<|im_start|>assistant\\n`, and ends its answer itself."
)
def chat_closed_prompt(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt) + ("<|im_end|>\n" if add_generation_prompt else "")


@render_chat.misconception(
    "The newline after `<|im_start|>assistant` is missing; without it the model writes one first."
)
def chat_prompt_without_newline(messages, add_generation_prompt=False):
    text = chat(messages, add_generation_prompt)
    return text[:-1] if add_generation_prompt else text


@render_chat.misconception(
    "The default message is inserted into the list that was passed in: work on a copy."
)
def chat_inserts(messages, add_generation_prompt=False):
    if messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": DEFAULT})
    return chat(messages, add_generation_prompt)


@render_chat.alternative
def chat_by_a_loop(messages, add_generation_prompt=False):
    text = ""
    for place, message in enumerate(messages):
        if place == 0 and message["role"] != "system":
            text += "<|im_start|>system\n" + DEFAULT + "<|im_end|>\n"
        text += "<|im_start|>" + message["role"] + "\n" + message["content"] + "<|im_end|>\n"
    if add_generation_prompt:
        text += "<|im_start|>assistant\n"
    return text


@render_chat.alternative
def chat_by_recursion(messages, add_generation_prompt=False):
    def turns(left):
        if not left:
            return ""
        role, said = left[0]["role"], left[0]["content"]
        return f"<|im_start|>{role}\n{said}<|im_end|>\n{turns(left[1:])}"

    default = {"role": "system", "content": DEFAULT}
    missing = [] if messages[0]["role"] == "system" else [default]
    return turns(missing + list(messages)) + "<|im_start|>assistant\n" * add_generation_prompt


@render_chat.alternative
def chat_by_joining(messages, add_generation_prompt=False):
    messages = list(messages)
    if messages[0].get("role") != "system":
        messages = [dict(role="system", content=DEFAULT)] + messages  # noqa: C408, RUF005
    lines = ["\n".join([turn["role"], turn["content"]]) for turn in messages]
    text = "<|im_end|>\n".join(f"<|im_start|>{line}" for line in lines) + "<|im_end|>\n"
    return text + "<|im_start|>assistant\n" if add_generation_prompt else text
