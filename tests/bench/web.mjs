// SPDX-License-Identifier: Apache-2.0
//
// The phone's figures in Debian's Chromium: node web.mjs PAGE FOLDER. Started by tests/bench/web.
//
// A terminal writes the records and sends them; a phone's page joins, receives them, is started again, unlocked, and
// searched. Times are the worker's, as the page waits for them, on this machine's processor without throttling.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { launch } from '../web/browser.mjs';
import { daemon, terminal } from '../web/daemon.mjs';
import { buildTiny, serve } from '../web/site.mjs';
import { firstLoad } from './web_first.mjs';

const [bundle, work] = process.argv.slice(2);
const FIRST = ['Ștefan', 'Élodie', 'Mircea', 'Adela', 'Ionuț', 'Rada', 'Vasil', 'Teodora'];
const PASS = 'velours orage tandem ricochet';

/** Bytes of the bundle's files that begin or end so, and what of them goes over the line. */
function weigh(what, fits) {
    const names = fs.readdirSync(bundle).filter((name) => fits(name) && !/\.(br|gz)$/.test(name));
    const size = (end) => names.reduce((sum, name) => sum + fs.statSync(path.join(bundle, name + end)).size, 0);
    console.log(`${what.padEnd(40)} ${size('')} bytes, brotli ${size('.br')}, gzip ${size('.gz')}`);
}
const html = fs.readFileSync(path.join(bundle, 'index.html'), 'utf8');
const first = (name) => name === 'index.html' || name === 'manifest.json' || html.includes(`"${name}"`) || name.startsWith('worker');
weigh('first stage (index, page, style, worker)', first);
weigh('program', (name) => name.endsWith('.wasm'));
weigh('screens and the rest', (name) => !first(name) && /\.(js|json)$/.test(name));
await firstLoad(bundle, work);

const site = path.join(work, 'site');
await buildTiny(site);

/** The median of `n` calls inside the page, in ms. */
const timed = (page, n, words) => page.evaluate(async ([times, line]) => {
    const all = [];
    for (let i = 0; i < times; i++) {
        const from = performance.now();
        const answer = await window.client.run(line);
        all.push(performance.now() - from);
        if (answer.exit !== 0) {
            throw new Error(answer.error);
        }
    }
    return all.sort((a, b) => a - b)[times >> 1];
}, [n, words]);

const once = (page, name, ...args) => page.evaluate(async ([fn, given]) => {
    const from = performance.now();
    const answer = await window.client[fn](...given);
    return { ms: performance.now() - from, answer };
}, [name, args]);

async function ok(promise) {
    const { ms, answer } = await promise;
    assert.ok(!answer.exit, answer.error);
    return { ms, answer };
}

async function measure(count) {
    const folder = path.join(work, String(count));
    fs.mkdirSync(folder);
    const first = await serve(site, []);
    const server = await daemon(path.join(folder, 'server'), [first.url.slice(0, -1)]);
    await first.close();
    const host = await serve(site, [server.url], first.port);
    await server.start();
    const claire = terminal(path.join(folder, 'claire'));
    const profile = path.join(folder, 'profile');
    let browser = await launch('chromium', profile);
    try {
        const must = async (...words) => {
            const answer = await claire(...words);
            assert.equal(answer.exit, 0, answer.error);
            return answer.json;
        };
        await must('init', '--name', 'Claire', '--kdf', 'light');
        await must('space', 'create', 'Nord', '--level', 'team', '--server', server.founder);
        const place = (await must('new', 'site', 'nom=Les Acacias', 'commune=Ivry')).id;
        const lines = Array.from({ length: count }, (_, i) =>
            `new personne prenom=${FIRST[i % FIRST.length]} nom=Nom${i} site=${place}`).join('\n');
        fs.writeFileSync(path.join(folder, 'lines'), lines);
        const { link } = await must('invite', '--role', 'mediation');
        await claire('batch', path.join(folder, 'lines')).catch(() => {}); // its answer is one document per line
        await must('sync');

        let page = await browser.open(host.url);
        await once(page, 'start');
        await ok(once(page, 'create', { name: 'Ana', passphrase: PASS }));
        await ok(once(page, 'run', ['join', link]));
        await must('sync');
        await must('approve', '--all');
        await must('sync');
        const sync = await ok(once(page, 'sync'));
        const { answer } = await ok(once(page, 'run', ['sql', 'SELECT count(*) AS n FROM personne']));
        assert.equal(answer.json[0].n, count);
        await browser.close();

        browser = await launch('chromium', profile);
        page = await browser.open(host.url);
        const start = await once(page, 'start');
        const unlock = await ok(once(page, 'unlock', { passphrase: PASS }));
        const search = await timed(page, 21, ['find', 'stef', '--limit', '20']);
        const list = await timed(page, 5, ['list', 'personne']);
        const write = await timed(page, 21, ['new', 'personne', 'prenom=Nouveau', `site=${place}`]);
        const send = await ok(once(page, 'sync'));
        const round = (ms) => String(Math.round(ms)).padStart(7);
        console.log([String(count).padStart(7), round(sync.ms), round(start.ms), round(unlock.ms), search.toFixed(1).padStart(7), round(list),
            write.toFixed(1).padStart(7), round(send.ms)].join(' '));
    } finally {
        server.kill();
        await browser.kill().catch(() => {});
        await host.close();
    }
}

console.log('records first-sync  start  unlock  search    list   write    send   (ms)');
for (const count of [1000, 10000]) {
    await measure(count);
}
