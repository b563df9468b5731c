// SPDX-License-Identifier: Apache-2.0
//
// People and their devices: which roles may be given, and the one code that two people compare.
import { t } from "./i18n.js";

/** What is offered when somebody is invited, or given another role: [name, words of `--role`, needs an admin]. */
export const roles = [
  ["mediation", "mediation", false], ["coordination", "coordination", true], ["lecture", "lecture", false],
  ["admin", "admin", true], ["informatique", "auditor,guardian", true], ["audit", "audit", true],
];
/** Of a role: whether it reaches the restricted spaces too, where those are kept by the same team. */
export const everywhere = (role) => !["mediation", "lecture"].includes(role);

/**
 * A device that asks to join several spaces has a code for each, all made from the same keys. Both screens show that of the
 * space with the least id, so that one comparison answers for all. `rows`: [{space, compare}].
 */
export const codeOf = (rows) => [...rows].sort((a, b) => (a.space < b.space ? -1 : 1))[0]?.compare;

/** What the newcomer's screen shows as a QR code, and what is read from it: {device, compare} or null. */
export const codeText = (device, compare) => `passerelle:${device}:${compare}`;
export function readCode(text) {
  const [, device, compare] = /^passerelle:([0-9a-f]{32}):(\S+)$/.exec(text) ?? [];
  return device ? { device, compare } : null;
}
/** The links in a text that was pasted or scanned: one for each space. */
export const linksIn = (text) => text.split(/\s+/).filter((word) => word.includes("#"));
export const rolesText = (list) => (list ?? []).map((role) => t(`role.${role}`)).join(", ");
