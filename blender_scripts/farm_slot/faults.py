"""A refusal with a code of docs/protocol.md, section 9."""


class SlotFault(Exception):
    """The supervisor classifies any other exception of the slot, from its message and the log. Without a `hint` the user
    gets the general one for its code.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
