"""Blenders that render, each in a child process."""
