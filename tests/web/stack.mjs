// SPDX-License-Identifier: Apache-2.0
//
// A server, a host for the page on another origin, and phones; all ended together.

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { daemon } from './daemon.mjs';
import { Phone } from './phone.mjs';
import { serve } from './site.mjs';

/** Runs `story({server, host, phone, work, step})` on the page built in `site`; what it started is ended whatever happens. */
export async function withStack(site, work, story) {
    const first = await serve(site, []);
    const server = await daemon(path.join(work, 'server'), [first.url.slice(0, -1)]);
    await first.close();
    const host = { port: first.port, async start() { Object.assign(this, await serve(site, [server.url], this.port)); } };
    await host.start();
    await server.start();
    const phones = [];
    const phone = async (name, options = {}) => {
        const profile = path.join(work, `profile-${name}`);
        fs.mkdirSync(profile, { recursive: true });
        const one = await Phone.start({ profile, url: host.url, ...options });
        phones.push(one);
        return one;
    };
    try {
        await story({ server, host, phone, work, step: (text) => console.log(`-- ${text}`) });
    } catch (error) {
        for (const [i, one] of phones.entries()) {
            await one.page?.screenshot({ path: path.join(process.env.KEEP_SHOTS ?? work, `failed-${i}.png`) }).catch(() => {});
            console.error(`phone ${i}: ${await one.page?.url()}`, one.errors.slice(-5));
        }
        throw error;
    } finally {
        for (const one of phones) {
            await one.close();
        }
        server.kill();
        await host.close().catch(() => {});
    }
}
