"""Runs a command on a pseudo terminal, as a person would, for the tests of terminals.

    terminal.py ROWS COLUMNS STEPS -- COMMAND [ARG]...

STEPS is a JSON list, done one after the other: {"wait": REGEX} until what was put out since the last
match matches; {"send": TEXT}; {"size": [ROWS, COLUMNS]}; {"kill": NUMBER}, a signal for the command;
{"run": [ARG, ...]}, another program to its end. The last line of output is JSON: the command's exit
code (128 + n by signal n), everything that it put out, and whether the terminal was left cooked.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

LIMIT = 20  # seconds that a step may take


class Terminal:
    def __init__(self, rows, columns, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # The size is there before the command looks.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvp(command[0], command)
        self.output = ""
        self.seen = 0
        self.ended = False

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody has the other end open any more
            data = b""
        if not data:
            self.ended = True
        self.output += data.decode("utf8", "replace")

    def wait(self, pattern):
        deadline = time.monotonic() + LIMIT
        while True:
            found = re.search(pattern, self.output[self.seen :])
            if found:
                self.seen += found.end()
                return
            if self.ended or time.monotonic() > deadline:
                raise SystemExit(f"waited in vain for {pattern!r} in {self.output[self.seen:]!r}")
            self.read(0.2)

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def cooked(self):
        flags = termios.tcgetattr(self.fd)[3]
        return bool(flags & termios.ICANON) and bool(flags & termios.ECHO)

    def end(self):
        deadline = time.monotonic() + LIMIT
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"does not end: {self.output!r}")
            self.read(0.05)
        cooked = self.cooked()
        while not self.ended and select.select([self.fd], [], [], 0.05)[0]:
            self.read(0)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        return {"code": code, "output": self.output, "cooked": cooked}


def main():
    rows, columns, steps = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    terminal = Terminal(rows, columns, sys.argv[5:])
    for step in steps:
        if "wait" in step:
            terminal.wait(step["wait"])
        elif "send" in step:
            os.write(terminal.fd, step["send"].encode())
        elif "size" in step:
            terminal.size(*step["size"])
        elif "kill" in step:
            os.kill(terminal.pid, step["kill"])
        elif "run" in step:
            subprocess.run(step["run"], check=True, stdout=subprocess.DEVNULL)
    print("\n" + json.dumps(terminal.end()))


main()
