"""Small real things that the tests share."""
