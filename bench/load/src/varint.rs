//! QUIC variable-length integers and the few moq-lite-05 messages that a load client needs.

/// Append one varint.
pub fn put(out: &mut Vec<u8>, value: u64) {
    match value {
        0..0x40 => out.push(value as u8),
        0x40..0x4000 => out.extend_from_slice(&(value as u16 | 0x4000).to_be_bytes()),
        0x4000..0x4000_0000 => out.extend_from_slice(&(value as u32 | 0x8000_0000).to_be_bytes()),
        _ => out.extend_from_slice(&(value | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

/// Read one varint from the front of `input`; `None` when it is not all there.
pub fn take(input: &mut &[u8]) -> Option<u64> {
    let length = 1 << (input.first()? >> 6);
    let (head, rest) = input.split_at_checked(length)?;
    let value = head.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    *input = rest;
    Some(value & (u64::MAX >> (64 - 8 * length + 2)))
}

/// Read a length and that many bytes of text; `None` when they are not there.
pub fn take_text(input: &mut &[u8]) -> Option<String> {
    let length = take(input)?;
    let (text, rest) = input.split_at_checked(usize::try_from(length).ok()?)?;
    *input = rest;
    String::from_utf8(text.to_vec()).ok()
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// A stream type, then one size-prefixed body.
fn opened(kind: u64, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 4);
    put(&mut out, kind);
    sized(&mut out, body);
    out
}

/// One size-prefixed body.
pub fn sized(out: &mut Vec<u8>, body: &[u8]) {
    put(out, body.len() as u64);
    out.extend_from_slice(body);
}

/// SETUP on its unidirectional stream: the path (raw QUIC only) and an origin id.
pub fn setup(path: Option<&str>, origin: u64) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, if path.is_some() { 2 } else { 1 });
    if let Some(path) = path {
        put(&mut body, 2);
        put_text(&mut body, path);
    }
    put(&mut body, 5);
    let mut id = Vec::new();
    put(&mut id, origin);
    sized(&mut body, &id);
    opened(1, &body)
}

/// TRACK, which a moq-lite-05 subscriber asks before it subscribes.
pub fn track(broadcast: &str, name: &str) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, broadcast);
    put_text(&mut body, name);
    opened(6, &body)
}

/// SUBSCRIBE from the latest group on, unordered; `wanted` is the priority and the latency in ms.
pub fn subscribe(id: u64, (broadcast, name): (&str, &str), wanted: (u8, u64)) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, id);
    put_text(&mut body, broadcast);
    put_text(&mut body, name);
    body.extend_from_slice(&[wanted.0, 0]);
    put(&mut body, wanted.1);
    body.extend_from_slice(&[0, 0]);
    opened(2, &body)
}

/// FETCH of one group at priority 60.
pub fn fetch((broadcast, name): (&str, &str), group: u64) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, broadcast);
    put_text(&mut body, name);
    body.push(60);
    put(&mut body, group);
    opened(3, &body)
}

/// ANNOUNCE_REQUEST for everything below `prefix`, no hop excluded.
pub fn announce_request(prefix: &str) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, prefix);
    body.push(0);
    opened(1, &body)
}

/// ANNOUNCE_OK: who answers, and how many announcements follow at once.
pub fn announce_ok(origin: u64, active: usize) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, origin);
    put(&mut body, active as u64);
    let mut out = Vec::new();
    sized(&mut out, &body);
    out
}

/// ANNOUNCE: a broadcast became live, or ended; no hops before us.
pub fn announce(suffix: &str, active: bool) -> Vec<u8> {
    let mut body = vec![u8::from(active)];
    put_text(&mut body, suffix);
    put(&mut body, 0);
    let mut out = Vec::new();
    sized(&mut out, &body);
    out
}

/// TRACK_INFO: unordered, 5 s, microseconds.
pub fn track_info() -> Vec<u8> {
    let mut body = vec![0, 0];
    put(&mut body, 5000);
    put(&mut body, 1_000_000);
    let mut out = Vec::new();
    sized(&mut out, &body);
    out
}

/// SUBSCRIBE_START of moq-lite-05.
pub fn start(group: u64) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, group);
    opened(0, &body)
}

/// The GROUP message on its unidirectional stream.
pub fn group(subscribe: u64, sequence: u64) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, subscribe);
    put(&mut body, sequence);
    opened(0, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_round_trip() {
        for value in [0, 63, 64, 16_383, 16_384, 0x3fff_ffff, 0x4000_0000, (1 << 62) - 1] {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!(take(&mut out.as_slice()), Some(value));
            assert_eq!(take(&mut &out[..out.len() - 1]), None);
        }
    }

    #[test]
    fn subscribe_is_the_captured_message() {
        assert_eq!(track("bbb.hang", "catalog.json")[..4], [6, 0x16, 8, b'b']);
        assert_eq!(subscribe(0, ("bbb.hang", "catalog.json"), (60, 5000))[..3], [2, 0x1d, 0]);
        let announced = announce("room", true);
        assert_eq!(take_text(&mut &announced[2..]), Some("room".into()));
    }
}
