// SPDX-License-Identifier: Apache-2.0

import http from 'node:http';
import { createRequire } from 'node:module';
import process from 'node:process';

process.env.YPERSISTENCE = process.argv[2];
console.info = () => {};
const require = createRequire(import.meta.url);
const { WebSocket, WebSocketServer } = require('ws');
const { setupWSConnection } = require('y-websocket/bin/utils');
const server = http.createServer();
new WebSocketServer({ server }).on('connection', setupWSConnection);
server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    // Without anybody connected it forgets the document, and asks the next one for all of it while it reads it again.
    new WebSocket(`ws://127.0.0.1:${port}/space`).on('open', () => console.log(port));
});
