// SPDX-License-Identifier: Apache-2.0
import * as client from '../../client/web/worker/client.js';

const events = [];
for (const event of ['changed', 'sync', 'locked', 'taken', 'broken']) {
    client.on(event, (value) => events.push([event, value]));
}
window.client = client;
window.events = events;
