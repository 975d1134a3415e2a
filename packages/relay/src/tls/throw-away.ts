/**
 * The throw-away certificate of `server.tls.generate`: self-signed, and short-lived enough for browsers to pin.
 * @module
 */
// The library below refuses to load without it.
import "reflect-metadata";
import { isIP } from "node:net";
import {
	ExtendedKeyUsage,
	ExtendedKeyUsageExtension,
	KeyUsageFlags,
	KeyUsagesExtension,
	PemConverter,
	SubjectAlternativeNameExtension,
	X509CertificateGenerator,
} from "@peculiar/x509";
import { type Identity, identityOf } from "./identity.ts";
import { THROW_AWAY_BACKDATE_MS, THROW_AWAY_MS } from "./limits.ts";

/** A new P-256 key and a certificate for `names` (host names and IP addresses) made of it. */
export async function makeThrowAway(names: readonly string[], nowMs: number): Promise<Identity> {
	const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
	const notBeforeMs = nowMs - THROW_AWAY_BACKDATE_MS;
	const certificate = await X509CertificateGenerator.createSelfSigned(
		{
			name: "CN=moq-relay throw-away",
			notBefore: new Date(notBeforeMs),
			notAfter: new Date(notBeforeMs + THROW_AWAY_MS),
			signingAlgorithm: ALGORITHM,
			keys,
			extensions: [
				new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
				new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
				new SubjectAlternativeNameExtension(names.map(alternativeName)),
			],
		},
		crypto,
	);
	const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
	return identityOf(`${certificate.toString("pem")}\n`, `${PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`);
}

function alternativeName(name: string): { readonly type: "ip" | "dns"; readonly value: string } {
	return { type: isIP(name) === 0 ? "dns" : "ip", value: name };
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
