// SPDX-License-Identifier: Apache-2.0
//
// LeafValid (PROTOCOL.md section 6.2): a pure fold over the log. The rules of the kinds, step 6, are
// in rules.mjs.
//
// A refused leaf changes nothing but the log, so every step reads the state and throws; only
// apply() writes.

import { FormatError } from "./msgpack.mjs";
import { ZERO16, ZERO32, hex, same, sha256, verify } from "./primitives.mjs";
import { deviceOf, KIND, readLeaf } from "./leaf.mjs";
import { logEntry, merkleLeaf, spaceOf, Tree } from "./tree.mjs";
import { ADMIN, AUDITOR, READER, RULES, checkConfirm, consequence, guards, Refused, refuseUnless,
    sealType } from "./rules.mjs";

const DAY_MS = 24 * 3600 * 1000;
const LATE_MS = 14 * DAY_MS;

/** A log that a replica of this version cannot judge any further. */
export class Stopped extends Error {}

export class Fold {
    constructor() {
        this.tree = new Tree();
        this.leaves = [];           // of each entry: the leaf when it is valid, else null
        this.strayed = [];          // of each entry: the seen_size of a leaf refused as SEEN, else null
        this.space = null;
        this.head = null;           // hash of the latest valid chained leaf
        this.devices = new Map();   // by hex: {roles, kind, ed_pk, x_pk, revoked, seq, last, cut, mode}
        this.invites = new Map();   // open ones, by hex of the key: roles
        this.proposals = new Map(); // by hex of the leaf hash: {leaf, t_recv, target, author}
        this.grants = new Map();    // in force, by hex of the leaf hash: auditor
        this.erased = new Set();
        this.trial = true;
        this.epoch = 0;
        this.epoch_t_recv = 0;      // when the current epoch_change was received
        this.lost = false;          // did somebody lose the right to read since the current one
        this.lost_before = false;   // and between the previous and the current one
        this.pack = 0;
        this.log = null;            // {pk, resp_pk, name}
        this.log_pks = [];          // {from, pk}: signs the notes of `from` entries and more
    }

    get index() {
        return this.tree.size;
    }

    /** Adds one entry, valid or not; returns its verdict, "OK" or the reason. */
    add(t_recv, header, signature) {
        const { verdict, leaf } = this.verdict(t_recv, header, signature);
        this.append(t_recv, header, signature, verdict, leaf);
        return verdict;
    }

    /** The verdict of an entry that comes next; of a valid one the effects are there already. */
    verdict(t_recv, header, signature) {
        let leaf = null;
        try {
            leaf = readLeaf(header, signature);
            this.judge(leaf, t_recv);
        } catch (error) {
            if (error instanceof FormatError)
                return { verdict: "FORMAT", leaf };
            if (error instanceof Refused)
                return { verdict: error.message, leaf };
            throw error;
        }
        return { verdict: "OK", leaf };
    }

    append(t_recv, header, signature, verdict, leaf) {
        this.tree.add(merkleLeaf(logEntry(t_recv, header, signature)));
        this.leaves.push(verdict === "OK" ? leaf : null);
        this.strayed.push(verdict === "SEEN" ? leaf.seen_size : null);
    }

    judge(leaf, t_recv) {
        const genesis = this.index === 0;
        refuseUnless((leaf.kind === KIND.genesis) === genesis, "FORMAT");
        if (genesis)
            return this.found(leaf);
        refuseUnless(same(leaf.space, this.space), "FORMAT");
        const device = this.devices.get(hex(leaf.device));
        refuseUnless(device, "UNKNOWN_DEVICE");
        refuseUnless(!device.revoked, "REVOKED");
        this.checkChain(leaf, device);
        this.checkEpoch(leaf, t_recv);
        refuseUnless(leaf.kind > 0, "VERSION");
        if (leaf.kind >= 10 && leaf.kind < 16)
            throw new Stopped(`entry ${this.index} is of kind ${leaf.kind}: a newer version is needed`);
        refuseUnless(leaf.kind >= 16 || same(leaf.operation.ctl_prev, this.head), "LOST_RACE");
        const effect = this.checkRule(leaf, device, t_recv);
        if (effect)
            effect.apply(this, t_recv);
        device.seq = leaf.seq;
        device.last = leaf.hash;
        if (leaf.kind < 16)
            this.head = leaf.hash;
        this.trial = this.trial && !this.guarded();
    }

    checkChain(leaf, device) {
        const signed = [Buffer.from("passerelle/leaf/v1\0"), leaf.header];
        refuseUnless(verify(device.ed_pk, leaf.signature, ...signed), "SIGNATURE");
        refuseUnless(leaf.seq > device.seq && same(leaf.prev, device.last), "SEQ");
        refuseUnless(leaf.seen_size <= this.index &&
            same(leaf.seen_root, this.tree.roots[leaf.seen_size]), "SEEN");
    }

    checkEpoch(leaf, t_recv) {
        const late = leaf.kind >= 16 && this.epoch >= 2 && leaf.epoch === this.epoch - 1 &&
            t_recv - this.epoch_t_recv <= LATE_MS && !this.lost && !this.lost_before;
        refuseUnless(leaf.epoch === this.epoch || late, "STALE_EPOCH");
        refuseUnless(this.epoch > 0 || leaf.kind === KIND.epoch_change, "STALE_EPOCH");
    }

    /** Steps 6 and 7; returns what the leaf does, or null when it only proposes or has no effect. */
    checkRule(leaf, device, t_recv) {
        if (leaf.kind === KIND.confirm) {
            const proposal = checkConfirm(this, leaf, device, t_recv);
            const effect = consequence(this, proposal.leaf, proposal.author);
            refuseUnless((leaf.keys !== null) === effect.seals, "SEALS");
            this.proposals.delete(hex(proposal.leaf.hash));
            return effect;
        }
        if (!RULES[leaf.kind])
            return null;
        const effect = consequence(this, leaf, device);
        const proposes = effect.twice(this, device);
        if (leaf.kind < 64)
            refuseUnless((leaf.keys !== null) === (effect.seals && !proposes), "SEALS");
        if (!proposes)
            return effect;
        this.proposals.set(hex(leaf.hash), { leaf, t_recv, target: effect.target, author: { ...device } });
        return null;
    }

    /** Is the trial over? */
    guarded() {
        const active = [...this.devices.values()].filter((device) => !device.revoked);
        return active.some((device) => device.kind === 1) ||
            active.filter((device) => guards(device.roles, device.kind)).length >= 3;
    }

    found(leaf) {
        const { operation } = leaf;
        refuseUnless(same(leaf.space, ZERO16) && same(leaf.prev, ZERO32) && leaf.seen_size === 0 &&
            same(leaf.seen_root, sha256()) && leaf.epoch === 0 && leaf.n_bodies === 0 &&
            leaf.keys === null && same(leaf.device, deviceOf(operation.ed_pk)), "FORMAT");
        refuseUnless(operation.suite === 1, "VERSION");
        refuseUnless(verify(operation.ed_pk, leaf.signature, Buffer.from("passerelle/leaf/v1\0"),
            leaf.header), "SIGNATURE");
        this.space = spaceOf(leaf.header);
        this.head = leaf.hash;
        this.log = { pk: operation.log_pk, resp_pk: operation.resp_pk, name: operation.log_name };
        this.log_pks.push({ from: 1, pk: operation.log_pk });
        this.admit(leaf.device, { roles: 15, kind: 0, ed_pk: operation.ed_pk, x_pk: operation.x_pk });
        this.devices.get(hex(leaf.device)).seq = leaf.seq;
        this.devices.get(hex(leaf.device)).last = leaf.hash;
    }

    admit(id, { roles, kind, ed_pk, x_pk }) {
        this.devices.set(hex(id), { id, roles, kind, ed_pk, x_pk, revoked: false, seq: 0, last: ZERO32 });
    }

    /** A device whose right to read ends or narrows makes the previous epoch end at once. */
    setRoles(device, roles) {
        if (sealType(device.roles) === 1 && sealType(roles) !== 1 ||
            sealType(device.roles) === 2 && sealType(roles) === 0)
            this.lost = true;
        device.roles = roles;
    }

    revoke(device, mode, cut, index) {
        if (sealType(device.roles) !== 0)
            this.lost = true;
        Object.assign(device, { revoked: true, mode, cut, revoked_at: index });
        for (const [key, proposal] of this.proposals) {
            if (same(proposal.leaf.device, device.id))
                this.proposals.delete(key);
        }
    }

    rotate(epoch, t_recv) {
        Object.assign(this, { epoch, epoch_t_recv: t_recv, lost_before: this.lost, lost: false });
    }

    /** Effective(i, N) for N = all entries (section 6.3). */
    effective(i) {
        const leaf = this.leaves[i];
        if (!leaf || leaf.kind < 64)
            return leaf !== null;
        const device = this.devices.get(hex(leaf.device));
        return !device.revoked || (device.mode === 1 ? leaf.seq <= device.cut : i < device.cut);
    }

    admins() {
        return [...this.devices.values()].filter((d) => !d.revoked && d.roles & ADMIN);
    }
}

export { ADMIN, AUDITOR, READER };
