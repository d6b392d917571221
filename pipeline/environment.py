"""What TensorFlow reads from the environment when it is first imported, here or in a child process."""

import os


def prepare_environment(*, serving: bool = False) -> None:
    """Settles it; TensorFlow is not imported yet.

    Args:
        serving: Whether this process answers clients. TensorFlow warns at length of each input that the graph refuses:
            a server's clients are told, not its log.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if serving else "1")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
