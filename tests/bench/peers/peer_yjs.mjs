// SPDX-License-Identifier: Apache-2.0
//
// Yjs with y-websocket: one document, a map for each record. The server keeps it in LevelDB, without fsync. There is no
// acknowledgement: here a push has arrived when a question that was sent behind it is answered.

import WebSocket from 'ws';
import * as Y from 'yjs';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as sync from 'y-protocols/sync';

export const about = { name: 'yjs', encrypted: false, durable: false };
export const space = () => ({});

const question = (doc) => {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    sync.writeSyncStep1(encoder, doc);
    return encoding.toUint8Array(encoder);
};

export function device() {
    const doc = new Y.Doc();
    const records = doc.getMap('records');
    return {
        write(changes) {
            for (const c of changes) {
                doc.transact(() => {
                    if (!records.has(c.record)) {
                        records.set(c.record, new Y.Map());
                    }
                    records.get(c.record).set(c.field, c.text);
                });
            }
        },
        sync(port) {
            const socket = new WebSocket(`ws://127.0.0.1:${port}/space`);
            socket.binaryType = 'arraybuffer';
            let answers = 0, asked = false;
            return new Promise((done, failed) => {
                socket.on('error', failed);
                socket.on('open', () => socket.send(question(doc)));
                socket.on('message', (bytes) => {
                    const decoder = decoding.createDecoder(new Uint8Array(bytes));
                    if (decoding.readVarUint(decoder) !== 0) {
                        return;
                    }
                    const encoder = encoding.createEncoder();
                    encoding.writeVarUint(encoder, 0);
                    const type = sync.readSyncMessage(decoder, encoder, doc, socket);
                    if (encoding.length(encoder) > 1) {
                        socket.send(encoding.toUint8Array(encoder)); // what the server lacks
                        asked = true;
                    }
                    answers += type === sync.messageYjsSyncStep2;
                    if (answers === 1 && asked) {
                        socket.send(question(doc));
                        asked = false;
                    } else if (answers >= 2) {
                        socket.close();
                        socket.on('close', () => done());
                    }
                });
            });
        },
        state() {
            const all = [];
            records.forEach((fields, record) => fields.forEach((text, field) => all.push(`${record} ${field} ${text}`)));
            return all.sort();
        },
        close: () => doc.destroy(),
    };
}
