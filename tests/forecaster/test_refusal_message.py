"""What a person reads of TensorFlow's errors."""

import pytest

from tapeline.forecaster.refusal_message import refusal_message


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "Graph execution error:\n\nDetected at node 'Assert' defined at (most recent call last):\n"
            "<stack traces unavailable>\nassertion failed: [context: too short; steps given:] [5]\n"
            "\t [[{{node Assert/AssertGuard/Assert}}]] [Op:__inference_signature_wrapper_123]",
            "context: too short; steps given: 5",
        ),
        ("assertion failed: [context: too short] [[{{node Assert}}]]", "context: too short"),
        (
            "{{function_node __inference_12}} Key: context.  Can't parse serialized Example.\n\t [[{{node Parse}}]] [Op:x]",
            "{{function_node __inference_12}} Key: context. Can't parse serialized Example.",
        ),
        ("", ""),
    ],
)
def test_only_the_words_are_left(message: str, words: str) -> None:
    assert refusal_message(message) == words


def test_long_words_are_cut() -> None:
    assert len(refusal_message("assertion failed: [" + "x" * 2000 + "]")) == 400
