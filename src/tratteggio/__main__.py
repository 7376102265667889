"""`python -m tratteggio`: the command line, for systems where the script is not on the PATH."""

from tratteggio.cli.main import main

if __name__ == "__main__":
    main()
