import os
import signal
import subprocess

from shared import COMMAND, P0, addresses, connect, names, until, vrouter

with connect() as m:
    # Commands as they are typed, cut short, with comments and blank lines.
    out = vrouter(text=f"""
        # the first port
        conf
        {P0}
        edit int int p0
        set ipv4 address 10.0.0.1 prefix-length 24
        set description "to; the # peer" enabled true
        show | set
        up; top
        compare | match description
        commit
        exit
        show config interfaces interface p0 ipv4 address
    """)
    assert out == (
        'set description "to; the # peer"\nset type ethernetCsmacd\nset enabled true\n'
        "set ipv4 address 10.0.0.1 prefix-length 24\n"
        'set interfaces interface p0 description "to; the # peer"\n'
        "committed; save keeps it over a restart of the machine\n"
        "address 10.0.0.1 {\n    prefix-length 24;\n}\n"
    ), out
    running = m.get_config("running")
    assert names(running) == ["p0"] and addresses(running) == ["10.0.0.1/24"]
    assert "<description>to; the # peer</description>" in running.xml

    # The first error ends it; what was set before is not kept, and nothing after it is done.
    error = vrouter(text="configure\nset interfaces interface p0 enabled false\nset interfaces interface p0 mtu 1\ncommit\n", code=2)
    assert "line 3" in error and "mtu" in error, error
    assert "<enabled>true</enabled>" in m.get_config("candidate").xml

    # What only the server can know is refused by it.
    error = vrouter("-c", "configure; delete interfaces interface p0 type; commit", code=1)
    assert "type" in error, error
    assert "ethernetCsmacd" in m.get_config("candidate").xml

    # Changes are never dropped without a word.
    for text, code in [
        ("configure\nset interfaces interface p0 enabled false\n", 1),
        ("configure\nset interfaces interface p0 enabled false\nexit\n", 2),
        ("configure\nset interfaces interface p0 enabled false\nexit discard\n", 0),
        ("configure\nset interfaces interface p0 enabled false\ndiscard\nexit\n", 0),
        ("configure\nset interfaces interface p0 enabled true\n", 0),
    ]:
        said = vrouter(text=text, code=code)
        assert "not committed" in said if code else said == "", (text, said)
        assert "<enabled>true</enabled>" in m.get_config("candidate").xml

    # delete and replace
    vrouter("-c", "configure; delete interfaces interface p0 ipv4; commit; exit")
    assert addresses(m.get_config("running")) == []

    # An interrupt, or an end of any kind, leaves nothing half done: the lock and the changes go.
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, text=True)
    process.stdin.write("configure\nset interfaces interface p7 type ethernetCsmacd\n")
    process.stdin.flush()
    until("the edit", lambda: "p7" in names(m.get_config("candidate")))
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30) == -signal.SIGINT
    until("the end of the session", lambda: "p7" not in names(m.get_config("candidate")))
    with m.locked("candidate"):
        pass

    # Who has seen enough may leave.
    reader = subprocess.run(f"{' '.join(COMMAND)} show interfaces | true; exit ${{PIPESTATUS[0]}}", shell=True,
                            executable="/bin/bash", capture_output=True, text=True, timeout=60)
    assert (reader.returncode, reader.stderr) == (0, ""), reader
