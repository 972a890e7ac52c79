import os
import signal

from shared import P0, Terminal, connect, names, until, vrouter

with connect() as m:
    # Goes back by itself, also when the session that began it is gone.
    vrouter("-c", f"configure; {P0.strip()}; commit confirmed 2; exit")
    assert names(m.get_config("running")) == ["p0"]
    until("the way back", lambda: names(m.get_config("running")) == [])
    vrouter("rollback")

    # Another command confirms, and then nothing goes back.
    vrouter("-c", f"configure; {P0.strip()}; exit discard")
    vrouter("-c", f"configure; {P0.strip()}; commit confirmed 600; exit")
    assert names(m.get_config("running")) == ["p0"]
    vrouter("commit")
    vrouter("rollback")
    assert names(m.get_config("running")) == ["p0"]

    # rollback takes it back at once.
    vrouter("-c", "configure; set interfaces interface p1 type ethernetCsmacd; commit confirmed 600; exit")
    assert names(m.get_config("running")) == ["p0", "p1"]
    said = vrouter("rollback")
    assert "taken back" in said, said
    assert names(m.get_config("running")) == names(m.get_config("candidate")) == ["p0"]

    # The time can be made longer, and what it goes back to stays.
    vrouter("-c", "configure; set interfaces interface p2 type ethernetCsmacd; commit confirmed 600; commit confirmed 2; exit")
    assert names(m.get_config("running")) == ["p0", "p2"]
    until("the way back", lambda: names(m.get_config("running")) == ["p0"])
    vrouter("rollback")

    # A connection that is lost with its terminal: somebody else confirms.
    lost = Terminal()
    lost.expect("> ")
    lost.type(f"configure\r{P0.replace('p0', 'p3').strip()}\rcommit confirmed 600\r")
    lost.expect("running goes back then")
    os.kill(lost.process, signal.SIGKILL)
    lost.ends()
    assert names(m.get_config("running")) == ["p0", "p3"]
    vrouter("commit")
    assert "taken back" not in vrouter("rollback")
    assert names(m.get_config("running")) == ["p0", "p3"]

    # One of another client is left to it.
    m.edit_config(target="candidate", config="<config><interfaces xmlns='urn:ietf:params:xml:ns:yang:ietf-interfaces'>"
                  "<interface><name>p3</name><enabled>false</enabled></interface></interfaces></config>")
    m.commit(confirmed=True, timeout="600")
    assert "another session" in vrouter("commit", code=1)
    assert "another client" in vrouter("rollback")
    m.commit()
