/**
 * All settings by path, flag and variable, derived from the tables.
 * @module
 */
import { relayTable } from "./relay-config.ts";
import { isTable, type Setting, type Shorthand, type Table } from "./setting.ts";

/** A setting with its whole names. */
export interface CataloguedSetting {
	/** `server.quic.idle_timeout`. */
	readonly path: string;
	/** `["server", "quic", "idleTimeoutMs"]`. */
	readonly property: readonly string[];
	readonly flag: string;
	readonly env: string;
	readonly setting: Setting<unknown>;
}

/** A table with its whole name. */
export interface CataloguedTable {
	/** `server.quic`; "" is the whole. */
	readonly path: string;
	readonly property: readonly string[];
	readonly table: Table<unknown>;
	readonly shorthand: Shorthand | undefined;
}

/** In the order of the tables. */
export interface Catalogue {
	readonly settings: ReadonlyMap<string, CataloguedSetting>;
	readonly tables: ReadonlyMap<string, CataloguedTable>;
	/** From a path of an earlier release to today's. */
	readonly aliases: ReadonlyMap<string, string>;
}

/** Every setting of the relay. */
export const catalogue: Catalogue = collect(relayTable);

function collect(root: Table<unknown>): Catalogue {
	const settings = new Map<string, CataloguedSetting>();
	const tables = new Map<string, CataloguedTable>();
	const aliases = new Map<string, string>();
	const visitTable = (table: Table<unknown>, path: string, property: readonly string[]): void => {
		tables.set(path, { path, property, table, shorthand: table.facts.shorthand });
		for (const [name, entry] of Object.entries(table.entries)) {
			const key = entry.facts.key ?? tomlKey(name);
			const inner = path === "" ? key : `${path}.${key}`;
			if (isTable(entry)) visitTable(entry, inner, [...property, name]);
			else visitSetting(entry, inner, [...property, name]);
		}
	};
	const visitSetting = (setting: Setting<unknown>, path: string, property: readonly string[]): void => {
		const words = path.replaceAll(/[._]/g, "-");
		const flag = setting.facts.flag ?? `--${words}`;
		const env = setting.facts.env ?? `MOQ_${words.replaceAll("-", "_").toUpperCase()}`;
		settings.set(path, { path, property, flag, env, setting });
		for (const alias of setting.facts.aliases ?? []) aliases.set(alias, path);
	};
	visitTable(root, "", []);
	return { settings, tables, aliases };
}

/** `preferredAddress` is `preferred_address`; files give the unit of a time with the value. */
function tomlKey(property: string): string {
	return property.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
