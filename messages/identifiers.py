"""The trade's identifiers: what may call itself DEA, NPI, NCPDP or NDC number. No register is asked."""

from __future__ import annotations

DEA_LENGTH = 9
NPI_LENGTH = 10
NCPDP_LENGTH = 7
NDC_DIGITS = 11

# An NPI is the tail of a card number (ISO 7812) that begins with 80840: 80 health, 840 United States. Luhn
# counts that prefix as 24, whatever follows.
_NPI_PREFIX_SUM = 24
_DOUBLED = str.maketrans("0123456789", "0246813579")  # twice the digit, its own digits summed
_NDC_GROUPS = {11: (5, 4, 2), 12: (6, 4, 2)}


def is_digits(text: str) -> bool:
    """Tell whether the text is ASCII digits and nothing else (``str.isdigit`` alone also takes ``²``)."""
    return text.isascii() and text.isdigit()


def dea_is_valid(text: str) -> bool:
    """Tell whether a DEA number has its shape and its check digit.

    Two letters (the second may be ``9`` for a business) and seven digits; the last is the last digit of
    (1st + 3rd + 5th) + 2 x (2nd + 4th + 6th).
    """
    if len(text) != DEA_LENGTH or not is_digits(text[2:]):
        return False
    if not (text.isascii() and text[0].isalpha() and (text[1].isalpha() or text[1] == "9")):
        return False
    return _weighted_check(text[2:])


def ncpdp_is_valid(text: str) -> bool:
    """Tell whether an NCPDP provider id has seven digits and its check digit (as a DEA number's)."""
    return len(text) == NCPDP_LENGTH and is_digits(text) and _weighted_check(text)


def prescribing_number(dea: str, suffix: str) -> str:
    """Give what a prescriber is known by: the DEA number, behind an institution's the suffix (``AB1234563-012``).

    Whoever prescribes for an institution has a code of its own, for which the institution answers (21 CFR 1301.22(c));
    the institution's number alone is nobody's.
    """
    if not suffix:
        return dea
    number, code = dea.strip().upper(), "".join(suffix.split()).strip("-").upper()
    return f"{number}-{code}" if number and code else dea


def npi_is_valid(text: str) -> bool:
    """Tell whether an NPI has ten digits and passes Luhn behind the prefix 80840."""
    return len(text) == NPI_LENGTH and is_digits(text) and _luhn_npi(text)


def normalise_ndc(text: str, digits: int = NDC_DIGITS) -> str | None:
    """Give the NDC as plain digits in billing form (5-4-2), or None when it is not one.

    With hyphens each short group is padded on its left (4-4-2, 5-3-2, 5-4-1). Without hyphens only the full
    length is accepted: ten bare digits could be any of three drugs.

    Args:
        text: what the sender wrote.
        digits: 11 today; 12 (6-4-2) is the length that the FDA has proposed.

    """
    if "-" not in text:
        return text if len(text) == digits and is_digits(text) else None
    groups, widths = text.split("-"), _NDC_GROUPS.get(digits)
    if widths is None or len(groups) != len(widths) or not all(is_digits(group) for group in groups):
        return None
    if any(len(group) > width for group, width in zip(groups, widths, strict=True)):
        return None
    short = sum(widths) - sum(len(group) for group in groups)
    if short > digits - 10:  # the shortest label form has ten digits
        return None
    return "".join(group.zfill(width) for group, width in zip(groups, widths, strict=True))


def _weighted_check(seven_digits: str) -> bool:
    d1, d2, d3, d4, d5, d6, check = map(int, seven_digits)
    return (d1 + d3 + d5 + 2 * (d2 + d4 + d6)) % 10 == check


def _luhn_npi(npi: str) -> bool:
    """Reckon Luhn over prefix and NPI: every other digit doubled, seen from the check digit."""
    doubled = npi[0::2].translate(_DOUBLED)
    return (_NPI_PREFIX_SUM + sum(map(int, npi[1::2] + doubled))) % 10 == 0
