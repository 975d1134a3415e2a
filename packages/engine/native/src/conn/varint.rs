//! QUIC's variable-length integers in a buffer that may be cut anywhere.

/// Bytes of the integer that starts with `first`.
pub fn length(first: u8) -> usize {
    1 << (first >> 6)
}

/// The integer at the start of `bytes` and its length; `None` when bytes are missing.
pub fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = length(*bytes.first()?);
    let (first, rest) = bytes.get(..length)?.split_first()?;
    let value = rest.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    Some((value, length))
}

/// Append in the shortest form; `value` is at most 2^62 - 1, as all that is written comes from QUIC itself.
pub fn write(value: u64, into: &mut Vec<u8>) {
    match value {
        0..0x40 => into.push(value as u8),
        0x40..0x4000 => into.extend_from_slice(&(value as u16 | 0x4000).to_be_bytes()),
        0x4000..0x4000_0000 => into.extend_from_slice(&(value as u32 | 0x8000_0000).to_be_bytes()),
        _ => into.extend_from_slice(&(value | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_survive_the_round_trip_and_no_truncation() {
        for value in [0, 1, 63, 64, 16_383, 16_384, (1 << 30) - 1, 1 << 30, (1 << 62) - 1] {
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            assert_eq!(read(&bytes), Some((value, bytes.len())));
            assert_eq!(length(bytes[0]), bytes.len());
            for end in 0..bytes.len() {
                assert_eq!(read(&bytes[..end]), None);
            }
        }
    }
}
