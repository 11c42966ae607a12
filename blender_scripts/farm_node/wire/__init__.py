"""The protocol between coordinator and node, and its transport."""
