// SPDX-License-Identifier: Apache-2.0
//
// A device's side of one round trip (PROTOCOL.md section 9), as far as pushing leaves needs it: what
// the server answers is verified, its entries are put into a Fold and the root is compared.

import { Stopped } from "./fold.mjs";
import { decode, encode } from "./msgpack.mjs";
import { be, hex, same, sha256, tag, verify } from "./primitives.mjs";
import { originOf } from "./tree.mjs";

const insist = (holds, what) => {
    if (!holds)
        throw new Error("the server's answer: " + what);
};

/** What GET /v1/server tells, verified: {url, log_pk, resp_pk, name}. */
export async function server(url) {
    const reply = await fetch(url + "/v1/server");
    const [version, log_pk, resp_pk, name, signature] =
        decode(Buffer.from(await reply.arrayBuffer()), 4);
    insist(version === 1 && verify(log_pk, signature, tag("passerelle/server/v1"), resp_pk,
        Buffer.from(name)), "signature of /v1/server");
    return { url, log_pk, resp_pk, name };
}

/** One request with `rows`; gives the answer {status, store_id, rows}. */
export async function sync(to, device, rows, auth = null) {
    const rest = encode([auth, Buffer.alloc(8), rows, 1 << 20, 0, 0]);
    const time = Date.now();
    const signed = Buffer.concat([tag("passerelle/req/v1"), sha256(to.log_pk), device.id, be(8, time),
        sha256(rest)]);
    const request = encode([1, device.id, time, rest, device.sign(signed)]);
    const reply = await fetch(to.url + "/v1/sync",
        { method: "POST", headers: { "content-type": "application/msgpack" }, body: request });
    const bytes = Buffer.from(await reply.arrayBuffer());
    insist(reply.status === 200, `HTTP ${reply.status} ${hex(bytes)}`);
    const [version, time_ms, body, signature] = decode(bytes, 8);
    insist(version === 1 && verify(to.resp_pk, signature, tag("passerelle/resp/v1"), sha256(signed),
        be(8, time_ms), sha256(body)), "signature");
    const [status, store_id, answers] = decode(body, 8);
    return { status, store_id, rows: answers };
}

/** Does `note` = [size, root, signature, cosignatures] hold for the space? */
export function noteHolds(to, space, [size, root, signature]) {
    const text = `${originOf(to.name, space)}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
    return verify(to.log_pk, signature, Buffer.from(text));
}

/**
 * Pushes one leaf on top of what `fold` has, and takes in what came back. Gives the server's status
 * for the leaf (0 accepted), our verdict and the entries that came; a refused leaf is not in the log.
 * When we would have accepted it the fold has its effects all the same, and is of no use any more.
 *
 * `leaf` is {header, signature, bodies}, `seals` rows of the request.
 */
export async function push(to, device, space, fold, leaf, { seals = [], auth = null } = {}) {
    const row = [space, fold.index, 0, 0, [[leaf.header, leaf.signature, leaf.bodies]], [], [], seals, [],
        []];
    const answer = await sync(to, device, [row], auth);
    insist(answer.status === 0, `status ${answer.status}`);
    const [back] = answer.rows;
    if (typeof back === "number")
        throw new Error(`the row was answered by ${back}`);
    const [, size, , note, , entries, items] = back;
    insist(entries.length || items.length, "it says nothing about the leaf");
    const status = items.find(([list, k]) => list === 0 && k === 0)?.[2] ?? 0;
    const received = [];
    let verdict = null, t_recv = 0;
    for (const entry of entries) {
        const [dt, header, signature] = entry.length === 2 ?
            [entry[0], leaf.header, leaf.signature] : entry;
        t_recv += dt;
        verdict = fold.add(t_recv, header, signature);
        received.push([t_recv, header, signature]);
    }
    if (entries.length) {
        insist(size === fold.index && note && note[0] === size, "size");
        insist(noteHolds(to, space, note), "note");
        insist(same(note[1], fold.tree.roots[size]), "root");
    }
    return { status, received, verdict: verdict ?? opinion(fold, leaf) };
}

function opinion(fold, { header, signature }) {
    try {
        return fold.verdict(Date.now(), header, signature).verdict;
    } catch (error) {
        if (error instanceof Stopped)
            return "VERSION";
        throw error;
    }
}
