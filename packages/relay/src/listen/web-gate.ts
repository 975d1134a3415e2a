/**
 * WebSocket upgrades, as main decides about them.
 * @module
 */
import type { AuthRequest } from "../auth/authoriser.ts";
import { parseTarget } from "../auth/target.ts";
import type { Gate } from "./gate.ts";
import type { UpgradeQuestion } from "./worker-link.ts";

/** Answer an upgrade: a status before the upgrade, or a session after it. */
export function answerUpgrade(question: UpgradeQuestion, gate: Gate): void {
	const { request } = question;
	if (request.restricted) {
		question.refuse(426, "use wss");
		return;
	}
	const place = gate.enter(request.remote);
	if (typeof place === "string") {
		const tooMany = "too many sessions, try again later";
		question.refuse(gate.statusOf(place), place === "not_allowed" ? "not from this address" : tooMany);
		return;
	}
	let gone = false;
	question.onGone(() => {
		gone = true;
		place.release();
	});
	const { path, jwt, register } = parseTarget(request.target);
	const asked: AuthRequest = {
		path,
		jwt,
		register,
		authorization: request.authorization,
		transport: "websocket",
		remote: request.remote,
		peerCertificate: request.peerCertificate,
		peerIdentity: request.peerIdentity,
		door: request.door,
	};
	void gate.judge(asked).then((outcome) => {
		if (gone) return;
		if (!outcome.ok) {
			place.release();
			question.refuse(outcome.rejection.httpStatus, outcome.rejection.message);
			return;
		}
		const granted = { grant: outcome.grant, request: asked };
		question.admit({
			onConnection: (connection) => gate.serve(connection, place, granted),
			onFailed: () => place.release(),
		});
	});
}
