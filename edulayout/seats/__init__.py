"""Seats: pupils against seats, district by district, now (`balance`) and over the years (`balance_by_year`)."""

from edulayout.seats.balancing import ALL, OUTSIDE, balance
from edulayout.seats.years import balance_by_year, outlook

__all__ = ["ALL", "OUTSIDE", "balance", "balance_by_year", "outlook"]
