//! Faults on the way to a server: connections that end, answers that ask to come back later.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// It reaches the server.
    Pass,
    /// Its connection ends without an answer, and the server does not see it.
    Drop,
    /// Its connection ends without an answer, after the server has done it.
    DropAnswer,
    /// The server sees it with one bit changed in the middle of its body.
    Flip,
    /// Nothing happens to it while the client waits.
    Hang,
    /// This answer, and the server does not see it.
    Answer(&'static str),
}

/// Too many requests, as EBS says it.
pub(crate) const THROTTLED: &str = "HTTP/1.1 400 Bad Request\r\nx-amzn-errortype: RequestThrottledException\r\n\
                             content-length: 2\r\nconnection: close\r\n\r\n{}";
/// A gateway in trouble.
pub(crate) const BROKEN: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Starts a proxy before `url`; `fate` decides by a request's first line and its body, as far as that is text. Gives
/// the proxy's address. It ends with the test's process.
pub(crate) fn start(url: &str, fate: impl Fn(&str, &str) -> Fate + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = url.trim_start_matches("http://").to_owned();
    let fate = Arc::new(fate);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (server, fate) = (server.clone(), Arc::clone(&fate));
            // A client that went away is no failure of the test.
            std::thread::spawn(move || serve(client?, &server, &*fate));
        }
    });
    address
}

fn serve(mut client: TcpStream, server: &str, fate: &dyn Fn(&str, &str) -> Fate) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut first, mut head, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" || line.is_empty() {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let fate = fate(first.trim(), &String::from_utf8_lossy(&body[..length.min(4096)]));
    match fate {
        Fate::Drop => return client.shutdown(Shutdown::Both),
        Fate::Answer(answer) => return client.write_all(answer.as_bytes()),
        Fate::Hang => return std::io::copy(&mut reader, &mut std::io::sink()).map(drop),
        Fate::Flip => body[length / 2] ^= 1,
        Fate::Pass | Fate::DropAnswer => {}
    }
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(format!("{first}{head}connection: close\r\n\r\n").as_bytes())?;
    upstream.write_all(&body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    if matches!(fate, Fate::DropAnswer) {
        return client.shutdown(Shutdown::Both);
    }
    // "connection: close" is in the answer because it was in the request.
    client.write_all(&answer)
}
