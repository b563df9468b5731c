// SPDX-License-Identifier: Apache-2.0
//
// Goal: every screen, with a caseload in it, on a phone and on a laptop, light and dark, and with text at 200 %: axe-core
// finds nothing, nothing is wider than the screen, nothing fails in the console. With --out each is also a picture, as small
// as a document wants it with --format webp. --screens looks at some only.
//
//   node screens.mjs SITE FOLDER [--out FOLDER] [--format webp] [--modes NAME,...] [--screens NAME,...]

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { terminal } from './daemon.mjs';
import { withStack } from './stack.mjs';

const [site, work, ...options] = process.argv.slice(2);
const option = (name) => (options.includes(name) ? options[options.indexOf(name) + 1] : null);
const out = option('--out');
const wanted = option('--modes')?.split(','), only = option('--screens')?.split(',');
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const NOW = '2025-05-06T09:00:00Z';
const found = [];

/** Waits until a screen says no more that it waits. */
async function ready(page) {
    await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('[aria-busy=true]'));
    await page.waitForTimeout(250);
}

async function picture(page, name, mode) {
    const file = `${name}-${mode}`;
    fs.mkdirSync(out, { recursive: true });
    if (option('--format') !== 'webp') {
        await page.screenshot({ path: path.join(out, `${file}.png`) });
        return;
    }
    if (name === 'agenda') { // what every day shows, below the first steps
        await page.locator('button', { hasText: 'Fait' }).first().evaluate((button) => button.scrollIntoView({ block: 'center' }));
    }
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setScrollbarsHidden', { hidden: true });
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 60 });
    fs.writeFileSync(path.join(out, `${file}.webp`), Buffer.from(data, 'base64'));
    await session.detach();
}

async function look(one, name, mode, check) {
    const { page } = one;
    await ready(page);
    if (only && !only.includes(name)) {
        return;
    }
    if (out) {
        await picture(page, name, mode);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 1) { // a fraction is rounded up
        found.push(`${name} ${mode}: ${wide} pixels too wide`);
    }
    if (!check) {
        return;
    }
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'],
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    for (const one of violations) {
        found.push(`${name} ${mode}: ${one.id}: ${one.nodes[0].html.slice(0, 160)} (${one.nodes.length}) ${one.nodes[0].failureSummary.slice(0, 200)}`);
    }
}

/** Addresses of all screens, from records that are there. */
async function places(one) {
    const first = async (query) => (await one.run('sql', `${query} LIMIT 1`))[0]?.id;
    const job = await first("SELECT id FROM placement WHERE debut = '2025-05-05'");
    const [person] = job.split('-');
    const company = await first('SELECT entreprise AS id FROM poste');
    const post = await first('SELECT id FROM poste');
    const offer = await first('SELECT id FROM proposition');
    const place = await first('SELECT id FROM site');
    const [near] = await one.run('match', post);
    const [pair] = await one.run('duplicates');
    const { device } = await one.run('status');
    return {
        agenda: '', tournee: 'tournee', site: `tournee/${place}`, personnes: 'personnes', personne: `fiche/${person}`, placement: `fiche/${job}`,
        proposition: `fiche/${offer}`, saisie: `nouveau/contact?personne=${person}`, 'saisie-poste': `nouveau/poste?entreprise=${company}`,
        modifier: `modifier/${person}`, pieces: `pieces/${person}`, recherche: 'recherche?q=ma', entreprises: 'entreprises', entreprise: `fiche/${company}`, postes: 'postes', poste: `fiche/${post}`,
        rapprocher: `rapprocher/${post}`, 'rapprocher-personne': `rapprocher/${near.id}`, face: `face/${person}`, 'face-notice': `face/${person}/notice_information`, message: `message/${person}`,
        conflits: 'conflits', doublons: 'doublons', doublon: `doublons/${pair.a}/${pair.b}`, historique: `historique/${job}`, rapports: 'rapports', 'rapport-p2': 'rapports/P2',
        'rapport-p1': 'rapports/P1', imprimer: 'imprimer', 'imprimer-suivi': `imprimer/fiche_suivi/${job}`, importer: 'importer', exporter: 'exporter',
        communaute: 'communaute', membres: 'membres', inviter: 'inviter', exposition: `exposition/${device}`, journal: 'journal', alarmes: 'alarmes', comparer: 'comparer',
        effacer: `effacer/${person}`, effaces: 'effaces', mentions: 'mentions', retention: 'retention', referentiel: 'referentiel', plus: 'plus', synchro: 'synchro',
        rejoindre: 'rejoindre', reglages: 'reglages', secours: 'secours', transferer: `transferer/${person}`, autorisations: 'autorisations', reprises: 'reprises',
    };
}

async function firstRun(one, mode) {
    const { page } = one;
    await look(one, 'bienvenue', mode, true);
    await one.tap('button', 'Commencer');
    await look(one, 'nom', mode, true);
    await one.type('#name', 'Ana, téléphone');
    await one.tap('button', 'Continuer');
    await look(one, 'mots', mode, true);
    one.words = (await page.locator('.word-grid li').allTextContents()).map((text) => text.replace(/^\d/, '').trim());
    await one.tap('button', 'Je les ai notés');
    await look(one, 'verifier', mode, true);
    const which = Number(/\d/.exec(await page.locator('label[for=word]').textContent())[0]);
    await one.typeWord(one.words[which - 1]);
    await page.locator('#pin').waitFor();
    await look(one, 'pin', mode, true);
    await one.type('#pin', '246813');
    await one.tap('button', 'Continuer');
    await one.see('Rejoindre une équipe');
    await look(one, 'joindre', mode, true);
}

/** What a team has after some time: a conflict, work left behind, requests, a file to review, one erased, a grant asked for. */
async function history(one, place, person) {
    const device = (name) => {
        const run = terminal(path.join(work, name));
        return async (...words) => {
            const answer = await run(...words);
            assert.equal(answer.exit, 0, `${name}: ${words.join(' ')}: ${answer.error}`);
            return answer.json;
        };
    };
    const space = ['--space', 'Équipe Nord'];
    const invite = async (role) => (await one.run('invite', '--role', role, ...space)).link;
    await one.day(new Date().toISOString()); // an invitation goes by the real clock
    const links = { Nadia: await invite('mediation'), Mihai: await invite('mediation'), 'Guy, audit': await invite('audit'), 'Paul, téléphone': await invite('coordination') };
    await one.sync();
    await one.day(NOW);
    const devices = {};
    for (const [name, link] of Object.entries(links)) {
        devices[name] = device(name);
        await devices[name]('init', '--name', name, '--kdf', 'light');
        await devices[name]('join', link);
    }
    await one.sync();
    for (const name of ['Nadia', 'Mihai', 'Guy, audit']) {
        await one.run('approve', name);
    }
    await one.sync();
    for (const name of ['Nadia', 'Mihai', 'Guy, audit']) {
        await devices[name]('sync');
    }
    await one.run('set', person, 'telephone=06 12 34 56 78');
    await devices.Nadia('set', person, 'telephone=06 99 99 99 99');
    await devices.Nadia('sync');
    await devices.Mihai('new', 'personne', 'prenom=Zlatka', `site=${place}`, ...space);
    await one.run('revoke', 'Mihai');
    await one.sync();
    await terminal(path.join(work, 'Mihai'))('sync');
    await devices['Guy, audit']('audit', 'grant', (await one.run('show', person)).code, '--reason', 'plainte de mars');
    await devices['Guy, audit']('sync');
    await one.day('2023-05-10T09:00:00Z');
    await one.run('new', 'personne', 'prenom=Yordan', `site=${place}`, ...space);
    const gone = await one.run('new', 'personne', 'prenom=Horia', `site=${place}`, ...space);
    await one.day(NOW);
    await one.sync();
    await one.run('erase', gone.id, '--reason', 'demande');
    await one.run('witness', 'set', 'Fédération=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', ...space).catch(() => {});
    await one.sync();
}

/** Dialogs, and what appears only after a touch. */
async function touched(one, all, mode) {
    const { page } = one;
    const shut = () => page.keyboard.press('Escape');
    await one.go(`#/${all.site}`);
    await one.tap('.row-split button.row');
    await look(one, 'contact', mode, true);
    await shut();
    await one.go('#/');
    await one.tap('button', 'Plus de choix');
    await look(one, 'reporter', mode, true);
    await shut();
    await one.go(`#/${all.personne}`);
    await one.tap('button', 'Autres actions');
    await look(one, 'actions', mode, true);
    await one.tap('button', 'Remettre son dossier');
    await look(one, 'remettre', mode, true);
    await shut();
    await one.go('#/membres');
    await page.locator('.content').getByRole('button', { name: 'Nadia' }).last().click();
    await look(one, 'membre', mode, true);
    await one.tap('button', 'Changer le rôle');
    await look(one, 'role', mode, true);
    await shut();
    await one.go('#/inviter');
    await one.tap('button', 'Coordination');
    await page.locator('.qr').waitFor();
    await look(one, 'invitation', mode, true);
    await one.go('#/referentiel');
    await page.selectOption('#kind', 'personne');
    await page.selectOption('#field', 'prenom');
    await look(one, 'renommer', mode, true);
    await one.go('#/retention');
    await one.tap('button', 'Garder plus longtemps');
    await look(one, 'garder', mode, true);
    await shut();
    await one.go('#/rejoindre');
    await one.tap('button', 'Feuille de secours');
    await page.locator('#sheet').fill('CODE');
    await look(one, 'recuperer', mode, true);
    await one.go('#/journal');
    await one.tap('button', 'Vérifier');
    await page.locator('.note.good').first().waitFor();
    await look(one, 'verifie', mode, true);
}

await withStack(site, work, async ({ server, phone, step }) => {
    const one = await phone('one', { now: NOW });
    await firstRun(one, 'phone-light');
    await one.found(server.founder, 'Association', 'Équipe Nord');
    const space = ['--space', 'Équipe Nord'];
    await one.run('demo-data', '--people', '10', '--seed', '5', ...space);
    const [place] = await one.run('sql', 'SELECT id FROM site LIMIT 1');
    const person = (await one.run('new', 'personne', 'prenom=Ștefan', `site=${place.id}`, 'langues=ro,fr', 'telephone=06 12 34 56 78', ...space)).id;
    const [company] = await one.run('sql', 'SELECT id FROM entreprise LIMIT 1');
    await one.run('new', 'placement', `personne=${person}`, `employeur=${company.id}`, 'contrat=cdi', 'debut=2025-05-05', 'etat=en_essai', 'jours=12345');
    await one.sync();
    await history(one, place.id, person);
    await one.settled(/Tout est envoyé/);
    const all = await places(one);

    for (const [mode, width, height, scheme, text] of [['phone-light', 360, 740, 'light'], ['phone-dark', 360, 740, 'dark'], ['laptop-light', 1280, 800, 'light'],
        ['laptop-dark', 1280, 800, 'dark'], ['phone-200', 360, 740, 'light', '200']]) {
        if (wanted && !wanted.includes(mode)) {
            continue;
        }
        step(mode);
        await one.page.setViewportSize({ width, height });
        await one.page.emulateMedia({ colorScheme: scheme });
        await one.page.evaluate((size) => { document.documentElement.dataset.text = size ?? ''; }, text);
        for (const [name, hash] of Object.entries(all)) {
            if (only && !only.includes(name)) {
                continue;
            }
            await one.go(`#/${hash}`);
            await look(one, name, mode, true);
        }
        await touched(one, all, mode);
    }
    await one.page.evaluate(() => { document.documentElement.dataset.text = ''; });
    step('the sheet; an alarm with its evidence; locked');
    await one.page.setViewportSize({ width: 360, height: 740 });
    await one.page.emulateMedia({ colorScheme: 'light' });
    await one.page.evaluate(() => { window.print = () => {}; });
    await server.stop();
    fs.cpSync(path.join(work, 'server'), path.join(work, 'yesterday'), { recursive: true });
    await server.start();
    await one.go('#/secours');
    await one.tap('button', 'Imprimer la feuille');
    await one.page.locator('.sheet').waitFor();
    await look(one, 'feuille', 'phone-light', true);
    await one.settled(/Tout est envoyé/);
    await server.stop();
    fs.rmSync(path.join(work, 'server'), { recursive: true });
    fs.cpSync(path.join(work, 'yesterday'), path.join(work, 'server'), { recursive: true });
    await server.start();
    assert.equal((await one.sync()).exit, 4);
    await one.go('#/alarmes');
    for (const [mode, width, height, scheme] of [['phone-light', 360, 740, 'light'], ['laptop-dark', 1280, 800, 'dark']]) {
        await one.page.setViewportSize({ width, height });
        await one.page.emulateMedia({ colorScheme: scheme });
        await look(one, 'alerte', mode, true);
    }
    await one.page.setViewportSize({ width: 360, height: 740 });
    await one.page.emulateMedia({ colorScheme: 'light' });
    await one.tap('button', 'Cacher et verrouiller');
    await one.see('Passerelle est verrouillée');
    await look(one, 'verrou', 'phone-light', true);

    assert.deepEqual(found, []);
    const problems = one.errors.filter((text) => !/ERR_|Failed to (load|fetch)/.test(text));
    assert.deepEqual(problems, [], 'errors in the console');
    console.log(`${Object.keys(all).length} screens`);
});
