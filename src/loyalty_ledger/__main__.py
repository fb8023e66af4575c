"""The `loyalty` command."""

from loyalty_ledger.cli.app import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
