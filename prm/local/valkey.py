"""Our own Valkey: the broker and the cache, on a unix socket."""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from prm.local import SetupError
from prm.local.binaries import Program, find_valkey
from prm.local.paths import State, make_folder
from prm.local.processes import Child, start, tail, wait_until

START_SECONDS = 10.0


@dataclass(frozen=True)
class Valkey:
    """One server of one state folder. `name` tells several of one folder apart."""

    program: Program
    state: State
    is_throw_away: bool = False
    name: str = "valkey"

    @classmethod
    def of(cls, state: State, *, is_throw_away: bool = False, name: str = "valkey") -> "Valkey":
        program = find_valkey(state.account, copies=state.folder / "programs")
        return cls(program, state, is_throw_away, name)

    @property
    def socket(self) -> Path:
        return self.state.sockets / f"{self.name}.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def child(self) -> Child:
        return Child(
            name=self.name,
            command=[
                str(self.program.path),
                *("--port", "0"),
                *("--unixsocket", str(self.socket)),
                *("--unixsocketperm", "700"),
                *("--dir", str(self.state.folder / self.name)),
                *("--save", ""),
                *("--appendonly", "no" if self.is_throw_away else "yes"),
            ],
            log=self.state.logs / f"{self.name}.log",
            account=self.state.account,
        )

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers."""
        make_folder(self.state.folder / self.name, mode=0o700, account=self.state.account)
        # One that lost its supervisor a moment ago may still be putting its data away.
        wait_until(lambda: not self.answers(), seconds=START_SECONDS)
        process = start(self.child)
        wait_until(lambda: process.poll() is not None or self.answers(), seconds=START_SECONDS)
        if process.poll() is None and self.answers():
            return process
        process.kill()
        raise SetupError(f"Valkey did not start. Its log ends with:\n{tail(self.child.log)}")

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(2)
            try:
                link.connect(str(self.socket))
                link.sendall(b"PING\r\n")
                return link.recv(64).startswith(b"+PONG")
            except OSError:
                return False
