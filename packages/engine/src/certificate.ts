/**
 * What a peer's certificate says of it.
 * @module
 */
import { X509Certificate } from "node:crypto";
import type { PeerIdentity } from "@moq-relay/core";

/** A verified certificate, as `ConnectionInfo` has it. */
export interface CertificateFacts {
	/** SHA-256, lower-case hex. */
	readonly peerCertificate: string | undefined;
	readonly peerIdentity: PeerIdentity | undefined;
}

/** Read a verified certificate: an object, or DER. Both facts are undefined without one that can be read. */
export function describeCertificate(certificate: X509Certificate | Uint8Array | undefined): CertificateFacts {
	if (certificate === undefined) return { peerCertificate: undefined, peerIdentity: undefined };
	const leaf = certificate instanceof X509Certificate ? certificate : parse(certificate);
	if (leaf === undefined) return { peerCertificate: undefined, peerIdentity: undefined };
	return {
		peerCertificate: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
		peerIdentity: { names: namesOf(leaf), notAfterMs: leaf.validToDate.getTime() },
	};
}

/** One that only rustls can read proves nothing to us. */
function parse(der: Uint8Array): X509Certificate | undefined {
	try {
		return new X509Certificate(der);
	} catch {
		// It was verified, so this is a difference of libraries; the peer counts as one without a certificate.
		return undefined;
	}
}

function namesOf(leaf: X509Certificate): readonly string[] {
	const names = [...(leaf.subjectAltName ?? "").matchAll(ALTERNATIVE)].flatMap(([, name]) => name ?? []);
	const common: unknown = leaf.toLegacyObject().subject?.CN;
	const commons = (Array.isArray(common) ? common : [common]).filter((name) => typeof name === "string");
	return [...new Set([...names, ...commons].map((name) => name.toLowerCase()))];
}

/** An entry of a list such as `DNS:a.example, IP Address:10.0.0.1`; Node quotes what could be taken for another entry, and that is left out. */
const ALTERNATIVE = /(?:^|, )(?:DNS|IP Address|URI):([^",]+)(?=,|$)/g;
