//! TLS 1.3 as both sides use it: ring, certificates from PEM, fingerprints in hex.

pub mod client;
pub mod server;

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, InconsistentKeys, RootCertStore};

use crate::command::Pair;

/// ALPN of HTTP/3, hence of WebTransport.
pub const ALPN_H3: &[u8] = b"h3";

/// ring, with the suite first that costs a server the least.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| {
            let mut provider = ring::default_provider();
            provider.cipher_suites.sort_by_key(|suite| match suite.suite() {
                CipherSuite::TLS13_AES_128_GCM_SHA256 => 0,
                CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => 1,
                _ => 2,
            });
            Arc::new(provider)
        })
        .clone()
}

/// SHA-256 of a certificate in lower-case hex.
pub fn fingerprint(certificate: &CertificateDer) -> String {
    let digest = ::ring::digest::digest(&::ring::digest::SHA256, certificate);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("the chain is not PEM: {error}"))?;
    if chain.is_empty() { Err("the chain holds no certificate".into()) } else { Ok(chain) }
}

/// The chain with its key, checked to belong together.
fn certified(pair: &Pair) -> Result<CertifiedKey, String> {
    let chain = chain(&pair.chain)?;
    let key =
        PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).map_err(|error| format!("the key is not PEM: {error}"))?;
    let key =
        provider().key_provider.load_private_key(key).map_err(|error| format!("the key cannot be used: {error}"))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => Err("the key does not belong to the certificate".into()),
        Err(error) => Err(format!("the certificate cannot be used: {error}")),
    }
}

fn roots(pem: &str) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for root in chain(pem)? {
        store.add(root).map_err(|error| format!("a root cannot be used: {error}"))?;
    }
    Ok(store)
}
