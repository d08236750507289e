"""Where a project folder keeps what it makes while running, and who may enter there.

Postgres refuses to run as root, so root's servers run under an unprivileged account. That account
has to reach their data, which decides where the data can be.
"""

import hashlib
import os
import pwd
import re
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from prm.local import SetupError

PROJECT = Path(__file__).resolve().parents[2]
SYSTEM_STATE = Path("/var/lib/prm")

THROW_AWAY = "prm-test-"

# The kernel takes 107 bytes for a socket's path; the longest name that Postgres adds needs 22.
LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True)
class Account:
    """An account that servers run under instead of root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class State:
    """The folders and files that belong to the running servers of one project folder."""

    folder: Path
    sockets: Path
    account: Account | None  # None: servers run as whoever we are

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def environment_file(self) -> Path:
        return self.folder / "environment.json"

    @property
    def secrets_file(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def lock_file(self) -> Path:
        return self.folder / "up.lock"

    @property
    def running_file(self) -> Path:
        return self.folder / "running.json"

    def prepare(self) -> None:
        """Make the folders. Raises SetupError when another account has made them before."""
        try:
            if self.folder.parent == SYSTEM_STATE:
                make_folder(SYSTEM_STATE, mode=0o711)
            make_folder(self.folder, mode=0o711)
            make_folder(self.logs, mode=0o700)
            make_folder(self.mail, mode=0o700)
            make_folder(self.files, mode=0o700)
            make_folder(self.sockets, mode=0o700, account=self.account)
        except PermissionError as error:
            raise SetupError(
                f"{error.filename} cannot be written. Run this as {self.folder.parent}'s owner."
            ) from error


def server_account(earlier: Path | None = None) -> Account | None:
    """The account for servers when we are root, else None.

    The owner of `earlier`, a data folder, is taken first: Postgres insists on owning its data.
    """
    if os.geteuid() != 0:
        return None
    if earlier is not None and earlier.exists() and earlier.stat().st_uid != 0:
        found = earlier.stat()
        return Account(found.st_uid, found.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise SetupError("Postgres does not run as root, and there is no account 'nobody' to run it.")


def can_traverse(folder: Path, account: Account) -> bool:
    """Whether the account can pass through this folder and every one above it."""
    return all(_may_enter(step.stat(), account) for step in (folder, *folder.parents))


def _may_enter(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def state_of(project: Path = PROJECT) -> State:
    """Where this project folder's servers live: `.data` in it, unless they could not reach it."""
    folder = project / ".data"
    account = server_account(folder / "postgres")
    if account is not None and not can_traverse(project, account):
        folder = SYSTEM_STATE / f"{project.name}-{_short_hash(project)}"
        account = server_account(folder / "postgres")
    return State(folder=folder, sockets=_socket_folder(folder, account), account=account)


def _socket_folder(folder: Path, account: Account | None) -> Path:
    """A folder whose path is short and plain enough to stand in a socket address and in a URL."""
    sockets = folder / "run"
    if is_fit_for_sockets(sockets):
        return sockets
    return temporary_folder(account) / f"prm-{os.geteuid()}-{_short_hash(folder)}"


def is_fit_for_sockets(folder: Path) -> bool:
    text = str(folder)
    return len(os.fsencode(text)) <= LONGEST_SOCKET_FOLDER and bool(re.fullmatch(r"[\w./-]+", text, re.ASCII))


def temporary_folder(account: Account | None = None) -> Path:
    """The temp directory; /tmp where that is too long for sockets or closed to the account."""
    folder = Path(tempfile.gettempdir()).resolve()
    room_for_a_name = folder / ("x" * 24)
    reachable = account is None or can_traverse(folder, account)
    return folder if reachable and is_fit_for_sockets(room_for_a_name) else Path("/tmp")


def throw_away_state() -> State:
    """State in a new temporary folder, for a test run. The caller removes it: `remove`."""
    account = server_account()
    folder = Path(tempfile.mkdtemp(prefix=THROW_AWAY, dir=temporary_folder(account)))
    folder.chmod(0o711)
    return State(folder=folder, sockets=folder / "run", account=account)


def abandoned_throw_away_states() -> list[State]:
    """Throw-away state of ours that is older than the few moments between making and locking it."""
    account = server_account()
    folders = temporary_folder(account).glob(f"{THROW_AWAY}*")
    return [
        State(folder=folder, sockets=folder / "run", account=account)
        for folder in folders
        if (found := folder.lstat()).st_uid == os.geteuid() and found.st_mtime < time.time() - 60
    ]


def remove(state: State) -> None:
    """Delete everything that the state folder holds."""
    shutil.rmtree(state.folder, ignore_errors=True)
    shutil.rmtree(state.sockets, ignore_errors=True)


def make_folder(folder: Path, *, mode: int, account: Account | None = None) -> None:
    """Make a folder with this mode and owner, or see that the existing one has them.

    The temp directory is everybody's: a folder of the expected name that somebody else has put
    there is refused instead of used.
    """
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    owner = account.uid if account else os.geteuid()
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise SetupError(f"{folder} belongs to somebody else. Run this as its owner, or remove it first.")
    if account is not None and found.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(mode)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
