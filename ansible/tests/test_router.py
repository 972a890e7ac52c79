"""The role `router` against a real netconfd: it configures, and the second time changes nothing."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

COLLECTION = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ["ANSIBLE_BIN"])
NETCONFD = os.environ.get("DAYBREAK_NETCONFD")
LIMIT = 300

VARIABLES = {
    "router_interfaces": [
        {"name": "p0", "description": "to <the> peer", "ipv4": ["10.1.0.1/24"], "ipv6": ["2001:db8:1::1/64"]},
        {"name": "p1", "enabled": False},
    ],
    "router_bgp": {
        "as": 65001,
        "router_id": "10.1.0.1",
        "redistribute": ["connected"],
        "neighbors": [{"address": "10.1.0.2", "as": 65002, "description": "peer"}],
    },
    "router_kpi": {"influxdb": {"url": "http://10.77.0.1:8086", "database": "daybreak"}, "period": 1},
}


@unittest.skipUnless(NETCONFD, "DAYBREAK_NETCONFD names no netconfd; `make test` does")
class Router(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)
        for name in ("host_key", "id"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        (self.folder / "keys").mkdir()
        self.user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        shutil.copy(self.folder / "id.pub", self.folder / "keys" / self.user)
        (self.folder / "netconfd.yaml").write_text(
            f"listen: ['127.0.0.1:0']\nsocket: ''\nstate_dir: {place.name}/state\nstartup_dir: {place.name}\n"
            f"host_keys: [{place.name}/host_key]\nauthorized_keys: {place.name}/keys/%u\npermit_root: true\nappliers: []\n"
        )
        log = self.folder / "log"
        with log.open("w") as file:
            self.server = subprocess.Popen([NETCONFD, "serve", "--config", self.folder / "netconfd.yaml"], stderr=file)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        end = time.monotonic() + LIMIT
        while not (found := re.search(r"served address=127\.0\.0\.1:(\d+)", log.read_text())):
            self.assertIsNone(self.server.poll(), log.read_text())
            self.assertLess(time.monotonic(), end, "netconfd does not serve")
        self.port = int(found[1])
        self.environment = {
            **os.environ,
            "HOME": place.name,
            "ANSIBLE_HOME": f"{place.name}/.ansible",
            "ANSIBLE_COLLECTIONS_PATH": f"{place.name}/collections",
            "ANSIBLE_NOCOLOR": "1",
        }
        (self.folder / ".ssh").mkdir()
        host_key = (self.folder / "host_key.pub").read_text().rsplit(" ", 1)[0]
        (self.folder / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{self.port} {host_key}\n")
        (self.folder / "inventory.yml").write_text("state_active: {hosts: {r1: {ansible_host: 127.0.0.1}}}\n")
        self.galaxy("build", COLLECTION, "--output-path", self.folder)
        tarball = next(self.folder.glob("daybreak-vrouter-*.tar.gz"))
        self.galaxy("install", "--offline", tarball, "-p", self.folder / "collections")

    def galaxy(self, *arguments):
        subprocess.run(
            [BIN / "ansible-galaxy", "collection", *arguments],
            check=True, env=self.environment, stdout=subprocess.DEVNULL, timeout=LIMIT,
        )

    def play(self, variables):
        """Runs the playbook; gives what the recap counts and all that was printed."""
        variables = {"ansible_port": self.port, "ansible_user": self.user, **variables}
        done = subprocess.run(
            [BIN / "ansible-playbook", "-i", self.folder / "inventory.yml", "--private-key", self.folder / "id",
             "-e", json.dumps(variables), "daybreak.vrouter.router"],
            env=self.environment, capture_output=True, text=True, timeout=LIMIT,
        )
        text = done.stdout + done.stderr
        recap = re.search(r"^r1 .*ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", text, re.MULTILINE)
        self.assertIsNotNone(recap, text)
        return dict(zip(("ok", "changed", "unreachable", "failed"), map(int, recap.groups()))), text

    def test_configures_once_and_then_finds_nothing_to_change(self):
        startup = self.folder / "startup.xml"
        unsaved, text = self.play({"router_interfaces": [{"name": "p2"}], "router_save": False})
        self.assertEqual((unsaved["changed"], unsaved["failed"]), (1, 0), text)
        self.assertNotIn("p2", startup.read_text() if startup.exists() else "")
        first, text = self.play(VARIABLES)
        self.assertEqual((first["changed"], first["failed"], first["unreachable"]), (3, 0, 0), text)
        for saved in ("p0", "p2", "10.1.0.2", "http://10.77.0.1:8086"):
            self.assertIn(saved, startup.read_text())
        second, text = self.play(VARIABLES)
        self.assertEqual((second["changed"], second["failed"]), (0, 0), text)
        refused, text = self.play({"router_bgp": {**VARIABLES["router_bgp"], "router_id": "not an address"}})
        self.assertEqual(refused["failed"], 1, text)
        self.assertIn("not an address", text)


if __name__ == "__main__":
    unittest.main()
