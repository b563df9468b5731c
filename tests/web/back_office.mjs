// SPDX-License-Identifier: Apache-2.0
//
// Goal: what coordinators, administrators and auditors do when something is not as every day, on the page: a file on a
// stick, a removed device's work, periods of keeping, a grant to an auditor, a person's own file, a neutral reminder, an
// alarm with its evidence, and everything lost but the sheet.
//
//   node back_office.mjs SITE FOLDER

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { terminal } from './daemon.mjs';
import { withStack } from './stack.mjs';

const [site, work] = process.argv.slice(2);
const TEAM = ['--space', 'Équipe Nord'];

/** Opens a screen anew. */
async function look(one, hash) {
    await one.go('#/plus');
    await one.page.getByRole('heading', { level: 1, name: 'Plus' }).waitFor();
    await one.go(hash);
}

/** The bytes of the file that `act` makes the page save. */
async function saved(one, act) {
    const [download] = await Promise.all([one.page.waitForEvent('download'), act()]);
    return { name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path()) };
}

await withStack(site, work, async ({ server, phone, step }) => {
    step('a team: Claire on the page, Nadia at a terminal, an auditor on a page');
    const claire = await phone('claire');
    await claire.begin('Claire');
    await claire.found(server.founder, 'Association', 'Équipe Nord');
    const place = (await claire.run('new', 'site', 'nom=Les Acacias', 'commune=Ivry', ...TEAM)).id;
    const mircea = await claire.run('new', 'personne', 'prenom=Mircea', 'langues=ro', `site=${place}`, ...TEAM);
    const nadia = terminal(path.join(work, 'nadia'));
    await nadia('init', '--name', 'Nadia', '--kdf', 'light');
    const invite = async (role) => (await claire.run('invite', '--role', role, ...TEAM)).link;
    const links = [await invite('mediation'), await invite('audit')];
    assert.equal((await claire.sync()).exit, 0);
    assert.equal((await nadia('join', links[0])).exit, 0);
    const guy = await phone('guy');
    await guy.begin('Guy, audit');
    await guy.join(links[1]);
    await guy.tap('button', 'Commencer à écrire');
    await claire.sync();
    await claire.run('approve', '--all');
    await claire.sync();
    await guy.settled(/Tout est envoyé/);
    assert.equal((await nadia('sync')).exit, 0);

    step('a file carried on a stick, while the server sleeps');
    await server.stop();
    assert.equal((await nadia('new', 'personne', 'prenom=Adela', `site=${place}`, ...TEAM)).exit, 0);
    assert.equal((await nadia('new', 'contact', 'personne=adela', 'date=hier', 'objet=ecoute')).exit, 0);
    const stick = path.join(work, 'stick');
    assert.equal((await nadia('bundle', 'export', stick)).exit, 0);
    await claire.go('#/synchro');
    await claire.page.locator('#bundle').setInputFiles(stick);
    await claire.page.locator('.toast', { hasText: /envois? à remettre au serveur/ }).waitFor();
    fs.writeFileSync(stick, 'not a file of ours');
    await claire.page.locator('#bundle').setInputFiles(stick);
    await claire.page.locator('.toast', { hasText: /fichier|paquet/i }).waitFor();
    const out = await saved(claire, () => claire.tap('button', 'Enregistrer ce qui attend'));
    assert.ok(out.bytes.length > 200 && !out.bytes.includes('Mircea'), 'sealed');
    await server.start();
    await claire.sync();
    await claire.sync();
    assert.equal((await claire.run('find', 'adela')).length, 1, 'what came on the stick went to the server, and is there');
    assert.equal((await nadia('sync')).exit, 0);

    step('the auditor asks to read one file; Claire confirms; it is read, on the page');
    await guy.sync();
    await look(guy, `#/fiche/${mircea.code}`);
    await guy.see('Dossier fermé');
    await guy.tap('link', 'Demander à lire');
    assert.equal(await guy.page.locator('#code').inputValue(), mircea.code);
    await guy.type('#reason', 'plainte de mars');
    await guy.tap('button', 'Demander', { exact: true });
    await guy.see('attend une deuxième personne');
    await guy.settled(/Tout est envoyé/);
    await claire.sync();
    await look(claire, '#/autorisations');
    await claire.see('plainte de mars');
    await claire.tap('button', 'Confirmer');
    await claire.settled(/Tout est envoyé/);
    await guy.sync();
    await guy.sync();
    await guy.tap('button', 'Lire ce qu\'elle ouvre');
    await guy.page.getByRole('cell', { name: 'Mircea' }).first().waitFor();
    assert.equal(await guy.page.getByText('Adela').count(), 0, 'one file only');
    await guy.tap('button', 'Mettre fin');
    await guy.settled(/Tout est envoyé/);
    await guy.close();

    step('a person is given what is noted, in Romanian');
    await claire.sync();
    await look(claire, `#/fiche/${mircea.id}`);
    await claire.tap('button', 'Autres actions');
    await claire.tap('button', 'Remettre son dossier');
    const files = [];
    claire.page.on('download', (download) => files.push(download));
    await claire.tap('button', 'Română');
    await claire.see('Deux fichiers');
    for (let tries = 0; files.length < 2 && tries < 50; tries++) {
        await claire.page.waitForTimeout(100);
    }
    const names = files.map((one) => one.suggestedFilename()).sort();
    assert.deepEqual(names, [`dossier-${mircea.code}.html`, `dossier-${mircea.code}.json`]);
    const own = JSON.parse(fs.readFileSync(await files.find((one) => one.suggestedFilename().endsWith('.json')).path(), 'utf8'));
    assert.equal(own.language, 'ro');
    assert.ok(own.accesses.length > 0, 'who opened it');

    step('a removed device hands its work over; it is taken over on the page');
    assert.equal((await nadia('new', 'personne', 'prenom=Zlatka', `site=${place}`, ...TEAM)).exit, 0);
    await look(claire, '#/membres');
    await claire.tap('button', 'Nadia');
    await claire.tap('button', 'Retirer (départ)');
    await claire.tap('button', 'Retirer (départ)');
    await claire.settled(/Tout est envoyé/);
    await nadia('sync');
    await claire.sync();
    await look(claire, '#/reprises');
    await claire.see('Nadia');
    await claire.tap('button', 'Reprendre');
    await claire.see('repris sous son nom');
    await claire.settled(/Tout est envoyé/);
    assert.equal((await claire.run('find', 'zlatka')).length, 1);
    await look(claire, '#/reprises');
    await claire.see('Rien n\'est en souffrance');

    step('periods: one file is kept longer, another one is erased, the figures stay');
    const real = new Date();
    const later = (months) => new Date(Date.UTC(real.getUTCFullYear(), real.getUTCMonth() + months, 28, 9)).toISOString().replace(/\.\d+/, '');
    await claire.day(later(24));
    await look(claire, '#/retention');
    await claire.page.locator(`[data-due="${mircea.code}"]`).getByRole('button', { name: 'Garder plus longtemps' }).click();
    await claire.page.locator('#reason').fill('reprend contact en mai');
    await claire.page.locator('dialog button.main').click();
    await claire.see('Reporté');
    await claire.page.locator(`[data-due="${mircea.code}"]`).waitFor({ state: 'detached' });
    const [adela] = await claire.run('find', 'adela');
    const card = claire.page.locator(`[data-due="${adela.code}"]`);
    await card.getByRole('button', { name: 'Effacer' }).click();
    await claire.page.locator('dialog button.danger').click();
    await claire.see('les chiffres restent');
    assert.equal((await claire.run('sql', 'SELECT count(*) AS n FROM stat_anonyme'))[0].n, 1);
    await claire.day(later(0));
    await claire.settled(/Tout est envoyé/);
    await claire.sync();
    assert.deepEqual((await claire.run('find', 'adela')), []);

    step('a reminder says a number and nothing else, when nobody looks');
    await claire.page.context().grantPermissions(['notifications']);
    await claire.go('#/reglages');
    await claire.page.evaluate(() => {
        window.said = [];
        ServiceWorkerRegistration.prototype.showNotification = async (title, options) => { window.said.push([title, options.body]); };
    });
    await claire.page.getByLabel(/Un rappel par jour/).check();
    await claire.run('new', 'rdv', `personne=${mircea.id}`, `debut=${later(0).slice(0, 10)}T10:00`, 'lieu=Café');
    const hide = (yes) => claire.page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, yes);
    await hide(true);
    await claire.page.waitForFunction(() => window.said.length === 1);
    const [title, body] = (await claire.page.evaluate(() => window.said))[0];
    assert.match(`${title} ${body}`, /^Passerelle \d+ rappels?$/);
    await hide(false);
    await hide(true);
    await claire.page.waitForTimeout(300);
    assert.equal((await claire.page.evaluate(() => window.said)).length, 1, 'once a day');
    await hide(false);

    step('the sheet is printed; the phone is lost; a new one gets everything back');
    await claire.page.evaluate(() => { window.print = () => {}; });
    await claire.go('#/secours');
    await claire.tap('button', 'Imprimer la feuille');
    await claire.page.locator('.sheet').waitFor();
    const link = await claire.page.locator('.sheet').evaluate((one) => [...one.shadowRoot.querySelectorAll('p')].map((part) => part.textContent.trim()).find((text) => text.includes('#r1.')));
    await claire.settled(/Tout est envoyé/);
    const fresh = await phone('fresh');
    await fresh.begin('Claire, nouveau');
    await fresh.tap('button', 'Feuille de secours');
    await fresh.type('#sheet', link);
    await fresh.type('#lost', 'Claire');
    await fresh.tap('button', 'Tout retrouver');
    await fresh.page.locator('.nav').waitFor();
    await fresh.settled(/Tout est envoyé/);
    assert.equal((await fresh.run('find', 'mircea')).length >= 1, true, 'the file is there again');
    const left = (await fresh.run('member', 'list')).filter((one) => one.name === 'Claire').map((one) => one.state);
    assert.ok(left.length > 0 && left.every((state) => state === 'revoked'), 'the lost phone is out');
    await claire.close();

    step('the server goes back to yesterday: an alarm, and evidence that can be saved');
    await server.stop();
    fs.cpSync(path.join(work, 'server'), path.join(work, 'yesterday'), { recursive: true });
    await server.start();
    await fresh.run('new', 'personne', 'prenom=Horia', `site=${place}`, ...TEAM);
    assert.equal((await fresh.sync()).exit, 0);
    await server.stop();
    fs.rmSync(path.join(work, 'server'), { recursive: true });
    fs.cpSync(path.join(work, 'yesterday'), path.join(work, 'server'), { recursive: true });
    await server.start();
    assert.equal((await fresh.sync()).exit, 4);
    await fresh.settled(/Alerte/);
    await look(fresh, '#/alarmes');
    await fresh.see('Le serveur est revenu en arrière');
    const proof = await saved(fresh, () => fresh.tap('button', 'Enregistrer'));
    assert.match(proof.name, /^evidence-.*\.txt$/);
    assert.match(proof.bytes.toString(), /what: .*\n/);
    assert.equal(proof.bytes.includes('Horia'), false, 'no content');

    const problems = [...claire.errors, ...guy.errors, ...fresh.errors].filter((one) => !/ERR_|Failed to (load|fetch)|NetworkError/.test(one));
    assert.deepEqual(problems, [], 'errors in the console');
});
