from common import IF, IP, connect, interface, names, refused

with connect() as m:
    for part in ("candidate:1.0", "confirmed-commit:1.1", "startup:1.0", "validate:1.1", "xpath:1.0", "with-defaults"):
        assert any(part in c for c in m.server_capabilities), part

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

    # What does not hold together is refused as a whole.
    m.edit_config(target="candidate", config=f'<config><interfaces xmlns="{IF}"><interface><name>bare</name></interface></interfaces></config>')
    refused(m.commit, "data-missing")
    assert names(m.get_config("running")) == ["p0", "p1"]
    m.discard_changes()
