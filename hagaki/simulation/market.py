"""Shops that sell by mail, their goods and their customers: what every world has of them on file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from acquirer_sdk.account import BankAccount
from mail_gateway.admin.customers import ID_LENGTH, LETTERS
from mail_gateway.admin.merchants import NewMerchant
from mail_gateway.domain.customer import MeansKind
from mail_gateway.domain.hook import SECRET_LENGTH, hook_ident
from mail_gateway.domain.order import Settle
from mail_gateway.envelope.customers import CustomerSecret
from mail_gateway.envelope.customers import wrap as wrap_secret
from mail_gateway.envelope.keys import Purpose
from mail_gateway.envelope.means import wrap_account, wrap_card
from mail_gateway.outbox.compose import NEVER
from mail_gateway.store import api_keys, customers, products, register, selling
from schemas.deal import ocra
from schemas.mail import token

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from mail_gateway.envelope.keys import KeyRing
    from mail_gateway.store.backend import Guest

GOODS: Final = "TEA"
UNIT_MINOR: Final = 100
STOCK: Final = 3
"""Of each shop: less than its customers may want."""

PEOPLE: Final = 20
CARRIER: Final = "carrier.example"
NO_HOLDS: Final = "no-holds"
"""The acquirer that keeps no amounts: who pays through it is asked first."""

BANK: Final = "bank_debit"
"""The acquirer of bank accounts: it keeps no amounts either, and learns days later what was collected."""

LIMIT_MINOR: Final = 1_000_000
COMPUTED: Final = 3
"""The shop's place that wants a computed answer to what costs more than the next."""

CODE_MINOR_MAX: Final = 200_000
_LANGUAGES: Final = ("en", "ja")


@dataclass(frozen=True, slots=True)
class Store:
    """One shop. key: of its server; letterbox: the address of ours that an earlier letter gave it."""

    merchant: int
    settle: Settle
    mail: str
    language: str
    key: str = field(repr=False)
    letterbox: str
    hook_secret: bytes = field(default=b"", repr=False)

    @property
    def hooks_url(self) -> str:
        """Where its server is told."""
        return f"https://{self.merchant}.shops.example/hooks"


@dataclass(frozen=True, slots=True)
class Person:
    """One customer. means: numbers of the ways to pay: a card where amounts are kept, a card where they are
    not, a bank account. key: as it was given out, 14 groups of four."""

    customer_id: str
    mail: str
    language: str
    means: tuple[int, int, int]
    key: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Market:
    """All of them."""

    stores: tuple[Store, ...]
    people: tuple[Person, ...]


def furnish(conn: Guest, ring: KeyRing, dice: random.Random, domain: str, cards: Sequence[str]) -> Market:
    """Put them on file; cards: track 2 of test cards."""
    stores = [_store(conn, ring, domain, settle) for settle in Settle]
    people = [_person(conn, ring, dice, number, cards[number % len(cards)]) for number in range(PEOPLE)]
    stores.append(_store(conn, ring, domain, Settle.CONFIRMED, CODE_MINOR_MAX))
    buyers = tuple(_with_key(conn, ring, dice, person) for person in people)
    return Market(tuple(_with_hooks(conn, ring, dice, store) for store in stores), buyers)


def _store(
    conn: Guest, ring: KeyRing, domain: str, settle: Settle, code_minor_max: int = LIMIT_MINOR
) -> Store:
    language = "ja" if settle is Settle.DAILY else "en"
    name = f"{settle}" if code_minor_max == LIMIT_MINOR else "computed"
    new = NewMerchant(f"Store {name}", f"store-{name}@{CARRIER}", language)
    number = register.add_merchant(conn, new)["id"]
    selling.change(conn, number, {"settle": settle.value, "remind_h": 1, "code_minor_max": code_minor_max})
    products.put(conn, number, {**_GOODS, "stock": STOCK})
    key = f"hgk_{ring.random_bytes(16).hex()}"
    api_keys.add(conn, number, "server", api_keys.key_hash(key), 0)
    local = token.make(ring.token_key(Purpose.REPLY_TOKEN), token.DESK, number, new.mail, NEVER)
    return Store(number, settle, new.mail, language, key, f"{local}@{domain}")


_GOODS: Final = {"code": GOODS, "name": "Tea", "unit_minor": UNIT_MINOR, "currency": 392}


def _person(conn: Guest, ring: KeyRing, dice: random.Random, number: int, card: str) -> Person:
    customer_id = f"C-{''.join(dice.choice(LETTERS) for _ in range(ID_LENGTH))}"
    mail, language = f"buyer{number}@{CARRIER}", _LANGUAGES[number % 2]
    row = {"customer_id": customer_id, "name": f"Buyer {number}", "mail": mail, "language": language}
    customers.add(conn, row)
    own = customers.find(conn, customer_id)
    pan, _, rest = card.partition("=")
    shown = {"customer": own, "kind": MeansKind.CARD.value, "shown": f"{pan[:6]}******{pan[-4:]}"}
    ways = [
        customers.add_means(conn, {**shown, "acquirer": name, "wrapped": wrap_card(ring, own, pan, rest[:4])})
        for name in ("", NO_HOLDS)
    ]
    account = BankAccount("0001001", f"{number:07d}", holder="ハナコ", customer=f"M-{number}")
    kept = {"kind": MeansKind.ACCOUNT.value, "shown": "0001-001", "wrapped": wrap_account(ring, own, account)}
    ways.append(customers.add_means(conn, {**shown, **kept, "acquirer": BANK}))
    return Person(customer_id, mail, language, (ways[0]["id"], ways[1]["id"], ways[2]["id"]))


def _with_key(conn: Guest, ring: KeyRing, dice: random.Random, person: Person) -> Person:
    key, password = dice.randbytes(ocra.KEY_LENGTH), f"password {dice.randbytes(8).hex()}"
    number = customers.find(conn, person.customer_id)
    secret = CustomerSecret(key, ocra.password_hash(password))
    customers.change(conn, number, {"secret": wrap_secret(ring, number, secret)})
    return replace(person, key=ocra.key_text(key), password=password)


def _with_hooks(conn: Guest, ring: KeyRing, dice: random.Random, store: Store) -> Store:
    secret = dice.randbytes(SECRET_LENGTH)
    wrapped = ring.wrap(Purpose.HOOK, hook_ident(store.merchant), secret)
    api_keys.set_webhook(conn, store.merchant, store.hooks_url, wrapped)
    return replace(store, hook_secret=secret)
