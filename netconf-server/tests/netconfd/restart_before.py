from common import FOLDER, connect, interface, names

with connect() as m:
    m.edit_config(target="candidate", config=interface("p0"))
    m.commit()
    m.copy_config(source="running", target="startup")
    assert "p0" in (FOLDER / "startup.xml").read_text()
    m.edit_config(target="candidate", config=interface("p1"))
    m.commit()
    # Not confirmed: its session goes with the server.
    m.edit_config(target="candidate", config=interface("p2"))
    m.commit(confirmed=True, timeout="600")
    assert names(m.get_config("running")) == ["p0", "p1", "p2"]
