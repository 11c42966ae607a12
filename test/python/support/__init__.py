"""Small real parts that the tests share."""
