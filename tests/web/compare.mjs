// SPDX-License-Identifier: Apache-2.0
//
// Goal: a server tells a phone and a terminal two histories. Neither ever gets the other's answer; the phone's camera reads
// the terminal's code and raises the alarm, the terminal reads the phone's file and keeps evidence. Before the server lied,
// and with one that is only behind, both say so.
//
//   node compare.mjs SITE FOLDER

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { terminal } from './daemon.mjs';
import { withStack } from './stack.mjs';

const [site, work] = process.argv.slice(2);
const data = path.join(work, 'server'), other = path.join(work, 'other');

/** Holds a picture before the page's camera: the program that reads it is the real one. */
async function before(page, svg) {
    await page.evaluate(async (text) => {
        const picture = new Image();
        picture.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
        await picture.decode();
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = 720;
        const paint = canvas.getContext('2d');
        const draw = () => { paint.fillStyle = '#fff'; paint.fillRect(0, 0, 720, 720); paint.drawImage(picture, 40, 40, 640, 640); };
        draw();
        setInterval(draw, 100);
        navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(10);
    }, svg);
}

await withStack(site, work, async ({ server, phone, step }) => {
    step('one history: a phone and a terminal');
    const ana = await phone('ana');
    await ana.begin('Ana');
    await ana.found(server.founder, 'Association', 'Équipe Nord');
    const TEAM = ['--space', 'Équipe Nord'];
    const link = (await ana.run('invite', '--role', 'mediation', ...TEAM)).link;
    assert.equal((await ana.sync()).exit, 0);
    const home = path.join(work, 'shell');
    const shell = terminal(home);
    await shell('init', '--name', 'Bureau', '--kdf', 'light');
    assert.equal((await shell('join', link)).exit, 0);
    await ana.sync();
    await ana.run('approve', '--all');
    await ana.sync();
    assert.equal((await shell('sync')).exit, 0);

    step('a second phone is admitted by code: it scans the invitation, both compare what they see');
    await ana.go('#/inviter');
    await ana.tap('button', /^Médiation/);
    const drawn = () => ana.page.locator('.qr svg').first().evaluate((svg) => {
        svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
        svg.setAttribute('width', 640);
        svg.setAttribute('height', 640);
        return svg.outerHTML;
    });
    await ana.page.locator('.qr svg').first().waitFor();
    const invitation = await drawn();
    assert.equal((await ana.sync()).exit, 0);
    const boris = await phone('boris');
    await boris.begin('Boris');
    await before(boris.page, invitation);
    await boris.tap('button', 'Scanner l\'invitation');
    await boris.see('Demande envoyée');
    const shown = (await boris.page.locator('.compare').first().textContent()).trim();
    await ana.sync();
    await ana.go('#/membres');
    await ana.see(shown);
    await ana.tap('button', 'Admettre');
    await ana.sync();
    await boris.sync();
    await ana.sync();
    await boris.tap('button', 'Commencer à écrire');
    await boris.settled(/Tout est envoyé/);
    assert.equal((await boris.sync()).exit, 0);
    const team = (one) => one.name === 'Équipe Nord';
    assert.equal((await boris.run('status')).spaces.find(team)?.state, 'active');

    step('both phones, side by side');
    await ana.go('#/comparer');
    await ana.tap('button', 'Équipe Nord', { exact: true });
    await boris.go('#/comparer');
    await before(boris.page, await drawn());
    await boris.tap('button', 'Scanner l\'autre appareil');
    await boris.see('Les deux appareils ont reçu la même histoire.');
    await boris.close();

    step('a terminal shows its code to a phone');
    const code = async () => {
        const file = path.join(work, 'code.svg');
        assert.equal((await shell('audit', 'checkpoint', '--svg', file)).exit, 0);
        return fs.readFileSync(file, 'utf8');
    };
    const scan = async () => {
        await ana.go('#/plus');
        await ana.go('#/comparer');
        await ana.tap('button', 'Équipe Nord', { exact: true });
        await before(ana.page, await code());
        await ana.tap('button', 'Scanner l\'autre appareil');
    };
    await scan();
    await ana.see('Les deux appareils ont reçu la même histoire.');

    step('two histories: the phone writes to one copy of the server, the terminal to the other');
    await server.stop();
    fs.cpSync(data, other, { recursive: true });
    await server.start();
    await ana.run('new', 'site', 'nom=Les Acacias', ...TEAM);
    assert.equal((await ana.sync()).exit, 0);
    await ana.run('new', 'site', 'nom=Les Ormes', ...TEAM);
    assert.equal((await ana.sync()).exit, 0);
    const note = (await ana.run('audit', 'checkpoint', ...TEAM)).note;
    await server.stop();
    fs.renameSync(data, `${data}.one`);
    fs.renameSync(other, data);
    await server.start();
    assert.equal((await shell('new', 'site', 'nom=Les Pins')).exit, 0);
    assert.equal((await shell('sync')).exit, 0);
    await server.stop();

    step('the camera sees it, without any server');
    await scan();
    await ana.see('Le serveur a montré deux histoires différentes.');
    const { spaces } = await ana.page.evaluate(() => window.passerelle.run(['status']).then((answer) => answer.json));
    assert.equal(spaces.find((one) => one.name === 'Équipe Nord').alarm, 'fork');
    if (process.env.KEEP_SHOTS) {
        await ana.page.screenshot({ path: path.join(process.env.KEEP_SHOTS, 'comparer.png'), fullPage: true });
    }

    step('the terminal by file: it is shorter, so it syncs first; then the evidence is kept');
    const receipt = path.join(work, 'recu.txt');
    fs.writeFileSync(receipt, note);
    const later = await shell('audit', 'verify', '--with', receipt);
    assert.equal(later.exit, 1);
    assert.equal(later.json.error, 'BEHIND');
    await server.start();
    assert.equal((await shell('new', 'site', 'nom=Les Saules')).exit, 0);
    assert.equal((await shell('sync')).exit, 4);
    assert.ok(fs.readdirSync(home).some((name) => name.startsWith('evidence-')));

    step('a file that is no receipt says so');
    fs.writeFileSync(receipt, 'rien');
    assert.equal((await shell('audit', 'verify', '--with', receipt)).exit, 1);
});
