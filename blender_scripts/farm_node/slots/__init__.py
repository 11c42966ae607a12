"""Blenders that render, each a child process."""
