// SPDX-License-Identifier: Apache-2.0
//
// Goal: in a real browser, against a real server, nothing that was acknowledged is lost and nothing readable lies on the
// disk. A phone founds a team, writes with the server stopped, is reloaded, its browser is killed and started again; the
// server comes back and one request brings everything; a terminal and a second phone show the same.
//
//   node storage.mjs chromium|firefox FOLDER

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { launch } from './browser.mjs';
import { daemon, terminal } from './daemon.mjs';
import { buildTiny, serve } from './site.mjs';

const [kind, work] = process.argv.slice(2);
const step = (text) => console.log(`-- ${text}`);
const MARKER = `marque${randomBytes(12).toString('hex')}`;
const PASS = `velours orage tandem ${MARKER}`;
const profile = path.join(work, 'profile');
fs.mkdirSync(profile, { recursive: true });

const call = (page, name, ...args) => page.evaluate(([fn, given]) => {
    const at = fn.split('.').reduce((object, key) => object[key], window.client);
    return at(...given);
}, [name, args]);
const run = async (page, ...words) => call(page, 'run', words);
async function ok(page, ...words) {
    const answer = await run(page, ...words);
    assert.equal(answer.exit, 0, `${words.join(' ')}: ${answer.error}`);
    return answer.json;
}
async function done(promise) {
    const answer = await promise;
    assert.equal(answer.exit, 0, answer.error);
    return answer;
}

const site = path.join(work, 'site');
await buildTiny(site);
let host = await serve(site, []);
const server = await daemon(path.join(work, 'server'), [host.url.slice(0, -1)]);
await host.close();
host = await serve(site, [server.url], host.port);
await server.start();
let browser = await launch(kind, profile);
const problems = [];
try {
    await story();
} catch (error) {
    console.error(error);
    process.exitCode = 1;
} finally {
    server.kill();
    await browser.kill().catch(() => {});
    await host.close();
    process.exit();
}

async function story() {
    step('a device is made; the passphrase is stretched elsewhere');
    let page = await browser.open(host.url);
    assert.equal((await call(page, 'start')).state, 'none');
    assert.match((await run(page, 'status')).error, /verrouill/);
    await done(call(page, 'create', { name: `Ana ${MARKER}`, passphrase: PASS, light: true }));
    assert.equal((await call(page, 'start')).state, 'open');

    step('a team is founded through the worker, a terminal joins it');
    await ok(page, 'space', 'create', `Équipe ${MARKER}`, '--level', 'team', '--server', server.founder);
    const claire = terminal(path.join(work, 'claire'));
    assert.equal((await claire('init', '--name', 'Claire')).exit, 0);
    const { link } = await ok(page, 'invite', '--role', 'mediation');
    await done(call(page, 'sync'));
    const joined = await claire('join', link);
    assert.equal(joined.exit, 0, joined.error);
    await done(call(page, 'sync'));
    await ok(page, 'approve', '--all');
    await done(call(page, 'sync'));
    assert.equal((await claire('sync')).exit, 0);

    step('work is sent; a file goes in and comes out');
    const site1 = await ok(page, 'new', 'site', `nom=Les Acacias ${MARKER}`, 'commune=Ivry');
    await done(call(page, 'sync'));
    const csv = await call(page, 'run', ['import', 'a.csv', '--kind', 'entreprise'],
        { files: { 'a.csv': `nom;commune\nBoulangerie ${MARKER};Ivry\nGarage Dupont;Vitry\n` } });
    assert.equal(csv.exit, 0, csv.error);
    const journal = await page.evaluate(async () => {
        const { exit, error, files } = await window.client.run(['audit', 'log', '--csv', 'j.csv']);
        return { exit, error, text: new TextDecoder().decode(files['j.csv']) };
    });
    assert.equal(journal.exit, 0, journal.error);
    assert.ok(journal.text.split('\r\n').length > 4, journal.text);

    step('the server is stopped: work goes on, a sync says so');
    await server.stop();
    for (let i = 0; i < 20; i++) {
        await ok(page, 'new', 'personne', `prenom=P${i}`, `nom=${MARKER}`, `site=${site1.id}`);
    }
    const refused = await call(page, 'sync');
    assert.equal(refused.exit, 3);
    assert.match(refused.error, /réseau|serveur/i);
    await call(page, 'draft.save', 'contact:1', `il a dit que ${MARKER}`);

    step('reloaded: the passphrase, and everything is there');
    await page.reload();
    assert.equal((await call(page, 'start')).state, 'locked');
    const wrong = await call(page, 'unlock', { passphrase: 'autre chose' });
    assert.equal(wrong.exit, 1);
    assert.match(wrong.error, /phrase de passe/);
    await done(call(page, 'unlock', { passphrase: PASS }));
    assert.equal((await ok(page, 'list', 'personne')).length, 20);
    assert.equal(await call(page, 'draft.load', 'contact:1'), `il a dit que ${MARKER}`);
    const [contact] = await ok(page, 'list', 'personne');
    await ok(page, 'set', contact.id, 'prenom=Ștefan');

    step('a PIN reopens what was locked; five wrong ones do not');
    await done(call(page, 'setPin', { pin: '271828' }));
    await call(page, 'lock');
    assert.match((await run(page, 'status')).error, /verrouill|closed/);
    const again = await call(page, 'start');
    assert.deepEqual([again.state, again.warm], ['locked', true]);
    assert.equal((await call(page, 'unlockPin', { pin: '111111' })).left, 4);
    await done(call(page, 'unlockPin', { pin: '271828' }));
    assert.equal((await ok(page, 'find', 'stefan')).length, 1);
    await call(page, 'lock');
    await call(page, 'start');
    for (let i = 4; i >= 0; i--) {
        const answer = await call(page, 'unlockPin', { pin: '000000' });
        assert.equal(answer.left ?? 0, i);
    }
    assert.equal((await call(page, 'unlockPin', { pin: '271828' })).gone, true);
    await done(call(page, 'unlock', { passphrase: PASS }));

    step('a second tab asks, and takes over');
    const second = await browser.open(host.url);
    assert.equal((await call(second, 'start')).state, 'elsewhere');
    assert.equal((await call(second, 'takeOver')).state, 'locked');
    assert.ok((await page.evaluate(() => window.events)).some(([event]) => event === 'taken'));
    await done(call(second, 'unlock', { passphrase: PASS }));
    assert.equal((await ok(second, 'list', 'personne')).length, 20);
    problems.push(...page.errors);
    await page.close();
    page = second;

    step('the browser is killed while it writes; what was acknowledged is there');
    await page.evaluate((at) => {
        window.acknowledged = 0;
        (async () => {
            for (let i = 0; ; i++) {
                const answer = await window.client.run(['new', 'personne', `prenom=Tard${i}`, `site=${at}`]);
                if (answer.exit === 0) {
                    window.acknowledged = i + 1;
                }
            }
        })();
    }, site1.id);
    let acknowledged = 0;
    for (const end = Date.now() + 60000; acknowledged < 10 && Date.now() < end;) {
        acknowledged = await page.evaluate(() => window.acknowledged);
    }
    problems.push(...page.errors);
    await browser.kill();
    assert.ok(acknowledged >= 10, 'nothing was acknowledged');
    browser = await launch(kind, profile);
    page = await browser.open(host.url);
    assert.equal((await call(page, 'start')).state, 'locked');
    await done(call(page, 'unlock', { passphrase: PASS }));
    const late = (await ok(page, 'list', 'personne')).filter((row) => row.prenom.startsWith('Tard'));
    assert.ok(late.length >= acknowledged, `${acknowledged} acknowledged, ${late.length} found`);
    assert.equal(await call(page, 'draft.load', 'contact:1'), `il a dit que ${MARKER}`);
    await call(page, 'draft.clear', 'contact:1');
    assert.equal(await call(page, 'draft.load', 'contact:1'), null);

    step('the server is back: one request, and everybody sees the same');
    await server.start();
    const before = (await ok(page, 'status')).spaces[0];
    assert.ok(before.unsent > 0 && before.unsent_since);
    const sent = await done(call(page, 'sync'));
    assert.equal(sent.requests, 1);
    assert.equal(sent.spaces[0].unsent, 0);
    assert.equal((await claire('sync')).exit, 0);
    const query = 'SELECT id, prenom, nom, site FROM personne ORDER BY id';
    const phone = await ok(page, 'sql', query);
    assert.deepEqual((await claire('sql', query)).json, phone);
    assert.equal(phone.length, 20 + late.length);

    step('an answer is waited for while work goes on');
    const waiting = call(page, 'sync', { wait: 20000 });
    await ok(page, 'new', 'personne', 'prenom=Pendant', `site=${site1.id}`);
    assert.equal((await claire('new', 'personne', 'prenom=Dehors', `site=${site1.id}`)).exit, 0);
    assert.equal((await claire('sync')).exit, 0);
    await done(waiting);
    assert.equal((await ok(page, 'find', 'dehors')).length, 1);
    const stopped = call(page, 'sync', { wait: 20000 });
    await call(page, 'abort');
    await stopped;
    await done(call(page, 'sync'));
    assert.equal((await ok(page, 'status')).spaces[0].unsent, 0);
    assert.equal((await ok(page, 'audit', 'verify')).spaces[0].ok, true);

    step('another language');
    assert.match((await call(page, 'run', ['show', 'rien'], { lang: 'en' })).error, /No record/);
    assert.match((await run(page, 'show', 'rien')).error, /fiche/);

    problems.push(...page.errors);
    await call(page, 'lock');
    await browser.close();
    step('no marker in the profile, in any coding that a disk would show');
    const needles = [MARKER, Buffer.from(MARKER).toString('hex'), MARKER.toUpperCase()].join('\n');
    fs.writeFileSync(path.join(work, 'needles'), needles);
    fs.writeFileSync(path.join(work, 'planted'), `x${MARKER}`);
    const found = (where) => {
        try {
            return execFileSync('grep', ['-raFl', '-f', path.join(work, 'needles'), where]).toString();
        } catch {
            return '';
        }
    };
    assert.notEqual(found(path.join(work, 'planted')), '');
    assert.equal(found(profile), '');
    const unexpected = problems.filter((text) => !/ERR_CONNECTION|NetworkError|Failed to load resource|Cross-Origin Request/.test(text));
    assert.deepEqual(unexpected, []);
}
