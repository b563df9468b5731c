// SPDX-License-Identifier: Apache-2.0
//
// The real server and the terminal's client as processes, for tests in node.

import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const bin = (name) => path.join(process.env.PASSERELLE_BIN_DIR, name);
const exec = promisify(execFile);

export function freePort() {
    return new Promise((done) => {
        const server = net.createServer();
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => done(port));
        });
    });
}

/** A server on a port that stays; `founder` is its link. start() may be called again after stop(). */
export async function daemon(folder, origins) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { stdout } = await exec(bin('passerelled'), ['init', '--data', folder, '--url', url, '--json']);
    const config = `${folder}.conf`;
    const lines = [`data = ${folder}`, `listen = 127.0.0.1:${port}`, ...origins.map((origin) => `cors_origin = ${origin}`)];
    fs.writeFileSync(config, lines.join('\n') + '\n');
    let child = null;
    return {
        url, founder: JSON.parse(stdout).founder_link,
        async start() {
            child = spawn(bin('passerelled'), ['serve', '--config', config], { stdio: ['ignore', fs.openSync(`${folder}.log`, 'a'), fs.openSync(`${folder}.log`, 'a')] });
            for (let tries = 0; ; tries++) {
                const ready = await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false);
                if (ready) {
                    return;
                }
                if (tries > 300 || child.exitCode !== null) {
                    throw new Error(`the server does not answer: ${fs.readFileSync(`${folder}.log`)}`);
                }
                await new Promise((go) => setTimeout(go, 100));
            }
        },
        async stop() {
            const gone = new Promise((done) => child.on('exit', done));
            child.kill('SIGTERM');
            await gone;
            child = null;
        },
        kill: () => child?.kill('SIGKILL'),
        /** One number of /metrics. */
        async metric(name) {
            const text = await (await fetch(`${url}/metrics`)).text();
            return text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
                .reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
        },
    };
}

/** The terminal's client: run(words) gives {exit, json, error}. */
export function terminal(folder) {
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    fs.writeFileSync(`${folder}.pass`, 'phrase du terminal\n');
    return async (...words) => {
        const env = { ...process.env, PASSERELLE_HOME: folder, PASSERELLE_PASSPHRASE_FILE: `${folder}.pass` };
        const result = await exec(bin('passerelle'), [...words, '--json'], { env, maxBuffer: 64 << 20 })
            .catch((error) => ({ stdout: error.stdout, stderr: error.stderr, code: error.code }));
        return { exit: result.code ?? 0, json: result.stdout ? JSON.parse(result.stdout) : null, error: result.stderr };
    };
}
