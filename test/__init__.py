"""Makes `test.python` this folder's and not the standard library's package of the same name."""
