"""What an operator puts on file for orders, on PostgreSQL as the gateway's own role."""

from __future__ import annotations

from pathlib import Path

import pytest
from postgres_world import fresh_url

from acquirer_sdk.account import BankAccount
from mail_gateway.admin import customers, keys, means, merchants, products, selling
from mail_gateway.domain.errors import GatewayError
from mail_gateway.settings import GatewaySettings, KeySettings

PRICES = "code,name,unit_minor,stock\nJAM,りんごジャム,540,4\nPEN,ペン,120,\n".encode("cp932")


def test_master_data_is_kept_on_a_server_as_in_a_file(tmp_path: Path) -> None:
    gateway = GatewaySettings("pay.example", database=fresh_url())
    key_settings = KeySettings(f"file:{tmp_path}/root.key")
    keys.new_bdk(gateway, key_settings)
    desk = keys.Desk(gateway, key_settings, "operator")
    merchants.add(gateway, merchants.NewMerchant("Yama", "yama@example.jp"))
    assert selling.change(gateway, "Yama", {"settle": "daily"})["code_minor_max"] == 100_000
    assert products.load(gateway, "", PRICES)["added"] == 2
    assert products.load(gateway, "Yama", PRICES)["changed"] == 2
    assert products.restock(gateway, "Yama", "JAM", by=-4)["stock"] == 0
    with pytest.raises(GatewayError, match="reserved"):
        products.restock(gateway, "Yama", "JAM", by=-1)
    assert products.restock(gateway, "Yama", "PEN", by=2)["stock"] == 2
    products.retire(gateway, "Yama", "PEN")
    assert [row["code"] for row in products.listed(gateway, "Yama")] == ["JAM"]
    who = customers.add(gateway, customers.NewCustomer("山田花子", "h@example.jp"))["customer_id"]
    assert customers.set_password(desk, who, "correct horse")["key"]
    card = means.add_card(desk, who, ("4111111111111111", "09/28"))
    means.add_account(desk, who, BankAccount("0001123", "7654321", holder="ﾔﾏﾀﾞ ﾊﾅｺ"))
    means.retire(gateway, card["id"])
    shown = customers.shown(gateway, who)
    assert [one["retired_ms"] is None for one in shown["means"]] == [False, True]
    assert shown["has_password"] is True
    customers.close(gateway, who)
    assert customers.listed(gateway) == []
