"""What the scripts share: the command line as a process, and on a terminal."""

import os
import pty
import select
import subprocess
import time

from common import FOLDER, IF, IP, connect, names  # noqa: F401, for the scripts
from lxml import etree

COMMAND = [os.environ["VROUTER"], "--socket", str(FOLDER / "socket")]
P0 = "set interfaces interface p0 type ethernetCsmacd\n"


def vrouter(*arguments, text=None, code=0):
    """Runs the command; gives what it wrote to standard output, or to standard error if it had to fail."""
    done = subprocess.run(
        COMMAND + list(arguments), input=text, stdin=None if text is not None else subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == code, f"{arguments} {text!r}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr if code else done.stdout


def addresses(reply):
    """Addresses in a configuration, as ADDRESS/LENGTH."""
    tree = etree.fromstring(reply.xml.encode())
    return [
        f"{a.findtext(f'{{{IP}}}ip')}/{a.findtext(f'{{{IP}}}prefix-length')}" for a in tree.iter(f"{{{IP}}}address")
    ]


def until(what, true):
    """Waits for something to become true."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        select.select([], [], [], 0.05)


class Terminal:
    """The command on a terminal of its own, which a person sees and types into."""

    def __init__(self, *arguments, name="vrouter"):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.environ.update(TERM="vt100", HOME=str(FOLDER))
            os.execv(COMMAND[0], [name, *arguments, *COMMAND[1:]])
        self.seen = ""
        self.read = 0

    def type(self, text):
        os.write(self.terminal, text.encode())

    def expect(self, text):
        """Waits until a text is there after the last one that was waited for; gives what came before it."""
        end = time.monotonic() + 30
        while (at := self.seen.find(text, self.read)) < 0:
            left = end - time.monotonic()
            assert left > 0, f"waited in vain for {text!r}, saw {self.seen[self.read:]!r}"
            if select.select([self.terminal], [], [], left)[0]:
                try:
                    self.seen += os.read(self.terminal, 65536).decode()
                except OSError:
                    raise AssertionError(f"it ended before {text!r}: {self.seen[self.read:]!r}") from None
        before = self.seen[self.read:at]
        self.read = at + len(text)
        return before

    def ends(self):
        """Waits for its end; gives its exit code."""
        end = time.monotonic() + 30
        while select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
            try:
                if not (data := os.read(self.terminal, 65536)):
                    break
            except OSError:
                break
            self.seen += data.decode()
        else:
            raise AssertionError(f"it does not end: {self.seen[self.read:]!r}")
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
