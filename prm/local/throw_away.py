"""Servers for one run, in a folder that goes away with them: tests and pictures stand on these."""

import contextlib
import os

from prm.local import contract, paths, running
from prm.local.paths import State, throw_away_state
from prm.local.servers import Servers
from prm.local.supervisor import Supervisor


def start_servers(stopping: contextlib.ExitStack) -> tuple[State, list[str]]:
    """Their folder and names. This process's environment leads to them; `stopping` ends and removes them."""
    _remove_abandoned()
    state = throw_away_state()
    stopping.callback(paths.remove, state)
    state.prepare()
    stopping.enter_context(running.hold(state))
    supervisor = Supervisor()
    stopping.callback(supervisor.stop)
    servers = Servers(supervisor)
    servers.start_throw_away(state)
    for name in contract.NAMES:
        os.environ.pop(name, None)
    os.environ |= {
        **servers.addresses,
        "PRM_ENVIRONMENT": "test",
        "PRM_SECRET_KEY": "thrown-away-with-the-servers",
        "PRM_BASE_DOMAIN": "localhost:8000",
        "PRM_SCHEME": "http",
        "PRM_MAIL_DIR": str(state.mail),
        "PRM_FILES_DIR": str(state.files),
    }
    return state, servers.names


def _remove_abandoned() -> None:
    """Remove folders of earlier runs that were killed: nobody holds their lock any more."""
    for state in paths.abandoned_throw_away_states():
        with running.hold(state) as is_ours:
            if is_ours:
                paths.remove(state)
