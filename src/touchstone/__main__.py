"""`python -m touchstone`, which is also the command `touchstone`."""

from touchstone.command_line.main import main

if __name__ == "__main__":
    main()
