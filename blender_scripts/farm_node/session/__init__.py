"""One conversation with one coordinator."""
