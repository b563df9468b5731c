// SPDX-License-Identifier: Apache-2.0
//
// Verifies a whole history: {log_pk, entries: [{t_recv_ms, header, signature}], note}, bytes in hex,
// the note as its text.
//
// log_pk is the log's key that the reader trusts: the one named by the genesis. A later log_key
// leaf hands over to another: a note is signed by the key that is in force after its entries.

import { Fold, Stopped } from "./fold.mjs";
import { hex, same, unhex } from "./primitives.mjs";
import { originOf, readNote } from "./tree.mjs";

/**
 * Returns {size, root, verdicts, broken, refused}:
 *   broken   [{index, what}] evidence that this is not the history that the log signed, first first
 *   refused  [{index, what}] entries that are in the log but are not valid leaves; without effect
 * `others` are notes that somebody else holds of the same log; the history must agree with each.
 */
export function verifyHistory({ log_pk, entries, note }, others = []) {
    const fold = new Fold();
    const broken = [], refused = [], verdicts = [];
    let last_t_recv = 0;
    for (const [index, entry] of entries.entries()) {
        if (entry.t_recv_ms < last_t_recv)
            broken.push({ index, what: "was received before the entry above it" });
        last_t_recv = entry.t_recv_ms;
        let verdict;
        try {
            verdict = fold.add(entry.t_recv_ms, unhex(entry.header), unhex(entry.signature));
        } catch (error) {
            if (!(error instanceof Stopped))
                throw error;
            broken.push({ index, what: "needs a newer verifier" });
            break;
        }
        verdicts.push(verdict);
        if (verdict !== "OK")
            refused.push({ index, what: verdict });
        if (index === 0 && verdict !== "OK") {
            broken.push({ index, what: "is not a genesis" });
            break;
        }
    }
    if (fold.log && broken.length === 0)
        checkNotes(fold, unhex(log_pk), [note, ...others], broken);
    else if (!fold.log && broken.length === 0)
        broken.push({ index: 0, what: "is missing" });
    broken.sort((a, b) => a.index - b.index);
    return { size: fold.index, root: hex(fold.tree.roots[fold.index]), fold, verdicts, broken, refused };
}

function checkNotes(fold, log_pk, notes, broken) {
    const genesis = fold.leaves[0].operation;
    if (!same(genesis.log_pk, log_pk))
        broken.push({ index: 0, what: "names another log key" });
    const origin = originOf(fold.log.name, fold.space);
    for (const [i, text] of notes.entries()) {
        const what = i === 0 ? "the note" : `note ${i + 1}`;
        const note = signedNote(fold, origin, text);
        if (!note)
            broken.push({ index: fold.index, what: `${what} is not one of this log` });
        else if (note.size > fold.index)
            broken.push({ index: fold.index, what: `is missing: ${what} is of ${note.size} entries` });
        else if (i === 0 && note.size < fold.index)
            broken.push({ index: note.size, what: `is not covered by ${what}` });
        else if (!same(note.root, fold.tree.roots[note.size]))
            broken.push({ index: suspect(fold, note.size), what: `is not what ${what} signed, or one below is not` });
    }
}

function signedNote(fold, origin, text) {
    for (const [i, { from, pk }] of fold.log_pks.entries()) {
        const note = readNote(text, origin, pk);
        if (note && note.size >= from && !(note.size >= fold.log_pks[i + 1]?.from))
            return note;
    }
    return null;
}

/**
 * Which of the first `size` entries was altered, going by what the authors say they saw. A valid leaf
 * confirms the entries below its seen_size; one whose root is another says that one below is wrong.
 * Between the two, the first refused entry; when there is none, the first that nobody confirmed.
 */
function suspect(fold, size) {
    let confirmed = 0, wrong = size;
    for (let i = 0; i < size; i++) {
        if (fold.leaves[i])
            confirmed = Math.max(confirmed, fold.leaves[i].seen_size);
        if (fold.strayed[i] !== null && fold.strayed[i] <= i)
            wrong = Math.min(wrong, fold.strayed[i]);
    }
    for (let i = confirmed; i < wrong; i++)
        if (!fold.leaves[i])
            return i;
    return confirmed;
}
