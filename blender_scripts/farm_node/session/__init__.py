"""The conversation with a coordinator."""
