"""Orders by mail, end to end: a shop answers a letter of ours with an order form, and is answered."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import Any

from shop_world import CUSTOMER_MAIL, SHOP_MAIL, Mailbox, ShopWorld, shop_world, words_of

FORM = """\
{order}
{customer}: {number}
{line}: 4901234567894 x 2
{line}: Wrapping, blue @ 200 x 1
{deliver}: Matsumoto, Chuo 1-2-3
"""
EN = {"order": "Order", "customer": "customer", "line": "line", "deliver": "deliver"}
JA = {"order": "注文", "customer": "顧客", "line": "品目", "deliver": "届け先"}


class Office:
    """The shop at its mail program; it answers the newest letter it has."""

    def __init__(self, world: ShopWorld, mailbox: Mailbox) -> None:
        self.world, self.mailbox, self.mails = world, mailbox, 0
        self.to = ""

    async def begin(self) -> None:
        """An order that is withdrawn brings the first letter, and its token."""
        lines = [{"product": "TEA-1", "quantity": 1}]
        body = {"deal_id": "first", "customer": self.world.customer, "lines": lines}
        async with self.world.session() as shop:
            await shop.post("/v1/orders", json=body, headers={"Idempotency-Key": "1"})
            await shop.post("/v1/orders/first/cancel")
        letter = await self.mailbox.letter(SHOP_MAIL, "first")
        self.to = str(message_from_bytes(letter)["Reply-To"])

    async def send(self, text: str, *, sender: str = SHOP_MAIL, number: int = 0, more: str = "") -> None:
        """number: of the mail, for its Message-ID; 0: the next one."""
        self.mails += not number
        which = number or self.mails
        head = f"From: {sender}\nTo: {self.to}\nSubject: Re:\nMessage-ID: <{which}@carrier.example>\n{more}"
        head += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
        await self.world.post((head + text).replace("\n", "\r\n").encode(), sender, self.to)

    async def answer(self, word: str) -> str:
        return words_of(await self.mailbox.letter(SHOP_MAIL, word))

    async def order(self, deal_id: str) -> dict[str, Any]:
        async with self.world.session() as shop, shop.get(f"/v1/orders/{deal_id}") as answer:
            found: dict[str, Any] = await answer.json()
            return found


async def test_a_form_is_an_order_and_the_same_mail_again_is_the_same_order(tmp_path: Path) -> None:
    async with shop_world(tmp_path) as (world, mailbox), world.gateway():
        office = Office(world, mailbox)
        await office.begin()
        form = FORM.format(number=world.customer, **EN)
        quoted = "On 21 Nov 2026, Hagaki <sale@pay.example> wrote:\nThis order is not made.\nCustomer: C-X\n"
        await office.send(f"{form}\nThank you!\n\n{quoted}")
        taken = await office.answer("We took your order")
        deal_id = taken.split("Your deal ID is ")[1].split()[0]
        found = await office.order(deal_id)
        assert (found["total_minor"], found["delivery"]) == (800, "Matsumoto, Chuo 1-2-3")
        assert [line["name"] for line in found["lines"]] == ["Soap", "Wrapping, blue"]
        asked = await mailbox.letter(CUSTOMER_MAIL, "Wrapping, blue")
        question = words_of(asked)
        assert "JPY 800" in question
        await office.send(form + f"deal: {deal_id}\n")
        assert "Nothing was done again" in await office.answer("was there before")
        async with world.session() as shop, shop.get("/v1/products") as answer:
            stock = {one["code"]: one.get("available") for one in (await answer.json())["products"]}
        assert stock["4901234567894"] == 98
        assert "This order is not made yet." in await give_back(office, deal_id, "NOT TAKEN")
        to, code = str(message_from_bytes(asked)["Reply-To"]), question.partition("code ")[2][:5]
        head = f"From: {CUSTOMER_MAIL}\r\nTo: {to}\r\nMessage-ID: <yes@carrier.example>\r\n\r\n"
        await world.post(f"{head}yes\r\n{code}\r\n".encode(), CUSTOMER_MAIL, to)
        await world.first("order.moved", kind="captured", order=2)
        assert "It gives back JPY 300 of JPY 800" in await give_back(office, deal_id, "RETURN R-1 TAKEN")
        assert "Return: R-1" in await office.answer("GIVEN BACK JPY 300")
        assert "It is not done twice" in await give_back(office, deal_id, "RETURN R-1 DONE")
        assert (await office.order(deal_id))["returned_minor"] == 300


async def give_back(office: Office, deal_id: str, word: str) -> str:
    await office.send(f"Return\ndeal: {deal_id}\namount: 300\nreturn: R-1\nreason: one was bad\n")
    return await office.answer(word)


async def test_what_is_not_clear_is_asked_back_and_who_is_not_the_shop_orders_nothing(tmp_path: Path) -> None:
    async with shop_world(tmp_path, "ja") as (world, mailbox), world.gateway():
        office = Office(world, mailbox)
        await office.begin()
        await office.send(
            f"注文\n取引番号：Ａ－１\n品目：TEA-1\n顧客：{world.customer}\nしなもの: TEA-1 x 1\n"
        )
        wrong = await office.answer("承れませんでした")
        assert "「TEA-1…」のところ\n    数量がありません" in wrong and "「しなもの: TEA-1 x 1…」" in wrong
        await office.send(f"注文\n取引番号：Ａ－１\n品目：ＮＩＸ × 2個\n顧客：{world.customer}\n")
        assert "1番目の品目\n    この商品コードは登録されていません" in await office.answer("1番目")
        form = FORM.format(number=world.customer, **JA)
        await office.send(f"お世話になっております。\n{form}取引番号：Ａ－１\nよろしくお願いします。\n")
        assert "お客様にメールで確認します" in await office.answer("ご注文を承りました")
        found = await office.order("A-1")
        assert (found["total_minor"], found["delivery"]) == (800, "Matsumoto, Chuo 1-2-3")
        await office.send(form.replace("x 2", "x 3") + "取引番号：Ａ－１\n")
        assert "別の注文に使われています" in await office.answer("別の注文")
        assert (await office.order("A-1"))["total_minor"] == 800
        form += "取引番号: {}\n"
        await office.send(form.format("thief"), sender="thief@elsewhere.example")
        await office.send(form.format("robot"), more="Auto-Submitted: auto-replied\n")
        await office.send("> " + form.format("quoted").replace("\n", "\n> "))
        await office.send(form.format("good"))
        assert "取引番号は good" in await office.answer("good")
        for deal_id in ("thief", "robot", "quoted"):
            assert (await office.order(deal_id))["status"] == 404, deal_id
