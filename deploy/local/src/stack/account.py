"""As whom Postgres runs: it refuses root, which lends it another account."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

CAP_DAC_READ_SEARCH = 2


@dataclass(frozen=True)
class Account:
    """`prefix` goes before a command line; `home_mode` is what the account needs of our folder."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    home_mode: int = 0o700

    def own(self, path: Path) -> None:
        if self.prefix:
            os.chown(path, self.uid, self.gid)


def postgres_account(data: Path, *reached: Path) -> Account:
    """Choose the account that may run Postgres: the owner of its data, if there are any yet.

    It must get to the `reached` folders (Postgres's programs, home), whose own modes are right.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "Postgres refuses to run as root and there is no `setpriv` (util-linux) to change "
            "the account: run this as an ordinary user"
        )
    uid, gid = _unprivileged(data)
    change = (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs")
    if _may_lend_reading():
        # The checkout may lie below a folder that only root may enter (/root is 0700). Rather
        # than open the user's folders, the account may read (never write) past their modes.
        # no_setuid_fixup: else access(2), by which Postgres finds itself, ignores the capability.
        only = "-all,+dac_read_search"
        lent = (f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}")
        return Account(uid, gid, (*change, *lent, "--securebits=+no_setuid_fixup", "--"))
    for path in reached:
        blocked = _first_closed(path)
        if blocked is not None:
            raise StackError(
                f"Postgres refuses to run as root, and another account cannot enter {blocked}: "
                "run this as an ordinary user, or put the checkout and TASTEBUDS_HOME elsewhere"
            )
    return Account(uid, gid, (*change, "--"), home_mode=0o711)


def _unprivileged(data: Path) -> tuple[int, int]:
    """Data made earlier by an ordinary user stay that user's; new data belong to `nobody`."""
    if (data / "PG_VERSION").exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _may_lend_reading() -> bool:
    """A container's root often has no CAP_DAC_READ_SEARCH."""
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
    return bool(int(effective, 16) >> CAP_DAC_READ_SEARCH & 1)


def _first_closed(path: Path) -> Path | None:
    folders = [folder for folder in reversed(path.resolve().parents) if folder.exists()]
    return next((folder for folder in folders if not folder.stat().st_mode & 0o001), None)
