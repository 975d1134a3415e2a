//! Events for JavaScript, written as records. `packages/engine/src/event-reader.ts` reads them.
//!
//! A record is a kind, the thread, two unused bytes, the length of its body, and the body.

use crate::record::Writer;

/// What JavaScript learns of a bound port.
pub struct Bound<'a> {
    pub host: &'a str,
    pub port: u16,
    pub receive_buffer: u32,
    pub send_buffer: u32,
}

/// What is known of a peer before it is let in.
#[derive(Default)]
pub struct Arrival<'a> {
    pub endpoint: u32,
    pub connection: u32,
    pub webtransport: bool,
    pub validated: bool,
    pub datagram_max: u32,
    pub remote: &'a str,
    pub alpn: &'a str,
    pub host: Option<&'a str>,
    pub peer_certificate: Option<&'a [u8]>,
    pub path: Option<&'a str>,
    pub authority: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub authorization: Option<&'a str>,
    pub protocols: &'a [String],
}

/// Why an outgoing connection came to nothing; the numbers are `ConnectFailure`'s order in event-reader.ts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Failure {
    Timeout = 0,
    Unreachable = 1,
    Refused = 2,
    Certificate = 3,
    Protocol = 4,
    Status = 5,
    Closed = 6,
    Options = 8,
    Engine = 9,
}

/// Why plays were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Drop {
    Latency = 0,
    Budget = 1,
    Streams = 2,
    Stopped = 3,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum By {
    Local = 0,
    Remote = 1,
    Transport = 2,
}

/// A batch that a thread is filling.
pub struct Events {
    pub bytes: Vec<u8>,
    thread: u8,
}

impl Events {
    pub fn new(thread: u8) -> Self {
        Self { bytes: Vec::new(), thread }
    }

    fn record(&mut self, kind: u8, body: impl FnOnce(&mut Writer)) {
        let start = self.begin(kind);
        body(&mut Writer::new(&mut self.bytes));
        self.end(start);
    }

    fn begin(&mut self, kind: u8) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[kind, self.thread, 0, 0, 0, 0, 0, 0]);
        start
    }

    fn end(&mut self, start: usize) {
        let length = (self.bytes.len() - start - 8) as u32;
        self.bytes[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    }

    pub fn listening(&mut self, request: u32, bound: &Result<Bound, String>) {
        self.record(1, |body| {
            body.u32(request);
            match bound {
                Ok(bound) => {
                    body.u8(1).text(bound.host).u16(bound.port).u32(bound.receive_buffer).u32(bound.send_buffer)
                }
                Err(message) => body.u8(0).text(message),
            };
        });
    }

    pub fn certificates_set(&mut self, request: u32, error: Option<&str>) {
        self.record(2, |body| {
            body.u32(request).text_option(error);
        });
    }

    pub fn incoming(&mut self, arrival: &Arrival) {
        self.record(3, |body| {
            body.u32(arrival.endpoint).u32(arrival.connection);
            body.u8(arrival.webtransport.into()).u8(arrival.validated.into()).u32(arrival.datagram_max);
            body.text(arrival.remote).text(arrival.alpn);
            body.text_option(arrival.host).bytes_option(arrival.peer_certificate);
            body.text_option(arrival.path).text_option(arrival.authority);
            body.text_option(arrival.origin).text_option(arrival.authorization);
            body.u32(arrival.protocols.len() as u32);
            for protocol in arrival.protocols {
                body.text(protocol);
            }
        });
    }

    /// `arrival.endpoint` is the request here, and `alpn` the protocol that was agreed on.
    pub fn connected(&mut self, arrival: &Arrival) {
        self.record(4, |body| {
            body.u32(arrival.endpoint).u32(arrival.connection).u32(arrival.datagram_max);
            body.text(arrival.remote).text(arrival.alpn);
        });
    }

    pub fn connect_failed(&mut self, request: u32, failure: (Failure, u16, u32), message: &str) {
        let (kind, status, code) = failure;
        self.record(5, |body| {
            body.u32(request).u8(kind as u8).u16(status).u32(code).text(message);
        });
    }

    /// The peer opened a stream.
    pub fn opened(&mut self, connection: u32, stream: u32, bidi: bool) {
        self.record(if bidi { 6 } else { 7 }, |body| {
            body.u32(connection).u32(stream);
        });
    }

    /// A stream that JavaScript opened no longer waits for the peer's limit.
    pub fn ready(&mut self, connection: u32, stream: u32) {
        self.record(8, |body| {
            body.u32(connection).u32(stream);
        });
    }

    /// Start a record of stream data; append to `bytes`, then call `data_end`.
    pub fn data_begin(&mut self, connection: u32, stream: u32) -> usize {
        let start = self.begin(9);
        Writer::new(&mut self.bytes).u32(connection).u32(stream).u8(0);
        start
    }

    /// Close the record, or take it back when it says nothing.
    pub fn data_end(&mut self, start: usize, fin: bool) {
        const EMPTY: usize = 8 + 9;
        if fin {
            self.bytes[start + EMPTY - 1] = 1;
        } else if self.bytes.len() == start + EMPTY {
            self.bytes.truncate(start);
            return;
        }
        self.end(start);
    }

    pub fn reset(&mut self, connection: u32, stream: u32, code: u32) {
        self.record(10, |body| {
            body.u32(connection).u32(stream).u32(code);
        });
    }

    pub fn stopped(&mut self, connection: u32, stream: u32, code: u32) {
        self.record(11, |body| {
            body.u32(connection).u32(stream).u32(code);
        });
    }

    pub fn sent(&mut self, connection: u32, stream: u32, bytes: u64) {
        self.record(12, |body| {
            body.u32(connection).u32(stream).f64(bytes as f64);
        });
    }

    pub fn dropped(&mut self, connection: u32, lane: u32, reason: Drop, tags: impl Iterator<Item = f64>) {
        self.record(13, |body| {
            body.u32(connection).u32(lane).u8(reason as u8);
            for tag in tags {
                body.f64(tag);
            }
        });
    }

    pub fn datagram(&mut self, connection: u32, payload: &[u8]) {
        self.record(14, |body| {
            body.u32(connection).raw(payload);
        });
    }

    pub fn ended(&mut self, connection: u32, by: By, code: u32, reason: &str) {
        self.record(15, |body| {
            body.u32(connection).u8(by as u8).u32(code).text(reason);
        });
    }

    /// Round trip in ms, bits per second, bytes sent and received, packets sent and lost, congestion window.
    pub fn stats(&mut self, connection: u32, numbers: [f64; 8]) {
        self.record(16, |body| {
            body.u32(connection);
            for number in numbers {
                body.f64(number);
            }
        });
    }

    /// A sending half ended as JavaScript or its tape had it end.
    pub fn send_ended(&mut self, connection: u32, stream: u32) {
        self.record(18, |body| {
            body.u32(connection).u32(stream);
        });
    }

    /// A closed lane's last play was acknowledged.
    pub fn drained(&mut self, connection: u32, lane: u32) {
        self.record(19, |body| {
            body.u32(connection).u32(lane);
        });
    }

    pub fn fault(&mut self, message: &str) {
        self.record(17, |body| {
            body.text(message);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_state_the_length_of_each_body() {
        let mut events = Events::new(3);
        events.ended(7, By::Remote, 9, "why");
        assert_eq!(events.bytes[..8], [15, 3, 0, 0, 4 + 1 + 4 + 4 + 3, 0, 0, 0]);
        assert_eq!(events.bytes.len(), 8 + 16);
    }

    #[test]
    fn data_records_that_say_nothing_are_taken_back() {
        let mut events = Events::new(0);
        let start = events.data_begin(1, 2);
        events.data_end(start, false);
        assert!(events.bytes.is_empty());
        let start = events.data_begin(1, 2);
        events.bytes.extend_from_slice(b"abc");
        events.data_end(start, true);
        assert_eq!(events.bytes[4], 9 + 3);
        assert_eq!(events.bytes[16], 1);
    }
}
