/**
 * A throw-away certificate in files, for arms that want files.
 * @module
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeThrowAway } from "@moq-relay/relay";

/** Paths of PEM files. */
export interface CertificateFiles {
	readonly certificate: string;
	readonly key: string;
}

let made: Promise<CertificateFiles> | undefined;

/** The certificate of this run for `localhost`; made when first asked for. */
export function certificateFiles(): Promise<CertificateFiles> {
	made ??= make();
	return made;
}

async function make(): Promise<CertificateFiles> {
	const identity = await makeThrowAway(["localhost"], Date.now());
	const folder = mkdtempSync(join(tmpdir(), "moq-bench-"));
	const files = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
	writeFileSync(files.certificate, identity.chain);
	writeFileSync(files.key, identity.key, { mode: 0o600 });
	return files;
}
