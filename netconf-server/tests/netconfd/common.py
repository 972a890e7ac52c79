"""What the scripts share: a session, and the texts of some edits."""

import os
import pathlib

from lxml import etree
from ncclient import manager
from ncclient.operations.errors import OperationError
from ncclient.operations.rpc import RPCError

IF = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
IP = "urn:ietf:params:xml:ns:yang:ietf-ip"
FOLDER = pathlib.Path(os.environ["NETCONF_FOLDER"])


def connect():
    return manager.connect(
        host="127.0.0.1",
        port=int(os.environ["NETCONF_PORT"]),
        username=os.environ["NETCONF_USER"],
        key_filename=os.environ["NETCONF_KEY"],
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
        timeout=60,
    )


def interface(name, inner=""):
    """An interface as people write it: the namespace of the base is declared once, `<config>` is plain."""
    return f"""<config><interfaces xmlns="{IF}"><interface><name>{name}</name>
      <type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">t:ethernetCsmacd</type>{inner}
      </interface></interfaces></config>"""


def names(reply):
    return [e.text for e in etree.fromstring(reply.xml.encode()).iter(f"{{{IF}}}name")]


def refused(call, tag):
    """Calls what must be refused with that error-tag; gives the error."""
    try:
        call()
    except RPCError as error:
        assert error.tag == tag, f"{error.tag} instead of {tag}: {error}"
        return error
    raise AssertionError(f"was not refused with {tag}")
