//! The client's side of TLS: whom to believe.

use std::sync::{Arc, OnceLock};

use quinn_proto::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::{ALPN_H3, certified, fingerprint, provider, roots};
use crate::command::{Connect, Verify};

pub fn config(connect: &Connect) -> Result<Arc<QuicClientConfig>, String> {
    let builder = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Judge::new(&connect.verify)?));
    let mut config = match &connect.certificate {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let certified = certified(pair).map_err(|why| format!("client certificate: {why}"))?;
            builder.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)))
        }
    };
    config.alpn_protocols = match &connect.webtransport {
        Some(_) => vec![ALPN_H3.to_vec()],
        None => connect.protocols.iter().map(|alpn| alpn.as_bytes().to_vec()).collect(),
    };
    config.resumption = Resumption::disabled();
    QuicClientConfig::try_from(config).map(Arc::new).map_err(|error| error.to_string())
}

/// Decides about a server's certificate.
#[derive(Debug)]
struct Judge {
    disabled: bool,
    fingerprints: Vec<String>,
    webpki: Option<Arc<WebPkiServerVerifier>>,
}

impl Judge {
    fn new(verify: &Verify) -> Result<Self, String> {
        let own = verify.roots.as_deref().map(roots).transpose().map_err(|why| format!("roots: {why}"))?;
        let mut store = own.unwrap_or_else(RootCertStore::empty);
        if verify.system {
            store.extend(system_roots().roots.iter().cloned());
        }
        let webpki = if store.is_empty() {
            None
        } else {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build();
            Some(verifier.map_err(|error| format!("roots: {error}"))?)
        };
        Ok(Self { disabled: verify.disabled, fingerprints: verify.fingerprints.clone(), webpki })
    }
}

/// What the machine trusts; read once, since it takes tens of milliseconds. `SSL_CERT_FILE` and `SSL_CERT_DIR` are
/// honoured.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        store
    })
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer,
        intermediates: &[CertificateDer],
        name: &ServerName,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.disabled || self.fingerprints.contains(&fingerprint(leaf)) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.webpki {
            Some(webpki) => webpki.verify_server_cert(leaf, intermediates, name, ocsp, now),
            None if self.fingerprints.is_empty() => Err(CertificateError::UnknownIssuer.into()),
            None => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
