# Copyright: Daybreak
# SPDX-License-Identifier: Apache-2.0
"""Inventory of the nodes of a Daybreak provisioner."""

from __future__ import absolute_import, annotations, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: daybreak
short_description: Nodes of a Daybreak provisioner
version_added: 0.1.0
author: Daybreak
description:
  - Runs C(daybreak node list -o json) and makes a host of every node.
  - The name of the inventory file must end in C(daybreak.yml) or C(daybreak.yaml).
  - Hosts are in the group C(daybreak) and in one group per state, C(state_active) for instance.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Marks the file as one for this plugin.
    required: true
    choices: [daybreak, daybreak.vrouter.daybreak]
  command:
    description:
      - The command line before C(node list -o json), as a list.
      - C([ssh, provisioner, daybreak]) asks a provisioner on another machine.
    type: list
    elements: str
    default: [daybreak]
    env:
      - name: DAYBREAK_COMMAND
  timeout:
    description: Seconds after which the command is ended and the inventory fails.
    type: int
    default: 30
  states:
    description: Only nodes in one of these states; all when empty.
    type: list
    elements: str
    default: []
  name_from:
    description: What names a host of the inventory.
    type: str
    choices: [name, hostname]
    default: name
"""

EXAMPLES = r"""
# site.daybreak.yml
plugin: daybreak.vrouter.daybreak

---
# Only routers that are in service, with a group per value of the label "site".
plugin: daybreak.vrouter.daybreak
states: [active]
keyed_groups:
  - key: daybreak_labels.site
    prefix: site
"""

import ipaddress
import json
import re
import subprocess

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

# The states of a node's life cycle; their groups exist even without members, so that plays can name them.
STATES = ("enrolled", "deploying", "active", "failed")

# More is not an answer of a provisioner.
MAX_OUTPUT = 64 * 1024 * 1024

STATE = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\Z")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")

# Key of a node, what it must be, how to say so.
FIELDS = (
    ("name", lambda v: isinstance(v, str) and bool(NAME.match(v)), "a host name"),
    ("hostname", lambda v: isinstance(v, str) and bool(NAME.match(v)), "a host name"),
    ("state", lambda v: isinstance(v, str) and bool(STATE.match(v)), "the name of a state"),
    ("macs", lambda v: isinstance(v, list) and all(isinstance(m, str) and MAC.match(m) for m in v), "a list of MACs"),
    ("address", lambda v: v is None or is_address(v), "an IP address or null"),
    ("labels", lambda v: isinstance(v, dict) and all(isinstance(x, str) for x in v.values()), "an object of texts"),
)


def is_address(value):
    """Whether it is an IPv4 or IPv6 address as text."""
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def inert(text):
    """The same text, marked so that Ansible prints it and never evaluates it.

    Only text that could be a template is marked: the mark shows in the JSON of ansible-inventory.
    """
    return wrap_var(text) if any(mark in text for mark in ("{{", "{%", "{#")) else text


def parse_nodes(text):
    """Turns the output of the command into a list of nodes, each with exactly the keys of FIELDS."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise AnsibleParserError("`node list -o json` printed no JSON: %s" % error)
    if not isinstance(data, list):
        raise AnsibleParserError("`node list -o json` printed no list of nodes")
    nodes = []
    for number, entry in enumerate(data):
        if not isinstance(entry, dict):
            raise AnsibleParserError("`node list -o json`: entry %d is no object" % number)
        for key, good, meant in FIELDS:
            if key not in entry or not good(entry[key]):
                raise AnsibleParserError(
                    "`node list -o json`: %s of entry %d (%s) is not %s; do collection and provisioner belong together?"
                    % (key, number, ascii(entry.get("name")), meant)
                )
        nodes.append(dict((key, entry[key]) for key, _good, _meant in FIELDS))
    return nodes


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The plugin, as Ansible finds it."""

    NAME = "daybreak.vrouter.daybreak"

    def verify_file(self, path):
        """Whether the file is meant for this plugin, by its name."""
        return super().verify_file(path) and path.endswith(("daybreak.yml", "daybreak.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Fills the inventory from the cache or from the command."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        wanted = self.get_option("cache")
        nodes = None
        if wanted and cache:
            nodes = self._cache.get(key)
        if nodes is None:
            nodes = self._ask()
            if wanted:
                # Also after --flush-cache, which asks anew and must leave the answer behind.
                self._cache[key] = nodes
        self._fill(nodes)

    def _ask(self):
        """Runs the command."""
        command = list(self.get_option("command")) + ["node", "list", "-o", "json"]
        shown = " ".join(command)
        timeout = self.get_option("timeout")
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout
            )
        except FileNotFoundError:
            raise AnsibleParserError(
                "cannot run `%s`: there is no program %r. Install Daybreak on this machine or set `command` in the "
                "inventory file, for instance [ssh, PROVISIONER, daybreak]." % (shown, command[0])
            )
        except subprocess.TimeoutExpired:
            raise AnsibleParserError("`%s` did not answer within %d s (`timeout` in the inventory file)" % (shown, timeout))
        except OSError as error:
            raise AnsibleParserError("cannot run `%s`: %s" % (shown, error))
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip() or "it printed no reason"
            raise AnsibleParserError("`%s` failed with exit status %d: %s" % (shown, done.returncode, said))
        if len(done.stdout) > MAX_OUTPUT:
            raise AnsibleParserError("`%s` printed more than %d bytes" % (shown, MAX_OUTPUT))
        return parse_nodes(done.stdout.decode("utf-8", "replace"))

    def _fill(self, nodes):
        """Makes groups, hosts and variables."""
        strict = self.get_option("strict")
        states = self.get_option("states")
        by = self.get_option("name_from")
        self.inventory.add_group("daybreak")
        for state in STATES:
            self.inventory.add_group("state_" + state)
        seen = {}
        for node in nodes:
            if states and node["state"] not in states:
                continue
            host = node[by]
            if host in seen:
                raise AnsibleParserError(
                    "nodes %s and %s are both the host %s; use `name_from: name`" % (seen[host], node["name"], host)
                )
            seen[host] = node["name"]
            group = self.inventory.add_group("state_" + node["state"].replace("-", "_"))
            self.inventory.add_host(host, group="daybreak")
            self.inventory.add_host(host, group=group)
            variables = {
                "daybreak_state": node["state"],
                "daybreak_hostname": node["hostname"],
                "daybreak_macs": node["macs"],
                # The one field of free text.
                "daybreak_labels": dict((inert(k), inert(v)) for k, v in node["labels"].items()),
            }
            if node["macs"]:
                variables["daybreak_mac"] = node["macs"][0]
            if node["address"] is not None:
                variables["ansible_host"] = node["address"]
            for name, value in variables.items():
                self.inventory.set_variable(host, name, value)
            known = self.inventory.get_host(host).get_vars()
            self._set_composite_vars(self.get_option("compose"), known, host, strict)
            known = self.inventory.get_host(host).get_vars()
            self._add_host_to_composed_groups(self.get_option("groups"), known, host, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, host, strict)
