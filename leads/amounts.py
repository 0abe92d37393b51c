"""Amounts of money as files and other systems write them. Pure: no Django."""

from decimal import Decimal, InvalidOperation
from typing import Final

_MOST: Final = Decimal("999999999999.99")  # what the column of a deal holds


def amount_of(stated: object) -> Decimal:
    """The amount, in hundredths. Raises ValueError for what is no number, below 0, or more than a deal can hold."""
    try:
        amount = Decimal(str(stated).strip())
    except InvalidOperation:
        raise ValueError(stated) from None
    if not amount.is_finite() or not 0 <= amount <= _MOST:
        raise ValueError(stated)
    return amount.quantize(Decimal("0.01"))
