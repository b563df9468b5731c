// SPDX-License-Identifier: Apache-2.0
//
// Goal: US-01 to US-09 in the real page against the real server: two phones and a terminal of one team write with no
// network, are killed, come back, and agree. What a person does by hand is done by taps; the rest by the same commands.
//
//   node stories.mjs SITE FOLDER

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { terminal } from './daemon.mjs';
import { withStack } from './stack.mjs';

const [site, work] = process.argv.slice(2);
const TEAM = ['--space', 'Équipe Nord'];

/** Files below a folder that hold a text, as UTF-8 or UTF-16. */
function holding(folder, text) {
    const wanted = [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];
    return fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)))
        .filter((name) => fs.lstatSync(name).isFile() && wanted.some((one) => fs.readFileSync(name).includes(one)));
}

await withStack(site, work, async ({ server, phone, step }) => {
    step('a team: phones of Ana and Boris, a terminal');
    const ana = await phone('ana');
    await ana.begin('Ana');
    await ana.found(server.founder, 'Association', 'Équipe Nord');
    const place = (await ana.run('new', 'site', 'nom=Les Acacias', 'commune=Ivry', ...TEAM)).id;
    for (const name of ['Adela', 'Bogdan', 'Carmen', 'Dragos']) {
        await ana.run('new', 'personne', `prenom=${name}`, `site=${place}`, ...TEAM);
    }
    const invite = async () => (await ana.run('invite', '--role', 'mediation', ...TEAM)).link;
    const links = [await invite(), await invite()];
    assert.equal((await ana.sync()).exit, 0);
    const boris = await phone('boris');
    await boris.begin('Boris');
    await boris.join(links[0]);
    await boris.tap('button', 'Commencer à écrire');
    const shell = terminal(path.join(work, 'shell'));
    await shell('init', '--name', 'Bureau', '--kdf', 'light');
    assert.equal((await shell('join', links[1])).exit, 0);
    await ana.sync();
    await ana.run('approve', '--all');
    await ana.sync();
    await boris.settled(/Tout est envoyé/);
    await ana.day('2025-03-02T09:00:00Z'); // an invitation goes by the real clock
    await boris.day('2025-03-02T09:00:00Z');
    const everybody = async () => {
        for (const one of [ana, boris, ana, boris]) {
            assert.equal((await one.sync()).exit, 0);
        }
        assert.equal((await shell('sync')).exit, 0);
    };
    const same = async (query) => {
        const rows = await Promise.all([ana.run('sql', query), boris.run('sql', query), shell('sql', query).then(({ json }) => json)]);
        assert.deepEqual(rows[1], rows[0], 'the phones agree');
        assert.deepEqual(rows[2], rows[0], 'the terminal agrees');
        return rows[0];
    };

    step('US-01: a round with no network, the browser killed, nothing readable on the disk');
    await server.stop();
    await ana.offline(true);
    await ana.go(`#/tournee/${place}`);
    for (const name of ['Ștefan', 'Nadejda']) {
        await ana.tap('link', 'Nouvelle personne');
        await ana.type('[data-field=prenom] input', name);
        await ana.tap('button', 'Enregistrer');
        await ana.page.getByRole('button', { name: `Noter un contact avec ${name}` }).waitFor();
    }
    for (const name of ['Adela', 'Bogdan', 'Carmen', 'Dragos', 'Ștefan', 'Nadejda']) {
        await ana.tap('button', `Noter un contact avec ${name}`);
        await ana.tap('button', 'écoute, projet de vie');
        await ana.see(`Contact noté : ${name}`);
    }
    await ana.killed();
    await ana.offline(true);
    await ana.unlock();
    await ana.settled(/changements à envoyer depuis/);
    assert.ok(Number(await ana.page.locator('.state').getAttribute('data-unsent')) >= 8);
    await ana.tap('link', 'Rechercher une personne');
    await ana.type('input[type=search]', 'stefan');
    await ana.page.getByRole('link', { name: 'Ștefan' }).waitFor();
    await ana.browser.kill();
    assert.deepEqual(holding(ana.profile, 'Nadejda'), [], 'a name lies readable in the browser\'s folder');
    await ana.boot();
    await ana.offline(true);
    await ana.unlock();

    step('US-02: one request brings everything; the server holds no name; nothing is sent twice');
    await server.start();
    await ana.offline(false);
    await ana.settled(/Tout est envoyé/);
    const again = await ana.sync();
    assert.deepEqual([again.exit, again.pushed, again.refused], [0, 0, 0]);
    await everybody();
    assert.equal((await boris.run('find', 'nadejda')).length >= 1, true);
    assert.deepEqual(holding(path.join(work, 'server'), 'Nadejda'), [], 'the server holds a name');

    step('US-03: three companies without answer come back a week later');
    const firms = [];
    for (const name of ['Serres du Nord', 'Blanchisserie Azur', 'Menuiserie Castel']) {
        firms.push((await ana.run('new', 'entreprise', `nom=${name}`, 'commune=Ivry', ...TEAM)).id);
        await ana.run('new', 'prospection', `entreprise=${firms.at(-1)}`, 'type=appel', 'resultat=sans_reponse', 'date=2025-03-02');
    }
    await ana.day('2025-03-09T09:00:00Z');
    await ana.go('#/plus');
    await ana.go('#/');
    await ana.page.locator('.due').nth(2).waitFor();
    const due = (await ana.run('agenda')).filter((one) => one.rule === 'R11');
    assert.deepEqual(due.map((one) => one.due), ['2025-03-09', '2025-03-09', '2025-03-09']);
    await ana.go(`#/fiche/${firms[0]}`);
    await ana.tap('link', 'Prospection');
    await ana.page.locator('[data-field=type] label', { hasText: /^visite$/ }).click();
    await ana.page.locator('[data-field=resultat] label').first().click();
    await ana.tap('button', 'Enregistrer');
    await ana.see('enregistré');
    assert.equal((await ana.run('agenda')).filter((one) => one.rule === 'R11' && one.due === '2025-03-09').length, 2);
    assert.equal((await ana.run('show', firms[0])).etat, 'rencontree', 'the visit moved the company on the board');

    step('US-04: a check-list ticked on two phones at once');
    const job = (await ana.run('new', 'poste', `entreprise=${firms[0]}`, 'intitule=Maraîchage')).id;
    await everybody();
    const items = (await ana.run('sql', "SELECT key FROM domain_checklist_item WHERE checklist = 'poste' ORDER BY position")).map((one) => one.key);
    const tick = async (one, from, to) => {
        await one.go(`#/fiche/${job}`);
        for (let i = from; i < to; i++) {
            const box = one.page.locator('.card .check input').nth(i);
            await box.click();
            await one.page.waitForFunction((n) => document.querySelectorAll('.card .check input')[n]?.checked, i);
        }
    };
    await Promise.all([tick(ana, 0, 7), tick(boris, 7, 11)]);
    await everybody();
    const [ticked] = await same(`SELECT checklist FROM poste WHERE id = '${job}'`);
    assert.deepEqual(JSON.parse(ticked.checklist).sort(), items.slice(0, 11).sort());
    assert.deepEqual(await ana.run('conflicts'), []);

    step('US-05: an offer refused; one tap opens the barrier; the employer sees nothing of it');
    const [stefan] = await ana.run('sql', "SELECT id FROM personne WHERE prenom = 'Ștefan'");
    const offer = (await ana.run('new', 'proposition', `personne=${stefan.id}`, `poste=${job}`, 'langue=ro', 'effets=ecole,refus', 'etat=refusee', 'motif=garde', 'date=2025-03-09')).id;
    await ana.go(`#/fiche/${offer}`);
    await ana.see('garde d');
    await ana.tap('button', 'Oui', { exact: true });
    await ana.see('est fait');
    assert.equal((await ana.run('sql', `SELECT theme FROM frein WHERE personne = '${stefan.id}'`))[0].theme, 'garde');
    const motives = (await ana.run('report', 'P6', '--year', '2025')).parts.find((part) => part.part === 'refus').rows;
    assert.deepEqual(motives, [{ motif: 'garde', refus: 1 }]);
    await ana.go(`#/fiche/${firms[0]}`);
    await ana.page.getByRole('heading', { level: 1, name: 'Serres du Nord' }).waitFor();
    assert.equal(await ana.page.getByText('Ștefan').count(), 0);

    step('US-06: the days of the method');
    await ana.day('2025-05-05T07:00:00Z');
    const work1 = (await ana.run('new', 'placement', `personne=${stefan.id}`, `employeur=${firms[0]}`, 'contrat=cdi', 'debut=2025-05-05', 'etat=en_essai', 'jours=12345')).id;
    const point = (rule, day) => ana.page.locator(`.point[data-rule=${rule}]${day ? `[data-due="${day}"]` : ''}`);
    await ana.go(`#/fiche/${work1}`);
    for (const [rule, day] of [['J1', '2025-05-05'], ['J3', '2025-05-07'], ['FS1s', '2025-05-09'], ['FS1e', '2025-05-09'], ['J5', '2025-05-12'], ['M1', '2025-06-05']]) {
        await point(rule, day).waitFor();
    }
    await ana.go('#/');
    await ana.page.locator('.due[data-rule=J1]').getByRole('button', { name: 'Fait' }).click();
    await ana.page.locator('.due[data-rule=J1]').waitFor({ state: 'detached' });
    await ana.run('set', work1, 'debut=2025-05-06');
    await ana.go(`#/fiche/${work1}`);
    await point('J3', '2025-05-09').waitFor();
    assert.match(await point('J1').getAttribute('class'), /done/);

    step('US-07: the same follow-up written on two phones');
    await everybody();
    await boris.day('2025-05-09T18:00:00Z');
    await ana.day('2025-05-09T18:00:00Z');
    const item = async (one) => (await one.run('agenda')).find((due1) => due1.rule === 'J3' && due1.record === work1).id;
    await ana.run('done', await item(ana), 'points_forts=ponctuel');
    await boris.run('done', await item(boris), 'difficultes=bus');
    await everybody();
    assert.equal((await ana.run('agenda')).filter((one) => one.rule === 'J3').length, 0);
    assert.equal((await same(`SELECT points_forts, difficultes FROM suivi WHERE placement = '${work1}' AND regle = 'J3' ORDER BY 1`)).length, 2);

    step('US-08: two values; both phones show the same two cards; one chooses');
    await ana.run('set', work1, 'essai_fin=2025-07-04');
    await boris.run('set', work1, 'essai_fin=2025-06-20');
    await everybody();
    for (const one of [ana, boris]) {
        await one.go('#/plus');
        await one.go('#/conflits');
        await one.page.locator('.versus .card').nth(1).waitFor();
        assert.deepEqual((await one.page.locator('.versus .big').allTextContents()).sort(), ['vendredi 20 juin 2025', 'vendredi 4 juillet 2025']);
    }
    await ana.page.locator('.versus .card', { hasText: '4 juillet' }).getByRole('button').click();
    await ana.see('Rien à trancher');
    await everybody();
    assert.deepEqual(await boris.run('conflicts'), []);
    assert.equal((await same(`SELECT essai_fin FROM placement WHERE id = '${work1}'`))[0].essai_fin, '2025-07-04');
    await boris.go(`#/historique/${work1}`);
    await boris.see('vendredi 20 juin 2025');

    step('US-09: the same person twice, made one');
    const twins = [];
    for (const one of [ana, boris]) {
        const id = (await one.run('new', 'personne', 'prenom=Maria', 'annee_naissance=1990', `site=${place}`, ...TEAM)).id;
        await one.run('new', 'contact', `personne=${id}`, 'date=2025-05-09', 'objet=ecoute');
        twins.push(id);
    }
    await everybody();
    for (const one of [ana, boris]) {
        assert.ok((await one.run('duplicates')).some((pair) => twins.includes(pair.a) && twins.includes(pair.b)), 'the double is seen');
    }
    await ana.go(`#/doublons/${twins[0]}/${twins[1]}`);
    await ana.tap('button', 'Garder celle-ci');
    await ana.see('Une seule fiche');
    await boris.run('set', twins[1], 'telephone=06 00 00 00 01');
    await everybody();
    const maria = await boris.run('show', twins[0]);
    assert.equal(maria.telephone, '0600000001', 'what was written on the other sheet lands on the one kept');
    assert.equal((await same(`SELECT count(*) AS n FROM contact WHERE personne = '${twins[0]}'`))[0].n, 2);

    const problems = [...ana.errors, ...boris.errors].filter((one) => !/ERR_|Failed to (load|fetch)/.test(one));
    assert.deepEqual(problems, [], 'errors in the console');
});
