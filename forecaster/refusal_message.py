"""The message of a refusal inside a served graph, without what TensorFlow wraps it in.

>>> refusal_message("assertion failed: [context: too short; steps given:] [5] [[{{node Assert}}]] [Op:__inference]")
'context: too short; steps given: 5'
"""

import re

_ASSERTION = re.compile(r"assertion failed:\s*(.*?)\s*(?:\n|\[\[\{\{node|\[Op:|$)", re.DOTALL)
_WRAPPING = re.compile(r"\[\[\{\{node.*|\[Op:.*|Detected at node.*?\n", re.DOTALL)
_LONGEST = 400


def refusal_message(error: str) -> str:
    """Returns what a person needs of the text of a `tf.errors.OpError`.

    Args:
        error: The whole text, with the graph's nodes and the stack of the export.
    """
    found = _ASSERTION.search(error)
    if found:
        message = re.sub(r"\[|\]", "", found[1])
    else:
        lines = [line.strip() for line in _WRAPPING.sub("", error).splitlines()]
        left = [line for line in lines if line and line != "Graph execution error:"]
        message = left[-1] if left else ""
    message = " ".join(message.split())
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"
