// SPDX-License-Identifier: Apache-2.0
//
// Jazz (cojson): one map for each record, all owned by one group. The server keeps them in SQLite, WAL without fsync.

import { LocalNode } from 'cojson';
import { NapiCrypto } from 'cojson/crypto/NapiCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import WebSocket from 'ws';

export const about = { name: 'jazz', encrypted: true, durable: false };
const crypto = await NapiCrypto.create();

export const space = () => ({ records: new Map() });

/* All devices are sessions of one account, as one person's are: what another person needs besides is not counted. */
async function open(where) {
    if (where.account) {
        return null;
    }
    const made = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'bench' }, crypto });
    where.account = { id: made.accountID, secret: made.accountSecret };
    where.group = made.node.createGroup();
    return made.node;
}

const connect = async (port) => {
    const websocket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await new Promise((done, failed) => { websocket.on('open', done); websocket.on('error', failed); });
    const peer = createWebSocketPeer({ id: 'server', websocket, role: 'server', expectPings: false });
    const hangUp = () => new Promise((done) => {
        websocket.on('close', () => setTimeout(done, 50));
        websocket.close();
    });
    return { peer, hangUp };
};

export async function device(where) {
    let node = await open(where);
    const waiting = [];
    const maps = new Map();
    const load = async (id) => {
        const map = await node.load(id);
        if (map === 'unavailable') {
            throw new Error(`${id} is not there`);
        }
        return map;
    };
    const apply = async (changes) => {
        for (const c of changes) {
            if (!maps.has(c.record)) {
                const id = where.records.get(c.record);
                maps.set(c.record, id ? await load(id) : (await load(where.group.id)).createMap());
                where.records.set(c.record, maps.get(c.record).id);
            }
            maps.get(c.record).set(c.field, c.text, 'private');
        }
    };
    return {
        async write(changes) {
            if (node) {
                await apply(changes);
            } else {
                waiting.push(...changes);
            }
        },
        async sync(port) {
            const { peer, hangUp } = await connect(port);
            if (node) {
                node.syncManager.addPeer(peer);
            } else {
                node = await LocalNode.withLoadedAccount({ accountID: where.account.id, accountSecret: where.account.secret, sessionID: crypto.newRandomSessionID(where.account.id), peers: [peer], crypto });
                await apply(waiting.splice(0));
            }
            await Promise.all([...where.records].map(async ([record, id]) => maps.set(record, await load(id))));
            await node.syncManager.waitForAllCoValuesSync();
            await hangUp();
        },
        state: () => [...maps].flatMap(([record, map]) => map.keys().map((field) => `${record} ${field} ${map.get(field)}`)).sort(),
        close: () => node.gracefulShutdown(),
    };
}
