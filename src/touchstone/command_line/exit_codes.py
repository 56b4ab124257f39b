"""What the exit status of a command says."""

OK = 0
FAILED = 1
USAGE = 2
UNAVAILABLE = 3
INTERRUPTED = 130
TERMINATED = 143

HELP = (
    "Exit status: 0 all went well, 1 it failed, 2 the command line or a setting is wrong, "
    "3 a system that is needed does not answer, 130 interrupted, 143 terminated."
)
