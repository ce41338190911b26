"""What the desk reader says when it cannot go on: a slug, and one sentence with what to do."""

AGAIN = "swipe again, steadily, in one go, with the stripe towards the head"
SENTENCES = {
    "amount-range": "The amount must be 1 to 99999999 yen; key it again.",
    "amount-zero": "The amount is nothing; key what is to be given back.",
    "answered": "That sale has its answer and is not sent again; look at the list of sales.",
    "cancel-asked": "Its cancel is under way; hand the answer to it to the reader, or send the cancel again.",
    "card-fallback": "The chip could not be read; give the stripe of the same card too, it may stand for it.",
    "card-gone": "The card left the slot before the sale was sealed; put it in again.",
    "slot-empty": "No card is in the slot; choose a slot with a card in it.",
    "card-fault": "There is no fault of that name; `hagaki card list` names them.",
    "card-port": "No virtual reader listens there; start pcscd with the driver of vsmartcard-vpcd.",
    "card-unknown": "There is no test card of that name; `hagaki card list` names them.",
    "code-format": "A check code has eight digits; type it as the result letter shows it.",
    "code-slip": "No open sale has that slip number; look at the slip number in the result letter.",
    "command-unknown": "Type one of: swipe TRACK2, flux FILE, wav FILE, insert CARD, remove, keys K, quit.",
    "condition-unknown": "That is no payment condition here; choose 10, 21-25, 31-34, 61-63, 80 or 110.",
    "count-range": "Instalments are 2 to 99; choose another count.",
    "device-busy": "Another process uses this reader; end it first, for two would use one key.",
    "device-damaged": "This is not a reader's device file, or it is damaged; enrol the reader again.",
    "device-exists": "That file exists; a reader's keys are written once, choose another file.",
    "device-missing": "There is no such device file; create the reader first.",
    "flash": "The device file did not keep what was written; check the disk, then swipe again.",
    "flux-format": "The flux file must hold whole microseconds between spaces or line ends; record it again.",
    "insert-chip": "The card has a chip; put it into the slot.",
    "no-keys": "The reader has no keys left; enrol it again.",
    "no-refund": "Nothing is left of that sale that could be given back; choose another.",
    "no-sales": "The reader has made no sale yet; swipe a card first.",
    "no-slot": "This reader has no slot for test cards; start it with the slot empty.",
    "no-void": "Only a whole approved sale is voided; refund what is left, or cancel what has no answer.",
    "no-open-sale": "No sale of this reader takes a check code; show it the result mail instead.",
    "one-card": "Give exactly one of track2, flux and wav.",
    "pcsc-missing": "PC/SC readers need the package pyscard; install hagaki[pcsc].",
    "pcsc-reader": "There is no such PC/SC reader; plug it in, and see that pcscd knows it.",
    "pcsc-service": "The PC/SC service does not answer; start pcscd.",
    "picture-kind": "A picture is written as *.png or *.svg; choose another name.",
    "pin-off": "This reader takes no PIN, and so no debit; for trials enrol one with --pin.",
    "pin-short": "A PIN has 4 to 12 digits; key it again.",
    "pin-wanted": "Debit needs the customer's PIN; give one.",
    "port": "The serial port cannot be opened; check its name and that no other program uses it.",
    "result-format": "That is not a whole result block; copy all of it, with the BEGIN and END lines.",
    "slot-format": "A slot is pcsc, pcsc:READER, card:NAME or card:NAME:FAULT; wire:NAME too.",
    "slip-unknown": "None of the last ten sales has that slip number; look at the list of sales.",
    "stripe-format": "The stripe holds no card number with expiry date; " + AGAIN + ", or use another card.",
    "stripe-lrc": "The stripe was read with an error (check sum); " + AGAIN + ".",
    "stripe-no-end": "The swipe stopped before the end of the stripe; " + AGAIN + ".",
    "stripe-no-start": "The stripe's beginning was not found; " + AGAIN + ".",
    "stripe-no-track2": "Only a stripe without the card number was read; " + AGAIN + ".",
    "stripe-noise": "The head heard no stripe; " + AGAIN + ".",
    "stripe-parity": "The stripe was read with an error (parity); " + AGAIN + ".",
    "stripe-text": "Track 2 is digits, one '=' and at most 37 characters; type it without its sentinels.",
    "stripe-too-long": "The stripe is longer than any track 2; " + AGAIN + ", or use another card.",
    "too-much": "That is more than is left of the sale; key a smaller amount.",
    "wav-format": "The recording must be a mono PCM wave file of 8 or 16 bits; record it again.",
}
CHIP_SAYS_NO = "The chip gave no sale, and its stripe may not stand for it; try another card."


class ReaderError(Exception):
    """slug: stable; sentence: for a person. Neither holds card data or keys."""

    def __init__(self, slug: str):
        self.slug = slug
        self.sentence = SENTENCES.get(slug, CHIP_SAYS_NO if slug.startswith("chip-") else "")
        super().__init__(f"{self.sentence} [{slug}]")
