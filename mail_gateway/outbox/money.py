"""An amount as people read it, where letters look for it."""

from mail_gateway.domain.money import CURRENCIES as CURRENCIES
from mail_gateway.domain.money import shown as shown
