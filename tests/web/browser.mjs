// SPDX-License-Identifier: Apache-2.0
//
// Debian's browsers behind one small interface: launch(profile) -> {open(url), kill(), close()}, where a page has
// evaluate(fn, arg), reload(), close() and `errors`, what the console said of errors and broken policies.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const CHROMIUM = '/usr/bin/chromium';
const FIREFOX = '/usr/bin/firefox-esr';

const CHROMIUM_FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

export function missing(kind) {
    return fs.existsSync(kind === 'firefox' ? FIREFOX : CHROMIUM) ? null : `${kind} is not installed`;
}

/** A connection to a browser that is gone may never answer. */
const soon = (promise) => Promise.race([promise.catch(() => {}), new Promise((done) => setTimeout(done, 5000).unref())]);

function watched(page, errors) {
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
}

// Both drivers' pages answer to the same few calls.
async function opened(page, url) {
    const errors = [];
    watched(page, errors);
    await page.goto(url);
    return { evaluate: (fn, arg) => page.evaluate(fn, arg), reload: () => page.reload(), close: () => page.close(), errors, page };
}

/** Chromium as a process of ours, so that it can be killed; Playwright connects to it. */
async function chromium(profile, flags = []) {
    const { chromium: driver } = await import('playwright-core');
    fs.rmSync(path.join(profile, 'DevToolsActivePort'), { force: true });
    const child = spawn(CHROMIUM, [...CHROMIUM_FLAGS, ...flags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
        { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    const endpoint = await new Promise((done, fail) => {
        let said = '';
        child.stderr.on('data', (part) => {
            said += part;
            const found = /DevTools listening on (ws:\S+)/.exec(said);
            if (found) {
                done(found[1]);
            }
        });
        child.on('exit', () => fail(new Error(`chromium ended: ${said}`)));
    });
    const gone = new Promise((done) => child.on('exit', done));
    const browser = await driver.connectOverCDP(endpoint);
    const context = browser.contexts()[0];
    return {
        open: async (url) => opened(await context.newPage(), url),
        async kill() {
            if (child.exitCode === null && child.signalCode === null) {
                process.kill(-child.pid, 'SIGKILL'); // the group of this one process
            }
            await gone;
            await soon(browser.close());
        },
        async close() {
            await (await browser.newBrowserCDPSession()).send('Browser.close').catch(() => {});
            await gone;
            await soon(browser.close());
        },
    };
}

async function firefox(profile) {
    const driver = (await import('puppeteer-core')).default;
    const browser = await driver.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true, userDataDir: profile,
        extraPrefsFirefox: { 'app.update.enabled': false } });
    const child = browser.process();
    return {
        open: async (url) => opened(await browser.newPage(), url),
        async kill() {
            if (child.exitCode === null && child.signalCode === null) {
                const gone = new Promise((done) => child.on('exit', done));
                child.kill('SIGKILL');
                await gone;
            }
            await soon(browser.close());
        },
        close: () => browser.close(),
    };
}

export const launch = (kind, profile, flags) => (kind === 'firefox' ? firefox(profile) : chromium(profile, flags));
