"""`python -m pharmaspam` is the command `pharmaspam`."""

from pharmaspam.cli import main

if __name__ == "__main__":
    main()
