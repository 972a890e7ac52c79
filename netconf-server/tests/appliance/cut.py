"""Commits a configuration, confirmed, that cuts the connection; then comes again until it is let in."""

import os
import pathlib
import time

from ncclient import manager
from ncclient.operations.errors import TimeoutExpiredError
from ncclient.transport.errors import SessionCloseError, SSHError


def connect():
    return manager.connect(
        host="192.0.2.1",
        port=830,
        username="root",
        key_filename=os.environ["NETCONF_KEY"],
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
        timeout=2,
    )


def again():
    end = time.monotonic() + 40
    while True:
        try:
            return connect()
        except (SSHError, OSError) as error:
            assert time.monotonic() < end, f"nobody is let in: {error}"


old = connect()
before = old.get_config("running").data_xml
old.edit_config(target="candidate", config=pathlib.Path(os.environ["NETCONF_CONFIG"]).read_text(), default_operation="replace")
begun = time.monotonic()
try:
    old.commit(confirmed=True, timeout="3")
except (TimeoutExpiredError, SessionCloseError, OSError) as error:
    print("cut off:", type(error).__name__)

with again() as new:
    came = time.monotonic() - begun
    assert came >= 3, f"let in after {came} s, when the way was not cut"
    assert new.get_config("running").data_xml == before
    print(f"let in again after {came:.1f} s")
