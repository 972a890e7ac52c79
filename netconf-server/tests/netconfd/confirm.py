import time

from common import connect, interface, names, refused


def until(what, look):
    """Looks until it is so; the server's own clock decides when."""
    end = time.monotonic() + 60
    while not look():
        assert time.monotonic() < end, what


with connect() as m:
    m.edit_config(target="candidate", config=interface("p0"))
    m.commit()

    # The time runs out.
    m.edit_config(target="candidate", config=interface("p1"))
    m.commit(confirmed=True, timeout="1")
    assert names(m.get_config("running")) == ["p0", "p1"]
    until("the way back", lambda: names(m.get_config("running")) == ["p0"])

    # Confirmed in time.
    m.discard_changes()
    m.edit_config(target="candidate", config=interface("p2"))
    m.commit(confirmed=True, timeout="600")
    m.commit()
    assert names(m.get_config("running")) == ["p0", "p2"]

    # Cancelled.
    m.edit_config(target="candidate", config=interface("p3"))
    m.commit(confirmed=True, timeout="600")
    m.cancel_commit()
    assert names(m.get_config("running")) == ["p0", "p2"]
    m.discard_changes()

    # The session ends before it confirmed.
    with connect() as other:
        other.edit_config(target="candidate", config=interface("p4"))
        other.commit(confirmed=True, timeout="600")
        assert "p4" in names(m.get_config("running"))
    until("the way back after the session", lambda: "p4" not in names(m.get_config("running")))

    # Another session, with the ticket.
    m.discard_changes()
    with connect() as other:
        other.edit_config(target="candidate", config=interface("p5"))
        other.commit(confirmed=True, timeout="600", persist="ticket")
    assert "p5" in names(m.get_config("running"))
    refused(m.commit, "in-use")
    m.commit(persist_id="ticket")
    assert "p5" in names(m.get_config("running"))
