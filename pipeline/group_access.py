"""What a run writes can be written by its group as well, where the umask says so.

A cluster may give each pod a user of its own, all of them in one group. Most
of what is written follows the umask; folders that TensorFlow makes, and files
that were private while they were written, do not.
"""

import contextlib
import os
import pathlib
import stat

_GROUP_WRITES = 0o020


def share_with_group(folder: pathlib.Path) -> None:
    """Gives the group the rights of the owner to all below a folder that this user owns, where the umask lets it write."""
    umask = os.umask(0)
    os.umask(umask)
    if umask & _GROUP_WRITES:
        return
    for parent, _, names in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in names)):
            # Others may take away what they made, while this looks.
            with contextlib.suppress(FileNotFoundError):
                _share(path)


def _share(path: str) -> None:
    status = os.lstat(path)
    wanted = status.st_mode | (status.st_mode & stat.S_IRWXU) >> 3
    if status.st_uid == os.geteuid() and wanted != status.st_mode and not stat.S_ISLNK(status.st_mode):
        os.chmod(path, stat.S_IMODE(wanted))
