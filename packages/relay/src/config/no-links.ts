/**
 * What is still missing for settings about connections to other relays.
 * @module
 */
import type { SettingFacts } from "./setting.ts";

/** Spread into the facts of settings that only matter once this relay dials others; empty when it does. */
export const NO_LINKS: Pick<SettingFacts, "pending"> = { pending: "this relay opens no connections to others" };
