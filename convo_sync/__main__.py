"""``python -m convo_sync``: the command line."""

from convo_sync.cli import main

if __name__ == "__main__":
    main()
