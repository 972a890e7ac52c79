import os
import re
import stat

from shared import FOLDER, P0, Terminal, addresses, connect, names

with connect() as m:
    # A login shell is called so, or with a dash.
    t = Terminal("-", name="vrouter")
    t.expect("> ")
    t.type("exit\r")
    assert t.ends() == 0
    t = Terminal(name="-vrouter")
    t.expect("> ")

    # Tab completes commands, names and values, from the schema and the candidate.
    t.type("conf\t")
    t.expect("configure ")
    t.type("\r")
    t.expect("# ")
    for typed, completed in [
        ("se\t", "set "),
        ("inter\t", "interfaces "),
        ("int\t", "interface "),
        ("p0 ty\t", "type "),
        ("ethernetC\t", "ethernetCsmacd "),
    ]:
        t.type(typed)
        t.expect(completed)
    t.type("\r")
    t.expect("# ")
    t.type("set int int p\t")
    t.expect("p0 ")
    t.type("ip\t\t")
    listed = t.expect("ipv6") + "ipv6"
    assert "ipv4" in listed, listed
    # What they have in common was filled in.
    t.type("4 address 10.0.0.1 pref\t24\r")
    t.expect("prefix-length ")
    t.expect("# ")

    # A question is answered, and what was typed stays.
    t.type("set interfaces interface p0 enabled ?")
    answer = t.expect("set interfaces interface p0 enabled ")
    answer = t.expect("set interfaces interface p0 enabled ")
    assert "<enabled>" in answer and "true" in answer, answer
    t.type("fals\r")
    t.expect('error: "fals" is no value of enabled; did you mean false?')
    t.expect("# ")
    t.type("set interfaces interface p0 description \"what?\"\r")
    t.expect("# ")
    t.type("show | set\r")
    shown = t.expect("# ")
    assert 'description "what?"' in shown, shown

    # Ctrl-C drops what is typed, and nothing else.
    t.type("set interfaces interface p9 type ethernetCsmacd\x03")
    t.expect("# ")
    t.type("edit interfaces interface p0\r")
    t.expect("[edit interfaces interface p0]")
    t.expect("# ")
    t.type("show\r")
    assert "type ethernetCsmacd;" in t.expect("# ")
    assert names(m.get_config("candidate")) == ["p0"]

    # exit warns once.
    t.type("exit\r")
    t.expect("not committed")
    t.expect("# ")
    t.type("commit\r")
    t.expect("committed;")
    t.expect("# ")
    running = m.get_config("running")
    assert addresses(running) == ["10.0.0.1/24"] and "what?" in running.xml
    t.type("set enabled false\rexit\r")
    t.expect("not committed")
    t.expect("# ")
    t.type("exit\r")
    t.expect("> ")
    assert "<enabled>" not in m.get_config("candidate").xml

    # A line that cannot be read ends nothing.
    t.type("shwo\r")
    t.expect("did you mean show?")
    t.expect("> ")
    t.type("show config interfaces interface \t")
    t.expect("p0 ")
    t.type("\r")
    t.expect("> ")
    # Programs have the terminal; an interrupt ends them, and not the command line.
    t.type("ping 127.0.0.1 count 1000\r")
    t.expect("bytes from 127.0.0.1")
    t.type("\x03")
    t.expect("packets transmitted")
    t.expect("> ")
    t.type("shell\r")
    # The prompt of bash, which drops what was typed before.
    t.expect("# " if os.getuid() == 0 else "$ ")
    t.type("echo in-$((40+2)); exit 3\r")
    t.expect("in-42")
    t.expect("> ")
    # Ctrl-Z must not stop a login shell; Ctrl-D leaves.
    t.type("\x1a")
    t.type("\x04")
    assert t.ends() == 0

    # Nothing is coloured.
    assert not re.search(r"\x1b\[[0-9;]*m", t.seen), t.seen

    # The history is the user's own, and knows no secret.
    t = Terminal()
    t.expect("> ")
    t.type("configure\r")
    t.expect("# ")
    t.type("set system authentication user x password secret-word\r")
    t.expect("error")
    t.expect("# ")
    t.type("exit\r")
    t.expect("> ")
    # The line before the last that was kept.
    t.type("\x1b[A\x1b[A")
    t.expect("configure")
    t.type("\x03")
    t.expect("> ")
    t.type("exit\r")
    assert t.ends() == 0
    history = FOLDER / ".vrouter_history"
    assert stat.S_IMODE(os.stat(history).st_mode) == 0o600, oct(os.stat(history).st_mode)
    text = history.read_text()
    assert "configure" in text and "secret-word" not in text, text
