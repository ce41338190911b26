"""A private Postfix as smarthost: takes letters, carries them on, and bounces what is not taken."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from needs import need

from bench import postfix

HOW = "Postfix, and root to start one of its own: on Debian apt-get install postfix"
MORE = """\
relay_domains = {domains}
transport_maps = inline:{{ {ways} }}
smtp_dns_support_level = disabled
smtp_tls_security_level = none
"""


@contextmanager
def smarthost(port: int, ways: dict[str, int]) -> Iterator[None]:
    """Postfix on that port. ways: domain -> port of the server on loopback that takes its mail."""
    control = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin")
    need(HOW, present=control is not None and os.geteuid() == 0)
    with tempfile.TemporaryDirectory(prefix="hagaki-postfix-") as name:
        folder = Path(name)
        master = postfix.MASTER.format(port=port, script="/bin/false") + "smtp unix - - n - - smtp\n"
        postfix._configure(folder, Path(str(control)), master, "error:no")
        maps = ", ".join(f"{domain}=smtp:[127.0.0.1]:{taker}" for domain, taker in ways.items())
        with (folder / "etc/main.cf").open("a") as main:
            main.write(MORE.format(domains=" ".join(ways), ways=maps))
        postfix._run(str(control), folder, "start")
        try:
            yield
        finally:
            postfix._run(str(control), folder, "stop")
