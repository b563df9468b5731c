// SPDX-License-Identifier: Apache-2.0
//
// Leaves at the edges of sections 4 and 6. Each case has a space of its own, founded by `a` and in
// epoch 1; it pushes leaves one by one, and whoever runs it compares the verdicts.

import { encode } from "./msgpack.mjs";
import { ZERO16, ZERO32, sha256, signer, tag } from "./primitives.mjs";
import { BODIES, KEYS, person } from "./writer.mjs";

const people = {};
const who = (name) => (people[name] ??= person(name));
const body = { n_bodies: 1, bodies: BODIES };
const keys = { keys: KEYS };
const link = (name) => signer(sha256("link " + name));
const other = Buffer.alloc(16, 9);

/** Three admins end the trial. */
async function guarded(w, a) {
    for (const name of ["b", "c"])
        await w.admit(a, who(name), 15);
    return [who("b"), who("c")];
}

async function confirm(w, author, change = {}) {
    return w.operation(author, "confirm", [w.last.hash], change);
}

export const cases = {
    async "ordinary work"(w, a) {
        await w.admit(a, who("m"), 3);
        await w.data(who("m"));
        await w.data(who("m"), { seq: 9 });
        await w.data(who("m"), { seq: 9 });
        await w.leaf(a, 65, Buffer.alloc(72));
        await w.operation(a, "label", [0, w.space], body);
        await w.operation(a, "label", [0, w.space], { ...body, ...{ keys: ZERO32 } });
        await w.operation(a, "device_rekey", [ZERO32]);
        await w.operation(a, "access", [5], body);
        await w.operation(a, "export_notice", [255, 4294967295]);
    },
    async "integers at their limits"(w, a) {
        await w.data(a, { seq: 0 });
        await w.operation(a, "invite", [link("1").pk, 64, 0]);
        await w.operation(a, "invite", [link("1").pk, 256, 0]);
        await w.operation(a, "invite", [link("1").pk, 0, 0]);
        await w.operation(a, "invite", [link("1").pk, -1, 0]);
        await w.operation(a, "invite", [link("1").pk, 3, -1]);
        await w.operation(a, "invite", [link("1").pk, 3, 2n ** 63n]);
        await w.operation(a, "invite", [link("2").pk, 3, 2n ** 64n - 1n]);
        await w.operation(a, "export_notice", [256, 0]);
        await w.operation(a, "export_notice", [0, 4294967296]);
        await w.operation(a, "access", [4294967296]);
        await w.operation(a, "moved", [ZERO16]);
        await w.data(a, { epoch: 4294967296 });
        await w.data(a, { seen_size: 2n ** 63n });
        await w.data(a, { seq: 2n ** 63n });
        await w.data(a, { seq: 2n ** 64n - 1n });
    },
    async "routing boxes"(w, a) {
        for (const length of [0, 23, 24, 40, 41, 71, 72, 73, 1000])
            await w.leaf(a, 64, Buffer.alloc(length));
        await w.leaf(a, 64, [null]);
        await w.leaf(a, 64, null);
    },
    async "kinds of the future"(w, a) {
        await w.leaf(a, 0, [null]);
        await w.leaf(a, 28, [null, 1, [2, [3]]]);
        await w.leaf(a, 28, [null, 1, [2, [3, [4]]]]);
        await w.leaf(a, 28, [w.fold.head]);
        await w.leaf(a, 28, []);
        await w.leaf(a, 28, Buffer.alloc(72));
        await w.leaf(a, 28, null);
        await w.leaf(a, 63, [null], body);
        await w.leaf(a, 66, Buffer.alloc(72));
        await w.leaf(a, 66, Buffer.alloc(72), { n_bodies: 0, bodies: null });
        await w.leaf(a, 66, Buffer.alloc(10));
        await w.leaf(a, 66, [null]);
        await w.leaf(a, 255, Buffer.alloc(72));
        await w.leaf(a, 256, Buffer.alloc(72));
        await w.admit(a, who("auditor"), 16);
        await w.leaf(who("auditor"), 66, Buffer.alloc(72));
        await w.data(a);
        await w.leaf(a, 10, [ZERO32]);
        await w.data(a);
    },
    async "which verdict first"(w, a) {
        await w.admit(a, who("m"), 3);
        await w.admit(a, who("r"), 1);
        const [m, r] = [who("m"), who("r")];
        await w.data(r, { n_bodies: 0, bodies: null });
        await w.operation(m, "role_set", [r.id, 2]);
        await w.operation(m, "role_set", [other, 3]);
        await w.operation(m, "role_set", [r.id, 0]);
        await w.operation(m, "role_set", [r.id, 64]);
        await w.operation(m, "role_set", [r.id, 256]);
        await w.operation(m, "device_revoke", [r.id, 0, 99]);
        await w.operation(a, "device_revoke", [other, 0, 99]);
        await w.operation(a, "role_set", [other, 2]);
        await w.operation(a, "role_set", [r.id, 1]);
        await w.operation(m, "invite", [link("1").pk, 2, 0]);
        await w.operation(m, "witness_set", [1, []]);
        await w.operation(m, "pack_set", [1, ZERO32]);
        await w.operation(m, "label", [0, other]);
        await w.operation(r, "label", [1, other], body);
        await w.operation(m, "label", [2, other], body);
        await w.operation(m, "epoch_change", [7, 9, ZERO32, ZERO32, ZERO32, null, null], keys);
        await w.operation(a, "epoch_change", [7, 9, ZERO32, ZERO32, ZERO32, null, null], keys);
        await w.operation(a, "epoch_change", [2, 9, ZERO32, ZERO32, ZERO32, null, null], keys);
        await w.operation(m, "erase", [other, ZERO16, 0, [99, 0]]);
        await w.operation(r, "purge", [other, [99, 0]]);
        await w.operation(m, "purge", [other, [99, 0]]);
        await w.operation(m, "adopt", [other, ZERO32, 0]);
        await w.operation(m, "moved", [ZERO16, w.space]);
        await w.operation(m, "audit_grant", [m.id, null, 5, 1, 0]);
        await w.operation(m, "invite_close", [link("1").pk]);
        await w.operation(m, "device_revoke", [other, 7, 99]);
        await w.operation(a, "device_revoke", [m.id, 7, 0]);
        await w.operation(a, "device_revoke", [a.id, 0, 99]);
        await w.operation(a, "device_revoke", [a.id, 1, 0]);
        await w.operation(a, "role_set", [a.id, 2]);
        await w.operation(a, "device_add", [3, [2, Buffer.from("9401", "hex"), Buffer.alloc(64)]]);
        await w.operation(m, "device_add", [3, [2, Buffer.from("9401", "hex"), Buffer.alloc(64)]]);
        await w.operation(a, "device_add", [3, [3, Buffer.from("9401", "hex"), Buffer.alloc(64)]]);
        await w.operation(a, "log_key", [ZERO32, ZERO32, Buffer.alloc(64)], { keys: ZERO32 });
        await w.data(a, { prev: ZERO32, seen_root: ZERO32, epoch: 9 });
        await w.data(a, { seen_root: ZERO32, epoch: 9 });
        await w.operation(a, "confirm", [ZERO32]);
        await w.operation(m, "confirm", [ZERO32]);
        await w.operation(a, "confirm", [ZERO32], { epoch: 0 });
    },
    async "proofs of a device"(w, a) {
        const n = who("new");
        const part = (fields) => {
            const bytes = encode(fields);
            return [2, bytes, n.sign(tag("passerelle/keys/v1"), bytes)];
        };
        await w.operation(a, "device_add", [3, part([1, n.pk, n.x_pk, 2])], { keys: ZERO32 });
        await w.operation(a, "device_add", [3, part([2, n.pk, n.x_pk, 0])], { keys: ZERO32 });
        await w.operation(a, "device_add", [3, part([1, n.pk, n.x_pk])], { keys: ZERO32 });
        await w.operation(a, "device_add", [3, part([1, n.pk, n.x_pk, 1])], { keys: ZERO32 });
        await w.operation(a, "device_add", [2, part([1, n.pk, ZERO32, 0])]);
        // A key of small order, for which R = B, S = 1 is a signature of everything if nobody looks.
        const weak = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
        const anything = Buffer.concat([Buffer.from("58" + "66".repeat(31), "hex"), weak]);
        await w.operation(a, "device_add", [3, [2, encode([1, weak, ZERO32, 0]), anything]], { keys: ZERO32 });
        await w.operation(a, "device_add", [2, [2, encode([1, n.pk, ZERO32, 0]), anything]], { keys: ZERO32 });
        await w.admit(a, a, 2);
        await w.join(a, who("m"), link("none"), 2, { keys: null });
        await w.admit(a, n, 32);
        await w.operation(a, "role_set", [n.id, 33]);
        await w.operation(a, "role_set", [n.id, 33], keys);
        await w.operation(a, "role_set", [n.id, 17], keys);
        await w.operation(a, "role_set", [n.id, 17]);
        await w.operation(a, "role_set", [n.id, 16]);
        await w.operation(a, "role_set", [n.id, 16], keys);
        await w.operation(a, "role_set", [n.id, 0]);
        await w.operation(a, "role_set", [n.id, 64]);
        await w.operation(a, "role_set", [n.id, 32]);
    },
    async "invites"(w, a) {
        await w.admit(a, who("s"), 7);
        const s = who("s");
        await w.operation(a, "invite", [link("1").pk, 15, 0]);
        await w.operation(s, "invite_close", [link("1").pk]);
        await w.operation(s, "invite", [link("1").pk, 5, 0]);
        await w.operation(s, "invite", [link("1").pk, 1, 0]);
        await w.operation(a, "invite", [link("1").pk, 3, 0]);
        await w.join(s, who("j"), link("1"), 1);
        await w.operation(s, "invite", [link("1").pk, 1, 0]);
        await w.join(s, who("j"), link("1"), 1);
        await w.operation(s, "role_set", [who("j").id, 3]);
        await w.admit(s, who("k"), 1, 1);
        await w.admit(s, who("k"), 16);
    },
    async "previous epoch"(w, a) {
        await w.admit(a, who("m"), 3);
        await w.admit(a, who("n"), 3);
        await w.rotate(a, { epoch: 0 });
        await w.rotate(a);
        const m = who("m");
        await w.data(m, { epoch: 1 });
        await w.operation(m, "access", [1], { epoch: 1 });
        await w.operation(a, "device_revoke", [who("n").id, 1, 0]);
        await w.data(m, { epoch: 1 });
        await w.data(m, { epoch: 2 });
        await w.rotate(a);
        await w.data(m, { epoch: 2 });
        await w.data(m, { epoch: 1 });
    },
    async "previous epoch and who lost what"(w, a) {
        const [m, n] = [who("m"), who("n")];
        await w.admit(a, m, 3);
        await w.admit(a, n, 16);
        await w.operation(a, "device_revoke", [n.id, 1, 0]);
        await w.rotate(a);
        await w.data(m, { epoch: 1 });
        await w.admit(a, who("o"), 3);
        await w.operation(a, "role_set", [who("o").id, 16], keys);
        await w.rotate(a);
        await w.data(m, { epoch: 2 });
        await w.operation(a, "role_set", [who("o").id, 32]);
        await w.rotate(a);
        await w.data(m, { epoch: 3 });
        await w.operation(a, "device_revoke", [who("o").id, 1, 0]);
        await w.rotate(a);
        await w.data(m, { epoch: 4 });
    },
    async "packs, witnesses, erasures, wraps"(w, a) {
        await w.operation(a, "pack_set", [0, ZERO32], body);
        await w.operation(a, "pack_set", [1, ZERO32], body);
        await w.operation(a, "pack_set", [65536, ZERO32], body);
        await w.operation(a, "pack_set", [65535, ZERO32], body);
        await w.operation(a, "witness_set", [0, []]);
        await w.operation(a, "witness_set", [1, ["w", ZERO32, "w", ZERO32]]);
        await w.operation(a, "witness_set", [2, ["w", ZERO32, "x", ZERO32]]);
        await w.operation(a, "witness_set", [1, ["", ZERO32]]);
        await w.operation(a, "witness_set", [1, ["a b+c\n", ZERO32]]);
        await w.operation(a, "witness_set", [0, ["w"]]);
        await w.operation(a, "witness_set", [256, []]);
        await w.admit(a, who("m"), 3);
        await w.admit(a, who("admin"), 9);
        await w.operation(who("admin"), "erase", [other, ZERO16, 0, []]);
        await w.operation(a, "erase", [other, ZERO16, 255, [3, 0, 2, 0, 2, 0]]);
        await w.operation(who("m"), "purge", [other, [99, 0]]);
        await w.operation(who("m"), "purge", [other, [1]]);
        await w.operation(who("m"), "purge", [other, [2, 256]]);
        await w.operation(who("m"), "purge", [other, []]);
        await w.operation(who("admin"), "purge", [other, []]);
        await w.operation(a, "erase", [Buffer.alloc(16, 8), ZERO16, 0, [99, 0]]);
        await w.operation(a, "erase", [other, ZERO16, 0, [99, 0]]);
        await w.operation(a, "erase", [Buffer.alloc(16, 8), ZERO16, 256, []]);
        await w.operation(a, "erase", [Buffer.alloc(16, 7), ZERO16, 0, [1, 0]], { keys: ZERO32 });
        await w.operation(a, "adopt", [who("m").id, ZERO32, 4294967296]);
        const wrap = Buffer.alloc(72);
        for (const wraps of [[null, null], [wrap, null], [null, wrap], [wrap, Buffer.alloc(71)], [wrap, wrap]])
            await w.operation(a, "epoch_change", [2, 1, ZERO32, ZERO32, ZERO32, ...wraps], keys);
        await w.operation(who("m"), "epoch_change", [2 ** 32, 1, ZERO32, ZERO32, ZERO32, wrap, wrap], keys);
        await w.operation(who("m"), "epoch_change", [2, 256, ZERO32, ZERO32, ZERO32, wrap, wrap], keys);
    },
    async "two leaves: who confirms"(w, a) {
        const [b, c] = await guarded(w, a);
        await w.admit(a, who("g"), 32, 0, {});
        await confirm(w, a);
        await confirm(w, b);
        const g = who("g");
        await w.operation(a, "role_set", [c.id, 7]);
        await confirm(w, c);
        await w.operation(a, "role_set", [c.id, 7]);
        await confirm(w, g);
        await w.operation(a, "role_set", [c.id, 3]);
        await w.operation(a, "role_set", [b.id, 11]);
        await w.operation(b, "role_set", [b.id, 3]);
        await confirm(w, a);
        await w.operation(g, "device_revoke", [g.id, 1, 0]);
        await w.operation(a, "device_revoke", [a.id, 1, 0]);
    },
    async "two leaves: no longer admissible"(w, a) {
        const [b, c] = await guarded(w, a);
        await w.admit(a, who("d"), 15, 0, { keys: null });
        const first = w.last;
        await w.admit(b, who("d"), 15, 0, { keys: null });
        await confirm(w, c, keys);
        await w.operation(c, "confirm", [first.hash], { keys: ZERO32 });
        await w.operation(c, "role_set", [who("d").id, 3]);
        const demotion = w.last;
        await w.operation(a, "device_revoke", [c.id, 1, 0]);
        await confirm(w, b);
        await w.operation(a, "confirm", [demotion.hash]);
        await w.operation(b, "role_set", [who("d").id, 7]);
        const again = w.last;
        await w.operation(a, "role_set", [b.id, 3]);
        await confirm(w, who("d"));
        await w.operation(a, "confirm", [again.hash]);
    },
    async "two leaves: by invite"(w, a) {
        const [b, c] = await guarded(w, a);
        await w.operation(a, "invite", [link("1").pk, 15, 0]);
        await w.join(a, who("d"), link("1"), 15, { keys: null });
        const first = w.last;
        await w.join(a, who("e"), link("1"), 15, { keys: null });
        await w.operation(b, "confirm", [first.hash], keys);
        await w.operation(a, "invite", [link("2").pk, 15, 0]);
        await w.join(a, who("f"), link("2"), 15, { keys: null });
        const second = w.last;
        await w.operation(c, "invite_close", [link("2").pk]);
        await w.operation(b, "confirm", [second.hash], keys);
    },
    async "a sheet"(w, a) {
        const [b, sheet] = [who("b"), who("sheet")];
        await w.admit(a, sheet, 1, 1);
        await w.admit(a, sheet, 9, 1);
        await w.operation(a, "role_set", [sheet.id, 11]);
        await w.operation(a, "role_set", [sheet.id, 1]);
        await w.operation(a, "role_set", [sheet.id, 41]);
        await confirm(w, sheet);
        await w.data(sheet);
        await w.admit(sheet, b, 15);
        await w.operation(a, "device_revoke", [sheet.id, 1, 0]);
        await confirm(w, b);
        await w.operation(b, "role_set", [b.id, 7]);
        await confirm(w, a);
        await w.operation(a, "device_revoke", [a.id, 1, 0]);
    },
    async "only a sheet remains"(w, a) {
        await w.admit(a, who("sheet"), 9, 1);
        await w.operation(a, "device_revoke", [a.id, 1, 0]);
        await w.operation(who("sheet"), "device_revoke", [who("sheet").id, 1, 0]);
        await w.admit(who("sheet"), who("b"), 15);
    },
    async "audits"(w, a) {
        const both = who("both");
        await w.admit(a, both, 16 | 7);
        await w.operation(both, "audit_grant", [both.id, other, 0, 0, 0]);
        const first = w.last;
        await confirm(w, both);
        await w.operation(a, "audit_close", [first.hash]);
        await w.operation(a, "confirm", [first.hash]);
        await w.operation(a, "confirm", [first.hash]);
        await w.operation(both, "audit_grant", [both.id, other, 0, 0, 0]);
        const second = w.last;
        await w.operation(a, "role_set", [both.id, 7]);
        await w.operation(a, "confirm", [second.hash]);
        await w.operation(a, "audit_close", [first.hash]);
        await w.operation(a, "audit_close", [first.hash]);
    },
};
