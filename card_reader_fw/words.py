"""What the 16 x 2 display says, in English and Japanese (half-width kana of JIS X 0201)."""

from card_reader_fw.open_sale import REENTRIES_MAX
from schemas.envelope import outcome

COLUMNS = 16

# Behind an outcome stands its code, C and the outcome's number, the same in every language.
ENGLISH = {
    "no-keys": ("NO KEYS", "CALL CENTRE"),
    "idle": ("SWIPE CARD", ""),
    "idle-open": ("SWIPE CARD", "{} OPEN"),
    "idle-again": ("SWIPE CARD AGAIN", "SLIP {:05d}  {}/{}"),
    "bad-card": ("SWIPE AGAIN", "STEADILY"),
    "amount": ("AMOUNT YEN", "{:>16}"),
    "amount-zero": ("AMOUNT IS 0", "KEY THE AMOUNT"),
    "condition": ("PAYMENT 10=LUMP", "{:>16}"),
    "condition-unknown": ("NOT A PAYMENT", "10 21-34 61 80"),
    "count": ("INSTALMENTS", "{:>16}"),
    "count-range": ("INSTALMENTS", "2 TO 99"),
    "sealing": ("SEALING", ""),
    "waiting": ("SLIP {:05d}", "WAIT FOR PHONE"),
    "ready": ("READY TO", "TRANSFER   {:05d}"),
    "sending": ("SENDING", "SLIP {:05d}"),
    "send-again": ("SEND AGAIN", "{:.16}"),
    "sent": ("SENT       {:05d}", "WAIT FOR RESULT"),
    "fault": ("READER FAULT", "{:.16}"),
    "phone": ("{:.16}", "{:.16}"),
    "no-open-sale": ("NO OPEN SALE", "TO CHECK"),
    "code": ("CODE FOR   {:05d}", "{:>16}"),
    "code-short": ("CODE HAS", "8 DIGITS"),
    "code-wrong": ("CODE IS WRONG", "{} MORE TRIES"),
    "code-locked": ("CODES LOCKED", "SLIP {:05d}"),
    "code-seen": ("SEEN ALREADY", "NOTHING NEW"),
    "approved": ("APPROVED      C1", "{:05d}    {:>7}"),
    "declined": ("DECLINED      C2", "{1:.16}"),
    "re-enter": ("RE-ENTER CARD C3", "SLIP {0:05d}"),
    "re-enter-last": ("NO MORE TRIES C3", "SLIP {0:05d}"),
    "more-wanted": ("MORE WANTED   C4", "{1:.16}"),
    "in-doubt": ("UNKNOWN - DO NOT", "HAND OVER  {0:05d}"),
    "cancelled": ("CANCELLED     C6", "SLIP {0:05d}"),
    "expired": ("EXPIRED       C7", "SLIP {0:05d}"),
    "refused": ("REFUSED       C8", "{1:.16}"),
    "help-no-keys": ("ENTER=CHECK CODE", "NO MORE SALES"),
    "help-idle": ("SWIPE STRIPE OR", "ENTER=CHECK CODE"),
    "help-amount": ("DIGITS, ENTER", "CANCEL=NO SALE"),
    "help-condition": ("ENTER=LUMP SUM", "61 INST. 80 REV."),
    "help-count": ("HOW MANY TIMES", "THEN ENTER"),
    "help-sealing": ("ONE MOMENT", ""),
    "help-waiting": ("CONNECT PHONE", "CANCEL=NO SALE"),
    "help-ready": ("TRANSFER=SEND", "CANCEL=NO SALE"),
    "help-sending": ("ONE MOMENT", ""),
    "help-sent": ("ENTER=CHECK CODE", "CANCEL=NEXT SALE"),
    "help-result": ("ANY KEY GOES ON", ""),
    "help-code": ("8 DIGITS, ENTER", "TRANSFER=OTHER"),
}

JAPANESE = {
    "no-keys": ("ｶｷﾞｶﾞ ｱﾘﾏｾﾝ", "ｾﾝﾀｰﾆ ﾚﾝﾗｸ"),
    "idle": ("ｶｰﾄﾞｦ ﾄｵｼﾃｸﾀﾞｻｲ", ""),
    "idle-open": ("ｶｰﾄﾞｦ ﾄｵｼﾃｸﾀﾞｻｲ", "ｹｯｶﾏﾁ {}"),
    "idle-again": ("ﾓｳｲﾁﾄﾞ ｶｰﾄﾞｦ", "ﾃﾞﾝﾋﾟｮｳ{:05d} {}/{}"),
    "bad-card": ("ﾓｳｲﾁﾄﾞ ﾕｯｸﾘ", "ﾄｵｼﾃｸﾀﾞｻｲ"),
    "amount": ("ｷﾝｶﾞｸ ｴﾝ", "{:>16}"),
    "amount-zero": ("ｷﾝｶﾞｸｶﾞ 0 ﾃﾞｽ", "ｷﾝｶﾞｸｦ ﾄﾞｳｿﾞ"),
    "condition": ("ｼﾊﾗｲ 10=ｲｯｶﾂ", "{:>16}"),
    "condition-unknown": ("ｼﾊﾗｲ ｸﾌﾞﾝ ｴﾗｰ", "10 21-34 61 80"),
    "count": ("ﾌﾞﾝｶﾂ ｶｲｽｳ", "{:>16}"),
    "count-range": ("ﾌﾞﾝｶﾂ ｶｲｽｳ", "2 - 99"),
    "sealing": ("ﾌｳｲﾝ ｼﾃｲﾏｽ", ""),
    "waiting": ("ﾃﾞﾝﾋﾟｮｳ {:05d}", "ﾃﾞﾝﾜｦ ﾏｯﾃｲﾏｽ"),
    "ready": ("ｿｳｼﾝﾃﾞｷﾏｽ", "TRANSFER   {:05d}"),
    "sending": ("ｿｳｼﾝﾁｭｳ", "ﾃﾞﾝﾋﾟｮｳ {:05d}"),
    "send-again": ("ﾓｳｲﾁﾄﾞ ｿｳｼﾝ", "{:.16}"),
    "sent": ("ｿｳｼﾝｽﾞﾐ    {:05d}", "ｹｯｶｦ ﾏｯﾃｲﾏｽ"),
    "fault": ("ﾘｰﾀﾞｰ ｺｼｮｳ", "{:.16}"),
    "phone": ("{:.16}", "{:.16}"),
    "no-open-sale": ("ｹｯｶﾏﾁﾉ ｳﾘｱｹﾞﾊ", "ｱﾘﾏｾﾝ"),
    "code": ("ｶｸﾆﾝﾊﾞﾝｺﾞｳ {:05d}", "{:>16}"),
    "code-short": ("ｶｸﾆﾝﾊﾞﾝｺﾞｳﾊ", "8 ｹﾀﾃﾞｽ"),
    "code-wrong": ("ﾊﾞﾝｺﾞｳｶﾞ ﾁｶﾞｲﾏｽ", "ｱﾄ {} ｶｲ"),
    "code-locked": ("ﾊﾞﾝｺﾞｳ ﾛｯｸ", "ﾃﾞﾝﾋﾟｮｳ {:05d}"),
    "code-seen": ("ｽﾃﾞﾆ ﾋｮｳｼﾞｽﾞﾐ", ""),
    "approved": ("ｼｮｳﾆﾝ         C1", "{:05d}    {:>7}"),
    "declined": ("ﾌｼｮｳﾆﾝ        C2", "{1:.16}"),
    "re-enter": ("ﾓｳｲﾁﾄﾞ ﾆｭｳﾘｮｸC3", "ﾃﾞﾝﾋﾟｮｳ {0:05d}"),
    "re-enter-last": ("ﾆｭｳﾘｮｸ ｼｭｳﾘｮｳC3", "ﾃﾞﾝﾋﾟｮｳ {0:05d}"),
    "more-wanted": ("ﾂｲｶ ﾆｭｳﾘｮｸ    C4", "{1:.16}"),
    "in-doubt": ("ﾌﾒｲ! ｼｮｳﾋﾝｦ", "ﾜﾀｻﾅｲﾃﾞ    {0:05d}"),
    "cancelled": ("ﾄﾘｹｼ          C6", "ﾃﾞﾝﾋﾟｮｳ {0:05d}"),
    "expired": ("ｷｹﾞﾝｷﾞﾚ       C7", "ﾃﾞﾝﾋﾟｮｳ {0:05d}"),
    "refused": ("ｷｮﾋ           C8", "{1:.16}"),
    "help-no-keys": ("ENTER=ﾊﾞﾝｺﾞｳｶｸﾆﾝ", "ｳﾘｱｹﾞ ﾌｶ"),
    "help-idle": ("ｶｰﾄﾞｦ ﾄｵｽ", "ENTER=ﾊﾞﾝｺﾞｳｶｸﾆﾝ"),
    "help-amount": ("ｷﾝｶﾞｸﾉﾂｷﾞﾆ ENTER", "CANCEL=ﾁｭｳｼ"),
    "help-condition": ("ENTER=ｲｯｶﾂ", "61=ﾌﾞﾝｶﾂ 80=ﾘﾎﾞ"),
    "help-count": ("ｶｲｽｳﾉﾂｷﾞﾆ ENTER", "CANCEL=ﾁｭｳｼ"),
    "help-sealing": ("ｵﾏﾁｸﾀﾞｻｲ", ""),
    "help-waiting": ("ﾃﾞﾝﾜｦ ﾂﾅｸﾞ", "CANCEL=ﾁｭｳｼ"),
    "help-ready": ("TRANSFER=ｿｳｼﾝ", "CANCEL=ﾁｭｳｼ"),
    "help-sending": ("ｵﾏﾁｸﾀﾞｻｲ", ""),
    "help-sent": ("ENTER=ﾊﾞﾝｺﾞｳｶｸﾆﾝ", "CANCEL=ﾂｷﾞﾉｳﾘｱｹﾞ"),
    "help-result": ("ﾄﾞﾚｶﾉｷｰﾃﾞ ｽｽﾑ", ""),
    "help-code": ("8 ｹﾀﾉﾂｷﾞﾆ ENTER", "TRANSFER=ﾍﾞﾂﾉ"),
}

LANGUAGES = {"en": ENGLISH, "ja": JAPANESE}


def lines(language, key, *parameters):
    """Language ("en", "ja"), key and its parameters -> the two lines, each at most COLUMNS wide."""
    return tuple("\n".join(LANGUAGES[language][key]).format(*parameters).split("\n"))


def result(language, view):
    """An outcome (open_sale.View) -> the two lines."""
    key = outcome.NAMES[view.outcome]
    if view.outcome == outcome.RE_ENTER and view.reentry == REENTRIES_MAX:
        key = "re-enter-last"
    detail = view.note if view.note or view.outcome == outcome.APPROVED else "%05d" % view.slip
    return lines(language, key, view.slip, detail)
