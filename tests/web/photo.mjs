// SPDX-License-Identifier: Apache-2.0
//
// Goal: photos of a dossier. One is taken by the camera inside the page, one is chosen from a file whose camera wrote place,
// device and a marker into it. What is attached is a JPEG without any of that, shown only when asked for, fetched by another
// member, and neither the browser's profile nor the server's folder holds a piece of it in clear, also after a kill.
//
//   node photo.mjs SITE FOLDER

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { terminal } from './daemon.mjs';
import { withStack } from './stack.mjs';

const [site, work] = process.argv.slice(2);
const MARKER = `marque${randomBytes(12).toString('hex')}`;
const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** One entry of an image file directory: tag, type, count, value or offset; little endian. */
const entry = (tag, type, count, value) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(count, 4);
    Buffer.isBuffer(value) ? value.copy(bytes, 8) : bytes.writeUInt32LE(value, 8);
    return bytes;
};

/** The segment a camera writes: its model (the marker) and 48° 48' 56" N. */
function exif() {
    const model = Buffer.from(`${MARKER}\0`);
    const head = Buffer.from('49492a0008000000', 'hex');
    const modelAt = 8 + 2 + 2 * 12 + 4;
    const gpsAt = modelAt + model.length;
    const placeAt = gpsAt + 2 + 2 * 12 + 4;
    const place = Buffer.alloc(24);
    [48, 1, 48, 1, 56, 1].forEach((n, i) => place.writeUInt32LE(n, 4 * i));
    const count = Buffer.from([2, 0]);
    const end = Buffer.alloc(4);
    const body = Buffer.concat([Buffer.from('Exif\0\0'), head, count, entry(0x0110, 2, model.length, modelAt), entry(0x8825, 4, 1, gpsAt), end, model,
        count, entry(1, 2, 2, Buffer.from('N\0')), entry(2, 5, 3, placeAt), end, place]);
    const mark = Buffer.from([0xff, 0xe1, 0, 0]);
    mark.writeUInt16BE(body.length + 2, 2);
    return Buffer.concat([mark, body]);
}

/** The segments of a JPEG before its pixels: [marker, content]. */
function segments(bytes) {
    const list = [];
    for (let at = 2; bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
        const len = bytes.readUInt16BE(at + 2);
        list.push([bytes[at + 1], bytes.subarray(at + 4, at + 2 + len)]);
        at += 2 + len;
    }
    return list;
}

/** 24 bytes of a picture that nothing else has: plain areas repeat themselves. */
function telling(bytes) {
    for (let at = bytes.length >> 1; at + 24 < bytes.length; at++) {
        const part = bytes.subarray(at, at + 24);
        if (new Set(part).size >= 20) {
            return part;
        }
    }
    throw new Error('the picture is too plain');
}

/** All files below a folder in which one of the needles lies. */
function holding(folder, needles) {
    return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
        .map((one) => path.join(one.parentPath ?? one.path, one.name))
        .filter((name) => { const bytes = fs.readFileSync(name); return needles.some((needle) => bytes.includes(needle)); });
}

await withStack(site, work, async ({ server, phone, step }) => {
    step('a team, a person, a member at a terminal');
    const ana = await phone('ana', { flags: CAMERA });
    await ana.begin('Ana');
    await ana.found(server.founder, 'Association', 'Équipe Nord');
    const place = (await ana.run('new', 'site', 'nom=Les Acacias', 'commune=Ivry', '--space', 'Équipe Nord')).id;
    const person = (await ana.run('new', 'personne', 'prenom=Mirela', `site=${place}`, '--space', 'Équipe Nord')).id;

    step('the camera inside the page');
    await ana.go(`#/fiche/${person}`);
    await ana.tap('button', 'Autres actions');
    await ana.tap('link', 'Photos et fichiers');
    await ana.tap('button', 'Prendre une photo');
    await ana.tap('button', 'Prendre', { exact: true });
    await ana.page.locator('img.picture').waitFor();
    await ana.tap('button', 'Garder');
    await ana.see('Photo jointe au dossier');
    assert.equal(await ana.page.locator('img').count(), 0, 'a picture is shown that nobody asked for');

    step('a file with place and marker; one that is no picture is refused');
    const plain = Buffer.from(await ana.page.evaluate(async () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 3000, height: 2000 });
        const paint = canvas.getContext('2d');
        for (let i = 0; i < 400; i++) {
            paint.fillStyle = `hsl(${(i * 47) % 360} 70% 50%)`;
            paint.fillRect((i * 911) % 3000, (i * 577) % 2000, 200, 150);
        }
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg'));
        return [...new Uint8Array(await blob.arrayBuffer())];
    }));
    const original = Buffer.concat([plain.subarray(0, 2), exif(), plain.subarray(2)]);
    assert.deepEqual(segments(original)[0][1].subarray(0, 4), Buffer.from('Exif'));
    const input = ana.page.locator('input[type=file]');
    await input.setInputFiles({ name: 'faux.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('pas une image') });
    await ana.see('pas une image que ce navigateur');
    await input.setInputFiles({ name: `${MARKER}.jpg`, mimeType: 'image/jpeg', buffer: original });
    await ana.page.locator('.list li').nth(1).waitFor();

    step('what was attached: pixels and nothing else');
    const pieces = await ana.run('attachment', 'list', person);
    assert.equal(pieces.length, 2);
    const stored = [];
    for (const one of pieces) {
        assert.ok(!one.name.includes(MARKER), 'the file kept its name');
        const answer = await ana.page.evaluate((id) => window.passerelle.run(['attachment', 'get', id, 'f']).then(({ exit, files }) => ({ exit, bytes: [...files.f] })), one.id);
        assert.equal(answer.exit, 0);
        const bytes = Buffer.from(answer.bytes);
        assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xd8]);
        assert.ok(bytes.length <= 500000, `${bytes.length} bytes`);
        assert.ok(!bytes.includes(MARKER) && !bytes.includes('Exif') && !bytes.includes('GPS'));
        // Of the application's segments only JFIF's own and a colour profile: no 0xe1, which holds place, time and device.
        assert.deepEqual(segments(bytes).filter(([mark]) => mark >= 0xe1 && mark <= 0xef && mark !== 0xe2), []);
        const frame = segments(bytes).find(([mark]) => mark === 0xc0 || mark === 0xc2)[1];
        assert.ok(Math.max(frame.readUInt16BE(1), frame.readUInt16BE(3)) <= 1600);
        stored.push(bytes);
    }

    step('shown when asked for, gone when closed');
    await ana.page.locator('.list li button').first().click();
    await ana.page.locator('dialog img.picture').waitFor();
    await ana.page.waitForFunction(() => document.querySelector('dialog img.picture').naturalWidth > 0);
    await ana.page.keyboard.press('Escape');
    await ana.page.locator('img.picture').waitFor({ state: 'detached' });

    step('it goes up; a terminal asks for it and has the same bytes');
    const claire = terminal(path.join(work, 'claire'));
    assert.equal((await claire('init', '--name', 'Claire', '--kdf', 'light')).exit, 0);
    const { link } = await ana.run('invite', '--role', 'mediation', '--space', 'Équipe Nord');
    await ana.sync();
    const joined = await claire('join', link);
    assert.equal(joined.exit, 0, joined.error);
    await ana.sync();
    await ana.run('approve', '--all');
    await ana.sync();
    assert.ok((await ana.run('attachment', 'list', person)).every((one) => one.state === 'here'), 'not all of it is on the server');
    assert.equal((await claire('sync')).exit, 0);
    const copy = path.join(work, 'copy.jpg');
    const got = await claire('attachment', 'get', pieces[1].id, copy);
    assert.equal(got.exit, 0, got.error);
    assert.deepEqual(fs.readFileSync(copy), stored[1]);
    fs.rmSync(copy);

    step('killed; neither profile nor server holds a piece in clear');
    await ana.browser.kill();
    const needles = [Buffer.from(MARKER), ...[...stored, plain].map(telling)];
    fs.writeFileSync(path.join(work, 'planted'), Buffer.concat([Buffer.from('x'), needles[1], Buffer.from('x')]));
    assert.deepEqual(holding(work, needles), [path.join(work, 'planted')]);
    assert.deepEqual(ana.errors.filter((text) => !/Failed to load resource|ERR_CONNECTION/.test(text)), []);
});
process.exit();
