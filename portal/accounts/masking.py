"""Personal numbers for lists: enough to tell two people apart, too little to use."""


def masked_document(number: str) -> str:
    """The number of a certificate or licence: its last four characters, of a short one the last two."""
    if len(number) in (11, 18):
        return masked(number)
    shown = 4 if len(number) > 8 else 2 if len(number) > 2 else 0
    return f"{'*' * (len(number) - shown)}{number[len(number) - shown :]}"


def masked(number: str) -> str:
    """An ID number or a phone with stars in its middle, a mail address with its domain; else the last four of more than 8."""
    number = number or ""
    if "@" in number:
        name, _, host = number.partition("@")
        return f"{name[:1]}***@{host}"
    if len(number) == 18:
        return f"{number[:3]}{'*' * 11}{number[-4:]}"
    if len(number) == 11:
        return f"{number[:3]}****{number[-4:]}"
    return f"{'*' * (len(number) - 4)}{number[-4:]}" if len(number) > 8 else number
