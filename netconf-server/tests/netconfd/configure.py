from common import IF, IP, connect, interface, names, refused

with connect() as m:
    # These and no others: what is announced is done, and what is done is announced.
    CAPABILITY = "urn:ietf:params:netconf:capability:"
    announced = {c.split("?")[0].removeprefix(CAPABILITY) for c in m.server_capabilities if c.startswith(CAPABILITY)}
    assert announced == {
        "candidate:1.0", "confirmed-commit:1.1", "rollback-on-error:1.0", "validate:1.1", "startup:1.0", "xpath:1.0",
        "with-defaults:1.0", "yang-library:1.1",
    }, announced

    m.edit_config(target="candidate", config=interface("p1"))
    m.edit_config(target="candidate", config=interface("p0", f"""<ipv4 xmlns="{IP}"><address>
        <ip>192.0.2.1</ip><prefix-length>24</prefix-length></address></ipv4>"""))
    assert names(m.get_config("running")) == [] and names(m.get_config("candidate")) == ["p0", "p1"]
    m.validate("candidate")
    m.commit()
    assert names(m.get_config("running")) == ["p0", "p1"]

    # Subtree, with and without a namespace, and XPath.
    one = m.get_config("running", filter=("subtree", f'<interfaces xmlns="{IF}"><interface><name>p0</name></interface></interfaces>'))
    assert names(one) == ["p0"] and "192.0.2.1" in one.xml
    assert names(m.get_config("running", filter=("subtree", "<interfaces><interface><name>p1</name></interface></interfaces>"))) == ["p1"]
    path = ({"i": IF}, "/i:interfaces/i:interface[i:name='p1']")
    assert names(m.get_config("running", filter=("xpath", path))) == ["p1"]
    assert "true" in m.get_config("running", filter=("xpath", path), with_defaults="report-all").xml
    assert "enabled" not in m.get_config("running").xml, "nobody set it"

    # The same bytes for the same data: what compares texts sees no change.
    assert m.get_config("running").data_xml == m.get_config("running").data_xml

    # State beside configuration.
    state = m.get().xml
    assert "netconf-state" in state and "yang-library" in state and "system-state" in state

    schema = m.get_schema("ietf-interfaces")
    assert "module ietf-interfaces" in schema.data
    refused(lambda: m.get_schema("no-such-module"), "invalid-value")

    # Errors say what and where.
    error = refused(lambda: m.edit_config(target="candidate", config=interface("p2", "<enabled>perhaps</enabled>")), "invalid-value")
    assert "enabled" in (error.path or "") and "perhaps" in error.message, (error.path, error.message)
    refused(lambda: m.edit_config(target="candidate", config=interface("p2", "<nonsense/>")), "unknown-element")
    refused(lambda: m.edit_config(target="running", config=interface("p2")), "operation-not-supported")
    deleted = f'<config><interfaces xmlns="{IF}"><interface xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" nc:operation="delete"><name>p9</name></interface></interfaces></config>'
    refused(lambda: m.edit_config(target="candidate", config=deleted), "data-missing")

    # A node that has no effect is refused, never silently kept.
    refused(lambda: m.edit_config(target="candidate", config=interface("p2", "<link-up-down-trap-enable>enabled</link-up-down-trap-enable>")), "unknown-element")

    m.edit_config(target="candidate", config=interface("p5"))
    m.discard_changes()
    assert names(m.get_config("candidate")) == ["p0", "p1"]

    # Of an edit with good parts and a bad one, only continue-on-error keeps the good ones.
    both = interface("p5").replace("</interfaces></config>", "") + (
        '<interface xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" nc:operation="delete"><name>p9</name></interface>'
        '<interface><name>p6</name><type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">t:ethernetCsmacd</type></interface>'
        "</interfaces></config>"
    )
    for option, kept in (
        ("rollback-on-error", ["p0", "p1"]),
        ("stop-on-error", ["p0", "p1"]),
        ("continue-on-error", ["p0", "p1", "p5", "p6"]),
        (None, ["p0", "p1"]),
    ):
        refused(lambda: m.edit_config(target="candidate", config=both, error_option=option), "data-missing")
        assert names(m.get_config("candidate")) == kept, (option, names(m.get_config("candidate")))
        m.discard_changes()

    # A default is there only where its `when` lets it be: those of BGP are not in a protocol that is none.
    m.edit_config(target="candidate", config="""<config><routing xmlns="urn:ietf:params:xml:ns:yang:ietf-routing">
      <control-plane-protocols><control-plane-protocol><type>static</type><name>main</name></control-plane-protocol>
      </control-plane-protocols></routing></config>""")
    everything = m.get_config("candidate", with_defaults="report-all").xml
    assert "control-plane-protocol" in everything and "ietf-bgp" not in everything, everything
    m.discard_changes()

    # Each test-option: without one an edit is set, and tested by validate and commit.
    bare = f'<config><interfaces xmlns="{IF}"><interface><name>bare</name></interface></interfaces></config>'
    for option, kept in (("test-then-set", False), ("test-only", False), ("set", True), (None, True)):
        edit = lambda: m.edit_config(target="candidate", config=bare, test_option=option)
        edit() if kept else refused(edit, "data-missing")
        assert ("bare" in names(m.get_config("candidate"))) == kept, option
        m.discard_changes()
    m.edit_config(target="candidate", config=interface("p5"), test_option="test-only")
    assert names(m.get_config("candidate")) == ["p0", "p1"]
    m.edit_config(target="candidate", config=interface("p5"), test_option="test-then-set")
    assert names(m.get_config("candidate")) == ["p0", "p1", "p5"]
    m.discard_changes()

    # What does not hold together is refused as a whole.
    m.edit_config(target="candidate", config=f'<config><interfaces xmlns="{IF}"><interface><name>bare</name></interface></interfaces></config>')
    refused(m.commit, "data-missing")
    assert names(m.get_config("running")) == ["p0", "p1"]
    m.discard_changes()
