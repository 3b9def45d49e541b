//! An HTTP server on a port of its own that does what a script says, one reply a request, and
//! remembers what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body; null where it is no JSON.
    pub(crate) body: Value,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Length of all messages in characters.
    pub(crate) fn prompt_chars(&self) -> usize {
        let messages = self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        messages.iter().map(|message| message["content"].as_str().unwrap_or_default().chars().count()).sum()
    }

    /// The type of the response format that was asked for.
    pub(crate) fn format(&self) -> Option<&str> {
        self.body["response_format"]["type"].as_str()
    }
}

/// How the bytes of a reply travel.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    /// At once.
    Whole,
    /// So many bytes at a time, with a pause after each.
    Trickled(usize, Duration),
    /// With the right length in the header, and only so many bytes of it.
    CutAfter(usize),
    /// Without a length, in chunks, the last of which never comes.
    BrokenChunks,
    /// So many more blanks in the body.
    Padded(usize),
    /// The connection is reset before the request is read.
    Reset,
    /// The connection is closed without a word.
    Silent,
}

/// One reply of the script.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    manner: Manner,
    pause_before: Duration,
}

impl Reply {
    /// A reply with this body.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.into(),
            manner: Manner::Whole,
            pause_before: Duration::ZERO,
        }
    }

    /// A JSON document.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// A completion that ended by itself.
    pub(crate) fn chat(content: &str) -> Self {
        Self::choice(json!({"finish_reason": "stop", "message": {"role": "assistant", "content": content}}))
    }

    /// A completion that the limit ended.
    pub(crate) fn cut_chat(content: &str) -> Self {
        Self::choice(json!({"finish_reason": "length", "message": {"role": "assistant", "content": content}}))
    }

    /// A completion with this message.
    pub(crate) fn message(message: Value) -> Self {
        Self::choice(json!({"finish_reason": "stop", "message": message}))
    }

    /// A completion with this choice.
    pub(crate) fn choice(choice: Value) -> Self {
        Self::json(
            200,
            &json!({"id": "1", "object": "chat.completion", "model": "answering-model", "choices": [choice]}),
        )
    }

    /// A completion that reports how many tokens the prompt had.
    pub(crate) fn counted_chat(content: &str, prompt_tokens: u64) -> Self {
        Self::json(
            200,
            &json!({
                "choices": [{"finish_reason": "stop", "message": {"content": content}}],
                "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": 50},
            }),
        )
    }

    /// OpenAI's shape of an error.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::json(
            status,
            &json!({"error": {"message": message, "type": "error", "param": null, "code": null}}),
        )
    }

    /// Nothing but a reset connection.
    pub(crate) fn reset() -> Self {
        Self { manner: Manner::Reset, ..Self::new(200, "text/plain", "") }
    }

    /// Nothing but a closed connection.
    pub(crate) fn silence() -> Self {
        Self { manner: Manner::Silent, ..Self::new(200, "text/plain", "") }
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A failure that may be repeated at once.
    pub(crate) fn retry_soon(self) -> Self {
        self.header("retry-after-ms", "1")
    }

    /// The first byte comes late.
    pub(crate) fn after(mut self, pause: Duration) -> Self {
        self.pause_before = pause;
        self
    }

    /// The body comes bit by bit.
    pub(crate) fn trickled(mut self, bytes: usize, pause: Duration) -> Self {
        self.manner = Manner::Trickled(bytes, pause);
        self
    }

    /// The body ends early.
    pub(crate) fn cut_after(mut self, bytes: usize) -> Self {
        self.manner = Manner::CutAfter(bytes);
        self
    }

    /// The body comes in chunks and never ends properly.
    pub(crate) fn in_broken_chunks(mut self) -> Self {
        self.manner = Manner::BrokenChunks;
        self
    }

    /// The body is so many bytes longer, all of them blank.
    pub(crate) fn padded(mut self, bytes: usize) -> Self {
        self.manner = Manner::Padded(bytes);
        self
    }

    /// The body is compressed.
    pub(crate) fn gzipped(mut self) -> Self {
        self.body = gzip(&self.body);
        self.header("Content-Encoding", "gzip")
    }

    fn write(&self, mut stream: TcpStream) -> std::io::Result<()> {
        thread::sleep(self.pause_before);
        if self.manner == Manner::Silent {
            return stream.shutdown(Shutdown::Both);
        }
        let padding = if let Manner::Padded(bytes) = self.manner { bytes } else { 0 };
        let mut head = format!("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.manner == Manner::BrokenChunks {
            head.push_str("Transfer-Encoding: chunked\r\n\r\n");
            head.push_str(&format!("{:x}\r\n", self.body.len() + 10));
        } else {
            head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len() + padding));
        }
        stream.write_all(head.as_bytes())?;
        match self.manner {
            Manner::Trickled(bytes, pause) => {
                for part in self.body.chunks(bytes) {
                    stream.write_all(part)?;
                    stream.flush()?;
                    thread::sleep(pause);
                }
            }
            Manner::CutAfter(bytes) => stream.write_all(&self.body[..bytes.min(self.body.len())])?,
            _ => stream.write_all(&self.body)?,
        }
        for _ in 0..padding / BLANKS.len() {
            stream.write_all(&BLANKS)?;
        }
        stream.flush()
    }
}

/// With this byte a client starts to speak TLS.
const TLS_HANDSHAKE: u8 = 0x16;
static BLANKS: [u8; 65_536] = [b' '; 65_536];

/// The server; it ends when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers the requests with these replies in turn; the last one is repeated.
    pub(crate) fn start(replies: Vec<Reply>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, stopped) = (Arc::clone(&requests), Arc::clone(&stop));
        let listener = thread::spawn(move || {
            let mut number = 0;
            for stream in socket.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let reply = replies[number.min(replies.len() - 1)].clone();
                number += 1;
                let seen = Arc::clone(&seen);
                // A client that has gone is no concern of the server's.
                thread::spawn(move || serve(stream, &reply, &seen).ok());
            }
        });
        Self { address, requests, stop, listener: Some(listener) }
    }

    /// The base URL for clients.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener so that it sees the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn serve(stream: TcpStream, reply: &Reply, seen: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    if reply.manner == Manner::Reset {
        // Closing a socket whose bytes nobody has read resets the connection.
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.peek(&mut [0])?;
        seen.lock().unwrap().push(Request { line: String::new(), headers: Vec::new(), body: Value::Null });
        return Ok(());
    }
    let mut first = [0];
    stream.peek(&mut first)?;
    if first == [TLS_HANDSHAKE] {
        return (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\nThis is no HTTPS port\r\n");
    }
    let mut reader = BufReader::new(stream.try_clone()?);
    let request = read_request(&mut reader)?;
    seen.lock().unwrap().push(request);
    reply.write(stream)
}

fn read_request(reader: &mut impl BufRead) -> std::io::Result<Request> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let line = line.trim_end_matches(" HTTP/1.1\r\n").to_owned();
    Ok(Request { line, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}

/// The gzip form of a text, without any actual compression.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut zipped = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let parts: Vec<&[u8]> = bytes.chunks(65_535).collect();
    for (number, part) in parts.iter().enumerate() {
        let length = u16::try_from(part.len()).unwrap();
        zipped.push(u8::from(number + 1 == parts.len()));
        zipped.extend(length.to_le_bytes());
        zipped.extend((!length).to_le_bytes());
        zipped.extend_from_slice(part);
    }
    zipped.extend(checksum(bytes).to_le_bytes());
    zipped.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    zipped
}

/// CRC-32 as gzip wants it.
fn checksum(bytes: &[u8]) -> u32 {
    let remainder = bytes.iter().fold(u32::MAX, |remainder, byte| {
        (0..8).fold(remainder ^ u32::from(*byte), |remainder, _| {
            (remainder >> 1) ^ if remainder & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    });
    !remainder
}
