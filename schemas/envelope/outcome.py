"""The outcomes that a result can tell, as the numbers on the wire."""

APPROVED = 1
DECLINED = 2
RE_ENTER = 3
MORE_WANTED = 4
IN_DOUBT = 5
CANCELLED = 6
EXPIRED = 7
REFUSED = 8

NAMES = {
    APPROVED: "approved",
    DECLINED: "declined",
    RE_ENTER: "re-enter",
    MORE_WANTED: "more-wanted",
    IN_DOUBT: "in-doubt",
    CANCELLED: "cancelled",
    EXPIRED: "expired",
    REFUSED: "refused",
}
