// SPDX-License-Identifier: Apache-2.0
//
// Goal: the page shows the hash of its bundle, which anybody can work out from its files; markup and scripts that do not
// come from the bundle are refused; and a new version that is published while somebody types waits until it is asked for.
//
//   node bundle.mjs SITE FOLDER

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { withStack } from './stack.mjs';

const [built, work] = process.argv.slice(2);
const site = path.join(work, 'live');
fs.cpSync(built, site, { recursive: true });
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const read = (name) => fs.readFileSync(path.join(site, name), 'utf8');

/** As README.md says how to: the SHA-256 of the list "hash  name". */
function published() {
    const { bundle, files } = JSON.parse(read('bundle.json'));
    const lines = Object.keys(files).sort().map((name) => `${sha256(fs.readFileSync(path.join(site, name)))}  ${name}\n`);
    assert.equal(sha256(lines.join('')), bundle, 'bundle.json is not of these files');
    const served = fs.readdirSync(site, { recursive: true }).filter((name) => fs.statSync(path.join(site, name)).isFile());
    assert.deepEqual(served.filter((name) => !(name in files)).sort(), ['bundle.json', 'sw.js']);
    return bundle;
}

/** Another version: the same page that says so; under names and a hash of its own. */
function publish() {
    const { files } = JSON.parse(read('bundle.json'));
    const old = Object.keys(files).find((name) => /^page-.*\.js$/.test(name));
    const made = 'page-22222222.js';
    fs.writeFileSync(path.join(site, made), `${read(old)}\nwindow.second = true;\n`);
    fs.rmSync(path.join(site, old));
    fs.writeFileSync(path.join(site, 'index.html'), read('index.html').replaceAll(old, made));
    const names = Object.keys(files).map((name) => (name === old ? made : name)).sort();
    const list = names.map((name) => [name, sha256(fs.readFileSync(path.join(site, name)))]);
    const before = JSON.parse(read('bundle.json')).bundle;
    const bundle = sha256(list.map(([name, hash]) => `${hash}  ${name}\n`).join(''));
    fs.writeFileSync(path.join(site, 'bundle.json'), JSON.stringify({ bundle, files: Object.fromEntries(list) }));
    fs.writeFileSync(path.join(site, 'sw.js'), read('sw.js').replaceAll(old, made).replaceAll(before.slice(0, 16), bundle.slice(0, 16)));
}

await withStack(site, work, async ({ server, phone, step }) => {
    const ana = await phone('ana');
    const shownHash = async () => {
        await ana.go('#/reglages');
        await ana.page.locator('.code', { hasText: /^([0-9a-f]{8} ?){8}$/ }).waitFor();
        return (await ana.page.locator('.code', { hasText: /^([0-9a-f]{8} ?){8}$/ }).textContent()).replaceAll(' ', '');
    };
    step('the hash that is shown is the one that was published');
    await ana.begin('Ana');
    await ana.found(server.founder, 'Association', 'Équipe Nord');
    await ana.page.waitForFunction(() => navigator.serviceWorker.controller);
    const first = published();
    assert.equal(await shownHash(), first);

    step('no markup from a text, no policy but one, no script from elsewhere');
    const tried = await ana.page.evaluate(async (elsewhere) => {
        const refused = (fn) => { try { fn(); return false; } catch (error) { return error.name; } };
        const inline = document.createElement('script');
        const answers = {
            html: refused(() => { document.createElement('p').innerHTML = '<img src=x>'; }),
            parser: refused(() => new DOMParser().parseFromString('<p>', 'text/html')),
            policy: refused(() => window.trustedTypes.createPolicy('other', { createHTML: (text) => text })),
            again: refused(() => window.trustedTypes.createPolicy('passerelle', { createHTML: (text) => text })),
            worker: refused(() => new Worker('data:text/javascript,0')),
            text: refused(() => { inline.textContent = 'window.ran = true'; }),
        };
        answers.fetch = await fetch(elsewhere).then(() => false, (error) => error.name);
        answers.ran = window.ran ?? null;
        return answers;
    }, 'http://127.0.0.1:9/');
    assert.deepEqual(tried, { html: 'TypeError', parser: 'TypeError', policy: 'TypeError', again: 'TypeError', worker: 'TypeError', text: 'TypeError',
        fetch: 'TypeError', ran: null });

    step('a new version is published while somebody types');
    await ana.go('#/nouveau/personne');
    await ana.type('[data-field=prenom] input', 'Ștef');
    publish();
    const second = published();
    assert.notEqual(first, second);
    await ana.page.evaluate(() => { window.same = true; return navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => {}); });
    await ana.see('nouvelle version prête');
    await ana.type('[data-field=prenom] input', 'an');
    assert.equal(await ana.page.locator('[data-field=prenom] input').inputValue(), 'Ștefan');
    assert.deepEqual(await ana.page.evaluate(() => [window.same, window.second]), [true, undefined]);
    assert.equal(await shownHash(), first, 'the hash is of the version that runs');
    assert.equal((await ana.run('list', 'personne')).length, 0);

    step('it is taken when somebody asks for it; nothing is lost');
    await Promise.all([ana.page.waitForNavigation(), ana.tap('button', "L'installer maintenant")]);
    await ana.unlock();
    assert.deepEqual(await ana.page.evaluate(() => [window.same, window.second]), [undefined, true]);
    assert.equal(await shownHash(), second);
    await ana.go('#/');
    await ana.tap('link', 'Continuer là où vous en étiez');
    await ana.page.locator('[data-field=prenom] input').waitFor();
    assert.equal(await ana.page.locator('[data-field=prenom] input').inputValue(), 'Ștefan');
});
process.exit();
