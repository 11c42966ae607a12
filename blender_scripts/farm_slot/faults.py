"""A refusal with a code of docs/protocol.md, section 9."""


class SlotFault(Exception):
    """The supervisor classifies any other exception of the slot, from its message and the log."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
