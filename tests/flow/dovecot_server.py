"""A private Dovecot on loopback: its own configuration, its own mailbox, no rights of the machine's one."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import pwd
import shutil
import signal
import tempfile
from pathlib import Path

from needs import need
from phone_world import WAIT_S, free_port

USER, PASSWORD = "shop", "sesame"

_CONFIG = """\
base_dir = {root}/run
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
mail_location = maildir:{root}/mail
first_valid_uid = 1
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={root}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""

_TOKENS = """\
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2
}}
"""

_INTROSPECTION = """\
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""


def need_dovecot() -> str:
    """The program's path; without it the test is skipped, but on the build machine it fails."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    need("Debian package dovecot-imapd: apt-get install dovecot-imapd", present=program is not None)
    return str(program)


class Dovecot:
    """One instance. Dovecot lets nobody log in as root, so under root the mailbox belongs to nobody.

    capability: all that it says it can; empty: what it really can. tokens_port: of an introspection endpoint
    that it asks for access tokens (RFC 7662); 0: it takes the password only.
    """

    def __init__(self, capability: str = "", tokens_port: int = 0) -> None:
        self._capability = capability
        self._tokens_port = tokens_port
        self.program = need_dovecot()
        self.root = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.root.chmod(0o755)
        self.mail = self.root / "mail"
        self.port = free_port()
        self._owner = pwd.getpwnam("nobody" if os.geteuid() == 0 else getpass.getuser())
        for part in (self.mail, self.mail / "new", self.mail / "cur", self.mail / "tmp", self.root / "home"):
            part.mkdir()
            os.chown(part, self._owner.pw_uid, self._owner.pw_gid)
        (self.root / "conf").write_text(self._config())
        (self.root / "oauth2").write_text(_INTROSPECTION.format(port=tokens_port))

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            self.program, "-F", "-c", str(self.root / "conf"), start_new_session=True
        )
        async with asyncio.timeout(WAIT_S):
            while not await self._listens():
                assert self._process.returncode is None, (self.root / "log").read_text()
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """A session that serves a client would outlive its master: all of the group end."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        async with asyncio.timeout(WAIT_S):
            await self._process.wait()

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def deliver(self, name: str, mail: bytes, *, folder: str = "new") -> None:
        """Put a mail into the mailbox, as a delivery agent does."""
        arriving = self.mail / "tmp" / name
        arriving.write_bytes(mail)
        os.chown(arriving, self._owner.pw_uid, self._owner.pw_gid)
        arriving.rename(self.mail / folder / name)

    def flags(self) -> dict[str, str]:
        """Mail -> its Maildir flags, of those the server has looked at."""
        split = (file.name.partition(":2,") for file in (self.mail / "cur").iterdir())
        return {name.partition(",")[0]: flags for name, _, flags in split}

    def lying(self, folder: str = "") -> int:
        """How many mails lie in a folder; empty: the inbox."""
        parts = (self.mail / (folder and f".{folder}") / part for part in ("new", "cur"))
        return sum(len(list(part.iterdir())) for part in parts if part.is_dir())

    def forget(self) -> None:
        """Lose the index, as after a restore: the mailbox gets another UIDVALIDITY."""
        for file in self.mail.glob("dovecot*"):
            file.unlink()
        (self.mail / "dovecot-uidvalidity").unlink(missing_ok=True)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def _config(self) -> str:
        as_root = os.geteuid() == 0
        mine = self._owner.pw_name
        told = f"imap_capability = {self._capability}\n" if self._capability else ""
        if self._tokens_port:
            told += _TOKENS.format(root=self.root)
        return told + _CONFIG.format(
            root=self.root,
            port=self.port,
            password=PASSWORD,
            internal="dovecot" if as_root else mine,
            internal_group="dovecot" if as_root else self._owner.pw_gid,
            login="dovenull" if as_root else mine,
            owner=self._owner.pw_uid,
            owner_group=self._owner.pw_gid,
        )
