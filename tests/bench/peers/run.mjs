// SPDX-License-Identifier: Apache-2.0
//
// node run.mjs BENCH FOLDER [PEER...]: the rows for other products and for ours, one after the other on this
// machine, and a table of both. BENCH is passerelle-bench, FOLDER an empty one; README.md says what each row is.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { proxy } from './proxy.mjs';

const [bench, work, ...wanted] = process.argv.slice(2);
const N = Number(process.env.CHANGES ?? 10000), DEVICES = Number(process.env.DEVICES ?? 200);
const PEERS = ['yjs', 'pouchdb', 'evolu', 'jazz'];
const SLOW = { rttMs: 600, bytesPerMs: 50 / 8 };
const here = path.dirname(fileURLToPath(import.meta.url));

const changes = execFileSync(bench, ['--work', '--changes', String(N)], { maxBuffer: 1 << 28, encoding: 'utf8' })
    .trim().split('\n').map((line, id) => {
        const [record, field, text] = line.split('\t');
        return { id, record, field, text };
    });

/* --- a server as a process of its own --- */

const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function stat(pid) {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

const residentKb = (pid) => Number(/RssAnon:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/* LevelDB moves files while one looks. */
function bytesOf(folder) {
    return fs.readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
        const file = path.join(folder, entry.name);
        const seen = fs.lstatSync(file, { throwIfNoEntry: false });
        return sum + (!seen ? 0 : seen.isDirectory() ? bytesOf(file) : seen.size);
    }, 0);
}

let folders = 0;
function folder(name) {
    const made = path.join(work, `${name}-${folders++}`);
    fs.mkdirSync(made);
    return made;
}

async function serve(name) {
    const data = folder(`${name}-server`);
    const child = spawn(process.execPath, [path.join(here, `server_${name}.mjs`), data], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.add(child);
    const port = await new Promise((done, failed) => {
        let text = '';
        child.stdout.on('data', (bytes) => {
            text += bytes;
            const line = /^(\d+)$/m.exec(text);
            if (line) {
                done(Number(line[1]));
            }
        });
        child.on('exit', (code) => failed(new Error(`server_${name} ended with ${code}`)));
    });
    return { pid: child.pid, port, data };
}

const started = new Set();
process.on('exit', () => started.forEach((child) => child.kill('SIGKILL')));

/* --- the rows --- */

const timed = async (what) => {
    const from = performance.now();
    await what();
    return performance.now() - from;
};

async function pushAndNew(peer, name, figures) {
    const server = await serve(name), counted = await proxy(server.port);
    const where = await peer.space();
    const first = await peer.device(where, folder(name));
    await first.write(changes);
    const before = { cpu: stat(server.pid), disk: bytesOf(server.data) };
    const ms = await timed(() => first.sync(counted.port));
    const { up } = counted.take();
    await wait(2500); // what a server writes later is its cost as well
    figures['push: changes/s'] = N / ms * 1000;
    figures['server CPU per change, us'] = (stat(server.pid) - before.cpu) / N * 1e6;
    figures['bytes up per change'] = up / N;
    figures['server disk per change, bytes'] = (bytesOf(server.data) - before.disk) / N;

    const second = await peer.device(where, folder(name));
    figures['new device: ms'] = await timed(() => second.sync(counted.port));
    assert.deepEqual(await second.state(), await first.state(), `${name}: the new device has something else`);

    await small(peer, name, [first, second], server, counted, figures);
    await first.close();
    await second.close();
    counted.close();
}

/* Both wrote five changes, the first one's are there: the second's sync brings five and fetches five. */
async function small(peer, name, devices, server, counted, figures) {
    const slow = await proxy(server.port, SLOW);
    const rounds = [counted, slow].map((through, i) => [through, changes.slice(20 * i, 20 * i + 5), changes.slice(20 * i + 10, 20 * i + 15)]);
    for (const [through, hers, his] of rounds) {
        const again = (c) => ({ ...c, id: c.id + N, text: `${c.text} (relu)` });
        await devices[0].write(hers.map(again));
        await devices[0].sync(server.port);
        await devices[1].write(his.map(again));
        through.take();
        const ms = await timed(() => devices[1].sync(through.port));
        const { up, down } = through.take();
        if (through === counted) {
            figures['5 + 5: bytes both ways'] = up + down;
        } else {
            figures['5 + 5 at 600 ms, 50 kbit/s: s'] = ms / 1000;
        }
    }
    await devices[0].sync(server.port);
    assert.deepEqual(await devices[1].state(), await devices[0].state(), `${name}: two devices differ`);
    slow.close();
}

async function many(peer, name, figures) {
    const server = await serve(name);
    const where = await peer.space();
    const founder = await peer.device(where, folder(name));
    await founder.write(changes.slice(0, 1));
    await founder.sync(server.port);
    const idle = residentKb(server.pid);
    const devices = [];
    for (let i = 0; i < DEVICES; i++) {
        const device = await peer.device(where, folder(name));
        await device.write(Array.from({ length: 50 }, (_, k) => changes[(i * 50 + k) % N]));
        devices.push(device);
    }
    const ms = await timed(() => Promise.all(devices.map((device) => device.sync(server.port))));
    figures[`${DEVICES} devices x 50: changes/s`] = DEVICES * 50 / ms * 1000;
    figures['server memory after it, MB more'] = (residentKb(server.pid) - idle) / 1024;
    for (const device of [founder, ...devices]) {
        await device.close();
    }
}

const late = async () => {
    await wait(300000, null, { ref: false });
    throw new Error('not done after five minutes');
};

async function measure(name) {
    const peer = await import(`./peer_${name}.mjs`);
    const figures = { 'end-to-end encrypted': peer.about.encrypted ? 'yes' : 'no', 'acknowledged after fsync': peer.about.durable ? 'yes' : 'no' };
    for (const row of [pushAndNew, many]) {
        try {
            await Promise.race([row(peer, name, figures), late()]);
        } catch (error) {
            console.error(`${name}, ${row.name}: ${error.message}`);
            figures[`(${row.name})`] = 'failed';
        }
        started.forEach((child) => child.removeAllListeners('exit').kill('SIGKILL'));
        started.clear();
    }
    return figures;
}

/* --- ours, in the same run --- */

function ours() {
    const rows = ['push', 'small', 'many'].flatMap((row) => ['--row', row]);
    const out = execFileSync(bench, [...rows, '--changes', String(N), '--devices', String(DEVICES), '--json'], { maxBuffer: 1 << 26, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const all = JSON.parse(out).figures;
    const figure = (row, name) => all.find((f) => f.row === row && f.figure === name)?.value;
    return {
        'end-to-end encrypted': 'yes',
        'acknowledged after fsync': 'yes',
        'push: changes/s': figure('push', "acknowledged, with the device's work"),
        'server CPU per change, us': figure('push', 'server CPU per change'),
        'bytes up per change': figure('push', 'bytes up per change'),
        'server disk per change, bytes': figure('push', 'server disk per change'),
        'new device: ms': figure('new', 'everything verified and stored'),
        '5 + 5: bytes both ways': figure('5+5 new record', 'bytes both ways, with HTTP'),
        '5 + 5 at 600 ms, 50 kbit/s: s': figure('5+5 new record', 'at 600 ms, 50 kbit/s'),
        [`${DEVICES} devices x 50: changes/s`]: figure('many', 'one sync each'),
    };
}

const version = (name) => {
    const of = { yjs: 'yjs', pouchdb: 'pouchdb-node', evolu: '@evolu/server', jazz: 'cojson' }[name];
    const main = createRequire(import.meta.url).resolve.paths(of).map((place) => path.join(place, of, 'package.json')).find((file) => fs.existsSync(file));
    return `${name} ${JSON.parse(fs.readFileSync(main, 'utf8')).version}`;
};

const columns = process.env.OURS === 'no' ? {} : { passerelle: ours() };
for (const name of wanted.length ? wanted : PEERS) {
    console.error(`${name}...`);
    columns[version(name)] = await measure(name);
}
const show = (value) => typeof value !== 'number' ? value ?? '-' : value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
const names = [...new Set(Object.values(columns).flatMap(Object.keys))];
console.log(`| ${N} changes | ${Object.keys(columns).join(' | ')} |`);
console.log(`|---${'|---'.repeat(Object.keys(columns).length)}|`);
for (const name of names) {
    console.log(`| ${name} | ${Object.values(columns).map((column) => show(column[name])).join(' | ')} |`);
}
process.exit(0);
