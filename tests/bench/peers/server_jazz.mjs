// SPDX-License-Identifier: Apache-2.0

import Database from 'better-sqlite3';
import { getSqliteStorage, LocalNode } from 'cojson';
import { NapiCrypto } from 'cojson/crypto/NapiCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import http from 'node:http';
import path from 'node:path';
import process from 'node:process';
import { WebSocketServer } from 'ws';

const db = new Database(path.join(process.argv[2], 'storage.db'));
db.pragma('journal_mode = WAL');
const kept = new Map();
const prepared = (sql) => {
    if (!kept.has(sql)) {
        kept.set(sql, db.prepare(sql));
    }
    return kept.get(sql);
};
const driver = {
    run: (sql, params) => { prepared(sql).run(params); },
    get: (sql, params) => prepared(sql).get(params),
    query: (sql, params) => prepared(sql).all(params),
    transaction: (callback) => db.transaction(callback)(),
    closeDb: () => db.close(),
    getMigrationVersion: () => db.pragma('user_version', { simple: true }),
    saveMigrationVersion: (version) => { db.pragma(`user_version = ${version}`); },
};
const crypto = await NapiCrypto.create();
const agent = crypto.newRandomAgentSecret();
const node = new LocalNode(agent, crypto.newRandomSessionID(crypto.getAgentID(agent)), crypto);
node.setStorage(getSqliteStorage(driver));
const server = http.createServer();
let n = 0;
new WebSocketServer({ server }).on('connection', (websocket) => {
    node.syncManager.addPeer(createWebSocketPeer({ id: `client ${n++}`, websocket, role: 'client', expectPings: false, batchingByDefault: false, deletePeerStateOnClose: true }));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
