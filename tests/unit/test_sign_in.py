"""Signing in: what cannot be, what a command's line is good for, and what is left of a server's answer."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from acquirer_sdk.port import SettingsError
from handset.app import accounts
from handset.errors import HandsetError
from handset.settings import HandsetSettings
from mail_gateway.settings import SmarthostSettings
from schemas.mail.sign_in import XOAUTH2, NoSecret, SignIn, no_command, without

FIXED = SignIn("shop", "sesame")
ASKED = SignIn("shop", "", ("pass", "mail"))
BY_TOKEN = replace(ASKED, way=XOAUTH2)
TOKEN = "ya29.a0Af_" + "Bc-" * 60


@pytest.mark.parametrize("account", [SignIn("", ""), FIXED, ASKED, BY_TOKEN, SignIn("店", "秘密")])
def test_what_can_be(account: SignIn) -> None:
    assert account.fault("mail.example", tls=True) is None


def test_a_token_goes_nowhere_in_clear_but_to_this_machine() -> None:
    assert BY_TOKEN.fault("mail.example", tls=False) == ("sign_in", "xoauth2 needs TLS (RFC 7628)")
    assert BY_TOKEN.fault("127.0.0.1", tls=False) is None
    assert FIXED.fault("mail.example", tls=False) is None


@pytest.mark.parametrize(
    "account,part",
    [
        (SignIn("shop", ""), "password"),
        (SignIn("shop", "sesame", ("pass",)), "secret_command"),
        (SignIn("shop", "sesame", way=XOAUTH2), "secret_command"),
        (SignIn("", "", ("pass",)), "user"),
        (SignIn("", "", way=XOAUTH2), "user"),
        (SignIn("店", "", ("pass",), XOAUTH2), "user"),
        (SignIn("a\r\nb", "sesame"), "user"),
        (SignIn("shop", "ses\0ame"), "password"),
        (SignIn("shop", "", ("",)), "secret_command"),
        (SignIn("shop", "", ("pass", "a\nb")), "secret_command"),
    ],
)
def test_what_cannot_be_is_named_by_its_part(account: SignIn, part: str) -> None:
    fault = account.fault("mail.example", tls=True)
    assert fault is not None
    assert fault[0] == part
    with pytest.raises(SettingsError) as caught:
        own = (account.user, account.password, account.command, account.way)
        SmarthostSettings("mail.example", 587, "", *own, tls="tls")
    assert caught.value.key == part
    assert "sesame" not in f"{caught.value} {account!r}"


@pytest.mark.parametrize(
    "changed,slug",
    [
        ({"smtp_user": "shop"}, "[handset] smtp_password: is needed"),
        (
            {"smtp_user": "shop", "smtp_secret_command": ("x",), "smtp_sign_in": XOAUTH2},
            "smtp_sign_in: xoauth2",
        ),
        ({"fetch": "imap:mail.example:993:shop:INBOX"}, "[handset] imap_password: is needed"),
        ({"fetch": "imap:mail.example:993"}, "[fetch-form]"),
    ],
)
def test_a_phone_that_cannot_sign_in_does_not_start(changed: dict[str, Any], slug: str) -> None:
    usual = {
        "port": "x",
        "spool": "x",
        "mail_from": "a@b.example",
        "mail_to": "c@d.example",
        "fetch": "maildir:x",
    }
    with pytest.raises(HandsetError) as caught:
        accounts(HandsetSettings(**{**usual, "smtp_host": "mail.example", **changed}))
    assert slug in str(caught.value)


@pytest.mark.parametrize(
    "account,line,good",
    [
        (ASKED, "sesame open", True),
        (ASKED, "秘密", True),
        (ASKED, "", False),
        (ASKED, "a\x1bb", False),
        (BY_TOKEN, TOKEN, True),
        (BY_TOKEN, "EwB4A8l6BAAU+/~==", True),
        (BY_TOKEN, "Error: invalid_grant", False),
        (BY_TOKEN, "秘密", False),
    ],
)
async def test_a_line_is_taken_for_a_secret_only_if_it_can_be_one(
    account: SignIn, line: str, good: bool
) -> None:
    async def ask(command: tuple[str, ...]) -> str:
        assert command == ("pass", "mail")
        return line

    if good:
        assert await account.secret(ask) == line
        return
    with pytest.raises(NoSecret) as caught:
        await account.secret(ask)
    assert not line or line not in str(caught.value)


async def test_nothing_is_run_for_a_fixed_password_or_where_nothing_can_be() -> None:
    assert await FIXED.secret(no_command) == "sesame"
    with pytest.raises(NoSecret, match="pass cannot be run here"):
        await ASKED.secret(no_command)


@pytest.mark.parametrize("secret", ["sesame", TOKEN, "秘密"])
def test_what_a_server_repeats_of_a_sign_in_is_not_told(secret: str) -> None:
    plain = b64encode(f"\0shop\0{secret}".encode()).decode()
    login = b64encode(secret.encode()).decode()
    by_token = b64encode(f"user=shop\x01auth=Bearer {secret}\x01\x01".encode()).decode()
    for form in (secret, plain, login, by_token):
        assert without(f"535 no {form}.", "shop", secret) == "535 no ."
    for cut in range(24, len(by_token)):
        assert without(f"500 {by_token[:cut]}", "shop", secret) == "500 "
    told = "534 5.7.9 Application-specific password required. https://support.example/mail/?p=InvalidSecondFactor"
    assert without(told, "shop", secret) == told
