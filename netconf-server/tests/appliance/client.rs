//! A session on the local socket, in the old framing.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

const NETCONF: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
const END: &str = "]]>]]>";

/// The session.
pub(crate) struct Client(UnixStream);

impl Client {
    pub(crate) fn open() -> Self {
        let mut stream = UnixStream::connect("/run/daybreak/netconfd.sock").unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let hello = "<capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities>";
        write!(stream, "<hello xmlns=\"{NETCONF}\">{hello}</hello>{END}").unwrap();
        let mut client = Self(stream);
        assert!(client.hear().unwrap().contains("<session-id>"));
        client
    }

    /// Sends a request, and does not wait for its reply.
    pub(crate) fn say(&mut self, operation: &str) {
        write!(self.0, "<rpc message-id=\"1\" xmlns=\"{NETCONF}\">{operation}</rpc>{END}").unwrap();
    }

    /// The next message; none when the server is gone.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let (mut said, mut byte) = (Vec::new(), [0]);
        while !said.ends_with(END.as_bytes()) {
            if self.0.read(&mut byte).ok()? == 0 {
                return None;
            }
            said.push(byte[0]);
        }
        said.truncate(said.len() - END.len());
        Some(String::from_utf8(said).unwrap())
    }

    pub(crate) fn ask(&mut self, operation: &str) -> String {
        self.say(operation);
        self.hear().unwrap()
    }

    /// Asks for what must be done.
    pub(crate) fn done(&mut self, operation: &str) {
        let said = self.ask(operation);
        assert!(said.contains("<ok/>"), "{operation}: {said}");
    }

    /// Makes the candidate what `config` is and nothing else.
    pub(crate) fn replace(&mut self, config: &str) {
        self.done(&format!(
            "<copy-config><target><candidate/></target><source><config>{config}</config></source></copy-config>"
        ));
    }

    pub(crate) fn running(&mut self) -> String {
        let said = self.ask("<get-config><source><running/></source></get-config>");
        let (_, data) = said.split_once("<data>").unwrap_or_else(|| panic!("{said}"));
        data.split_once("</data>").unwrap().0.to_owned()
    }
}
