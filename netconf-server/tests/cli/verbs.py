import json

from shared import FOLDER, addresses, connect, names, vrouter

P1 = """<config><interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>p1</name>
  <type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">t:ethernetCsmacd</type>
  <ipv4 xmlns="urn:ietf:params:xml:ns:yang:ietf-ip"><address><ip>10.0.1.1</ip><prefix-length>24</prefix-length>
  </address></ipv4></interface></interfaces></config>"""
P2 = {"ietf-interfaces:interfaces": {"interface": [{"name": "p2", "type": "iana-if-type:ethernetCsmacd"}]}}

(FOLDER / "p1.xml").write_text(P1)
(FOLDER / "p2.json").write_text(json.dumps(P2))

with connect() as m:
    # Nothing is there, which is no error.
    assert vrouter("show", "config") == vrouter("compare") == ""

    # XML, merged; the candidate outlives the command.
    vrouter("load", str(FOLDER / "p1.xml"))
    lines = vrouter("compare")
    assert lines == (
        "set interfaces interface p1 type ethernetCsmacd\n"
        "set interfaces interface p1 ipv4 address 10.0.1.1 prefix-length 24\n"
    ), lines
    assert names(m.get_config("running")) == []
    vrouter("commit", "check")
    vrouter("commit")
    assert addresses(m.get_config("running")) == ["10.0.1.1/24"]

    # JSON over standard input, in place of all that was there.
    assert json.loads(vrouter("load", "-", "replace", "-o", "json", text=json.dumps(P2)))["result"] == "loaded"
    changes = json.loads(vrouter("compare", "-o", "json"))
    assert {"op": "create", "path": "/ietf-interfaces:interfaces/interface[name='p2']/name", "value": "p2"} in changes
    assert any(c["op"] == "delete" and "p1" in c["path"] for c in changes), changes
    vrouter("rollback")
    assert vrouter("compare") == "" and names(m.get_config("candidate")) == ["p1"]

    # Shown as what it is read from.
    assert json.loads(vrouter("show", "config", "-o", "json"))["ietf-interfaces:interfaces"]["interface"][0]["name"] == "p1"
    assert "<name>p1</name>" in vrouter("show", "config", "interfaces", "interface", "p1", "-o", "xml")
    assert vrouter("show", "config", "int", "int", "p1", "ipv4") == "address 10.0.1.1 {\n    prefix-length 24;\n}\n"
    assert vrouter("show", "startup") == ""
    vrouter("save")
    assert vrouter("show", "startup", "-o", "set") == vrouter("show", "config", "-o", "set") != ""
    assert "p1" in (FOLDER / "startup.xml").read_text()

    # State. This machine has a loopback whatever else.
    table = vrouter("show", "interfaces").splitlines()
    assert table[0].startswith("interface") and any(line.split()[:3] == ["lo", "up", "up"] for line in table), table
    assert vrouter("show", "interfaces", "lo").splitlines()[1].startswith("lo")
    assert "127.0.0.1/8" in vrouter("show", "interfaces", "lo"), "an address that nobody configured here"
    state = json.loads(vrouter("show", "interfaces", "-o", "json"))
    assert any(i["name"] == "lo" and "if-index" in i for i in state["ietf-interfaces:interfaces"]["interface"])
    assert vrouter("show", "state", "interfaces", "interface", "lo", "admin-status") == "admin-status up;\n"
    assert "Linux" in vrouter("show", "version") and "running is saved" in vrouter("show", "status")

    # What is wrong is told on standard error, with what would be right.
    for arguments, code, parts in [
        (["show", "config", "interfacez"], 2, ["did you mean interfaces?"]),
        (["show", "interfaces", "p9"], 2, ["there is no p9"]),
        (["show", "routes", "192.0.2.1"], 2, ["no prefix"]),
        (["show", "routes", "192.0.2.1/32"], 2, ["there is no route to 192.0.2.1/32"]),
        (["load", str(FOLDER / "none.xml")], 1, ["none.xml", "No such file"]),
        (["load", str(FOLDER / "id")], 2, ["neither XML nor JSON"]),
        (["--socket", str(FOLDER / "none"), "show"], 1, ["does not answer", "systemctl status netconfd"]),
        (["-c", "show", "compare"], 2, ["not both"]),
        (["version", "-o", "xml"], 2, ["text or json"]),
    ]:
        error = vrouter(*arguments, code=code)
        assert all(part in error for part in parts), error

    # A configuration that is not valid is refused with its reasons, and running stays.
    vrouter("load", "-", text='{"ietf-interfaces:interfaces": {"interface": [{"name": "p3"}]}}')
    for verb in (["commit", "check"], ["commit"]):
        assert "type" in vrouter(*verb, code=1)
    assert names(m.get_config("running")) == ["p1"]
