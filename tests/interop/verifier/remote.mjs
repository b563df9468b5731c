// SPDX-License-Identifier: Apache-2.0
//
// A Writer whose log is a server: each leaf is pushed alone, and the server's status for it must be
// the verdict that our own fold gives.

import crypto from "node:crypto";
import { Fold } from "./fold.mjs";
import { KIND, deviceOf, readProof } from "./leaf.mjs";
import { be, hex, sha256, tag } from "./primitives.mjs";
import { sealType } from "./rules.mjs";
import { push } from "./sync.mjs";
import { BODY, KEYS, Writer } from "./writer.mjs";

const show = (item) => Array.isArray(item) ? `[${item.map(show).join(", ")}]` :
    item instanceof Uint8Array ? `bin ${item.length}` : String(item);

export class Remote extends Writer {
    /** `names` maps statuses to verdicts; `report(holds, what)` is told of each leaf. */
    constructor(to, names, report) {
        super();
        Object.assign(this, { to, names, report, what: "", received: [] });
    }

    async begin(founder, link) {
        const { log_pk, resp_pk, name } = this.to;
        this.auth = (leaf) => [founder.pk,
            link && link.sign(tag("passerelle/found/v1"), leaf.header)];
        await this.found(founder, { log_pk, resp_pk, name, nonce: crypto.randomBytes(16) });
        this.auth = null;
        await this.rotate(founder);
    }

    async leaf(author, kind, load, change = {}) {
        let seals = [];
        if (change.keys === KEYS) {
            seals = this.sealsFor(kind, load).map(([device, roles]) => [device,
                kind === KIND.epoch_change ? this.fold.epoch + 1 : this.fold.epoch, sealType(roles),
                crypto.randomBytes(sealType(roles) === 1 ? 112 : 80)]);
            seals.sort((a, b) => Buffer.compare(a[0], b[0]));
            change = { ...change, keys: sha256(...seals.flatMap(([device, epoch, type, seal]) =>
                [device, be(4, epoch), Buffer.from([type]), sha256(seal)])) };
        }
        const leaf = this.make(author, kind, load, change);
        const count = change.n_bodies ?? (kind >= 64 ? 1 : 0);
        leaf.bodies = Array(count).fill(BODY);
        const { status, verdict, received } = await push(this.to, author, this.space, this.fold, leaf,
            { seals, auth: this.auth ? this.auth(leaf) : null });
        this.received.push(...received);
        this.compare(status, verdict, `kind ${kind} ${show(load)} by ${author.name}`);
        if (status !== 0 && verdict === "OK") {
            this.fold = new Fold();
            this.received.forEach((entry) => this.fold.add(...entry));
        }
        return this.settle(leaf, status === 0 ? "OK" : "refused");
    }

    compare(status, verdict, leaf) {
        const theirs = status === 0 ? "OK" : this.names.get(status) ?? status;
        this.report(theirs === verdict, `${this.what}: ${leaf}: we say ${verdict}, the server ${theirs}` +
            (status ? ` (${status})` : ""));
    }

    /** [device, roles] of those whose seal travels with an operation. */
    sealsFor(kind, load) {
        const fold = this.fold;
        if (kind === KIND.epoch_change)
            return [...fold.devices.values()].filter((d) => !d.revoked && sealType(d.roles))
                .map((d) => [d.id, d.roles]);
        if (kind === KIND.device_add)
            return [[deviceOf(readProof(load[2]).ed_pk), load[1]]];
        if (kind === KIND.role_set)
            return [[load[1], load[2]]];
        if (kind === KIND.confirm) {
            const { operation, kind: of } = this.fold.proposals.get(hex(load[1])).leaf;
            return this.sealsFor(of, of === KIND.device_add ? [null, operation.roles, operation.proof] :
                [null, operation.device, operation.roles]);
        }
        return [];
    }
}

