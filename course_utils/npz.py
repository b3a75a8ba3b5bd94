"""Read numpy's npz files, without pickle, and with one error for all that may be wrong with one."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.arrays import Array
from course_utils.errors import DataError

# A damaged zip archive may claim to be encrypted, of a later version, or larger than the memory.
_DAMAGE = (
    OSError, ValueError, EOFError, NotImplementedError, RuntimeError, MemoryError, struct.error,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_arrays(path: Path, names: Sequence[str] = ()) -> dict[str, Array]:
    """Return the arrays of an npz file by name.

    Parameters
    ----------
    path : Path
    names : sequence of str
        Only these are read, and each must be there. All are read where there are none.

    Raises
    ------
    DataError
        Where the file is missing, damaged, of another kind, or without one of the names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder, "a.npz"), weight=np.ones(2))
    ...     read_arrays(Path(folder, "a.npz"))
    {'weight': array([1., 1.])}
    """
    try:
        # Opened here, since numpy leaves a file open that turns out to be damaged.
        with path.open("rb") as stream:
            archive: Any = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("one single array, not an archive of arrays")
            with archive:
                missing = [name for name in names if name not in archive.files]
                if missing:
                    raise ValueError(f"an archive without {', '.join(missing)}")
                return {name: archive[name] for name in names or archive.files}
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is not there",
            expected="an npz file",
            found="no file of this name",
            mend=f"look into {path.absolute().parent}, and give the whole name with its ending",
        ) from error
    except _DAMAGE as error:
        raise DataError(
            f"{path} cannot be read",
            expected="an npz file of plain arrays" + (": " + ", ".join(names) if names else ""),
            found=str(error)[:200] or type(error).__name__,
            mend="it is damaged or of another kind: save it again, or copy or download it again; "
            "objects are never unpickled",
        ) from error
