//! The key of stateless resets: QUIC answers a packet of a connection that it does not know with a token that only whoever
//! gave out the connection id can make.

use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::hmac;

/// What the key is for; another use of the same secret gives another key.
const PURPOSE: &[u8] = b"moq-engine stateless reset";
const KEY_BYTES: usize = 32;

/// The key that a secret stands for: the same in every process that is given the same secret.
pub fn key(secret: &[u8]) -> hmac::Key {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            KEY_BYTES
        }
    }
    let mut bytes = [0; KEY_BYTES];
    let filled =
        Salt::new(HKDF_SHA256, &[]).extract(secret).expand(&[PURPOSE], Length).and_then(|key| key.fill(&mut bytes));
    // refused only for lengths that SHA-256 cannot give, and this is that of its own output
    debug_assert!(filled.is_ok());
    hmac::Key::new(hmac::HMAC_SHA256, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(key: &hmac::Key) -> Vec<u8> {
        hmac::sign(key, b"a connection id").as_ref().to_vec()
    }

    #[test]
    fn key_depends_on_the_secret_alone() {
        assert_eq!(token(&key(b"one")), token(&key(b"one")));
        assert_ne!(token(&key(b"one")), token(&key(b"two")));
        // the secret itself is no key: who sees it used for something else can reset nobody
        assert_ne!(token(&key(b"one")), token(&hmac::Key::new(hmac::HMAC_SHA256, b"one")));
    }
}
