/**
 * Certificates made on the spot, for endpoints under test.
 * @module
 */
// The library below refuses to load without it.
import "reflect-metadata";
import { isIP } from "node:net";
import {
	BasicConstraintsExtension,
	ExtendedKeyUsage,
	ExtendedKeyUsageExtension,
	type Extension,
	PemConverter,
	SubjectAlternativeNameExtension,
	type X509Certificate,
	X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate with its key, and what a client needs to believe it. */
export interface TestCertificate {
	/** PEM. */
	readonly chain: string;
	/** PEM, PKCS #8. */
	readonly key: string;
	/** SHA-256 of the certificate, lower-case hex. */
	readonly fingerprint: string;
}

/** An issuer of leaf certificates. */
export interface TestAuthority {
	/** PEM of the root. */
	readonly root: string;
	/** A leaf for servers and clients with these names. */
	issue(names: readonly string[]): Promise<TestCertificate>;
}

/** A P-256 certificate that vouches for itself. */
export async function selfSigned(names: readonly string[]): Promise<TestCertificate> {
	const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
	const certificate = await X509CertificateGenerator.createSelfSigned({ ...validity(), ...leaf(names), keys }, crypto);
	return describe(certificate, keys.privateKey);
}

/** A root that issues P-256 leaves. */
export async function testAuthority(): Promise<TestAuthority> {
	const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
	const root = await X509CertificateGenerator.createSelfSigned(
		{ ...validity(), name: "CN=test root", keys, extensions: [new BasicConstraintsExtension(true, 0, true)] },
		crypto,
	);
	return {
		root: root.toString("pem"),
		issue: async (names) => {
			const own = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
			const { name, extensions } = leaf(names);
			const certificate = await X509CertificateGenerator.create(
				{
					...validity(),
					subject: name,
					issuer: root.subject,
					extensions,
					publicKey: own.publicKey,
					signingKey: keys.privateKey,
				},
				crypto,
			);
			return describe(certificate, own.privateKey);
		},
	};
}

async function describe(certificate: X509Certificate, key: CryptoKey): Promise<TestCertificate> {
	const pkcs8 = await crypto.subtle.exportKey("pkcs8", key);
	const thumbprint = await certificate.getThumbprint("SHA-256", crypto);
	return {
		chain: `${certificate.toString("pem")}\n`,
		key: `${PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`,
		fingerprint: Buffer.from(thumbprint).toString("hex"),
	};
}

function leaf(names: readonly string[]): { name: string; extensions: Extension[] } {
	const alternatives = names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }) as const);
	return {
		name: `CN=${names[0] ?? "test"}`,
		extensions: [
			new SubjectAlternativeNameExtension(alternatives),
			new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
		],
	};
}

function validity(): { notBefore: Date; notAfter: Date; signingAlgorithm: typeof ALGORITHM; serialNumber: string } {
	const nowMs = Date.now();
	return {
		notBefore: new Date(nowMs - HOUR_MS),
		notAfter: new Date(nowMs + 24 * HOUR_MS),
		signingAlgorithm: ALGORITHM,
		serialNumber: Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex"),
	};
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 3_600_000;
