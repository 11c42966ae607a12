"""A refusal with a code of docs/protocol.md, section 9."""


class SlotFault(Exception):
    """Any other exception of the slot is classified by the supervisor, from its message and the log."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
