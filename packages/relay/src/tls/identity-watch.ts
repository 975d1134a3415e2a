/**
 * Keeps the identities of one setting current: files by polling their contents, throw-away ones by age.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import { ConfigError } from "../config/config-error.ts";
import { type Identity, type IdentityFiles, readIdentities } from "./identity.ts";
import { CERTIFICATE_POLL_MS, THROW_AWAY_RENEW_MS } from "./limits.ts";
import { makeThrowAway } from "./throw-away.ts";

/** Where identities come from. */
export interface IdentitySetting extends IdentityFiles {
	/** Names to make throw-away identities for; used when there are no files. */
	readonly generate: readonly string[];
}

/** What becomes of a look at the files. */
export interface IdentityWatchSink {
	/** New identities are in force. */
	onChange(identities: readonly Identity[]): void;
	/** The files no longer make sense, and the old identities stay; once for each new trouble. */
	onFailure(message: string): void;
}

/** The identities of one setting, replaced live. */
export class IdentityWatch implements Disposable {
	readonly #setting: IdentitySetting;
	readonly #clock: Clock;
	#identities: readonly Identity[];
	#sink: IdentityWatchSink | undefined;
	#cancel: () => void = () => {};
	#failure: string | undefined;
	#madeMs: number;

	private constructor(setting: IdentitySetting, clock: Clock, identities: readonly Identity[]) {
		this.#setting = setting;
		this.#clock = clock;
		this.#identities = identities;
		this.#madeMs = clock.nowMs();
	}

	/** Read or make the first identities. @throws ConfigError when they cannot be had. */
	static async open(setting: IdentitySetting, clock: Clock): Promise<IdentityWatch> {
		return new IdentityWatch(setting, clock, await obtain(setting, clock));
	}

	/** Those in force, the first for clients that name none. */
	get identities(): readonly Identity[] {
		return this.#identities;
	}

	/** Begin to look for changes. */
	watch(sink: IdentityWatchSink): void {
		this.#sink = sink;
		this.#schedule();
	}

	/** Look now. Never rejects. */
	async poll(): Promise<void> {
		if (this.#isThrowAway && this.#clock.nowMs() - this.#madeMs < THROW_AWAY_RENEW_MS) return;
		try {
			const identities = await obtain(this.#setting, this.#clock);
			this.#failure = undefined;
			this.#madeMs = this.#clock.nowMs();
			if (isSame(identities, this.#identities)) return;
			this.#identities = identities;
			this.#sink?.onChange(identities);
		} catch (error) {
			const message = error instanceof ConfigError ? error.message : `certificate: ${String(error)}`;
			if (message !== this.#failure) this.#sink?.onFailure(message);
			this.#failure = message;
		}
	}

	[Symbol.dispose](): void {
		this.#sink = undefined;
		this.#cancel();
	}

	get #isThrowAway(): boolean {
		return this.#setting.cert.length === 0;
	}

	#schedule(): void {
		this.#cancel = this.#clock.after(CERTIFICATE_POLL_MS, () => {
			void this.poll().then(() => {
				if (this.#sink !== undefined) this.#schedule();
			});
		});
	}
}

async function obtain(setting: IdentitySetting, clock: Clock): Promise<readonly Identity[]> {
	if (setting.cert.length > 0 || setting.key.length > 0) return readIdentities(setting, clock.wallMs());
	if (setting.generate.length > 0) return [await makeThrowAway(setting.generate, clock.wallMs())];
	const message = 'give cert and key files, or generate = ["localhost"] for a throw-away certificate';
	throw new ConfigError([{ origin: undefined, key: setting.setting, message }]);
}

/** Texts and not files are compared: a touched file is no change, a swapped symbolic link is one. */
function isSame(one: readonly Identity[], other: readonly Identity[]): boolean {
	if (one.length !== other.length) return false;
	return one.every((identity, at) => identity.chain === other[at]?.chain && identity.key === other[at].key);
}
