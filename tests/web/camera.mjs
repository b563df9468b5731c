// SPDX-License-Identifier: Apache-2.0
//
// Goal: pairing by the camera, both ways, inside the page: the newcomer scans the invitation, the coordinator scans the
// newcomer's code, which is compared by the machine; a code of somebody else is refused. And an open page that nobody
// touches locks itself. The browser's own test camera shows what a QR code of ours looks like.
//
//   node camera.mjs SITE FOLDER

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { withStack } from './stack.mjs';

const [site, work] = process.argv.slice(2);
const require = createRequire(new URL('../../client/web/package.json', import.meta.url));
const { default: encodeQR } = await import(pathToFileURL(require.resolve('qr')));

/** A film of one frame for the test camera, in which a QR code is shown; the flags that make Chromium play it. */
function film(name, text) {
    const rows = encodeQR(text, 'raw', { ecc: 'low', border: 4 });
    const side = 720, scale = Math.floor(side / rows.length), edge = Math.floor((side - scale * rows.length) / 2);
    const light = Buffer.alloc(side * side, 235);
    for (let y = 0; y < scale * rows.length; y++) {
        for (let x = 0; x < scale * rows.length; x++) {
            if (rows[Math.floor(y / scale)][Math.floor(x / scale)]) {
                light[(y + edge) * side + x + edge] = 16;
            }
        }
    }
    const colours = Buffer.alloc((side * side) / 2, 128);
    const file = path.join(work, `${name}.y4m`);
    fs.writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${side} H${side} F10:1 Ip A1:1 C420jpeg\nFRAME\n`), light, colours]));
    return ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${file}`];
}

await withStack(site, work, async ({ server, phone, step }) => {
    step('the newcomer scans the invitation');
    const claire = await phone('claire');
    await claire.begin('Claire');
    await claire.found(server.founder, 'Association', 'Équipe Nord');
    await claire.go('#/inviter');
    await claire.tap('button', 'Médiation');
    const link = await claire.page.locator('[data-link]').textContent();
    await claire.settled(/Tout est envoyé/);
    const ana = await phone('ana', { flags: film('invitation', link) });
    await ana.begin('Ana');
    await ana.tap('button', 'Scanner l\'invitation');
    await ana.see('Demande envoyée');
    const shown = (await ana.page.locator('.compare').textContent()).trim();

    step('the coordinator scans a code that is not the newcomer\'s, then the right one');
    await ana.tap('text=Montrer ce code en image');
    await ana.page.locator('.qr').waitFor();
    const { device } = await ana.run('status');
    const scan = async (text) => {
        claire.flags = film('code', text);
        await claire.killed();
        await claire.unlock();
        await claire.go('#/membres');
        await claire.page.locator('[data-waits]').waitFor();
        await claire.tap('button', 'Scanner le code');
    };
    await scan(`passerelle:${device}:AAAA-AAAA`);
    await claire.see('Ce code n\'est celui d\'aucune demande');
    assert.equal((await claire.page.locator('.compare').textContent()).trim(), shown);
    await scan(`passerelle:${device}:${shown}`);
    await claire.see('Le code est le même');
    await claire.tap('button', 'Admettre Ana');
    await ana.tap('button', 'Commencer à écrire');
    await ana.settled(/Tout est envoyé/);

    step('nobody touches the page: it locks itself, and shows nothing');
    await ana.page.evaluate(() => localStorage.setItem('lock', '0.05'));
    await ana.page.reload();
    await ana.unlock();
    await ana.see('Passerelle est verrouillée');
    assert.equal(await ana.page.locator('.nav').count(), 0);

    const problems = [...claire.errors, ...ana.errors].filter((one) => !/ERR_|Failed to (load|fetch)/.test(one));
    assert.deepEqual(problems, [], 'errors in the console');
});
