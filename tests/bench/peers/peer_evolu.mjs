// SPDX-License-Identifier: Apache-2.0
//
// Evolu 5: its own timestamps, Merkle tree, sealed boxes and messages, without its database in the browser: a client's
// storage costs nothing here. @evolu/server keeps messages in SQLite.

import { SecretBox, SyncRequest, SyncResponse, MessageContent, diffMerkleTrees, initialMerkleTree, insertIntoMerkleTree, merkleTreeToString, timestampToString, unsafeMerkleTreeFromString, unsafeTimestampFromString } from '@evolu/common';
import * as Effect from 'effect/Effect';
import * as Option from 'effect/Option';
import crypto from 'node:crypto';

export const about = { name: 'evolu', encrypted: true, durable: true };
export const space = () => ({ id: crypto.randomBytes(16).toString('hex').slice(0, 21), key: new Uint8Array(crypto.randomBytes(32)) });

const box = Effect.runSync(Effect.provide(SecretBox, SecretBox.Live));
const VERSION = new Uint8Array([0, 1]);

export function device(owner) {
    const node = crypto.randomBytes(8).toString('hex');
    const values = new Map();
    let tree = initialMerkleTree, millis = 0, counter = 0, waiting = [];

    const tick = () => {
        if (++counter > 65535) {
            millis++;
            counter = 0;
        }
        return { millis, counter, node };
    };
    const take = (at, row, column, text) => {
        const key = `${row} ${column}`, there = values.get(key);
        if (!there || there.at < at) {
            values.set(key, { at, text });
        }
    };
    const open = ({ timestamp, content }) => {
        const { table, row, column, value } = MessageContent.fromBinary(Effect.runSync(box.open(owner.key, content)).slice(2));
        void table;
        take(timestamp, row, column, value.stringValue);
        tree = insertIntoMerkleTree(tree, unsafeTimestampFromString(timestamp));
    };
    const seal = ({ at, c }) => {
        const plain = MessageContent.toBinary({ table: 'records', row: c.record, column: c.field, value: { oneofKind: 'stringValue', stringValue: c.text } });
        return { timestamp: at, content: Effect.runSync(box.seal(owner.key, Buffer.concat([VERSION, plain]))) };
    };
    const turn = async (port, messages) => {
        const body = SyncRequest.toBinary({ messages, userId: owner.id, nodeId: node, merkleTree: merkleTreeToString(tree) });
        const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers: { 'Content-Type': 'application/x-protobuf' } });
        if (!answer.ok) {
            throw new Error(`${answer.status} ${await answer.text()}`);
        }
        const response = SyncResponse.fromBinary(new Uint8Array(await answer.arrayBuffer()));
        const known = new Set(device.seen.get(node));
        for (const message of response.messages) {
            if (!known.has(message.timestamp)) {
                device.seen.get(node).push(message.timestamp);
                open(message);
            }
        }
        return Option.isNone(diffMerkleTrees(unsafeMerkleTreeFromString(response.merkleTree), tree));
    };

    device.seen.set(node, []);
    return {
        write(changes) {
            // A minute's messages go together, again, when one of them is missing: the bulk is not of this minute.
            const now = Date.now() - (changes.length > 100 ? 600000 : 0);
            if (now > millis) {
                millis = now;
                counter = 0;
            }
            for (const c of changes) {
                const at = timestampToString(tick());
                waiting.push({ at, c });
                take(at, c.record, c.field, c.text);
                tree = insertIntoMerkleTree(tree, unsafeTimestampFromString(at));
            }
        },
        async sync(port) {
            const messages = waiting.map(seal);
            let same = await turn(port, messages);
            waiting = [];
            for (let i = 0; i < 8 && !same; i++) {
                same = await turn(port, []);
            }
        },
        state: () => [...values].map(([key, { text }]) => `${key} ${text}`).sort(),
        close() {},
    };
}
device.seen = new Map();
