//! Stream and session codes as they are on the wire.
//!
//! Streams carry the WebTransport form on raw QUIC as well, since the native clients of this ecosystem unmap there too;
//! the code of a closing raw QUIC connection is plain. Both forms are understood when they arrive.

use quinn_proto::VarInt;
use web_transport_proto::{error_from_http3, error_to_http3};

/// HTTP/3's "nothing is wrong".
pub const H3_NO_ERROR: VarInt = VarInt::from_u32(0x100);
/// The peer broke HTTP/3.
pub const H3_GENERAL_PROTOCOL_ERROR: VarInt = VarInt::from_u32(0x101);
/// A stream that we do not want.
pub const H3_STREAM_CREATION_ERROR: VarInt = VarInt::from_u32(0x103);
/// The stream's session is not there.
pub const WT_BUFFERED_STREAM_REJECTED: VarInt = VarInt::from_u32(0x3994_bd84);
/// The wire form of a stream's reset or stop code.
pub fn stream_to_wire(code: u32) -> VarInt {
    VarInt::from_u64(error_to_http3(code)).unwrap_or(VarInt::from_u32(0))
}

/// The plain form of a reset or stop code; foreign HTTP/3 codes are 0.
pub fn stream_from_wire(code: VarInt, webtransport: bool) -> u32 {
    let code = code.into_inner();
    match error_from_http3(code) {
        Some(plain) => plain,
        None if webtransport => 0,
        None => u32::try_from(code).unwrap_or(u32::MAX),
    }
}

/// The wire form of a session code in CONNECTION_CLOSE.
pub fn session_to_wire(code: u32, webtransport: bool) -> VarInt {
    if webtransport { stream_to_wire(code) } else { VarInt::from_u32(code) }
}

/// The plain form of a session code in CONNECTION_CLOSE.
pub fn session_from_wire(code: VarInt, webtransport: bool) -> u32 {
    stream_from_wire(code, webtransport)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_codes_survive_the_round_trip() {
        for code in [0, 1, 13, 29, 30, 31, 59, 60, 64, 1000, u32::MAX] {
            assert_eq!(stream_from_wire(stream_to_wire(code), true), code);
            assert_eq!(stream_from_wire(stream_to_wire(code), false), code);
        }
    }

    #[test]
    fn plain_codes_are_understood_on_raw_quic_only() {
        assert_eq!(stream_from_wire(VarInt::from_u32(13), false), 13);
        assert_eq!(stream_from_wire(VarInt::from_u32(0x10c), true), 0);
    }

    #[test]
    fn session_codes_are_plain_on_raw_quic() {
        assert_eq!(session_to_wire(6, false), VarInt::from_u32(6));
        assert_eq!(session_from_wire(session_to_wire(6, true), true), 6);
    }
}
