#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
//   node verify.mjs HISTORY.json [NOTE...]
//
// HISTORY.json is {"log_pk": hex, "entries": [{"t_recv_ms", "header": hex, "signature": hex}, ...],
// "note": text}; a NOTE is a file with a checkpoint that somebody else holds of the same log.
//
// Exit code 0: every leaf is valid and the notes cover exactly them. 1: this is not the history that
// the log signed. 2: it could not be read. 3: it is, but it contains leaves without effect. Each
// finding is a line "entry INDEX: WHAT".

import fs from "node:fs";
import { verifyHistory } from "./history.mjs";

function read() {
    const [path, ...notes] = process.argv.slice(2);
    try {
        const history = JSON.parse(fs.readFileSync(path, "utf8"));
        const strings = [history.log_pk, history.note,
            ...history.entries.flatMap((entry) => [entry.header, entry.signature])];
        if (!strings.every((item) => typeof item === "string") ||
            !history.entries.every((entry) => Number.isSafeInteger(entry.t_recv_ms) && entry.t_recv_ms >= 0))
            throw new Error("not a history");
        return [history, notes.map((note) => fs.readFileSync(note, "utf8"))];
    } catch (error) {
        console.error(`usage: verify.mjs HISTORY.json [NOTE...]\n${error.message}`);
        process.exit(2);
    }
}

const { size, root, fold, broken, refused } = verifyHistory(...read());
for (const { index, what } of [...broken, ...refused])
    console.log(`entry ${index}: ${what}`);
const active = [...fold.devices.values()].filter((device) => !device.revoked).length;
console.log(`${size} entries, root ${root}, ${active} active devices, epoch ${fold.epoch}: ` +
    (broken.length ? "NOT the signed history" : refused.length ? "whole, with refused leaves" : "whole"));
process.exit(broken.length ? 1 : refused.length ? 3 : 0);
