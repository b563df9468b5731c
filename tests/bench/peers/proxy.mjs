// SPDX-License-Identifier: Apache-2.0
//
// A proxy on 127.0.0.1 that counts every byte of a TCP connection and can be as slow as a rural phone.

import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** One direction: a chunk arrives half a round trip after the last of its bytes fitted through. */
class Pipe {
    constructor(to, shape, count) {
        Object.assign(this, { to, shape, count, free: 0, last: Promise.resolve() });
    }

    push(chunk) {
        this.count(chunk.length);
        if (!this.shape) {
            this.to.write(chunk);
            return;
        }
        this.free = Math.max(this.free, performance.now()) + chunk.length / this.shape.bytesPerMs;
        const due = this.free + this.shape.rttMs / 2;
        this.last = this.last.then(() => wait(Math.max(0, due - performance.now()))).then(() => this.to.write(chunk));
    }

    end() {
        this.last.then(() => this.to.end());
    }
}

/**
 * Listens in front of `port`. `shape`: {rttMs, bytesPerMs}, or nothing. Gives {port, take(), close()}; take() is
 * {up, down, connections} since the last call.
 */
export async function proxy(port, shape) {
    let seen = { up: 0, down: 0, connections: 0 };
    const open = new Set();
    const server = net.createServer({ allowHalfOpen: true }, async (client) => {
        seen.connections++;
        const target = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
        for (const socket of [client, target]) {
            open.add(socket);
            socket.on('error', () => {});
            socket.on('close', () => open.delete(socket));
        }
        client.pause();
        if (shape) {
            await wait(shape.rttMs); // TCP's handshake
        }
        const up = new Pipe(target, shape, (n) => { seen.up += n; });
        const down = new Pipe(client, shape, (n) => { seen.down += n; });
        client.on('data', (chunk) => up.push(chunk));
        client.on('end', () => up.end());
        target.on('data', (chunk) => down.push(chunk));
        target.on('end', () => down.end());
        client.resume();
    });
    await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
    return {
        port: server.address().port,
        take() {
            const taken = seen;
            seen = { up: 0, down: 0, connections: 0 };
            return taken;
        },
        close() {
            server.close();
            open.forEach((socket) => socket.destroy());
        },
    };
}
