// SPDX-License-Identifier: Apache-2.0
//
// Goal: the first ten minutes of a mediator on a phone of 360 pixels, in at most 45 taps: install, four words, PIN, join and
// be approved, a round without network with a mis-tap undone, the browser killed in the middle of a sentence, search, a
// job's 1-3-5 line, face to face in Romanian, hide, and everything sent when the network is back, without a tap.
//
//   node first_minutes.mjs SITE FOLDER [TEXT SIZE]

import assert from 'node:assert/strict';
import process from 'node:process';
import { withStack } from './stack.mjs';

const [site, work, text] = process.argv.slice(2);
const budget = { words: 6, pair: 3, approve: 2, all: 45 };

await withStack(site, work, async ({ server, host, phone, step }) => {
    step('a coordinator founds the team and meets the first people');
    const lead = await phone('lead');
    await lead.begin('Claire');
    await lead.found(server.founder, 'Association', 'Équipe Nord');
    const place = (await lead.run('new', 'site', 'nom=Les Acacias', 'commune=Ivry', '--space', 'Équipe Nord')).id;
    await lead.run('new', 'personne', 'prenom=Mirela', `site=${place}`, '--space', 'Équipe Nord');
    await lead.run('new', 'entreprise', 'nom=Serres du Nord', 'commune=Ivry', '--space', 'Équipe Nord');
    await lead.go('#/inviter');
    await lead.tap('button', 'Médiation');
    const link = (await lead.page.locator('[data-link]').textContent()).trim();
    await lead.settled(/Tout est envoyé/);

    step('a newcomer opens the page: install hint before the first entry, words, PIN');
    const ana = await phone('ana', { now: '2025-05-05T08:00:00Z', text });
    await ana.see('Installez d');
    ana.taps += 2; // the address, and the browser's own "install": a test browser has no such menu
    assert.ok(await ana.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the first screen is wider than the phone');
    const before = ana.taps;
    await ana.begin('Ana, téléphone');
    const started = ana.taps - before;
    assert.ok(started <= budget.words, `words and PIN took ${started} taps`);

    step('joining, and being approved with a compared code');
    const pairing = ana.taps;
    const seconds = Date.now();
    const code = await ana.join(link);
    lead.taps = 0;
    await lead.tap('link', 'Voir qui demande à entrer');
    await lead.page.locator('[data-waits] .compare').waitFor();
    assert.equal((await lead.page.locator('[data-waits] .compare').textContent()).trim(), code, 'the codes to compare differ');
    await lead.tap('button', 'Admettre');
    await ana.tap('button', 'Commencer à écrire');
    await ana.settled(/Tout est envoyé/);
    assert.ok(ana.taps - pairing <= budget.pair, `pairing took ${ana.taps - pairing} taps`);
    assert.ok(lead.taps <= budget.approve, `approving took ${lead.taps} taps`);
    console.log(`   paired in ${Math.round((Date.now() - seconds) / 1000)} s`);

    step('airplane mode: a round, a new person, two contacts, a mis-tap undone');
    await server.stop();
    await ana.page.context().setOffline(true);
    const round = ana.taps;
    await ana.tap('link', 'Tournée');
    await ana.tap('link', 'Les Acacias');
    await ana.tap('link', 'Nouvelle personne');
    await ana.type('[data-field=prenom] input', 'Ștefan');
    await ana.tap('button', 'Enregistrer');
    await ana.tap('button', 'Noter un contact avec Ștefan');
    await ana.tap('button', 'écoute, projet de vie');
    await ana.see('Contact noté : Ștefan');
    await ana.tap('button', 'Noter un contact avec Mirela');
    await ana.tap('button', 'démarche, droits');
    await ana.see('Contact noté : Mirela');
    await ana.tap('button', 'Annuler', { exact: true });
    await ana.see('annulé');
    await ana.tap('button', 'Noter un contact avec Mirela');
    await ana.tap('button', 'famille, foyer');
    await ana.see('Contact noté : Mirela');
    console.log(`   the round took ${ana.taps - round} taps`);
    const contacts = await ana.run('sql', 'SELECT objet FROM contact WHERE NOT mistake ORDER BY objet');
    assert.deepEqual(contacts.map((one) => one.objet), ['ecoute', 'famille']);

    step('killed in the middle of a sentence; the page starts without network');
    await ana.tap('button', 'Noter un contact avec Ștefan');
    await ana.tap('link', 'Avec des notes');
    const sentence = 'Il a travaillé deux étés dans les serres et voudrait';
    await ana.type('[data-field=texte] textarea', sentence);
    await ana.page.waitForTimeout(600);
    const unsentBefore = Number(await ana.page.locator('.state').getAttribute('data-unsent'));
    await host.close();
    await ana.killed();
    await ana.page.context().setOffline(true);
    await ana.unlock();
    await ana.settled(/changements? à envoyer/);
    assert.equal(Number(await ana.page.locator('.state').getAttribute('data-unsent')), unsentBefore, 'the counter of what is not sent');
    await ana.tap('link', 'Continuer là où vous en étiez');
    await ana.page.locator('[data-field=texte] textarea').waitFor();
    assert.equal(await ana.page.locator('[data-field=texte] textarea').inputValue(), sentence);
    await ana.type('[data-field=texte] textarea', ' recommencer.');
    await ana.tap('button', 'Enregistrer');
    await ana.see('enregistré');

    step('"stefan" is found');
    await ana.tap('link', 'Rechercher une personne');
    await ana.type('input[type=search]', 'stefan');
    await ana.tap('link', 'Ștefan');
    await ana.page.getByRole('heading', { name: 'Ștefan', level: 1 }).waitFor();

    step('a job from 5 May 2025: its line');
    await ana.tap('button', 'Ajouter');
    await ana.tap('button', 'Emploi', { exact: true });
    await ana.page.locator('[data-field=debut] input').fill('2025-05-05');
    await ana.tap('button', 'Enregistrer');
    for (const [rule, due] of [['J1', '2025-05-05'], ['J3', '2025-05-07'], ['FS1s', '2025-05-09'], ['FS1e', '2025-05-09'], ['J5', '2025-05-12'], ['M6', '2025-11-05']]) {
        await ana.page.locator(`.point[data-rule=${rule}][data-due="${due}"]`).waitFor();
    }
    await ana.page.locator('svg.timeline').waitFor();

    step('face to face: one person, Romanian, read aloud');
    await ana.page.goBack();
    await ana.tap('link', 'Face à face');
    await ana.page.selectOption('select', 'ro');
    await ana.tap('button', 'Datele și drepturile dumneavoastră');
    await ana.page.evaluate(() => { window.said = []; speechSynthesis.speak = (one) => window.said.push([one.lang, one.text]); speechSynthesis.getVoices = () => []; });
    await ana.tap('button', 'Citește cu voce tare');
    const said = await ana.page.evaluate(() => window.said);
    assert.ok(said.length > 3 && said.every(([lang]) => lang === 'ro-RO'), 'read aloud in Romanian');
    assert.equal(await ana.page.getByText('Mirela').count(), 0, 'nobody else on this screen');
    await ana.tap('button', 'Înapoi');
    await ana.tap('button', 'Înapoi');

    step('hidden and locked with one touch, opened with the PIN');
    await ana.page.locator('.nav').waitFor();
    await ana.tap('button', 'Cacher et verrouiller');
    await ana.page.getByText('Passerelle est verrouillée').waitFor();
    assert.equal(await ana.page.getByText('Ștefan').count(), 0);

    step('network back: no tap, one request, everything is sent');
    await host.start();
    await server.start();
    await lead.close(); // its own requests would be counted
    const requests = await server.metric('passerelle_syncs_total');
    await ana.page.context().setOffline(false);
    await ana.unlockPin();
    await ana.settled(/Tout est envoyé/);
    const after = await server.metric('passerelle_syncs_total');
    const mine = after - requests;
    assert.equal(mine, 1, `${mine} requests instead of one`);
    await lead.boot();
    await lead.unlock();
    await lead.settled(/Tout est envoyé/);
    const there = await lead.run('find', 'stefan');
    assert.ok(there.length > 0, 'the coordinator sees what was written');

    const problems = [...ana.errors, ...lead.errors].filter((one) => !/ERR_|Failed to (load|fetch)|NetworkError/.test(one));
    assert.deepEqual(problems, [], 'errors in the console');
    console.log(`   ${ana.taps} taps in all`);
    assert.ok(ana.taps <= budget.all, `${ana.taps} taps in all`);
});
