//! An HTTP server for tests that answers as a script says, one connection per answer, and breaks off where it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// What the server was asked: request line and headers, then the body.
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Answers with each of `answers` in turn and then stops listening. Gives the base URL and what was asked.
pub(crate) fn serve(answers: Vec<Vec<u8>>) -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (send, asked) = channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read_request(&stream);
            // The client may have hung up already: that is for the test to see.
            let _ = stream.write_all(&answer);
            if send.send(request).is_err() {
                return;
            }
        }
    });
    (url, asked)
}

pub(crate) fn read_request(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the client hung up after {head:?}");
    }
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    Asked { head, body: String::from_utf8(body).unwrap() }
}

/// An answer with a body of which only the first `sent` bytes are sent.
pub(crate) fn answer(status: u16, headers: &str, body: &[u8], sent: usize) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
    [head.as_bytes(), &body[..sent]].concat()
}
