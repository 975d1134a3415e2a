/**
 * A log line for people.
 * @module
 */

/** From pino's JSON line to one line without control characters; the line as it is when it is no JSON. */
export function prettyLine(json: string): string {
	let record: Record<string, unknown>;
	try {
		record = JSON.parse(json) as Record<string, unknown>;
	} catch {
		// Never lose a line for the sake of its looks.
		return json;
	}
	const { level, time, name: _name, event, msg, ...fields } = record;
	const clock = typeof time === "string" ? time.slice(11, 23) : "";
	const pairs = Object.entries(fields).map(([key, value]) => `${key}=${show(value)}`);
	const parts = [
		clock,
		String(level).toUpperCase().padEnd(5),
		show(event),
		...(msg === undefined ? [] : [plain(msg)]),
		...pairs,
	];
	return `${parts.join(" ")}\n`;
}

function show(value: unknown): string {
	if (typeof value === "string" && /^[^\s"=]+$/.test(value)) return plain(value);
	return plain(JSON.stringify(value) ?? "");
}

function plain(value: unknown): string {
	const text = typeof value === "string" ? value : String(value);
	return text.replaceAll(/\p{Cc}/gu, (char) => `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`);
}
