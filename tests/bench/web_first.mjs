// SPDX-License-Identifier: Apache-2.0
//
// The first load of the real page over 1.6 Mbit/s with 150 ms there and back, its thread slowed four times; then a later
// start with no network at all. What the line carried is counted with its heads.
//
// Chromium slows a page's thread but not its workers: what the worker does (its start, the stretching of the words) is
// this machine's processor as it is.

import fs from 'node:fs';
import path from 'node:path';

import { Phone } from '../web/phone.mjs';
import { serve } from '../web/site.mjs';
import { line } from './web_line.mjs';

const RATE = 1.6e6 / 8;
const ROUND_TRIP_MS = 150;
const SLOWER = 4;

/** Notes when the first thing stands that can be touched, and how long the thread was held up at most before. */
function watch() {
    const seen = (window.seen = { touch: 0, held: 0 });
    new PerformanceObserver((list) => list.getEntries().forEach((one) => {
        seen.held = Math.max(seen.held, Math.round(one.duration));
    })).observe({ type: 'longtask', buffered: true });
    const look = () => {
        if (!seen.touch && document.querySelector('.button.main, #word, #pin')) {
            requestAnimationFrame(() => { seen.touch ||= performance.now(); });
        }
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
}

const until = (page, fn) => page.evaluate(fn).then(() => page.evaluate(() => performance.now()));

/** `site` is the bundle with its packed files. Prints a table; {touch, offline} in ms. */
export async function firstLoad(site, work) {
    const host = await serve(site, []);
    const slow = await line(host.port, RATE, ROUND_TRIP_MS);
    const profile = path.join(work, 'first');
    fs.mkdirSync(profile, { recursive: true });
    const phone = await Phone.start({ profile, url: `http://127.0.0.1:${slow.port}/`, cpu: SLOWER, script: watch });
    try {
        const rows = [];
        const row = (what, ms) => rows.push([what, Math.round(ms), slow.bytes()]);
        await phone.page.getByRole('button', { name: 'Commencer' }).waitFor();
        const { touch } = await phone.page.evaluate(() => window.seen);
        row('first screen answers a touch', touch);
        row('the program is there', await until(phone.page, () => window.passerelle.run(['version'])));
        row('kept for a start with no network', await until(phone.page, () => navigator.serviceWorker.ready));
        const { held } = await phone.page.evaluate(() => window.seen);
        await phone.begin('Ana');
        await slow.close();
        await host.close();
        await phone.killed();
        await phone.page.locator('#word').waitFor();
        const offline = (await phone.page.evaluate(() => window.seen)).touch;
        rows.push(['later start, no network', Math.round(offline), slow.bytes()]);
        console.log(`first load at 1.6 Mbit/s, ${ROUND_TRIP_MS} ms, page's thread ${SLOWER} times slower      ms     bytes`);
        for (const [what, ms, bytes] of rows) {
            console.log(`${what.padEnd(62)} ${String(ms).padStart(7)} ${String(bytes).padStart(9)}`);
        }
        console.log(`longest task of the page's thread ${held} ms`);
        return { touch, offline };
    } finally {
        await phone.close();
        await slow.close().catch(() => {});
        await host.close().catch(() => {});
    }
}
