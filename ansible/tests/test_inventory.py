"""The collection as an operator uses it: built, installed, and asked by real Ansible programs."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

COLLECTION = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ["ANSIBLE_BIN"])
LIMIT = 300

NODES = [
    {
        "name": "r1",
        "hostname": "edge1",
        "macs": ["52:54:00:00:00:01", "52:54:00:00:00:02"],
        "state": "active",
        "address": "192.0.2.11",
        "labels": {"site": "berlin", "evil": "{{ 6 * 7 }}"},
        "reason": "a key of a newer provisioner",
    },
    {"name": "r2", "hostname": "r2", "macs": ["52:54:00:00:00:03"], "state": "deploying", "address": None, "labels": {}},
    {"name": "r3", "hostname": "r3", "macs": [], "state": "active", "address": "192.0.2.13", "labels": {"site": "paris"}},
]


def plain(value):
    """Takes away the mark that ansible-inventory prints around text that must not be evaluated (from 2.19 on: all)."""
    return value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else value


def setUpModule():
    """Builds and installs the collection once; the tarball is what a user would get."""
    global SITE, PLACE
    PLACE = tempfile.TemporaryDirectory()
    SITE = pathlib.Path(PLACE.name)
    galaxy = [BIN / "ansible-galaxy", "collection"]
    environment = {**os.environ, "HOME": PLACE.name, "ANSIBLE_HOME": PLACE.name}
    subprocess.run([*galaxy, "build", COLLECTION, "--output-path", SITE], check=True, env=environment, stdout=subprocess.DEVNULL, timeout=LIMIT)
    tarball = next(SITE.glob("daybreak-vrouter-*.tar.gz"))
    subprocess.run([*galaxy, "install", "--offline", tarball, "-p", SITE / "collections"], check=True, env=environment, stdout=subprocess.DEVNULL, timeout=LIMIT)


def tearDownModule():
    PLACE.cleanup()


class Inventory(unittest.TestCase):
    """Each test has a folder with a stand-in for `daybreak` that prints what a provisioner would and counts its runs."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)
        self.answer(json.dumps(NODES))

    def answer(self, text, status=0, before=""):
        (self.folder / "answer").write_text(text)
        program = self.folder / "daybreak"
        program.write_text(
            "#!/bin/sh\ncd %s\necho \"$*\" >> asked\n%s\ncat answer\nexit %d\n" % (self.folder, before, status)
        )
        program.chmod(0o755)

    def asked(self):
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []

    def ansible(self, program, *arguments, options=None, name="site.daybreak.yml"):
        config = {"plugin": "daybreak.vrouter.daybreak", "command": [str(self.folder / "daybreak")], **(options or {})}
        file = self.folder / name
        file.write_text(json.dumps(config))
        environment = {
            **os.environ,
            "HOME": str(self.folder),
            "ANSIBLE_HOME": str(self.folder),
            "ANSIBLE_COLLECTIONS_PATH": str(SITE / "collections"),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
        }
        return subprocess.run(
            [BIN / program, "-i", file, *arguments], env=environment, capture_output=True, text=True, timeout=LIMIT, cwd=self.folder
        )

    def listed(self, **options):
        done = self.ansible("ansible-inventory", "--list", options=options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout, object_hook=plain)

    def refused(self, **options):
        done = self.ansible("ansible-inventory", "--list", options=options)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        # Ansible wraps its messages at the width of the terminal.
        return " ".join(done.stderr.split())

    def test_hosts_have_their_variables(self):
        hosts = self.listed()["_meta"]["hostvars"]
        self.assertEqual(set(hosts), {"r1", "r2", "r3"})
        self.assertEqual(hosts["r1"]["ansible_host"], "192.0.2.11")
        self.assertEqual(hosts["r1"]["daybreak_state"], "active")
        self.assertEqual(hosts["r1"]["daybreak_hostname"], "edge1")
        self.assertEqual(hosts["r1"]["daybreak_mac"], "52:54:00:00:00:01")
        self.assertEqual(hosts["r1"]["daybreak_macs"], ["52:54:00:00:00:01", "52:54:00:00:00:02"])
        self.assertNotIn("ansible_host", hosts["r2"], "a node without an address must not get one")
        self.assertNotIn("daybreak_mac", hosts["r3"])
        self.assertEqual(self.asked(), ["node list -o json"])

    def test_groups_follow_the_states(self):
        groups = self.listed()
        self.assertEqual(sorted(groups["daybreak"]["hosts"]), ["r1", "r2", "r3"])
        self.assertEqual(sorted(groups["state_active"]["hosts"]), ["r1", "r3"])
        self.assertEqual(groups["state_deploying"]["hosts"], ["r2"])
        self.assertIn("state_failed", groups["all"]["children"], "a play may name a state that no node is in")

    def test_a_state_of_a_newer_provisioner_gets_its_group(self):
        self.answer(json.dumps([{**NODES[0], "state": "on-hold"}]))
        self.assertEqual(self.listed()["state_on_hold"]["hosts"], ["r1"])

    def test_states_choose_the_nodes(self):
        self.assertEqual(set(self.listed(states=["deploying"])["_meta"]["hostvars"]), {"r2"})

    def test_labels_make_groups(self):
        groups = self.listed(keyed_groups=[{"key": "daybreak_labels.site", "prefix": "site"}])
        self.assertEqual(groups["site_berlin"]["hosts"], ["r1"])
        self.assertEqual(groups["site_paris"]["hosts"], ["r3"])

    def test_compose_sees_the_variables(self):
        hosts = self.listed(compose={"where": "daybreak_hostname ~ '.example.net'"})["_meta"]["hostvars"]
        self.assertEqual(hosts["r1"]["where"], "edge1.example.net")

    def test_hosts_can_be_named_by_host_name(self):
        self.assertIn("edge1", self.listed(name_from="hostname")["_meta"]["hostvars"])
        self.answer(json.dumps([NODES[0], {**NODES[1], "hostname": "edge1"}]))
        self.assertIn("r1 and r2 are both the host edge1", self.refused(name_from="hostname"))

    def test_a_label_is_never_evaluated(self):
        play = self.folder / "play.yml"
        task = {"ansible.builtin.copy": {"content": "{{ daybreak_labels.evil }}", "dest": str(self.folder / "out")}}
        play.write_text(json.dumps([{"hosts": "r1", "connection": "local", "gather_facts": False, "tasks": [task]}]))
        done = self.ansible("ansible-playbook", str(play), "-e", "ansible_python_interpreter=/usr/bin/python3")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual((self.folder / "out").read_text(), "{{ 6 * 7 }}")

    def test_the_cache_answers_the_second_time(self):
        options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(self.folder / "cache")}
        first = self.listed(**options)
        self.answer(json.dumps(NODES[:1]))
        self.assertEqual(self.listed(**options), first, "from the cache")
        self.assertEqual(len(self.asked()), 1)
        play = self.folder / "play.yml"
        play.write_text(json.dumps([{"hosts": "all"}]))
        done = self.ansible("ansible-playbook", str(play), "--list-hosts", "--flush-cache", options=options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("r2", done.stdout)
        self.assertEqual(len(self.asked()), 2)
        self.assertEqual(set(self.listed(**options)["_meta"]["hostvars"]), {"r1"}, "the new answer is in the cache")
        self.assertEqual(len(self.asked()), 2)

    def test_without_a_cache_every_run_asks(self):
        self.listed()
        self.listed()
        self.assertEqual(len(self.asked()), 2)

    def test_a_missing_program_says_what_to_do(self):
        said = self.refused(command=["/nonexistent/daybreak"])
        self.assertIn("there is no program '/nonexistent/daybreak'", said)
        self.assertIn("set `command`", said)

    def test_a_failing_program_is_quoted(self):
        self.answer("", status=3, before="echo 'no daybreak answers on /run/daybreak.sock' >&2")
        said = self.refused()
        self.assertIn("exit status 3", said)
        self.assertIn("no daybreak answers on /run/daybreak.sock", said)

    def test_a_hanging_program_is_ended(self):
        self.answer("[]", before="exec sleep 1000")
        self.assertIn("did not answer within 1 s", self.refused(timeout=1))

    def test_what_is_no_list_of_nodes_is_refused(self):
        for text, part in [
            ("no json", "printed no JSON"),
            ("{}", "no list of nodes"),
            ("[1]", "entry 0 is no object"),
            (json.dumps([{**NODES[0], "state": 7}]), "state of entry 0 ('r1') is not the name of a state"),
            (json.dumps([{**NODES[0], "name": "a b"}]), "name of entry 0 ('a b') is not a host name"),
            (json.dumps([{**NODES[0], "name": "r1\n"}]), "is not a host name"),
            (json.dumps([{**NODES[0], "macs": "x"}]), "macs of entry 0 ('r1') is not a list of MACs"),
            (json.dumps([{**NODES[0], "macs": ["{{ 1 }}"]}]), "macs of entry 0 ('r1') is not a list of MACs"),
            (json.dumps([{**NODES[0], "address": "{{ 1 }}"}]), "address of entry 0 ('r1') is not an IP address"),
            (json.dumps([{k: v for k, v in NODES[0].items() if k != "labels"}]), "labels of entry 0 ('r1') is not an object of texts"),
        ]:
            with self.subTest(part):
                self.answer(text)
                self.assertIn(part, self.refused())

    def test_no_nodes_are_no_error(self):
        self.answer("[]")
        self.assertEqual(self.listed()["_meta"]["hostvars"], {})

    def test_other_files_are_left_to_other_plugins(self):
        done = self.ansible("ansible-inventory", "--list", name="other.yml")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.asked(), [])

    def test_the_documentation_is_whole(self):
        done = self.ansible_doc()
        plugin = json.loads(done.stdout)["daybreak.vrouter.daybreak"]
        self.assertEqual(set(plugin["doc"]["options"]) & {"command", "timeout", "states", "name_from", "cache", "keyed_groups"},
                         {"command", "timeout", "states", "name_from", "cache", "keyed_groups"})

    def ansible_doc(self):
        environment = {**os.environ, "HOME": str(self.folder), "ANSIBLE_COLLECTIONS_PATH": str(SITE / "collections")}
        return subprocess.run(
            [BIN / "ansible-doc", "-t", "inventory", "-j", "daybreak.vrouter.daybreak"],
            env=environment, capture_output=True, text=True, timeout=LIMIT, check=True,
        )

    @unittest.skipUnless(os.environ.get("DAYBREAK_BIN") and os.environ.get("DAYBREAK_SOCKET"), "no provisioner was given")
    def test_a_running_provisioner_answers(self):
        command = [os.environ["DAYBREAK_BIN"], "--socket", os.environ["DAYBREAK_SOCKET"]]
        self.assertIn("daybreak", self.listed(command=command)["all"]["children"])


if __name__ == "__main__":
    unittest.main()
