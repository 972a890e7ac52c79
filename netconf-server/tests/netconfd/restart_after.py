from common import connect, names

with connect() as m:
    assert names(m.get_config("running")) == ["p0", "p1"]
    assert names(m.get_config("startup")) == ["p0"]
