// SPDX-License-Identifier: Apache-2.0
//
// The real page in a real browser, as a hand would use it: taps are counted, words are typed.
//
//   const one = await Phone.start({ profile, url });
//   await one.tap('button', 'Commencer');     await one.type('#name', 'Ana');     one.taps
//
// The clock of page and core can be set (`now`), so that dates in stories are those of the stories. `cpu`: how many times
// slower the page's thread is; `script`: what runs in the page before its own scripts. `flags`: more of
// Chromium's.

import assert from 'node:assert/strict';
import { launch } from './browser.mjs';

export const WORDS = ['abaisser', 'cheval', 'fermer', 'nature'];
const PIN = '246813';
const WAIT = 60000;

export class Phone {
    static async start(options) {
        const one = new Phone();
        Object.assign(one, { taps: 0, errors: [], width: 360, height: 740, ...options });
        await one.boot();
        return one;
    }

    async boot() {
        this.browser = await launch('chromium', this.profile, this.flags);
        const opened = await this.browser.open('about:blank');
        this.page = opened.page;
        this.page.setDefaultTimeout(WAIT);
        this.errors = opened.errors;
        await this.page.setViewportSize({ width: this.width, height: this.height });
        if (this.now) {
            await this.page.addInitScript((now) => { try { if (!sessionStorage.getItem('now')) sessionStorage.setItem('now', now); } catch { /* about:blank */ } }, this.now);
        }
        await this.page.addInitScript((size) => { try { localStorage.setItem('lang', 'fr'); if (size) localStorage.setItem('text', size); } catch { /* about:blank */ } }, this.text);
        if (this.cpu) {
            const tools = await this.page.context().newCDPSession(this.page);
            await tools.send('Emulation.setCPUThrottlingRate', { rate: this.cpu });
        }
        if (this.script) {
            await this.page.addInitScript(this.script);
        }
        await this.page.goto(this.url);
    }

    /** One touch. `what` is a role with a name, or a selector alone. */
    async tap(what, name, { exact = false } = {}) {
        const target = name === undefined ? this.page.locator(what).first() : this.page.getByRole(what, { name, exact }).first();
        await target.click();
        this.taps++;
    }

    /** Words by the keyboard, into what has the focus or `selector` (no tap: the form put the focus there). */
    async type(selector, text) {
        const box = this.page.locator(selector).first();
        await box.focus();
        await box.pressSequentially(text, { delay: 5 });
    }

    see(text) {
        return this.page.getByText(text).first().waitFor();
    }

    async go(hash) {
        await this.page.evaluate((to) => { location.hash = to; }, hash);
    }

    /** One command behind the page's back, for what a story needs and does not tell. */
    async run(...words) {
        const answer = await this.page.evaluate((list) => window.passerelle.run(list), words);
        assert.equal(answer.exit, 0, `${words.join(' ')}: ${answer.error}`);
        return answer.json;
    }

    /** What a refused command says, or null. */
    async refusal(...words) {
        return this.page.evaluate((list) => window.passerelle.run(list).then(({ exit, error }) => (exit ? error : null)), words);
    }

    /** Another day: page and core go by it from now on. */
    async day(now) {
        this.now = now;
        await this.page.evaluate((text) => sessionStorage.setItem('now', text), now);
    }

    async offline(yes) {
        await this.page.context().setOffline(yes);
    }

    /** One whole sync after now: one that was on its way already does not count. */
    async sync() {
        return this.page.evaluate(async () => {
            await window.passerelle.syncing();
            return window.passerelle.sync();
        });
    }

    async state() {
        return (await this.page.locator('.state [role=status]').textContent()).trim();
    }

    async settled(pattern) {
        await this.page.waitForFunction((source) => new RegExp(source).test(document.querySelector('.state [role=status]')?.textContent ?? ''), pattern.source);
    }

    /** From the first screen to the invitation. The words are read from the screen, as a person would write them down. */
    async begin(name) {
        await this.tap('button', 'Commencer');
        await this.type('#name', name);
        await this.tap('button', 'Continuer');
        const shown = await this.page.locator('.word-grid li').allTextContents();
        this.words = shown.map((text) => text.replace(/^\d/, '').trim());
        assert.equal(this.words.length, 4);
        await this.tap('button', 'Je les ai notés');
        const which = Number(/\d/.exec(await this.page.locator('label[for=word]').textContent())[0]);
        await this.typeWord(this.words[which - 1]);
        await this.page.locator('#pin').waitFor();
        await this.type('#pin', PIN);
        await this.tap('button', 'Continuer');
        await this.see('Rejoindre une équipe');
    }

    /** Three letters, then the word among those that fit, if it is not alone. */
    async typeWord(word) {
        await this.type('#word', word.slice(0, 3));
        const chip = this.page.locator('.chips .chip', { hasText: new RegExp(`^${word}$`) });
        await Promise.race([chip.waitFor().then(() => chip.click()).then(() => this.taps++), this.page.locator('#word').waitFor({ state: 'detached' })]).catch(() => {});
    }

    async join(link) {
        await this.page.locator('#link').fill(link);
        await this.tap('button', 'Demander à rejoindre');
        await this.see('Demande envoyée');
        return (await this.page.locator('.compare').textContent()).trim();
    }

    async found(founder, org, team) {
        await this.tap('button', 'Créer une organisation');
        await this.type('#org', org);
        await this.type('#team', team);
        await this.page.locator('#server').fill(founder);
        await this.tap('button', 'Créer', { exact: true });
        await this.page.locator('.nav').waitFor();
    }

    /** Opens again with the four words. */
    async unlock() {
        await this.page.locator('#word, #pin').first().waitFor();
        if (await this.page.locator('#pin').count()) await this.page.getByRole('button', { name: 'quatre mots' }).click();
        await this.page.locator('#word').fill(this.words.join(' '));
        await this.type('#pin', PIN);
        await this.tap('button', 'Continuer');
        await this.page.locator('.nav').waitFor();
    }

    async unlockPin() {
        await this.type('#pin', PIN);
        await this.tap('button', 'Ouvrir', { exact: true });
        await this.page.locator('.nav').waitFor();
    }

    /** The system ends the browser; it is started again, the page opened again. */
    async killed() {
        await this.browser.kill();
        await this.boot();
    }

    async close() {
        await this.browser.kill().catch(() => {});
    }
}
