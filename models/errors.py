"""What can go wrong, and what the reader can do about it.

```
Problem                   one thing that is wrong with a file
WarmhandoffError
├── FileIsWrong           a rule, profile or configuration file; all its problems are listed (exit 2)
├── MessageIsWrong        one message; it is kept in quarantine with its reason, the rest goes on
└── WorldIsAway           a port, a disk, a lock: trying later may help (exit 3)
```

Our own broken promise is an `assert`.
"""

from collections.abc import Sequence

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a declarative file.

    `path` is the file, `line` its 1-based line, `field` the dotted path of the key (`raise.due.within`),
    `what` says what is wrong and shows the value, `remedy` what to write instead.
    """

    path: str
    line: int
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Render as `file:line: field` (no field for a whole file), then what and remedy on lines of their own."""
        field = f": {self.field}" if self.field else ""
        return f"{self.path}:{self.line}{field}\n  {self.what}\n  {self.remedy}"


class WarmhandoffError(Exception):
    """The root of every error this project raises on purpose."""


class FileIsWrong(WarmhandoffError):
    """A declarative file has problems: all of them are listed, and nothing was started or changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class MessageIsWrong(WarmhandoffError):
    """A message cannot be understood. It waits in quarantine; nothing of it was applied.

    Args:
        reason: a short stable word, such as `no_msh`.
        where: the segment and field, such as `PV1-45`, or the column of a table.
        shape: what the content looks like, never the content: a person's values stay out of logs.
        fix: what would make it readable.
    """

    def __init__(self, reason: str, where: str, shape: str, fix: str) -> None:
        self.reason, self.where, self.shape, self.fix = reason, where, shape, fix
        super().__init__(f"{reason} at {where}: {shape}. {fix}")


class WorldIsAway(WarmhandoffError):
    """A port, disk, lock or server is not to be had now; trying later may help."""
