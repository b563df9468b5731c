// SPDX-License-Identifier: Apache-2.0
//
// Writes histories: devices and a log with known keys, for the checks that need leaves of their own.

import { deviceOf, KIND } from "./leaf.mjs";
import { encode } from "./msgpack.mjs";
import { Fold } from "./fold.mjs";
import { ZERO16, ZERO32, boxPair, hex, sha256, signer, tag } from "./primitives.mjs";
import { keyHash, originOf, spaceOf } from "./tree.mjs";

const START_MS = 1735689600000;
const KEYS = sha256("a list of seals");
const BODY = Buffer.alloc(48, 7);
const BODIES = sha256(sha256(BODY));

/** A device by its name: always the same keys. */
export function person(name) {
    const { pk, sign } = signer(sha256("device " + name));
    return { name, pk, sign, id: deviceOf(pk), x_pk: boxPair(sha256("box " + name)).pk };
}

export class Writer {
    constructor() {
        this.log = signer(sha256("log"));
        this.fold = new Fold();
        this.entries = [];
        this.now = START_MS;
        this.chains = new Map();
    }

    append(t_recv, header, signature) {
        this.entries.push({ t_recv_ms: t_recv, header: hex(header), signature: hex(signature) });
        return this.fold.add(t_recv, header, signature);
    }

    /** Makes a leaf on top of what there is. `change` replaces header fields by name. */
    make(author, kind, load, change = {}) {
        const chain = this.chains.get(author.name) ?? { seq: 0, last: ZERO32 };
        const size = this.fold.index;
        const fields = { space: this.space ?? ZERO16, device: author.id, seq: chain.seq + 1, prev: chain.last,
            seen_size: size, seen_root: this.fold.tree.roots[size], epoch: this.fold.epoch, kind, load,
            keys: null, n_bodies: kind >= 64 ? 1 : 0, bodies: kind >= 64 ? BODIES : null, ...change };
        const header = encode([1, ...Object.values(fields)]);
        const signature = author.sign(tag("passerelle/leaf/v1"), header);
        this.space ??= spaceOf(header);
        return { author, kind, seq: fields.seq, header, signature, hash: sha256(header, signature) };
    }

    /** Remembers a valid leaf as its author's latest, and as the one to confirm. */
    settle(leaf, verdict) {
        if (verdict === "OK") {
            this.chains.set(leaf.author.name, { seq: leaf.seq, last: leaf.hash });
            if (leaf.kind !== KIND.confirm)
                this.last = leaf;
        }
        return verdict;
    }

    /** Adds a leaf and returns its verdict. */
    leaf(author, kind, load, change) {
        const leaf = this.make(author, kind, load, change);
        this.now += 1000;
        return this.settle(leaf, this.append(this.now, leaf.header, leaf.signature));
    }

    /** An operation; chained kinds get their ctl_prev. */
    operation(author, name, members, change = {}) {
        const kind = typeof name === "number" ? name : KIND[name];
        return this.leaf(author, kind, [kind < 16 ? this.fold.head : null, ...members], change);
    }

    found(founder, { log_pk = this.log.pk, resp_pk = log_pk, name = "log.example", nonce = ZERO16 } = {}) {
        return this.leaf(founder, KIND.genesis, [null, 2, Math.floor(START_MS / 1000), 1, nonce,
            founder.pk, founder.x_pk, log_pk, resp_pk, name, null]);
    }

    rotate(author, change = {}) {
        const epoch = this.fold.epoch + 1;
        const wrap = epoch > 1 ? Buffer.alloc(72) : null;
        return this.operation(author, "epoch_change", [epoch, 1, ZERO32, ZERO32, ZERO32, wrap, wrap],
            { keys: KEYS, ...change });
    }

    /** Admits by a key statement; `keys` as the roles want it unless `change` says otherwise. */
    admit(author, device, roles, kind = 0, change = {}) {
        const part = encode([1, device.pk, device.x_pk, kind]);
        return this.operation(author, "device_add",
            [roles, [2, part, device.sign(tag("passerelle/keys/v1"), part)]],
            { keys: roles & 17 ? KEYS : null, ...change });
    }

    /** Admits by an invite made with the key of `link`. */
    join(author, device, link, roles, change = {}) {
        const part = encode([1, this.space, link.pk, device.pk, device.x_pk, 0, ZERO32]);
        const signed = [tag("passerelle/join/v1"), part];
        return this.operation(author, "device_add",
            [roles, [1, part, link.sign(...signed), device.sign(...signed)]], { keys: KEYS, ...change });
    }

    data(author, change = {}) {
        return this.leaf(author, KIND.data, Buffer.alloc(72, 7), change);
    }

    note(entries = this.entries) {
        const fold = new Fold();
        for (const entry of entries)
            fold.add(entry.t_recv_ms, Buffer.from(entry.header, "hex"), Buffer.from(entry.signature, "hex"));
        const origin = originOf("log.example", this.space);
        const text = `${origin}\n${fold.index}\n${fold.tree.roots[fold.index].toString("base64")}\n`;
        const line = Buffer.concat([keyHash(origin, 1, this.log.pk), this.log.sign(Buffer.from(text))]);
        return `${text}\n\u2014 ${origin} ${line.toString("base64")}\n`;
    }

    /** The history with a note by the log over exactly these entries. */
    history(entries = this.entries) {
        return { log_pk: hex(this.log.pk), entries, note: this.note(entries) };
    }
}

export { BODIES, BODY, KEYS };
