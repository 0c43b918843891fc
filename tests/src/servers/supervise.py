"""Runs one server for one test, and never leaves it behind.

    supervise.py [--unprivileged] [--signal NAME] LOG COMMAND ARGUMENT...

The test holds our standard input: the line "kill" is SIGKILL for the server, and the end of the
input (the test asks us to stop, has ended, or was itself killed) stops the server with --signal
and, after GRACE_SECONDS, with SIGKILL. The server runs in a session of its own, and everything
in it goes with it. We print its process id first, and end with its exit code when it ends.

With --unprivileged and as root, the current folder is given to user `nobody` and the server runs
as that user: PostgreSQL refuses to run as root.
"""

import argparse
import os
import pwd
import signal
import subprocess
import sys
import threading
import time

GRACE_SECONDS = 5
UNPRIVILEGED_USER = "nobody"


def main():
    options = parse_arguments()
    with open(options.log, "ab") as log:
        server = subprocess.Popen(
            [options.command, *options.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **other_user(options.unprivileged),
        )
    print(server.pid, flush=True)
    stop_signal = signal.Signals[f"SIG{options.signal}"]
    threading.Thread(target=obey, args=(server.pid, stop_signal), daemon=True).start()
    code = server.wait()
    signal_session(server.pid, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unprivileged", action="store_true")
    parser.add_argument("--signal", default="TERM")
    parser.add_argument("log")
    parser.add_argument("command")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args()


def other_user(unprivileged):
    if not unprivileged or os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(UNPRIVILEGED_USER)
    os.chown(".", user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def obey(session, stop_signal):
    for line in sys.stdin:
        if line.strip() == "kill":
            signal_session(session, signal.SIGKILL)
    signal_session(session, stop_signal)
    time.sleep(GRACE_SECONDS)
    signal_session(session, signal.SIGKILL)


def signal_session(session, number):
    try:
        os.killpg(session, number)
    except ProcessLookupError:
        pass  # it has ended already, which is what we want


if __name__ == "__main__":
    sys.exit(main())
