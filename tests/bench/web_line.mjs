// SPDX-License-Identifier: Apache-2.0
//
// A slow line to a port of this machine: everything that comes from there, on all connections together, comes at `rate`
// bytes a second, and each direction is half of `rtt` ms behind. Browsers can slow a page down by themselves, but not its
// workers, which fetch most of it.

import net from 'node:net';

/** Calls functions at their times, in the order they were given: timers alone may change it. */
function inOrder() {
    let last = Promise.resolve();
    return (at, fn) => {
        last = last.then(() => new Promise((go) => setTimeout(go, Math.max(0, at - performance.now())))).then(fn);
    };
}

/** {port, bytes(), close()}: `bytes` that came since it began, heads included. */
export function line(port, rate, rtt) {
    let total = 0;
    let free = 0; // when the line has carried what it was given
    const sockets = new Set();
    const server = net.createServer((near) => {
        const far = net.connect(port, '127.0.0.1');
        const there = inOrder();
        const back = inOrder();
        near.on('data', (part) => there(performance.now() + rtt / 2, () => far.write(part)));
        far.on('data', (part) => {
            total += part.length;
            free = Math.max(free, performance.now()) + (part.length / rate) * 1000;
            back(free + rtt / 2, () => near.write(part));
        });
        far.on('end', () => back(free + rtt / 2, () => near.end()));
        near.on('close', () => far.destroy());
        for (const socket of [near, far]) {
            sockets.add(socket);
            socket.on('error', () => {}); // a browser leaves when it likes
            socket.on('close', () => sockets.delete(socket));
        }
    });
    return new Promise((done) => server.listen(0, '127.0.0.1', () => done({
        port: server.address().port,
        bytes: () => total,
        close: () => new Promise((closed) => { sockets.forEach((one) => one.destroy()); server.close(closed); }),
    })));
}
