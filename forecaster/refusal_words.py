r"""The words of a refusal inside a served graph, without what TensorFlow wraps them in.

words_of("assertion failed: [context: too short; steps given:] [5]\n\t [[{{node Assert}}]] ...")
# 'context: too short; steps given: 5'
"""

import re

_ASSERTION = re.compile(r"assertion failed:\s*(.*?)\s*(?:\n|\[\[\{\{node|\[Op:|$)", re.DOTALL)
_WRAPPING = re.compile(r"\[\[\{\{node.*|\[Op:.*|Detected at node.*?\n", re.DOTALL)
_LONGEST = 400


def words_of(message: str) -> str:
    """Returns what a person needs of the message of a `tf.errors.OpError`.

    Args:
        message: The whole message, with the graph's nodes and the stack of the export.
    """
    found = _ASSERTION.search(message)
    if found:
        words = re.sub(r"\[|\]", "", found[1])
    else:
        lines = [line.strip() for line in _WRAPPING.sub("", message).splitlines()]
        told = [line for line in lines if line and line != "Graph execution error:"]
        words = told[-1] if told else ""
    words = " ".join(words.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
