"""What the suite runs on the cluster instead of the cluster code: one word of the environment says what to do."""

import os
import signal
import sys

PLAY = "TOUCHSTONE_TEST_PLAY"
FAILING_EXIT_CODE = 3
PRINTED = 'printed: it\'s "quoted" — é 🐊'

if __name__ == "__main__":
    print(PRINTED, flush=True)
    word = os.environ.get(PLAY, "")
    if word == "run on":
        signal.pause()
    if word == "print no text":
        sys.stdout.buffer.write(b"not text: \xff\n")
    sys.exit(FAILING_EXIT_CODE if word == "fail" else 0)
