"""A real Postfix with a configuration, queue and mailboxes of its own, for the tests.

Runs as Debian's package builds it, beside one that the machine may have. Needs root, as
Postfix gives up its rights by itself.
"""

import os
import shutil
import smtplib
import subprocess
from collections.abc import Iterable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from tests.peers.databases import free_port
from tests.peers.programs import require, until

_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.com
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
maillog_file = {home}/log
maillog_file_prefixes = {home}
virtual_mailbox_domains = example.com
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = texthash:{home}/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
virtual_minimum_uid = 1
recipient_delimiter = +
transport_maps = texthash:{home}/transport
smtpd_tls_security_level = none
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""
_ATTEMPTS = 3


class Postfix:
    """A mail server that takes mail for those `names` at example.com."""

    def __init__(self, home: Path, names: Iterable[str]) -> None:
        require("postfix")
        if os.geteuid() != 0:
            pytest.skip("Postfix is started by root only")
        self.home, self.port = home, 0
        # Its own people have to reach what is in it.
        for folder in (home, *home.parents):
            if str(folder).startswith("/tmp/"):
                folder.chmod(folder.stat().st_mode | 0o055)
        for name in ("etc", "queue", "data", "mail"):
            (home / name).mkdir()
        shutil.chown(home / "data", "postfix")
        uid = os.stat(home / "data").st_uid
        os.chown(home / "mail", uid, uid)
        boxes = "".join(f"{name}@example.com {name}/\n" for name in names)
        (home / "mailboxes").write_text(boxes)
        # Taken, and found to be nobody only when it is too late to say so.
        (home / "transport").write_text("late.example error:5.1.1 no such user here\n")
        for attempt in range(_ATTEMPTS):
            self.port = free_port()
            for name, text in {"main.cf": _MAIN, "master.cf": _MASTER}.items():
                made = text.format(home=home, uid=uid, port=self.port)
                (home / "etc" / name).write_text(made)
            # Somebody else may have taken the port meanwhile.
            if self._do("start", is_last=attempt + 1 == _ATTEMPTS):
                break
        until(self._answers, what=f"postfix; {self.log()}")

    def _do(self, verb: str, *, is_last: bool = True) -> bool:
        command = [require("postfix"), "-c", str(self.home / "etc"), verb]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert not (done.returncode and is_last), f"{verb}: {done.stderr}{self.log()}"
        return not done.returncode

    def _answers(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as server:
                return server.noop()[0] == 250
        except OSError:
            return False

    def hand_over(self, address: str, url: str) -> None:
        """Mail to an address is posted to `url`, as the documentation shows it."""
        require("curl")
        name = address.partition("@")[0]
        with (self.home / "etc/master.cf").open("a") as file:
            file.write(
                "tocsin unix - n n - - pipe flags=OR user=nobody argv=/bin/sh -c\n"
                f"  {{curl -fsS --data-binary @- {url} || exit 75}}\n"
            )
        with (self.home / "mailboxes").open("a") as file:
            file.write(f"{address} {name}/\n")
        with (self.home / "transport").open("a") as file:
            file.write(f"{address} tocsin:\n")
        self._do("reload")

    def log(self) -> str:
        """What it wrote."""
        log = self.home / "log"
        return log.read_text() if log.exists() else ""

    def count(self) -> int:
        """How many mails lie in mailboxes."""
        return sum(1 for _ in (self.home / "mail").glob("*/new/*"))

    def mails(self, name: str) -> list[EmailMessage]:
        """What `name`@example.com has got, oldest first."""
        # The names of a maildir have no order within a second; the move there has.
        files = (self.home / "mail" / name / "new").glob("*")
        found = sorted(files, key=lambda one: one.stat().st_ctime_ns)
        read = [message_from_bytes(one.read_bytes(), policy=default) for one in found]
        return [one for one in read if isinstance(one, EmailMessage)]

    def stop(self) -> None:
        """End it and all that it started."""
        self._do("stop")
