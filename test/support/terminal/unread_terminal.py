"""Runs a program on a terminal that nobody reads, as behind a stalled ssh: unread_terminal.py FILE PROGRAM...

The terminal is full when the program starts. Prints the program's process id. After a line on standard input it reads the
terminal, and writes its contents to FILE. Ends with the program's exit status.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios

ROWS, COLUMNS = 30, 100


def fill(terminal):
    # type: (int) -> None
    os.set_blocking(terminal, False)
    # The kernel moves the bytes to the reader's side a moment later, and then has room for more.
    has_room = True
    while has_room:
        try:
            os.write(terminal, b"\x01" * 1024)
        except BlockingIOError:
            has_room = bool(select.select([], [terminal], [], 0.25)[1])
    os.set_blocking(terminal, True)


def main(file, *command):
    # type: (str, *str) -> int
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    fill(slave)
    program = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    print(program.pid, flush=True)
    while not select.select([0], [], [], 0.05)[0]:
        if program.poll() is not None:
            return program.returncode
    with open(file, "wb") as said:
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # nobody has the terminal open any more
                return program.wait()
            said.write(piece)
            said.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
