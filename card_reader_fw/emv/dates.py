"""Calendar dates as the chip wants them, from unix seconds; not every MicroPython has the calendar."""

DAY_S = 86400


def digits(unix_s):
    """Unix seconds -> YYMMDDhhmmss as 6 bytes of packed digits; before 2000, the first moment of 2000."""
    days, second = unix_s // DAY_S, unix_s % DAY_S
    year, month, day = civil(days)
    if year < 2000:
        year, month, day, second = 2000, 1, 1, 0
    numbers = (year % 100, month, day, second // 3600, second // 60 % 60, second % 60)
    return bytes([number // 10 << 4 | number % 10 for number in numbers])


def civil(days):
    """Days since 1970-01-01 -> (year, month, day), Gregorian. A year is counted from March."""
    days += 719468  # since 0000-03-01
    era, days = days // 146097, days % 146097
    year = (days - days // 1460 + days // 36524 - days // 146096) // 365
    days -= 365 * year + year // 4 - year // 100
    month = (5 * days + 2) // 153
    day = days - (153 * month + 2) // 5 + 1
    return year + era * 400 + (month > 9), month - 9 if month > 9 else month + 3, day


def day_of(date):
    """YYMMDD, packed -> a number that grows with the day; years 50..99 are 19xx (Book 4 section 6.7.3)."""
    century = 19 if date[0] >= 0x50 else 20
    return century << 24 | date[0] << 16 | date[1] << 8 | date[2]
