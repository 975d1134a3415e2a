//! The server's side of TLS: certificates by name, swapped while connections run.

use std::sync::{Arc, PoisonError, RwLock};

use quinn_proto::crypto::rustls::QuicServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;

use super::{ALPN_H3, certified, provider, roots};
use crate::command::{Listen, Pair};
use crate::limits::CERTIFICATES_MAX;

/// The certificates of an endpoint, shared by its threads.
#[derive(Debug, Default)]
pub struct Identities {
    current: RwLock<Arc<[Arc<CertifiedKey>]>>,
}

impl Identities {
    /// Serve these from the next handshake on. On an error, which names the bad pair, nothing changes.
    pub fn set(&self, pairs: &[Pair]) -> Result<(), String> {
        if pairs.is_empty() || pairs.len() > CERTIFICATES_MAX {
            return Err(format!("{} certificates given, 1 to {CERTIFICATES_MAX} needed", pairs.len()));
        }
        let keys = pairs
            .iter()
            .enumerate()
            .map(|(at, pair)| certified(pair).map(Arc::new).map_err(|why| format!("certificate {}: {why}", at + 1)))
            .collect::<Result<Arc<[_]>, _>>()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

impl ResolvesServerCert for Identities {
    fn resolve(&self, hello: ClientHello) -> Option<Arc<CertifiedKey>> {
        let keys = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let named = hello.server_name().filter(|_| keys.len() > 1).and_then(|name| {
            let name = ServerName::try_from(name).ok()?;
            keys.iter().find(|key| covers(key, &name)).cloned()
        });
        named.or_else(|| keys.first().cloned())
    }
}

fn covers(key: &CertifiedKey, name: &ServerName) -> bool {
    let Some(leaf) = key.cert.first() else { return false };
    ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

pub fn config(listen: &Listen, identities: Arc<Identities>) -> Result<Arc<QuicServerConfig>, String> {
    let builder = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?;
    let builder = match &listen.client_roots {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let roots = roots(pem).map_err(|why| format!("client roots: {why}"))?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
            let verifier = if listen.client_required { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| format!("client roots: {error}"))?)
        }
    };
    let mut config = builder.with_cert_resolver(identities);
    config.alpn_protocols = listen.protocols.iter().map(|alpn| alpn.as_bytes().to_vec()).collect();
    if listen.webtransport {
        config.alpn_protocols.push(ALPN_H3.to_vec());
    }
    // every handshake is a full one: a resumed one saves no round trip without 0-RTT, and would outlive a certificate
    // swap
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ignore_client_order = true;
    QuicServerConfig::try_from(config).map(Arc::new).map_err(|error| error.to_string())
}
