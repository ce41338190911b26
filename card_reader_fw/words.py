"""What the 16 x 2 display says, in English and Japanese (half-width kana of JIS X 0201)."""

from schemas.envelope import outcome, payload

COLUMNS = 16

# Behind an outcome stands its code, C and the outcome's number, the same in every language.
ENGLISH = {
    "no-keys": ("NO KEYS", "CALL CENTRE"),
    "idle": ("SWIPE CARD", ""),
    "idle-open": ("SWIPE CARD", "{} NOT YET PAID"),
    "idle-chip": ("INSERT OR SWIPE", "CARD"),
    "idle-chip-open": ("INSERT OR SWIPE", "{} NOT YET PAID"),
    "idle-ending": ("SWIPE CARD", "GET NEW KEYS"),
    "idle-again": ("SWIPE CARD AGAIN", "SLIP {:05d}  {}/{}"),
    "menu": ("1 CODE   2 SALES", "3 ﾆﾎﾝｺﾞ"),
    "card-void": ("VOID       {:05d}", "CARD PLEASE"),
    "card-refund": ("REFUND     {:05d}", "CARD PLEASE"),
    "card-fallback": ("CHIP NOT READ", "SWIPE CARD"),
    "insert-chip": ("CARD HAS A CHIP", "INSERT CARD"),
    "card-gone": ("CARD TAKEN OUT", "TOO EARLY"),
    "bad-card": ("SWIPE AGAIN", "STEADILY"),
    "amount": ("AMOUNT YEN", "{:>16}"),
    "amount-zero": ("AMOUNT IS 0", "KEY THE AMOUNT"),
    "condition": ("PAYMENT 10=LUMP", "{:>16}"),
    "condition-unknown": ("NOT A PAYMENT", "10 21-34 61 80"),
    "count": ("INSTALMENTS", "{:>16}"),
    "count-range": ("INSTALMENTS", "2 TO 99"),
    "pin": ("PIN, THEN ENTER", "{:>16}"),
    "pin-short": ("PIN HAS 4 DIGITS", "OR MORE"),
    "reading": ("READING CHIP", "DO NOT REMOVE"),
    "choose": ("{}=ENTER, OR NEXT", "{:.16}"),
    "chip-bad": ("CARD NOT TAKEN", "{:.16}"),
    "remove": ("REMOVE CARD", ""),
    "sealing": ("SEALING", ""),
    "waiting": ("SLIP {:05d}", "WAIT FOR PHONE"),
    "ready": ("READY TO", "TRANSFER   {:05d}"),
    "sending": ("SENDING", "SLIP {:05d}"),
    "send-again": ("SEND AGAIN", "{:.16}"),
    "handed": ("DID IT ARRIVE?", "ENTER=YES  {:05d}"),
    "sent": ("SENT       {:05d}", "WAIT FOR RESULT"),
    "undo": ("CANCEL {:05d} ?", "ENTER=YES"),
    "cancel-asked": ("CANCEL ASKED", "WAIT       {:05d}"),
    "given-back": ("GIVEN BACK    C1", "SLIP {0:05d}"),
    "not-cancelled": ("NOT CANCELLED", "{1:.16}"),
    "fault": ("READER FAULT", "{:.16}"),
    "phone": ("{:.16}", "{:.16}"),
    "no-sales": ("NO SALES YET", ""),
    "sale": ("{:05d}{}{:>10}", "{:.16}"),
    "answered": ("IT HAS ITS", "ANSWER ALREADY"),
    "no-void": ("CANNOT BE", "VOIDED"),
    "no-refund": ("CANNOT BE", "REFUNDED"),
    "refund": ("REFUND<={:>8}", "{:>16}"),
    "too-much": ("TOO MUCH, ONLY", "{:>16}"),
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
    "help-no-keys": ("ENTER=MENU", "NO MORE SALES"),
    "help-idle": ("CARD=SALE", "ENTER=MENU"),
    "help-menu": ("CHECK CODE/SALES", "CANCEL=BACK"),
    "help-card": ("SWIPE OR INSERT", "CANCEL=NOT NOW"),
    "help-amount": ("DIGITS, ENTER", "CANCEL=NO SALE"),
    "help-condition": ("ENTER=LUMP SUM", "61 INST. 80 REV."),
    "help-count": ("HOW MANY TIMES", "THEN ENTER"),
    "help-pin": ("PIN OF CUSTOMER", "CANCEL=NO SALE"),
    "help-reading": ("LEAVE CARD IN", "CANCEL=NO SALE"),
    "help-choose": ("ENTER=THIS ONE", "TRANSFER=NEXT"),
    "help-sealing": ("ONE MOMENT", ""),
    "help-remove": ("TAKE CARD OUT", "CANCEL=NO SALE"),
    "help-waiting": ("PLUG PHONE IN OR", "1=TYPE  2=QR"),
    "help-ready": ("TRANSFER=SEND", "OR 1=TYPE  2=QR"),
    "help-sending": ("ONE MOMENT", ""),
    "help-handed": ("ENTER=IN MAIL", "CANCEL=GO BACK"),
    "help-sent": ("ENTER=CHECK CODE", "CANCEL=STOP SALE"),
    "help-undo": ("ENTER=CANCEL IT", "CANCEL=NEXT SALE"),
    "help-result": ("ANY KEY GOES ON", ""),
    "help-code": ("8 DIGITS, ENTER", "TRANSFER=OTHER"),
    "help-sales": ("1=VOID/CANCEL", "2=REFUND TR=SEND"),
    "help-refund": ("DIGITS, ENTER", "CANCEL=NOT NOW"),
}

JAPANESE = {
    "no-keys": ("ｶｷﾞｶﾞ ｱﾘﾏｾﾝ", "ｾﾝﾀｰﾆ ﾚﾝﾗｸ"),
    "idle": ("ｶｰﾄﾞｦ ﾄｵｼﾃｸﾀﾞｻｲ", ""),
    "idle-open": ("ｶｰﾄﾞｦ ﾄｵｼﾃｸﾀﾞｻｲ", "ﾐｹｯｻｲ {} ｹﾝ"),
    "idle-chip": ("ｶｰﾄﾞｦ ｻｽ ﾏﾀﾊ", "ﾄｵｼﾃｸﾀﾞｻｲ"),
    "idle-chip-open": ("ｶｰﾄﾞｦ ｻｽ / ﾄｵｽ", "ﾐｹｯｻｲ {} ｹﾝ"),
    "idle-ending": ("ｶｰﾄﾞｦ ﾄｵｼﾃｸﾀﾞｻｲ", "ｶｷﾞｦ ｺｳｶﾝｼﾃｸﾀﾞｻｲ"),
    "idle-again": ("ﾓｳｲﾁﾄﾞ ｶｰﾄﾞｦ", "ﾃﾞﾝﾋﾟｮｳ{:05d} {}/{}"),
    "menu": ("1 ﾊﾞﾝｺﾞｳ 2 ﾘﾚｷ", "3 ENGLISH"),
    "card-void": ("ﾄﾘｹｼ       {:05d}", "ｶｰﾄﾞｦ ﾄﾞｳｿﾞ"),
    "card-refund": ("ﾍﾝｷﾝ       {:05d}", "ｶｰﾄﾞｦ ﾄﾞｳｿﾞ"),
    "card-fallback": ("ICｦ ﾖﾒﾏｾﾝ", "ｶｰﾄﾞｦ ﾄｵｼﾃｸﾀﾞｻｲ"),
    "insert-chip": ("ICｶｰﾄﾞﾃﾞｽ", "ｻｼｺﾝﾃﾞｸﾀﾞｻｲ"),
    "card-gone": ("ｶｰﾄﾞｶﾞ", "ﾇｶﾚﾏｼﾀ"),
    "bad-card": ("ﾓｳｲﾁﾄﾞ ﾕｯｸﾘ", "ﾄｵｼﾃｸﾀﾞｻｲ"),
    "amount": ("ｷﾝｶﾞｸ ｴﾝ", "{:>16}"),
    "amount-zero": ("ｷﾝｶﾞｸｶﾞ 0 ﾃﾞｽ", "ｷﾝｶﾞｸｦ ﾄﾞｳｿﾞ"),
    "condition": ("ｼﾊﾗｲ 10=ｲｯｶﾂ", "{:>16}"),
    "condition-unknown": ("ｼﾊﾗｲ ｸﾌﾞﾝ ｴﾗｰ", "10 21-34 61 80"),
    "count": ("ﾌﾞﾝｶﾂ ｶｲｽｳ", "{:>16}"),
    "count-range": ("ﾌﾞﾝｶﾂ ｶｲｽｳ", "2 - 99"),
    "pin": ("ｱﾝｼｮｳﾊﾞﾝｺﾞｳ", "{:>16}"),
    "pin-short": ("ｱﾝｼｮｳﾊﾞﾝｺﾞｳﾊ", "4 ｹﾀ ｲｼﾞｮｳ"),
    "reading": ("ICｦ ﾖﾝﾃﾞｲﾏｽ", "ﾇｶﾅｲﾃﾞｸﾀﾞｻｲ"),
    "choose": ("{}=ENTER / ﾂｷﾞ", "{:.16}"),
    "chip-bad": ("ｶｰﾄﾞ ｦ ﾂｶｴﾏｾﾝ", "{:.16}"),
    "remove": ("ｶｰﾄﾞｦ", "ﾇｲﾃｸﾀﾞｻｲ"),
    "sealing": ("ﾌｳｲﾝ ｼﾃｲﾏｽ", ""),
    "waiting": ("ﾃﾞﾝﾋﾟｮｳ {:05d}", "ﾃﾞﾝﾜｦ ﾏｯﾃｲﾏｽ"),
    "ready": ("ｿｳｼﾝﾃﾞｷﾏｽ", "TRANSFER   {:05d}"),
    "sending": ("ｿｳｼﾝﾁｭｳ", "ﾃﾞﾝﾋﾟｮｳ {:05d}"),
    "send-again": ("ﾓｳｲﾁﾄﾞ ｿｳｼﾝ", "{:.16}"),
    "handed": ("ﾄﾄﾞｷﾏｼﾀｶ?", "ENTER=ﾊｲ   {:05d}"),
    "sent": ("ｿｳｼﾝｽﾞﾐ    {:05d}", "ｹｯｶｦ ﾏｯﾃｲﾏｽ"),
    "undo": ("ﾄﾘｹｼ ｼﾏｽｶ? {:05d}", "ENTER=ﾊｲ"),
    "cancel-asked": ("ﾄﾘｹｼ ｲﾗｲﾁｭｳ", "ｵﾏﾁｸﾀﾞｻｲ   {:05d}"),
    "given-back": ("ﾍﾝｷﾝ ｽﾞﾐ      C1", "ﾃﾞﾝﾋﾟｮｳ {0:05d}"),
    "not-cancelled": ("ﾄﾘｹｼ ﾃﾞｷﾏｾﾝ", "{1:.16}"),
    "fault": ("ﾘｰﾀﾞｰ ｺｼｮｳ", "{:.16}"),
    "phone": ("{:.16}", "{:.16}"),
    "no-sales": ("ｳﾘｱｹﾞﾊ", "ｱﾘﾏｾﾝ"),
    "sale": ("{:05d}{}{:>10}", "{:.16}"),
    "answered": ("ｹｯｶﾊ", "ﾃﾞﾃｲﾏｽ"),
    "no-void": ("ﾄﾘｹｼ", "ﾃﾞｷﾏｾﾝ"),
    "no-refund": ("ﾍﾝｷﾝ", "ﾃﾞｷﾏｾﾝ"),
    "refund": ("ﾍﾝｷﾝ <={:>8}", "{:>16}"),
    "too-much": ("ｷﾝｶﾞｸ ｵｵｽｷﾞ", "{:>16}"),
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
    "help-no-keys": ("ENTER=ﾒﾆｭｰ", "ｳﾘｱｹﾞ ﾌｶ"),
    "help-idle": ("ｶｰﾄﾞ=ｳﾘｱｹﾞ", "ENTER=ﾒﾆｭｰ"),
    "help-menu": ("ｶｸﾆﾝﾊﾞﾝｺﾞｳ/ﾘﾚｷ", "CANCEL=ﾓﾄﾞﾙ"),
    "help-card": ("ｶｰﾄﾞｦ ｻｽ / ﾄｵｽ", "CANCEL=ﾁｭｳｼ"),
    "help-amount": ("ｷﾝｶﾞｸﾉﾂｷﾞﾆ ENTER", "CANCEL=ﾁｭｳｼ"),
    "help-condition": ("ENTER=ｲｯｶﾂ", "61=ﾌﾞﾝｶﾂ 80=ﾘﾎﾞ"),
    "help-count": ("ｶｲｽｳﾉﾂｷﾞﾆ ENTER", "CANCEL=ﾁｭｳｼ"),
    "help-pin": ("ｵｷｬｸｻﾏﾉ ﾊﾞﾝｺﾞｳ", "CANCEL=ﾁｭｳｼ"),
    "help-reading": ("ｶｰﾄﾞｦ ﾇｶﾅｲ", "CANCEL=ﾁｭｳｼ"),
    "help-choose": ("ENTER=ｺﾚ", "TRANSFER=ﾂｷﾞ"),
    "help-sealing": ("ｵﾏﾁｸﾀﾞｻｲ", ""),
    "help-remove": ("ｶｰﾄﾞｦ ﾇｸ", "CANCEL=ﾁｭｳｼ"),
    "help-waiting": ("ﾃﾞﾝﾜｦ ﾂﾅｸﾞ ﾏﾀﾊ", "1=ﾀｲﾌﾟ  2=QR"),
    "help-ready": ("TRANSFER=ｿｳｼﾝ", "1=ﾀｲﾌﾟ  2=QR"),
    "help-sending": ("ｵﾏﾁｸﾀﾞｻｲ", ""),
    "help-handed": ("ENTER=ﾒｰﾙﾆ ｱﾙ", "CANCEL=ﾓﾄﾞﾙ"),
    "help-sent": ("ENTER=ﾊﾞﾝｺﾞｳｶｸﾆﾝ", "CANCEL=ﾄﾘｹｼ"),
    "help-undo": ("ENTER=ﾄﾘｹｼ", "CANCEL=ﾂｷﾞﾉｳﾘｱｹﾞ"),
    "help-result": ("ﾄﾞﾚｶﾉｷｰﾃﾞ ｽｽﾑ", ""),
    "help-code": ("8 ｹﾀﾉﾂｷﾞﾆ ENTER", "TRANSFER=ﾍﾞﾂﾉ"),
    "help-sales": ("ENTER=ﾏｴ 1=ﾄﾘｹｼ", "2=ﾍﾝｷﾝ TRF=ｿｳｼﾝ"),
    "help-refund": ("ｷﾝｶﾞｸﾉﾂｷﾞﾆ ENTER", "CANCEL=ﾁｭｳｼ"),
}

LANGUAGES = {"en": ENGLISH, "ja": JAPANESE}
# How one of the last sales stands, where that is not its outcome's first line.
STANDING = {
    "en": {"open": "NOT YET PAID", "in-doubt": "UNKNOWN       C5", "left": "LEFT{:>12}", "back": "ALL BACK"},
    "ja": {"open": "ﾐｹｯｻｲ", "in-doubt": "ﾌﾒｲ           C5", "left": "ｻﾞﾝ{:>13}", "back": "ﾍﾝｷﾝ ｽﾞﾐ"},
}


def lines(language, key, *parameters):
    """Language ("en", "ja"), key and its parameters -> the two lines, each at most COLUMNS wide."""
    return tuple("\n".join(LANGUAGES[language][key]).format(*parameters).split("\n"))


def lines_of(language, key, parameters):
    """As `lines`, also for the texts that are about one sale: "result" and "sales" (open_sale.View)."""
    if key in ABOUT_A_SALE:
        return ABOUT_A_SALE[key](language, parameters[0])
    return lines(language, key, *parameters)


def result(language, view):
    """An outcome (open_sale.View) -> the two lines."""
    return lines(language, _outcome(view), view.slip, _detail(view))


def sale(language, view):
    """One of the last sales (open_sale.View) -> the two lines: slip, kind and amount, and how it ended."""
    ended = _ended(language, view)
    return lines(language, "sale", view.slip, KIND_LETTERS[view.kind], view.amount_minor, ended)


def _ended(language, view):
    texts = STANDING[language]
    if view.is_waiting():
        return LANGUAGES[language]["cancel-asked"][0]
    if not view.outcome:
        return texts["open"]
    if view.outcome == outcome.APPROVED and view.kind == payload.SALE and view.left < view.amount_minor:
        return texts["left"].format(view.left) if view.left else texts["back"]
    key = _outcome(view)
    return texts[key] if key in texts else LANGUAGES[language][key][0]


def _outcome(view):
    if view.is_waiting():
        return "cancel-asked"
    if view.kind == payload.CANCEL:
        return CANCELS.get(view.outcome, "not-cancelled")
    key = outcome.NAMES[view.outcome]
    return "re-enter-last" if view.outcome == outcome.RE_ENTER and not view.comes_again() else key


def _detail(view):
    return view.note if view.note or view.outcome == outcome.APPROVED else "%05d" % view.slip


KIND_LETTERS = {payload.SALE: " ", payload.VOID: "V", payload.REFUND: "R", payload.CANCEL: "C"}
CANCELS = {outcome.APPROVED: "given-back", outcome.CANCELLED: "cancelled"}
ABOUT_A_SALE = {"result": result, "sales": sale}
