// SPDX-License-Identifier: Apache-2.0
//
// The rules of the kinds (PROTOCOL.md 6.1 and the table in 6.2, step 6). Each reads the state, throws
// Refused, and returns its effect:
//
//   seals   must key seals travel with it (step 7)
//   target  the device it is about, or null
//   twice   does it take a second leaf
//   apply   what it changes, once it takes effect

import { hex, same, verify } from "./primitives.mjs";
import { deviceOf, KIND, readProof } from "./leaf.mjs";

export const READER = 1, WRITER = 2, STEWARD = 4, ADMIN = 8, AUDITOR = 16, GUARDIAN = 32;
const PAPER = 1;
const CONFIRM_MS = 30 * 24 * 3600 * 1000;

/** A leaf that is not valid; the message is the name of the verdict. */
export class Refused extends Error {}

export function refuseUnless(holds, verdict) {
    if (!holds)
        throw new Refused(verdict);
}

/** Which seal a device with these roles needs: 0 none, 1 member's, 2 auditor's. */
export const sealType = (roles) => roles & READER ? 1 : roles & AUDITOR ? 2 : 0;

/** Is a device with these roles one of those whose coming and going takes two leaves? */
export const guards = (roles, kind) => Boolean(roles & (ADMIN | GUARDIAN)) || kind === PAPER;

const has = (device, roles) => Boolean(device.roles & roles);

function wellFormed(roles, kind) {
    return roles > 0 && (!(roles & (WRITER | STEWARD | ADMIN)) || roles & READER) &&
        (kind !== PAPER || (roles & (ADMIN | READER)) === (ADMIN | READER));
}

const nothing = { seals: false, target: null, twice: () => false, apply: () => {} };
const effect = (members) => ({ ...nothing, ...members });

/** After the trial, by anything but a sheet, what touches admin, guardian or paper is only proposed. */
const guarded = (touches) => (fold, author) => touches && !fold.trial && author.kind !== PAPER;

function active(fold, id) {
    const device = fold.devices.get(hex(id));
    refuseUnless(device && !device.revoked, "NOT_FOUND");
    return device;
}

/** One active admin must remain when `device` has these roles. */
function keepAdmin(fold, device, roles) {
    refuseUnless(roles & ADMIN || fold.admins().some((admin) => admin !== device), "ORPHAN");
}

function deviceAdd(fold, { operation }, author) {
    const proof = readProof(operation.proof);
    const { roles } = operation;
    const kind = proof.device_kind;
    refuseUnless(has(author, ADMIN) || has(author, STEWARD) && kind !== PAPER &&
        !(roles & ~(READER | WRITER)), "DENIED");
    refuseUnless((proof.space === null || same(proof.space, fold.space)) &&
        proof.checks.every((check) => verify(...check)), "SIGNATURE");
    refuseUnless(wellFormed(roles, kind), "FORMAT");
    const id = deviceOf(proof.ed_pk);
    refuseUnless(!fold.devices.has(hex(id)), "EXISTS");
    if (proof.invite_pk) {
        const invited = fold.invites.get(hex(proof.invite_pk));
        refuseUnless(invited !== undefined, "USED");
        refuseUnless(!(roles & ~invited), "DENIED");
    }
    return effect({
        seals: sealType(roles) !== 0,
        target: id,
        twice: guarded(guards(roles, kind)),
        apply() {
            fold.admit(id, { roles, kind, ed_pk: proof.ed_pk, x_pk: proof.x_pk });
            if (proof.invite_pk)
                fold.invites.delete(hex(proof.invite_pk));
        },
    });
}

function deviceRevoke(fold, { operation }, author) {
    const self = same(operation.device, author.id);
    refuseUnless(has(author, ADMIN | GUARDIAN) || self, "DENIED");
    refuseUnless(operation.mode === 1 || operation.cut <= fold.index, "FORMAT");
    const device = active(fold, operation.device);
    keepAdmin(fold, device, 0);
    return effect({
        target: device.id,
        twice: guarded(guards(device.roles, device.kind) && !self),
        apply: () => fold.revoke(device, operation.mode, operation.cut, fold.index),
    });
}

function roleSet(fold, { operation }, author) {
    refuseUnless(has(author, ADMIN), "DENIED");
    const device = active(fold, operation.device);
    const { roles } = operation;
    refuseUnless(wellFormed(roles, device.kind) && roles !== device.roles, "FORMAT");
    keepAdmin(fold, device, roles);
    return effect({
        seals: sealType(roles) !== 0 && sealType(roles) !== sealType(device.roles),
        target: device.id,
        twice: guarded((roles ^ device.roles) & (ADMIN | GUARDIAN) || device.kind === PAPER),
        apply: () => fold.setRoles(device, roles),
    });
}

function epochChange(fold, { operation }, author) {
    refuseUnless(has(author, ADMIN), "DENIED");
    refuseUnless(operation.epoch === fold.epoch + 1, "STALE_EPOCH");
    refuseUnless(operation.suite === 1, "VERSION");
    return effect({ seals: true, apply: (_, t_recv) => fold.rotate(operation.epoch, t_recv) });
}

function logKey(fold, { operation }, author) {
    refuseUnless(has(author, ADMIN), "DENIED");
    refuseUnless(verify(fold.log.pk, operation.signature, Buffer.from("passerelle/logkey/v1\0"),
        fold.space, operation.log_pk, operation.resp_pk), "SIGNATURE");
    return effect({
        apply() {
            Object.assign(fold.log, { pk: operation.log_pk, resp_pk: operation.resp_pk });
            fold.log_pks.push({ from: fold.index + 1, pk: operation.log_pk });
        },
    });
}

function witnessSet(fold, leaf, author) {
    refuseUnless(has(author, ADMIN), "DENIED");
    return nothing;
}

function packSet(fold, { operation, n_bodies }, author) {
    refuseUnless(has(author, ADMIN), "DENIED");
    refuseUnless(n_bodies > 0, "FORMAT");
    refuseUnless(operation.number > fold.pack, "EXISTS");
    return effect({ apply: () => { fold.pack = operation.number; } });
}

/** The open proposal that a confirm is about; throws when it, or its author, will not do. */
export function checkConfirm(fold, leaf, author, t_recv) {
    const proposal = fold.proposals.get(hex(leaf.operation.leaf));
    refuseUnless(proposal && t_recv - proposal.t_recv <= CONFIRM_MS, "NOT_FOUND");
    const grant = proposal.leaf.kind === KIND.audit_grant;
    refuseUnless(has(author, grant ? ADMIN | STEWARD : ADMIN | GUARDIAN) &&
        !same(author.id, proposal.leaf.device) &&
        (proposal.target === null || !same(author.id, proposal.target)), "DENIED");
    return proposal;
}

function invite(fold, { operation }, author) {
    const { roles } = operation;
    refuseUnless(has(author, ADMIN) || has(author, STEWARD) && !(roles & ~(READER | WRITER)), "DENIED");
    refuseUnless(wellFormed(roles, 0), "FORMAT");
    refuseUnless(!fold.invites.has(hex(operation.invite_pk)), "EXISTS");
    return effect({ apply: () => fold.invites.set(hex(operation.invite_pk), roles) });
}

function inviteClose(fold, { operation }, author) {
    refuseUnless(has(author, ADMIN | STEWARD), "DENIED");
    refuseUnless(fold.invites.has(hex(operation.invite_pk)), "NOT_FOUND");
    return effect({ apply: () => fold.invites.delete(hex(operation.invite_pk)) });
}

function label(fold, { operation, n_bodies }, author) {
    const { target, id } = operation;
    refuseUnless(n_bodies === 1, "FORMAT");
    refuseUnless(target === 0 ? same(id, fold.space) : fold.devices.has(hex(id)), "NOT_FOUND");
    refuseUnless(has(author, target === 0 ? ADMIN : ADMIN | STEWARD) ||
        target === 1 && same(id, author.id), "DENIED");
    return nothing;
}

const listed = (fold, { boxes }) => boxes.every((item, i) => i % 2 === 1 || item < fold.index);

function erase(fold, { operation }, author) {
    refuseUnless(has(author, STEWARD), "DENIED");
    refuseUnless(listed(fold, operation), "FORMAT");
    refuseUnless(!fold.erased.has(hex(operation.shred_id)), "EXISTS");
    return effect({ apply: () => fold.erased.add(hex(operation.shred_id)) });
}

function purge(fold, { operation }, author) {
    refuseUnless(has(author, STEWARD | WRITER), "DENIED");
    refuseUnless(listed(fold, operation), "FORMAT");
    refuseUnless(fold.erased.has(hex(operation.shred_id)), "NOT_FOUND");
    return nothing;
}

function adopt(fold, { operation }, author) {
    refuseUnless(has(author, STEWARD), "DENIED");
    refuseUnless(fold.devices.has(hex(operation.device)), "NOT_FOUND");
    return nothing;
}

function moved(fold, { operation }, author) {
    refuseUnless(has(author, STEWARD), "DENIED");
    refuseUnless(!same(operation.space, fold.space), "FORMAT");
    return nothing;
}

function auditGrant(fold, leaf, author) {
    const { operation } = leaf;
    refuseUnless(has(author, AUDITOR) && same(operation.auditor, author.id), "DENIED");
    refuseUnless(operation.from_s <= operation.to_s, "FORMAT");
    return effect({ twice: () => true, apply: () => fold.grants.set(hex(leaf.hash), author.id) });
}

function auditClose(fold, { operation }, author) {
    const auditor = fold.grants.get(hex(operation.grant));
    refuseUnless(auditor, "NOT_FOUND");
    refuseUnless(same(auditor, author.id) || has(author, ADMIN | STEWARD), "DENIED");
    return effect({ apply: () => fold.grants.delete(hex(operation.grant)) });
}

function deviceRekey(fold, { operation }, author) {
    return effect({ apply: () => { author.x_pk = operation.x_pk; } });
}

function data(fold, { n_bodies }, author) {
    refuseUnless(has(author, WRITER), "DENIED");
    refuseUnless(n_bodies > 0, "FORMAT");
    return nothing;
}

const anyMember = () => nothing;

export const RULES = {
    2: deviceAdd, 3: deviceRevoke, 4: roleSet, 5: epochChange, 6: logKey, 7: witnessSet, 8: packSet,
    16: deviceRekey, 17: invite, 18: inviteClose, 19: label, 20: erase, 21: purge, 22: adopt, 23: moved,
    24: auditGrant, 25: auditClose, 26: anyMember, 27: anyMember, 64: data, 65: data,
};

/** What `leaf` does when `author`, with the roles given here, says it now. */
export const consequence = (fold, leaf, author) => RULES[leaf.kind](fold, leaf, author);
